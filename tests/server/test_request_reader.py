"""The requests of the live server: h11's verdict on them, in whatever pieces they come, and limits on sizes."""

from __future__ import annotations

import re
from itertools import pairwise

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_qbchat.server import http11
from pytest_qbchat.server.http11 import Head, RequestReader, destination
from pytest_qbchat.service import wire

LINE = b"GET / HTTP/1.1\r\nHost: shop\r\n"
CHUNKED = LINE + b"Transfer-Encoding: chunked\r\n\r\n"


def outcome(pieces: list[bytes]) -> list[object]:
    """The requests in bytes that come in these pieces, and the refusal after them."""
    reader = RequestReader()
    found: list[object] = []
    try:
        for piece in pieces:
            request = reader.read(piece)
            while request is not None:
                found.append(request)
                request = reader.read(b"")
    except h11.RemoteProtocolError as error:
        found.append((error.error_status_hint, str(error)))
    return found


def verdict(data: bytes) -> list[object]:
    """What h11 itself makes of the same bytes."""
    connection = h11.Connection(h11.SERVER, http11.MAX_HEAD_SIZE)
    if data:
        connection.receive_data(data)
    found: list[object] = []
    body = b""
    try:
        while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                headers, is_last = [*map(tuple, request.headers.raw_items())], connection.their_state is h11.MUST_CLOSE
                found.append((Head(request.method.decode(), request.target.decode(), headers, is_last), body))
                rest, _ = connection.trailing_data
                return [*found, *verdict(rest)] if rest else found
    except h11.RemoteProtocolError as error:
        found.append((error.error_status_hint, re.sub(r": bytearray\(.*", "", str(error))))
    return found


def cut(data: bytes, positions: set[int]) -> list[bytes]:
    edges = [0, *sorted(position for position in positions if position < len(data)), len(data)]
    return [data[start:end] for start, end in pairwise(edges) if start < end]


