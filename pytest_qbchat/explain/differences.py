"""The texts of failed assertions: the closest message to the expected one, and their differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from pytest_qbchat.explain import message_effects as effects
from pytest_qbchat.explain.field_matching import ABSENT, custom_fields, field_matches, field_of, matches
from pytest_qbchat.explain.reports import count
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.endpoints.events import Push, decoded
from pytest_qbchat.service.flags import FLAGS
from pytest_qbchat.service.hosts import Hosts
from pytest_qbchat.service.models import Message

_SENT = {"message": "posted", "push": "sent"}
_MAX_LISTED = 10
_CRITERION_WIDTH = 48
_MIN_MARKED = 40  # characters
_MAX_COMPARED = 50
_MAX_COMPARED_LENGTH = 200


def none_posted(fields: Mapping[str, Any], calls: Sequence[Call], hosts: Hosts, noun: str = "message") -> str:
    """The failure text if no message was posted, or no push sent."""
    reason, *lines = effects.why_none(calls, hosts, noun)
    return "\n".join([f"no {noun}{_with(fields)} was {_SENT[noun]}: {reason}", *(f"  {line}" for line in lines)])


def no_match(messages: Sequence[Message | Push], fields: Mapping[str, Any], calls: Sequence[Call]) -> str:
    """The failure text if none of the messages has the expected fields."""
    nearest = _closest(messages, fields)
    wrong, noun = wrong_fields(nearest, fields), effects.noun_of(nearest)
    if "message" in wrong and (refused := [call for call in calls if _has_text(call, fields["message"])]):
        return none_posted(fields, refused, Hosts(), noun)
    one = f"the only {noun}" if len(messages) == 1 else f"the closest of {count(len(messages), noun)}"
    lines = [
        f"no {noun}{_with(fields)} was {_SENT[noun]}: {one} differs in {', '.join(wrong)}",
        *of_fields(nearest, fields),
        f"  this is {effects.named(nearest)} {effects.where(nearest)}",
    ]
    if any(field_of(nearest, name) is ABSENT and name not in FLAGS for name in wrong):
        posted = custom_fields(messages)
        lines.append(f"  custom fields that were posted: {', '.join(posted[:_MAX_LISTED]) or 'none'}")
    return "\n".join([*lines, *(f"  {line}" for line in effects.not_accepted(calls))])


def wrong_number(
    found: Sequence[Message | Push],
    times: int | None,
    at_least: int | None,
    fields: Mapping[str, Any],
    calls: Iterable[Call],
) -> str:
    """The failure text if more or fewer messages than expected have the expected fields."""
    expected = f"at least {at_least}" if at_least else str(times or f"one; if all are meant, write times={len(found)}")
    return "\n".join([*_posted(found, fields, expected), *(f"  {line}" for line in effects.not_accepted(calls))])


def unexpected(found: Sequence[Message | Push], fields: Mapping[str, Any]) -> str:
    """The failure text if unexpected messages were posted."""
    one = ": " if len(found) == 1 else "; the first is "
    first = f"{one}{effects.shortened(found[0].message)}" if "message" not in fields else ""
    return "\n".join(_posted(found, fields, f"none{first}"))


def _has_text(call: Call, expected: Any) -> bool:
    """Whether a call that posted or sent nothing has the expected text."""
    event = call.params.get("event")
    text = call.params.get("message", event.get("message") if isinstance(event, dict) else ABSENT)
    texts = (text, decoded(text)) if isinstance(text, str) else (text,)
    return bool(call.reason) and call.message is None and any(matches(expected, each) for each in texts)


def _closest(messages: Sequence[Message | Push], fields: Mapping[str, Any]) -> Message | Push:
    """The closest message: by the expected text, then by fewest wrong fields, most similar values, and newest."""
    wrong = {message: wrong_fields(message, fields) for message in reversed(messages)}
    ranks = {message: ("message" in each, len(each)) for message, each in wrong.items()}
    lowest = min(ranks.values())
    candidates = [message for message, rank in ranks.items() if rank == lowest]

    def similarity(message: Message | Push) -> float:
        return sum(_similarity(expected, field_of(message, name)) for name, expected in wrong[message].items())

    return max(candidates[:_MAX_COMPARED], key=similarity)


def of_fields(message: Message | Push, fields: Mapping[str, Any]) -> list[str]:
    """Two lines, expected and actual, for each field that differs."""
    wrong = wrong_fields(message, fields)
    rows = {
        name: (expected, effects.value_sent(message, name), effects.consequence(message, name))
        for name, expected in wrong.items()
    }
    remedies = [effects.remedy(message, name, expected) for name, expected in wrong.items()]
    return [*_compared(rows, message), *(f"  {text}" for text in remedies if text)]


def of_attachments(message: Message, expected: Sequence[Mapping[str, Any]]) -> str | None:
    """The failure text if the attachments differ in their number or in an expected key; None if they do not differ."""
    actual = message.attachments
    if len(actual) != len(expected):
        number = count(len(actual), "attachment") if actual else "no attachments"
        verdict = f"{effects.named(message)} has {number}, expected {len(expected)}"
        note = effects.warned_attachments(message)
        lines = [f"- {dict(each)!r}" for each in expected] + [f"+ {each!r}" for each in actual]
        return "\n  ".join([verdict, "- expected, + posted", *lines, *([note] if note else []), effects.where(message)])
    rows = {
        f"attachments[{index}].{key}": (value, item.get(key, ABSENT), effects.other_type(value, item.get(key, ABSENT)))
        for index, (wanted, item) in enumerate(zip(expected, actual, strict=True))
        for key, value in wanted.items()
        if not matches(value, item.get(key, ABSENT))
    }
    if not rows:
        return None
    lost = [item["url"] for index, item in enumerate(actual) if "url" in item and f"attachments[{index}].id" in rows]
    urls = [f"  the request had the url {url!r}" for url in lost]
    verdict = f"{effects.named(message)} differs in {', '.join(rows)}"
    return "\n".join([verdict, *_compared(rows, message), *urls, f"  {effects.where(message)}"])


def wrong_fields(message: Message | Push, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The expected fields that do not match."""
    return {name: expected for name, expected in fields.items() if not field_matches(message, name, expected)}


