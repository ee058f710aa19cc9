"""HTTP/1.1 as bytes: requests that come in over a line, and the responses that go back."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import NamedTuple

from pytest_qbchat.service.wire import Header, RawHeaders, Request, Response, encode_json

LARGEST_HEAD = 64 * 1024  # bytes
LARGEST_BODY = 128 * 1024 * 1024
LARGEST_TARGET = 8 * 1024  # as nginx has it

_REQUEST_LINE = re.compile(rb"([A-Za-z]+) ([!-~]+) (HTTP/1\.\d)")
_HEADER = re.compile(rb"([^\s:\0][^:\0\r\n]*):([^\0\r\n]*)")
_ABSOLUTE = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://([^/?#]*)(.*)")
_HOST = re.compile(r"([\w.~-]+|\[[0-9A-Fa-f:.]+\])(:\d{0,5})?", re.ASCII)
_LONGEST_LENGTH = 15  # digits; more is no size of anything
_CARRIAGE_RETURN = 13
_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}
_WITHOUT_BODY = (204, 304)
_JSON = (b"Content-Type", b"application/json; charset=utf-8")
# Of the hop between two machines, and so none of the answer's business: the body stands here whole.
_HOP_BY_HOP = (b"transfer-encoding", b"connection", b"keep-alive")


class MalformedRequestError(Exception):
    """Bytes that are no request.

    Attributes:
        status: What to answer.
    """

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Head(NamedTuple):
    """The request line and the headers; the method is in upper case."""

    method: str
    target: str
    version: bytes
    headers: RawHeaders

    def header(self, name: bytes) -> bytes | None:
        """The last header of a name in lower case."""
        return next((value for key, value in reversed(self.headers) if key.lower() == name), None)

    @property
    def connection(self) -> bytes:
        """What to say of the connection in the answer: close, keep-alive, or nothing where it stays open anyway."""
        values = [value for key, value in self.headers if key.lower() == b"connection"]
        said = {each.strip() for each in b",".join(values).lower().split(b",")}
        if b"close" in said:
            return b"close"
        if self.version == b"HTTP/1.0":
            return b"keep-alive" if b"keep-alive" in said else b"close"
        return b""

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks.

        Raises:
            MalformedRequestError: It comes in another encoding, or has a length besides.
        """
        encodings = {value.lower() for key, value in self.headers if key.lower() == b"transfer-encoding"}
        if encodings - {b"chunked"}:
            raise MalformedRequestError("Transfer-Encoding is not chunked")
        if encodings and self.header(b"content-length") is not None:
            raise MalformedRequestError("there are both Transfer-Encoding and Content-Length")
        return bool(encodings)

    @property
    def length(self) -> int:
        """How many bytes the body has, if it does not come in chunks.

        Raises:
            MalformedRequestError: The length is no number, or there are two.
        """
        lengths = {value for key, value in self.headers if key.lower() == b"content-length"} or {b"0"}
        [length, *others] = lengths
        if others or not length.isdigit() or len(length) > _LONGEST_LENGTH:
            raise MalformedRequestError("Content-Length is not a number")
        return int(length)


def parse_head(data: bytes) -> Head:
    """Read a request line and headers, without the empty line after them.

    Raises:
        MalformedRequestError: They are none.
    """
    line, *lines = data.split(b"\r\n")
    parts = _REQUEST_LINE.fullmatch(line)
    if parts is None:
        raise MalformedRequestError("the request line is not one of HTTP/1.1")
    headers: list[Header] = []
    for each in lines:
        header = _HEADER.fullmatch(each)
        if header is None:
            raise MalformedRequestError("a header has no name, no colon, or a character that headers cannot have")
        headers.append((header[1], header[2].strip(b" \t")))
    return Head(parts[1].decode().upper(), parts[2].decode(), parts[3], headers)


def destination(head: Head) -> tuple[str, str]:
    """The host with its port, and the path with its query. The target may name both (RFC 9112, 3.2.2).

    Raises:
        MalformedRequestError: They are none.
    """
    host, target = (head.header(b"host") or b"localhost").decode("latin-1"), head.target
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is not None:
        host, target = absolute[1], absolute[2]
        target = target if target.startswith("/") else f"/{target}"
    if not target.startswith("/"):
        raise MalformedRequestError("the target is neither a path nor a URL")
    if len(target) > LARGEST_TARGET:
        raise MalformedRequestError(f"the target is longer than {LARGEST_TARGET} bytes", 414)
    if not _HOST.fullmatch(host):
        raise MalformedRequestError("the host is none")
    return host, target


