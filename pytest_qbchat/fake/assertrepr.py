"""The explanation that pytest shows for a failed `==` with a message or a collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_qbchat.explain import differences
from pytest_qbchat.explain import message_effects as effects
from pytest_qbchat.explain.record_list import Records
from pytest_qbchat.fake.message import Message


def explain(left: object, right: object) -> list[str] | None:
    """What differs between a message and a dict, or `Records` and a sequence; None for any other comparison."""
    if isinstance(right, Message | Records):  # `==` may have it on either side
        left, right = right, left
    if isinstance(left, Message) and isinstance(right, Mapping):
        return str(left._store.secrets.mask("\n".join(_message_lines(left, right)))).splitlines()
    if isinstance(left, Records) and isinstance(right, Sequence):
        return _records_lines(left, right)
    return None


def _message_lines(message: Message, fields: Mapping[str, object]) -> list[str]:
    if not fields:
        return [f"{effects.named(message)} == {{}}", "an empty dict has no fields to compare"]
    return [
        f"{effects.named(message)} differs in {', '.join(differences.wrong_fields(message, fields))}",
        *differences.of_fields(message, fields),
        f"  {effects.where(message)}",
    ]


def _records_lines(records: Records[object], expected: Sequence[object]) -> list[str]:
    lines = [] if len(records) == len(expected) else [f"found {len(records)}, expected {len(expected)}"]
    for position, (actual, wanted) in enumerate(zip(records, expected, strict=False)):
        if actual == wanted:
            continue
        explanation = explain(actual, wanted) or [f"{actual!r} is not {wanted!r}"]
        lines += [f"[{position}] {explanation[0]}", *explanation[1:]]
    common = min(len(records), len(expected))
    lines += [f"[{position}] not expected: {each!r}" for position, each in enumerate(records[common:], common)]
    lines += [f"[{position}] missing: {each!r}" for position, each in enumerate(expected[common:], common)]
    return lines
