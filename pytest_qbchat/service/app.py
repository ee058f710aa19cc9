"""From a request to its response: route, parameters, caller, endpoint, response."""

from __future__ import annotations

from http import HTTPStatus
from sys import intern
from typing import Any

from pytest_qbchat.service import pitfalls, wire
from pytest_qbchat.service.authentication import authenticate
from pytest_qbchat.service.calls import Call, KnownHeaders
from pytest_qbchat.service.errors import QuickBloxError, resource_not_found
from pytest_qbchat.service.ids import expiration_date
from pytest_qbchat.service.routes import find, unknown_route_reason, without_suffix
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import Header, RawHeaders, Response, encode_json

_MAX_KEPT_HEADERS = 100


class Service:
    """The fake service on one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._responses = 0
        # The calls of one client differ only in the length of the body; each set of headers is kept once.
        self._headers: dict[RawHeaders, KnownHeaders] = {}

    def handle(self, call: Call) -> None:
        """Add the response, reason and warnings to a call. Not thread-safe: the caller holds the lock.

        If the fake has no such route, the path is outside of the base URL, or the body is too large, only the reason
        is added, and the response stays None.
        """
        self.prepare(call)
        if call.request.outside:
            call.reason = f"{call.method} {call.path} is outside of the base URL {call.request.outside}"
            return
        if len(call.request.body) > wire.MAX_BODY_SIZE:
            call.reason = f"the body of {call.method} {call.path} is larger than {wire.MAX_BODY_SIZE} bytes"
            return
        route, variables = find(call.request.method, without_suffix(call.request.path))
        if route is None:
            call.reason = unknown_route_reason(call.request)
            if not self.store.assume.unknown_routes_refused:
                refusal = resource_not_found(call.reason)
                call.response = self.respond(call, refusal.status, refusal.body)
            return
        call.route = route
        try:
            if not route.raw:
                call.read_params()
            if not route.open:
                call.caller = authenticate(self.store, call)
            answer = route.endpoint(self.store, call, *variables)
        except QuickBloxError as error:
            call.reason = error.reason
            answer = error.status, error.body
        call.response = answer if isinstance(answer, Response) else self.respond(call, *answer)
        if not route.raw:
            pitfalls.find(call)
            call.release_params()

    def prepare(self, call: Call) -> None:
        """Add the time and the headers by lower-case name to a call."""
        request = call.request
        sent = tuple(request.raw_headers)
        known = self._headers.get(sent)
        if known is None:
            if len(self._headers) >= _MAX_KEPT_HEADERS:  # a client may send a new id with each call
                self._headers.clear()
            by_name = {name.lower(): value for name, value in sent}
            known = self._headers[sent] = KnownHeaders(sent, by_name)
        request.raw_headers, call.known_headers = known.raw, known
        request.method = intern(request.method)
        call.now = self.store.now()

    def respond(self, call: Call, status: int, body: Any, *more: Header) -> Response:
        """Make the response of an endpoint.

        observed(issue threads): responses have the headers that transcripts share: Content-Type,
            QuickBlox-REST-API-Version, Status, X-Request-Id, X-Runtime.
        observed(issue threads): a response with status 500 has no QuickBlox-REST-API-Version.
        assumed: responses have no further headers; those of current servers are unknown.
        documented(release notes): with a session, `QB-Token-ExpirationDate` is the time of its end.
        observed(issue threads): that time ends in +0000, in 2015 to 2017 in UTC.
        observed(issue threads): refusals by an endpoint have `QB-Token-ExpirationDate` too.
        observed(JavaScript SDK): the suffix `.json` of every path is optional.
        """
        if not isinstance(body, str | bytes):
            body = encode_json(body)
        content = body if isinstance(body, bytes) else body.encode()
        session = call.caller.session
        expires = None if session is None else (int(session.expires_at), self.store.assume.utc_expiration)
        self._responses += 1
        return ApiResponse(status, content, self._responses, expires, more)


class ApiResponse(Response):
    """A response of the API, which composes its headers at each access: a test may hold 100,000 responses."""

    def __init__(
        self, status: int, body: bytes, number: int, expires: tuple[int, bool] | None, more: tuple[Header, ...]
    ) -> None:
        self.status = status
        self.body = body
        self._number = number
        self._expires = expires
        self._more = more

    @property
    def raw_headers(self) -> RawHeaders:
        """Name and value as bytes, in the order sent."""
        headers = (
            *(_HEADERS if self.status != HTTPStatus.INTERNAL_SERVER_ERROR else _HEADERS_OF_FAILURE),
            (b"Status", _STATUS_LINES[self.status]),
            (b"X-Request-Id", b"00000000-0000-4000-8000-%012x" % self._number),
            (b"Content-Length", b"%d" % len(self.body)),
            *self._more,
        )
        if self._expires is None:
            return headers
        return (*headers, (b"QB-Token-ExpirationDate", expiration_date(*self._expires)))


_HEADERS = (
    (b"Content-Type", b"application/json; charset=utf-8"),
    (b"QuickBlox-REST-API-Version", b"0.1.1"),
    (b"X-Runtime", b"0.001000"),  # the duration of the call, fixed so that runs are equal
)
_HEADERS_OF_FAILURE = tuple(header for header in _HEADERS if header[0] != b"QuickBlox-REST-API-Version")
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}".encode() for status in HTTPStatus}
_STATUS_LINES[422] = b"422 Unprocessable Entity"  # Rails' phrase, which newer Pythons have renamed
