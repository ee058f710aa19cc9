"""The query language of lists of dialogs and messages: filters, order, `limit`, `skip` and `count`.

- Exact: `field=value`; operators: `field[gt]=value` (documented, list-messages).
- `in`, `nin` and `all` take comma lists (documented, REST description); `ctn` looks for a part, in any case (assumed).
- Several ids without an operator must all be there (observed, issue threads).
- A filter on another field, or by another operator, is ignored and not refused (observed, issue threads).
- `sort_asc` and `sort_desc` name a field (documented, list-messages); an unknown one is ignored (assumed).
- `count=1` returns only the number, in `items` (documented, REST description; observed, Android SDK).
- `limit` is 100 unless given, `skip` 0 (documented, REST description). A larger limit than 1000 becomes 1000 (assumed).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pytest_qbchat.service.spelling import closest_name

DEFAULT_LIMIT = 100
_MOST_WARNINGS = 100  # nobody reads more, and a request may name any number of fields
_CONTROL = {"limit", "skip", "count", "sort_asc", "sort_desc", "token"}
# What lists of users have, and other APIs.
_MEANT = {"per_page": "limit", "page": "skip", "offset": "skip", "order": "sort_asc or sort_desc"}

RANGE = frozenset({"lt", "lte", "gt", "gte"})
SET = frozenset({"in", "nin"})
NE = frozenset({"ne"})


class Field(NamedTuple):
    """A field that can be filtered by.

    Attributes:
        get: The value of a record.
        kind: What a request's text is turned into before it is compared.
        operators: Which of them QuickBlox documents for this field, beside equality.
    """

    get: Callable[[Any], Any]
    kind: Callable[[Any], Any] = str
    operators: frozenset[str] = frozenset()


class Filter(NamedTuple):
    """One condition of a query."""

    name: str
    operator: str
    value: Any
    get: Callable[[Any], Any]

    def __call__(self, record: Any) -> bool:
        """Whether a record fulfils it."""
        return bool(_OPERATORS[self.operator](self.get(record), self.value))


def number(value: Any) -> float:
    """A number, or its text.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{value!r} is no number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("what is no number, or too large for one, cannot be compared")
    return number


def object_id(value: Any) -> str:
    """An id, which is the same in either case."""
    return str(value).lower()


def _contains(actual: Any, part: str) -> bool:
    return actual is not None and part.lower() in str(actual).lower()


def _equal(actual: Any, expected: Any) -> bool:
    return expected in actual if isinstance(actual, list | tuple) else bool(actual == expected)


def _one_of(actual: Any, several: list[Any]) -> bool:
    return any(_equal(actual, each) for each in several)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda actual, expected: actual is not None and compare(actual, expected)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _equal,
    "ne": lambda actual, expected: not _equal(actual, expected),
    "lt": _ordered(operator.lt),
    "lte": _ordered(operator.le),
    "gt": _ordered(operator.gt),
    "gte": _ordered(operator.ge),
    "in": _one_of,
    "nin": lambda actual, several: not _one_of(actual, several),
    "all": lambda actual, several: all(each in actual for each in several),
    "ctn": _contains,
}
_OF_SEVERAL = {"in", "nin", "all"}


@dataclass(slots=True)
class Query:
    """What a request for a list asks.

    Attributes:
        filters: All of them must hold.
        sort: A field; None for the order that the list has.
        descending: Whether the largest comes first.
        limit: How many at most.
        skip: How many to leave out first.
        count: Whether only their number is wanted.
    """

    filters: list[Filter]
    sort: str | None
    descending: bool
    limit: int
    skip: int
    count: bool

    @property
    def ids(self) -> list[str] | None:
        """The only ones that can be found, each once, so that they are looked up; None if the query names none."""
        for condition in self.filters:
            if condition.name == "_id" and condition.operator in ("eq", "in"):
                return list(dict.fromkeys(condition.value)) if condition.operator == "in" else [condition.value]
        return None

    def meets(self, record: Any) -> bool:
        """Whether a record fulfils every filter."""
        return all(condition(record) for condition in self.filters)

    def arrange(self, records: list[Any], fields: Mapping[str, Field]) -> None:
        """Bring records into the order that was asked for; what has no value comes first, as in MongoDB (assumed)."""
        if self.sort is None:
            return
        field = fields[self.sort]

        def key(record: Any) -> tuple[bool, Any]:
            value = field.get(record)
            if value is None:
                return False, 0
            return True, value if field.kind is number else str(value)

        records.sort(key=key, reverse=self.descending)


