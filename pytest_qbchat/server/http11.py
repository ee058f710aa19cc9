"""HTTP/1.1: heads of requests, limits of their sizes, and responses as bytes. `request_reader` reads the requests."""

from __future__ import annotations

from http.client import responses
from typing import NamedTuple

from pytest_qbchat.service import wire
from pytest_qbchat.service.wire import Header, RawHeaders, Response, encode_json

MAX_HEAD_SIZE = 64 * 1024  # bytes

JSON = (b"Content-Type", b"application/json; charset=utf-8")
# Headers of a single connection, which do not describe the body that is complete here, and its length.
_REPLACED = (b"transfer-encoding", b"connection", b"keep-alive", b"content-length")


class MalformedRequestError(Exception):
    """Bytes that are not a valid request.

    Attributes:
        status: The status of the response.
    """

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Head(NamedTuple):
    """A request line and headers. The method is in upper case. After the last request the connection is closed."""

    method: str
    target: str
    headers: RawHeaders
    is_last: bool = False


def check_size(size: int) -> None:
    """Raise MalformedRequestError for a body that is too large."""
    if size > wire.MAX_BODY_SIZE:
        raise MalformedRequestError(f"the body is larger than {wire.MAX_BODY_SIZE} bytes", 413)


def refusal(status: int, text: str, *more: Header) -> Response:
    """A refusal by the fake, in QuickBlox's format for a request that it cannot route or read."""
    return Response(status, [JSON, *more], encode_json({"code": None, "message": text}).encode())


def sent(response: Response, method: str) -> tuple[list[Header], bytes]:
    """The headers and the body of a response as they go through a connection that stays open."""
    headers = [header for header in response.raw_headers if header[0].lower() not in _REPLACED]
    if response.status in (204, 304):
        return headers, b""
    # Only a response without a body may have another length, with which the client would lose the next response.
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