class Reader:
    """Requests out of bytes, in whatever pieces these come."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: Head | None = None
        self._body = bytearray()
        self._asked = False

    def feed(self, data: bytes) -> None:
        """Take more bytes."""
        self._buffer += data

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits to be told to go on with the body; asked once for each request."""
        if self._head is None or self._asked:
            return False
        self._asked = True
        return (self._head.header(b"expect") or b"").lower() == b"100-continue"

    def __len__(self) -> int:
        """How many bytes are waiting for the rest of a request, or for their turn."""
        return len(self._buffer) + len(self._body)

    def request(self) -> tuple[Head, bytes] | None:
        """The next request, and its body; None while a part of it is missing.

        Raises:
            MalformedRequestError: The bytes are no request, or are too many.
        """
        if self._head is None:
            self._head = self._take_head()
            self._asked = False
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
        # What cannot become a request is answered at once, since its end may never come: TLS, or lines that end in LF.
        start = bytes(self._buffer[:2])
        if start not in (b"", b"\r") and not start[:1].isalpha():
            raise MalformedRequestError("this is not HTTP/1.1")
        line = self._buffer.find(b"\n")
        if line >= 0 and self._buffer[line - 1] != _CARRIAGE_RETURN:
            raise MalformedRequestError("lines end in CR and LF")
        end = self._buffer.find(b"\r\n\r\n")
        if (end if end >= 0 else len(self._buffer)) > LARGEST_HEAD:
            raise MalformedRequestError(f"the headers are larger than {LARGEST_HEAD} bytes", 431)
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
                if len(self._buffer) > LARGEST_HEAD:
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
        # Without trailers the empty line follows at once; seen from the end of the last size, it ends them either way.
        end = self._buffer.find(b"\r\n\r\n", start)
        if (end if end >= 0 else len(self._buffer)) > LARGEST_HEAD:
            raise MalformedRequestError(f"the headers after the chunks are larger than {LARGEST_HEAD} bytes", 431)
        if end < 0:
            return False
        del self._buffer[: end + 4]
        return True

    def _take(self, start: int, end: int, delimiter: int = 0) -> bytes:
        """Take bytes out, copied once: there may be many. What stands before them goes too, and a delimiter after."""
        with memoryview(self._buffer) as view:
            taken = bytes(view[start:end])
        del self._buffer[: end + delimiter]
        return taken


def _check_size(size: int) -> None:
    if size > LARGEST_BODY:
        raise MalformedRequestError(f"the body is larger than {LARGEST_BODY} bytes", 413)


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > _LONGEST_LENGTH or digits.strip(b"0123456789abcdefABCDEF"):
        raise MalformedRequestError("a chunk has no size")
    return int(digits, 16)


def request(head: Head, body: bytes, origin: str, prefix: str) -> Request:
    """The request that a head and a body make.

    Args:
        head: The head.
        body: The body, decoded.
        origin: Where it went: scheme, host and port.
        prefix: What its path has before that of the API.
    """
    path, _, query = head.target.partition("?")
    return Request(head.method, origin, prefix, path[len(prefix) :], query, head.headers, body)


def refusal(status: int, text: str, *more: Header) -> Response:
    """What is answered in the fake's own name, in the envelope that QuickBlox has for what it cannot route or read.

    Args:
        status: The status.
        text: Why.
        *more: Headers.
    """
    return Response(status, [_JSON, *more], encode_json({"code": None, "message": text}).encode())


def encode(response: Response, method: str, connection: bytes = b"") -> bytes:
    """The bytes of a response to a request with some method.

    Args:
        response: The response.
        method: The method, in upper case.
        connection: What to say of the connection; nothing if it stays open as usual.
    """
    status = response.status
    without_body = status in _WITHOUT_BODY
    head = [b"HTTP/1.1 %d %b" % (status, _PHRASES.get(status, b""))]
    measured = without_body
    for name, given in response.raw_headers:
        key, value = name.lower(), given
        if key in _HOP_BY_HOP or (key == b"content-length" and measured):
            continue
        if key == b"content-length":
            measured = True
            # Of a body that is sent the length is what it is: the next answer on the line begins after it.
            value = given if method == "HEAD" else b"%d" % len(response.body)
        head.append(b"%b: %b" % (name, value))
    if not measured:
        head.append(b"Content-Length: %d" % len(response.body))
    if connection:
        head.append(b"Connection: %b" % connection)
    body = b"" if without_body or method == "HEAD" else response.body
    return b"\r\n".join([*head, b"", body])
