"""The application of a state."""

from __future__ import annotations

from typing import Any

from pytest_qbchat.cli.state.record import Record
from pytest_qbchat.service.store import Application, Store


def load(store: Store, record: Record) -> None:
    """Read what is known of the application."""
    application = store.application
    application.id = record.number("id")
    application.auth_key = record.text("auth_key")
    application.auth_secret = record.text("auth_secret")
    application.seen_id = record.number("seen_id")
    keys = record.take("api_keys") or []
    if not isinstance(keys, list) or not all(isinstance(key, str) and key and " " not in key for key in keys):
        raise record.wrong("api_keys", keys, "no list of keys", '["what follows ApiKey in the Authorization header"]')
    application.api_keys.update(keys)
    for secret in [application.auth_secret, *keys]:
        store.secrets.add(secret or "")


def dump(application: Application) -> dict[str, Any]:
    """Write it."""
    return {
        "id": application.id,
        "auth_key": application.auth_key,
        "auth_secret": application.auth_secret,
        "seen_id": application.seen_id,
        "api_keys": sorted(application.api_keys),
    }
