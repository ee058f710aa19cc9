"""Requests that are too large, clients that are slow, many or gone, and bytes of every kind."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import Any

import h11
import httpx
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.connections import BODY, HEADERS, LISTED, PATH, PATIENCE, Line, held, post, posting, until
from support.profile import sized
from support.ways import DIALOG, TLS, TOKEN

from pytest_qbchat import FakeQuickBlox, LiveServer
from pytest_qbchat.server import http11
from pytest_qbchat.server import live_server as server_module
from pytest_qbchat.service import wire

ROUNDS = sized(2, 5)


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
    monkeypatch.setattr(wire, "MAX_BODY_SIZE", 1_000_000)
    content = b"a" * 20_000_000
    body = iter([content[:500_000], content]) if chunked else content
    # requests reads no answer before it has sent everything, so the server has to bear that.
    answer = requests.post(qbchat_server.url + PATH, data=body, headers=HEADERS, timeout=PATIENCE)
    assert answer.status_code == 413
    assert answer.json() == {"code": None, "message": "the body is larger than 1000000 bytes"}
    assert answer.headers["Connection"] == "close"
    assert post(qbchat_server).status_code == 201


def test_a_client_that_leaves_without_a_request_causes_no_error(
    server: LiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(sized(200, 500)):
        with socket.create_connection((server.host, server.port), timeout=PATIENCE) as client:
            client.sendall(LISTED + b"\r\n\0garbage")
            assert client.recv(12) == b"HTTP/1.1 200"
    until(server, lambda: not server.connections)
    gc.collect()
    assert caplog.messages == []


@pytest.mark.parametrize("sent", [20, -5], ids=["head", "body"])
def test_a_request_whose_rest_does_not_come_is_refused(line: Line, monkeypatch: pytest.MonkeyPatch, sent: int) -> None:
    monkeypatch.setattr(server_module, "_MAX_PAUSE", 0.05)
    line.send(posting() + posting()[:sent])
    assert line.answer().status == 201
    answer = line.answer()
    assert (answer.status, line.rest()) == (408, b"")
    assert json.loads(answer.body)["message"] == "the rest of the request did not come within 0.05 s"


def test_a_connection_without_a_request_stays_open(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_MAX_PAUSE", 0)
    line.send(posting())
    assert line.answer().status == 201
    time.sleep(0.05)
    line.send(posting())
    assert line.answer().status == 201


def test_a_target_that_is_too_long_is_refused_clearly(line: Line) -> None:
    line.send(LISTED.replace(b".json", b".json?" + b"a" * 9000) + b"\r\n")
    answer = line.answer()
    assert (answer.status, json.loads(answer.body)["message"]) == (414, "the target is longer than 8192 bytes")


def test_200_clients_keep_their_connections_at_once(qbchat_server: LiveServer) -> None:
    with ExitStack() as stack:
        lines = [stack.enter_context(Line(qbchat_server)) for _ in range(200)]
        for round_ in range(ROUNDS):
            for number, line in enumerate(lines):
                line.send(posting(f"{number} in {round_}"))
            answers = [json.loads(line.answer().body)["message"] for line in lines]
            assert answers == [f"{number} in {round_}" for number in range(200)]
        assert len(qbchat_server.connections) == 200
    assert (
        len({message.message for message in qbchat_server.fake.posted})
        == len(qbchat_server.fake.posted)
        == 200 * ROUNDS
    )
    assert held(qbchat_server).connections == 0


@pytest.mark.long
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


def test_slow_clients_delay_no_other_client(qbchat_server: LiveServer) -> None:
    with ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(Line(qbchat_server)).send(posting()[:-5])
        assert post(qbchat_server).status_code == 201
        assert len(qbchat_server.fake.posted) == 1


@pytest.mark.parametrize("sent", [1, 20, 60, -1], ids=lambda sent: f"after {sent}")
def test_a_client_that_leaves_in_the_middle_leaves_nothing(qbchat_server: LiveServer, sent: int) -> None:
    before = held(qbchat_server)
    with Line(qbchat_server) as line:
        line.send(posting()[:sent])
    assert held(qbchat_server) == before
    qbchat_server.fake.assert_nothing_posted()


def test_a_client_that_leaves_before_its_response_leaves_nothing(qbchat_server: LiveServer) -> None:
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
    fake._backend.problems.drain()
    posted = len(fake.posted)
    for number in range(20):
        assert post(server, f"number {number}").json()["message"] == f"number {number}"
    assert len(fake.posted) == posted + 20


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
def test_malformed_requests_leave_the_server_unharmed(server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    chance, seen = random.Random(0), set()
    with unharmed(server, caplog):
        for _ in range(sized(1_000, 4_000)):
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
def test_random_bytes_cause_no_error_of_the_server(server: LiveServer, data: bytes) -> None:
    with Line(server) as line:
        line.send(data)
        line.socket.shutdown(socket.SHUT_WR)
        assert max(statuses(line.rest()), default=0) < 500
    assert post(server).status_code == 201