def _similarity(expected: Any, actual: Any) -> float:
    left, right = effects.shown(expected)[:_MAX_COMPARED_LENGTH], effects.shown(actual)[:_MAX_COMPARED_LENGTH]
    return SequenceMatcher(None, left, right, autojunk=False).ratio()


def _with(fields: Mapping[str, Any]) -> str:
    """The criteria of an assertion, as part of its verdict."""
    criteria = ", ".join(f"{name}={effects.shortened(value, _CRITERION_WIDTH)}" for name, value in fields.items())
    return f" with {criteria}" if criteria else ""


def _posted(found: Sequence[Message | Push], fields: Mapping[str, Any], expected: str) -> Iterator[str]:
    """The number of messages, two lines for each of the oldest, and the number of the others."""
    noun = effects.noun_of(found[0])
    were = "was" if len(found) == 1 else "were"
    yield f"{count(len(found), noun)}{_with(fields)} {were} {_SENT[noun]}, expected {expected}"
    for message in found[:_MAX_LISTED]:
        yield f"  {effects.brief(message)}"
        yield f"    {effects.where(message)}"
    if len(found) > _MAX_LISTED:
        yield f"  and {len(found) - _MAX_LISTED} more"


def _compared(rows: Mapping[str, tuple[Any, Any, str]], message: Message | Push) -> list[str]:
    """Two lines for each label: the expected value, then the actual value with a note."""
    width = max(map(len, rows), default=0)
    lines: list[str] = [f"  - expected, + {_SENT[effects.noun_of(message)]}"] if rows else []
    for label, (expected, actual, note) in rows.items():
        # Values are masked before they are cut: a secret without its beginning is not recognized.
        mask = message._store.secrets.mask
        masked = [mask(value) if isinstance(value, str) else value for value in (expected, actual)]
        left, right = _excerpts(*masked)
        lines += [f"  - {label:<{width}}   {left}", f"  + {label:<{width}}   {right}{note and f': {note}'}"]
        if isinstance(expected, str) and isinstance(actual, str) and len(right) >= _MIN_MARKED:
            lines.append(f"    {'':<{width}}   {' ' * _common_length(left, right)}^")
    return lines


def _excerpts(expected: Any, actual: Any) -> tuple[str, str]:
    """Both values. Two long strings are cut to the part around their first difference."""
    left, right = effects.shown(expected), effects.shown(actual)
    if not (isinstance(expected, str) and isinstance(actual, str)) or max(len(left), len(right)) <= effects.WIDTH:
        return effects.shortened(expected, 4 * effects.WIDTH), effects.shortened(actual, 4 * effects.WIDTH)
    difference = _common_length(left, right)
    start = max(0, difference - effects.WIDTH // 3)
    word = left.rfind(" ", 0, start) + 1
    if difference - word < effects.WIDTH:  # the mask does not recognize a secret without its start
        start = word
    return _cut(left, start), _cut(right, start)


def _common_length(left: str, right: str) -> int:
    """The number of characters with which both texts begin."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(left), len(right)))


def _cut(text: str, start: int) -> str:
    end = start + effects.WIDTH
    return f"{'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}"
