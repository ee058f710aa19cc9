"""The query language of lists.

Dialogs and messages:

- Exact: `field=value`; operators: `field[gt]=value` (documented, list-messages).
- `in`, `nin` and `all` take comma lists (documented, REST description); `ctn` looks for a part, in any case (assumed).
- Several ids without an operator must all be there (observed, issue threads).
- A filter on another field, or by another operator, is ignored and not refused (observed, issue threads).
- `sort_asc` and `sort_desc` name a field (documented, list-messages); an unknown one is ignored (assumed).
- `count=1` returns only the number, in `items` (documented, REST description; observed, Android SDK).
- `limit` is 100 unless given, `skip` 0 (documented, REST description). A limit above 1000 becomes 1000 (assumed).

Users and files:

- `page` begins with 1, `per_page` is 10 unless given (documented, list-users) and at most 100 (assumed).
- A value that is not a number from 1 on is ignored (assumed).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.models import Blob, User
from pytest_qbchat.service.spelling import closest_name

T = TypeVar("T")

_CONTROL = {"limit", "skip", "count", "sort_asc", "sort_desc", "token"}
# Parameters of lists of users, and of other APIs.
_MEANT = {"per_page": "limit", "page": "skip", "offset": "skip", "order": "sort_asc or sort_desc"}
_LARGEST_PAGE_OF_USERS = 100

RANGE = frozenset({"lt", "lte", "gt", "gte"})
SET = frozenset({"in", "nin"})
NE = frozenset({"ne"})


class Field(NamedTuple):
    """A field that can be filtered and sorted by.

    Attributes:
        kind: Converts the text of a request before it is compared. Raises TypeError or ValueError.
        operators: The operators that QuickBlox documents for this field, beside equality.
    """

    get: Callable[[Any], Any]
    kind: Callable[[Any], Any] = str
    operators: frozenset[str] = frozenset()


class Condition(NamedTuple):
    """One condition of a query.

    Attributes:
        operator: A key of `_OPERATORS`.
        value: The converted value, or a list of them.
    """

    get: Callable[[Any], Any]
    operator: str
    value: Any

    def holds(self, record: Any) -> bool:
        """Whether a record fulfils it."""
        return bool(_OPERATORS[self.operator](self.get(record), self.value))


def number(value: Any) -> float:
    """A finite number, or its text. Raises ValueError for any other value."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{value!r} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is too large, or not a number")
    return number


def object_id(value: Any) -> str:
    """An id, which is the same in either case."""
    return str(value).lower()


def _equal(actual: Any, expected: Any) -> bool:
    return expected in actual if isinstance(actual, list | tuple) else bool(actual == expected)


def _one_of(actual: Any, several: list[Any]) -> bool:
    return any(_equal(actual, each) for each in several)


