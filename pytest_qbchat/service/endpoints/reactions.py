"""/chat/Message/{id}/reactions: message reactions, in the order of the vendor's SDK."""

from __future__ import annotations

from typing import Annotated

from pytest_qbchat.service import errors
from pytest_qbchat.service.access import require_dialog
from pytest_qbchat.service.authentication import require_user
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Mark, Needed, ObjectId, Reply, refuses, route
from pytest_qbchat.service.ids import is_object_id
from pytest_qbchat.service.models import Message
from pytest_qbchat.service.models.message import ReactionRecord
from pytest_qbchat.service.store import Store

_MAX_NAME_LENGTH = 100
_NO_ACCESS = errors.invalid_message_id, errors.message_not_found
_REACTION = {"name": Needed(Annotated[str, Mark(minLength=1, maxLength=_MAX_NAME_LENGTH)])}


@route("POST", "/chat/Message/{id}/reactions", takes=_REACTION, replies={201: None})
@refuses(*_NO_ACCESS, errors.invalid_reaction_name, errors.too_many_reactions, errors.no_public_reactions)
def add_reaction(store: Store, call: Call, message_id: ObjectId) -> Reply:
    """React to a message.

    observed(JavaScript SDK): the reply has status 201 and is empty.
    observed(JavaScript SDK): the same reaction by the same user changes nothing.
    observed(JavaScript SDK): `name` has up to 100 characters.
    observed(the vendor's mocks): a message has up to 20 different reactions.
    observed(the vendor's mocks): reactions in public dialogs are refused.
    """
    caller = require_user(store, call)
    message = _require_message(store, caller, message_id)
    name = _reaction_name(call)
    if store.dialogs[message.chat_dialog_id].public:
        raise errors.no_public_reactions(f"dialog {message.chat_dialog_id} is public")
    reactions = message.reactions or {}
    if name not in reactions and len(reactions) >= errors.MAX_REACTIONS:
        raise errors.too_many_reactions(f"message {message.id} has {errors.MAX_REACTIONS} different reactions")
    users = reactions.setdefault(name, [])
    if caller not in users:
        users.append(caller)
    message.reactions = reactions
    return 201, ""


@route("DELETE", "/chat/Message/{id}/reactions", takes=_REACTION)
@refuses(*_NO_ACCESS, errors.invalid_reaction_name, errors.reaction_not_found)
def remove_reaction(store: Store, call: Call, message_id: ObjectId) -> Reply:
    """Remove a reaction.

    observed(JavaScript SDK): the reply is empty.
    """
    caller = require_user(store, call)
    message = _require_message(store, caller, message_id)
    name = _reaction_name(call)
    reactions = message.reactions or {}
    if caller not in reactions.get(name, ()):
        raise errors.reaction_not_found(f"user {caller} has no reaction {name!r} to {message.id}")
    reactions[name].remove(caller)
    if not reactions[name]:
        del reactions[name]
    return 200, ""


@route("GET", "/chat/Message/{id}/reactions", replies={200: {"total_entries": int, "items": [ReactionRecord]}})
@refuses(*_NO_ACCESS)
def list_reactions(store: Store, call: Call, message_id: ObjectId) -> Reply:
    """The reactions to a message.

    observed(JavaScript SDK): the reply is `total_entries` and `items`, each with name, count and user_ids.
    """
    items = _require_message(store, require_user(store, call), message_id)._reaction_counts()
    return 200, {"total_entries": len(items), "items": items}


def _require_message(store: Store, caller: int, message_id: str) -> Message:
    if not is_object_id(message_id):
        raise errors.invalid_message_id(f"{message_id!r} is not a message id")
    message = store.find_message(message_id)
    if message is None or caller in message._hidden_from:
        raise errors.message_not_found(f"there is no message {message_id}")
    dialog = store.dialogs[message.chat_dialog_id]
    if not dialog.admits(caller) and not dialog.adopted:
        raise errors.message_not_found(f"user {caller} is not an occupant of dialog {dialog.id}")
    require_dialog(store, caller, dialog.id)
    return message


def _reaction_name(call: Call) -> str:
    name = call.params.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME_LENGTH:
        raise errors.invalid_reaction_name(f"invalid name {name!r}; expected 1 to {_MAX_NAME_LENGTH} characters")
    return name
