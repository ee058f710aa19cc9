"""Attachments in the forms in which requests have them."""

from __future__ import annotations

from typing import Any

ATTACHMENT_KEYS = {
    "type", "id", "url", "data", "name", "size", "width", "height", "duration", "content-type", "uid",
}  # fmt: skip


def attachments(value: Any) -> list[dict[str, Any]]:
    """The attachments that arrive, in index order. What is neither an object nor keyed by an index is lost."""
    if isinstance(value, dict):
        # Shorter numbers are smaller ones, and comparing them as text knows no largest number.
        value = [value[key] for key in sorted(sorted(filter(is_index, value)), key=len)]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


# Whether a key of the attachments object is a number, as QuickBlox wants it (documented).
is_index = str.isdecimal
