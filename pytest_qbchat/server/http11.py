"""HTTP/1.1: reads requests with h11, limits their sizes, and writes responses as bytes."""

from __future__ import annotations

import re
from http.client import responses
from typing import NamedTuple

import h11

from pytest_qbchat.service import wire
from pytest_qbchat.service.wire import Header, Headers, RawHeaders, Response, encode_json

MAX_HEAD_SIZE = 64 * 1024  # bytes
MAX_TARGET_SIZE = 8 * 1024  # as in nginx
JSON = (b"Content-Type", b"application/json; charset=utf-8")

_ABSOLUTE = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://([^/?#]*)(.*)")
_HOST = re.compile(r"([\w.~-]+|\[[0-9A-Fa-f:.]+\])(:\d{0,5})?", re.ASCII)
# Headers of a single connection, and the length: the body is complete here.
_REPLACED = (b"transfer-encoding", b"connection", b"keep-alive", b"content-length")


class Head(NamedTuple):
    """A request line and headers. The method is in upper case. After the last request the connection is closed."""

    method: str
    target: str
    headers: RawHeaders
    is_last: bool = False


class RequestReader:
    """Reads requests from bytes that arrive in pieces of any size."""

    def __init__(self) -> None:
        self._start(b"")

    def _start(self, received: bytes) -> None:
        """Wait for the next request. Each request has a new h11 connection: h11 does not write the responses."""
        self._head: Head | None = None
        self._body = bytearray()
        self._connection = h11.Connection(h11.SERVER, MAX_HEAD_SIZE)
        if received:
            self._connection.receive_data(received)

    @property
    def has_begun(self) -> bool:
        """Whether a part of a request was read."""
        return self._head is not None or bool(self._connection.trailing_data[0])

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for 100 Continue before it sends the body. True at most once for each request."""
        if not self._connection.they_are_waiting_for_100_continue:
            return False
        self._connection.send(h11.InformationalResponse(status_code=100, headers=[]))
        return True

    def read(self, data: bytes) -> tuple[Head, bytes] | None:
        """Add received bytes, and return the next request and its body; None while it is incomplete."""
        if data:
            self._connection.receive_data(data)
        try:
            return self._next_request()
        except h11.RemoteProtocolError as error:
            text = str(error).partition(": bytearray(")[0]  # without the bytes, which may contain a token
            raise h11.RemoteProtocolError(text, error.error_status_hint) from None

    def _next_request(self) -> tuple[Head, bytes] | None:
        while True:
            event = self._connection.next_event()
            if isinstance(event, h11.Request):
                self._head = _head(event)
            elif isinstance(event, h11.Data):
                self._body += event.data
                _check_size(len(self._body))
            elif isinstance(event, h11.EndOfMessage) and self._head is not None:
                is_last = self._connection.their_state is h11.MUST_CLOSE  # the client asks for it, or uses HTTP/1.0
                request = self._head._replace(is_last=is_last), bytes(self._body)
                self._start(self._connection.trailing_data[0])
                return request
            else:
                return None


def _head(request: h11.Request) -> Head:
    headers = [(bytes(name), bytes(value)) for name, value in request.headers.raw_items()]
    head = Head(request.method.decode().upper(), request.target.decode(), headers)
    if sum(len(name) + len(value) for name, value in headers) > MAX_HEAD_SIZE:  # h11 limits incomplete heads
        raise h11.RemoteProtocolError(f"the headers are larger than {MAX_HEAD_SIZE} bytes", 431)
    if len(head.target) > MAX_TARGET_SIZE:
        raise h11.RemoteProtocolError(f"the target is longer than {MAX_TARGET_SIZE} bytes", 414)
    _check_size(int(Headers(headers).get("Content-Length", "0")))
    return head


def _check_size(size: int) -> None:
    if size > wire.MAX_BODY_SIZE:
        raise h11.RemoteProtocolError(f"the body is larger than {wire.MAX_BODY_SIZE} bytes", 413)


def destination(head: Head) -> tuple[str, str]:
    """The host with port, and the path with query. Raises h11.RemoteProtocolError if one is malformed."""
    authority, target = split_target(head.target)
    host = Headers(head.headers).get("Host") or "localhost" if authority is None else authority
    if not target.startswith("/"):
        raise h11.RemoteProtocolError("the target is neither a path nor a URL")
    if not _HOST.fullmatch(host):
        raise h11.RemoteProtocolError("the host is malformed")
    return host, target


def split_target(target: str) -> tuple[str | None, str]:
    """The host with port of an absolute target (RFC 9112, 3.2.2), else None, and the path with query."""
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        return None, target
    return absolute[1], absolute[2] if absolute[2].startswith("/") else f"/{absolute[2]}"


def refusal(status: int, text: str, *more: Header) -> Response:
    """A refusal by the fake, in QuickBlox's format for a request that it cannot route or read."""
    return Response(status, [JSON, *more], encode_json({"code": None, "message": text}).encode())


def sent(response: Response, method: str) -> tuple[list[Header], bytes]:
    """The headers and the body of a response as they go through a connection that stays open."""
    headers = [header for header in response.raw_headers if header[0].lower() not in _REPLACED]
    if response.status in (204, 304):
        return headers, b""
    # Only a response to HEAD may keep another length: with a body, the client would lose the next response.
    given = response.headers.get("Content-Length") if method == "HEAD" else None
    headers.append((b"Content-Length", (given or str(len(response.body))).encode()))
    return headers, b"" if method == "HEAD" else response.body


def encode(response: Response, method: str, *, is_last: bool = False) -> bytes:
    """Serialize a response."""
    headers, body = sent(response, method)
    if is_last:
        headers.append((b"Connection", b"close"))
    lines = [b"%b: %b" % header for header in headers]
    return b"\r\n".join([b"HTTP/1.1 %d %b" % (response.status, phrase(response.status)), *lines, b"", body])


def phrase(status: int) -> bytes:
    """The reason phrase of a status; empty for an unknown one."""
    return responses.get(status, "").encode()
