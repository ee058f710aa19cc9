"""Flags: parameters that are 0 or 1."""

from __future__ import annotations

from typing import Any

from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.wire import encode_json

FLAGS = ("send_to_chat", "markable")


def is_one(value: Any) -> bool:
    """Whether a value is 1 or "1", as documented for flags."""
    return value == "1" or (value == 1 and type(value) is int)


def is_zero(value: Any) -> bool:
    """Whether a value is 0 or "0"."""
    return value == "0" or (value == 0 and type(value) is int)


def check_flag(call: Call, name: str, documented: int = 1, *, effect: str = "") -> None:
    """Warn of a flag that is neither 1 nor 0. `effect` is the assumed effect of such a flag."""
    value = call.params.get(name)
    if value is not None and not is_one(value) and not is_zero(value):
        assumed = f", and the fake assumes that {effect}" if effect else ""
        problem = f"{encode_json(value)} was sent where QuickBlox documents the number {documented}{assumed}"
        call.warn(f"{name}: {problem}; write {name}={documented}")
