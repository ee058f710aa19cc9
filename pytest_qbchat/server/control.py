"""Control requests, with which tests in any language read and change the fake of a live server."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from functools import cache, partial
from importlib.metadata import version
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl

from pytest_qbchat.explain.field_matching import ABSENT, check_names
from pytest_qbchat.explain.message_effects import value_sent
from pytest_qbchat.page.page import masked
from pytest_qbchat.server.http11 import JSON, refusal
from pytest_qbchat.server.seed import CONTROL_PREFIX, apply_seed, in_requests, read_json
from pytest_qbchat.service.flags import FLAGS
from pytest_qbchat.service.models import Message
from pytest_qbchat.service.wire import Request, Response, as_text, encode_json

Given = dict[str, Any]
_CONTROL = re.compile(rf"(?:/spaces/[^/]+)?{CONTROL_PREFIX}(?:/(.*))?")
_EXAMPLE = '{"what": "timeout", "stored": true}'
_TYPES: dict[str, Any] = {"what": int | str, "times": int, "method": str, "path": str, "stored": bool, "optional": bool}
_TEXT = (b"Content-Type", b"text/plain; charset=utf-8")
# Each assertion, whether it waits until it passes or until it fails, and the JSON of its result.
_ASSERTIONS: dict[str, tuple[bool, Callable[[Any], Any]]] = {
    "assert_posted": (True, lambda message: _record(message)),  # noqa: PLW0108 - `_record` is defined below
    "assert_pushed": (True, lambda push: {**push.event, "to": push.to, "message": push.message}),
    "assert_not_posted": (False, lambda _: None),
    "assert_nothing_posted": (False, lambda _: None),
}


def control_name(request: Request) -> str | None:
    """The name of a control request; None for a request of the API. Pages of other origins must not send one."""
    control = _CONTROL.fullmatch(f"{request.prefix}{request.path}")
    return None if control is None else control[1] or ""


def refusal_of_page(request: Request) -> str:
    """Why a page of another origin may not send a control request; empty for other senders."""
    origin = request.headers.get("Origin")
    if origin in (None, request.origin):
        return ""
    return f"a page of {origin} may not send control requests; send them from the tests"


async def answer(fake: Any, request: Request, reset: Callable[[], Any] | None = None) -> Response:
    """Answer a control request. A server with an initial state passes a function that restores it."""
    if reason := refusal_of_page(request):
        return refusal(403, reason)
    name = f"{request.method} {control_name(request)}"
    action = ACTIONS.get(name)
    if action is None or (reset is None and name == "POST reset"):
        return refusal(404, f"unknown request {request.method} {request.prefix}{request.path}; {KNOWN}")
    fake = reset() if reset is not None and name == "POST reset" else fake
    try:
        result = action(fake, _arguments(request))
        result = await result if isinstance(result, Awaitable) else result
    except (AssertionError, TypeError, ValueError, OverflowError) as error:
        status = 409 if isinstance(error, AssertionError) else 400
        return _problem(request, status, fake._backend.masked(in_requests(str(error))))
    if result is None or isinstance(result, Response):
        return result or Response(204, [], b"")
    return Response(200, [JSON], encode_json(masked(result, cache(fake._backend.masked))).encode())


def _problem(request: Request, status: int, text: str) -> Response:
    """A failure as JSON, or as text for a client that accepts it."""
    if "text/plain" in request.headers.get("Accept", ""):
        return Response(status, [_TEXT], text.encode(errors="replace"))
    return Response(status, [JSON], encode_json({"message": text}).encode(errors="replace"))


def _arguments(request: Request) -> Given:
    """The arguments in the query or the JSON body. Raises ValueError for anything else."""
    if request.method == "GET":
        return dict(parse_qsl(request.query, keep_blank_values=True))
    try:
        given = read_json(request.body or b"{}")
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise ValueError('expected a JSON object, such as {"message": "Hello"}')
    return given


# What the requests do


def _record(record: Any) -> Given:
    """A record as QuickBlox shows it; a message also has the flags of its request, and what its users saw."""
    if not isinstance(record, Message):
        return record.as_dict()  # type: ignore[no-any-return]  # of any record
    sent = {name: value_sent(record, name) for name in FLAGS}
    return {
        **record.as_dict(with_reactions=True),
        **{name: None if value is ABSENT else value for name, value in sent.items()},
        "sent_to_chat": record.sent_to_chat,
        "delivered_to": record.delivered_to,
        "read_by": [reader for reader in record.read_ids if reader != record.sender_id],
        "posted": record.call is not None,
        "warnings": record.call.warnings if record.call else [],
    }


def _state(fake: Any, _: Given) -> Given:
    """The whole state, with QuickBlox field names."""
    parts, names = ("users", "sessions", "dialogs", "blobs", "messages"), ("method", "path", "status", "reason")
    calls = [(call.method, call.path, call.status, in_requests(call.reason)) for call in fake.calls]
    state = {part: [*map(_record, getattr(fake, part))] for part in parts}
    return {**state, "calls": [dict(zip(names, call, strict=True)) for call in calls]}


async def _messages(fake: Any, given: Given) -> Any:
    """The messages whose fields have these values, as text, or as JSON if a field is not text."""
    wait = float(given.pop("wait", 0))

    def found() -> list[Given]:
        messages = [*map(_record, fake.messages)]
        check_names(given.keys() - {name for each in messages for name in each}, Message, fake.messages)
        return [each for each in messages if all(as_text(each.get(name)) == text for name, text in given.items())]

    return await fake._backend.wait_async(found, wait)


async def _assert(name: str, fake: Any, given: Given) -> Any:
    until, shown = _ASSERTIONS[name]
    within = given.pop("within", 0)
    return shown(await fake._backend.wait_async(partial(getattr(fake, name), **given), within, until=until))


def _fail(fake: Any, given: Given) -> None:
    if "what" not in given:
        raise ValueError(f"expected a JSON object with what, such as {_EXAMPLE}")
    for name, value in given.items():
        if not isinstance(value, _TYPES.get(name, object)):
            raise ValueError(f"invalid {name} {json.dumps(value)}; omit it, or see {_EXAMPLE}")
    fake.fail(**given)


ACTIONS: dict[str, Callable[[Any, Given], Any]] = {
    "GET health": lambda *_: {"status": "ok", "version": version("pytest-qbchat")},
    "GET openapi.json": lambda *_: Response(200, [JSON], files("pytest_qbchat").joinpath("openapi.json").read_bytes()),
    "GET state": _state,
    "GET messages": _messages,
    **{f"POST {name}": partial(_assert, name) for name in _ASSERTIONS},
    "POST add": lambda fake, given: {part: [*map(_record, each)] for part, each in apply_seed(fake, given).items()},
    "POST fail": _fail,
    "POST expire_sessions": lambda fake, _: fake.expire_sessions(),
    "POST advance": lambda fake, given: fake.advance(**given),
    "POST assume": lambda fake, given: fake.assume(**given),
    "POST reset": _state,
}
KNOWN = f"control requests below {CONTROL_PREFIX}/: {', '.join(ACTIONS)}"
