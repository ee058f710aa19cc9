"""The conversations of tests as one HTML page without links to other files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pytest_qbchat.explain.message_effects import attachment_labels, shortened
from pytest_qbchat.service.masking import mask_header
from pytest_qbchat.service.models import Dialog, Message, User

if TYPE_CHECKING:
    from pytest_qbchat.service.calls import Call
    from pytest_qbchat.service.wire import Headers

_MAX_BODY = 20_000  # characters of a request or a response
_age = attrgetter("date_sent", "id")


class Source(Protocol):
    """What the page shows of a fake."""

    @property
    def calls(self) -> Sequence[Call]:
        """All calls."""
        ...

    @property
    def dialogs(self) -> Sequence[Dialog]:
        """The dialogs as they are now."""
        ...

    @property
    def users(self) -> Sequence[User]:
        """The users as they are now."""
        ...

    @property
    def posted(self) -> Sequence[Message]:
        """The messages that were sent through POST."""
        ...

    def masked(self, text: str) -> str:
        """Mask tokens and keys."""
        ...


def conversation(fake: Source, newest: int | None = None) -> dict[str, Any]:
    """The state of a fake as the page reads it: people, dialogs with their messages, and calls; masked.

    Args:
        fake: The fake.
        newest: The number of dialogs, and of messages in each, that are shown; None for all.
    """
    dialogs = {dialog.id: (_dialog(dialog), list(dialog.history)) for dialog in fake.dialogs if dialog.history}
    kept = {message.id for _, history in dialogs.values() for message in history}
    for message in fake.posted:
        if message.id not in kept:
            dialogs.setdefault(message.chat_dialog_id, (_lost_dialog(message), []))[1].append(message)
    for _, history in dialogs.values():
        history.sort(key=_age)
    shown = list(dialogs.values())
    if newest is not None:
        shown = [
            ({**dialog, "earlier": max(0, len(history) - newest)}, history[-newest:])
            for dialog, history in sorted(shown, key=lambda item: _age(item[1][-1]), reverse=True)[:newest]
        ]
    state = {
        "people": {str(user.id): user.full_name for user in fake.users if user.full_name},
        "dialogs": [{**dialog, "messages": [_message(each, kept) for each in history]} for dialog, history in shown],
        "calls": [_call(call) for call in fake.calls],
    }
    masked: dict[str, Any] = _map_strings(state, cache(fake.masked))  # many strings occur again and again
    return masked


def html(heading: str, tests: Iterable[Mapping[str, Any]], *, live: bool = False) -> str:
    """The page.

    Args:
        heading: What stands above the tests.
        tests: For each test its `conversation`, and `id`, `outcome`, `seconds` and `failures`.
        live: Whether the page reads its own address again every two seconds, and shows what has changed.
    """
    # Half of a surrogate pair has no encoding but this one. "<" could end the element that holds the data.
    data = json.dumps({"heading": heading, "live": live, "tests": list(tests)})
    return _template().replace("DATA", data.replace("<", "\\u003c"))


@cache
def _template() -> str:
    return Path(__file__).with_name("page.html").read_text(encoding="utf-8")


def _dialog(dialog: Dialog) -> dict[str, Any]:
    kind = dialog.type.name.lower().replace("_", " ")
    return {
        "id": dialog.id,
        "name": dialog.name,
        "kind": f"{kind}, adopted on first sight" if dialog.adopted else kind,
        "occupants": dialog.occupants_ids,
        "owner": dialog.user_id,
    }


def _lost_dialog(message: Message) -> dict[str, Any]:
    """The dialog of a message, if the dialog was deleted, or has no other message."""
    dialog = message.store.dialogs.get(message.chat_dialog_id)
    if dialog is not None:
        return _dialog(dialog)
    return {"id": message.chat_dialog_id, "name": None, "kind": "deleted dialog", "occupants": [], "owner": None}


def _message(message: Message, kept: Iterable[str]) -> dict[str, Any]:
    others = [reader for reader in message.read_by if reader != message.sender_id]
    custom = {name: value for name, value in message.custom.items() if (name, value) != _own_dialog(message)}
    return {
        "id": message.id,
        "sender": message.sender_id,
        "text": message.message,
        "original": message.posted_text if message.edited else None,
        "deleted": message.id not in kept,
        "sent": message.date_sent,
        "to_chat": message.sent_to_chat,
        "delivered_to": message.delivered_to,
        "received_by": [user for user in message.delivered if user != message.sender_id and user not in others],
        "read_by": others,
        "markable": message.markable == 1,
        "attachments": list(attachment_labels(message)),
        "custom": [f"{name!r}: {value!r}" for name, value in custom.items()],
        "reactions": [(name, len(users)) for name, users in (message.reactions or {}).items()],
        "by_call": message.call is not None,
        "warnings": message.call.warnings if message.call else (),
    }


def _own_dialog(message: Message) -> tuple[str, str]:
    """A custom field that every app adds."""
    return "dialog_id", message.chat_dialog_id


def _call(call: Call) -> dict[str, Any]:
    response, message = call.response, call.message
    text = message and (message.posted_text if message.edited else message.message)
    return {
        "method": call.method,
        "url": call.request.url,
        "path": call.path,
        "status": call.status,
        "reason": call.reason,
        "fault": call.fault,
        "stubbed": call.stubbed,
        "warnings": call.warnings,
        "text": shortened(text) if text else "",
        "request": _side(call.request.headers, call.request.body),
        "response": None if response is None else _side(response.headers, response.body),
    }


def _side(headers: Headers, body: bytes) -> dict[str, Any]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = f"({len(body)} bytes that are not text)"
    if len(text) > _MAX_BODY:
        text = f"{text[:_MAX_BODY]}… ({len(text) - _MAX_BODY} more characters)"
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw]
    return {"headers": [(name, mask_header(name, value)) for name, value in pairs], "body": text}


def _map_strings(value: Any, function: Callable[[str], str]) -> Any:
    """A structure with a function applied to every string except keys."""
    if isinstance(value, str):
        return function(value)
    if isinstance(value, dict):
        return {key: _map_strings(item, function) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_map_strings(item, function) for item in value]
    return value
