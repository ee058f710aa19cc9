"""HTTP/1.1 within the process: what `http.client` writes is read in whatever pieces it comes, headers as they are."""

from __future__ import annotations

import io
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_qbchat.server import http11
from pytest_qbchat.server.http11 import Head, LenientReader, MalformedRequestError, encode
from pytest_qbchat.service.wire import Response

names = st.from_regex(rb"X-[A-Za-z0-9!#$%&'*+.^_`|~-]{0,12}", fullmatch=True)


class Written:
    """As much of a socket as http.client needs to write a request."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.pieces.append(bytes(data))


def written(method: str, path: str, body: Any, headers: dict[str, str], *, chunked: bool) -> list[bytes]:
    """A request as http.client writes it."""
    connection = HTTPConnection("shop.example")
    connection.sock = Written()  # type: ignore[assignment]
    connection.request(method, path, body, headers, encode_chunked=chunked)
    pieces: list[bytes] = connection.sock.pieces  # type: ignore[attr-defined]
    return pieces


def read_all(pieces: list[bytes]) -> list[tuple[Head, bytes]]:
    """What a reader makes of bytes that come in these pieces."""
    reader, found = LenientReader(), []
    for piece in pieces:
        request = reader.read(piece)
        while request is not None:
            found.append(request)
            request = reader.read(b"")
    return found


@given(
    st.sampled_from(["GET", "post", "PUT"]),
    st.from_regex(r"/[!-~]{0,30}", fullmatch=True),
    st.lists(st.binary(max_size=40), max_size=4),
    st.booleans(),
    st.booleans(),
)
def test_a_request_of_http_client_is_read_whole_or_byte_by_byte(
    method: str, path: str, parts: list[bytes], chunked: bool, by_byte: bool
) -> None:
    headers = {"X-Note ": " made up ", "QB-Token": "made-up"} | ({"Transfer-Encoding": "chunked"} if chunked else {})
    pieces = written(method, path, iter(parts) if chunked else b"".join(parts), headers, chunked=chunked)
    if by_byte:
        pieces = [bytes([byte]) for byte in b"".join(pieces)]
    [(head, body)] = read_all(pieces)
    assert (head.method, head.target, head.version, body) == (method.upper(), path, b"1.1", b"".join(parts))
    assert (b"X-Note ", b"made up") in head.headers


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        (b"chunked", b"2;a=b\r\nhi\r\n0\r\n\r\n"),
        (b"Chunked", b"2\r\nhi\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n"),
        (b"identity, chunked", b"2\r\nhi\r\n0\r\n\r\n"),
    ],
)
def test_chunks_by_hand_are_read_and_the_next_request_begins_after_them(encoding: bytes, sent: bytes) -> None:
    data = b"POST / HTTP/1.1\r\nTransfer-Encoding: " + encoding + b"\r\n\r\n" + sent
    for pieces in ([data * 2], [bytes([byte]) for byte in data * 2]):
        assert [body for _, body in read_all(pieces)] == [b"hi", b"hi"]


MALFORMED = {
    "no request line": (b"GET /\r\n\r\n", 400, "the request line is not HTTP/1.1"),
    "a length that is no number": (
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        400,
        "Content-Length is not a number",
    ),
    "a chunk without a size": (
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        400,
        "a chunk has no size",
    ),
    "large headers": (b"GET / HTTP/1.1\r\nA: " + b"a" * 70_000, 431, "the headers are larger than 65536 bytes"),
    "a large length": (
        b"GET / HTTP/1.1\r\nContent-Length: 134217729\r\n\r\n",
        413,
        "the body is larger than 134217728 bytes",
    ),
    "a large chunk": (
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n8000001\r\n",
        413,
        "the body is larger than 134217728 bytes",
    ),
}


@pytest.mark.parametrize("row", MALFORMED)
def test_what_is_written_by_hand_is_refused_if_it_has_no_end_or_is_too_large(row: str) -> None:
    data, status, text = MALFORMED[row]
    with pytest.raises(MalformedRequestError, match=text) as refused:
        read_all([data])
    assert refused.value.status == status


@pytest.mark.parametrize(("said", "expected"), [(b"100-Continue", [False, True, False]), (b"", [False, False, False])])
def test_a_client_that_waits_to_go_on_is_told_so_once(said: bytes, expected: list[bool]) -> None:
    reader = LenientReader()
    asked = [reader.expects_continue]
    assert reader.read(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: " + said + b"\r\n\r\n") is None
    asked += [reader.expects_continue, reader.expects_continue]
    assert asked == expected


# --- what a head says ---


def connection_of(version: bytes, *said: bytes) -> bytes:
    return Head("GET", "/", version, [(b"Connection", each) for each in said]).connection


@pytest.mark.parametrize(
    ("version", "said", "answer"),
    [
        (b"1.1", None, b""),
        (b"1.1", b"keep-alive", b""),
        (b"1.1", b"Close", b"close"),
        (b"1.1", b"TE, close", b"close"),
        (b"1.0", None, b"close"),
        (b"1.0", b"Keep-Alive", b"keep-alive"),
        (b"1.0", b"keep-alive, close", b"close"),
    ],
)
def test_the_client_says_whether_the_connection_stays(version: bytes, said: bytes | None, answer: bytes) -> None:
    assert connection_of(version, *([] if said is None else [said])) == answer


def test_several_headers_of_the_connection_count_together() -> None:
    assert connection_of(b"1.1", b"close", b"TE") == b"close"


def test_a_request_goes_where_its_base_url_says() -> None:
    found = http11.request(Head("GET", "/tb/chat/Dialog.json?limit=1", b"1.1", []), b"", "http://shop.example", "/tb")
    assert (found.url, found.prefix, found.path, found.query) == (
        "http://shop.example/tb/chat/Dialog.json?limit=1",
        "/tb",
        "/chat/Dialog.json",
        "limit=1",
    )


# --- responses ---


class Socket:
    """As much of a socket as http.client needs to read a response."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def decode(data: bytes, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    response = HTTPResponse(Socket(data), method=method)
    response.begin()
    return response.status, dict(response.getheaders()), response.read()


