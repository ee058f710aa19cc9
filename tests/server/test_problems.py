"""Refusals, warnings, faults and routes of a test whose client calls the live server."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import httpx
import pytest
import requests
import respx
from support.connections import BODY, HEADERS, LISTED, PATH, Line, held, post, posting
from support.ways import TLS

from pytest_qbchat import LiveServer, QuickBloxWarning


def test_an_unknown_route_is_answered_with_the_refusal_and_fails_the_test_once(run: Any) -> None:
    result = run(
        """
def test_it(qbchat_server):
    status, text = send(qbchat_server, "/data/Order.json")
    assert status == 404
    print(text)

def test_the_next_one(qbchat_server):
    assert send(qbchat_server)[0] == 201
"""
    )
    result.assert_outcomes(failed=1, passed=1)
    reason = "the fake does not cover custom objects, and has no route POST /data/Order.json"
    result.stdout.fnmatch_lines(
        [
            "*_ test_it _*",
            reason,
            "  if the call is right, answer it with qbchat.router.post('/data/Order.json').respond(...), or expect *",
            f'{{"code":null,"message":"pytest-qbchat refused this call: {reason}\\n  if the call is right, *',
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_refusal_can_be_expected(qbchat_server: LiveServer) -> None:
    with qbchat_server.fake.expect_refused("GET", "/data/Order.json"):
        answer = httpx.get(qbchat_server.url + "/data/Order.json", verify=TLS)
    assert answer.status_code == 404
    assert "custom objects" in answer.json()["message"]


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
def test_an_error_of_a_route_fails_the_test_once(run: Any, side_effect: str, text: str) -> None:
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


def test_a_timeout_is_the_clients_own(qbchat_server: LiveServer) -> None:
    qbchat_server.fake.fail("timeout", stored=True)
    with pytest.raises(requests.ReadTimeout):
        requests.post(qbchat_server.url + PATH, data=BODY, headers=HEADERS, timeout=0.05)
    qbchat_server.fake.assert_posted(times=1)


def test_the_input_of_a_client_that_waits_for_a_lost_response_is_dropped(server: LiveServer) -> None:
    server.fake.fail("timeout")  # type: ignore[attr-defined]
    with Line(server) as line:
        line.send(posting())
        line.send(posting() * 2000)
        line.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            line.socket.recv(1)
    assert held(server).connections == 0
    assert len(server.fake.calls) == 1  # type: ignore[attr-defined]


def test_a_client_that_has_closed_its_side_is_closed_at_a_timeout(server: LiveServer) -> None:
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
def test_a_status_or_broken_response_reaches_the_client(qbchat_server: LiveServer, what: Any) -> None:
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


def test_a_waiting_stub_delays_no_other_client(qbchat_server: LiveServer) -> None:
    go = asyncio.Event()

    async def wait(request: httpx.Request) -> httpx.Response:
        await go.wait()
        return httpx.Response(202)

    qbchat_server.fake.router.get("/chat/Dialog.json").mock(side_effect=wait)
    with Line(qbchat_server) as slow:
        slow.send(LISTED + b"\r\n")
        assert post(qbchat_server).status_code == 201
        slow.send(posting("next"))
        slow.socket.shutdown(socket.SHUT_WR)
        qbchat_server._loop.call_soon_threadsafe(go.set)
        assert [slow.answer().status, slow.answer().status, slow.rest()] == [202, 201, b""]
