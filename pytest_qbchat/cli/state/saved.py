"""The state of a fake as JSON: to seed one, to look at it, to save it and to go on with it later.

The names are QuickBlox's own, so that a seed can be written by hand or taken from replies. What is left out is made up:

    {
      "application": {"id": 12345, "auth_key": "made-up-key", "auth_secret": "made-up-secret", "api_keys": ["made-up"]},
      "users": [{"id": 7, "full_name": "Cleo Customer", "login": "cleo", "password": "made-up-password"}],
      "sessions": [{"token": "made-up-token", "user_id": 7}],
      "dialogs": [{"_id": "5d75327ba28f9a0f32cb0f99", "type": 2, "name": "Shop", "occupants_ids": [7, 8]}],
      "messages": [{"chat_dialog_id": "5d75327ba28f9a0f32cb0f99", "sender_id": 8, "message": "Hello"}],
      "blobs": [{"name": "map.png", "content_type": "image/png", "content": "iVBORw0KGgo="}]
    }

What QuickBlox has no name for stands under `_qbchat`. Nobody needs to write it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pytest_qbchat.cli.state import application, blobs, dialogs, messages, sessions, users
from pytest_qbchat.cli.state.ids import IdsBeside
from pytest_qbchat.cli.state.record import OWN, Record, shown
from pytest_qbchat.service.ids import is_object_id
from pytest_qbchat.service.models import Dialog
from pytest_qbchat.service.store import Store

_PARTS: dict[str, Callable[[Store, Record], object]] = {
    "application": application.load,
    "users": users.load,
    "sessions": sessions.load,
    "dialogs": dialogs.load,
    "messages": messages.load,
    "blobs": blobs.load,
}
# What replies have and the rest of the state decides.
_DERIVED = {"sessions": sessions.DERIVED, "dialogs": dialogs.DERIVED, "blobs": blobs.DERIVED}


def load(store: Store, state: Mapping[str, Any]) -> None:
    """Put a state into a store that is empty.

    Raises:
        ValueError: A part of it is unknown or wrong; the text says which, and what to write.
    """
    if not isinstance(state, Mapping):
        raise ValueError(f"a state is an object: write {{{', '.join(f'{part!r}: ...' for part in _PARTS)}}}")
    if unknown := sorted(state.keys() - _PARTS.keys() - {OWN}):
        raise ValueError(f"a state has no {', '.join(map(repr, unknown))}: its parts are {', '.join(_PARTS)}")
    own = state.get(OWN, {})
    store.ids = IdsBeside(state)
    hidden: list[tuple[Dialog, list[int]]] = []
    _understood(lambda: _load_deleted(store, own))
    for part, load_one in _PARTS.items():
        records = state.get(part, [])
        if part == "application":
            records = [records] if records else []
        if not isinstance(records, list):
            raise ValueError(f"{part}: {shown(records)} is no list: write [{{...}}, {{...}}]")
        for position, given in enumerate(records):
            where = part if part == "application" else f"{part}[{position}]"
            record = Record(where, _unwrapped(part, given), _DERIVED.get(part, set()))
            if part == "dialogs":
                hidden.append((dialogs.load(store, record), record.ids("hidden_from", [])))
            else:
                load_one(store, record)
            record.end()
    for dialog, hidden_from in hidden:
        for user in hidden_from:
            store.hide_dialog(dialog, user)
    _understood(lambda: _load_own(store, own))


def dump(store: Store) -> dict[str, Any]:
    """A state of which `load` makes the same store."""
    return {
        "application": application.dump(store.application),
        "users": [users.dump(user) for user in store.users.values()],
        "sessions": [sessions.dump(session) for session in store.sessions.values()],
        "dialogs": [dialogs.dump(dialog) for dialog in store.dialogs.values()],
        "messages": [messages.dump(message) for message in store.messages.values()],
        "blobs": [blobs.dump(blob) for blob in store.blobs.values()],
        OWN: {
            "deleted": sorted((each for each in store.gone if not isinstance(each, tuple)), key=str),
            "deleted_names": sorted([*each] for each in store.gone if isinstance(each, tuple)),
            "identities": [
                [provider, token, user.id]
                for (provider, token), user in store.identities.items()
                if store.users.get(user.id) is user
            ],
            "nonces": sorted([*each] for each in store.seen_nonces),
            "recency": [[dialog.id, user] for dialog, user in store.recency()],
        },
    }


def to_json(state: Mapping[str, Any]) -> str:
    """A state as it is written to a file."""
    return f"{json.dumps(state, ensure_ascii=False, indent=2)}\n"


def from_json(text: str) -> Any:
    """A state as it was read from a file.

    Raises:
        ValueError: It is no JSON, or has what JSON cannot carry.
    """
    try:
        state = json.loads(text)
        # Python reads what is no number in JSON, and half a character if it is escaped; neither can be sent.
        json.dumps(state, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    return state


def _understood(read: Callable[[], None]) -> None:
    """Read what only a program writes."""
    try:
        read()
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError(f"{OWN} is not as it was saved: leave it out of what is written by hand") from None


def _unwrapped(part: str, given: Any) -> Any:
    """A record without the wrapper that it has in replies: `{"user": {...}}`."""
    name = part.removesuffix("s")
    return given[name] if isinstance(given, dict) and given.keys() == {name} else given


def _load_deleted(store: Store, own: Any) -> None:
    store.gone.update(own.get("deleted", []))
    for token in own.get("deleted", []):
        if isinstance(token, str) and not is_object_id(token):
            store.secrets.add(token)
    store.gone.update((name, value) for name, value in own.get("deleted_names", []))


def _load_own(store: Store, own: Any) -> None:
    for provider, token, user in own.get("identities", []):
        store.identities[provider, token] = store.users[user]
        store.secrets.add(token)
    store.seen_nonces.update((timestamp, nonce) for timestamp, nonce in own.get("nonces", []))
    if "recency" in own:
        store.set_recency((store.dialogs[dialog], user) for dialog, user in own["recency"])
