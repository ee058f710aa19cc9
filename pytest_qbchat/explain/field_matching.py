"""Compares expected values with the fields of messages and other records."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from functools import cache
from typing import Any, Final

from pytest_qbchat.service.attachments import attachments
from pytest_qbchat.service.flags import FLAGS
from pytest_qbchat.service.models import Blob, Dialog, User
from pytest_qbchat.service.spelling import closest_name, similar_name, slip_of


class _Absent(Enum):
    """The value of a field that a record does not have."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return self.value


ABSENT: Final = _Absent.ABSENT


def matches(expected: Any, actual: Any) -> bool:
    """Whether a value is the expected one.

    The expected value is on the left of `==`, so that `unittest.mock.ANY`, `pytest.approx` and dirty-equals work.
    A compiled pattern searches a string. A user, dialog or file means its id. Lists and dicts are compared item by
    item in the same way.
    """
    if isinstance(expected, re.Pattern):
        return isinstance(actual, str) and expected.search(actual) is not None
    if type(expected) is dict and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(matches(expected[key], actual[key]) for key in expected)
    if type(expected) in (list, tuple) and isinstance(actual, list | tuple):
        return len(expected) == len(actual) and all(map(matches, expected, actual))
    if isinstance(expected, User | Dialog | Blob) and isinstance(actual, int | str):
        return str(expected.id) == str(actual)  # an attachment has the id of its file as a string or a number
    return bool(expected == actual)


def field_of(record: Any, name: str) -> Any:
    """A field of a message, dialog, user, session or call; a custom field of a message; or ABSENT.

    `_id` means `id`, as in QuickBlox's replies. A flag that was not sent is absent.
    """
    fields = _fields(record.__class__)
    if "custom" in fields and name in record.custom:
        return record.custom[name]
    value = getattr(record, "id" if name == "_id" else name) if name in fields else ABSENT
    return ABSENT if value is None and name in FLAGS else value


def field_matches(record: object, name: str, expected: Any) -> bool:
    """Whether a field of a record has the expected value.

    An absent field matches only `ABSENT`, and an absent flag also None; `ANY` does not match it. Expected attachments
    may have the form of a request, an object with index keys.
    """
    actual = field_of(record, name)
    if actual is ABSENT:
        return expected is ABSENT or (expected is None and name in FLAGS)
    if name == "to" and isinstance(actual, tuple):  # the receivers of a push: one of them, or a list of all
        if not isinstance(expected, list | tuple):
            return any(matches(expected, each) for each in actual)
        return len(expected) == len(actual) and all(field_matches(record, name, each) for each in expected)
    if name == "attachments" and isinstance(expected, dict):
        expected = attachments(expected)
    return matches(expected, actual)


def has_fields(record: object, fields: Mapping[str, Any]) -> bool:
    """Whether each expected field matches."""
    return all(field_matches(record, name, expected) for name, expected in fields.items())


def check_names(names: Iterable[str], kind: type, records: Collection[object], *, custom: bool = True) -> None:
    """Raise TypeError for a misspelt field. It would match no record, so an assertion of absence would always pass.

    The public attributes of `kind` are the fields of the records. A message may have custom fields with any name, so
    for messages a name is misspelt only if no record has it, and it is similar to a field, or with `custom` to a custom
    field that a record has.
    """
    fields = _fields(kind)
    for name in names:
        if name in fields:
            continue
        if "custom" in fields:
            if any(field_of(record, name) is not ABSENT for record in records):
                continue  # a custom field
            expected = similar_name(name, fields) or (slip_of(name, custom_fields(records)) if custom else None)
            if expected is None:
                continue
        else:
            expected = closest_name(name, fields) or f"one of {', '.join(sorted(fields))}"
        raise TypeError(f"a {kind.__name__.lower()} has no field {name!r}; use {expected}")


def custom_fields(records: Iterable[object]) -> list[str]:
    """The names of all custom fields of messages, each once."""
    return list(dict.fromkeys(name for record in records for name in getattr(record, "custom", ())))


@cache
def _fields(kind: type) -> set[str]:
    fields = {name for name in dir(kind) if not name.startswith("_") and not callable(getattr(kind, name))}
    return fields | {"_id"} if "id" in fields else fields
