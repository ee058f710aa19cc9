"""Messages, as the history keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from json import loads
from types import MappingProxyType
from typing import Any

from pytest_qbchat.service.ids import timestamp
from pytest_qbchat.service.wire import encode_json

NO_FIELDS: Mapping[str, Any] = MappingProxyType({})
NO_ATTACHMENTS = "[]"


@dataclass(slots=True, eq=False, repr=False)
class Message:
    """A message as the history keeps it.

    A test may hold a hundred thousand, so attachments are kept as their JSON, a tenth of what a list of dicts weighs.

    Attributes:
        id: `_id` in QuickBlox's replies; its first eight digits are `date_sent`.
        chat_dialog_id: The dialog it is in.
        sender_id: The user of the session, or the user in `On-Behalf-Of`.
        recipient_id: The opponent in a private dialog. In a group 0, or the number in the request (documented); None
            for a message that an app sent there over XMPP (documented, list-messages).
        message: The text; None if there was none.
        attachments_json: The attachments as QuickBlox lists them.
        custom: The fields that QuickBlox does not know and stores beside its own, with their JSON types (assumed).
        send_to_chat: 1 if the message was also pushed to the occupants, 0 for any other value in the request,
            None without one.
        markable: Likewise, for delivered and read receipts.
        date_sent: Unix time, set by the server.
        audience: The other occupants at that time, for whom it is unread at first. Empty for a message that was not
            sent to the chat, if such messages are assumed not to count.
        updated: Unix time of the last change; marking is one (observed).
        delivered: Users whose copy counts as delivered.
        read_by: Users who have read it.
        hidden_from: Users who deleted it for themselves.
        reactions: Users by the name of their reaction; None before the first.
        read: Deprecated by QuickBlox; turns 1 in private dialogs only, when the opponent has read it.
        call: The call that posted it; None for a message that the test put into the history.
        edited: Whether the text was changed since.
        posted_text: The text before it was changed.
    """

    id: str
    chat_dialog_id: str
    sender_id: int
    recipient_id: int | None
    message: str | None
    attachments_json: str
    custom: Mapping[str, Any]
    send_to_chat: int | None
    markable: int | None
    date_sent: int
    audience: tuple[int, ...]
    updated: int
    delivered: tuple[int, ...]
    read_by: tuple[int, ...]
    hidden_from: tuple[int, ...] = ()
    reactions: dict[str, list[int]] | None = None
    read: int = 0
    call: Any = None  # a Call, which refers to the message that it created
    edited: bool = False
    posted_text: str | None = None

    @property
    def attachments(self) -> list[dict[str, Any]]:
        """In index order, each with the keys that were sent."""
        attachments: list[dict[str, Any]] = loads(self.attachments_json)
        return attachments

    @property
    def sent_to_chat(self) -> bool:
        """Whether the occupants were notified: the request had `send_to_chat` 1 or "1"."""
        return self.send_to_chat == 1

    @property
    def delivered_to(self) -> tuple[int, ...]:
        """Occupants that the message reached in real time. Empty without `send_to_chat`."""
        return self.audience if self.send_to_chat == 1 else ()

    @property
    def delivered_ids(self) -> list[int]:
        """Users whose copy counts as delivered, the sender among them."""
        return list(self.delivered)

    @property
    def read_ids(self) -> list[int]:
        """Users who have read it, the sender among them."""
        return list(self.read_by)

    @property
    def created_at(self) -> str:
        """When it entered the history, which is when it was sent (documented for listed messages)."""
        return timestamp(self.date_sent)

    @property
    def updated_at(self) -> str:
        """When it last changed."""
        return timestamp(self.updated)

    def edit(self, text: str | None, now: int) -> None:
        """Change the text, and keep the one that was posted."""
        if not self.edited:
            self.edited, self.posted_text = True, self.message
        self.message = text
        self.updated = now

    def as_json(self, *, unsaved: bool = False, with_reactions: bool = False) -> str:
        """The record as QuickBlox lists it: keys in alphabetical order, custom fields among them, `read` last.

        It is written as text, which takes a fraction of the time of encoding a dict: a page has a hundred messages.

        Args:
            unsaved: As in the reply to a message for the chat, which is saved a moment later: no dates, no ids.
            with_reactions: Whether the reactions are shown.
        """
        if unsaved:
            created = updated = "null"
            delivered = read_by = "[]"
        else:
            created, updated = f'"{timestamp(self.date_sent)}"', f'"{timestamp(self.updated)}"'
            delivered, read_by = encode_json(self.delivered), encode_json(self.read_by)
        # No published sample shows the flag unless it was sent.
        markable = "" if self.markable is None else f',"markable":{self.markable}'
        recipient = "null" if self.recipient_id is None else self.recipient_id
        text = (
            f'{{"_id":"{self.id}","attachments":{self.attachments_json},"chat_dialog_id":"{self.chat_dialog_id}",'
            f'"created_at":{created},"date_sent":{self.date_sent},"delivered_ids":{delivered}{markable},'
            f'"message":{encode_json(self.message)},"read_ids":{read_by},"recipient_id":{recipient},'
            f'"sender_id":{self.sender_id},"updated_at":{updated},"read":{self.read}}}'
        )
        if not self.custom and not with_reactions:
            return text
        fields = {**loads(text), **({"reactions": self.reaction_counts()} if with_reactions else {}), **self.custom}
        return encode_json({name: fields[name] for name in sorted(fields, key=lambda name: (name == "read", name))})

    def as_dict(self, *, with_reactions: bool = False) -> dict[str, Any]:
        """The same, decoded."""
        fields: dict[str, Any] = loads(self.as_json(with_reactions=with_reactions))
        return fields

    def reaction_counts(self) -> list[dict[str, Any]]:
        """The reactions as QuickBlox lists them (observed)."""
        reactions = self.reactions or {}
        return [{"name": name, "count": len(users), "user_ids": list(users)} for name, users in reactions.items()]
