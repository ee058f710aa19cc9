"""Who sees a message, who has received and read it, and how many are unread: a model to compare the fake with.

Nothing is counted or kept sorted: every question scans lists of messages and sets of users. The model shares no code
with the fake, and takes the ids of new dialogs and messages from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

PUBLIC, GROUP, PRIVATE = 1, 2, 3


class Refused(Exception):  # noqa: N818 - an answer of the service like any other
    """The service refuses a call with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(eq=False)
class Dialog:
    id: str
    kind: int
    owner: int
    occupants: set[int]
    hidden_from: set[int] = field(default_factory=set)

    def admits(self, user: int) -> bool:
        return self.kind == PUBLIC or user in self.occupants


@dataclass(eq=False)
class Message:
    id: str
    dialog: Dialog
    sender: int
    audience: set[int]
    sent_to_chat: bool
    markable: bool
    delivered: set[int] = field(default_factory=set)
    read: set[int] = field(default_factory=set)
    hidden_from: set[int] = field(default_factory=set)

    def mark(self, user: int, *, delivered: bool, read: bool) -> None:
        """Receipts of a user; a public dialog keeps none."""
        if self.dialog.kind != PUBLIC:
            self.delivered |= {user} if delivered else set()
            self.read |= {user} if read else set()


class Model:
    def __init__(self, users: Iterable[int]) -> None:
        self.dialogs: list[Dialog] = []
        self.messages: list[Message] = []
        self.inboxes: dict[int, list[Message]] = {user: [] for user in users}

    # Questions

    def dialogs_of(self, user: int) -> list[Dialog]:
        return [dialog for dialog in self.dialogs if dialog.admits(user) and user not in dialog.hidden_from]

    def history(self, dialog: Dialog, user: int) -> list[Message]:
        if not dialog.admits(user):
            raise Refused(403)
        return [each for each in self.messages if each.dialog is dialog and user not in each.hidden_from]

    def visible(self, message: Message, user: int) -> Message:
        if message not in self.messages or user in message.hidden_from:
            raise Refused(404)
        if not message.dialog.admits(user):
            raise Refused(403)
        return message

    def unread(self, dialog: Dialog, user: int) -> int:
        if dialog.kind == PUBLIC or not dialog.admits(user):
            return 0
        return sum(user in each.audience - each.read for each in self.history(dialog, user))

    def unread_total(self, user: int) -> int:
        return sum(self.unread(dialog, user) for dialog in self.dialogs_of(user))

    # Dialogs

    def join(self, dialog: Dialog, user: int) -> None:
        if user not in dialog.occupants:
            dialog.hidden_from.discard(user)
            dialog.occupants.add(user)

    def leave(self, dialog: Dialog, user: int) -> None:
        dialog.occupants.discard(user)
        if not dialog.occupants:
            self.destroy(dialog)

    def delete_dialog(self, dialog: Dialog, user: int, *, for_all: bool) -> None:
        """Hide a dialog from its occupant, or remove it altogether as its owner."""
        if user not in dialog.occupants or (for_all and user != dialog.owner):
            raise Refused(403)
        if for_all:
            self.destroy(dialog)
        else:
            dialog.hidden_from.add(user)

    def destroy(self, dialog: Dialog) -> None:
        self.dialogs.remove(dialog)
        self.messages = [message for message in self.messages if message.dialog is not dialog]

    # Messages

    def add_message(self, id: str, dialog: Dialog, sender: int, flags: dict[str, Any]) -> Message:
        sent, markable = flags.get("send_to_chat") == 1, flags.get("markable") == 1
        message = Message(id, dialog, sender, dialog.occupants - {sender}, sent, markable)
        message.mark(sender, delivered=True, read=True)
        self.messages.append(message)
        dialog.hidden_from.clear()
        if sent:
            for user in message.audience:
                self.inboxes[user].append(message)
        return message

    def update(self, messages: list[Message], user: int, changes: dict[str, int]) -> None:
        for message in messages:
            message.mark(user, delivered=changes.get("delivered") == 1, read=changes.get("read") == 1)
            if changes.get("read") == 0 and user != message.sender:
                message.read.discard(user)

    def delete_message(self, message: Message, user: int, *, for_all: bool) -> None:
        if message not in self.messages or (not for_all and user in message.hidden_from):
            raise Refused(404)
        if not message.dialog.admits(user) or (for_all and user not in (message.sender, message.dialog.owner)):
            raise Refused(403)
        if for_all:
            self.messages.remove(message)
        else:
            message.hidden_from.add(user)

    def confirm(self, messages: Iterable[Message], user: int, *, read: bool) -> list[Message]:
        """The app of a user sends the receipts of what arrived, unless the user has left the dialog since."""
        confirmed = [each for each in messages if each.markable and each in self.messages and each.dialog.admits(user)]
        for message in confirmed:
            message.mark(user, delivered=True, read=read)
        return confirmed
