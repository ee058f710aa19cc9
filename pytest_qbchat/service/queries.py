"""The query parameters of lists: filters, sorting and pages.

Dialogs and messages:

documented(REST description): `field=value` is equality.
documented(list-messages): `field[gt]=value` uses an operator.
documented(REST description): `in` takes a comma list.
documented(list-messages): `nin` takes a comma list.
assumed: `all` takes a comma list.
documented(REST description): `ctn` finds a substring.
assumed: `ctn` ignores case.
observed(issue threads): several ids without an operator must all be present.
observed(JavaScript SDK): `field[]=value` is equality.
assumed: several values of another field than occupants are alternatives.
observed(issue threads): a filter with an unknown field or operator is ignored, not refused.
documented(REST description): `sort_asc` and `sort_desc` name a field.
assumed: an unknown field to sort by is ignored.
documented(REST description), observed(Android SDK): with `count` 1 the reply is only the number, in `items`.
documented(REST description): `limit` is 100 if omitted, `skip` is 0.
assumed: a `limit` above 1000 becomes 1000.

Users and files:

documented(list-users): `page` begins with 1; `per_page` is 10 if omitted.
documented(list-files): `per_page` is at most 100.
assumed: a `page` or `per_page` that is not a number, 1 or greater, is ignored.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict, TypeVar

from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Field

T = TypeVar("T")

_MAX_PER_PAGE = 100


class Count(TypedDict):
    """A number of records."""

    count: int


class Counted(TypedDict):
    """The reply to a list with `count`."""

    items: Count


class Condition(NamedTuple):
    """One condition of a query.

    Attributes:
        operator: A key of `_OPERATORS`.
        value: The converted value, or a list of them.
    """

    get: Callable[[Any], Any]
    operator: str
    value: Any

    def matches(self, record: Any) -> bool:
        """Whether a record fulfils the condition."""
        return bool(_OPERATORS[self.operator](self.get(record), self.value))


def number(value: Any) -> float:
    """Convert a finite number or its digits. Raises ValueError for any other value."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{value!r} is not a number")
    with suppress(OverflowError):
        if math.isfinite(number := float(value)):
            return number
    raise ValueError(f"{value!r} is too large, or not a number")


def object_id(value: Any) -> str:
    """Convert an id. Upper and lower case are equal."""
    return str(value).lower()


def _equal(actual: Any, expected: Any) -> bool:
    return expected in actual if isinstance(actual, list | tuple) else bool(actual == expected)


def _one_of(actual: Any, values: list[Any]) -> bool:
    return any(_equal(actual, value) for value in values)


