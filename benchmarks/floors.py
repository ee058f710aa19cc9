"""The least that can stand in for QuickBlox before an httpx client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.documented import ANSWER, CONTENT, HEADERS

# What an `httpx.MockTransport` takes.
Handler = Callable[[Any], Any]

_STATUS = ANSWER.status_code
_JSON = ANSWER.json()
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def same_bytes(library: Any, answer: Any = ANSWER) -> Handler:
    """The very bytes of the fake's answer, in a response that knows its `.elapsed` as a real one does."""
    status, headers, content = answer.status_code, answer.headers.raw, answer.content
    return lambda _: library.Response(status, headers=headers, stream=library.ByteStream(content))


def minimal(library: Any) -> Handler:
    """The body under one header, read already: nothing new is cheaper, but `.elapsed` is an error."""
    return lambda _: library.Response(_STATUS, headers={"Content-Type": "application/json"}, content=CONTENT)


def as_people_write(library: Any) -> Handler:
    """What is shortest to type. Here, too, `.elapsed` is an error."""
    return lambda _: library.Response(_STATUS, json=_JSON)


def recoded(library: Any) -> Handler:
    """The same bytes, after the request was decoded and the reply encoded, which no working fake can do without."""

    def handle(request: Any) -> Any:
        json.loads(request.content)
        return library.Response(_STATUS, headers=HEADERS, stream=library.ByteStream(_encode(_JSON).encode()))

    return handle


@contextmanager
def patched(library: Any, handler: Handler) -> Iterator[None]:
    """Answer every call of a library without a look at it."""

    def handle_request(_: Any, request: Any) -> Any:
        return handler(request)

    async def handle_async_request(_: Any, request: Any) -> Any:
        return handler(request)

    seams = {
        (library.HTTPTransport, "handle_request"): handle_request,
        (library.AsyncHTTPTransport, "handle_async_request"): handle_async_request,
    }
    before = {seam: getattr(*seam) for seam in seams}
    for seam, function in seams.items():
        setattr(*seam, function)
    try:
        yield
    finally:
        for seam, function in before.items():
            setattr(*seam, function)
