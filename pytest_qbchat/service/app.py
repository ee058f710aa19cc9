"""From a request to its answer: what it says, who sent it, where it goes, and what the answer has about it."""

from __future__ import annotations

from http import HTTPStatus
from itertools import count
from typing import Any

from pytest_qbchat.service.authentication import authenticate
from pytest_qbchat.service.decoding import decode
from pytest_qbchat.service.errors import QuickBloxError, resource_not_found
from pytest_qbchat.service.exchange import Exchange
from pytest_qbchat.service.ids import expiration_date
from pytest_qbchat.service.routes import bare, find, why_unknown
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import Header, RawHeaders, Request, Response, encode_json


class Service:
    """The whole fake service over one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._request_numbers = count(1)
        # Of the calls of one client all that differs in their headers is a length, so they are kept once.
        self._headers: dict[RawHeaders, tuple[RawHeaders, dict[bytes, bytes]]] = {}

    def handle(self, request: Request) -> Exchange:
        """Answer a request. Not safe for threads: the caller holds the lock."""
        store = self.store
        exchange = self.begin(request)
        route, variables = find(request.method, bare(request.path))
        if route is None or (route.guessed and not store.assume.guessed_routes):
            exchange.reason = why_unknown(request)
            if not store.assume.unknown_routes_refused:
                refusal = resource_not_found(exchange.reason)
                exchange.response = self.respond(exchange, refusal.status, refusal.body)
            return exchange
        exchange.route = route
        try:
            if not route.raw:
                exchange.params = decode(request)
            if not route.open:
                exchange.caller = authenticate(store, exchange.headers, exchange.params, exchange.now)
            answer = route.endpoint(store, exchange, *variables)
        except QuickBloxError as error:
            exchange.reason = error.reason
            answer = error.status, error.body
        exchange.response = answer if isinstance(answer, Response) else self.respond(exchange, *answer)
        return exchange

    def begin(self, request: Request) -> Exchange:
        """A request of which nothing is known yet."""
        sent = tuple(request.raw_headers)
        known = self._headers.get(sent)
        if known is None:
            known = self._headers[sent] = sent, {name.lower(): value for name, value in sent}
        request.raw_headers, by_name = known
        return Exchange(request, by_name, self.store.now())

    def respond(self, exchange: Exchange, status: int, body: Any, *more: Header) -> Response:
        """Make the response of an endpoint.

        - Answers have the headers that transcripts share: Content-Type, QuickBlox-REST-API-Version, Status,
          X-Request-Id, X-Runtime (observed, issue threads). What else current servers send is not known (assumed:
          nothing).
        - With a session, `QB-Token-ExpirationDate` says when it ends, also where an endpoint refuses (observed, issue
          threads).
        - The suffix `.json` of every path is optional (observed, JavaScript SDK).
        """
        if not isinstance(body, str | bytes):
            body = encode_json(body)
        content = body if isinstance(body, bytes) else body.encode()
        session = exchange.caller.session
        expires_at = None if session is None else int(session.expires_at)
        return Answer(status, content, next(self._request_numbers), expires_at, more)


class Answer(Response):
    """A response of the API, whose headers are made when they are asked for: a test may hold a hundred thousand."""

    __slots__ = ("_expires_at", "_more", "_number")

    def __init__(self, status: int, body: bytes, number: int, expires_at: int | None, more: tuple[Header, ...]) -> None:
        super().__init__(status, (), body)
        self._number = number
        self._expires_at = expires_at
        self._more = more

    @property
    def raw_headers(self) -> RawHeaders:
        """Name and value as bytes, in the order sent."""
        headers = (
            *_HEADERS,
            (b"Status", _STATUS_LINES[self.status]),
            (b"X-Request-Id", b"00000000-0000-4000-8000-%012x" % self._number),
            (b"Content-Length", b"%d" % len(self.body)),
            *self._more,
        )
        if self._expires_at is None:
            return headers
        return (*headers, (b"QB-Token-ExpirationDate", expiration_date(self._expires_at)))


_HEADERS = (
    (b"Content-Type", b"application/json; charset=utf-8"),
    (b"QuickBlox-REST-API-Version", b"0.1.1"),
    (b"X-Runtime", b"0.001000"),  # QuickBlox's own time for the call: the same from run to run
)
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}".encode() for status in HTTPStatus}
_STATUS_LINES[422] = b"422 Unprocessable Entity"  # Rails' phrase, whatever this Python calls it
