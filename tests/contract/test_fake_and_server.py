"""What a client sees of the fake in place is what it sees of a live server."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from functools import wraps
from typing import Any
from unittest.mock import Mock, patch

import httpcore
import httpx
import httpx2
import pytest
import requests
import requests.adapters
import urllib3
from support.ways import DIALOG, TLS, TOKEN, Side

from pytest_qbchat import CallRefused, FakeQuickBlox
from pytest_qbchat.service import wire

PATH = "/chat/Message.json"
BODY = {"chat_dialog_id": DIALOG, "message": "hi"}
CONTENT = json.dumps(BODY).encode()
HEADERS = {"QB-Token": TOKEN}
JSON = HEADERS | {"Content-Type": "application/json"}
LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])


def pieces() -> Iterator[bytes]:
    yield CONTENT[:7]
    yield CONTENT[7:]


async def pieces_async() -> AsyncIterator[bytes]:
    for piece in pieces():
        yield piece


def in_async(library: Any, use: Callable[[Any], Any], **options: Any) -> Any:
    """What a coroutine function returns for an asynchronous client."""

    async def run() -> Any:
        async with library.AsyncClient(verify=TLS, **options) as client:
            return await use(client)

    return asyncio.run(run())


# --- bodies that can be sent once ---


class Retrying(httpx.HTTPTransport):
    """A transport of the code under test that sends a request a second time."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        super().handle_request(request).read()
        return super().handle_request(request)


def test_a_stream_that_a_transport_sends_again_is_consumed(side: Side) -> None:
    with httpx.Client(transport=Retrying(verify=TLS)) as client:
        with pytest.raises(httpx.StreamConsumed):
            client.post(side.url + PATH, content=pieces(), headers=JSON)
        assert client.post(side.url + PATH, content=CONTENT, headers=JSON).status_code == 201
    assert side.fake.posted == [BODY] * 3


@LIBRARIES
def test_a_stream_that_a_redirect_sends_again_is_consumed(side: Side, library: Any) -> None:
    def post(client: Any, content: Any) -> Any:
        return client.post(f"{side.url}/users/7.json", content=content, headers=JSON)

    side.fake.router.post(path="/users/7.json").respond(307, headers={"Location": PATH})
    with library.Client(verify=TLS, follow_redirects=True) as client, pytest.raises(library.StreamConsumed):
        post(client, pieces())
    with pytest.raises(library.StreamConsumed):
        in_async(library, lambda client: post(client, pieces_async()), follow_redirects=True)
    assert len(side.fake.calls) == 2


@LIBRARIES
def test_a_streamed_request_has_no_content_afterwards(side: Side, library: Any) -> None:
    with library.Client(verify=TLS) as client:
        response = client.post(side.url + PATH, content=pieces(), headers=JSON)
    assert response.status_code == 201
    with pytest.raises(library.RequestNotRead):
        _ = response.request.content
    response = in_async(library, lambda client: client.post(side.url + PATH, content=pieces_async(), headers=JSON))
    with pytest.raises(library.RequestNotRead):
        _ = response.request.content
    assert side.fake.posted == [BODY] * 2


# --- connections of http.client and urllib3 ---


@pytest.mark.parametrize("replacement", [lambda *_: None, Mock()], ids=["function", "mock"])
def test_a_session_without_the_class_of_sockets_reaches_the_fake(
    side: Side, monkeypatch: pytest.MonkeyPatch, replacement: Any
) -> None:
    with requests.Session() as session:
        if side.name == "server":  # which needs one
            assert session.post(f"{side.url}{PATH}", json=BODY, headers=HEADERS, timeout=5).ok
        monkeypatch.setattr(socket, "socket", replacement)
        for _ in range(2):
            assert session.post(f"{side.url}{PATH}", json=BODY, headers=HEADERS, timeout=5).ok
        monkeypatch.undo()


