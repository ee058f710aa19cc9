"""Parameters of several endpoints: flags, which are 0 or 1, and attachments."""

from __future__ import annotations

from typing import Any

from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.wire import encode_json

FLAGS = ("send_to_chat", "markable")
ATTACHMENT_KEYS = {
    "type", "id", "url", "data", "name", "size", "width", "height", "duration", "content-type", "uid",
}  # fmt: skip


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
        call.warn(
            f"{name}: {encode_json(value)} was sent where QuickBlox documents the number {documented}{assumed}; "
            f"write {name}={documented}"
        )


def attachments(value: Any) -> list[dict[str, Any]]:
    """The attachments in an object with index keys, in index order, or in a list. Any other value has none."""
    if isinstance(value, dict):
        # Sorted as strings, shorter ones first: a conversion to int would fail for a huge index.
        value = [value[key] for key in sorted(sorted(filter(str.isdecimal, value)), key=len)]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
