"""Dialogs: who is in them, what was said, and what each occupant has not read yet."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from enum import IntEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from pytest_qbchat.service.ids import timestamp

if TYPE_CHECKING:
    from pytest_qbchat.service.models.message import Message


class DialogType(IntEnum):
    """The types of a dialog (documented)."""

    PUBLIC_GROUP = 1
    GROUP = 2
    PRIVATE = 3


date_sent = attrgetter("date_sent")


@dataclass(slots=True, eq=False, repr=False)
class Dialog:
    """A conversation. All that must agree about its messages is changed here and nowhere else.

    Attributes:
        id: 24 hexadecimal digits.
        type: 1 public group, 2 group, 3 private.
        occupants_ids: Ascending.
        user_id: Its creator and owner.
        name: For groups; a private dialog shows each occupant the other's name.
        created: Unix time.
        updated: Unix time of the last message (documented), or of a later change (assumed).
        adopted: Whether the fake invented the dialog for an unknown id. Its occupants are not known, so whoever
            uses it becomes one.
        photo: What the request gave.
        data: Custom parameters, `class_name` among them.
        admin_ids: Occupants who may change it; None if no request named any.
        is_joinable: 0 or 1; None if no request said so.
        history: Its messages, the oldest first.
        unread: How many messages an occupant has not read, by user id. Absent means none.
        unread_in_all: The same for all dialogs that a user sees, which share this.
        hidden_from: Occupants who deleted the dialog for themselves.
        muted: Occupants who switched its notifications off.
    """

    id: str
    type: DialogType
    occupants_ids: list[int]
    user_id: int
    name: str | None
    created: int
    updated: int
    adopted: bool = False
    photo: str | None = None
    data: dict[str, Any] | None = None
    admin_ids: list[int] | None = None
    is_joinable: int | None = None
    history: list[Message] = field(default_factory=list)
    unread: dict[int, int] = field(default_factory=dict)
    unread_in_all: dict[int, int] = field(default_factory=dict)
    hidden_from: set[int] = field(default_factory=set)
    muted: set[int] = field(default_factory=set)
    _others: dict[int, tuple[int, ...]] = field(default_factory=dict, init=False)
    _hides_messages_from: set[int] = field(default_factory=set, init=False)
    _seen: dict[int, list[Message]] = field(default_factory=dict, init=False)
    _counted_for: set[int] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._counted_for.update(self.occupants_ids)

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        kind = self.type.name.lower().replace("_", " ")
        return f"<Dialog {self.id}{name} ({kind}), occupants {self.occupants_ids}>"

    @property
    def created_at(self) -> str:
        """As QuickBlox writes it."""
        return timestamp(self.created)

    @property
    def updated_at(self) -> str:
        """As QuickBlox writes it."""
        return timestamp(self.updated)

    @property
    def last(self) -> Message | None:
        """The newest message; after it was deleted for everyone, the one before it (assumed)."""
        return self.history[-1] if self.history else None

    @property
    def last_message(self) -> str | None:
        """The text of the last message; None for an attachment without a text (assumed)."""
        return self.history[-1].message if self.history else None

    @property
    def last_message_id(self) -> str | None:
        """The id of the last message."""
        return self.history[-1].id if self.history else None

    @property
    def last_message_date_sent(self) -> int | None:
        """When the last message was sent, as Unix time."""
        return self.history[-1].date_sent if self.history else None

    @property
    def last_message_user_id(self) -> int | None:
        """Who sent the last message."""
        return self.history[-1].sender_id if self.history else None

    @property
    def public(self) -> bool:
        """Whether anybody may read and post. Nothing is counted or marked in a public dialog (observed)."""
        return self.type is DialogType.PUBLIC_GROUP

    def others(self, user_id: int) -> tuple[int, ...]:
        """The occupants but for one: one tuple for all messages of that sender."""
        others = self._others.get(user_id)
        if others is None:
            others = self._others[user_id] = tuple(other for other in self.occupants_ids if other != user_id)
        return others

    def set_occupants(self, occupants_ids: set[int]) -> None:
        """Change who is in the dialog."""
        for former in self._counted_for - occupants_ids:
            self._stop_counting_for(former)
        for new in occupants_ids - self._counted_for - self.hidden_from:
            self._start_counting_for(new)
        self.occupants_ids = sorted(occupants_ids)
        self._others.clear()
        if self.admin_ids is not None:
            self.admin_ids = [admin for admin in self.admin_ids if admin in occupants_ids]

    # Who has it in a list

    def show_to(self, user_id: int) -> None:
        """Put the dialog into the list of a user who had deleted it."""
        self.hidden_from.discard(user_id)
        if user_id not in self._counted_for and user_id in self.occupants_ids:
            self._start_counting_for(user_id)

    def hide_from(self, user_id: int) -> None:
        """Take the dialog out of one user's list."""
        self.hidden_from.add(user_id)
        self._stop_counting_for(user_id)

    def hide_from_all(self) -> None:
        """Take the dialog out of all lists, since it is no more."""
        for user_id in tuple(self._counted_for):
            self._stop_counting_for(user_id)

    # What is said

    def take_over(self, former: Dialog) -> None:
        """Go on with the history of a dialog in whose place this one is."""
        self.history = former.history
        self._hides_messages_from = former._hides_messages_from
        if not self.public:
            for user_id, number in former.unread.items():
                self._count(user_id, number)

    def add(self, message: Message) -> None:
        """Take a message into the history. It is unread by its audience, and shows the dialog to all again."""
        history = self.history
        if history and message.date_sent < history[-1].date_sent:  # a test may turn the clock back
            history.insert(bisect_right(history, message.date_sent, key=date_sent), message)
            self._seen.clear()
        else:
            history.append(message)
            for seen in self._seen.values():
                seen.append(message)
        self.updated = max(self.updated, message.date_sent)
        if self.hidden_from:
            for user_id in tuple(self.hidden_from):
                self.show_to(user_id)
        if self.type is not DialogType.PUBLIC_GROUP:
            for occupant in message.audience:
                if occupant not in message.read_by:
                    self._count(occupant, 1)

    def delete(self, message: Message) -> None:
        """Take a message out of the history, for everyone."""
        for user_id in message.audience:
            self._count_down(message, user_id)
        del self.history[self._position(message)]
        self._seen.clear()

    def hide(self, message: Message, user_id: int) -> None:
        """Take a message out of the view of one user, who sees it."""
        self._count_down(message, user_id)
        message.hidden_from += (user_id,)
        self._hides_messages_from.add(user_id)
        self._seen.clear()

    def seen_by(self, user_id: int) -> list[Message]:
        """The history without what a user deleted for itself. Not to be changed."""
        if user_id not in self._hides_messages_from:
            return self.history
        seen = self._seen.get(user_id)
        if seen is None:
            seen = [message for message in self.history if user_id not in message.hidden_from]
            self._seen[user_id] = seen
        return seen

    # What is read

    def mark_delivered(self, message: Message, user_id: int, now: int) -> None:
        """Note that a user's device has a message."""
        if not self.public and user_id not in message.delivered:
            message.delivered += (user_id,)
            message.touch(now)

    def mark_read(self, message: Message, user_id: int, now: int) -> None:
        """Note that a user has read a message."""
        if not self.public and user_id not in message.read_by:
            self._count_down(message, user_id)
            message.read_by += (user_id,)
            message.touch(now)
            if self.type is DialogType.PRIVATE and user_id != message.sender_id:
                message.read = 1

    def mark_unread(self, message: Message, user_id: int, now: int) -> None:
        """Take back that a user, who is not its sender, has read a message."""
        if not self.public and user_id in message.read_by and user_id != message.sender_id:
            message.read_by = tuple(reader for reader in message.read_by if reader != user_id)
            message.touch(now)
            if self._counts(message, user_id):
                self._count(user_id, 1)
            message.read = 0

    def unread_by(self, user_id: int) -> int:
        """How many messages a user has not read; none for one who is not in the dialog."""
        return self.unread.get(user_id, 0) if user_id in self.occupants_ids else 0

    def _counts(self, message: Message, user_id: int) -> bool:
        """Whether a message is among those that a user has not read."""
        unseen = user_id not in message.read_by and user_id not in message.hidden_from
        return unseen and not self.public and user_id in message.audience

    def _count_down(self, message: Message, user_id: int) -> None:
        if self._counts(message, user_id):
            self._count(user_id, -1)

    def _count(self, user_id: int, change: int) -> None:
        self.unread[user_id] = self.unread.get(user_id, 0) + change
        if user_id in self._counted_for:
            self._add_to_all(user_id, change)

    def _start_counting_for(self, user_id: int) -> None:
        self._counted_for.add(user_id)
        self._add_to_all(user_id, self.unread.get(user_id, 0))

    def _stop_counting_for(self, user_id: int) -> None:
        if user_id in self._counted_for:
            self._counted_for.remove(user_id)
            self._add_to_all(user_id, -self.unread.get(user_id, 0))

    def _add_to_all(self, user_id: int, change: int) -> None:
        self.unread_in_all[user_id] = self.unread_in_all.get(user_id, 0) + change

    def _position(self, message: Message) -> int:
        return self.history.index(message, bisect_left(self.history, message.date_sent, key=date_sent))
