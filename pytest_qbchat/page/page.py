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
from pytest_qbchat.service.wire import Headers

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
        "calls": [*map(_call, calls)],
    }
    shown_state: dict[str, Any] = masked(state, cache(store.secrets.mask))  # cached, because many strings occur often
    return shown_state


def html(heading: str, tests: Iterable[Mapping[str, Any]], *, live: bool = False, run: str = "") -> str:
    """The page of tests. Each has its `conversation`, `id`, `outcome`, `seconds` and `failures`.

    With `live`, the page reads its own address again every two seconds, and shows what has changed. `run` says when
    and how the tests ran.
    """
    # JSON with escapes can encode half of a surrogate pair. "<" could end the element that holds the data.
    data = json.dumps({"heading": heading, "live": live, "run": run, "tests": list(tests)})
    template = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    return template.replace("DATA", data.replace("<", "\\u003c"))


def _call(call: Call) -> dict[str, Any]:
    response, message = call.response, call.message
    text = message and (message._posted_text if message.edited else message.message)
    same_names = ("method", "path", "status", "reason", "fault", "stubbed", "warnings")
    return {
        **{name: getattr(call, name) for name in same_names},
        "url": call.request.url,
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


def masked(value: Any, mask_text: Callable[[str], str], *, named: bool = False) -> Any:
    """A structure with its strings masked, and with the values of credentials masked by their names."""
    if isinstance(value, dict):
        return {name: masked(each, mask_text, named=named or names_secret(name)) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each, mask_text, named=named) for each in value]
    if named and isinstance(value, str | int) and not isinstance(value, bool):
        return mask(str(value))
    return mask_text(value) if isinstance(value, str) else value
