"""The resources of the chat service, with the field names of the QuickBlox reference."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from pytest_qbchat.masking import mask
from pytest_qbchat.service.ids import timestamp

if TYPE_CHECKING:
    from pytest_qbchat.service.calls import Call


class DialogType(IntEnum):
    """The types of a dialog (documented)."""

    PUBLIC_GROUP = 1
    GROUP = 2
    PRIVATE = 3


@dataclass(slots=True, eq=False)
class User:
    """A user of the application.

    Attributes:
        id: The user id.
        full_name: What others see, if the test gave one.
        login: The login, if the test gave one.
        email: The address, if the test gave one.
        adopted: Whether the fake invented the user for an unknown token or id.
    """

    id: int
    full_name: str | None = None
    login: str | None = None
    email: str | None = None
    adopted: bool = False


def id_of(user: int | User) -> int:
    """The id of a user, given as either.

    Raises:
        TypeError: It is neither.
    """
    if isinstance(user, User):
        return user.id
    if isinstance(user, bool) or not isinstance(user, int):
        raise TypeError(f"{user!r} is not a user: write a user id, or what qbchat.add_user() returned")
    return user


_MAX_ID_DIGITS = 19  # those of a 64-bit number


def user_id(value: Any) -> int | None:
    """A user id, which QuickBlox takes as a number or as its digits (documented); None if it is neither."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    digits = str(value)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_ID_DIGITS else None


@dataclass(slots=True, eq=False)
class Session:
    """What a `QB-Token` stands for.

    Attributes:
        token: The token. The repr masks it.
        user_id: Whose session it is; None for an application session.
        expires_at: Unix time of its end, set and moved on by every call.
        adopted: Whether the fake invented the session for an unknown token.
    """

    token: str
    user_id: int | None
    expires_at: float
    adopted: bool = False

    def __repr__(self) -> str:
        return f"Session(token={mask(self.token)!r}, user_id={self.user_id}, adopted={self.adopted})"


@dataclass(slots=True, eq=False)
class Dialog:
    """A conversation.

    Attributes:
        id: 24 hexadecimal digits.
        type: 1 public group, 2 group, 3 private.
        occupants_ids: Ascending.
        user_id: Its creator and owner.
        name: For groups.
        created_at: As QuickBlox writes it.
        adopted: Whether the fake invented the dialog for an unknown id. Its occupants are not known, so whoever
            posts to it becomes one.
        last: The newest message.
        unread: How many messages an occupant has not read, by user id. Absent means none.
    """

    id: str
    type: DialogType
    occupants_ids: list[int]
    user_id: int
    name: str | None
    created_at: str
    adopted: bool = False
    last: Message | None = field(default=None, repr=False)
    unread: dict[int, int] = field(default_factory=dict)

    @property
    def updated_at(self) -> str:
        """The time of the last message (documented)."""
        return self.created_at if self.last is None else self.last.updated_at

    @property
    def last_message(self) -> str | None:
        """The text of the last message; None for an attachment without a text (assumed)."""
        return None if self.last is None else self.last.message

    @property
    def last_message_id(self) -> str | None:
        """The id of the last message."""
        return None if self.last is None else self.last.id

    @property
    def last_message_date_sent(self) -> int | None:
        """When the last message was sent, as Unix time."""
        return None if self.last is None else self.last.date_sent

    @property
    def last_message_user_id(self) -> int | None:
        """Who sent the last message."""
        return None if self.last is None else self.last.sender_id


@dataclass(slots=True, eq=False, repr=False)
class Message:
    """A message as the history keeps it.

    Attributes:
        id: `_id` in QuickBlox's replies; its first eight digits are `date_sent`.
        chat_dialog_id: The dialog it is in.
        sender_id: The user of the session, or the one on whose behalf an API key posted.
        recipient_id: The opponent in a private dialog. In a group 0, or whatever the request gave (documented).
        message: The text; None if there was none.
        attachments: In index order, each with the keys that were sent.
        custom: The fields that QuickBlox does not know and stores beside its own, with their JSON types (assumed).
        send_to_chat: 1 if the message was also pushed to the occupants, 0 if the request gave anything else,
            None if it gave nothing.
        markable: Likewise, for delivered and read receipts.
        date_sent: Unix time, set by the server.
        delivered_to: Occupants whom the message reached in real time. Empty without `send_to_chat`.
        delivered_ids: Users whose copy counts as delivered.
        read_ids: Users who have read it.
        read: Deprecated by QuickBlox; moves in private dialogs only.
        call: The call that posted it; None for a message that the test put into the history.
    """

    id: str
    chat_dialog_id: str
    sender_id: int
    recipient_id: int
    message: str | None
    attachments: list[dict[str, Any]]
    custom: dict[str, Any]
    send_to_chat: int | None
    markable: int | None
    date_sent: int
    delivered_to: tuple[int, ...]
    delivered_ids: list[int]
    read_ids: list[int]
    read: int = 0
    call: Call | None = None

    @property
    def sent_to_chat(self) -> bool:
        """Whether the occupants were notified: the request had `send_to_chat` 1 or "1"."""
        return self.send_to_chat == 1

    @property
    def created_at(self) -> str:
        """When it entered the history, which is when it was sent (documented for listed messages)."""
        return timestamp(self.date_sent)

    @property
    def updated_at(self) -> str:
        """When it last changed."""
        return timestamp(self.date_sent)

    def as_dict(self) -> dict[str, Any]:
        """The record as QuickBlox lists it: keys in alphabetical order, custom fields among them, `read` last."""
        fields: dict[str, Any] = {
            "_id": self.id,
            "attachments": self.attachments,
            "chat_dialog_id": self.chat_dialog_id,
            "created_at": self.created_at,
            "date_sent": self.date_sent,
            "delivered_ids": self.delivered_ids,
            "markable": self.markable,
            "message": self.message,
            "read_ids": self.read_ids,
            "recipient_id": self.recipient_id,
            "sender_id": self.sender_id,
            "updated_at": self.updated_at,
        }
        if self.markable is None:  # no published sample shows the field unless it was sent
            del fields["markable"]
        if self.custom:
            fields = dict(sorted((fields | self.custom).items()))
        fields["read"] = self.read
        return fields
