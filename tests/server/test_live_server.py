"""The live server: one state with the other fixtures, HTTP as clients speak it, and no request that breaks it."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import re
import socket
import ssl
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, parse_headers
from typing import Any, NamedTuple, Self

import h11
import httpx
import pytest
import requests
import respx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.profile import sized
from support.ways import DIALOG, TLS, TOKEN

from pytest_qbchat import FakeQuickBlox, LiveServer, QuickBloxWarning
from pytest_qbchat.fake.httpx_transport import QuickBloxTransport
from pytest_qbchat.server import http11
from pytest_qbchat.server import live_server as server_module

PATH = "/chat/Message.json"
BODY = json.dumps({"chat_dialog_id": DIALOG, "message": "hi"}).encode()
HEADERS = {"QB-Token": TOKEN, "Content-Type": "application/json"}
LISTED = b"GET /chat/Dialog.json HTTP/1.1\r\nHost: shop\r\nQB-Token: " + TOKEN.encode() + b"\r\n"
PATIENCE = 20  # seconds, for what happens at once


def posting(message: str = "hi", *headers: bytes, path: str = PATH, version: str = "1.1") -> bytes:
    """A request as bytes."""
    body = json.dumps({"chat_dialog_id": DIALOG, "message": message}).encode()
    lines = [b"POST %b HTTP/%b" % (path.encode(), version.encode()), b"Host: shop", b"QB-Token: " + TOKEN.encode()]
    lines += [b"Content-Type: application/json", b"Content-Length: %d" % len(body), *headers, b"", body]
    return b"\r\n".join(lines)


class Answer(NamedTuple):
    """A response as it came over the line."""

    status: int
    headers: Any
    body: bytes


class Line:
    """A connection of a client that is written by hand."""

    def __init__(self, server: LiveServer, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection((server.host, server.port), timeout=PATIENCE)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, method: str = "POST") -> Answer:
        version, status, _ = self.file.readline().split(b" ", 2)
        assert version == b"HTTP/1.1"
        headers = parse_headers(self.file)  # type: ignore[arg-type]
        length = 0 if method == "HEAD" else int(headers.get("Content-Length", "0"))
        return Answer(int(status), headers, self.file.read(length))

    def rest(self) -> bytes:
        """What comes until the server closes the connection."""
        try:
            return self.file.read()
        except ConnectionResetError:
            return b""

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@pytest.fixture
def line(qbchat_server: LiveServer) -> Iterator[Line]:
    with Line(qbchat_server) as line:
        yield line


@pytest.fixture
def server() -> Iterator[LiveServer]:
    """A server of which nobody asks afterwards what was refused."""
    with LiveServer(FakeQuickBlox()) as server:
        yield server


def post(server: LiveServer, message: str = "hi", **fields: Any) -> httpx.Response:
    return httpx.post(
        server.url + PATH,
        json={"chat_dialog_id": DIALOG, "message": message} | fields,
        headers={"QB-Token": TOKEN},
        verify=TLS,
    )


class Held(NamedTuple):
    """What a server and its process hold on to."""

    connections: int
    tasks: int
    timers: int
    threads: int
    descriptors: int


def until(server: LiveServer, condition: Callable[[], bool]) -> None:
    """Let the server go on until something is so."""

    async def wait() -> None:
        while not condition():
            await asyncio.sleep(0)

    asyncio.run_coroutine_threadsafe(wait(), server._loop).result(PATIENCE)


def held(server: LiveServer) -> Held:
    """What is still held when all that clients have closed is done with."""

    async def settle() -> tuple[int, int, int]:
        for turn in range(1000):
            if turn > 10 and not server.connections and len(asyncio.all_tasks()) == 2:  # this one, and the server's
                break
            await asyncio.sleep(0)
        waiting = sum(connection._timer is not None for connection in server.connections)
        return len(server.connections), len(asyncio.all_tasks()), waiting

    counts = asyncio.run_coroutine_threadsafe(settle(), server._loop).result(PATIENCE)
    gc.collect()  # for what other tests have left
    return Held(*counts, threading.active_count(), len(os.listdir("/proc/self/fd")))


def fail_to_connect(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


# --- one state ---


def test_the_server_alone_has_a_state(qbchat_server: LiveServer) -> None:
    assert post(qbchat_server).status_code == 201
    qbchat_server.fake.assert_posted(message="hi", times=1)


def test_all_fixtures_of_a_test_share_one_state(
    qbchat_server: LiveServer, qbchat: FakeQuickBlox, qbchat_transport: QuickBloxTransport
) -> None:
    assert post(qbchat_server, "by the server").status_code == 201
    httpx.post("https://api.quickblox.com" + PATH, content=BODY, headers=HEADERS, verify=TLS)
    with httpx.Client(transport=qbchat_transport) as client:
        client.post("https://shop.example" + PATH, content=BODY, headers=HEADERS)

    assert qbchat_server.fake is qbchat is qbchat_transport.fake
    assert [message.message for message in qbchat.posted] == ["by the server", "hi", "hi"]
    assert len({message.sender_id for message in qbchat.posted}) == 1


@pytest.mark.parametrize("text", ["one", "another"])
def test_two_tests_back_to_back_share_nothing(qbchat_server: LiveServer, text: str) -> None:
    post(qbchat_server, text)
    assert [message.message for message in qbchat_server.fake.posted] == [text]


def test_a_client_sees_what_the_test_declares_while_it_runs(qbchat_server: LiveServer, qbchat: FakeQuickBlox) -> None:
    dialog = qbchat.add_dialog(occupants_ids=[user := qbchat.add_user(full_name="Cleo Customer")])
    qbchat.add_session(TOKEN, user)
    reply = requests.get(qbchat_server.url + "/chat/Dialog.json", headers=HEADERS, timeout=PATIENCE).json()
    assert [item["_id"] for item in reply["items"]] == [dialog.id]


def test_the_url_says_where_it_listens(qbchat_server: LiveServer) -> None:
    assert qbchat_server.url == f"http://127.0.0.1:{qbchat_server.port}"
    assert qbchat_server.port > 0


# --- beginning and end ---


def test_a_server_stops_without_a_trace() -> None:
    gc.collect()  # for what other tests have left
    threads, descriptors = set(threading.enumerate()), len(os.listdir("/proc/self/fd"))
    with LiveServer(FakeQuickBlox()) as server:
        assert [thread.name for thread in set(threading.enumerate()) - threads] == ["qbchat-server"]
        assert post(server).status_code == 201
    server.stop()  # once more does nothing
    assert set(threading.enumerate()) == threads
    assert fail_to_connect(server.port)
    gc.collect()  # for what complains when it is thrown away, which -W error makes a failure
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_connections_that_are_kept_open_are_closed_at_the_end() -> None:
    with ExitStack() as stack:
        with LiveServer(FakeQuickBlox()) as server:
            lines = [stack.enter_context(Line(server)) for _ in range(3)]
            lines[0].send(posting())
            assert lines[0].answer().status == 201
            lines[1].send(posting()[:40])  # and one that is in the middle of a request
            held(server)
        assert [line.rest() for line in lines] == [b"", b"", b""]


def test_an_answer_that_is_under_way_is_cancelled_at_the_end() -> None:
    fake, begun, ended = FakeQuickBlox(), threading.Event(), threading.Event()

    async def wait(request: httpx.Request) -> httpx.Response:
        begun.set()
        try:
            return await asyncio.Event().wait()  # type: ignore[return-value]
        finally:
            ended.set()

    fake.router.get("/chat/Dialog.json").mock(side_effect=wait)
    with ExitStack() as stack:
        with LiveServer(fake) as server:
            line = stack.enter_context(Line(server))
            line.send(LISTED + b"\r\n")
            assert begun.wait(PATIENCE)
        assert ended.is_set()
        assert line.rest() == b""


def test_a_server_starts_again_where_it_was() -> None:
    server = LiveServer(FakeQuickBlox())
    with server:
        port = server.port
        post(server, "before")
    with server:
        post(server, "after")
    assert server.port == port
    assert len(server.fake.posted) == 2


def test_a_port_that_is_taken_is_an_error_that_leaves_nothing(qbchat_server: LiveServer) -> None:
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    second = LiveServer(FakeQuickBlox(), port=qbchat_server.port)
    with pytest.raises(OSError, match="in use"):
        second.start()
    second.stop()
    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == (threads, descriptors)


def test_a_thread_that_cannot_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    descriptors = len(os.listdir("/proc/self/fd"))
    server = LiveServer(FakeQuickBlox())
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        with pytest.raises(RuntimeError, match="new thread"):
            server.start()
    assert len(os.listdir("/proc/self/fd")) == descriptors
    with server:  # and it can be tried again
        assert post(server).status_code == 201


def test_the_fixture_costs_no_waiting(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(100))
        def test_it(qbchat_server, number):
            assert qbchat_server.port
        """
    )
    result = pytester.runpytest("-p", "no:randomly", "--durations=3", "--durations-min=0.5", "-vv")
    result.assert_outcomes(passed=100)
    result.stdout.no_fnmatch_line("*s setup *")
    result.stdout.no_fnmatch_line("*s teardown *")


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6 here")
def test_a_server_listens_at_ipv6() -> None:
    with LiveServer(FakeQuickBlox(), host="::1") as server:
        assert server.url == f"http://[::1]:{server.port}"
        assert post(server).status_code == 201
        assert server.fake.calls.one().request.origin == server.url


