"""HTTP of the live server as clients and browsers speak it."""

from __future__ import annotations

import json
import random
import socket
import urllib.request
from contextlib import ExitStack
from typing import Any, ClassVar

import httpx
import pytest
import requests
from support.connections import BODY, HEADERS, LISTED, PATH, PATIENCE, Line, posting
from support.ways import PLAIN_HTTP, TLS, TOKEN

from pytest_qbchat import FakeQuickBlox, LiveServer
from pytest_qbchat.server.live_server import LocalServer, Server
from pytest_qbchat.service import wire
from pytest_qbchat.service.hosts import Url
from pytest_qbchat.service.wire import Request, Response


def test_a_connection_stays_open(line: Line, qbchat_server: LiveServer) -> None:
    for number in range(50):
        line.send(posting(f"{number}"))
        assert line.answer().status == 201
    assert [message.message for message in qbchat_server.fake.posted] == [str(number) for number in range(50)]


def test_requests_in_one_packet_are_answered_in_their_order(line: Line, qbchat_server: LiveServer) -> None:
    line.send(b"".join(posting(f"{number}") for number in range(20)))
    texts = [json.loads(line.answer().body)["message"] for _ in range(20)]
    assert texts == [str(number) for number in range(20)]


def test_a_request_may_come_byte_by_byte(line: Line) -> None:
    line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in posting():
        line.send(bytes([byte]))
    assert line.answer().status == 201


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (posting("hi", b"Connection: close"), "close"),
        (posting(version="1.0"), "close"),
        (posting("hi", b"Connection: TE, Close"), "close"),
        (posting("hi", b"Connection: keep-alive", version="1.0"), "close"),
    ],
    ids=["close", "HTTP/1.0", "close among others", "HTTP/1.0 and keep-alive"],
)
def test_a_connection_is_closed_if_the_client_asks_for_it(line: Line, request_: bytes, said: str) -> None:
    line.send(request_)
    answer = line.answer()
    assert (answer.status, answer.headers["Connection"], line.rest()) == (201, said, b"")


def test_a_client_that_has_closed_its_side_is_answered(line: Line) -> None:
    line.send(posting("one") + posting("two"))
    line.socket.shutdown(socket.SHUT_WR)
    assert [json.loads(line.answer().body)["message"] for _ in range(2)] == ["one", "two"]
    assert line.rest() == b""


def test_an_answer_to_head_has_no_body(line: Line, qbchat_server: LiveServer) -> None:
    qbchat_server.fake.router.head("/chat/Dialog.json").respond(json={"items": []})
    line.send(b"HEAD /chat/Dialog.json HTTP/1.1\r\nHost: shop\r\n\r\n" + posting())
    assert line.answer("HEAD").headers["Content-Length"] == "12"
    assert line.answer().status == 201


def test_a_body_may_come_in_chunks(line: Line, qbchat_server: LiveServer) -> None:
    start = (
        b"POST "
        + PATH.encode()
        + b" HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
    )
    start += b"QB-Token: " + TOKEN.encode() + b"\r\n\r\n"
    pieces = b"".join(b"%x;note=%d\r\n%b\r\n" % (len(part), 1, part) for part in (BODY[:7], BODY[7:30], BODY[30:]))
    line.send(start + pieces + b"0\r\nX-Checksum: 7\r\nX-Other: 8\r\n\r\n" + posting("after"))
    assert [line.answer().status, line.answer().status] == [201, 201]
    assert [message.message for message in qbchat_server.fake.posted] == ["hi", "after"]


def test_a_generator_is_sent_in_chunks_by_clients(qbchat_server: LiveServer) -> None:
    parts = iter([BODY[:9], BODY[9:]])
    answer = requests.post(qbchat_server.url + PATH, data=parts, headers=HEADERS, timeout=PATIENCE)
    assert answer.json()["message"] == "hi"


def test_a_client_that_expects_100_continue_gets_it(line: Line) -> None:
    head, _, body = posting("hi", b"Expect: 100-continue").partition(b"\r\n\r\n")
    line.send(posting() + head + b"\r\n\r\n")
    assert line.answer().status == 201
    assert line.file.readline() + line.file.readline() == b"HTTP/1.1 100 Continue\r\n\r\n"
    line.send(body)
    assert line.answer().status == 201


