"""The real-time side of QuickBlox: what reaches the apps of the users, and what they do with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import RLock
from typing import Any, cast

from pytest_qbchat.fake.message import Message
from pytest_qbchat.fake.records import Records
from pytest_qbchat.service import access
from pytest_qbchat.service.endpoints.messages import PARAMETERS, SERVER_FIELDS, build
from pytest_qbchat.service.models import Dialog, DialogType, User, id_of
from pytest_qbchat.service.spelling import misspelt
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import encode_json


class Chat:
    """What users do in their apps, on the same state as the calls over REST."""

    def __init__(self, store: Store, lock: RLock) -> None:
        self._store = store
        self._lock = lock

    def inbox(self, user_id: int) -> Records[Message]:
        """What was delivered to a user, oldest first."""
        inbox = cast("list[Message]", self._store.inboxes[user_id])
        return Records(inbox, Message, f"message in the inbox of user {user_id}")

    def dialogs(self, user_id: int) -> Records[Dialog]:
        """The dialogs that a user sees."""
        with self._lock:
            return Records(list(self._store.dialogs_of(user_id)), Dialog, "dialog")

    def unread(self, user_id: int, dialog: Dialog | str | None) -> int:
        """How many messages a user has not read."""
        __tracebackhide__ = True
        with self._lock:
            if dialog is None:
                return self._store.unread.get(user_id, 0)
            return self.dialog(dialog).unread_by(user_id)

    def confirm(self, user_id: int, messages: Iterable[Message], *, read: bool) -> Records[Message]:
        """Send the receipts of markable messages that are still in the history of a dialog that the user is in."""
        __tracebackhide__ = True
        confirmed: list[Message] = []
        with self._lock:
            self._check_user(user_id)
            now = int(self._store.now())
            for message in messages:
                dialog = self._store.dialogs.get(message.chat_dialog_id)
                there = dialog is not None and message.id in self._store.messages
                if dialog and there and message.markable == 1 and self._sees(dialog, user_id):
                    dialog.mark_delivered(message, user_id, now)
                    if read:
                        dialog.mark_read(message, user_id, now)
                    confirmed.append(message)
        return Records(confirmed, Message, "markable message")

    def open(self, user_id: int, dialog: Dialog | str) -> Records[Message]:
        """List a history, which marks all of it."""
        __tracebackhide__ = True
        with self._lock:
            opened = self.dialog(dialog)
            self._check_occupant(opened, user_id)
            now = int(self._store.now())
            history = list(opened.seen_by(user_id))
            for message in history:
                opened.mark_delivered(message, user_id, now)
                opened.mark_read(message, user_id, now)
        return Records(cast("list[Message]", history), Message, "message in the dialog")

    def send(
        self,
        sender_id: int,
        to: Message | Dialog | User | int | str,
        fields: Mapping[str, Any],
        *,
        over_xmpp: bool = False,
    ) -> Message:
        """Put a message of a user into the history, and with `send_to_chat` into the inboxes of the others.

        What an app sends over XMPP differs from what comes over REST: it has a custom field `dialog_id`, custom fields
        are texts, and in a group there is no recipient (observed, JavaScript SDK; observed, issue threads).
        """
        __tracebackhide__ = True
        _check_fields(fields)
        with self._lock:
            if isinstance(to, User | int):
                dialog = self._private(sender_id, id_of(to))
            else:
                dialog = self.dialog(to.chat_dialog_id if isinstance(to, Message) else to)
            self._check_occupant(dialog, sender_id)
            message = build(self._store, dialog, sender_id, dict(fields), int(self._store.now()))
            if over_xmpp:
                message.custom = {name: _text(value) for name, value in message.custom.items()}
                message.custom["dialog_id"] = dialog.id
                if dialog.type is not DialogType.PRIVATE:
                    message.recipient_id = None
            self._store.add_message(message, dialog)
        return cast("Message", message)

    def dialog(self, dialog: Dialog | str) -> Dialog:
        """A dialog, given as itself or by its id.

        Raises:
            ValueError: There is none.
        """
        __tracebackhide__ = True
        found = access.find(self._store, dialog.id if isinstance(dialog, Dialog) else dialog)
        if found is None:
            raise ValueError(f"there is no dialog {dialog!r}: write what qbchat.add_dialog(...) returned")
        return found

    def _private(self, one: int, other: int) -> Dialog:
        __tracebackhide__ = True
        if one == other:
            raise ValueError(f"user {one} would write to itself: a private dialog needs another user")
        for user_id in (one, other):
            self._check_user(user_id)
        dialog = self._store.private_dialog(one, other)
        return dialog or self._store.add_dialog(DialogType.PRIVATE, [one, other], one)

    @staticmethod
    def _sees(dialog: Dialog, user_id: int) -> bool:
        return dialog.public or user_id in dialog.occupants_ids

    def _check_user(self, user_id: int) -> None:
        __tracebackhide__ = True
        if user_id not in self._store.users:
            raise ValueError(
                f"there is no user {user_id}: it was deleted, or never declared with qbchat.add_user({user_id})"
            )

    def _check_occupant(self, dialog: Dialog, user_id: int) -> None:
        __tracebackhide__ = True
        if user_id not in dialog.occupants_ids and not dialog.public:
            raise ValueError(f"user {user_id} is not among the occupants {dialog.occupants_ids} of {dialog.id}")
        self._check_user(user_id)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else encode_json(value)


def _check_fields(fields: Mapping[str, Any]) -> None:
    """Refuse what a message of the test's own would have lost, or kept as a custom field that nobody meant.

    Raises:
        TypeError: A field is misspelt, or is the server's to set.
    """
    __tracebackhide__ = True
    for name in fields.keys() - PARAMETERS:
        if name in SERVER_FIELDS:
            raise TypeError(f"{name} is set by QuickBlox: leave it out; freezegun or qbchat.advance() set the time")
        if meant := misspelt(name, PARAMETERS):
            raise TypeError(f"unknown field {name!r} of a message; expected {meant}")
