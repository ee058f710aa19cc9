"""The conversation as it stands, for the report of a failing test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pytest_qbchat.explanations import attachment_labels
from pytest_qbchat.service.models import DialogType

if TYPE_CHECKING:
    from pytest_qbchat.calls import Call
    from pytest_qbchat.service.models import Dialog, Message

_TYPES = {
    DialogType.PUBLIC_GROUP: "public group",
    DialogType.GROUP: "group",
    DialogType.PRIVATE: "private",
}


def render(dialogs: Iterable[Dialog], messages: Iterable[Message], calls: Iterable[Call]) -> str:
    """Who posted what to which dialog and what became of it, then the calls that did not do what they should.

    Not masked: that is left to whoever shows it.
    """
    by_dialog: dict[str, list[Message]] = {}
    for message in messages:
        by_dialog.setdefault(message.chat_dialog_id, []).append(message)
    lines: list[str] = []
    for dialog in dialogs:
        if dialog.id in by_dialog:
            lines.append(_heading(dialog))
            for message in by_dialog[dialog.id]:
                lines.extend(_message(message))
    for call in calls:
        lines.extend(_trouble(call))
    return "\n".join(lines) or "nothing was posted"


def _heading(dialog: Dialog) -> str:
    adopted = ", adopted on first sight" if dialog.adopted else ""
    return f"dialog {dialog.id} ({_TYPES[dialog.type]}{adopted}), occupants {', '.join(map(str, dialog.occupants_ids))}"


def _message(message: Message) -> Iterator[str]:
    reach = "history only"
    if message.sent_to_chat:
        reach = f"sent to chat, delivered to {', '.join(map(str, message.delivered_to)) or 'nobody known'}"
    receipts = "markable" if message.markable == 1 else "not markable"
    attached = ", ".join(attachment_labels(message)) or "no attachments"
    yield f"  {message.sender_id}: {message.message!r}"
    yield f"    {reach}; {receipts}; {attached}"
    for name, value in message.custom.items():
        yield f"    {name}: {value!r}"


def _trouble(call: Call) -> Iterator[str]:
    if call.refused:
        yield f"refused: {call.method} {call.path}: {call.reason}"
    elif call.reason:
        yield f"answered {call.status}: {call.method} {call.path}: {call.reason}"
    for text in call.warnings:
        yield f"warning: {text}"
