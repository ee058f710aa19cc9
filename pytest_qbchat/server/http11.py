"""HTTP/1.1: the requests of clients in this process, and the responses, which the live server shares.

The live server reads requests of other processes with h11, strictly. The reader for clients in this process is lenient
about headers, because a mistake in them gets a warning: `http.client` allows a space before the colon. It is also
faster.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import NamedTuple

from pytest_qbchat.service.wire import Header, RawHeaders, Request, Response, encode_json, path_and_query

MAX_HEAD_SIZE = 64 * 1024  # bytes
MAX_BODY_SIZE = 128 * 1024 * 1024

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_JSON = (b"Content-Type", b"application/json; charset=utf-8")
_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^`|~\w-]+ \S+ HTTP/\d\.\d")
_METHOD = re.compile(rb"[!#$%&'*+.^`|~\w-]*( |\Z)")  # not the beginning of XMPP or TLS
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


class LenientReader:
    """Reads the requests of clients in this process, in pieces of any size.

    Attributes:
        in_head: Always false, because these clients do not leave their headers incomplete.
    """

    in_head = False

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: Head | None = None
        self._body = bytearray()
        self._continued = False

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for 100 Continue before it sends the body. True at most once for each request."""
        if self._head is None or self._continued:
            return False
        self._continued = True
        return (self._head.header(b"expect") or b"").lower() == b"100-continue"

    def read(self, data: bytes) -> tuple[Head, bytes] | None:
        """Add received bytes, and return the next request and its body; None while it is incomplete.

        Raises:
            MalformedRequestError: The bytes are not a request, or the request is too large.
        """
        self._buffer += data
        if self._head is None:
            self._head = self._take_head()
            self._continued = False
        if self._head is None or not self._take_body(self._head):
            return None
        head, body = self._head, bytes(self._body)
        self._head, self._body = None, bytearray()
        return head, body

    def _take_head(self) -> Head | None:
        end_of_line = self._buffer.find(b"\r\n")
        if not (
            _METHOD.match(self._buffer) if end_of_line < 0 else _REQUEST_LINE.fullmatch(self._buffer, 0, end_of_line)
        ):
            raise MalformedRequestError("the request line is not HTTP/1.1")
        end = self._buffer.find(b"\r\n\r\n")
        if (end if end >= 0 else len(self._buffer)) > MAX_HEAD_SIZE:
            raise MalformedRequestError(f"the headers are larger than {MAX_HEAD_SIZE} bytes", 431)
        if end < 0:
            return None
        line, *lines = self._take(0, end, 4).split(b"\r\n")
        method, target, version = line.decode("latin-1").split(" ")
        pairs = [each.partition(b":") for each in lines]
        headers = [(name, value.strip(b" \t")) for name, _, value in pairs]
        head = Head(method.upper(), target, version.removeprefix("HTTP/").encode(), headers)
        check_size(self._length(head))
        return head

    def _length(self, head: Head) -> int:
        given = head.header(b"content-length") or b"0"
        if not given.isdigit():
            raise MalformedRequestError("Content-Length is not a number")
        return int(given)

    def _take_body(self, head: Head) -> bool:
        if (head.header(b"transfer-encoding") or b"").lower().endswith(b"chunked"):
            return self._take_chunks()
        length = self._length(head)
        if len(self._buffer) < length:
            return False
        self._body += self._take(0, length)
        return True

    def _take_chunks(self) -> bool:
        while (end := self._buffer.find(b"\r\n")) >= 0:
            try:
                size = int(bytes(self._buffer[:end]).partition(b";")[0], 16)
            except ValueError:
                raise MalformedRequestError("a chunk has no size") from None
            check_size(len(self._body) + size)
            if size == 0:
                return self._take_trailers(end)
            start, stop = end + 2, end + 2 + size
            if len(self._buffer) < stop + 2:
                break
            self._body += self._take(start, stop, 2)
        return False

    def _take_trailers(self, start: int) -> bool:
        # The first empty line after the last size ends the trailers, even if there are none.
        end = self._buffer.find(b"\r\n\r\n", start)
        if end < 0:
            return False
        self._take(start, end, 4)
        return True

    def _take(self, start: int, end: int, delimiter: int = 0) -> bytes:
        """Return a slice of the buffer, and remove everything up to the delimiter after it."""
        taken = bytes(self._buffer[start:end])
        del self._buffer[: end + delimiter]
        return taken


def check_size(size: int) -> None:
    """Raise MalformedRequestError for a body that is too large."""
    if size > MAX_BODY_SIZE:
        raise MalformedRequestError(f"the body is larger than {MAX_BODY_SIZE} bytes", 413)


def request(head: Head, body: bytes, origin: str, prefix: str) -> Request:
    """The request for a head and a decoded body. The prefix is the part of the path before the API's path."""
    path, query = path_and_query(head.target, prefix)
    return Request(head.method, origin, prefix, path, query, head.headers, body)


def refusal(status: int, text: str, *more: Header) -> Response:
    """A refusal by the fake, in QuickBlox's format for a request that it cannot route or read."""
    return Response(status, [_JSON, *more], encode_json({"code": None, "message": text}).encode())


def sent(response: Response, method: str) -> tuple[list[Header], bytes]:
    """The headers and the body of a response as they go through a connection that stays open."""
    headers: list[Header] = []
    without_body = response.status in (204, 304)
    has_length = without_body
    for name, given in response.raw_headers:
        key, value = name.lower(), given
        if key in _HOP_BY_HOP or (key == b"content-length" and has_length):
            continue
        if key == b"content-length":
            has_length = True
            # A wrong length would make the client lose the next response.
            value = given if method == "HEAD" else b"%d" % len(response.body)
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
