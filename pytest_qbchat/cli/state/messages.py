"""The messages of a state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_qbchat.cli.state.record import OWN, Record, either, filled
from pytest_qbchat.service.attachments import attachments
from pytest_qbchat.service.models import DialogType, Message
from pytest_qbchat.service.models.message import NO_FIELDS
from pytest_qbchat.service.spelling import similar_name
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import encode_json

_FIELDS = {
    "_id", "attachments", "chat_dialog_id", "created_at", "date_sent", "delivered_ids", "markable", "message",
    "reactions", "read", "read_ids", "recipient_id", "send_to_chat", "sender_id", "updated_at", OWN,
}  # fmt: skip


def load(store: Store, record: Record) -> None:
    """Read a message, with who has read it."""
    message_id = record.object_id("_id")
    if message_id in store.messages:
        record.refuse(f"is a second message {message_id}")
    dialog = store.dialogs.get(record.object_id("chat_dialog_id") or "")
    if dialog is None:
        given = record.given.get("chat_dialog_id")
        record.refuse(f"chat_dialog_id: there is no dialog {given!r}: add it to the dialogs")
    sender = record.number("sender_id")
    if sender is None or (sender not in store.users and sender not in store.gone):
        record.refuse(f"sender_id: there is no user {sender}: write one, and add it to the users")
    private, others = dialog.type is DialogType.PRIVATE, dialog.others(sender)
    created = record.moment("created_at")
    sent = either(
        either(record.number("date_sent"), created), int(message_id[:8], 16) if message_id else int(store.now())
    )
    # In the reply to a message for the chat these are empty, and filled in the history a moment later (documented).
    unsaved = "created_at" in record.given and record.given["created_at"] is None
    receipts = {name: record.ids(name, []) for name in ("delivered_ids", "read_ids")}
    for name, ids in receipts.items():
        if not dialog.public and (record.given.get(name) is None or (unsaved and not ids)):
            receipts[name] = [sender]
    own = Record(f"{record.where} {OWN}", record.take(OWN) or {}, set())
    message = store.message_class(
        id=message_id or store.ids.object_id(sent),
        chat_dialog_id=dialog.id,
        sender_id=sender,
        recipient_id=_recipient(record, others[0] if private and others else 0),
        message=record.take("message"),
        attachments_json=_attachments(record),
        custom=NO_FIELDS,
        send_to_chat=record.flag("send_to_chat"),
        markable=record.flag("markable"),
        date_sent=sent,
        audience=tuple(own.ids("audience", [*others])),
        updated=either(record.moment("updated_at"), sent),
        delivered=tuple(receipts["delivered_ids"]),
        read_by=tuple(receipts["read_ids"]),
        reactions=_reactions(record),
    )
    opponent_read = any(reader != sender for reader in message.read_by)
    message.read = either(record.flag("read"), int(private and opponent_read))
    message.custom = _custom(record, own) or NO_FIELDS
    store.add_message(message, dialog)
    for user in own.ids("hidden_from", []):
        dialog.hide(message, user)
    own.end()


def _recipient(record: Record, default: int) -> int | None:
    """Whom a record names; null is nobody, as in what an app sent to a group."""
    return record.number("recipient_id") if "recipient_id" in record.given else default


def _attachments(record: Record) -> str:
    given = record.take("attachments")
    found = attachments(given)
    if given is not None and (not isinstance(given, list | dict) or len(found) != len(given)):
        raise record.wrong("attachments", given, "no list of attachments", '[{"type": "image", "id": "47863"}]')
    return encode_json(found)


def _reactions(record: Record) -> dict[str, list[int]] | None:
    given = record.take("reactions")
    if not given:
        return None
    try:
        return {str(each["name"]): [int(user) for user in each["user_ids"]] for each in given}
    except (KeyError, TypeError, ValueError):
        raise record.wrong("reactions", given, "no list of reactions", '[{"name": "like", "user_ids": [7]}]') from None


def _custom(record: Record, own: Record) -> dict[str, Any]:
    """What is left of a message, but for what must be a mistake; and what was saved as custom all the same."""
    for name in record.left:
        if meant := _meant(name, record.given):
            record.refuse(f"has a custom field {name!r}: write {meant}")
    custom = {**record.left, **(own.take("custom") or {})}
    record.left.clear()
    return custom


def _meant(name: str, given: Mapping[str, Any]) -> str | None:
    """The field that was meant by another name, if it is not given by its own."""
    return name if name in _FIELDS else similar_name(name, _FIELDS - given.keys())


def dump(message: Message) -> dict[str, Any]:
    """Write a message."""
    shown: dict[str, Any] = {
        "_id": message.id,
        "attachments": message.attachments,
        "chat_dialog_id": message.chat_dialog_id,
        "created_at": message.created_at,
        "date_sent": message.date_sent,
        "delivered_ids": message.delivered_ids,
        "message": message.message,
        "read_ids": message.read_ids,
        "recipient_id": message.recipient_id,
        "sender_id": message.sender_id,
        "updated_at": message.updated_at,
        "read": message.read,
    }
    optional = {"markable": message.markable, "send_to_chat": message.send_to_chat}
    shown |= filled({**optional, "reactions": message.reaction_counts() or None})
    own: dict[str, Any] = {"audience": list(message.audience)}
    if message.hidden_from:
        own["hidden_from"] = list(message.hidden_from)
    mistakes = {name: value for name, value in message.custom.items() if _meant(name, {**shown, OWN: own})}
    if mistakes:
        own["custom"] = mistakes
    return {**shown, **{name: message.custom[name] for name in message.custom if name not in mistakes}, OWN: own}
