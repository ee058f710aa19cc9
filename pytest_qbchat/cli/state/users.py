"""The users of a state."""

from __future__ import annotations

from typing import Any

from pytest_qbchat.cli.state.record import Record, either, filled
from pytest_qbchat.service.endpoints.users import CONSENTS, UNIQUE
from pytest_qbchat.service.ids import whole_number
from pytest_qbchat.service.models import User
from pytest_qbchat.service.store import Store

_TEXTS = (*UNIQUE, "full_name", "phone", "website", "custom_data", "user_tags", "password")


def load(store: Store, record: Record) -> None:
    """Read a user."""
    number = record.number("id")
    if number in store.users:
        record.refuse(f"is a second user {number}")
    texts: dict[str, str | None] = {}
    for name in _TEXTS:
        value = record.left.get(name)
        if name.endswith("_id") and whole_number(value) is not None:
            record.left[name] = str(value)
        texts[name] = record.text(name)
    for name in UNIQUE:
        if texts[name] and store.find_user(**{name: texts[name]}) is not None:
            record.refuse(f"has the {name} {texts[name]!r} of another user")
    consents = {name: record.take(name) for name in CONSENTS}
    user = store.add_user(
        number, **texts, **consents, blob_id=record.number("blob_id"), adopted=record.truth("adopted")
    )
    user.created = either(record.moment("created_at"), user.created)
    user.updated = either(record.moment("updated_at"), user.created)
    user.last_request = record.moment("last_request_at")
    if user.password:
        store.secrets.add(user.password)


def dump(user: User) -> dict[str, Any]:
    """Write a user."""
    return filled({**user.as_dict(), "password": user.password, "adopted": user.adopted or None})


def known(store: Store, id: int) -> int:
    """The id of a user whom a record names, and who is declared by that."""
    if id not in store.users:
        store.add_user(id)
    return id


def known_once(store: Store, id: int) -> int:
    """The id of a user whom a record names, and who may have been deleted since."""
    return id if id in store.gone else known(store, id)
