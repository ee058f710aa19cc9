"""Responses as bytes."""

from __future__ import annotations

import io
from http.client import HTTPResponse
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_qbchat.server.http11 import encode
from pytest_qbchat.service.wire import Response

names = st.from_regex(rb"X-[A-Za-z0-9!#$%&'*+.^_`|~-]{0,12}", fullmatch=True)


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


def test_a_response_without_content_has_no_length() -> None:
    assert encode(Response(204, [(b"Content-Length", b"0")], b""), "GET") == b"HTTP/1.1 204 No Content\r\n\r\n"


def test_the_connection_header_of_a_response_stands_last() -> None:
    assert encode(Response(299, [], b"ok"), "GET", is_last=True).splitlines()[:3] == [
        b"HTTP/1.1 299 ",
        b"Content-Length: 2",
        b"Connection: close",
    ]
