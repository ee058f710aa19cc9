"""Messages: the records of the history."""

from __future__ import annotations

from collections.abc import Mapping
from json import loads
from types import MappingProxyType
from typing import Any, NotRequired, TypedDict

from pytest_qbchat.service.declaration import Custom, ObjectId, Time
from pytest_qbchat.service.ids import timestamp
from pytest_qbchat.service.records import Record, record
from pytest_qbchat.service.wire import encode_json

NO_FIELDS: Mapping[str, Any] = MappingProxyType({})


class ReactionRecord(TypedDict):
    """The users who reacted to a message in the same way."""

    name: str
    count: int
    user_ids: list[int]


class MessageRecord(TypedDict):
    """A message as QuickBlox shows it; its times are null until the chat server has saved it."""

    _id: ObjectId
    attachments: list[dict[str, Custom]]
    chat_dialog_id: ObjectId
    created_at: Time | None
    date_sent: int
    delivered_ids: list[int]
    markable: NotRequired[int]
    message: str | None
    reactions: NotRequired[list[ReactionRecord]]
    read_ids: list[int]
    recipient_id: int | None
    sender_id: int
    updated_at: Time | None
    read: int


@record
class Message(Record):
    """A record of the history.

    Attributes:
        id: `_id` in QuickBlox's replies; its first eight digits are `date_sent`.
        sender_id: The user of the session, or the user in `On-Behalf-Of`.
        recipient_id: The other user in a private dialog. In a group 0, or the number in the request (documented); None
            for a message that an app sent to a group over XMPP (observed, Ruby client).
        _attachments_json: The attachments as a JSON list, which needs a tenth of the memory of a list of dicts.
        custom: Fields that are not parameters of QuickBlox, stored with their JSON types (assumed).
        send_to_chat: 1 if the occupants were notified, 0 for any other value in the request, None if omitted.
        markable: 1 if receipts were requested, 0 for any other value in the request, None if omitted.
        date_sent: Unix time, set by the server.
        _audience: The other occupants at `date_sent`, for whom the message is unread at first. Empty for a message
            without `send_to_chat` if the assumption `history_counts_as_unread` is false.
        _updated: Unix time of the last change, including receipts (observed).
        _hidden_from: Users who deleted it for themselves.
        reactions: User ids by reaction name; None before the first reaction.
        read: Deprecated by QuickBlox: 1 in a private dialog when the recipient has read the message, else 0.
        _store: The state of the fake.
        call: The call that posted it; None for a message that the test added.
        _posted_text: The original text of an edited message.
    """

    id: str
    chat_dialog_id: str
    sender_id: int
    recipient_id: int | None
    message: str | None
    _attachments_json: str
    custom: Mapping[str, Any]
    send_to_chat: int | None
    markable: int | None
    date_sent: int
    _audience: tuple[int, ...]
    _updated: int
    _delivered: tuple[int, ...]
    _read_by: tuple[int, ...]
    _store: Any  # a Store; its type would make an import circle
    _hidden_from: tuple[int, ...] = ()
    reactions: dict[str, list[int]] | None = None
    read: int = 0
    call: Any = None  # a Call; its type would make an import circle
    edited: bool = False
    _posted_text: str | None = None

    @property
    def attachments(self) -> list[dict[str, Any]]:
        """The attachments in index order, with the keys that were sent."""
        attachments: list[dict[str, Any]] = loads(self._attachments_json)
        return attachments

    @property
    def sent_to_chat(self) -> bool:
        """Whether the occupants were notified, because the request had `send_to_chat` 1 or "1"."""
        return self.send_to_chat == 1

    @property
    def delivered_to(self) -> tuple[int, ...]:
        """Occupants who were notified in real time; empty without `send_to_chat`."""
        return self._audience if self.send_to_chat == 1 else ()

    @property
    def delivered_ids(self) -> list[int]:
        """Users to whom it was delivered, including the sender."""
        return list(self._delivered)

    @property
    def read_ids(self) -> list[int]:
        """Users who have read it, including the sender."""
        return list(self._read_by)

    @property
    def created_at(self) -> str:
        """The time when it was sent (documented for listed messages)."""
        return timestamp(self.date_sent)

    @property
    def updated_at(self) -> str:
        """The time of the last change."""
        return timestamp(self._updated)

    def _edit(self, text: str | None, now: int) -> None:
        """Change the text and keep the original one in `_posted_text`."""
        if not self.edited:
            self.edited, self._posted_text = True, self.message
        self.message = text
        self._updated = now

    def _as_json(self, *, unsaved: bool = False, with_reactions: bool = False) -> str:
        """The record as QuickBlox lists it: fields and custom fields in alphabetical order, `read` last.

        The string is composed by hand, which is faster than encoding a dict. With `unsaved` it is the reply to a
        message with `send_to_chat`, which QuickBlox saves later: without dates, delivered ids and read ids.
        """
        if unsaved:
            created = updated = "null"
            delivered = read_by = "[]"
        else:
            created, updated = f'"{timestamp(self.date_sent)}"', f'"{timestamp(self._updated)}"'
            delivered, read_by = encode_json(self._delivered), encode_json(self._read_by)
        # No published sample shows the flag unless it was sent.
        markable = "" if self.markable is None else f',"markable":{self.markable}'
        recipient = "null" if self.recipient_id is None else self.recipient_id
        text = (
            f'{{"_id":"{self.id}","attachments":{self._attachments_json},"chat_dialog_id":"{self.chat_dialog_id}",'
            f'"created_at":{created},"date_sent":{self.date_sent},"delivered_ids":{delivered}{markable},'
            f'"message":{encode_json(self.message)},"read_ids":{read_by},"recipient_id":{recipient},'
            f'"sender_id":{self.sender_id},"updated_at":{updated},"read":{self.read}}}'
        )
        if not self.custom and not with_reactions:
            return text
        fields = {**loads(text), **({"reactions": self._reaction_counts()} if with_reactions else {}), **self.custom}
        return encode_json({name: fields[name] for name in sorted(fields, key=lambda name: (name == "read", name))})

    def as_dict(self, *, with_reactions: bool = False) -> dict[str, Any]:
        """The record as QuickBlox lists it."""
        return dict(loads(self._as_json(with_reactions=with_reactions)))

    def _reaction_counts(self) -> list[dict[str, Any]]:
        """The reactions as QuickBlox lists them (observed)."""
        reactions = self.reactions or {}
        return [{"name": name, "count": len(users), "user_ids": list(users)} for name, users in reactions.items()]