def test_a_client_that_expects_100_continue_with_a_large_body_is_refused_at_once(line: Line) -> None:
    line.send(
        b"POST / HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        % (wire.MAX_BODY_SIZE + 1)
    )
    assert line.answer().status == 413


def test_a_path_may_be_percent_encoded(line: Line, qbchat_server: LiveServer) -> None:
    user = qbchat_server.fake.add_user(login="cleo customer+1@shop.example")
    qbchat_server.fake.add_session(TOKEN, user)
    line.send(LISTED.replace(b"/chat/Dialog.json", b"/users/%3" + b"0.json") + b"\r\n")
    assert line.answer().status == 404
    path = b"/users/by_login.json?login=cleo%20customer%2B1%40shop.example"
    line.send(LISTED.replace(b"/chat/Dialog.json", path) + b"\r\n")
    assert json.loads(line.answer().body)["user"]["id"] == user.id


@PLAIN_HTTP
@pytest.mark.parametrize("host", ["http://api.quickblox.com", "HTTP://shop.example:8080"])
def test_a_target_may_be_a_whole_url(line: Line, qbchat_server: LiveServer, host: str) -> None:
    line.send(posting(path=host + PATH))
    assert line.answer().status == 201
    request = qbchat_server.fake.calls.one().request
    assert (request.url, request.path) == (host.lower().replace("HTTP", "http") + PATH, PATH)


@PLAIN_HTTP
def test_the_server_answers_as_a_proxy(qbchat_server: LiveServer) -> None:
    with httpx.Client(proxy=qbchat_server.url, verify=TLS) as client:
        answer = client.post("http://api.quickblox.com" + PATH, content=BODY, headers=HEADERS)
    assert answer.status_code == 201
    assert qbchat_server.fake.calls.one().request.url == "http://api.quickblox.com" + PATH


@pytest.mark.parametrize("prefix", ["", "/quickblox", "/tb/quickblox", "/chat/v2", "/users"])
@pytest.mark.parametrize("suffix", ["", ".json"])
def test_a_base_url_may_have_a_path(qbchat_server: LiveServer, prefix: str, suffix: str) -> None:
    url = f"{qbchat_server.url}{prefix}/chat/Message{suffix}"
    assert requests.post(url, data=BODY, headers=HEADERS, timeout=PATIENCE).status_code == 201
    request = qbchat_server.fake.calls.one().request
    assert (request.prefix, request.path, request.url) == (prefix, f"/chat/Message{suffix}", url)


def test_a_path_without_a_known_beginning_has_no_prefix(qbchat_server: LiveServer) -> None:
    with qbchat_server.fake.expect_refused("GET", "/shop/orders"):
        assert httpx.get(qbchat_server.url + "/shop/orders", verify=TLS).status_code == 404
    with qbchat_server.fake.expect_refused("GET", "/data/Customer/7.json"):
        assert httpx.get(qbchat_server.url + "/tb/data/Customer/7.json", verify=TLS).status_code == 404


@pytest.mark.long
def test_a_file_of_50_megabytes_goes_up_and_comes_down(qbchat_server: LiveServer) -> None:
    content = random.Random(7).randbytes(1024) * (50 * 1024)
    url = qbchat_server.url
    blob = {"blob": {"content_type": "video/mp4", "name": "unboxing.mp4"}}
    with httpx.Client(base_url=url, headers={"QB-Token": TOKEN}, verify=TLS, timeout=PATIENCE) as client:
        created = client.post("/blobs.json", json=blob).json()["blob"]
        where, _, query = created["blob_object_access"]["params"].partition("?")
        fields = {name: values[0] for name, values in urllib.parse.parse_qs(query).items()}
        assert where.startswith(url)
        assert client.post(where, data=fields, files={"file": content}).status_code == 201
        size = {"blob": {"size": len(content)}}
        assert client.put(f"/blobs/{created['id']}/complete.json", json=size).status_code == 200
        got = client.get(f"/blobs/{created['id']}.json", follow_redirects=True)
    assert qbchat_server.fake.blobs.one().content == content
    assert got.status_code == 200


