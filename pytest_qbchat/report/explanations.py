"""Failure texts: the closest message, the fields that differ, and what a QuickBlox user would have noticed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from pytest_qbchat.report.matching import ABSENT, field_matches, field_of, matches
from pytest_qbchat.service.models import Blob, Dialog, User
from pytest_qbchat.service.spelling import similar_name

if TYPE_CHECKING:
    from pytest_qbchat.service.calls import Call
    from pytest_qbchat.service.models import Message

_WIDTH = 72
_LONGEST = 4 * _WIDTH  # of a value that is no text
_LISTED = 10
_COMPARED = 50  # messages that are equally wrong, and of each no more than this many characters
_COMPARED_CHARACTERS = 200


def nothing_like_it(messages: Sequence[Message], fields: Mapping[str, Any], calls: Sequence[Call]) -> str:
    """Why no message has the expected fields."""
    lines = ["no posted message has", *_table("    ", fields.items())] if fields else ["no message was posted"]
    if messages:
        nearest = closest(messages, fields)
        count = "1 message was posted," if len(messages) == 1 else f"{len(messages)} messages were posted, the closest"
        lines += [f"{count} {where(nearest)}:", *differences(nearest, fields)]
    elif fields:
        lines.append("no message was posted")
    return "\n".join([*lines, *not_accepted(calls)])


def wrong_number(found: Sequence[Message], times: int, fields: Mapping[str, Any], calls: Sequence[Call]) -> str:
    """Which messages have the expected fields, when their number is wrong."""
    wanted = f"expected {_count(times, 'posted message')}{' with' if fields else ''}"
    there = f"there {'is' if len(found) == 1 else 'are'} {len(found)}:"
    return "\n".join([wanted, *_table("    ", fields.items()), there, *listed(found), *not_accepted(calls)])


def unexpected(found: Sequence[Message], fields: Mapping[str, Any]) -> str:
    """Which messages were posted that should not have been."""
    first = f"{_count(len(found), 'message')} {'was' if len(found) == 1 else 'were'} posted"
    having = [f"{first} with", *_table("    ", fields.items())] if fields else [first]
    return "\n".join([*having, *listed(found)])


def listed(messages: Sequence[Message]) -> Iterator[str]:
    """A line for each message, the oldest first, and no more of them than anybody reads."""
    for message in messages[:_LISTED]:
        yield f"  {where(message)}: {brief(message)}"
    if len(messages) > _LISTED:
        yield f"  and {len(messages) - _LISTED} more"


def closest(messages: Sequence[Message], fields: Mapping[str, Any]) -> Message:
    """The message with the fewest wrong fields; among equals the one whose values are most alike, then the newest."""

    def wrong(message: Message) -> list[str]:
        return [name for name, expected in fields.items() if not field_matches(message, name, expected)]

    def unlikeness(message: Message) -> float:
        return sum(1 - _likeness(fields[name], field_of(message, name)) for name in wrong(message))

    least = min(len(wrong(message)) for message in messages)
    candidates = [message for message in reversed(messages) if len(wrong(message)) == least]
    return candidates[0] if len(candidates) == 1 else min(candidates[:_COMPARED], key=unlikeness)


def differences(message: Message, fields: Mapping[str, Any]) -> list[str]:
    """A pair of lines, expected and actual, for each field that differs."""
    wrong = {name: expected for name, expected in fields.items() if not field_matches(message, name, expected)}
    width = max(map(len, wrong), default=0)
    lines: list[str] = []
    for name, expected in wrong.items():
        actual = _as_sent(message, name)
        wanted, got = _side_by_side(expected, actual)
        consequence = _consequence(message, name)
        lines.append(f"  - {name:<{width}}   {wanted}")
        lines.append(f"  + {name:<{width}}   {got}{': ' if consequence else ''}{consequence}")
    return lines


def where(message: Message) -> str:
    """Which message it is."""
    return f"{message.id} in dialog {message.chat_dialog_id}"


def brief(message: Message) -> str:
    """One line for a message: its text and what became of it."""
    return f"{_short(message.message)} ({', '.join([reach(message), receipts(message), *attachment_labels(message)])})"


def reach(message: Message) -> str:
    """Whether anybody was notified, in a word or two."""
    return "sent to chat" if message.sent_to_chat else "history only"


def receipts(message: Message) -> str:
    """Whether receipts were asked for, in a word or two."""
    return "markable" if message.markable == 1 else "not markable"


def attachment_labels(message: Message) -> Iterator[str]:
    """Type and id or address of each attachment: `image 47863`."""
    for item in message.attachments:
        yield f"{item.get('type', 'untyped')} {item.get('id', item.get('url', ''))}".rstrip()


def sent_to_chat(message: Message) -> str:
    """What `send_to_chat` did."""
    return f"send_to_chat   {_as_sent(message, 'send_to_chat')!r}: {_of_send_to_chat(message)}"


def markable(message: Message) -> str:
    """What `markable` did."""
    return f"markable   {_as_sent(message, 'markable')!r}: {_of_markable(message)}"


def why_no_receipts(message: Message) -> str:
    """Why no app answers a message with a receipt."""
    return markable(message) if message.markable != 1 else sent_to_chat(message)


def attachments(message: Message, expected: Sequence[Mapping[str, Any]]) -> str | None:
    """How the attachments differ from the expected ones, of which only the named keys count; None if they do not."""
    actual = message.attachments
    if len(actual) != len(expected):
        lost = _of_attachments(message)
        lines = [f"{where(message)} has {_count(len(actual), 'attachment')}, expected {len(expected)}"]
        lines += [f"  - {dict(each)!r}" for each in expected]
        lines += [f"  + {each!r}" for each in actual]
        return "\n".join([*lines, *([f"    {lost}"] if lost else [])])
    lines = []
    for index, (wanted, item) in enumerate(zip(expected, actual, strict=True)):
        wrong = {key: value for key, value in wanted.items() if not matches(value, item.get(key, ABSENT))}
        width = max(map(len, wrong), default=0)
        for key, value in wrong.items():
            left, right = _side_by_side(value, item.get(key, ABSENT))
            lines.append(f"  - attachments[{index}] {key:<{width}}   {left}")
            lines.append(f"  + attachments[{index}] {key:<{width}}   {right}")
            if str(value) == str(item.get(key)):
                lines[-1] += ": QuickBlox keeps the type that was sent (assumed)"
    return "\n".join([f"{where(message)} has other attachments", *lines]) if lines else None


def _as_sent(message: Message, name: str) -> Any:
    """The value of a field; of a flag that QuickBlox did not act on, what the request had instead of 1."""
    value = field_of(message, name)
    if name in _FLAGS and value == 0 and message.call is not None:
        return message.call.params[name]
    return value


def _consequence(message: Message, name: str) -> str:
    """What the value of a field means to the people in the dialog."""
    explain = _CONSEQUENCES.get(name)
    if explain is not None:
        return explain(message)
    near = similar_name(name, message.custom) if field_of(message, name) is ABSENT else None
    return f"there is a custom field {near!r}" if near else ""


def _of_send_to_chat(message: Message) -> str:
    if message.sent_to_chat:
        return "every other occupant was notified"
    return f"{_why_not(message, 'send_to_chat')}added to the history only, no occupant was notified"


def _of_markable(message: Message) -> str:
    if message.markable == 1:
        return "receivers answer with delivered and read receipts"
    return f"{_why_not(message, 'markable')}no delivered or read receipts will come"


def _of_attachments(message: Message) -> str:
    sent = message.call.params.get("attachments") if message.call else None
    return f"the request had {_short(sent)}, which QuickBlox does not read" if sent and not message.attachments else ""


def _of_sender(message: Message) -> str:
    return "the user of the token, or of On-Behalf-Of"


_FLAGS = ("send_to_chat", "markable")
_CONSEQUENCES: dict[str, Callable[[Message], str]] = {
    "send_to_chat": _of_send_to_chat,
    "sent_to_chat": _of_send_to_chat,
    "markable": _of_markable,
    "attachments": _of_attachments,
    "sender_id": _of_sender,
}


def _why_not(message: Message, flag: str) -> str:
    """Why a flag did not count, if the request meant to set it."""
    if near := similar_name(flag, message.custom):
        return f"the request had {near!r}, which became a custom field; "
    return "only 1 counts; " if field_of(message, flag) == 0 else ""


def not_accepted(calls: Iterable[Call]) -> Iterator[str]:
    """The calls that left no message behind, since one of them may be the one that is missed."""
    for call in calls:
        if call.stubbed:
            yield f"{call.method} {call.path} was answered {call.status or 'with an error'} by qbchat.router"
        elif call.fault:
            yield f"{call.method} {call.path} met {call.reason}"
        elif call.reason:
            answer = f"answered {call.status}" if call.status else "refused"
            yield f"{call.method} {call.path} was {answer}: {call.reason}"


def _table(indent: str, rows: Iterable[tuple[str, Any]]) -> list[str]:
    rows = list(rows)
    width = max((len(name) for name, _ in rows), default=0)
    return [f"{indent}{name:<{width}}   {_short(value)}" for name, value in rows]


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _shown(value: Any) -> str:
    if isinstance(value, User | Dialog | Blob):
        return repr(value.id)
    return f"/{value.pattern}/" if isinstance(value, re.Pattern) else repr(value)


def _short(value: Any, longest: int = _WIDTH) -> str:
    text = _shown(value)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _side_by_side(expected: Any, actual: Any) -> tuple[str, str]:
    """Both values; of two long strings the stretch around their first difference."""
    left, right = _shown(expected), _shown(actual)
    if not (isinstance(expected, str) and isinstance(actual, str)) or max(len(left), len(right)) <= _WIDTH:
        return _short(expected, _LONGEST), _short(actual, _LONGEST)
    same = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    start = max(0, same - _WIDTH // 3)
    word = left.rfind(" ", 0, start) + 1
    if same - word < _WIDTH:  # what is cut at its front is not known for the secret that it may be
        start = word
    end = start + _WIDTH

    def stretch(text: str) -> str:
        return f"{'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}"

    return stretch(left), stretch(right)


def _likeness(expected: Any, actual: Any) -> float:
    left, right = _shown(expected)[:_COMPARED_CHARACTERS], _shown(actual)[:_COMPARED_CHARACTERS]
    return SequenceMatcher(None, left, right, autojunk=False).ratio()
