"""The live server: one state with the other fixtures, its start and its end."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
from contextlib import ExitStack

import httpx
import pytest
import requests
from support.connections import (
    BODY,
    HEADERS,
    LISTED,
    PATH,
    PATIENCE,
    Line,
    fail_to_connect,
    held,
    post,
    posting,
)
from support.ways import TLS, TOKEN

from pytest_qbchat import FakeQuickBlox, LiveServer
from pytest_qbchat.fake.httpx_transport import QuickBloxTransport


def test_the_server_fixture_alone_has_a_fake(qbchat_server: LiveServer) -> None:
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


def test_a_taken_port_raises_an_error_and_leaves_nothing(qbchat_server: LiveServer) -> None:
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    second = LiveServer(FakeQuickBlox(), port=qbchat_server.port)
    with pytest.raises(OSError, match="in use"):
        second.start()
    second.stop()
    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == (threads, descriptors)


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
