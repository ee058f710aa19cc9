"""The conversations of tests as one HTML page without links to other files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pytest_qbchat.explain.conversation import age, described, dialogs_with_messages, people, pushes
from pytest_qbchat.explain.message_effects import shortened
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.masking import mask, mask_header, names_secret
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import RawHeaders

_MAX_BODY = 20_000  # characters of a request or a response


def conversation(store: Store, calls: Sequence[Call], newest: int | None = None) -> dict[str, Any]:
    """The state of a fake as the page reads it: people, dialogs with their messages, and calls; masked.

    `newest` is the number of dialogs, of messages in each, and of pushes that are shown; None for all.
    """
    shown = dialogs_with_messages(store, calls)
    if newest is not None:
        shown = [
            ({**dialog, "earlier": max(0, len(messages) - newest)}, messages[-newest:])
            for dialog, messages in sorted(shown, key=lambda item: age(item[1][-1]), reverse=True)[:newest]
        ]
    state = {
        "people": {str(user_id): name for user_id, name in people(store).items()},
        "dialogs": [{**dialog, "messages": [*map(described, messages)]} for dialog, messages in shown],
        "pushes": pushes(store, newest),
    }
    mask_text = cache(store.secrets.mask)  # many strings and headers occur often
    headers = cache(lambda raw: masked(_headers(raw), mask_text))
    return {**masked(state, mask_text), "calls": [_call(call, mask_text, headers) for call in calls]}


def html(heading: str, tests: Iterable[Mapping[str, Any]], *, live: bool = False, run: str = "") -> str:
    """The page of tests. Each has its `conversation`, `id`, `outcome`, `seconds` and `failures`.

    With `live`, the page reads its own address again every two seconds, and shows what has changed. `run` says when
    and how the tests ran.
    """
    # JSON with escapes can encode half of a surrogate pair. "<" could end the element that holds the data.
    data = json.dumps({"heading": heading, "live": live, "run": run, "tests": list(tests)})
    template = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    return template.replace("DATA", data.replace("<", "\\u003c"))


def _call(call: Call, mask_text: Callable[[str], str], headers: Callable[[RawHeaders], Any]) -> dict[str, Any]:
    response, message = call.response, call.message
    text = message and (message._posted_text if message.edited else message.message)
    same_names = ("method", "path", "status", "reason", "fault", "stubbed", "warnings")
    shown: dict[str, Any] = {
        **{name: getattr(call, name) for name in same_names},
        "url": call.request.url,
        "text": shortened(text) if text else "",
        "request": {"body": _text(call.request.body)},
        "response": None if response is None else {"body": _text(response.body)},
    }
    shown = masked(shown, mask_text)
    for name, side in (("request", call.request), ("response", response)):
        if side is not None:
            shown[name]["headers"] = headers(tuple(side.raw_headers))
    return shown


def _text(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"({len(body)} bytes that are not text)"
    return text if len(text) <= _MAX_BODY else f"{text[:_MAX_BODY]}… ({len(text) - _MAX_BODY} more characters)"


def _headers(raw: RawHeaders) -> list[tuple[str, str]]:
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
    return [(name, mask_header(name, value)) for name, value in pairs]


def masked(value: Any, mask_text: Callable[[str], str], *, named: bool = False) -> Any:
    """A structure with its strings masked, and with the values of credentials masked by their names."""
    if isinstance(value, str):
        return mask(value) if named else mask_text(value)
    if isinstance(value, dict):
        return {name: masked(each, mask_text, named=named or names_secret(name)) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each, mask_text, named=named) for each in value]
    return mask(str(value)) if named and isinstance(value, int) and not isinstance(value, bool) else value