def _present(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison that no missing value fulfils."""
    return lambda actual, expected: actual is not None and compare(actual, expected)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _equal,
    "ne": lambda actual, expected: not _equal(actual, expected),
    "lt": _present(operator.lt),
    "lte": _present(operator.le),
    "gt": _present(operator.gt),
    "gte": _present(operator.ge),
    "in": _one_of,
    "nin": lambda actual, several: not _one_of(actual, several),
    "all": lambda actual, several: all(each in actual for each in several),
    "ctn": _present(lambda actual, part: part.lower() in str(actual).lower()),
}
_OF_SEVERAL = {"in", "nin", "all"}


@dataclass(slots=True)
class Query:
    """The query of a request for dialogs or messages.

    Attributes:
        sort: The field to sort by; None for the order of the list.
        descending: Whether the largest comes first.
        count: Whether only the number of records is wanted.
    """

    conditions: list[Condition]
    sort: Field | None
    descending: bool
    limit: int
    skip: int
    count: bool

    def select(self, records: list[T]) -> list[T]:
        """The records that fulfil every condition, in the requested order."""
        found = [record for record in records if all(condition.holds(record) for condition in self.conditions)]
        return found if self.sort is None else sort(found, self.sort, descending=self.descending)

    def page(self, records: list[T]) -> list[T]:
        """The requested stretch of them."""
        return records[self.skip : self.skip + self.limit]


def sort(records: list[T], field: Field, *, descending: bool) -> list[T]:
    """Records by a field; those without a value come first, as in MongoDB (assumed)."""

    def key(record: T) -> tuple[bool, Any]:
        value = field.get(record)
        if value is None:
            return False, 0
        return True, value if field.kind is number else str(value)

    return sorted(records, key=key, reverse=descending)


def parse(call: Call, fields: Mapping[str, Field], *, known: set[str], largest: int) -> Query:
    """Read the query of a call, and warn of what is ignored."""
    conditions: list[Condition] = []
    for name, given in call.params.items():
        if name in fields:
            by_operator = given if isinstance(given, dict) else {"eq": given}
            for operator_, value in by_operator.items():
                conditions += _condition(call, name, fields[name], operator_, value)
        elif name not in known and name not in _CONTROL:
            meant = _MEANT.get(name) or closest_name(name, {*fields, *_CONTROL, *known})
            call.warn(_ignored(name, f"write {meant}" if meant else f"QuickBlox filters by {', '.join(fields)}"))
    sort_by, descending = _sort_field(call, fields)
    limit = _whole_number(call, "limit", default=100, lowest=0)
    if limit > largest:
        call.warn(f"limit: {limit} is more than QuickBlox returns at once ({largest}, assumed); use skip to page")
    return Query(
        conditions,
        sort_by,
        descending,
        limit=min(limit, largest),
        skip=_whole_number(call, "skip", default=0, lowest=0),
        count=call.params.get("count") in (1, "1"),
    )


def _condition(call: Call, name: str, field: Field, operator_: str, value: Any) -> list[Condition]:
    """The condition of one filter; empty if it is ignored."""
    if operator_ != "eq" and operator_ not in field.operators:
        documented = ", ".join(sorted(field.operators)) or "none"
        call.warn(_ignored(f"{name}[{operator_}]", f"operators documented for {name}: {documented}"))
        return []
    if operator_ == "eq" and "all" in field.operators and len(split(value)) > 1:
        operator_ = "all"
    try:
        converted = [field.kind(each) for each in split(value)] if operator_ in _OF_SEVERAL else field.kind(value)
    except (TypeError, ValueError):
        call.warn(_ignored(name, f"{value!r} is not a value of this field"))
        return []
    return [Condition(field.get, operator_, converted)]


def _sort_field(call: Call, fields: Mapping[str, Field]) -> tuple[Field | None, bool]:
    for name, descending in (("sort_desc", True), ("sort_asc", False)):
        if wanted := call.params.get(name):
            if isinstance(wanted, str) and wanted in fields:
                return fields[wanted], descending
            call.warn(_ignored(name, f"QuickBlox sorts by {', '.join(fields)}"))
    return None, False


def split(value: Any) -> list[Any]:
    """A comma list, a JSON array, or a single value, as a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return list(value) if isinstance(value, list) else [value]


def unique_ids(value: Any) -> list[Any]:
    """The ids of a list, each once in whichever case."""
    found: dict[str, Any] = {}
    for each in split(value):
        found.setdefault(str(each).lower(), each)
    return list(found.values())


def paged(call: Call, records: Sequence[User | Blob], wrapper: str) -> dict[str, Any]:
    """One page of users or files: `page` begins with 1, `per_page` is 10 unless given (documented)."""
    page = _whole_number(call, "page", default=1, lowest=1)
    per_page = _whole_number(call, "per_page", default=10, lowest=1)
    if per_page > _LARGEST_PAGE_OF_USERS:
        call.warn(f"per_page: {per_page} is more than QuickBlox returns at once ({_LARGEST_PAGE_OF_USERS}, assumed)")
        per_page = _LARGEST_PAGE_OF_USERS
    items = records[(page - 1) * per_page : page * per_page]
    return {
        "current_page": page,
        "per_page": per_page,
        "total_entries": len(records),
        "items": [{wrapper: record.as_dict()} for record in items],
    }


def _whole_number(call: Call, name: str, *, default: int, lowest: int) -> int:
    value = call.params.get(name, default)
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = lowest - 1
    if number < lowest:
        call.warn(_ignored(name, f"{value!r} is not a number from {lowest} on"))
        return default
    return number


def _ignored(name: str, why: str) -> str:
    return f"{name}: is ignored; {why}"