def test_every_method_of_a_connection_runs(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    class Connection(urllib3.connection.HTTPConnection):
        def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
            ran.append("putrequest")
            super().putrequest(method, url, *args, **kwargs)

        def endheaders(self, *args: Any, **kwargs: Any) -> None:
            ran.append("endheaders")
            self.putheader("X-Signature", "signed")
            super().endheaders(*args, **kwargs)

        def send(self, data: Any) -> None:
            ran.append("send")
            super().send(data)

    monkeypatch.setattr(urllib3.HTTPConnectionPool, "ConnectionCls", Connection)
    with requests.Session() as session:
        assert session.post(side.url + PATH, json=BODY, headers=HEADERS, timeout=5).status_code == 201
    assert ran == ["putrequest", "endheaders", "send", "send"]
    assert side.fake.calls.one().request.headers["X-Signature"] == "signed"


def test_the_debug_level_prints_the_request_and_the_response(
    side: Side, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    line = http.client.HTTPConnection(side.url.partition("://")[2])
    line.request("GET", "/session.json")
    line.getresponse().read()
    line.close()
    printed = capsys.readouterr().out
    assert printed.count("send: b'GET /session.json HTTP/1.1") == 1
    assert "reply: 'HTTP/1.1 401 Unauthorized" in printed
    assert printed.count("header: ") == len(side.fake.calls.one().response.headers)  # type: ignore[union-attr]


@pytest.mark.parametrize("verify", [True, False])
def test_requests_warns_of_a_connection_that_is_not_verified(qbchat: Any, qbchat_tls_server: Any, verify: bool) -> None:
    with_fake = _warnings("https://api.quickblox.com", verify)
    assert with_fake == _warnings(qbchat_tls_server.url, verify and qbchat_tls_server.ca_file)
    assert len(with_fake) == (0 if verify else 1)
    assert len(qbchat.calls) == 2


def _warnings(url: str, verify: Any) -> list[type[Warning]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        requests.get(f"{url}/session.json", verify=verify, timeout=5)
    return [warning.category for warning in caught if issubclass(warning.category, urllib3.exceptions.HTTPWarning)]


# --- the extensions of httpx ---


@LIBRARIES
def test_a_response_says_its_version_and_reason(side: Side, library: Any) -> None:
    with library.Client(verify=TLS) as client:
        response = client.get(f"{side.url}/session.json")
    assert (response.http_version, response.reason_phrase) == ("HTTP/1.1", "Unauthorized")
    assert response.extensions["http_version"] == b"HTTP/1.1"
    assert response.extensions["reason_phrase"] == b"Unauthorized"
    with httpcore.ConnectionPool() as pool:
        extensions = pool.request("GET", f"{side.url}/session.json").extensions
    assert (extensions["http_version"], extensions["reason_phrase"]) == (b"HTTP/1.1", b"Unauthorized")


STEPS = ["send_request_headers", "send_request_body", "receive_response_headers"]
STEPS += ["receive_response_body", "response_closed"]
EVENTS = [f"http11.{step}.{state}" for step in STEPS for state in ("started", "complete")]


@LIBRARIES
def test_the_trace_of_a_call_names_each_step(side: Side, library: Any) -> None:
    events: list[str] = []

    def trace(name: str, info: dict[str, Any]) -> None:
        events.append(name)
        if name == "http11.receive_response_headers.complete":
            assert info["return_value"][:3] == (b"HTTP/1.1", 401, b"Unauthorized")

    async def trace_async(name: str, info: dict[str, Any]) -> None:
        trace(name, info)

    with library.Client(verify=TLS) as client:
        client.get(f"{side.url}/session.json", extensions={"trace": trace})
    in_async(library, lambda client: client.get(f"{side.url}/session.json", extensions={"trace": trace_async}))
    assert [event for event in events if event.startswith("http11.")] == EVENTS * 2


@LIBRARIES
def test_the_trace_of_a_lost_response_names_the_step_that_failed(side: Side, library: Any) -> None:
    events: list[str] = []
    side.fake.fail("disconnect")
    with library.Client(verify=TLS) as client, pytest.raises(library.RemoteProtocolError):
        client.get(f"{side.url}/session.json", extensions={"trace": lambda name, info: events.append(name)})
    failed = [*EVENTS[:5], "http11.receive_response_headers.failed", *EVENTS[-2:]]
    assert [event for event in events if event.startswith("http11.")] == failed


# --- wrappers that were there before ---


@pytest.fixture
def wrapped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Wrappers around the functions of httpx, as instrumentations make them; the list has the hosts of their calls."""
    hosts: list[str] = []

    def wrap(owner: Any, name: str) -> None:
        function = getattr(owner, name)

        @wraps(function)
        def wrapper(transport: Any, request: Any) -> Any:
            hosts.append(request.url.host)
            request.headers["traceparent"] = "made-up"
            return function(transport, request)

        monkeypatch.setattr(owner, name, wrapper)

    for library in (httpx, httpx2):
        wrap(library.HTTPTransport, "handle_request")
        wrap(library.AsyncHTTPTransport, "handle_async_request")
    return hosts


@LIBRARIES
def test_a_wrapper_from_before_the_fake_runs_and_the_fake_answers_below_it(
    wrapped: list[str], side: Side, library: Any
) -> None:
    def post(client: Any) -> Any:
        return client.post(side.url + PATH, json=BODY, headers=HEADERS)

    with library.Client(verify=TLS) as client:
        assert post(client).status_code == 201
        side.fake.fail("disconnect")
        with pytest.raises(library.RemoteProtocolError):
            post(client)
    assert in_async(library, post).status_code == 201
    assert len(wrapped) == 3
    assert [call.request.headers["traceparent"] for call in side.fake.calls] == ["made-up"] * 3


def test_a_wrapper_around_a_mock_gives_way_with_it(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    def mock(*_: object) -> httpx.Response:
        return httpx.Response(418)

    @wraps(mock)
    def wrapper(*arguments: object) -> httpx.Response:
        return mock(*arguments)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", wrapper)
    fake = request.getfixturevalue("qbchat")
    assert httpx.post(f"https://api.quickblox.com{PATH}", json=BODY, headers=HEADERS, verify=TLS).status_code == 201
    assert fake.posted == [BODY]


# --- connections that are never made ---


def never_made(side: Side, error: type[Exception], times: int) -> None:
    """Let the first calls fail to connect."""
    side.fake.router.post(path=PATH).mock(side_effect=[*[error("no route to the host")] * times, httpx.Response(201)])


IN_PLACE = pytest.mark.parametrize("side", ["fake"], indirect=True)  # a server has to accept a connection first


@IN_PLACE
@pytest.mark.parametrize(
    ("error", "raised"),
    [(httpx.ConnectError, requests.ConnectionError), (httpx.ConnectTimeout, requests.ConnectTimeout)],
)
def test_requests_raises_its_connect_error(side: Side, error: type[Exception], raised: type[Exception]) -> None:
    never_made(side, error, 1)
    with pytest.raises(raised) as caught:
        requests.post(side.url + PATH, json=BODY, timeout=5)
    assert type(caught.value) is raised
    assert isinstance(caught.value.args[0].reason, urllib3.exceptions.ConnectTimeoutError)
    assert requests.post(side.url + PATH, json=BODY, timeout=5).status_code == 201


@IN_PLACE
@pytest.mark.parametrize(
    ("error", "raised"), [(httpx.ConnectError, ConnectionRefusedError), (httpx.ConnectTimeout, TimeoutError)]
)
def test_http_client_raises_its_connect_error(side: Side, error: type[Exception], raised: type[Exception]) -> None:
    never_made(side, error, 1)
    line = http.client.HTTPConnection("api.quickblox.com")
    with pytest.raises(raised, match="no route to the host"):
        line.request("POST", PATH, CONTENT, JSON)
    line.close()
    line.request("POST", PATH, CONTENT, JSON)
    assert line.getresponse().status == 201
    line.close()


@IN_PLACE
def test_urllib3_retries_a_request_that_was_never_sent(side: Side) -> None:
    never_made(side, httpx.ConnectError, 2)
    retry = urllib3.Retry(connect=2, read=0, backoff_factor=0, allowed_methods=None)
    assert urllib3.request("POST", side.url + PATH, json=BODY, headers=HEADERS, retries=retry).status == 201
    assert len(side.fake.calls) == 3


@IN_PLACE
@LIBRARIES
@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout])
def test_a_transport_of_httpx_tries_again_to_connect(side: Side, library: Any, error: type[Exception]) -> None:
    async def post() -> int:
        transport = library.AsyncHTTPTransport(verify=TLS, retries=2)
        async with library.AsyncClient(transport=transport) as client:
            return int((await client.post(side.url + PATH, content=pieces_async(), headers=JSON)).status_code)

    never_made(side, error, 2)
    with library.Client(transport=library.HTTPTransport(verify=TLS, retries=2)) as client:
        assert client.post(side.url + PATH, content=pieces(), headers=JSON).status_code == 201
    never_made(side, error, 2)
    assert asyncio.run(post()) == 201
    never_made(side, error, 3)
    events: list[str] = []
    failure = pytest.raises(getattr(library, error.__name__), match="no route to the host")
    with library.Client(transport=library.HTTPTransport(verify=TLS, retries=2)) as client, failure:
        client.post(side.url + PATH, json=BODY, extensions={"trace": lambda name, info: events.append(name)})
    assert events == ["connection.connect_tcp.started", "connection.connect_tcp.failed"]
    assert len(side.fake.calls) == 9


# --- other ---


def test_a_clock_that_is_a_mock_without_a_value_is_not_read(side: Side) -> None:
    with patch("time.time"):
        assert httpx.post(side.url + PATH, json=BODY, headers=HEADERS, verify=TLS).status_code == 201


@pytest.mark.parametrize("post", [httpx.post, httpx2.post])
def test_a_body_that_is_too_large_is_refused(qbchat: FakeQuickBlox, monkeypatch: pytest.MonkeyPatch, post: Any) -> None:
    monkeypatch.setattr(wire, "MAX_BODY_SIZE", 999)
    refusal = pytest.raises(CallRefused, match=r"the body of POST .* is larger than 999 bytes")
    with qbchat.expect_refused("POST", PATH), refusal:
        post(f"https://api.quickblox.com{PATH}", data={"message": "a" * 1000}, timeout=5)


def test_a_body_that_is_too_large_for_a_server_is_refused_with_413(
    qbchat: FakeQuickBlox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "MAX_BODY_SIZE", 999)
    with qbchat.expect_refused():
        response = requests.post(f"https://api.quickblox.com{PATH}", data={"message": "a" * 1000}, timeout=5)
    assert response.status_code == 413
