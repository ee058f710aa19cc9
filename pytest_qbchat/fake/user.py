"""A user as a test holds it: the other side of a conversation, in a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_qbchat.service import models

if TYPE_CHECKING:
    from pytest_qbchat.fake.message import Message
    from pytest_qbchat.fake.records import Records
    from pytest_qbchat.service.realtime import Chat


class User(models.User):
    """A user with an app in the hand: it receives, reads and answers.

    The app is connected to the chat, so what it does needs no token and leaves no call behind.
    """

    __slots__ = ("_chat",)
    _chat: Chat

    @property
    def inbox(self) -> Records[Message]:
        """What the chat has delivered to the user in real time, oldest first: messages with `send_to_chat`."""
        return self._chat.inbox(self.id)

    @property
    def dialogs(self) -> Records[models.Dialog]:
        """The dialogs that the user sees, that of the newest message first."""
        return self._chat.dialogs(self.id)

    def unread(self, dialog: models.Dialog | str | None = None) -> int:
        """How many messages the user has not read.

        Args:
            dialog: In this dialog, or the one of this id; in all that the user sees if left out.

        Raises:
            ValueError: There is no such dialog.
        """
        __tracebackhide__ = True
        return self._chat.unread(self.id, dialog)

    def receive(self, message: Message | None = None) -> Records[Message]:
        """Let the app confirm what has arrived: markable messages become delivered to the user.

        Args:
            message: One of the inbox; all of them if left out.

        Returns:
            The messages that were confirmed, which are those that are markable.

        Raises:
            TypeError: It is no message.
            ValueError: The message is not in the inbox.
        """
        __tracebackhide__ = True
        return self._chat.confirm(self.id, self._arrived(message), read=False)

    def read(self, message: Message | None = None) -> Records[Message]:
        """Let the user look at what has arrived: markable messages become delivered to and read by the user.

        For a message that is not markable no receipt goes out, and it stays unread until the dialog is opened.

        Args:
            message: One of the inbox; all of them if left out.

        Returns:
            The messages that were confirmed, which are those that are markable.

        Raises:
            TypeError: It is no message.
            ValueError: The message is not in the inbox.
        """
        __tracebackhide__ = True
        return self._chat.confirm(self.id, self._arrived(message), read=True)

    def open(self, dialog: models.Dialog | str) -> Records[Message]:
        """Open a dialog: its history is listed, as over REST, and with that delivered to and read by the user.

        Returns:
            The history as the user sees it.

        Raises:
            ValueError: There is no such dialog, or the user is not an occupant.
        """
        __tracebackhide__ = True
        return self._chat.open(self.id, dialog)

    def send(
        self, to: Message | models.Dialog | models.User | int | str, message: str | None = None, **fields: Any
    ) -> Message:
        """Send a message to the chat. It is not in `qbchat.posted`, since it did not come through POST.

        In the history it looks as what apps send over XMPP does: with a custom field `dialog_id`, with custom fields as
        texts, and without a recipient in a group (observed).

        Args:
            to: A message to answer it in its dialog, a dialog or its id, or a user or its id for the private dialog.
            message: The text.
            **fields: What else there is: `attachments`, `markable`, custom fields.

        Raises:
            ValueError: There is no such dialog, or the user is not an occupant.
        """
        __tracebackhide__ = True
        return self._chat.send(self.id, to, {"message": message, "send_to_chat": 1, **fields}, over_xmpp=True)

    def _arrived(self, message: Message | None) -> list[Message]:
        __tracebackhide__ = True
        if message is None:
            return list(self.inbox)
        if not isinstance(message, models.Message):
            raise TypeError(
                f"the app confirms messages, and {message!r} is none: write one of its inbox, or open(dialog) to read "
                "all of a dialog"
            )
        if message not in self.inbox:
            raise ValueError(
                f"{message!r} is not in the inbox of user {self.id}, whom it did not reach in real time: "
                "write open(dialog) to read a history"
            )
        return [each for each in self.inbox if each == message]