def parse(
    params: Mapping[str, Any], fields: Mapping[str, Field], *, known: set[str], largest: int, warnings: list[str]
) -> Query:
    """Read a query.

    Args:
        params: What the request said.
        fields: What can be filtered and sorted by.
        known: Parameters of the call that are no filters.
        largest: The largest limit.
        warnings: Where to note what is ignored.
    """
    filters: list[Filter] = []
    for name, given in params.items():
        if name in known or name in _CONTROL:
            continue
        field = fields.get(name)
        if field is None and len(warnings) >= _MOST_WARNINGS:
            continue
        if field is None:
            meant = _MEANT.get(name) or closest_name(name, [*fields, *_CONTROL, *known])
            warnings.append(_ignored(name, f"write {meant}" if meant else f"QuickBlox filters by {', '.join(fields)}"))
            continue
        for operator_, value in given.items() if isinstance(given, dict) else (("eq", given),):
            if operator_ != "eq" and operator_ not in field.operators:
                documented = ", ".join(sorted(field.operators)) or "none"
                warnings.append(_ignored(f"{name}[{operator_}]", f"operators documented for {name}: {documented}"))
                continue
            meant = "all" if operator_ == "eq" and "all" in field.operators and len(split(value)) > 1 else operator_
            try:
                filters.append(Filter(name, meant, _value(field, meant, value), field.get))
            except (TypeError, ValueError):
                warnings.append(_ignored(name, f"{value!r} is no value for it"))
    sort, descending = _sort(params, fields, warnings)
    limit = _natural(params, "limit", DEFAULT_LIMIT, warnings)
    if limit > largest:
        warnings.append(f"limit: {limit} is more than QuickBlox returns at once ({largest}, assumed); use skip to page")
    return Query(
        filters,
        sort,
        descending,
        limit=min(limit, largest),
        skip=_natural(params, "skip", 0, warnings),
        count=params.get("count") in (1, "1"),
    )


def split(value: Any) -> list[Any]:
    """A comma list, a JSON array, or a single value, as a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return list(value) if isinstance(value, list) else [value]


def different(value: Any) -> list[Any]:
    """The ids of a list, each once in whichever case."""
    found: dict[str, Any] = {}
    for each in split(value):
        found.setdefault(str(each).lower(), each)
    return list(found.values())


def counted(number: int) -> dict[str, Any]:
    """The reply to `count=1` (observed, Android SDK)."""
    return {"items": {"count": number}}


def _value(field: Field, operator_: str, value: Any) -> Any:
    return [field.kind(each) for each in split(value)] if operator_ in _OF_SEVERAL else field.kind(value)


def _sort(params: Mapping[str, Any], fields: Mapping[str, Field], warnings: list[str]) -> tuple[str | None, bool]:
    for name, descending in (("sort_desc", True), ("sort_asc", False)):
        if wanted := params.get(name):
            if isinstance(wanted, str) and wanted in fields:
                return wanted, descending
            warnings.append(_ignored(name, f"QuickBlox sorts by {', '.join(fields)}"))
    return None, False


def _natural(params: Mapping[str, Any], name: str, default: int, warnings: list[str]) -> int:
    value = params.get(name, default)
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = -1
    if number < 0:
        warnings.append(_ignored(name, f"{value!r} is not a number from 0 on"))
        return default
    return number


def _ignored(name: str, why: str) -> str:
    return f"{name}: is ignored; {why}"
