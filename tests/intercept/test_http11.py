"""HTTP/1.1 as bytes: what comes in pieces is read as if it came whole, and what is no request is refused."""

from __future__ import annotations

import io
from dataclasses import dataclass
from http.client import HTTPResponse
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_qbchat.intercept import http11
from pytest_qbchat.intercept.http11 import Head, MalformedRequestError, Reader, destination, encode, parse_head
from pytest_qbchat.service.wire import Response


def read_all(pieces: list[bytes]) -> list[tuple[Head, bytes]]:
    """What a reader makes of bytes that come in these pieces."""
    reader, found = Reader(), []
    for piece in pieces:
        reader.feed(piece)
        while (request := reader.request()) is not None:
            found.append(request)
    assert len(reader) == 0
    return found


def head(*lines: bytes) -> Head:
    return parse_head(b"\r\n".join(lines))


# --- whole or in pieces ---


@dataclass(frozen=True)
class Sent:
    """A request as bytes, and what it says."""

    data: bytes
    head: Head
    body: bytes


names = st.from_regex(rb"X-[A-Za-z0-9!#$%&'*+.^_`|~-]{0,12}", fullmatch=True)
values = st.binary(max_size=20).map(lambda raw: raw.translate(None, b"\0\r\n").strip(b" \t"))
targets = st.from_regex(rb"/[!-~]{0,30}", fullmatch=True)


@st.composite
def requests(draw: Any) -> Sent:
    method, target = draw(st.sampled_from([b"GET", b"POST", b"PUT", b"PATCH", b"DELETE"])), draw(targets)
    version = draw(st.sampled_from([b"HTTP/1.1", b"HTTP/1.0"]))
    headers = draw(st.lists(st.tuples(names, values), max_size=4))
    padding = draw(st.sampled_from([b"", b" ", b" \t"]))
    kind = draw(st.sampled_from(["no body", "a length", "chunks"]))
    chunks = draw(st.lists(st.binary(min_size=1, max_size=40), max_size=4)) if kind != "no body" else []
    body = sent = b"".join(chunks)
    if kind == "a length":
        headers.append((b"Content-Length", b"%d" % len(body)))
    elif kind == "chunks":
        headers.append((b"transfer-Encoding", b"Chunked"))
        extension, trailer = draw(st.sampled_from([b"", b";a=b"])), draw(st.sampled_from([b"", b"X-Sum: 7\r\n"]))
        sent = b"".join(b"%X%b\r\n%b\r\n" % (len(chunk), extension, chunk) for chunk in chunks)
        sent += b"0%b\r\n%b\r\n" % (extension, trailer)
    lines = b"".join(b"%b:%b%b%b\r\n" % (name, padding, value, padding) for name, value in headers)
    before = draw(st.sampled_from([b"", b"\r\n", b"\r\n\r\n"]))
    data = b"%b%b %b %b\r\n%b\r\n%b" % (before, method, target, version, lines, sent)
    return Sent(data, Head(method.decode(), target.decode(), version, headers), body)


