"""What pytest shows for a failed `==` with a message or a collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_qbchat.fake.message import Message
from pytest_qbchat.fake.records import Records
from pytest_qbchat.report import differences, explanations


def explain(left: object, right: object) -> list[str] | None:
    """The fields that differ between a message and a dict, or the items between a collection and a list.

    Returns:
        Lines, the first of which is the verdict; None if the comparison is none of these.
    """
    if isinstance(right, Message | Records):
        left, right = right, left
    if isinstance(left, Message) and isinstance(right, Mapping):
        return left.masked("\n".join(_message(left, right))).splitlines()
    if isinstance(left, Records) and isinstance(right, Sequence):
        return _records(left, right)
    return None


def _message(message: Message, fields: Mapping[str, object]) -> list[str]:
    if not fields:
        return [f"message {explanations.where(message)} == {{}}", "an empty dict compares nothing: name some fields"]
    return [f"message {explanations.where(message)} differs", *differences.of_fields(message, fields)]


def _records(records: Records[object], expected: Sequence[object]) -> list[str]:
    lines = [f"{len(records)} there, {len(expected)} expected"]
    for position, (actual, wanted) in enumerate(zip(records, expected, strict=False)):
        if actual == wanted:
            continue
        explanation = explain(actual, wanted) or [f"{actual!r} is not {wanted!r}"]
        lines += [f"[{position}] {explanation[0]}", *explanation[1:]]
    lines += [
        f"[{len(expected) + offset}] not expected: {each!r}" for offset, each in enumerate(records[len(expected) :])
    ]
    lines += [f"[{len(records) + offset}] missing: {each!r}" for offset, each in enumerate(expected[len(records) :])]
    return lines