@given(
    st.integers(200, 599), st.lists(st.tuples(names, st.just(b"a")), unique=True, max_size=4), st.binary(max_size=99)
)
def test_a_response_is_read_as_it_was_written(status: int, headers: list[Any], body: bytes) -> None:
    found, found_headers, found_body = decode(encode(Response(status, headers, body), "GET"))
    without_body = status in (204, 304)
    measured = {} if without_body else {"Content-Length": str(len(body))}
    assert (found, found_body) == (status, b"" if without_body else body)
    assert found_headers == {name.decode(): value.decode() for name, value in headers} | measured


@pytest.mark.parametrize(
    ("method", "headers", "length"),
    [
        ("GET", [(b"Content-Length", b"2")], "2"),
        ("GET", [(b"content-length", b"700")], "2"),  # else the next answer would be lost in this one
        ("GET", [(b"Content-Length", b"2"), (b"Content-Length", b"2")], "2"),
        ("GET", [(b"Transfer-Encoding", b"chunked"), (b"Connection", b"close"), (b"Keep-Alive", b"max=1")], "2"),
        ("HEAD", [(b"Content-Length", b"700")], "700"),
        ("HEAD", [], "2"),
    ],
)
def test_the_length_is_that_of_the_body(method: str, headers: list[Any], length: str) -> None:
    data = encode(Response(200, headers, b"ok"), method)
    _, found, body = decode(data, method)
    assert ({name.lower(): value for name, value in found.items()}, body) == (
        {"content-length": length},
        b"" if method == "HEAD" else b"ok",
    )
    assert data.lower().count(b"content-length") == 1


def test_no_content_has_no_length() -> None:
    assert encode(Response(204, [(b"Content-Length", b"0")], b""), "GET") == b"HTTP/1.1 204 No Content\r\n\r\n"


def test_what_is_said_of_the_connection_stands_last() -> None:
    assert encode(Response(299, [], b"ok"), "GET", b"close").splitlines()[:3] == [
        b"HTTP/1.1 299 ",
        b"Content-Length: 2",
        b"Connection: close",
    ]
