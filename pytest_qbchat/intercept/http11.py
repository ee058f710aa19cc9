"""HTTP/1.1: parses requests from bytes, and serializes responses."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import NamedTuple

from pytest_qbchat.service.wire import Header, RawHeaders, Request, Response, encode_json

MAX_HEAD_SIZE = 64 * 1024  # bytes
MAX_BODY_SIZE = 128 * 1024 * 1024
MAX_TARGET_SIZE = 8 * 1024  # as in nginx

_REQUEST_LINE = re.compile(rb"([A-Za-z]+) ([!-~]+) (HTTP/1\.\d)")
_HEADER = re.compile(rb"([^\s:\0][^:\0\r\n]*):([^\0\r\n]*)")
_ABSOLUTE = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://([^/?#]*)(.*)")
_HOST = re.compile(r"([\w.~-]+|\[[0-9A-Fa-f:.]+\])(:\d{0,5})?", re.ASCII)
_MAX_SIZE_DIGITS = 15
_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}
_JSON = (b"Content-Type", b"application/json; charset=utf-8")
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
        if self.version == b"HTTP/1.0":
            return b"keep-alive" if b"keep-alive" in options else b"close"
        return b""

    @property
    def chunked(self) -> bool:
        """Whether the body is chunked."""
        encodings = {value.lower() for key, value in self.headers if key.lower() == b"transfer-encoding"}
        if encodings - {b"chunked"}:
            raise MalformedRequestError("Transfer-Encoding is not chunked")
        if encodings and self.header(b"content-length") is not None:
            raise MalformedRequestError("both Transfer-Encoding and Content-Length are given")
        return bool(encodings)

    @property
    def length(self) -> int:
        """The size of the body in bytes, if it is not chunked."""
        lengths = {value for key, value in self.headers if key.lower() == b"content-length"} or {b"0"}
        [length, *others] = lengths
        if others or not length.isdigit() or len(length) > _MAX_SIZE_DIGITS:
            raise MalformedRequestError("Content-Length is not a number")
        return int(length)


def parse_head(data: bytes) -> Head:
    """Parse a request line and headers, without the empty line after them."""
    line, *lines = data.split(b"\r\n")
    parts = _REQUEST_LINE.fullmatch(line)
    if parts is None:
        raise MalformedRequestError("the request line is not HTTP/1.1")
    headers: list[Header] = []
    for each in lines:
        header = _HEADER.fullmatch(each)
        if header is None:
            raise MalformedRequestError("a header has no name, no colon, or an invalid character")
        headers.append((header[1], header[2].strip(b" \t")))
    return Head(parts[1].decode().upper(), parts[2].decode(), parts[3], headers)


def destination(head: Head) -> tuple[str, str]:
    """The host with port, and the path with query. The target may contain both (RFC 9112, 3.2.2)."""
    host, target = (head.header(b"host") or b"localhost").decode("latin-1"), head.target
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is not None:
        host, target = absolute[1], absolute[2]
        target = target if target.startswith("/") else f"/{target}"
    if not target.startswith("/"):
        raise MalformedRequestError("the target is neither a path nor a URL")
    if len(target) > MAX_TARGET_SIZE:
        raise MalformedRequestError(f"the target is longer than {MAX_TARGET_SIZE} bytes", 414)
    if not _HOST.fullmatch(host):
        raise MalformedRequestError("the host is malformed")
    return host, target


class Reader:
    """Parses requests from bytes that arrive in pieces of any size."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: Head | None = None
        self._body = bytearray()
        self._continued = False

    def feed(self, data: bytes) -> None:
        """Add received bytes."""
        self._buffer += data

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for 100 Continue before it sends the body. True at most once for each request."""
        if self._head is None or self._continued:
            return False
        self._continued = True
        return (self._head.header(b"expect") or b"").lower() == b"100-continue"

    def __len__(self) -> int:
        """The number of bytes that are not part of a returned request yet."""
        return len(self._buffer) + len(self._body)

    def request(self) -> tuple[Head, bytes] | None:
        """The next request and its body; None while it is incomplete."""
        if self._head is None:
            self._head = self._take_head()
            self._continued = False
        if self._head is None:
            return None
        if not (self._take_chunks() if self._head.chunked else self._take_body(self._head.length)):
            return None
        head, body = self._head, bytes(self._body)
        self._head, self._body = None, bytearray()
        return head, body

    def _take_head(self) -> Head | None:
        while self._buffer[:2] == b"\r\n":  # between two requests (RFC 9112, 2.2)
            del self._buffer[:2]
        # TLS and lines that end in LF are rejected at once, because no further data makes them a request.
        start = bytes(self._buffer[:2])
        if start not in (b"", b"\r") and not start[:1].isalpha():
            raise MalformedRequestError("this is not HTTP/1.1")
        line = self._buffer.find(b"\n")
        if line >= 0 and self._buffer[line - 1] != ord("\r"):
            raise MalformedRequestError("lines must end in CR and LF")
        end = self._buffer.find(b"\r\n\r\n")
        if (end if end >= 0 else len(self._buffer)) > MAX_HEAD_SIZE:
            raise MalformedRequestError(f"the headers are larger than {MAX_HEAD_SIZE} bytes", 431)
        if end < 0:
            return None
        head = parse_head(self._take(0, end, 4))
        if not head.chunked:
            _check_size(head.length)
        return head

    def _take_body(self, length: int) -> bool:
        if len(self._buffer) < length:
            return False
        self._body += self._take(0, length)
        return True

    def _take_chunks(self) -> bool:
        while True:
            end = self._buffer.find(b"\r\n")
            if end < 0:
                if len(self._buffer) > MAX_HEAD_SIZE:
                    raise MalformedRequestError("a chunk has no size")
                return False
            size = _chunk_size(bytes(self._buffer[:end]))
            _check_size(len(self._body) + size)
            if size == 0:
                return self._take_trailers(end)
            start, stop = end + 2, end + 2 + size
            if len(self._buffer) < stop + 2:
                return False
            if self._buffer[stop : stop + 2] != b"\r\n":
                raise MalformedRequestError("a chunk is longer than its size")
            self._body += self._take(start, stop, 2)

    def _take_trailers(self, start: int) -> bool:
        # The first empty line after the last size ends the trailers, even if there are none.
        end = self._buffer.find(b"\r\n\r\n", start)
        if (end if end >= 0 else len(self._buffer)) > MAX_HEAD_SIZE:
            raise MalformedRequestError(f"the headers after the chunks are larger than {MAX_HEAD_SIZE} bytes", 431)
        if end < 0:
            return False
        del self._buffer[: end + 4]
        return True

    def _take(self, start: int, end: int, delimiter: int = 0) -> bytes:
        """Return a slice of the buffer, copied once, and remove everything up to the delimiter after it."""
        with memoryview(self._buffer) as view:
            taken = bytes(view[start:end])
        del self._buffer[: end + delimiter]
        return taken


def _check_size(size: int) -> None:
    if size > MAX_BODY_SIZE:
        raise MalformedRequestError(f"the body is larger than {MAX_BODY_SIZE} bytes", 413)


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > _MAX_SIZE_DIGITS or digits.strip(b"0123456789abcdefABCDEF"):
        raise MalformedRequestError("a chunk has no size")
    return int(digits, 16)


def request(head: Head, body: bytes, origin: str, prefix: str) -> Request:
    """The request for a head and a decoded body. The prefix is the part of the path before the API's path."""
    path, _, query = head.target.partition("?")
    return Request(head.method, origin, prefix, path[len(prefix) :], query, head.headers, body)


def refusal(status: int, text: str, *more: Header) -> Response:
    """A refusal by the fake, in QuickBlox's format for a request that it cannot route or read."""
    return Response(status, [_JSON, *more], encode_json({"code": None, "message": text}).encode())


def encode(response: Response, method: str, connection: bytes = b"") -> bytes:
    """Serialize a response."""
    status = response.status
    without_body = status in (204, 304)
    head = [b"HTTP/1.1 %d %b" % (status, _PHRASES.get(status, b""))]
    has_length = without_body
    for name, given in response.raw_headers:
        key, value = name.lower(), given
        if key in _HOP_BY_HOP or (key == b"content-length" and has_length):
            continue
        if key == b"content-length":
            has_length = True
            # A wrong length would make the client lose the next response.
            value = given if method == "HEAD" else b"%d" % len(response.body)
        head.append(b"%b: %b" % (name, value))
    if not has_length:
        head.append(b"Content-Length: %d" % len(response.body))
    if connection:
        head.append(b"Connection: %b" % connection)
    body = b"" if without_body or method == "HEAD" else response.body
    return b"\r\n".join([*head, b"", body])
