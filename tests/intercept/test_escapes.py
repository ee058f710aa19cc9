"""Calls that try to get past the fake: libraries without an interceptor, early-bound functions, bare sockets."""

from __future__ import annotations

import _socket
import asyncio
import http.client
import smtplib
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from socket import getaddrinfo as bound_at_import

import anyio
import httpcore
import httpcore2
import httpx
import pytest
import trio
import websockets
from support.ways import TLS, TOKEN, URL
from websockets.sync.client import connect as connect_websocket

from pytest_qbchat import CallRefused, FakeQuickBlox
from pytest_qbchat.intercept import guard

HOST = "api.quickblox.com"
BODY = b'{"recipient_id": 20, "message": "hi"}'
HEADERS = {"QB-Token": TOKEN, "Content-Type": "application/json"}


def by_trio() -> None:
    trio.run(trio.open_tcp_stream, HOST, 443)


def by_anyio() -> None:
    anyio.run(anyio.connect_tcp, HOST, 443)


def by_websocket() -> None:
    with connect_websocket(f"wss://{HOST}:5291"):
        pass


def by_smtp() -> None:
    smtplib.SMTP("smtp.quickblox.com")


def by_asyncio_datagrams() -> None:
    async def connect() -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(HOST, 9))

    asyncio.run(connect())


def by_asyncio_socket() -> None:
    async def connect() -> None:
        with socket.socket() as sock:
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, (HOST, 443))

    asyncio.run(connect())


def by_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"hi", (HOST, 9))


def by_message() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.sendmsg([b"hi"], [], 0, (HOST, 53))


def by_datagram_with_flags() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"hi", 0, (HOST, 9))


def by_socket() -> None:
    with socket.socket() as sock:
        sock.connect((HOST, 443))


def by_socket_without_exception() -> None:
    with socket.socket() as sock:
        sock.connect_ex((HOST, 443))


@pytest.mark.parametrize(
    ("reach", "library"),
    [
        (by_socket, "something"),
        (by_socket_without_exception, "something"),
        (lambda: socket.gethostbyname("API.quickblox.com."), "something"),
        (lambda: socket.gethostbyname_ex(HOST), "something"),
        (lambda: socket.getaddrinfo(HOST.encode(), 443), "something"),
        (by_trio, "trio"),
        (by_anyio, "anyio"),
        (by_websocket, "websockets"),
        (by_smtp, "smtplib"),
        (by_asyncio_datagrams, "something"),
        (by_asyncio_socket, "something"),
        (by_datagram, "something"),
        (by_datagram_with_flags, "something"),
        (by_message, "something"),
        (lambda: socket.create_connection(("api.quick\u00adblox.com", 443)), "something"),
        (lambda: bound_at_import(HOST, 443), "something"),
        (lambda: _socket.getaddrinfo(HOST.encode(), "https"), "something"),
        (lambda: socket.gethostbyaddr(HOST), "something"),
        (lambda: socket.getfqdn(HOST), "something"),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_a_call_past_the_interceptors_is_refused(reach: Callable[[], object], library: str) -> None:
    with FakeQuickBlox().intercept() as fake:
        with pytest.raises(CallRefused, match=rf"(?i)^{library} tried to reach \w+\.quick\u00ad?blox\.com"):
            reach()
        [problem] = fake._backend.problems.drain()
    assert "make this call with httpx, httpx2, httpcore, requests, " in problem.text


SOCKET = object()


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.getaddrinfo", (HOST, 443, 0, 0, 0)),
        ("socket.gethostbyname", (HOST,)),
        ("socket.gethostbyaddr", (HOST,)),
        ("socket.connect", (SOCKET, (HOST, 443))),
        ("socket.sendto", (SOCKET, (HOST, 443))),
        ("socket.sendmsg", (SOCKET, (HOST, 443))),
    ],
)
def test_each_event_of_a_call_is_refused_while_a_fake_is_active(event: str, arguments: tuple[object, ...]) -> None:
    fake = FakeQuickBlox()
    with pytest.raises(CallRefused):
        guard.audit([fake._backend], event, arguments)
    with ThreadPoolExecutor(1) as pool, pytest.raises(socket.gaierror):
        pool.submit(guard.audit, [fake._backend], event, arguments).result()
    assert len(fake._backend.problems.drain()) == 2
    guard.audit([], event, arguments)
    guard.audit([fake._backend], "socket.bind", arguments)
    assert not fake._backend.hosts.processes
    guard.audit([fake._backend], "subprocess.Popen", ("python", ["python"], None, None))
    assert fake._backend.hosts.processes


