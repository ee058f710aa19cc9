"""The sessions of a state."""

from __future__ import annotations

import math
from typing import Any

from pytest_qbchat.cli.state import users
from pytest_qbchat.cli.state.record import Record, either, filled
from pytest_qbchat.service.models import Session
from pytest_qbchat.service.store import Store

DERIVED = {"_id", "device_id"}


def load(store: Store, record: Record) -> None:
    """Read a session."""
    token = record.required("token")
    if token in store.sessions:
        record.refuse("has the token of another session")
    user = record.number("user_id")
    session = store.add_session(token, users.known(store, user) if user else None, adopted=record.truth("adopted"))
    session.id = either(record.number("id"), session.id)
    session.created = either(record.moment("created_at"), session.created)
    session.updated = either(record.moment("updated_at"), session.created)
    session.application_id = either(record.number("application_id"), session.application_id)
    session.nonce = either(record.number("nonce"), session.nonce)
    session.ts = either(record.number("ts"), session.created)
    expires_at = record.take("expires_at")
    if expires_at is not None:
        if isinstance(expires_at, bool) or not isinstance(expires_at, int | float):
            raise record.wrong("expires_at", expires_at, "no Unix time", "seconds, or leave it out")
        session.expires_at = expires_at


def dump(session: Session) -> dict[str, Any]:
    """Write a session."""
    shown = session.as_dict()
    del shown["_id"]
    if session.expires_at != math.inf:
        shown["expires_at"] = max(session.expires_at, 0)
    return filled({**shown, "adopted": session.adopted or None})
