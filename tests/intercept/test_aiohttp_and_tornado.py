"""Hosts, addresses, resolvers and event loops of the clients on asyncio."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import aiohttp
import aiohttp.abc
import anyio
import pytest
import requests
import requests.adapters
from support.elsewhere import another_server
from support.posting import BODY, HEADERS, in_aiohttp, status_of
from support.ways import DIALOG, PATH, TOKEN, URL

from pytest_qbchat import CallRefused, FakeQuickBlox


@pytest.mark.parametrize("port", [443, "80"])
def test_a_stream_of_asyncio_is_refused(qbchat: FakeQuickBlox, port: int | str) -> None:
    with qbchat.expect_refused(), pytest.raises(CallRefused, match=r"something tried to reach api\.quickblox\.com"):
        asyncio.run(_open("api.quickblox.com", port))


async def _open(host: str, port: int | str) -> None:
    await asyncio.open_connection(host, port)


@pytest.mark.qbchat(hosts=["chat.shop.example:8080"])
def test_a_configured_port_is_intercepted(qbchat: FakeQuickBlox) -> None:
    url = f"http://chat.shop.example:8080{PATH}"
    assert requests.post(url, json=BODY, headers=HEADERS, timeout=5).status_code == 201
    assert in_aiohttp(lambda session: status_of(session, url)) == 201
    assert [call.request.url for call in qbchat.calls] == [url] * 2


def test_a_call_with_a_resolver_of_the_session_reaches_the_fake(qbchat: FakeQuickBlox) -> None:
    class Resolver(aiohttp.abc.AbstractResolver):
        async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> Any:
            port = int(elsewhere.rpartition(":")[2])
            return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}]

        async def close(self) -> None:
            pass

    async def post() -> int:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=Resolver())) as session:
            return await status_of(session)

    with another_server() as elsewhere:
        assert asyncio.run(post()) == 201
    assert qbchat.posted == [BODY]


class Elsewhere(aiohttp.abc.AbstractResolver):
    """Somebody's own, who knows QuickBlox at the address of another server."""

    def __init__(self, url: str, family: socket.AddressFamily) -> None:
        self._port = int(url.rpartition(":")[2])
        self._family = family

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[Any]:
        address = "::1" if self._family == socket.AF_INET6 else "127.0.0.1"
        return [{"hostname": host, "host": address, "port": self._port, "family": self._family, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
@pytest.mark.parametrize("url", [URL, URL.replace("https", "http")])
def test_an_address_that_aiohttp_has_cached_is_not_connected(
    qbchat: FakeQuickBlox, url: str, family: socket.AddressFamily
) -> None:
    async def post(elsewhere: str) -> int:
        connector = aiohttp.TCPConnector(resolver=Elsewhere(elsewhere, family))
        async with aiohttp.ClientSession(connector=connector) as session:
            return await status_of(session, url)

    with another_server() as elsewhere:
        assert asyncio.run(post(elsewhere)) == 201
    assert qbchat.posted == [BODY]


def test_a_stream_to_another_host_after_a_call_of_aiohttp_is_left_alone(qbchat: FakeQuickBlox) -> None:
    async def both(elsewhere: str) -> bytes:
        async with aiohttp.ClientSession() as session:
            assert await status_of(session) == 201
        reader, writer = await asyncio.open_connection("127.0.0.1", int(elsewhere.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer

    with another_server() as elsewhere:
        assert asyncio.run(both(elsewhere)).endswith(b"another server")
    assert len(qbchat.calls) == 1


def test_a_stream_to_another_host_while_aiohttp_connects_is_left_alone(qbchat: FakeQuickBlox) -> None:
    answers: list[bytes] = []

    async def ask(*_: object) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answers.append(await reader.read())
        writer.close()

    async def post() -> int:
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_start.append(ask)
        async with aiohttp.ClientSession(trace_configs=[trace]) as session:
            return await status_of(session)

    with another_server() as elsewhere:
        port = int(elsewhere.rpartition(":")[2])
        assert asyncio.run(post()) == 201
    assert [answer.endswith(b"another server") for answer in answers] == [True]
    assert len(qbchat.calls) == 1


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are none here")
@pytest.mark.usefixtures("qbchat")
def test_a_unix_socket_of_aiohttp_is_left_alone(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 204 No Content\r\n\r\n")
        writer.close()

    async def get() -> int:
        path = str(tmp_path / "socket")
        async with (
            await asyncio.start_unix_server(answer, path),
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as session,
            session.get("http://api.quickblox.com/") as response,
        ):
            return response.status

    assert asyncio.run(get()) == 204


@pytest.mark.parametrize("host", ["127.0.0.1:9", "127.0.0.1"])
def test_a_configured_address_is_intercepted(host: str) -> None:
    async def post() -> int:
        async with aiohttp.ClientSession() as session:
            return await status_of(session, "http://127.0.0.1:9/chat/Message.json")

    with FakeQuickBlox(hosts=[host]).intercept() as fake:
        assert asyncio.run(post()) == 201
    assert fake.posted == [BODY]


def test_aiohttp_on_another_event_loop_reaches_the_fake(qbchat: FakeQuickBlox) -> None:
    class Loop(asyncio.SelectorEventLoop):
        """As uvloop, it does not call what is patched in asyncio."""

        def getaddrinfo(self, *args: object, **kwargs: object) -> Any:
            raise AssertionError("not called")

    with asyncio.Runner(loop_factory=Loop) as runner:

        async def post() -> int:
            async with aiohttp.ClientSession() as session:
                return await status_of(session)

        assert runner.run(post()) == 201
    assert qbchat.posted == [BODY]


def test_a_lookup_by_the_event_loop_is_refused(qbchat: FakeQuickBlox) -> None:
    async def look_up() -> None:
        await asyncio.get_running_loop().getaddrinfo("api.quickblox.com", 443, type=socket.SOCK_STREAM)

    with (
        qbchat.expect_refused(),
        pytest.raises(CallRefused, match=r"something tried to reach api\.quickblox\.com"),
    ):
        asyncio.run(look_up())


def test_a_library_that_looks_addresses_up_itself_is_refused_by_name(qbchat: FakeQuickBlox) -> None:
    async def connect() -> None:
        await anyio.connect_tcp("api.quickblox.com", 443)

    with (
        qbchat.expect_refused(),
        pytest.raises(CallRefused, match=r"anyio tried to reach api\.quickblox\.com"),
    ):
        asyncio.run(connect())


def test_tornado_reaches_a_fake_of_a_loopback_address() -> None:
    pytest.importorskip("tornado")
    from tornado.httpclient import AsyncHTTPClient

    async def get() -> int:
        client = AsyncHTTPClient(force_instance=True)
        try:
            return (await client.fetch("http://127.0.0.1:8089/session.json", raise_error=False)).code
        finally:
            client.close()

    with FakeQuickBlox(hosts=["127.0.0.1"]).intercept() as fake:
        assert asyncio.run(get()) == 401
    assert fake.calls.one().request.url == "http://127.0.0.1:8089/session.json"


def test_a_call_with_another_host_in_its_header_is_recorded(qbchat: FakeQuickBlox) -> None:
    async def post() -> int:
        headers = {"Host": "quickblox.internal", "QB-Token": TOKEN}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(URL, json={"chat_dialog_id": DIALOG, "message": "hi"}) as response,
        ):
            return response.status

    assert asyncio.run(post()) == 201
    assert qbchat.calls.one().request.url == URL


def test_tornado_reaches_other_hosts_as_before(qbchat: FakeQuickBlox) -> None:
    pytest.importorskip("tornado")
    from tornado.httpclient import AsyncHTTPClient

    async def get() -> bytes:
        client = AsyncHTTPClient(force_instance=True)
        try:
            return (await client.fetch(url)).body
        finally:
            client.close()

    with another_server() as url:
        assert asyncio.run(get()) == b"another server"
    assert len(qbchat.calls) == 0


def test_the_resolver_of_aiodns_is_asked_for_other_hosts_only(
    qbchat: FakeQuickBlox, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Resolver(aiohttp.AsyncResolver):
        def __init__(self) -> None:  # which would ask for aiodns
            pass

        async def close(self) -> None:
            pass

    async def resolve(_: object, host: str, *args: object, **kwargs: object) -> list[Any]:
        asked.append(host)
        raise OSError("no such host")

    async def post(url: str) -> int:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=Resolver())) as session:
            return await status_of(session, url)

    asked: list[str] = []
    monkeypatch.setattr(aiohttp.AsyncResolver, "resolve", resolve)
    assert [asyncio.run(post(each)) for each in (URL, URL.replace("https", "http"))] == [201, 201]
    with pytest.raises(aiohttp.ClientConnectionError, match=r"connect to host other\.shop\.example"):
        asyncio.run(post("https://other.shop.example/"))
    assert asked == ["other.shop.example"]
    assert [call.request.url for call in qbchat.calls] == [URL, URL.replace("https", "http")]
