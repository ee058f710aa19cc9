"""The transcript of the conversation, for the report of a failing test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_qbchat.explain.conversation import Conversation, described, dialogs_with_messages, people
from pytest_qbchat.explain.message_effects import not_accepted, reach, receipts

if TYPE_CHECKING:
    from pytest_qbchat.service.models import Message

_MAX_SHOWN = 20  # of each dialog


def render(fake: Conversation, focus: Message | None) -> str:
    """The messages of each dialog and their delivery, then calls that were not accepted, and warnings.

    Of a long history the newest messages are shown, or those around the one in focus. The caller masks the text.
    """
    names = {user_id: f"{user_id} {name}" for user_id, name in people(fake).items()}
    lines: list[str] = []
    for dialog, messages in dialogs_with_messages(fake):
        name = f" {dialog['name']!r}" if dialog["name"] else ""
        occupants = _names_of(dialog["occupants"], names)
        lines.append(f"dialog {dialog['id']}{name} ({dialog['kind']}), occupants {occupants or 'unknown'}")
        end = len(messages)
        if focus is not None and focus.chat_dialog_id == dialog["id"]:
            position = next((index for index, each in enumerate(messages) if each.id == focus.id), end)
            end = min(end, max(_MAX_SHOWN, position + _MAX_SHOWN // 2))
        start = max(0, end - _MAX_SHOWN)
        if start:
            lines.append(f"  ({start} earlier messages)")
        for message in messages[start:end]:
            lines.extend(_message(message, described(message), names))
        if end < len(messages):
            lines.append(f"  ({len(messages) - end} later messages)")
    notes: Counter[str] = Counter()
    for call in fake.calls:
        notes.update([*not_accepted([call]), *(f"warning: {text}" for text in call.warnings)])
    lines += [line if times == 1 else f"{line} ({times} times)" for line, times in notes.items()]
    return "\n".join(lines) or "nothing was posted"


def _names_of(ids: Iterable[int], names: Mapping[int, str]) -> str:
    return ", ".join(names.get(user_id, str(user_id)) for user_id in ids)


def _message(message: Message, it: Mapping[str, Any], names: Mapping[int, str]) -> Iterator[str]:
    delivered = f", delivered to {_names_of(it['delivered_to'], names) or 'no known occupant'}"
    reached = f"{reach(message)}{delivered if it['to_chat'] else ''}"
    attached = ", ".join(it["attachments"]) or "no attachments"
    read = f"; read by {_names_of(it['read_by'], names)}" if it["read_by"] else ""
    yield f"  {_names_of([it['sender']], names)}: {it['text']!r}"
    yield f"    {reached}; {receipts(message)}; {attached}{read}{'; deleted later' if it['deleted'] else ''}"
    yield from (f"    {field}" for field in it["custom"])
