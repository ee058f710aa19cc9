"""Which endpoint answers which request."""

from __future__ import annotations

from collections.abc import Callable
from difflib import SequenceMatcher
from http import HTTPStatus
from itertools import count
from typing import Any

from pytest_qbchat.service import messages
from pytest_qbchat.service.credentials import authenticate
from pytest_qbchat.service.decoding import decode
from pytest_qbchat.service.errors import QuickBloxError
from pytest_qbchat.service.exchange import Exchange
from pytest_qbchat.service.ids import expiration_date
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import RawHeaders, Request, Response, encode_json

Endpoint = Callable[[Store, Exchange], tuple[int, dict[str, Any]]]

# The suffix is optional throughout this API (documented with it, observed without).
ROUTES: dict[tuple[str, str], Endpoint] = {
    ("POST", "/chat/Message"): messages.create,
}


class Service:
    """The whole fake service over one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._request_numbers = count(1)

    def handle(self, request: Request) -> Exchange:
        """Answer a request. Not safe for threads: the caller holds the lock."""
        exchange = Exchange(request, {name.lower(): value for name, value in request.raw_headers})
        endpoint = ROUTES.get((request.method, request.path.removesuffix(".json")))
        if endpoint is None:
            exchange.reason = _unknown(request)
            return exchange
        try:
            exchange.params = decode(request)
            exchange.caller = authenticate(self.store, exchange.headers, exchange.params)
            status, body = endpoint(self.store, exchange)
        except QuickBloxError as error:
            exchange.reason = error.reason
            status, body = error.status, error.body
        exchange.response = self._respond(exchange, status, encode_json(body).encode())
        return exchange

    def _respond(self, exchange: Exchange, status: int, body: bytes) -> Response:
        """The headers that transcripts of QuickBlox share; what else current servers send is not known (observed)."""
        headers: RawHeaders = [
            *_HEADERS,
            (b"Status", _STATUS_LINES[status]),
            (b"X-Request-Id", b"00000000-0000-4000-8000-%012x" % next(self._request_numbers)),
            (b"Content-Length", b"%d" % len(body)),
        ]
        session = exchange.caller.session
        if session is not None:
            headers.append((b"QB-Token-ExpirationDate", expiration_date(int(session.expires_at))))
        return Response(status, headers, body)


_HEADERS = (
    (b"Content-Type", b"application/json; charset=utf-8"),
    (b"QuickBlox-REST-API-Version", b"0.1.1"),
    (b"X-Runtime", b"0.001000"),  # QuickBlox's own time for the call: the same from run to run
)
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}".encode() for status in HTTPStatus}
_STATUS_LINES[422] = b"422 Unprocessable Entity"  # Rails' phrase, whatever this Python calls it


def _unknown(request: Request) -> str:
    """Say that there is no such route, and which comes nearest."""
    wanted = f"{request.method} {request.path}"
    known = [f"{method} {path}.json" for method, path in ROUTES]
    nearest = max(known, key=lambda route: SequenceMatcher(None, wanted, route).ratio())
    return f"the fake has no route {wanted}; the nearest that it has is {nearest}"
