"""Users that play the other side of a conversation."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from pytest_qbchat.explain import message_effects
from pytest_qbchat.explain.record_list import Records
from pytest_qbchat.fake.message import Message
from pytest_qbchat.service import models
from pytest_qbchat.service.realtime_chat import Realtime


class User(models.User):
    """A user with an app that receives, reads and sends messages.

    The app is connected to the chat, so its actions need no token and add nothing to `calls`.
    """

    _realtime: Realtime

    @property
    def inbox(self) -> Records[Message]:
        """The messages with `send_to_chat` that the chat delivered in real time, oldest first."""
        owner = f"{self.full_name} ({self.id})" if self.full_name else f"user {self.id}"
        reasons = partial(message_effects.not_delivered, self._realtime.store, self.id)
        inbox = cast("list[Message]", self._realtime.inbox(self.id))
        return Records(inbox, Message, f"message in the inbox of {owner}", self._realtime.store.secrets.mask, reasons)

    @property
    def dialogs(self) -> Records[models.Dialog]:
        """The dialogs that the user sees, the one with the newest message first."""
        return Records(self._realtime.dialogs(self.id), models.Dialog, "dialog", self._realtime.store.secrets.mask)

    def unread(self, dialog: models.Dialog | str | None = None) -> int:
        """The number of messages that the user has not read.

        Args:
            dialog: A dialog or its id; all dialogs that the user sees if omitted.

        Raises:
            ValueError: The dialog is unknown.
        """
        __tracebackhide__ = True
        return self._realtime.unread(self.id, dialog)

    def receive(self, message: Message | None = None) -> Records[Message]:
        """Let the app confirm the messages in the inbox: markable ones become delivered to the user.

        Args:
            message: A message in the inbox; all of them if omitted.

        Returns:
            The confirmed messages: the markable ones.

        Raises:
            TypeError: The argument is not a message.
            ValueError: The message is not in the inbox.
        """
        __tracebackhide__ = True
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
        __tracebackhide__ = True
        return self._confirm(message, read=True)

    def open(self, dialog: models.Dialog | str) -> Records[Message]:
        """Open a dialog: its history becomes delivered to and read by the user, as if listed over REST.

        Returns:
            The history as the user sees it.

        Raises:
            ValueError: The dialog is unknown, or the user is not an occupant.
        """
        __tracebackhide__ = True
        return self._records(self._realtime.open(self.id, dialog), "message in the dialog")

    def send(
        self, to: Message | models.Dialog | models.User | int | str, message: str | None = None, **fields: Any
    ) -> Message:
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
        __tracebackhide__ = True
        fields = {"message": message, "send_to_chat": 1, **fields}
        return cast("Message", self._realtime.send(self.id, to, fields, over_xmpp=True))

    def _confirm(self, message: Message | None, *, read: bool) -> Records[Message]:
        __tracebackhide__ = True
        messages = [*self.inbox] if message is None else [message]
        if message is not None:
            if not isinstance(message, models.Message):
                raise TypeError(
                    f"invalid message {message!r}; expected a message in the inbox; for the history use open(dialog)"
                )
            if self.id not in message.delivered_to or message.store is not self._realtime.store:  # of another fake
                raise ValueError(
                    f"{message!r} is not in the inbox of user {self.id}, because it was not delivered in real time; "
                    "for the history use open(dialog)"
                )
        return self._records(self._realtime.confirm(self.id, messages, read=read), "markable message")

    def _records(self, messages: list[models.Message], noun: str) -> Records[Message]:
        return Records(cast("list[Message]", messages), Message, noun, self._realtime.store.secrets.mask)