def _present(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison that is false for a missing value."""
    return lambda actual, expected: actual is not None and compare(actual, expected)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _equal,
    "ne": lambda actual, expected: not _equal(actual, expected),
    "lt": _present(operator.lt),
    "lte": _present(operator.le),
    "gt": _present(operator.gt),
    "gte": _present(operator.ge),
    "in": _one_of,
    "nin": lambda actual, values: not _one_of(actual, values),
    "all": lambda actual, values: all(value in actual for value in values),
    "ctn": _present(lambda actual, part: part.lower() in str(actual).lower()),
}
_WITH_LIST = {"in", "nin", "all"}


@dataclass(slots=True)
class Query:
    """The query of a request for dialogs or messages.

    Attributes:
        sort: The field to sort by; None keeps the order of the list.
        count: Whether only the number of records is requested.
    """

    conditions: list[Condition]
    sort: Field | None
    descending: bool
    limit: int
    skip: int
    count: bool

    def select(self, records: list[T]) -> list[T]:
        """The records that fulfil every condition, in the requested order."""
        found = [record for record in records if all(condition.matches(record) for condition in self.conditions)]
        return found if self.sort is None else sort(found, self.sort, descending=self.descending)

    def page(self, records: list[T]) -> list[T]:
        """The requested page of them."""
        return records[self.skip : self.skip + self.limit]


def sort(records: list[T], field: Field, *, descending: bool) -> list[T]:
    """Sort records by a field. Those without a value are the smallest, as in MongoDB (assumed)."""

    def key(record: T) -> tuple[bool, Any]:
        value = field.get(record)
        if value is None:
            return False, 0
        return True, value if field.kind is number else str(value)

    return sorted(records, key=key, reverse=descending)


def parse(call: Call, fields: Mapping[str, Field], *, largest: int) -> Query:
    """Read the query of a call, and warn of filters that are ignored.

    A filter like `date_sent[gt]=5` is decoded as `{"date_sent": {"gt": "5"}}`. `largest` is the maximum of `limit`.
    """
    conditions: list[Condition] = []
    for name, given in call.params.items():
        if name in fields:
            for operator_, value in (given if isinstance(given, dict) else {"eq": given}).items():
                conditions += _conditions(call, name, fields[name], operator_, value)
    sort_field, descending = _sort_order(call, fields)
    limit = _number_param(call, "limit", default=100, minimum=0)
    if limit > largest:
        call.warn(f"limit: {limit} is more than QuickBlox returns at once ({largest}, assumed); use skip to page")
    skip, count = _number_param(call, "skip", default=0, minimum=0), call.params.get("count") in (1, "1")
    return Query(conditions, sort_field, descending, min(limit, largest), skip, count)


def _conditions(call: Call, name: str, field: Field, operator_: str, value: Any) -> list[Condition]:
    """The condition of one filter as a list, which is empty if the filter is ignored."""
    if operator_ != "eq" and operator_ not in field.operators:
        documented = ", ".join(sorted(field.operators)) or "none"
        call.warn(f"{name}[{operator_}]: is ignored; operators documented for {name}: {documented}")
        return []
    if operator_ == "eq" and ("all" in field.operators or isinstance(value, list)):
        values = split(value)
        if values[1:]:
            operator_ = "all" if "all" in field.operators else "in"
        else:
            value = values[0] if values else ""
    try:
        converted = [field.kind(each) for each in split(value)] if operator_ in _WITH_LIST else field.kind(value)
    except (TypeError, ValueError):
        call.warn(f"{name}: is ignored; {value!r} is not a valid value of this field")
        return []
    return [Condition(field.get, operator_, converted)]


def _sort_order(call: Call, fields: Mapping[str, Field]) -> tuple[Field | None, bool]:
    for name, descending in (("sort_desc", True), ("sort_asc", False)):
        if field_name := call.params.get(name):
            if isinstance(field_name, str) and field_name in fields:
                return fields[field_name], descending
            call.warn(f"{name}: is ignored; QuickBlox sorts by {', '.join(fields)}")
    return None, False


def split(value: Any) -> list[Any]:
    """The values of a comma list, a JSON array, a repeated parameter or a single value, as a list.

    The vendor's JavaScript SDK sends an array as one repeated parameter with a comma list: `tags[]=a,b`.
    """
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [each for item in value for each in split(item)] if isinstance(value, list) else [value]


def paged(call: Call, records: Sequence[Any], wrapper: str) -> dict[str, Any]:
    """The reply with one page of users, files or events."""
    page = _number_param(call, "page", default=1, minimum=1)
    per_page = _number_param(call, "per_page", default=10, minimum=1)
    if per_page > _MAX_PER_PAGE:
        call.warn(f"per_page: {per_page} is more than QuickBlox returns at once ({_MAX_PER_PAGE}, assumed)")
        per_page = _MAX_PER_PAGE
    items = [{wrapper: record.as_dict()} for record in records[(page - 1) * per_page : page * per_page]]
    return {"current_page": page, "per_page": per_page, "total_entries": len(records), "items": items}


def _number_param(call: Call, name: str, *, default: int, minimum: int) -> int:
    value = call.params.get(name, default)
    with suppress(TypeError, ValueError):
        if (number := int(value)) >= minimum:
            return number
    call.warn(f"{name}: is ignored; {value!r} is not a number, {minimum} or greater")
    return default
