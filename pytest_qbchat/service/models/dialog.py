"""Dialogs: their occupants, history and receipts."""

from __future__ import annotations

from bisect import insort
from dataclasses import field
from enum import IntEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

from pytest_qbchat.service.declaration import Custom, ObjectId, Time
from pytest_qbchat.service.ids import Dated
from pytest_qbchat.service.records import record

if TYPE_CHECKING:
    from pytest_qbchat.service.models.message import Message


class DialogType(IntEnum):
    """The types of a dialog (documented)."""

    PUBLIC_GROUP = 1
    GROUP = 2
    PRIVATE = 3


class DialogRecord(TypedDict):
    """A dialog as QuickBlox shows it to one user."""

    _id: ObjectId
    admin_ids: NotRequired[list[int]]
    created_at: Time
    data: NotRequired[dict[str, Custom]]
    is_join_required: NotRequired[int]
    is_joinable: NotRequired[Literal[0, 1]]
    last_message: str | None
    last_message_date_sent: int | None
    last_message_id: ObjectId | None
    last_message_user_id: int | None
    name: str | None
    occupants_ids: list[int]
    photo: str | None
    type: Literal[1, 2, 3]
    updated_at: Time
    user_id: int
    xmpp_room_jid: str | None
    unread_messages_count: int


@record
class Dialog(Dated):
    """A conversation. Its methods are the only code that changes history and receipts.

    Attributes:
        occupants_ids: In ascending order.
        user_id: The creator and owner.
        name: For groups; a private dialog shows each occupant the other's name.
        updated: Unix time of the last message (documented), or of a later change (assumed).
        adopted: Whether the fake invented the dialog for an unknown id. Its occupants are unknown, so every user who
            uses the dialog becomes an occupant.
        data: Custom parameters, including `class_name`.
        admin_ids: Occupants who may change it; None if no request named any.
        is_joinable: 0 or 1; None if it is not shown.
        is_join_required: 0 or 1; None if no request contained it.
        history: Its messages, the oldest first.
        hidden_from: Occupants who deleted the dialog for themselves.
        muted: Occupants who switched off its notifications.
        activity: Position in lists of dialogs. Each new message raises it above those of all other dialogs.
        activity_of: The same by user id, raised when the dialog is shown to that user again.
    """

    id: str
    type: DialogType
    occupants_ids: list[int]
    user_id: int
    created: int
    updated: int
    name: str | None = None
    adopted: bool = False
    photo: str | None = None
    data: dict[str, Any] | None = None
    admin_ids: list[int] | None = None
    is_joinable: int | None = None
    is_join_required: int | None = None
    history: list[Message] = field(default_factory=list)
    hidden_from: set[int] = field(default_factory=set)
    muted: set[int] = field(default_factory=set)
    activity: int = 0
    activity_of: dict[int, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        kind = self.type.name.lower().replace("_", " ")
        return f"<Dialog {self.id}{name} ({kind}), occupants {self.occupants_ids}>"

    @property
    def last_message(self) -> str | None:
        """The text of the last message; None if it has only attachments (assumed)."""
        return self.history[-1].message if self.history else None

    @property
    def last_message_id(self) -> str | None:
        """The id of the last message."""
        return self.history[-1].id if self.history else None

    @property
    def last_message_date_sent(self) -> int | None:
        """Unix time of the last message."""
        return self.history[-1].date_sent if self.history else None

    @property
    def last_message_user_id(self) -> int | None:
        """The sender of the last message."""
        return self.history[-1].sender_id if self.history else None

    @property
    def public(self) -> bool:
        """Whether every user may read and post. A public dialog has no receipts and no unread messages (observed)."""
        return self.type is DialogType.PUBLIC_GROUP

    def admits(self, user_id: int) -> bool:
        """Whether a user may read and post."""
        return user_id in self.occupants_ids or self.public

    @property
    def shown_occupants(self) -> list[int]:
        """The occupants as QuickBlox shows them: none of a public dialog (documented)."""
        return [] if self.public else self.occupants_ids

    def others(self, user_id: int) -> tuple[int, ...]:
        """The occupants except one user."""
        return tuple(other for other in self.occupants_ids if other != user_id)

    def set_occupants(self, occupants_ids: set[int]) -> None:
        """Replace the occupants. An admin who is not an occupant any more loses that role."""
        self.occupants_ids = sorted(occupants_ids)
        if self.admin_ids is not None:
            self.admin_ids = [admin for admin in self.admin_ids if admin in occupants_ids]

    def as_dict(self) -> dict[str, Any]:
        """The dialog as QuickBlox shows it, without the fields that depend on the user."""
        shown = {"_id": self.id, **{name: getattr(self, name) for name in _FIELDS}}
        shown["occupants_ids"] = self.shown_occupants
        return {name: value for name, value in shown.items() if value is not None or name not in _OPTIONAL}

    # The history

    def add(self, message: Message) -> None:
        """Add a message to the history. Occupants who had hidden the dialog see it again."""
        insort(self.history, message, key=_date_sent)  # a test may set the clock back
        self.updated = max(self.updated, message.date_sent)
        self.hidden_from.clear()

    def visible_to(self, user_id: int) -> list[Message]:
        """The history without the messages that a user has hidden by deleting them."""
        return [message for message in self.history if user_id not in message._hidden_from]

    # Receipts

    @property
    def unread(self) -> dict[int, int]:
        """The number of unread messages by user id; occupants without any are absent."""
        return {user_id: number for user_id in self.occupants_ids if (number := self.unread_by(user_id))}

    def unread_by(self, user_id: int) -> int:
        """The number of messages that a user has not read; 0 for a user who is not an occupant."""
        if self.public or user_id not in self.occupants_ids:
            return 0
        return sum(
            user_id in message._audience and user_id not in message._read_by and user_id not in message._hidden_from
            for message in self.history
        )

    def mark_delivered(self, message: Message, user_id: int, now: int) -> None:
        """Note that a message was delivered to a user."""
        if not self.public and user_id not in message._delivered:
            message._delivered += (user_id,)
            message._updated = now

    def mark_read(self, message: Message, user_id: int, now: int) -> None:
        """Note that a user has read a message."""
        if not self.public and user_id not in message._read_by:
            message._read_by += (user_id,)
            message._updated = now
            if self.type is DialogType.PRIVATE and user_id != message.sender_id:
                message.read = 1

    def mark_unread(self, message: Message, user_id: int, now: int) -> None:
        """Undo `mark_read`, unless the user is the sender."""
        if not self.public and user_id in message._read_by and user_id != message.sender_id:
            message._read_by = tuple(reader for reader in message._read_by if reader != user_id)
            message._updated = now
            message.read = 0


_date_sent = attrgetter("date_sent")
_FIELDS = [name for name in DialogRecord.__annotations__ if hasattr(Dialog, name)]
_OPTIONAL = ("admin_ids", "data", "is_join_required", "is_joinable")
