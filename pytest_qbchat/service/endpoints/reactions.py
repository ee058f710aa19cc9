"""/chat/Message/{id}/reactions: message reactions, in the order of the vendor's SDK."""

from __future__ import annotations

from typing import Any

from pytest_qbchat.service.access import require_dialog
from pytest_qbchat.service.authentication import require_user
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.errors import reaction_refused
from pytest_qbchat.service.ids import is_object_id
from pytest_qbchat.service.models import Message
from pytest_qbchat.service.store import Store

_MAX_REACTIONS = 20
_MAX_NAME_LENGTH = 100
_MISSING = "Message not found for the specified user and message ID."


def add_reaction(store: Store, call: Call, message_id: str) -> tuple[int, str]:
    """POST /chat/Message/{id}/reactions.json: react to a message.

    - The reply has status 201 and is empty; the same reaction by the same user changes nothing (observed, JavaScript
      SDK).
    - `name` has up to 100 characters (observed, JavaScript SDK). A message has up to 20 different reactions (observed,
      the vendor's mocks; the text is assumed).
    - Reactions in public dialogs are refused (observed, the vendor's mocks).

    Refused with 400 for an invalid id or name, or too many reactions; 404 for a missing message; 422 in a public
    dialog.
    """
    caller = require_user(store, call)
    message = _require_message(store, caller, message_id)
    name = _reaction_name(call)
    if store.dialogs[message.chat_dialog_id].public:
        text = "Reactions are not allowed in public dialogs."
        raise reaction_refused(422, text, f"dialog {message.chat_dialog_id} is public")
    reactions = message.reactions or {}
    if name not in reactions and len(reactions) >= _MAX_REACTIONS:
        text = f"Reactions limit of {_MAX_REACTIONS} exceeded."
        raise reaction_refused(400, text, f"message {message.id} has {_MAX_REACTIONS} different reactions")
    users = reactions.setdefault(name, [])
    if caller not in users:
        users.append(caller)
    message.reactions = reactions
    return 201, ""


def remove_reaction(store: Store, call: Call, message_id: str) -> tuple[int, str]:
    """DELETE /chat/Message/{id}/reactions.json: remove a reaction.

    - The reply is empty (observed, JavaScript SDK).

    Refused with 400 for an invalid id or name; 404 for a missing message or reaction.
    """
    caller = require_user(store, call)
    message = _require_message(store, caller, message_id)
    name = _reaction_name(call)
    reactions = message.reactions or {}
    if caller not in reactions.get(name, ()):
        raise reaction_refused(404, "Reaction not found", f"user {caller} has no reaction {name!r} to {message.id}")
    reactions[name].remove(caller)
    if not reactions[name]:
        del reactions[name]
    return 200, ""


def list_reactions(store: Store, call: Call, message_id: str) -> tuple[int, dict[str, Any]]:
    """GET /chat/Message/{id}/reactions.json: the reactions to a message.

    - The reply is `total_entries` and `items`, each with name, count and user_ids (observed, JavaScript SDK).

    Refused with 400 for an invalid id; 404 for a missing message.
    """
    items = _require_message(store, require_user(store, call), message_id).reaction_counts()
    return 200, {"total_entries": len(items), "items": items}


def _require_message(store: Store, caller: int, message_id: str) -> Message:
    if not is_object_id(message_id):
        raise reaction_refused(400, "Invalid message id", f"{message_id!r} is not a message id")
    message = store.find_message(message_id)
    if message is None or caller in message.hidden_from:
        raise reaction_refused(404, _MISSING, f"there is no message {message_id}")
    dialog = store.dialogs[message.chat_dialog_id]
    if not dialog.admits(caller) and not dialog.adopted:
        raise reaction_refused(404, _MISSING, f"user {caller} is not an occupant of dialog {dialog.id}")
    require_dialog(store, caller, dialog.id)
    return message


def _reaction_name(call: Call) -> str:
    name = call.params.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME_LENGTH:
        text = 'Invalid or missing "name" parameter.'
        raise reaction_refused(400, text, f"invalid name {name!r}; expected 1 to {_MAX_NAME_LENGTH} characters")
    return name
