"""Forked processes: their calls land in the fake of their parent."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest
import requests
from support.elsewhere import another_server
from support.posting import API, BODY, HEADERS, ORDERS
from support.ways import DIALOG, TLS, URL, WAYS, Way

from pytest_qbchat import CallRefused, FakeQuickBlox, QuickBloxTransport
from pytest_qbchat.exceptions import ConnectionFault
from pytest_qbchat.intercept.forks import FakeOfParent, Forks
from pytest_qbchat.service.interface import record_refusal
from pytest_qbchat.service.wire import Request, Response

# Python warns of the threads of this process, which a forked one does not have.
pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]
IN_PLACE = [way for way in WAYS if way.fixture == "qbchat" and way.name != "requests functions"]


def in_child(function: Callable[[], Any]) -> str:
    """What a function returns or raises in a forked process."""
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            try:
                outcome = repr(function())
            except BaseException as error:
                outcome = repr(error)
            os.write(write, outcome.encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(process, 0)
    with os.fdopen(read, "rb") as pipe:
        return pipe.read().decode()


def post(way: Way, text: str = "hi") -> int:
    response = way.send("POST", URL, json={"chat_dialog_id": DIALOG, "message": text}, headers=HEADERS)
    return int(response.status_code)


@pytest.mark.parametrize("before", [True, False], ids=["after a call of the parent", "before"])
@pytest.mark.parametrize("way", IN_PLACE, ids=lambda way: way.name)
def test_a_call_of_a_forked_process_reaches_the_fake_with_every_client(
    qbchat: FakeQuickBlox, way: Way, before: bool
) -> None:
    if before:
        assert post(way, "parent") == 201
    assert in_child(lambda: post(way, "child")) == "201"
    assert post(way, "afterwards") == 201
    texts = [message.message for message in qbchat.posted]
    assert texts == ["parent", "child", "afterwards"][0 if before else 1 :]


def test_a_pool_of_forked_processes_reaches_the_fake(qbchat: FakeQuickBlox) -> None:
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        statuses = list(pool.map(_post_by_requests, range(6)))
    assert statuses == [201] * 6
    assert sorted(message.message or "" for message in qbchat.posted) == [str(number) for number in range(6)]


def _post_by_requests(number: int) -> int:
    return requests.post(URL, json={**BODY, "message": str(number)}, headers=HEADERS, timeout=9).status_code


def test_a_refused_call_of_a_forked_process_fails_the_test_even_if_it_was_caught() -> None:
    def careless() -> str:
        with suppress(CallRefused):
            requests.get(ORDERS, timeout=5)
        with suppress(CallRefused):
            socket.gethostbyname("api.quickblox.com")
        return "swallowed"

    with FakeQuickBlox().intercept() as fake:
        assert in_child(careless) == "'swallowed'"
        unknown, unseen = fake._backend.problems.drain()
    assert "has no route GET /data/Order.json" in unknown.text
    assert "something tried to reach api.quickblox.com" in unseen.text


def test_a_fault_in_a_forked_process_raises_the_error_of_its_client(qbchat: FakeQuickBlox) -> None:
    qbchat.fail("timeout")
    assert in_child(lambda: requests.post(URL, json=BODY, timeout=5)).startswith("ReadTimeout(")
    qbchat.router.get("/users/7.json").mock(side_effect=KeyError("order"))
    assert in_child(lambda: httpx.get(URL.replace("chat/Message", "users/7"), verify=TLS)).startswith("RemoteProtocol")
    assert len(qbchat._backend.problems.drain()) == 1


def test_a_call_without_a_timeout_in_a_forked_process_fails_the_test(qbchat: FakeQuickBlox) -> None:
    qbchat.fail("timeout")
    assert "ReadTimeout" in in_child(lambda: requests.get(URL))
    [problem] = qbchat._backend.problems.drain()
    assert problem.text.startswith("a GET without a timeout got no response")


def test_a_forked_process_of_a_forked_process_reaches_the_fake(qbchat: FakeQuickBlox) -> None:
    def post() -> int:
        return requests.post(URL, json=BODY, headers=HEADERS, timeout=5).status_code

    assert in_child(lambda: in_child(post)) == repr("201")
    assert qbchat.posted == [BODY]


def test_a_forked_process_reaches_other_hosts_as_before(qbchat: FakeQuickBlox) -> None:
    with another_server() as url:
        assert in_child(lambda: requests.get(url, timeout=5).text) == "'another server'"
    assert len(qbchat.calls) == 0


def test_a_transport_refuses_the_calls_of_a_forked_process(qbchat_transport: QuickBloxTransport) -> None:
    async def get() -> None:
        async with httpx.AsyncClient(transport=qbchat_transport) as client:
            await client.get(URL)

    def get_sync() -> None:
        with httpx.Client(transport=qbchat_transport) as client:
            client.get(URL)

    refusal = "CallRefused('qbchat_transport does not answer a forked process; take the fixture qbchat')"
    assert [in_child(get_sync), in_child(lambda: asyncio.run(get()))] == [refusal] * 2


# --- both sides in one process, which is what coverage sees ---


@pytest.fixture
def stand_in(qbchat: FakeQuickBlox, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOfParent]:
    """What a forked process has in place of the fake."""
    monkeypatch.setattr(os, "register_at_fork", lambda **_: None)
    fakes: list[Any] = [qbchat._backend]
    parent, child = Forks(fakes), Forks(list(fakes))
    child.in_child()  # nothing was active in the parent
    for _ in range(2):
        parent.before()
    listener = child._listener = parent._listener
    assert listener is not None
    child.in_child()
    [stand_in] = child._fakes
    assert isinstance(stand_in, FakeOfParent)
    yield stand_in
    fakes.clear()
    with pytest.raises(ConnectionFault, match="no fake answers this host"):
        stand_in.handle(REQUEST)
    ended = FakeOfParent(stand_in.hosts, "/made-up/socket")
    with pytest.raises(ConnectionFault, match="No such file"):
        ended.handle(REQUEST)


REQUEST = Request("GET", "https://api.quickblox.com", "", "/session.json", "a=1", ((b"X-Shop", b"\xe9"),), b"\xff")


def test_a_request_and_its_response_pass_between_processes_unchanged(
    qbchat: FakeQuickBlox, stand_in: FakeOfParent
) -> None:
    answered = Response(202, ((b"X-Reply", b"\xe9"),), b"\xfe")
    qbchat.router.get("/session.json").respond(202, headers=[(b"X-Reply", b"\xe9")], content=b"\xfe")
    for response in (stand_in.handle(REQUEST), asyncio.run(stand_in.handle_async(REQUEST))):
        assert (response.status, response.body) == (answered.status, answered.body)
        assert (b"X-Reply", b"\xe9") in response.raw_headers
    for call in qbchat.calls:
        assert call.request.url == REQUEST.url
        assert (call.request.body, call.request.headers["X-Shop"]) == (b"\xff", "\u00e9")


def test_a_refusal_and_a_fault_pass_between_processes(qbchat: FakeQuickBlox, stand_in: FakeOfParent) -> None:
    with (
        qbchat.expect_refused("GET", "/data/Order.json"),
        pytest.raises(CallRefused, match=r"no route GET /data/Order\.json"),
    ):
        stand_in.handle(replace(REQUEST, path="/data/Order.json"))
    qbchat.fail("timeout")
    with pytest.raises(ConnectionFault) as fault:
        stand_in.handle(REQUEST)
    assert fault.value.kind == "timeout"
    with qbchat.expect_refused():
        record_refusal(stand_in, "trio tried to reach api.quickblox.com")
        stand_in.raise_problems()
    with qbchat.expect_refused():
        stand_in.note_missing_timeout("GET")


def test_a_system_without_forks_is_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "register_at_fork")
    Forks([]).before()


# --- other processes ---


def test_an_assertion_that_finds_no_message_names_a_process_that_was_started(qbchat: FakeQuickBlox) -> None:
    hint = "whose calls are not intercepted: give it the url of qbchat_server as its base URL"
    for number in range(3):
        with pytest.raises(AssertionError) as before:
            qbchat.assert_posted(message="hi")
        assert (hint in str(before.value)) is (number > 0)
        with pytest.raises(AssertionError) as one:
            qbchat.posted.one()
        assert (hint in str(one.value)) is (number > 0)
        subprocess.run([sys.executable, "-c", ""], check=True)
        requests.get(f"{API}/session.json", headers=HEADERS, timeout=5)


def _spawn(method: str) -> None:
    process = multiprocessing.get_context(method).Process(target=int)
    process.start()
    process.join()


@pytest.mark.parametrize(
    ("start", "noted"),
    [
        (lambda: _spawn("spawn"), True),
        (lambda: _spawn("forkserver"), True),
        (lambda: _spawn("fork"), False),
        (lambda: os.system("true"), True),
        (lambda: os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", ":"], {}), 0), True),
    ],
    ids=["spawn", "forkserver", "fork", "system", "posix_spawn"],
)
def test_a_process_without_the_interceptors_is_named_however_it_was_started(
    qbchat: FakeQuickBlox, start: Callable[[], object], noted: bool
) -> None:
    for _ in range(2):  # the fork server, once started, gets its second process from a request
        qbchat._backend.hosts.processes = False
        start()
        with pytest.raises(AssertionError) as failure:
            qbchat.assert_posted(message="hi")
        assert ("whose calls are not intercepted" in str(failure.value)) is noted


def test_a_transport_in_another_process_than_its_own_refuses(
    qbchat_transport: QuickBloxTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: -1)
    refused = pytest.raises(CallRefused, match="take the fixture qbchat")
    with httpx.Client(transport=qbchat_transport) as client, refused:
        client.get(URL)
