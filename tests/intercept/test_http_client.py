"""Connections of http.client: what is written by hand, and what code may ask of a socket."""

from __future__ import annotations

import http.client
import json
import socket

import pytest
import requests
import requests.adapters
from support.elsewhere import another_server
from support.posting import API
from support.ways import PATH, TLS, URL

from pytest_qbchat import FakeQuickBlox


def test_a_malformed_url_raises_the_error_of_the_library() -> None:
    with another_server() as url, FakeQuickBlox().intercept() as fake:
        line = http.client.HTTPConnection(url.removeprefix("http://"))
        line.request("GET", None)  # type: ignore[arg-type]
        assert line.getresponse().read() == b"another server"
        with pytest.raises(ValueError, match="Invalid IPv6 URL"):
            line.putrequest("GET", "http://[/")
        line.close()
        with pytest.raises(requests.exceptions.InvalidURL):
            requests.get("https:///chat/Message.json", timeout=5)
    assert len(fake.calls) == 0


def test_an_incomplete_request_gets_a_disconnect(qbchat: FakeQuickBlox) -> None:
    line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    line.putrequest("POST", PATH)
    line.putheader("Content-Length", "7")
    line.endheaders()
    with pytest.raises(http.client.RemoteDisconnected):
        line.getresponse()
    line.close()
    assert len(qbchat.calls) == 0


def test_a_socket_without_an_address_raises_the_error_of_python(qbchat: FakeQuickBlox) -> None:
    with socket.socket() as unconnected, pytest.raises(TypeError):
        unconnected.connect(())
    assert len(qbchat._backend.problems.drain()) == 0


def test_headers_that_are_too_large_are_refused_as_by_the_live_server(qbchat: FakeQuickBlox) -> None:
    refused = requests.post(URL, timeout=5, headers={"X-Large": "a" * 70_000})
    text = "the headers are larger than 65536 bytes"
    assert (refused.status_code, refused.json()) == (431, {"code": None, "message": text})
    with pytest.raises(AssertionError, match=f"{API} received data that is not an HTTP/1.1 request: {text}"):
        qbchat._backend.raise_problems()


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ({"Transfer-Encoding": "chunked"}, b"2\r\n{}\r\n0\r\n\r\n"),
        ({"Content-Length": "2", "x-none": ""}, b"{}"),
    ],
    ids=["chunks", "an empty header"],
)
def test_a_request_written_by_hand_arrives(qbchat: FakeQuickBlox, headers: dict[str, str], sent: bytes) -> None:
    line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    for _ in range(2):
        line.putrequest("POST", "/session.json")
        for name, value in headers.items():
            line.putheader(name, value)
        line.endheaders()
        for position in range(len(sent)):
            line.send(sent[position : position + 1])
        assert line.getresponse().read()
    line.close()
    assert [call.request.body for call in qbchat.calls] == [b"{}"] * 2


def test_a_request_that_is_not_http_is_refused_as_by_the_live_server(qbchat: FakeQuickBlox) -> None:
    line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    for _ in range(2):
        line.connect()
        line.send(b"EHLO shop\r\n\r\n")
        line.send(b"QUIT\r\n")
        assert b" 400 " in line.sock.makefile().readline()
        line.close()
    assert len(qbchat._backend.problems.drain()) == 2
    assert len(qbchat.calls) == 0


def test_bytes_that_are_written_to_a_connected_socket_arrive(qbchat: FakeQuickBlox) -> None:
    line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    line.connect()
    line.send(b"GET /session.json HTTP/1.1\r\nHost: api.quickblox.com\r\n\r\n")
    assert qbchat.calls.one().status == 401


def test_a_response_class_of_the_code_under_test_is_used(qbchat: FakeQuickBlox) -> None:
    class Response(http.client.HTTPResponse):
        pass

    line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    line.response_class = Response
    for _ in range(2):
        line.request("GET", "/session.json")
        with line.getresponse() as response:
            assert (type(response), response.status, json.load(response)["errors"] != []) == (Response, 401, True)
    line.close()


def test_the_socket_of_a_connection_names_its_peer_and_has_no_recv(qbchat: FakeQuickBlox) -> None:
    line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    line.connect()
    assert line.sock.getpeername() == ("api.quickblox.com", 443)
    line.request("GET", "/session.json")
    assert line.sock.getpeername() == ("api.quickblox.com", 443)
    with pytest.raises(AttributeError, match="'FakeSocket' object has no attribute 'recv'"):
        line.sock.recv(1)
    line.close()


def test_the_socket_of_a_connection_accepts_options(qbchat: FakeQuickBlox) -> None:
    line = http.client.HTTPSConnection("api.quickblox.com", timeout=3, context=TLS)
    line.connect()
    assert line.sock.gettimeout() == 3
    line.sock.settimeout(7)
    assert line.sock.gettimeout() == 7
    line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.request("GET", "/session.json")
    assert line.getresponse().read()
    line.sock.shutdown(socket.SHUT_RDWR)
    line.close()
    assert qbchat.calls.one().status == 401
