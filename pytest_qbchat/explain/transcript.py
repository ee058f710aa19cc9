"""The transcript of the conversation, for the report of a failing test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pytest_qbchat.explain.message_effects import attachment_labels, not_accepted, reach, receipts

if TYPE_CHECKING:
    from pytest_qbchat.service.calls import Call
    from pytest_qbchat.service.models import Dialog, Message, User

_MAX_SHOWN = 20  # of each dialog


def render(
    dialogs: Iterable[Dialog],
    users: Iterable[User],
    posted: Iterable[Message],
    calls: Iterable[Call],
    focus: Message | None,
) -> str:
    """The messages of each dialog and their delivery, then calls that were not accepted, and warnings.

    Of a long history the newest messages are shown, or those around the one in focus. The caller masks the text.
    """
    names = {user.id: f"{user.id} {user.full_name}" for user in users if user.full_name}
    lines: list[str] = []
    kept: set[str] = set()
    for dialog in dialogs:
        if history := dialog.history:
            kept.update(message.id for message in history)
            lines.append(_heading(dialog, names))
            end = len(history)
            if focus is not None and focus.chat_dialog_id == dialog.id:
                position = next((index for index, each in enumerate(history) if each.id == focus.id), end)
                end = min(end, max(_MAX_SHOWN, position + _MAX_SHOWN // 2))
            start = max(0, end - _MAX_SHOWN)
            if start:
                lines.append(f"  ({start} earlier messages)")
            for message in history[start:end]:
                lines.extend(_message(message, names))
            if end < len(history):
                lines.append(f"  ({len(history) - end} later messages)")
    for message in posted:
        if message.id not in kept:
            lines += [f"later deleted from dialog {message.chat_dialog_id}:", *_message(message, names)]
    notes: Counter[str] = Counter()
    for call in calls:
        notes.update([*not_accepted([call]), *(f"warning: {text}" for text in call.warnings)])
    lines += [line if times == 1 else f"{line} ({times} times)" for line, times in notes.items()]
    return "\n".join(lines) or "nothing was posted"


def _names_of(ids: Iterable[int], names: Mapping[int, str]) -> str:
    return ", ".join(names.get(user_id, str(user_id)) for user_id in ids)


def _heading(dialog: Dialog, names: Mapping[int, str]) -> str:
    name = f" {dialog.name!r}" if dialog.name else ""
    kind = dialog.type.name.lower().replace("_", " ")
    adopted = ", adopted on first sight" if dialog.adopted else ""
    return f"dialog {dialog.id}{name} ({kind}{adopted}), occupants {_names_of(dialog.occupants_ids, names)}"


def _message(message: Message, names: Mapping[int, str]) -> Iterator[str]:
    delivered = f", delivered to {_names_of(message.delivered_to, names) or 'no known occupant'}"
    reached = f"{reach(message)}{delivered if message.sent_to_chat else ''}"
    attached = ", ".join(attachment_labels(message)) or "no attachments"
    yield f"  {_names_of([message.sender_id], names)}: {message.message!r}"
    readers = [reader for reader in message.read_by if reader != message.sender_id]
    read = f"; read by {_names_of(readers, names)}" if readers else ""
    yield f"    {reached}; {receipts(message)}; {attached}{read}"
    for name, value in message.custom.items():
        if (name, value) != ("dialog_id", message.chat_dialog_id):  # every app adds this field
            yield f"    {name}: {value!r}"
