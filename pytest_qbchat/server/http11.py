"""HTTP/1.1: heads of requests, limits of their sizes, and responses as bytes. `request_reader` reads the requests."""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

from pytest_qbchat.service import wire
from pytest_qbchat.service.wire import Header, RawHeaders, Response, encode_json

MAX_HEAD_SIZE = 64 * 1024  # bytes

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
JSON = (b"Content-Type", b"application/json; charset=utf-8")
# Headers of a single connection. They do not describe the body, which is complete here.
_HOP_BY_HOP = (b"transfer-encoding", b"connection", b"keep-alive")


class MalformedRequestError(Exception):
    """Bytes that are not a valid request.

    Attributes:
        status: The status of the response.
    """

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Head(NamedTuple):
    """A request line and headers. The method is in upper case."""

    method: str
    target: str
    version: bytes
    headers: RawHeaders

    def header(self, name: bytes) -> bytes | None:
        """The value of the last header with a name, which is given in lower case."""
        return next((value for key, value in reversed(self.headers) if key.lower() == name), None)

    @property
    def connection(self) -> bytes:
        """The Connection header of the response: close, keep-alive, or empty if keep-alive is the default."""
        values = [value for key, value in self.headers if key.lower() == b"connection"]
        options = {each.strip() for each in b",".join(values).lower().split(b",")}
        if b"close" in options:
            return b"close"
        if self.version == b"1.0":
            return b"keep-alive" if b"keep-alive" in options else b"close"
        return b""


def check_size(size: int) -> None:
    """Raise MalformedRequestError for a body that is too large."""
    if size > wire.MAX_BODY_SIZE:
        raise MalformedRequestError(f"the body is larger than {wire.MAX_BODY_SIZE} bytes", 413)


def refusal(status: int, text: str, *more: Header) -> Response:
    """A refusal by the fake, in QuickBlox's format for a request that it cannot route or read."""
    return Response(status, [JSON, *more], encode_json({"code": None, "message": text}).encode())


def sent(response: Response, method: str) -> tuple[list[Header], bytes]:
    """The headers and the body of a response as they go through a connection that stays open."""
    headers: list[Header] = []
    without_body = response.status in (204, 304)
    has_length = without_body
    for name, value in response.raw_headers:
        key = name.lower()
        if key in _HOP_BY_HOP or (key == b"content-length" and has_length):
            continue
        if key == b"content-length":
            has_length = True
            if method != "HEAD":  # a wrong length would make the client lose the next response
                value = b"%d" % len(response.body)  # noqa: PLW2901
        headers.append((name, value))
    if not has_length:
        headers.append((b"Content-Length", b"%d" % len(response.body)))
    return headers, b"" if without_body or method == "HEAD" else response.body


def encode(response: Response, method: str, connection: bytes = b"") -> bytes:
    """Serialize a response."""
    headers, body = sent(response, method)
    if connection:
        headers.append((b"Connection", connection))
    lines = [b"%b: %b" % header for header in headers]
    return b"\r\n".join([b"HTTP/1.1 %d %b" % (response.status, phrase(response.status).encode()), *lines, b"", body])


def phrase(status: int) -> str:
    """The reason phrase of a status; empty for an unknown one."""
    return _PHRASES.get(status, "")
