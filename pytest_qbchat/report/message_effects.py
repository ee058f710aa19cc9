"""Describes one message or call: its state, and the effect of its fields on the occupants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pytest_qbchat.report.field_matching import ABSENT, field_of
from pytest_qbchat.service.models import Blob, Dialog, User
from pytest_qbchat.service.spelling import similar_name

if TYPE_CHECKING:
    from pytest_qbchat.service.calls import Call
    from pytest_qbchat.service.models import Message

WIDTH = 72  # of a value in a failure text
_MAX_KEYS = 3
# The effect of each flag if it is 1, and if it is not.
_EFFECTS = {
    "send_to_chat": ("every other occupant was notified", "added to the history only, no occupant was notified"),
    "markable": ("receivers answer with delivered and read receipts", "no delivered or read receipts will come"),
}


def where(message: Message) -> str:
    """The id of a message and of its dialog."""
    return f"{message.id} in dialog {message.chat_dialog_id}"


def brief(message: Message) -> str:
    """A message in one line: its text, delivery, receipts and attachments."""
    details = ", ".join([reach(message), receipts(message), *attachment_labels(message)])
    return f"{shortened(message.message)} ({details})"


def reach(message: Message) -> str:
    """Whether occupants were notified."""
    return "sent to chat" if message.sent_to_chat else "history only"


def receipts(message: Message) -> str:
    """Whether the sender requested receipts."""
    return "markable" if message.markable == 1 else "not markable"


def attachment_labels(message: Message) -> Iterator[str]:
    """Type and id or URL of each attachment: `image 47863`."""
    for item in message.attachments:
        yield f"{item.get('type', 'untyped')} {item.get('id', item.get('url', ''))}".rstrip()


def flag(message: Message, name: str) -> str:
    """A flag as it was sent, and its effect: `markable   absent: no delivered or read receipts will come`."""
    return f"{name}   {value_sent(message, name)!r}: {_effect(message, name)}"


def consequence(message: Message, name: str) -> str:
    """The effect of a field on the occupants, or a note on its value; empty if neither is known."""
    name = "send_to_chat" if name == "sent_to_chat" else name
    if name in _EFFECTS:
        return _effect(message, name)
    if name == "attachments":
        return lost_attachments(message)
    if name == "sender_id":
        return "the user of the token, or of On-Behalf-Of"
    near = similar_name(name, message.custom) if field_of(message, name) is ABSENT else None
    return f"there is a custom field {near!r}" if near else ""


def value_sent(message: Message, name: str) -> Any:
    """The value of a field. For a flag that QuickBlox reads as 0 it is the value in the request."""
    value = field_of(message, name)
    if name in _EFFECTS and value == 0 and message.call is not None:
        return message.call.params[name]
    return value


def lost_attachments(message: Message) -> str:
    """What QuickBlox ignored of `attachments` in the request; empty if it read everything, or there was nothing."""
    sent = message.call.params.get("attachments") if message.call else None
    if sent and not message.attachments:
        return f"the request had {shortened(sent)}, which QuickBlox does not read"
    if not isinstance(sent, dict):
        return ""
    if keys := [key for key in sent if not key.isdecimal()]:
        return f"the request had more under {_some(keys)}, where QuickBlox expects an index: '0', '1', ..."
    keys = [key for key, item in sent.items() if not isinstance(item, dict)]
    return f"the request had no object under {_some(keys)}, which QuickBlox does not read" if keys else ""


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - _MAX_KEYS} more" if len(keys) > _MAX_KEYS else ""
    return ", ".join(shortened(key, WIDTH // _MAX_KEYS) for key in keys[:_MAX_KEYS]) + more


def not_accepted(calls: Iterable[Call]) -> Iterator[str]:
    """A line for each call that QuickBlox did not accept. One of them may have sent an expected message."""
    for call in calls:
        if call.stubbed:
            yield f"{call.method} {call.path} was answered {call.status or 'with an error'} by qbchat.router"
        elif call.fault:
            yield f"{call.method} {call.path} failed: {call.reason}"
        elif call.reason:
            answer = f"answered {call.status}" if call.status else "refused"
            yield f"{call.method} {call.path} was {answer}: {call.reason}"


def shown(value: Any) -> str:
    """A value as a failure text shows it."""
    if isinstance(value, User | Dialog | Blob):
        return repr(value.id)
    return f"/{value.pattern}/" if isinstance(value, re.Pattern) else repr(value)


def shortened(value: Any, width: int = WIDTH) -> str:
    """A value as a failure text shows it, cut at a width."""
    text = shown(value)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _effect(message: Message, flag: str) -> str:
    """The effect of a flag, or the reason why it has none."""
    if_set, if_not_set = _EFFECTS[flag]
    if getattr(message, flag) == 1:
        return if_set
    if near := similar_name(flag, message.custom):
        return f"the request had {near!r}, which became a custom field; {if_not_set}"
    return f"only 1 counts; {if_not_set}" if getattr(message, flag) == 0 else if_not_set
