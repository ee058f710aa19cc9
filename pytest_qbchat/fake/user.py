"""A user as a test holds it, which plays the other side of a conversation."""

from __future__ import annotations

from typing import Any, cast

from pytest_qbchat.fake.message import Message
from pytest_qbchat.fake.records import Records
from pytest_qbchat.service import models
from pytest_qbchat.service.realtime import Realtime


class User(models.User):
    """A user with an app, which receives, reads and answers.

    The app is connected to the chat, so its actions need no token and leave no call behind.
    """

    __slots__ = ("_realtime",)
    _realtime: Realtime

    @property
    def inbox(self) -> Records[Message]:
        """The messages that the chat has delivered in real time, oldest first: those with `send_to_chat`."""
        return _records(self._realtime.inbox(self.id), f"message in the inbox of user {self.id}")

    @property
    def dialogs(self) -> Records[models.Dialog]:
        """The dialogs that the user sees, the one of the newest message first."""
        return Records(self._realtime.dialogs(self.id), models.Dialog, "dialog")

    def unread(self, dialog: models.Dialog | str | None = None) -> int:
        """How many messages the user has not read.

        Args:
            dialog: A dialog or its id; all dialogs that the user sees if left out.

        Raises:
            ValueError: The dialog is unknown.
        """
        __tracebackhide__ = True
        return self._realtime.unread(self.id, dialog)

    def receive(self, message: Message | None = None) -> Records[Message]:
        """Let the app confirm the messages in the inbox: markable ones become delivered to the user.

        Args:
            message: One of the inbox; all of them if left out.

        Returns:
            The messages that were confirmed: the markable ones.

        Raises:
            TypeError: It is not a message.
            ValueError: The message is not in the inbox.
        """
        __tracebackhide__ = True
        return self._confirm(message, read=False)

    def read(self, message: Message | None = None) -> Records[Message]:
        """Let the user read the messages in the inbox: markable ones become delivered to and read by the user.

        A message that is not markable gets no receipt, and stays unread until the dialog is opened.

        Args:
            message: One of the inbox; all of them if left out.

        Returns:
            The messages that were confirmed: the markable ones.

        Raises:
            TypeError: It is not a message.
            ValueError: The message is not in the inbox.
        """
        __tracebackhide__ = True
        return self._confirm(message, read=True)

    def open(self, dialog: models.Dialog | str) -> Records[Message]:
        """Open a dialog: its history is listed, as over REST, and so becomes delivered to and read by the user.

        Returns:
            The history as the user sees it.

        Raises:
            ValueError: The dialog is unknown, or the user is not an occupant.
        """
        __tracebackhide__ = True
        return _records(self._realtime.open(self.id, dialog), "message in the dialog")

    def send(
        self, to: Message | models.Dialog | models.User | int | str, message: str | None = None, **fields: Any
    ) -> Message:
        """Send a message to the chat. It is not in `qbchat.posted`, since it did not come through POST.

        In the history it looks like the messages that apps send over XMPP: with a custom field `dialog_id`, with custom
        fields as texts, and without a recipient in a group (observed).

        Args:
            to: A message to answer it in its dialog, a dialog or its id, or a user or its id for the private dialog.
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
        messages = list(self.inbox)
        if message is not None:
            if not isinstance(message, models.Message):
                raise TypeError(
                    f"invalid message {message!r}; expected one of the inbox, or use open(dialog) to read a history"
                )
            messages = [each for each in messages if each == message]
            if not messages:
                raise ValueError(
                    f"{message!r} is not in the inbox of user {self.id}, since it did not reach the user in real time: "
                    "use open(dialog) to read a history"
                )
        return _records(self._realtime.confirm(self.id, messages, read=read), "markable message")


def _records(messages: list[models.Message], noun: str) -> Records[Message]:
    return Records(cast("list[Message]", messages), Message, noun)