def cut(data: bytes, positions: set[int]) -> list[bytes]:
    edges = [0, *sorted(position for position in positions if position < len(data)), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@given(st.lists(requests(), min_size=1, max_size=3), st.sets(st.integers(1, 600)))
def test_requests_are_read_the_same_in_whatever_pieces_they_come(sent: list[Sent], positions: set[int]) -> None:
    data = b"".join(each.data for each in sent)
    assert read_all(cut(data, positions)) == [(each.head, each.body) for each in sent]


@given(requests())
def test_requests_are_read_byte_by_byte(sent: Sent) -> None:
    assert read_all([bytes([byte]) for byte in sent.data]) == [(sent.head, sent.body)]


@given(st.binary(max_size=300), st.sets(st.integers(1, 300)))
def test_any_bytes_are_refused_or_waited_on_in_whatever_pieces_they_come(data: bytes, positions: set[int]) -> None:
    def outcome(pieces: list[bytes]) -> str:
        reader = Reader()
        try:
            for piece in pieces:
                reader.feed(piece)
                while reader.request() is not None:
                    pass
        except MalformedRequestError as error:
            return f"{error.status} {error}"
        return "nothing yet"

    start = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    for before in (b"", start):
        whole = outcome([before + data])
        assert whole == outcome([before, *cut(data, positions)])
        assert whole.startswith(("400 ", "nothing yet"))


# --- what is no request ---

LINE = b"GET / HTTP/1.1\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
MALFORMED = {
    "no version": (b"GET /\r\n\r\n", "the request line is not HTTP/1.1"),
    "another protocol": (b"PRI * HTTP/2.0\r\n\r\n", "the request line is not HTTP/1.1"),
    "a longer version": (b"GET / HTTP/1.1.1\r\n\r\n", "the request line is not HTTP/1.1"),
    "two spaces": (b"GET  / HTTP/1.1\r\n\r\n", "the request line is not HTTP/1.1"),
    "a target that is not ASCII": ("GET /ä HTTP/1.1\r\n\r\n".encode(), "the request line is not HTTP/1.1"),
    "a target with NUL": (b"GET /\0 HTTP/1.1\r\n\r\n", "the request line is not HTTP/1.1"),
    "TLS": (b"\x16\x03\x01", "this is not HTTP/1.1"),
    "a space first": (b" GET", "this is not HTTP/1.1"),
    "lines that end in LF": (b"GET / HTTP/1.1\n", "lines must end in CR and LF"),
    "a header without a colon": (LINE + b"Host\r\n\r\n", "a header has no name, no colon"),
    "a header without a name": (LINE + b": shop\r\n\r\n", "a header has no name, no colon"),
    "a folded header": (LINE + b"A: b\r\n c: d\r\n\r\n", "a header has no name, no colon"),
    "NUL in a name": (LINE + b"A\0: b\r\n\r\n", "a header has no name, no colon"),
    "NUL in a value": (LINE + b"A: b\0\r\n\r\n", "a header has no name, no colon"),
    "LF in a value": (LINE + b"A: b\nC: d\r\n\r\n", "a header has no name, no colon"),
    "CR in a value": (LINE + b"A: b\rC: d\r\n\r\n", "a header has no name, no colon"),
    "a negative length": (LINE + b"Content-Length: -1\r\n\r\n", "Content-Length is not a number"),
    "an empty length": (LINE + b"Content-Length:\r\n\r\n", "Content-Length is not a number"),
    "an endless length": (LINE + b"Content-Length: %b\r\n\r\n" % (b"9" * 5000), "Content-Length is not a number"),
    "two lengths": (LINE + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "Content-Length is not a number"),
    "digits that are not ASCII": (LINE + "Content-Length: ٣\r\n\r\n".encode(), "Content-Length is not a number"),
    "another encoding": (LINE + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "Transfer-Encoding is not chunked"),
    "nearly the encoding": (LINE + b"Transfer-Encoding: xchunked\r\n\r\n", "Transfer-Encoding is not chunked"),
    "a length and chunks": (
        LINE + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "both Transfer-Encoding and Content-Length are given",
    ),
    "a chunk without a size": (CHUNKED + b"\r\n", "a chunk has no size"),
    "a chunk whose size is no number": (CHUNKED + b"0x5\r\n", "a chunk has no size"),
    "a chunk whose size is negative": (CHUNKED + b"-5\r\n", "a chunk has no size"),
    "a chunk whose size is endless": (CHUNKED + b"F" * 5000 + b"\r\n", "a chunk has no size"),
    "a chunk whose size does not end": (CHUNKED + b"1" * 70_000, "a chunk has no size"),
    "a chunk that is longer than its size": (CHUNKED + b"2\r\nabc\r\n0\r\n\r\n", "a chunk is longer than its size"),
}


@pytest.mark.parametrize("row", MALFORMED)
def test_what_is_no_request_is_refused(row: str) -> None:
    data, text = MALFORMED[row]
    reader = Reader()
    reader.feed(data)
    with pytest.raises(MalformedRequestError, match=text) as refused:
        reader.request()
    assert refused.value.status == 400


TOO_LARGE = {
    "headers": (LINE + b"A: " + b"a" * 70_000 + b"\r\n\r\n", 431, "the headers are larger than 65536 bytes"),
    "headers that do not end": (LINE + b"A: " + b"a" * 70_000, 431, "the headers are larger than 65536 bytes"),
    "trailers": (CHUNKED + b"0\r\nA: " + b"a" * 70_000 + b"\r\n\r\n", 431, "the headers after the chunks are larger"),
    "trailers that do not end": (CHUNKED + b"0\r\nA: " + b"a" * 70_000, 431, "the headers after the chunks are larger"),
    "a length": (LINE + b"Content-Length: 134217729\r\n\r\n", 413, "the body is larger than 134217728 bytes"),
    "a chunk": (CHUNKED + b"8000001\r\n", 413, "the body is larger than 134217728 bytes"),
    "chunks together": (CHUNKED + b"1\r\na\r\n8000000\r\n", 413, "the body is larger than 134217728 bytes"),
}


@pytest.mark.parametrize("row", TOO_LARGE)
def test_what_is_too_large_is_refused_before_it_has_come(row: str) -> None:
    data, status, text = TOO_LARGE[row]
    reader = Reader()
    reader.feed(data)
    with pytest.raises(MalformedRequestError, match=text) as refused:
        reader.request()
    assert refused.value.status == status


def test_the_largest_length_is_not_too_large() -> None:
    reader = Reader()
    reader.feed(LINE + b"Content-Length: %d\r\n\r\n" % http11.MAX_BODY_SIZE)
    assert reader.request() is None


# --- what a head says ---


@pytest.mark.parametrize(
    ("version", "said", "answer"),
    [
        (b"HTTP/1.1", None, b""),
        (b"HTTP/1.1", b"keep-alive", b""),
        (b"HTTP/1.1", b"Close", b"close"),
        (b"HTTP/1.1", b"TE, close", b"close"),
        (b"HTTP/1.0", None, b"close"),
        (b"HTTP/1.0", b"Keep-Alive", b"keep-alive"),
        (b"HTTP/1.0", b"keep-alive, close", b"close"),
    ],
)
def test_the_client_says_whether_the_connection_stays(version: bytes, said: bytes | None, answer: bytes) -> None:
    headers = [] if said is None else [b"Connection: " + said]
    assert head(b"GET / " + version, *headers).connection == answer


def test_several_headers_of_the_connection_count_together() -> None:
    assert head(b"GET / HTTP/1.1", b"Connection: close", b"connection: TE").connection == b"close"


def test_the_method_is_in_upper_case() -> None:
    assert head(b"get / HTTP/1.1").method == "GET"


@pytest.mark.parametrize(
    ("target", "host", "expected"),
    [
        (b"/chat?a=b", b"shop.example:8080", ("shop.example:8080", "/chat?a=b")),
        (b"/chat", None, ("localhost", "/chat")),
        (b"/chat", b"", ("localhost", "/chat")),
        (b"//chat", b"[::1]:80", ("[::1]:80", "//chat")),
        (b"http://shop.example/chat?a=b", b"proxy.example", ("shop.example", "/chat?a=b")),
        (b"HTTPS://shop.example:443", None, ("shop.example:443", "/")),
        (b"http://shop.example?a=b", None, ("shop.example", "/?a=b")),
    ],
)
def test_a_target_is_a_path_or_a_url(target: bytes, host: bytes | None, expected: tuple[str, str]) -> None:
    headers = [] if host is None else [b"Host: " + host]
    assert destination(head(b"GET " + target + b" HTTP/1.1", *headers)) == expected


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        (b"*", b"shop.example", 400),
        (b"shop.example:443", b"shop.example", 400),
        (b"ftp://shop.example/", b"shop.example", 400),
        (b"http:///chat", b"shop.example", 400),
        (b"http://me:secret@shop.example/chat", b"shop.example", 400),
        (b"/chat", b"shop.example/x", 400),
        (b"/chat", b"shop.example:http", 400),
        (b"/chat", "schön.example".encode(), 400),
        (b"/" + b"a" * 9000, b"shop.example", 414),
    ],
)
def test_a_target_that_leads_nowhere_is_refused(target: bytes, host: bytes, status: int) -> None:
    with pytest.raises(MalformedRequestError) as refused:
        destination(head(b"GET " + target + b" HTTP/1.1", b"Host: " + host))
    assert refused.value.status == status


@pytest.mark.parametrize(("said", "expected"), [(b"100-Continue", [False, True, False]), (b"", [False, False, False])])
def test_a_client_that_waits_to_go_on_is_told_so_once(said: bytes, expected: list[bool]) -> None:
    reader = Reader()
    asked = [reader.expects_continue]
    reader.feed(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: " + said + b"\r\n\r\n")
    assert reader.request() is None
    asked += [reader.expects_continue, reader.expects_continue]
    assert asked == expected


def test_a_request_goes_where_its_base_url_says() -> None:
    found = http11.request(head(b"GET /tb/chat/Dialog.json?limit=1 HTTP/1.1"), b"", "http://shop.example", "/tb")
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
