"""Lists of users and blobs, a page at a time.

- `page` begins with 1, `per_page` is 10 unless given (documented, list-users) and at most 100 (assumed).
- A value that is no number from 1 on is ignored (assumed).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

_DEFAULT = 10
_LARGEST = 100


class Shown(Protocol):
    """What can be in such a list."""

    def as_dict(self) -> dict[str, Any]:
        """As QuickBlox shows it."""
        ...


def paged(params: dict[str, Any], records: Sequence[Shown], wrapper: str, warnings: list[str]) -> dict[str, Any]:
    """One page: `page` begins with 1, `per_page` is 10 unless given (documented) and at most 100 (assumed).

    Args:
        params: Of the request.
        records: All of them, in order.
        wrapper: The key that each of them is wrapped in.
        warnings: Where to note what is ignored.
    """
    page = _positive(params, "page", 1, warnings)
    per_page = _positive(params, "per_page", _DEFAULT, warnings)
    if per_page > _LARGEST:
        warnings.append(f"per_page: {per_page} is more than QuickBlox returns at once ({_LARGEST}, assumed)")
        per_page = _LARGEST
    items = records[(page - 1) * per_page : page * per_page]
    return {
        "current_page": page,
        "per_page": per_page,
        "total_entries": len(records),
        "items": [{wrapper: record.as_dict()} for record in items],
    }


def _positive(params: dict[str, Any], name: str, default: int, warnings: list[str]) -> int:
    value = params.get(name, default)
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if number < 1:
        warnings.append(f"{name}: {value!r} is ignored; write a number from 1 on")
        return default
    return number
