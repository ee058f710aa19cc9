"""The real-time side of QuickBlox: what reaches the apps of the users, and what they do with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_qbchat.service.endpoints.messages import PARAMETERS, SERVER_FIELDS, build_message
from pytest_qbchat.service.models import Dialog, DialogType, Message, User, id_of
from pytest_qbchat.service.spelling import misspelt
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import as_text, encode_json


class Realtime:
    """The actions of users in their apps, on the same state as the calls over REST."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def inbox(self, user_id: int) -> list[Message]:
        """The messages that were delivered to a user, oldest first. The list grows with the next ones."""
        return self._store.inboxes[user_id]

    def dialogs(self, user_id: int) -> list[Dialog]:
        """The dialogs that a user sees, the one of the last message first."""
        with self._store.lock:
            return self._store.dialogs_of(user_id)

    def unread(self, user_id: int, dialog: Dialog | str | None) -> int:
        """How many messages a user has not read, in one dialog or in all that it sees."""
        __tracebackhide__ = True
        with self._store.lock:
            dialogs = self._store.dialogs_of(user_id) if dialog is None else [self.dialog(dialog)]
            return sum(each.unread_by(user_id) for each in dialogs)

    def confirm(self, user_id: int, messages: Iterable[Message], *, read: bool) -> list[Message]:
        """Send the receipts of markable messages that are still in the history of a dialog that the user may read."""
        __tracebackhide__ = True
        confirmed: list[Message] = []
        with self._store.lock:
            self._check_user(user_id)
            now = int(self._store.now())
            for message in messages:
                dialog = self._store.dialogs.get(message.chat_dialog_id)
                there = message.id in self._store.messages and dialog is not None and dialog.admits(user_id)
                if dialog is not None and there and message.markable == 1:
                    dialog.mark_delivered(message, user_id, now)
                    if read:
                        dialog.mark_read(message, user_id, now)
                    confirmed.append(message)
        return confirmed

    def open(self, user_id: int, dialog: Dialog | str) -> list[Message]:
        """List a history, which marks all of it."""
        __tracebackhide__ = True
        with self._store.lock:
            opened = self.dialog(dialog)
            self._check_occupant(opened, user_id)
            now = int(self._store.now())
            history = opened.visible_to(user_id)
            for message in history:
                opened.mark_delivered(message, user_id, now)
                opened.mark_read(message, user_id, now)
        return history

    def send(
        self,
        sender_id: int,
        to: Message | Dialog | User | int | str,
        fields: Mapping[str, Any],
        *,
        over_xmpp: bool = False,
    ) -> Message:
        """Put a message of a user into the history, and with `send_to_chat` into the inboxes of the others.

        A message that an app sends over XMPP differs from one that comes over REST: it has a custom field `dialog_id`,
        its custom fields are texts, and in a group it has no recipient (observed, JavaScript SDK; observed, issue
        threads).
        """
        __tracebackhide__ = True
        _check_fields(fields)
        # As a request would carry them: a change of the test's own objects afterwards must not reach the history.
        params = json.loads(encode_json(dict(fields)))
        with self._store.lock:
            if isinstance(to, User | int):
                dialog = self._private_dialog(sender_id, id_of(to))
            else:
                dialog = self.dialog(to.chat_dialog_id if isinstance(to, Message) else to)
            self._check_occupant(dialog, sender_id)
            message = build_message(self._store, dialog, sender_id, params, int(self._store.now()))
            if over_xmpp:
                message.custom = {name: as_text(value) for name, value in message.custom.items()}
                message.custom["dialog_id"] = dialog.id
                if dialog.type is not DialogType.PRIVATE:
                    message.recipient_id = None
            self._store.add_message(message, dialog)
        return message

    def dialog(self, dialog: Dialog | str) -> Dialog:
        """A dialog, given as itself or by its id."""
        __tracebackhide__ = True
        found = self._store.find_dialog(dialog.id if isinstance(dialog, Dialog) else dialog)
        if found is None:
            raise ValueError(f"unknown dialog {dialog!r}; expected one that qbchat.add_dialog(...) returned")
        return found

    def _private_dialog(self, one: int, other: int) -> Dialog:
        __tracebackhide__ = True
        if one == other:
            raise ValueError(f"user {one} would write to itself: a private dialog needs another user")
        for user_id in (one, other):
            self._check_user(user_id)
        dialog = self._store.private_dialog(one, other)
        return dialog or self._store.add_dialog(DialogType.PRIVATE, [one, other], one)

    def _check_user(self, user_id: int) -> None:
        __tracebackhide__ = True
        if user_id not in self._store.users:
            raise ValueError(
                f"there is no user {user_id}: it was deleted, or never declared with qbchat.add_user({user_id})"
            )

    def _check_occupant(self, dialog: Dialog, user_id: int) -> None:
        __tracebackhide__ = True
        if not dialog.admits(user_id):
            raise ValueError(f"user {user_id} is not among the occupants {dialog.occupants_ids} of {dialog.id}")
        self._check_user(user_id)


def _check_fields(fields: Mapping[str, Any]) -> None:
    """Refuse a field that would be lost, or kept as a custom field by mistake."""
    __tracebackhide__ = True
    for name in fields.keys() - PARAMETERS:
        if name in SERVER_FIELDS:
            raise TypeError(f"{name} is set by QuickBlox: leave it out; freezegun or qbchat.advance() set the time")
        if meant := misspelt(name, PARAMETERS):
            raise TypeError(f"unknown field {name!r} of a message; expected {meant}")