def test_a_call_in_the_thread_of_a_library_gets_the_error_of_a_resolver() -> None:
    with FakeQuickBlox().intercept() as fake, ThreadPoolExecutor(1) as pool:
        with pytest.raises(socket.gaierror, match="pytest-qbchat refused this call: something tried to reach"):
            pool.submit(bound_at_import, HOST, 443).result()
        [problem] = fake._backend.problems.drain()
    assert "called at" not in problem.text


def connect(host: str, port: int) -> None:
    with socket.socket() as sock:
        _socket.socket.connect(sock, (host, port))


def send_message(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendmsg([b"hi"], [], 0, (host, port))


@pytest.mark.parametrize("reach", [connect, send_message])
def test_a_host_resolved_in_c_is_refused_before_anything_is_sent(reach: Callable[[str, int], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with FakeQuickBlox(hosts=[f"localhost:{port}"]).intercept() as fake:
            with pytest.raises(CallRefused, match="something tried to reach localhost"):
                reach("localhost", port)
            fake._backend.problems.drain()
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_a_message_to_a_connected_peer_passes(qbchat: FakeQuickBlox) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendmsg([b"hi"])
        assert theirs.recv(2) == b"hi"


def test_the_hook_is_inert_without_an_active_fake() -> None:
    fakes: list[object] = []
    sys.addaudithook(partial(guard.audit, fakes))
    assert bound_at_import("127.0.0.1", 443)
    fakes.append(FakeQuickBlox(hosts=["127.0.0.1"])._backend)
    with pytest.raises(CallRefused):
        bound_at_import("127.0.0.1", 443)
    fakes.clear()
    assert bound_at_import("127.0.0.1", 443)


# --- httpcore, which is intercepted ---


@pytest.mark.parametrize("library", [httpcore, httpcore2], ids=["httpcore", "httpcore2"])
@pytest.mark.parametrize("url", [URL, URL.replace("https", "http"), f"https://{HOST}:443/chat/Message.json?x=1"])
def test_httpcore_is_answered(qbchat: FakeQuickBlox, library: object, url: str) -> None:
    async def post() -> int:
        async with library.AsyncConnectionPool(ssl_context=TLS) as pool:  # type: ignore[attr-defined]
            response = await pool.request("POST", url, headers=HEADERS, content=BODY)
            return int(response.status)

    with library.ConnectionPool(ssl_context=TLS) as pool:  # type: ignore[attr-defined]
        response = pool.request("POST", url, headers=HEADERS, content=BODY)
    assert (response.status, dict(response.headers)[b"Status"]) == (201, b"201 Created")
    assert asyncio.run(post()) == 201
    assert qbchat.posted == [{"message": "hi"}] * 2
    assert [call.request.url for call in qbchat.calls] == [url.replace(":443", "")] * 2


def test_httpcore_is_answered_through_a_proxy(qbchat: FakeQuickBlox) -> None:
    with httpcore.HTTPProxy("http://proxy.shop.example:8080", ssl_context=TLS) as pool:
        assert pool.request("POST", URL, headers=HEADERS, content=BODY).status == 201
    assert len(qbchat.posted) == 1


@pytest.mark.parametrize(
    ("fault", "error"), [("timeout", httpcore.ReadTimeout), ("disconnect", httpcore.RemoteProtocolError)]
)
def test_httpcore_raises_its_own_errors(qbchat: FakeQuickBlox, fault: str, error: type[Exception]) -> None:
    async def post() -> None:
        async with httpcore.AsyncConnectionPool(ssl_context=TLS) as pool:
            await pool.request("POST", URL, extensions={"timeout": {"read": 5}})

    qbchat.fail(fault, times=2)
    with httpcore.ConnectionPool(ssl_context=TLS) as pool, pytest.raises(error):
        pool.request("POST", URL, extensions={"timeout": {"read": 5}})
    with pytest.raises(error):
        asyncio.run(post())


def test_httpcore_raises_the_error_of_a_route(qbchat: FakeQuickBlox) -> None:
    qbchat.router.post("/chat/Message.json").mock(side_effect=httpx.ConnectTimeout)
    with httpcore.ConnectionPool(ssl_context=TLS) as pool, pytest.raises(httpcore.ConnectTimeout):
        pool.request("POST", URL)


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_httpcore_reaches_other_hosts_and_schemes_as_before(qbchat: FakeQuickBlox, scheme: str) -> None:
    async def get() -> None:
        async with httpcore.AsyncConnectionPool() as pool:
            await pool.request("GET", f"{scheme}://127.0.0.1:1/")

    with httpcore.ConnectionPool() as pool, pytest.raises(httpcore.ConnectError):
        pool.request("GET", f"{scheme}://127.0.0.1:1/")
    with pytest.raises(httpcore.ConnectError):
        asyncio.run(get())


# --- http.client: a call without a reader ---


def test_a_request_is_served_when_its_last_byte_is_sent(qbchat: FakeQuickBlox) -> None:
    connection = http.client.HTTPSConnection(HOST, context=TLS)
    connection.putrequest("POST", "/chat/Message.json")
    for name, value in (HEADERS | {"Content-Length": str(len(BODY))}).items():
        connection.putheader(name, value)
    connection.endheaders(BODY[:-1])
    assert len(qbchat.calls) == 0
    connection.send(BODY[-1:])
    assert qbchat.posted.one() == {"message": "hi"}
    connection.close()
    assert len(qbchat.calls) == 1


@pytest.mark.parametrize("scheme", ["http", "HTTP", "Https"])
def test_a_request_to_a_proxy_is_caught_in_whichever_case_its_scheme_is(qbchat: FakeQuickBlox, scheme: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", 1)
    connection.request("GET", f"{scheme}://{HOST}/session.json")
    assert connection.getresponse().status == 401
    assert qbchat.calls.one().request.url == f"{scheme.lower()}://{HOST}/session.json"
    connection.close()


def test_an_unknown_route_fails_the_test_though_nobody_reads_the_answer() -> None:
    def careless() -> None:
        with FakeQuickBlox().intercept():
            connection = http.client.HTTPSConnection(HOST, context=TLS)
            connection.request("GET", "/data/Order.json")
            connection.close()

    with pytest.raises(AssertionError, match=r"has no route GET /data/Order\.json"):
        careless()


def test_websockets_on_asyncio_streams_are_refused(qbchat: FakeQuickBlox) -> None:
    async def connect() -> None:
        async with websockets.connect(f"wss://{HOST}"):
            pass

    with qbchat.expect_refused(), pytest.raises(CallRefused, match=r"^websockets tried to reach api\.quickblox\.com"):
        asyncio.run(connect())


@pytest.mark.parametrize("host", [HOST, "2001:db8::1", "127.0.0.1"])
@pytest.mark.parametrize("port", [80, "https", 5222])
@pytest.mark.parametrize("tls", [False, True])
def test_a_stream_of_asyncio_is_refused_at_every_port(host: str, port: int | str, tls: bool) -> None:
    async def connect() -> None:
        await asyncio.open_connection(host, port, ssl=tls)

    with FakeQuickBlox(hosts=["[2001:db8::1]", "127.0.0.1"]).intercept() as fake:
        with pytest.raises(CallRefused, match=f"^something tried to reach {host} in a way that the fake does not"):
            asyncio.run(connect())
        fake._backend.problems.drain()


# --- hosts in unusual forms ---


@pytest.mark.parametrize("host", ["api.quick\u00adblox.com", "api\u3002quickblox\u3002com", "API.QUICKBLOX.COM."])
def test_a_host_in_another_form_reaches_the_fake(qbchat: FakeQuickBlox, host: str) -> None:
    line = http.client.HTTPSConnection(host, context=TLS)
    line.putrequest("GET", "/session.json", skip_host=True)
    line.putheader("Host", HOST)
    line.endheaders()
    assert line.getresponse().status == 401
    assert len(qbchat.calls) == 1


@pytest.mark.parametrize("host", ["chat.m\u00fcller.example", "chat.xn--mller-kva.example", "Chat.M\u00dcLLER.example"])
def test_a_configured_host_with_other_letters_reaches_the_fake(host: str) -> None:
    with FakeQuickBlox(hosts=["chat.m\u00fcller.example"]).intercept() as fake:
        assert httpx.get(f"https://{host}/session.json", verify=TLS).status_code == 401
        with pytest.raises(CallRefused):
            socket.getaddrinfo(host, 443)
        fake._backend.problems.drain()


@pytest.mark.parametrize("host", ["[2001:db8::1]", "[2001:0db8:0:0::1]", "[2001:DB8::1]"])
def test_a_configured_address_in_another_form_reaches_the_fake(host: str) -> None:
    with FakeQuickBlox(hosts=["https://[2001:db8::1]:8443"]).intercept() as fake:
        assert httpx.get(f"https://{host}:8443/session.json", verify=TLS).status_code == 401
    assert len(fake.calls) == 1
