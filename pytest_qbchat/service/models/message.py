"""Messages, as the history keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pytest_qbchat.service.ids import timestamp

NO_FIELDS: Mapping[str, Any] = MappingProxyType({})


@dataclass(slots=True, eq=False, repr=False)
class Message:
    """A message as the history keeps it.

    Attributes:
        id: `_id` in QuickBlox's replies; its first eight digits are `date_sent`.
        chat_dialog_id: The dialog it is in.
        sender_id: The user of the session, or the user in `On-Behalf-Of`.
        recipient_id: The opponent in a private dialog. In a group 0, or the number in the request (documented); None
            for a message that an app sent there over XMPP (documented, list-messages).
        message: The text; None if there was none.
        attachments: In index order, each with the keys that were sent.
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
    attachments: list[dict[str, Any]]
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

    def as_dict(self, *, with_reactions: bool = False) -> dict[str, Any]:
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
            "reactions": self.reaction_counts(),
            "read_ids": self.read_ids,
            "recipient_id": self.recipient_id,
            "sender_id": self.sender_id,
            "updated_at": self.updated_at,
        }
        if self.markable is None:  # no published sample shows the field unless it was sent
            del fields["markable"]
        if not with_reactions:
            del fields["reactions"]
        if self.custom:
            fields = dict(sorted((fields | dict(self.custom)).items()))
        fields["read"] = self.read
        return fields

    def reaction_counts(self) -> list[dict[str, Any]]:
        """The reactions as QuickBlox lists them (observed)."""
        reactions = self.reactions or {}
        return [{"name": name, "count": len(users), "user_ids": list(users)} for name, users in reactions.items()]
