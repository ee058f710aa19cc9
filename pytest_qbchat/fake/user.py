"""Users that play the other side of a conversation: their apps receive, read and send messages in real time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

from pytest_qbchat.explain import message_effects as effects
from pytest_qbchat.explain.record_list import Records
from pytest_qbchat.fake.message import Message
from pytest_qbchat.service import models
from pytest_qbchat.service.endpoints.events import DEVICE, subscribe
from pytest_qbchat.service.endpoints.messages import PARAMETERS, SERVER_FIELDS, build_message
from pytest_qbchat.service.errors import QuickBloxError
from pytest_qbchat.service.flags import is_zero
from pytest_qbchat.service.models import Dialog, DialogType, id_of
from pytest_qbchat.service.spelling import misspelt
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import as_text, encode_json

_FOR_HISTORY = "for the history use open(dialog)"
Recipient = Message | Dialog | models.User | int | str


class User(models.User):
    """A user with an app that receives, reads and sends messages.

    The app is connected to the chat, so its actions need no token and add nothing to `calls`.
    """

    _store: Store

    @property
    def inbox(self) -> Records[Message]:
        """The messages with `send_to_chat` that the chat delivered in real time, oldest first."""
        return inbox_of(self._store, self.id)

    @property
    def dialogs(self) -> Records[Dialog]:
        """The dialogs that the user sees, the one with the newest message first."""
        with self._store.lock:
            return Records(self._store.dialogs_of(self.id), Dialog, "dialog", self._store.failure)

    def unread(self, dialog: Dialog | str | None = None) -> int:
        """The number of messages that the user has not read.

        Args:
            dialog: A dialog or its id; all dialogs that the user sees if omitted.

        Raises:
            ValueError: The dialog is unknown.
        """
        with self._store.lock:
            dialogs = self._store.dialogs_of(self.id) if dialog is None else [find_dialog(self._store, dialog)]
            return sum(each.unread_by(self.id) for each in dialogs)

    def receive(self, message: Message | None = None) -> Records[Message]:
        """Let the app confirm the messages in the inbox: markable ones become delivered to the user.

        The argument, the result and the errors are those of `read`.
        """
        return self._confirm(message, read=False)

    def read(self, message: Message | None = None) -> Records[Message]:
        """Let the user read the messages in the inbox: markable ones become delivered to and read by the user.

        A message that is not markable gets no receipt, and stays unread until the dialog is opened.

        Args:
            message: A message in the inbox; all of them if omitted.

        Returns:
            The confirmed messages: the markable ones.

        Raises:
            TypeError: The argument is not a message.
            ValueError: The message is not in the inbox.
        """
        return self._confirm(message, read=True)

    def open(self, dialog: Dialog | str) -> Records[Message]:
        """Open a dialog: its history becomes delivered to and read by the user, as if listed over REST.

        Returns:
            The history as the user sees it.

        Raises:
            ValueError: The dialog is unknown, or the user is not an occupant.
        """
        with self._store.lock:
            opened = find_dialog(self._store, dialog)
            _check_occupant(self._store, opened, self.id)
            now = int(self._store.now())
            history = opened.visible_to(self.id)
            for message in history:
                opened.mark_delivered(message, self.id, now)
                opened.mark_read(message, self.id, now)
        return self._records(history, "message in the dialog")

    def send(self, to: Recipient, message: str | None = None, **fields: Any) -> Message:
        """Send a message to the chat. It is not in `qbchat.posted`, since it did not come through POST.

        In the history it has the form of a message that an app sends over XMPP: with a custom field `dialog_id`, with
        custom fields as strings, and without a recipient in a group (observed).

        Args:
            to: A dialog or its id, a message for its dialog, or a user or its id for the private dialog.
            message: The text.
            **fields: Further fields: `attachments`, `markable`, custom fields.

        Raises:
            ValueError: The dialog is unknown, or the user is not an occupant.
        """
        fields = {"message": message, "send_to_chat": 1, **fields}
        return send(self._store, self.id, to, fields, over_xmpp=True)

    def subscribe(self, channel: str = "gcm", environment: str = "production") -> None:
        """Subscribe a device of the user to push notifications, as its app does. Without one no push reaches the user.

        Args:
            channel: "apns", "apns_voip" or "gcm". A push with another `push_type` does not reach the device.
            environment: "production" or "development". A push for the other does not reach the device (documented,
                create-event).

        Raises:
            ValueError: The channel or environment is unknown, or the user was deleted or has ten subscriptions.
        """
        platform = {"name": "ios" if channel.startswith("apns") else "android"}
        with self._store.lock:
            _check_user(self._store, self.id)
            try:
                device = dict.fromkeys(DEVICE, "made-up-device") | {"platform": platform}
                subscribe(self._store, self.id, channel, environment, device)
            except QuickBloxError as error:
                raise ValueError(error.reason) from None

    def _confirm(self, message: Message | None, *, read: bool) -> Records[Message]:
        if message is not None and not isinstance(message, models.Message):
            raise TypeError(f"invalid message {message!r}; expected a message in the inbox; {_FOR_HISTORY}")
        if message is not None and (self.id not in message.delivered_to or message._store is not self._store):
            reason = f"is not in the inbox of user {self.id}, because it was not delivered in real time"
            raise ValueError(f"{message!r} {reason}; {_FOR_HISTORY}")
        confirmed: list[models.Message] = []
        with self._store.lock:
            _check_user(self._store, self.id)
            now = int(self._store.now())
            for given in [*self.inbox] if message is None else [message]:
                # The given message may be a view with the original text, or deleted: it stays in the inbox.
                current = self._store.messages.get(given.id)
                if current is None or current.markable != 1:
                    continue
                dialog = self._store.dialogs[current.chat_dialog_id]
                if dialog.admits(self.id):
                    dialog.mark_delivered(current, self.id, now)
                    if read:
                        dialog.mark_read(current, self.id, now)
                    confirmed.append(current)
        plain = [each for each in (self.inbox if message is None else [message]) if each.markable != 1][-1:]
        why = [text for each in plain for text in (effects.flag(each, "markable"), effects.remedy(each, "markable", 1))]
        return self._records(confirmed, "markable message", lambda: why)

    def _records(self, messages: Sequence[models.Message], noun: str, reasons: Any = tuple) -> Records[Message]:
        return Records(cast("Sequence[Message]", messages), Message, noun, self._store.failure, reasons)


def inbox_of(store: Store, user_id: int) -> Records[Message]:
    """The messages that the chat delivered to a user in real time. Later ones are added to it."""
    noun = f"message in the inbox of {effects.person(store, user_id)}"
    reasons = partial(effects.not_delivered, store, user_id)
    inbox = cast("list[Message]", store.inboxes[user_id])
    return Records(inbox, Message, noun, store.failure, reasons)


def send(store: Store, sender_id: int, to: Recipient, fields: Mapping[str, Any], *, over_xmpp: bool = False) -> Message:
    """Put a message of a user into the history, and with `send_to_chat` into the inboxes of the others.

    Over XMPP it also gets a custom field `dialog_id`, its custom fields are strings, and in a group it has no
    recipient (observed, JavaScript SDK; observed, issue threads).
    """
    for name in fields.keys() - PARAMETERS:
        if name in SERVER_FIELDS:
            raise TypeError(f"{name} is set by QuickBlox; omit it, and set the time with freezegun or qbchat.advance()")
        if suggestion := misspelt(name, PARAMETERS):
            raise TypeError(f"a message has no field {name!r}; use {suggestion}")
    # A copy, as a request would make it: the test may change its objects later.
    params = json.loads(encode_json(dict(fields)))
    with store.lock:
        if isinstance(to, models.User | int):
            dialog = _private_dialog(store, sender_id, id_of(to))
        else:
            dialog = find_dialog(store, to.chat_dialog_id if isinstance(to, Message) else to)
        _check_occupant(store, dialog, sender_id)
        message = build_message(store, dialog, sender_id, params, int(store.now()))
        if over_xmpp:
            message.custom = {name: as_text(value) for name, value in message.custom.items()}
            message.custom["dialog_id"] = dialog.id
            if dialog.type is not DialogType.PRIVATE:
                message.recipient_id = None
        stored = message.send_to_chat != 1 or not is_zero(params.get("save_to_history"))
        store.add_message(message, dialog, stored=stored)
    return cast("Message", message)


def find_dialog(store: Store, dialog: Dialog | str) -> Dialog:
    """The dialog that is given as a `Dialog` or as its id."""
    found = store.find_dialog(dialog.id if isinstance(dialog, Dialog) else dialog)
    if found is None:
        raise ValueError(f"unknown dialog {dialog!r}; expected one that qbchat.add_dialog(...) returned")
    return found


def _private_dialog(store: Store, one: int, other: int) -> Dialog:
    if one == other:
        raise ValueError(f"user {one} would write to itself; a private dialog needs another user")
    for user_id in (one, other):
        _check_user(store, user_id)
    return store.private_dialog(one, other) or store.add_dialog(DialogType.PRIVATE, [one, other], one)


def _check_user(store: Store, user_id: int) -> None:
    if user_id not in store.users:
        raise ValueError(
            f"there is no user {user_id}: it was deleted, or never declared with qbchat.add_user({user_id})"
        )


def _check_occupant(store: Store, dialog: Dialog, user_id: int) -> None:
    if not dialog.admits(user_id):
        raise ValueError(f"user {user_id} is not among the occupants {dialog.occupants_ids} of {dialog.id}")
    _check_user(store, user_id)
