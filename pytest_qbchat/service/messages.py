"""/chat/Message: messages, in the order of the QuickBlox reference."""

from __future__ import annotations

import time
from typing import Any

from pytest_qbchat.service.dialogs import resolve
from pytest_qbchat.service.exchange import Exchange
from pytest_qbchat.service.models import Dialog, DialogType, Message, user_id
from pytest_qbchat.service.store import Store

# What the call means for QuickBlox; every other key is a custom field.
PARAMETERS = {"chat_dialog_id", "recipient_id", "message", "attachments", "send_to_chat", "markable"}
FLAGS = ("send_to_chat", "markable")
# Set by the server; a request's own value is ignored (assumed).
SERVER_FIELDS = {
    "_id", "created_at", "date_sent", "delivered_ids", "read", "read_ids", "sender_id", "updated_at",
}  # fmt: skip
# Means something elsewhere, and never becomes a custom field: the credential (observed); what belongs to XMPP
# (`save_to_history` is never listed: observed); `system`, which is not documented (ignored: assumed).
CONTROL_PARAMETERS = {"token", "save_to_history", "system"}
_NOT_CUSTOM = PARAMETERS | SERVER_FIELDS | CONTROL_PARAMETERS


def create(store: Store, exchange: Exchange) -> tuple[int, dict[str, Any]]:
    """POST /chat/Message.json: put a message into the history, and with `send_to_chat` into the chat.

    - The reply has status 201 and is the bare message (documented).
    - With `send_to_chat` the reply has null dates and empty id lists, since the chat server saves the message a moment
      later (reply documented, cause assumed). Without, the dates are set (assumed) and the sender is in both lists
      (observed).
    - `markable` is echoed only if it was sent (documented; observed in its absence).
    - Attachments go in as an object with index keys (documented), a list (observed) or bracketed form keys
      (documented) and come out as a list in index order. Anything else is lost without an error (observed).
    - Unknown keys are stored and echoed at the top level (documented) with their JSON types (assumed).

    Raises:
        QuickBloxError: 401, 403, 404 or 422 as `credentials.authenticate` and `dialogs.resolve` say.
    """
    params = exchange.params
    sender_id = exchange.caller.user()
    exchange.dialog = dialog = resolve(store, sender_id, params)
    message = build(store, dialog, sender_id, params)
    store.add_message(message, dialog)
    exchange.message = message
    reply = message.as_dict()
    if message.sent_to_chat:
        reply["created_at"] = reply["updated_at"] = None
        reply["delivered_ids"] = reply["read_ids"] = []
    return 201, reply


def build(store: Store, dialog: Dialog, sender_id: int, params: dict[str, Any]) -> Message:
    """A message made of the parameters of a request, not yet in the history."""
    now = int(time.time())
    send_to_chat = flag(params, "send_to_chat")
    others = tuple([occupant for occupant in dialog.occupants_ids if occupant != sender_id])
    public = dialog.type is DialogType.PUBLIC_GROUP
    return store.message_class(
        id=store.ids.object_id(now),
        chat_dialog_id=dialog.id,
        sender_id=sender_id,
        # A group's own is 0, or what the request gave, unchecked (documented); a private one's is the opponent, also if
        # the dialog was addressed by its id (assumed).
        recipient_id=others[0] if dialog.type is DialogType.PRIVATE else user_id(params.get("recipient_id")) or 0,
        message=params.get("message"),
        attachments=attachments(params.get("attachments")),
        custom={} if params.keys() <= PARAMETERS else {k: v for k, v in params.items() if k not in _NOT_CUSTOM},
        send_to_chat=send_to_chat,
        markable=flag(params, "markable"),
        date_sent=now,
        delivered_to=others if send_to_chat else (),
        # Public dialogs keep both lists empty (documented).
        delivered_ids=[] if public else [sender_id],
        read_ids=[] if public else [sender_id],
    )


def flag(params: dict[str, Any], name: str) -> int | None:
    """1 for 1 and "1", which are documented; 0 for anything else (assumed); None if the request has no such key."""
    if name not in params:
        return None
    value = params[name]
    return 1 if value == "1" or (value == 1 and type(value) is int) else 0


def attachments(value: Any) -> list[dict[str, Any]]:
    """The attachments that arrive, in index order. What is neither an object nor keyed by an index is lost."""
    if isinstance(value, dict):
        # Shorter numbers are smaller ones, and comparing them as text knows no largest number.
        value = [value[key] for key in sorted(sorted(filter(is_index, value)), key=len)]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


# Whether a key of the attachments object is a number, as QuickBlox wants it (documented).
is_index = str.isdecimal
