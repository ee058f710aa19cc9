"""From a request to its response: route, parameters, caller, endpoint, response."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pytest_qbchat.service import pitfalls, wire
from pytest_qbchat.service.authentication import authenticate
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.errors import QuickBloxError, resource_not_found
from pytest_qbchat.service.ids import expiration_date
from pytest_qbchat.service.routes import find, unknown_route_reason, without_suffix
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import Header, Response, encode_json


class Service:
    """The fake service on one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._responses = 0

    def handle(self, call: Call) -> None:
        """Add the response, reason and warnings to a call. Not thread-safe: the caller holds the lock.

        If the fake has no such route, the path is outside of the base URL, or the body is too large, only the reason
        is added, and the response stays None.
        """
        call.now = self.store.now()
        call.request.raw_headers = call.request.headers.raw  # equal headers share one object
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
        self._responses += 1
        headers = [
            *(_HEADERS if status != HTTPStatus.INTERNAL_SERVER_ERROR else _HEADERS_OF_FAILURE),
            _STATUS_HEADERS[status],
            (b"X-Request-Id", b"00000000-0000-4000-8000-%012x" % self._responses),
            (b"Content-Length", b"%d" % len(content)),
            *more,
        ]
        if session := call.caller.session:
            expires = expiration_date(int(session.expires_at), self.store.assume.utc_expiration)
            headers.append((b"QB-Token-ExpirationDate", expires))
        return Response(status, headers, content)


_HEADERS = (
    (b"Content-Type", b"application/json; charset=utf-8"),
    (b"QuickBlox-REST-API-Version", b"0.1.1"),
    (b"X-Runtime", b"0.001000"),  # the duration of the call, fixed so that runs are equal
)
_HEADERS_OF_FAILURE = tuple(header for header in _HEADERS if header[0] != b"QuickBlox-REST-API-Version")
_STATUS_HEADERS = {status.value: (b"Status", f"{status.value} {status.phrase}".encode()) for status in HTTPStatus}
_STATUS_HEADERS[422] = b"Status", b"422 Unprocessable Entity"  # Rails' phrase, which newer Pythons have renamed
