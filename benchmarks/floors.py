"""The least that can stand in for QuickBlox before an httpx client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from time import time
from typing import Any

import httpx

from benchmarks.documented import ANSWER, CONTENT, HEADERS

Handler = Callable[[httpx.Request], httpx.Response]


def constant(_: httpx.Request) -> httpx.Response:
    """The bytes of the fake's own answer, in a response with a working `.elapsed`."""
    return httpx.Response(ANSWER.status_code, headers=HEADERS, stream=httpx.ByteStream(CONTENT))


def hand_written() -> Handler:
    """What a test author might write: decode, look up, check, store, record, reply."""
    sessions: dict[str, int] = {}
    dialogs: dict[str, list[dict[str, Any]]] = {}
    calls: list[Any] = []
    numbers = count(1)
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

    def handle(request: httpx.Request) -> httpx.Response:
        params = json.loads(request.content)
        sender = sessions.setdefault(request.headers["QB-Token"], 96830001)
        history = dialogs.setdefault(params["chat_dialog_id"], [])
        if not isinstance(params.get("message"), str):
            return httpx.Response(422)
        now = int(time())
        attachments = params.get("attachments", {})
        message = {
            "_id": f"{now:08x}a0facade01{next(numbers):06x}",
            "attachments": [attachments[key] for key in sorted(attachments)],
            "chat_dialog_id": params["chat_dialog_id"],
            "created_at": None,
            "date_sent": now,
            "delivered_ids": [],
            "markable": params.get("markable"),
            "message": params["message"],
            "read_ids": [],
            "recipient_id": 0,
            "sender_id": sender,
            "updated_at": None,
            "read": 0,
        }
        history.append(message)
        calls.append((request.method, request.url, request.headers, request.content, message))
        return httpx.Response(201, headers=HEADERS, stream=httpx.ByteStream(encode(message).encode()))

    return handle


@contextmanager
def patched(handler: Handler) -> Iterator[None]:
    """Let a function answer every call of httpx's clients."""
    before = httpx.HTTPTransport.handle_request
    httpx.HTTPTransport.handle_request = lambda _, request: handler(request)  # type: ignore[method-assign] # as mocks do
    try:
        yield
    finally:
        httpx.HTTPTransport.handle_request = before  # type: ignore[method-assign] # put back
