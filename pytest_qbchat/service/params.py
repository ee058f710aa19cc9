"""Parameters that are 0 or 1."""

from __future__ import annotations

from typing import Any

from pytest_qbchat.service.exchange import Exchange
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import encode_json

FLAGS = ("send_to_chat", "markable")


def one(value: Any) -> bool:
    """Whether a value is 1 or "1", which QuickBlox documents for flags."""
    return value == "1" or (value == 1 and type(value) is int)


def zero(value: Any) -> bool:
    """Whether a value is 0 or "0"."""
    return value == "0" or (value == 0 and type(value) is int)


def check_flag(exchange: Exchange, name: str, documented: int = 1) -> None:
    """Warn of a flag that is neither 1 nor 0, and so does not do what its sender meant."""
    value = exchange.params.get(name)
    if value is not None and not one(value) and not zero(value):
        exchange.warnings.append(
            f"{name}: {encode_json(value)} was sent where QuickBlox documents the number {documented}; "
            f"write {name}={documented}"
        )


def flag(store: Store, value: Any) -> int:
    """1 for 1 and "1", which are documented; 0 for anything else (assumed)."""
    return 1 if one(value) or (store.assume.true_is_one and value in (True, "true", "True")) else 0