def test_a_preflight_request_allows_the_headers_that_it_asks_for(line: Line) -> None:
    line.send(
        b"OPTIONS /chat/Message.json HTTP/1.1\r\nHost: shop\r\nOrigin: https://shop.example\r\n"
        b"Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type,qb-token\r\n\r\n"
    )
    answer = line.answer()
    assert answer.status == 200
    assert {name: value for name, value in answer.headers.items() if name.startswith("Access-Control")} == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS, PATCH",
        "Access-Control-Allow-Headers": "content-type,qb-token",
        "Access-Control-Max-Age": "86400",
    }


def test_a_preflight_request_without_headers_allows_every_header(line: Line, qbchat_server: LiveServer) -> None:
    line.send(b"OPTIONS /chat/Message.json HTTP/1.1\r\nHost: shop\r\nOrigin: https://shop.example\r\n\r\n")
    assert line.answer().headers["Access-Control-Allow-Headers"] == "*"
    assert len(qbchat_server.fake.calls) == 0


@pytest.mark.parametrize("path", [PATH, "/data/Order.json"])
def test_a_page_of_any_origin_may_read_the_answer(line: Line, qbchat_server: LiveServer, path: str) -> None:
    with ExitStack() as stack:
        if path != PATH:
            stack.enter_context(qbchat_server.fake.expect_refused("POST", path))
        line.send(posting("hi", b"Origin: https://shop.example", path=path))
        answer = line.answer()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == "QB-Token-ExpirationDate"


def test_a_request_without_an_origin_gets_no_cors_headers(line: Line, qbchat_server: LiveServer) -> None:
    line.send(posting())
    assert not [name for name in line.answer().headers if name.startswith("Access-Control")]
    with qbchat_server.fake.expect_refused("OPTIONS", PATH):
        line.send(b"OPTIONS /chat/Message.json HTTP/1.1\r\nHost: shop\r\n\r\n")
        assert line.answer().status == 404


def test_a_route_of_the_test_may_allow_one_origin_alone(line: Line, qbchat_server: LiveServer) -> None:
    allowed = {"Access-Control-Allow-Origin": "https://shop.example"}
    qbchat_server.fake.router.post(PATH).respond(202, headers=allowed)
    line.send(posting("hi", b"Origin: https://shop.example"))
    assert line.answer().headers.get_all("Access-Control-Allow-Origin") == ["https://shop.example"]


# --- the server for clients in this process ---


def test_a_request_to_the_loopback_server_that_is_not_http_fails_the_test(qbchat: FakeQuickBlox) -> None:
    fakes: list[Any] = [qbchat._backend]
    server = LocalServer(lambda: fakes[0] if fakes else None, Url("https", "api.quickblox.com", 443, ""))
    with server, Line(server) as line:
        line.send(b"EHLO shop\r\n\r\n")
        assert line.answer().status == 400
    [problem] = qbchat._backend.problems.drain()
    assert problem.text.startswith("https://api.quickblox.com received data that is not an HTTP/1.1 request: ")
    fakes.clear()
    with server, Line(server) as line, Line(server) as other:
        line.send(b"EHLO shop\r\n\r\n")
        assert line.answer().status == 400
        other.send(posting())
        assert other.rest() == b""


def test_a_request_that_is_not_http_fails_no_test_at_the_live_server(
    qbchat: FakeQuickBlox, qbchat_server: LiveServer
) -> None:
    with Line(qbchat_server) as line:
        line.send(b"EHLO shop\r\n\r\n")
        assert line.answer().status == 400
    assert len(qbchat._backend.problems.drain()) == 0


def test_a_server_without_a_test_logs_the_error_of_its_answer() -> None:
    class Broken(Server):
        logged: ClassVar[list[str]] = []

        async def answer(self, request: Request) -> Response:
            raise KeyError("order")

        def log(self, line: str) -> None:
            self.logged.append(line)

    with Broken() as server, Line(server) as line:
        line.send(posting())
        assert line.rest() == b""
    assert Broken.logged == ["a route of qbchat.router raised KeyError: 'order'"]