names = st.from_regex(rb"X-[A-Za-z0-9!#$%&'*+.^_`|~-]{0,12}", fullmatch=True)
values = st.from_regex(rb"[!-~\x80-\xff]{0,20}", fullmatch=True)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request as a client may send it."""
    method = draw(st.sampled_from([b"GET", b"POST", b"PUT", b"PATCH", b"DELETE"]))
    target = draw(st.from_regex(rb"/[!-~]{0,30}", fullmatch=True))
    headers = [(b"Host", b"shop"), *draw(st.lists(st.tuples(names, values), max_size=4))]
    chunks = draw(st.lists(st.binary(min_size=1, max_size=40), max_size=4))
    if draw(st.booleans()):
        headers.append((b"transfer-Encoding", b"Chunked"))
        trailer = draw(st.sampled_from([b"", b"X-Sum: 7\r\n"]))
        body = b"".join(b"%X;a=b\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n%b\r\n" % trailer
    else:
        body = b"".join(chunks)
        headers.append((b"Content-Length", b"%d" % len(body)))
    lines = b"".join(b"%b: %b\r\n" % header for header in headers)
    return b"%b %b HTTP/1.%d\r\n%b\r\n%b" % (method, target, draw(st.integers(0, 1)), lines, body)


@given(st.lists(requests(), min_size=1, max_size=3), st.sets(st.integers(1, 600)))
def test_requests_are_read_as_by_h11_in_whatever_pieces_they_come(sent: list[bytes], positions: set[int]) -> None:
    data = b"".join(sent)
    found = outcome(cut(data, positions))
    assert len(found) == len(sent)
    assert found == outcome([data]) == verdict(data)


@given(st.binary(max_size=300) | st.tuples(st.just(CHUNKED), st.binary(max_size=300)).map(b"".join))
def test_any_bytes_get_the_verdict_of_h11(data: bytes) -> None:
    assert outcome([data]) == verdict(data)


MALFORMED = {
    "no version": b"GET /\r\n\r\n",
    "TLS": b"\x16\x03\x01",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": LINE + b"Host: shop\r\n\r\n",
    "a space before a colon": LINE + b"QB-Token : made-up\r\n\r\n",
    "a header without a colon": LINE + b"Host\r\n\r\n",
    "a header without a name": LINE + b": shop\r\n\r\n",
    "NUL in a value": LINE + b"A: b\0\r\n\r\n",
    "a negative length": LINE + b"Content-Length: -1\r\n\r\n",
    "an endless length": LINE + b"Content-Length: %b\r\n\r\n" % (b"9" * 5000),
    "two lengths": LINE + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a chunk without a size": CHUNKED + b"\r\n",
    "a chunk whose size is negative": CHUNKED + b"-5\r\n",
    "a chunk that is longer than its size": CHUNKED + b"2\r\nabc\r\n0\r\n\r\n",
    "a trailer without a colon": CHUNKED + b"0\r\nnothing\r\n\r\n",
}


@pytest.mark.parametrize("row", MALFORMED)
def test_a_request_that_rfc_9112_forbids_is_refused(row: str) -> None:
    [refusal] = outcome([MALFORMED[row]])
    assert [refusal] == verdict(MALFORMED[row])
    assert isinstance(refusal, tuple)
    assert refusal[0] == 400


TOO_LARGE = {
    "headers": (LINE + b"A: " + b"a" * 70_000 + b"\r\n\r\n", 431, "the headers are larger than 65536 bytes"),
    "headers that do not end": (LINE + b"A: " + b"a" * 70_000, 431, "Receive buffer too long"),
    "trailers that do not end": (CHUNKED + b"0\r\nA: " + b"a" * 70_000, 431, "Receive buffer too long"),
    "a target": (LINE.replace(b"/ ", b"/%b " % (b"a" * 9000)) + b"\r\n", 414, "the target is longer than 8192 bytes"),
    "a length": (LINE + b"Content-Length: 134217729\r\n\r\n", 413, "the body is larger than 134217728 bytes"),
}


@pytest.mark.parametrize("row", TOO_LARGE)
def test_a_request_that_is_too_large_is_refused_before_it_is_complete(row: str) -> None:
    data, status, text = TOO_LARGE[row]
    assert outcome([data]) == [(status, text)]


def test_chunks_that_are_too_large_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_BODY_SIZE", 999)
    assert outcome([CHUNKED + b"3e8\r\n" + b"a" * 1000]) == [(413, "the body is larger than 999 bytes")]


def test_the_largest_length_is_not_too_large() -> None:
    assert outcome([LINE + b"Content-Length: %d\r\n\r\n" % wire.MAX_BODY_SIZE]) == []


def test_the_method_is_in_upper_case() -> None:
    [(head, _)] = outcome([LINE.replace(b"GET", b"get") + b"\r\n"])  # type: ignore[misc]
    assert head.method == "GET"


@pytest.mark.parametrize(("said", "expected"), [(b"100-Continue", [False, True, False]), (b"", [False, False, False])])
def test_a_client_that_waits_to_go_on_is_told_so_once(said: bytes, expected: list[bool]) -> None:
    reader = RequestReader()
    asked = [reader.expects_continue]
    assert reader.read(LINE + b"Content-Length: 2\r\nExpect: " + said + b"\r\n\r\n") is None
    asked += [reader.expects_continue, reader.expects_continue]
    assert asked == expected
    assert reader.read(b"hi") is not None


# --- where a request goes ---


def head(target: bytes, host: bytes | None) -> Head:
    return Head("GET", target.decode(), [] if host is None else [(b"Host", host)])


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
    assert destination(head(target, host)) == expected


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (b"*", b"shop.example"),
        (b"shop.example:443", b"shop.example"),
        (b"ftp://shop.example/", b"shop.example"),
        (b"http:///chat", b"shop.example"),
        (b"http://me:secret@shop.example/chat", b"shop.example"),
        (b"/chat", b"shop.example/x"),
        (b"/chat", b"shop.example:http"),
        (b"/chat", "schön.example".encode()),
    ],
)
def test_a_target_that_leads_nowhere_is_refused(target: bytes, host: bytes) -> None:
    with pytest.raises(h11.RemoteProtocolError) as refused:
        destination(head(target, host))
    assert refused.value.error_status_hint == 400
