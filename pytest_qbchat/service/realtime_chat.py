"""The users' apps: their inboxes, and the messages and receipts that they send in real time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_qbchat.service.endpoints.messages import PARAMETERS, SERVER_FIELDS, build_message
from pytest_qbchat.service.flags import is_zero
from pytest_qbchat.service.models import Dialog, DialogType, Message, User, id_of
from pytest_qbchat.service.spelling import misspelt
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import as_text, encode_json


class Realtime:
    """The actions of users in their apps, on the same store as the calls over REST."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def inbox(self, user_id: int) -> list[Message]:
        """The messages that were delivered to a user, the oldest first. Later messages are added to the same list."""
        return self.store.inboxes[user_id]

    def dialogs(self, user_id: int) -> list[Dialog]:
        """The dialogs that a user sees, the one with the latest message first."""
        with self.store.lock:
            return self.store.dialogs_of(user_id)

    def unread(self, user_id: int, dialog: Dialog | str | None) -> int:
        """The number of messages that a user has not read, in one dialog or in all its dialogs."""
        __tracebackhide__ = True
        with self.store.lock:
            dialogs = self.store.dialogs_of(user_id) if dialog is None else [self.dialog(dialog)]
            return sum(each.unread_by(user_id) for each in dialogs)

    def confirm(self, user_id: int, messages: Iterable[Message], *, read: bool) -> list[Message]:
        """Send receipts for the markable messages that were not deleted and that the user may read."""
        __tracebackhide__ = True
        confirmed: list[Message] = []
        with self.store.lock:
            self._check_user(user_id)
            now = int(self.store.now())
            for given in messages:  # an edited message may be shown with its original text
                message = self.store.messages.get(given.id)
                if message is None:
                    continue
                dialog = self.store.dialogs[message.chat_dialog_id]
                if not dialog.admits(user_id):
                    continue
                if message.markable == 1:
                    dialog.mark_delivered(message, user_id, now)
                    if read:
                        dialog.mark_read(message, user_id, now)
                    confirmed.append(message)
        return confirmed

    def open(self, user_id: int, dialog: Dialog | str) -> list[Message]:
        """List the history of a dialog, which marks all messages as delivered and read."""
        __tracebackhide__ = True
        with self.store.lock:
            opened = self.dialog(dialog)
            self._check_occupant(opened, user_id)
            now = int(self.store.now())
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

        Over XMPP it also gets a custom field `dialog_id`, its custom fields are strings, and in a group it has no
        recipient (observed, JavaScript SDK; observed, issue threads).
        """
        __tracebackhide__ = True
        _check_fields(fields)
        # A copy, as a request would make it: the test may change its objects later.
        params = json.loads(encode_json(dict(fields)))
        with self.store.lock:
            if isinstance(to, User | int):
                dialog = self._private_dialog(sender_id, id_of(to))
            else:
                dialog = self.dialog(to.chat_dialog_id if isinstance(to, Message) else to)
            self._check_occupant(dialog, sender_id)
            message = build_message(self.store, dialog, sender_id, params, int(self.store.now()))
            if over_xmpp:
                message.custom = {name: as_text(value) for name, value in message.custom.items()}
                message.custom["dialog_id"] = dialog.id
                if dialog.type is not DialogType.PRIVATE:
                    message.recipient_id = None
            stored = message.send_to_chat != 1 or not is_zero(params.get("save_to_history"))
            self.store.add_message(message, dialog, stored=stored)
        return message

    def dialog(self, dialog: Dialog | str) -> Dialog:
        """The dialog that is given as a `Dialog` or as its id."""
        __tracebackhide__ = True
        found = self.store.find_dialog(dialog.id if isinstance(dialog, Dialog) else dialog)
        if found is None:
            raise ValueError(f"unknown dialog {dialog!r}; expected one that qbchat.add_dialog(...) returned")
        return found

    def _private_dialog(self, one: int, other: int) -> Dialog:
        __tracebackhide__ = True
        if one == other:
            raise ValueError(f"user {one} would write to itself; a private dialog needs another user")
        for user_id in (one, other):
            self._check_user(user_id)
        dialog = self.store.private_dialog(one, other)
        return dialog or self.store.add_dialog(DialogType.PRIVATE, [one, other], one)

    def _check_user(self, user_id: int) -> None:
        __tracebackhide__ = True
        if user_id not in self.store.users:
            raise ValueError(
                f"there is no user {user_id}: it was deleted, or never declared with qbchat.add_user({user_id})"
            )

    def _check_occupant(self, dialog: Dialog, user_id: int) -> None:
        __tracebackhide__ = True
        if not dialog.admits(user_id):
            raise ValueError(f"user {user_id} is not among the occupants {dialog.occupants_ids} of {dialog.id}")
        self._check_user(user_id)


def _check_fields(fields: Mapping[str, Any]) -> None:
    """Refuse a field that the server sets, and a misspelt field that would become a custom field."""
    __tracebackhide__ = True
    for name in fields.keys() - PARAMETERS:
        if name in SERVER_FIELDS:
            raise TypeError(f"{name} is set by QuickBlox; omit it, and set the time with freezegun or qbchat.advance()")
        if suggestion := misspelt(name, PARAMETERS):
            raise TypeError(f"a message has no field {name!r}; use {suggestion}")