# --- problems ---

CLIENT = """
import json, pytest, urllib.error, urllib.request

def send(server, path="/chat/Message.json", **fields):
    body = json.dumps({"chat_dialog_id": "5d75327ba28f9a0f32cb0f99", "message": "hi"} | fields).encode()
    headers = {"QB-Token": "made-up-token-of-the-shop", "Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(server.url + path, body, headers)) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        return 0, type(error).__name__
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Run tests that call the server."""

    def run(tests: str, *args: str, fixtures: str = "") -> pytest.RunResult:
        pytester.makepyfile(CLIENT + tests)
        shown = ["-Walways::pytest_qbchat.QuickBloxWarning"]
        return pytester.runpytest("-p", "no:randomly", *shown, *args)

    return run


def test_an_unknown_route_is_answered_with_the_refusal_and_fails_the_test_once(run: Any) -> None:
    result = run(
        """
def test_it(qbchat_server):
    status, text = send(qbchat_server, "/events.json")
    assert status == 404
    print(text)

def test_the_next_one(qbchat_server):
    assert send(qbchat_server)[0] == 201
"""
    )
    result.assert_outcomes(failed=1, passed=1)
    reason = "the fake does not cover push events, and has no route POST /events.json"
    result.stdout.fnmatch_lines(
        [
            "*_ test_it _*",
            reason,
            "  if the call is right, answer it with qbchat.router.post('/events.json').respond(...), or expect *",
            f'{{"code":null,"message":"pytest-qbchat refused this call: {reason}\\n  if the call is right, *',
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_refusal_can_be_expected(qbchat_server: LiveServer) -> None:
    with qbchat_server.fake.expect_refused("GET", "/events.json"):
        answer = httpx.get(qbchat_server.url + "/events.json", verify=TLS)
    assert answer.status_code == 404
    assert "push events" in answer.json()["message"]


def test_a_warning_is_one_of_the_test(qbchat_server: LiveServer) -> None:
    with pytest.warns(QuickBloxWarning, match="sendToChat: became a custom field") as warned:
        assert post(qbchat_server, sendToChat=1).status_code == 201
    assert len(warned) == 1


def test_a_warning_is_reported_with_the_test(run: Any) -> None:
    result = run("def test_it(qbchat_server):\n    assert send(qbchat_server, sendToChat=1)[0] == 201\n")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*= warnings summary =*", "*::test_it", "*QuickBloxWarning: sendToChat: became *"])


def test_a_warning_that_is_an_error_fails_the_test_once(run: Any) -> None:
    result = run(
        "@pytest.mark.filterwarnings('error::pytest_qbchat.QuickBloxWarning')\n"
        "def test_it(qbchat_server):\n    assert send(qbchat_server, sendToChat=1)[0] == 201\n"
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*_ test_it _*", "QuickBloxWarning: sendToChat: became a custom field*"])


@pytest.mark.parametrize(
    ("side_effect", "text"),
    [
        ("KeyError('order')", "a route of qbchat.router raised KeyError: 'order'"),
        ("AssertionError('the order is missing')", "a route of qbchat.router raised AssertionError: the order is *"),
        ("lambda request: pytest.fail('not today')", "a route of qbchat.router raised Failed: not today"),
    ],
)
def test_what_a_route_of_the_test_raises_fails_the_test_once(run: Any, side_effect: str, text: str) -> None:
    result = run(
        f"""
def test_it(qbchat_server):
    qbchat_server.fake.router.post("/chat/Message.json").mock(side_effect={side_effect})
    assert send(qbchat_server)[0] == 0

import unittest

@pytest.mark.usefixtures("qbchat_server")
class TestOld(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def given(self, qbchat_server):
        self.server = qbchat_server

    def test_old(self):
        self.server.fake.router.post("/chat/Message.json").mock(side_effect={side_effect})
        assert send(self.server)[0] == 0
"""
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*_ test_it _*", text, "*_ TestOld.test_old _*", text])


# --- faults and routes of the test's own ---


def test_a_timeout_is_the_clients_own(qbchat_server: LiveServer) -> None:
    qbchat_server.fake.fail("timeout", stored=True)
    with pytest.raises(requests.ReadTimeout):
        requests.post(qbchat_server.url + PATH, data=BODY, headers=HEADERS, timeout=0.05)
    qbchat_server.fake.assert_posted(times=1)


def test_a_client_that_waits_for_an_answer_that_never_comes_is_heard_no_more(server: LiveServer) -> None:
    server.fake.fail("timeout")  # type: ignore[attr-defined]
    with Line(server) as line:
        line.send(posting())
        line.send(posting() * 2000)
        line.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            line.socket.recv(1)
        assert [len(connection._received) for connection in server.connections] == [0]
    assert held(server).connections == 0
    assert len(server.fake.calls) == 1  # type: ignore[attr-defined]


def test_a_client_that_sends_no_more_gets_no_answer_to_wait_for(server: LiveServer) -> None:
    server.fake.fail("timeout")  # type: ignore[attr-defined]
    with Line(server) as line:
        line.send(posting())
        line.socket.shutdown(socket.SHUT_WR)
        assert line.rest() == b""


def test_a_disconnect_is_the_clients_own(qbchat_server: LiveServer) -> None:
    qbchat_server.fake.fail("disconnect")
    with pytest.raises(httpx.RemoteProtocolError):
        post(qbchat_server)
    assert post(qbchat_server).status_code == 201
    qbchat_server.fake.assert_posted(times=1)


@pytest.mark.parametrize("what", [503, "malformed", "empty"])
def test_other_faults_come_over_the_line(qbchat_server: LiveServer, what: Any) -> None:
    qbchat_server.fake.fail(what)
    answer = post(qbchat_server)
    assert (answer.status_code, len(answer.content)) == {503: (503, len(answer.content)), "empty": (201, 0)}.get(
        what, (201, int(answer.headers["Content-Length"]))
    )
    with pytest.raises(ValueError, match=r"."):
        json.loads(answer.content if what != 503 else b"")
    assert post(qbchat_server).status_code == 201


@pytest.mark.parametrize("error", [httpx.ConnectError("gone"), ConnectionResetError("gone")], ids=repr)
def test_an_error_of_the_connection_in_a_route_is_a_disconnect(qbchat_server: LiveServer, error: Exception) -> None:
    qbchat_server.fake.router.post(PATH).mock(side_effect=error)
    with pytest.raises(httpx.RemoteProtocolError):
        post(qbchat_server)


@pytest.mark.parametrize("error", [httpx.ReadTimeout("late"), TimeoutError("late")], ids=repr)
def test_a_timeout_in_a_route_is_the_clients_own(qbchat_server: LiveServer, error: Exception) -> None:
    qbchat_server.fake.router.post(PATH).mock(side_effect=error)
    with pytest.raises(requests.ReadTimeout):
        requests.post(qbchat_server.url + PATH, data=BODY, headers=HEADERS, timeout=0.05)


def test_routes_of_the_test_answer_first(qbchat_server: LiveServer) -> None:
    async def queue(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        return httpx.Response(202, json={"queued": json.loads(request.content)["message"]})

    route = qbchat_server.fake.router.post(PATH).mock(side_effect=queue)
    qbchat_server.fake.router.get(path="/data/Customer/7.json").respond(json={"full_name": "Cleo Customer"})
    assert (post(qbchat_server).status_code, post(qbchat_server, "ho").json()) == (202, {"queued": "ho"})
    assert httpx.get(qbchat_server.url + "/data/Customer/7.json", verify=TLS).json() == {"full_name": "Cleo Customer"}
    assert route.call_count == 2
    assert str(route.calls.last.request.url) == qbchat_server.url + PATH
    qbchat_server.fake.assert_nothing_posted()


def test_a_route_may_pass_the_call_on(qbchat_server: LiveServer) -> None:
    qbchat_server.fake.router.post(PATH).mock(side_effect=[httpx.Response(503), respx.MockResponse(502)])
    qbchat_server.fake.router.get("/chat/Dialog.json").pass_through()
    assert [post(qbchat_server).status_code for _ in range(2)] == [503, 502]
    assert httpx.get(qbchat_server.url + "/chat/Dialog.json", headers=HEADERS, verify=TLS).status_code == 200


def test_a_stub_that_waits_holds_up_nobody_else(qbchat_server: LiveServer) -> None:
    go = asyncio.Event()

    async def wait(request: httpx.Request) -> httpx.Response:
        await go.wait()
        return httpx.Response(202)

    qbchat_server.fake.router.get("/chat/Dialog.json").mock(side_effect=wait)
    with Line(qbchat_server) as slow:
        slow.send(LISTED + b"\r\n")
        assert post(qbchat_server).status_code == 201
        until(qbchat_server, lambda: len(qbchat_server.connections) == 1)
        [connection] = qbchat_server.connections
        slow.send(posting("next"))
        slow.socket.shutdown(socket.SHUT_WR)
        until(qbchat_server, lambda: connection._at_eof)
        assert len(connection._received) == len(posting("next"))
        qbchat_server._loop.call_soon_threadsafe(go.set)
        assert [slow.answer().status, slow.answer().status, slow.rest()] == [202, 201, b""]


# --- HTTP as clients speak it ---


def test_a_connection_stays_open(line: Line, qbchat_server: LiveServer) -> None:
    for number in range(50):
        line.send(posting(f"{number}"))
        assert line.answer().status == 201
    assert [message.message for message in qbchat_server.fake.posted] == [str(number) for number in range(50)]


def test_requests_in_one_packet_are_answered_in_their_order(line: Line, qbchat_server: LiveServer) -> None:
    line.send(b"".join(posting(f"{number}") for number in range(20)))
    texts = [json.loads(line.answer().body)["message"] for _ in range(20)]
    assert texts == [str(number) for number in range(20)]


def test_a_client_that_takes_no_answers_is_not_read_on_and_on(qbchat_server: LiveServer) -> None:
    many, held_at_most = [posting(f"{number} " + "a" * 50_000) for number in range(400)], 0
    with Line(qbchat_server) as line:
        sender = threading.Thread(target=lambda: line.send(b"".join(many)))
        sender.start()
        until(qbchat_server, lambda: len(qbchat_server.connections) == 1)
        [connection] = qbchat_server.connections
        until(qbchat_server, lambda: not connection._writable.is_set())
        for number in range(400):
            assert json.loads(line.answer().body)["message"].startswith(f"{number} ")
            waiting = len(connection._received) + connection._transport.get_write_buffer_size()
            held_at_most = max(held_at_most, waiting)
        sender.join(PATIENCE)
    assert held_at_most < 1_000_000  # of 20 million
    assert len(qbchat_server.fake.posted) == 400


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
        (posting("hi", b"Connection: close", version="1.0"), "close"),
    ],
    ids=["close", "HTTP/1.0", "HTTP/1.0 and close"],
)
def test_a_connection_is_closed_for_whom_it_shall(line: Line, request_: bytes, said: str) -> None:
    line.send(request_)
    answer = line.answer()
    assert (answer.status, answer.headers["Connection"], line.rest()) == (201, said, b"")


def test_http_1_0_may_keep_a_connection(line: Line) -> None:
    for _ in range(2):
        line.send(posting("hi", b"Connection: Keep-Alive", version="1.0"))
        answer = line.answer()
        assert (answer.status, answer.headers["Connection"]) == (201, "keep-alive")


def test_a_client_that_has_said_all_is_answered(line: Line) -> None:
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


def test_a_client_may_ask_whether_to_go_on(line: Line) -> None:
    head, _, body = posting("hi", b"Expect: 100-continue").partition(b"\r\n\r\n")
    line.send(head + b"\r\n\r\n")
    assert line.file.readline() + line.file.readline() == b"HTTP/1.1 100 Continue\r\n\r\n"
    line.send(body)
    assert line.answer().status == 201


def test_a_client_that_asks_and_is_too_large_is_told_at_once(line: Line) -> None:
    line.send(
        b"POST / HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        % (http11.MAX_BODY_SIZE + 1)
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


@pytest.mark.parametrize("host", ["http://api.quickblox.com", "HTTP://shop.example:8080"])
def test_a_target_may_be_a_whole_url(line: Line, qbchat_server: LiveServer, host: str) -> None:
    line.send(posting(path=host + PATH))
    assert line.answer().status == 201
    request = qbchat_server.fake.calls.one().request
    assert (request.url, request.path) == (host.lower().replace("HTTP", "http") + PATH, PATH)


def test_the_server_is_a_proxy_for_clients_that_want_one(qbchat_server: LiveServer) -> None:
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


# --- what browsers ask ---


def test_a_browser_may_send_what_it_asks_for(line: Line) -> None:
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


def test_a_browser_that_asks_for_nothing_in_particular_may_send_anything(line: Line, qbchat_server: LiveServer) -> None:
    line.send(b"OPTIONS /chat/Message.json HTTP/1.1\r\nHost: shop\r\nOrigin: https://shop.example\r\n\r\n")
    assert line.answer().headers["Access-Control-Allow-Headers"] == "*"
    assert len(qbchat_server.fake.calls) == 0


@pytest.mark.parametrize("path", [PATH, "/events.json"])
def test_a_page_of_any_origin_may_read_the_answer(line: Line, qbchat_server: LiveServer, path: str) -> None:
    with ExitStack() as stack:
        if path != PATH:
            stack.enter_context(qbchat_server.fake.expect_refused("POST", path))
        line.send(posting("hi", b"Origin: https://shop.example", path=path))
        answer = line.answer()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == "QB-Token-ExpirationDate"


def test_who_is_no_browser_gets_no_such_headers(line: Line, qbchat_server: LiveServer) -> None:
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


# --- too large, too many, gone ---


def test_headers_that_are_too_large_are_refused_clearly(line: Line) -> None:
    line.send(posting("hi", b"X-Large: " + b"a" * http11.MAX_HEAD_SIZE))
    answer = line.answer()
    assert (answer.status, answer.headers["Content-Type"]) == (431, "application/json; charset=utf-8")
    assert json.loads(answer.body) == {"code": None, "message": "the headers are larger than 65536 bytes"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert line.rest() == b""


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused_clearly(
    qbchat_server: LiveServer, monkeypatch: pytest.MonkeyPatch, chunked: bool
) -> None:
    monkeypatch.setattr(http11, "MAX_BODY_SIZE", 1_000_000)
    content = b"a" * 20_000_000
    body = iter([content[:500_000], content]) if chunked else content
    # requests reads no answer before it has sent everything, so the server has to bear that.
    answer = requests.post(qbchat_server.url + PATH, data=body, headers=HEADERS, timeout=PATIENCE)
    assert answer.status_code == 413
    assert answer.json() == {"code": None, "message": "the body is larger than 1000000 bytes"}
    assert answer.headers["Connection"] == "close"
    assert post(qbchat_server).status_code == 201


def test_a_client_that_sends_no_request_and_goes_is_no_error_of_the_server(
    server: LiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(500):
        with socket.create_connection((server.host, server.port), timeout=PATIENCE) as client:
            client.sendall(LISTED + b"\r\n\0garbage")
            assert client.recv(12) == b"HTTP/1.1 200"
    until(server, lambda: not server.connections)
    gc.collect()
    assert caplog.messages == []


class Gone(asyncio.Transport):
    """The transport of a client that has closed its connection."""

    written = b""

    def write(self, data: Any) -> None:
        self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        raise OSError("Transport endpoint is not connected")

    def resume_reading(self) -> None:
        pass


def test_the_time_for_the_headers_begins_with_their_first_byte() -> None:
    async def receive() -> tuple[bool, bool, bool]:
        connection = server_module._Connection(LiveServer(FakeQuickBlox()))
        connection.connection_made(Gone())
        timers = []
        for piece in (b"GET ", b"/session.json HTTP/1.1\r\n", b"Host: shop\r\nContent-Length: 2\r\n\r\n"):
            connection.data_received(piece)
            timers.append(connection._timer)
        connection.connection_lost(None)
        return timers[0] is not None, timers[1] is timers[0], timers[2] is None

    assert asyncio.run(receive()) == (True, True, True)


def test_a_client_that_has_gone_before_it_is_told_is_no_error() -> None:
    async def receive() -> None:
        connection = server_module._Connection(LiveServer(FakeQuickBlox()))
        connection.connection_made(transport)
        connection.data_received(b"\0")
        connection.connection_lost(None)

    transport = Gone()
    asyncio.run(receive())
    assert transport.written.startswith(b"HTTP/1.1 400 ")


def test_a_target_that_is_too_long_is_refused_clearly(line: Line) -> None:
    line.send(LISTED.replace(b".json", b".json?" + b"a" * 9000) + b"\r\n")
    answer = line.answer()
    assert (answer.status, json.loads(answer.body)["message"]) == (414, "the target is longer than 8192 bytes")


def test_a_client_that_does_not_complete_its_headers_is_refused_after_a_while(
    monkeypatch: pytest.MonkeyPatch, server: LiveServer
) -> None:
    monkeypatch.setattr(server_module, "_TIMEOUT", 0.05)
    with Line(server) as line, Line(server) as idle:
        line.send(posting()[:30])
        answer = line.answer()
        assert (answer.status, json.loads(answer.body)["message"]) == (408, "the headers took too long")
        assert line.rest() == b""
        idle.send(posting())  # a connection may be idle, and a body may take its time
        assert idle.answer().status == 201
        head, _, body = posting().partition(b"\r\n\r\n")
        idle.send(head[:9])
        idle.send(head[9:] + b"\r\n\r\n")
        until(server, lambda: all(connection._timer is None for connection in server.connections))
        idle.send(body)
        assert idle.answer().status == 201


def test_a_client_that_was_refused_and_stays_is_closed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_TIMEOUT", 0.01)
    with LiveServer(FakeQuickBlox()) as server, Line(server) as line:
        line.send(b"nonsense\r\n\r\n")
        assert line.answer().status == 400
        until(server, lambda: not server.connections)
        assert line.rest() == b""


def test_200_clients_keep_their_connections_at_once(qbchat_server: LiveServer) -> None:
    with ExitStack() as stack:
        lines = [stack.enter_context(Line(qbchat_server)) for _ in range(200)]
        for round_ in range(5):
            for number, line in enumerate(lines):
                line.send(posting(f"{number} in {round_}"))
            answers = [json.loads(line.answer().body)["message"] for line in lines]
            assert answers == [f"{number} in {round_}" for number in range(200)]
        assert len(qbchat_server.connections) == 200
    assert len({message.message for message in qbchat_server.fake.posted}) == len(qbchat_server.fake.posted) == 1000
    assert held(qbchat_server).connections == 0


def test_200_tasks_lose_and_mix_nothing(qbchat_server: LiveServer) -> None:
    async def main() -> list[str]:
        async with httpx.AsyncClient(base_url=qbchat_server.url, verify=TLS, timeout=PATIENCE) as client:

            async def send(number: int) -> str:
                body = {"chat_dialog_id": DIALOG, "message": f"number {number}"}
                return (await client.post(PATH, json=body, headers=HEADERS)).json()["message"]

            return await asyncio.gather(*map(send, range(200)))

    assert asyncio.run(main()) == [f"number {number}" for number in range(200)]
    assert len({message.message for message in qbchat_server.fake.posted}) == len(qbchat_server.fake.posted) == 200


def test_32_threads_lose_and_mix_nothing(qbchat_server: LiveServer) -> None:
    wrong = []

    def send(name: int) -> None:
        connection = HTTPConnection("127.0.0.1", qbchat_server.port, timeout=PATIENCE)
        for number in range(20):
            text = f"{number} of {name}"
            connection.request("POST", PATH, json.dumps({"chat_dialog_id": DIALOG, "message": text}), HEADERS)
            if json.loads(connection.getresponse().read())["message"] != text:
                wrong.append(text)
        connection.close()

    threads = [threading.Thread(target=send, args=[name]) for name in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len({message.message for message in qbchat_server.fake.posted}) == len(qbchat_server.fake.posted) == 640


def test_slow_clients_hold_up_nobody(qbchat_server: LiveServer) -> None:
    with ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(Line(qbchat_server)).send(posting()[:-5])
        assert post(qbchat_server).status_code == 201
        assert len(qbchat_server.fake.posted) == 1


@pytest.mark.parametrize("sent", [1, 20, 60, -1], ids=lambda sent: f"after {sent}")
def test_a_client_that_goes_away_in_the_middle_leaves_nothing(qbchat_server: LiveServer, sent: int) -> None:
    before = held(qbchat_server)
    with Line(qbchat_server) as line:
        line.send(posting()[:sent])
    assert held(qbchat_server) == before
    qbchat_server.fake.assert_nothing_posted()


def test_a_client_that_goes_away_before_its_answer_leaves_nothing(qbchat_server: LiveServer) -> None:
    before, begun, go = held(qbchat_server), threading.Event(), asyncio.Event()

    async def wait(request: httpx.Request) -> httpx.Response:
        begun.set()
        await go.wait()
        return httpx.Response(202, content=b"a" * 10_000_000)

    qbchat_server.fake.router.post(PATH).mock(side_effect=wait)
    with Line(qbchat_server) as line:
        line.send(posting())
        assert begun.wait(PATIENCE)
    with Line(qbchat_server) as line:
        line.send(posting())
        # With a reset, so that there is nobody to answer any more.
        line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    qbchat_server._loop.call_soon_threadsafe(go.set)
    assert held(qbchat_server) == before


# --- TLS ---


def test_clients_that_trust_the_authority_reach_the_server_by_tls(
    qbchat_tls_server: Any, qbchat: FakeQuickBlox, qbchat_server: LiveServer
) -> None:
    url, context = qbchat_tls_server.url + PATH, ssl.create_default_context(cafile=qbchat_tls_server.ca_file)
    assert url == f"https://127.0.0.1:{qbchat_tls_server.port}{PATH}"
    with httpx.Client(verify=context) as client:
        assert client.post(url, content=BODY, headers=HEADERS).status_code == 201
    with requests.Session() as session:
        by_name = url.replace("127.0.0.1", "localhost")
        answer = session.post(by_name, data=BODY, headers=HEADERS, verify=qbchat_tls_server.ca_file, timeout=PATIENCE)
        assert answer.status_code == 201
    with urllib.request.urlopen(urllib.request.Request(url, BODY, HEADERS), context=context) as response:
        assert response.status == 201
    assert post(qbchat_server).status_code == 201
    assert len(qbchat.posted) == 4
    assert qbchat.calls[0].request.url == url


def test_nobody_else_trusts_the_server(qbchat_tls_server: Any) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        post(qbchat_tls_server)
    with httpx.Client(verify=ssl.create_default_context(cafile=qbchat_tls_server.ca_file)) as client:
        assert client.post(qbchat_tls_server.url + PATH, content=BODY, headers=HEADERS).status_code == 201


def test_a_tls_connection_is_kept_refused_and_closed_like_any_other(qbchat_tls_server: Any) -> None:
    trusting = ssl.create_default_context(cafile=qbchat_tls_server.ca_file)
    with Line(qbchat_tls_server, trusting) as line:
        line.send(posting("one") + posting("two"))
        assert [line.answer().status, line.answer().status] == [201, 201]
        line.send(b"nonsense\r\n\r\n" + b"a" * 100_000)
        assert line.answer().status == 400
    with Line(qbchat_tls_server, trusting) as line:
        line.send(posting("three", b"Connection: close"))
        assert line.answer().status == 201
        assert line.rest() == b""
    assert held(qbchat_tls_server).connections == 0


def test_a_client_that_never_begins_to_encrypt_is_closed_at_the_end(qbchat_tls_server: Any) -> None:
    with Line(qbchat_tls_server) as silent:
        with Line(qbchat_tls_server) as plain:
            plain.send(posting())
            assert b"HTTP" not in plain.rest()
        qbchat_tls_server.stop()
        assert silent.rest() == b""


def test_without_trustme_the_fixture_says_what_to_install(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "trustme", None)
    result = run("def test_it(qbchat_tls_server):\n    pass\n\ndef test_plain(qbchat_server):\n    pass\n")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["*qbchat_tls_server needs trustme; use pip install 'pytest-qbchat*"])
    result.stdout.no_fnmatch_line("*Traceback*")


# --- whatever comes in ---

WORDS = [
    b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b":", b"\t", b"%00", b"%zz", b"%ff", b"?", b"#", b"[", b"]",
    b"\xff\xfe", "ä€😀".encode(), b"\x16\x03\x01", b"HTTP/1.1", b"HTTP/9.9", b"\x80" * 30, b"0\r\n\r\n", b"-1\r\n",
    b"ffffffff\r\n", b"5\r\nhello", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"Host: \0\r\n",
    b"Content-Length: -1\r\n", b"Content-Length: 99999999999999\r\n", b"Expect: 100-continue\r\n", b"Host: ]\r\n",
    b"Connection: close\r\n", b"Origin: null\r\n", b"Content-Encoding: gzip\r\n", b"QB-Token: \xff\r\n",
    b"Content-Type: multipart/form-data\r\n",
]  # fmt: skip
BODIES = [
    b"{", b"[" * 5000, b'{"a":' * 5000, b"[" * 50 + b"]" * 50, b'{"a":' + b"9" * 5000 + b"}", b"null", b'"text"',
    b'{"message": "\\ud800"}', b'{"message": NaN}', b'{"a": 1e999}', b"a[b][c]=1&a[b]=2", b"a" + b"[b]" * 500 + b"=1",
    b"\xff\xfe{}", b'{"chat_dialog_id": []}', b'{"chat_dialog_id": {"a": null}, "message": 7}', b"%ff=%fe", b"=&=&=",
    b'{"attachments": {"0": [1, [2]]}}', b'{"send_to_chat": {}}', b'{"message": "' + b"a" * 50_000 + b'"}',
    b"\0" * 100, b"{}" * 100, json.dumps({str(number): {} for number in range(5000)}).encode(),
    b"&".join(b"a%d[x]=1" % number for number in range(5000)),
]  # fmt: skip
STARTS = [
    "POST /chat/Message.json", "GET /chat/Dialog.json?a=b", "POST /session.json", "POST /users.json",
    "PUT /chat/Message/5d76b657a0facade01000001.json", "POST /chat/Dialog.json", "POST /blobs.json",
]  # fmt: skip


def mutated(valid: bytes, chance: random.Random) -> bytes:
    """A request with something wrong."""
    kind = chance.randrange(6)
    at = chance.randrange(len(valid))
    if kind == 0:  # bytes that are no request at all
        return chance.randbytes(chance.randrange(1, 200))
    if kind == 1:  # what belongs elsewhere, or nowhere
        return valid[:at] + chance.choice(WORDS) + valid[at:]
    if kind == 2:  # something is missing
        return valid[:at] + valid[at + chance.randrange(1, 40) :]
    if kind == 3:  # bytes are others
        return valid[:at] + chance.randbytes(chance.randrange(1, 8)) + valid[at + 8 :]
    if kind == 4:  # headers that say something else
        start, _, rest = valid.partition(b"\r\n")
        return start + b"\r\n" + b"".join(chance.choices(WORDS, k=3)) + rest
    return valid[:at] + valid[chance.randrange(len(valid)) :]


def fuzzed(chance: random.Random) -> bytes:
    """Bytes as a broken client sends them."""
    body = chance.choice(BODIES) if chance.random() < 0.5 else BODY
    headers = f"Host: shop\r\nQB-Token: {TOKEN}\r\nContent-Type: application/json\r\n"
    start = f"{chance.choice(STARTS)} HTTP/1.1\r\n{headers}".encode()
    if chance.random() < 0.3:
        size = chance.choice([b"%x" % len(body), b"", b"zz", b"-5", b"7fffffff", b"f" * 40, b"%x" % (len(body) + 3)])
        return start + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n" + body + b"\r\n0\r\n\r\n"
    if chance.random() < 0.3:
        length = chance.choice([b"-1", b"", b"five", b"9" * 30, b"0x10", b"5, 5", b"%d" % (len(body) - 1)])
        return start + b"Content-Length: " + length + b"\r\n\r\n" + body
    valid = start + b"Content-Length: %d\r\n\r\n" % len(body) + body
    return valid if body is not BODY else mutated(valid, chance)


def statuses(data: bytes) -> set[int]:
    """Those of the answers in what a server has sent."""
    return {int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", data)}  # a refusal may quote a request


def verdict_of_h11(data: bytes) -> int | None:
    """The status with which h11 refuses the first request in bytes; None if it does not refuse it."""
    connection = h11.Connection(h11.SERVER, http11.MAX_HEAD_SIZE)
    connection.receive_data(data)
    try:
        while connection.next_event() not in (h11.NEED_DATA, h11.PAUSED):
            pass
    except h11.RemoteProtocolError as error:
        return error.error_status_hint
    return None


IN_ANOTHER_DIALOG = posting().replace(DIALOG.encode(), b"5d75327ba28f9a0f32cb0fff")  # which nobody else comes into
PROBES = [
    (IN_ANOTHER_DIALOG, 201),
    (IN_ANOTHER_DIALOG.replace(b"message", b"mesagge"), 201),
    (posting(path=f"/data/{TOKEN}.json"), 404),
]


def effort(server: LiveServer) -> int:
    """How many functions the server calls for an answer, a warning and a refusal: what no other process alters."""
    called: list[int] = []

    def count(frame: Any, event: str, argument: Any) -> None:
        called[-1] += event in ("call", "c_call")

    with Line(server) as line:
        for _ in range(5):
            called.append(0)
            server._loop.call_soon_threadsafe(sys.setprofile, count)
            for probe, status in PROBES:
                line.send(probe)
                assert line.answer().status == status
            server._loop.call_soon_threadsafe(sys.setprofile, None)
            until(server, lambda: True)
    return min(called)


@contextmanager
def unharmed(server: LiveServer, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """See to it that a server is afterwards as it was before."""
    assert post(server).status_code == 201
    effort_before = effort(server)
    before = held(server)
    with caplog.at_level("WARNING", logger="asyncio"):
        yield
        assert held(server) == before
    assert effort(server) < 1.1 * effort_before
    assert caplog.messages == []
    assert server._thread is not None
    assert server._thread.is_alive()
    fake = server.fake
    assert isinstance(fake, FakeQuickBlox)
    fake.problems.drain()
    posted = len(fake.posted)
    for number in range(20):
        assert post(server, f"number {number}").json()["message"] == f"number {number}"
    assert len(fake.posted) == posted + 20


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
def test_malformed_requests_harm_nothing(server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    chance, seen = random.Random(0), set()
    with unharmed(server, caplog):
        for _ in range(sized(1_000, 10_000)):
            with socket.create_connection((server.host, server.port), timeout=PATIENCE) as client:
                data = fuzzed(chance)
                try:
                    client.sendall(data)
                    client.shutdown(socket.SHUT_WR)
                    answered = b"".join(iter(lambda: client.recv(65536), b""))
                except ConnectionError:
                    continue
            seen |= statuses(answered)
            verdict = verdict_of_h11(data)
            assert verdict is None or answered.startswith(b"HTTP/1.1 %d " % verdict)
    assert {200, 201, 400, 401, 404} <= seen
    assert max(seen - {501}) < 500  # an encoding that h11 does not have


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
@given(data=st.binary(max_size=400) | st.lists(st.sampled_from([*WORDS, posting(), LISTED, b"a"])).map(b"".join))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=sized(40, 200)
)
def test_no_bytes_at_all_get_an_error_of_the_server(server: LiveServer, data: bytes) -> None:
    with Line(server) as line:
        line.send(data)
        line.socket.shutdown(socket.SHUT_WR)
        assert max(statuses(line.rest()), default=0) < 500
    assert post(server).status_code == 201
