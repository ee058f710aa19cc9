"""Connections that are kept from call to call, from test to test, and between the fake and other hosts."""

from __future__ import annotations

import http.client
import json
import socket

import aiohttp
import aiohttp.abc
import pytest
import requests
import requests.adapters
import urllib3
from support.elsewhere import another_server
from support.posting import BODY, HEADERS, in_aiohttp, no_way_out, status_of
from support.ways import PATH, TLS, URL

from pytest_qbchat import FakeQuickBlox


def test_connections_are_kept_alive(qbchat: FakeQuickBlox) -> None:
    async def post(session: aiohttp.ClientSession) -> list[int]:
        return [await status_of(session) for _ in range(20)]

    with urllib3.HTTPSConnectionPool("api.quickblox.com") as pool:
        for _ in range(20):
            assert pool.request("POST", PATH, json=BODY, headers=HEADERS).status == 201
        assert pool.num_connections == 1
    assert in_aiohttp(post) == [201] * 20
    assert len(qbchat.posted) == 40


@pytest.mark.parametrize("library", ["requests", "urllib3", "http.client", "aiohttp"])
def test_a_kept_connection_reaches_the_newest_fake(library: str) -> None:
    async def post_twice(session: aiohttp.ClientSession) -> None:
        for fake in fakes:
            with fake.intercept():
                assert await status_of(session) == 201

    fakes = [FakeQuickBlox(), FakeQuickBlox()]
    if library == "aiohttp":
        in_aiohttp(post_twice)
    with requests.Session() as session, urllib3.PoolManager() as pool:
        line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
        for fake in fakes if library != "aiohttp" else []:
            with fake.intercept():
                if library == "requests":
                    session.post(URL, json=BODY, headers=HEADERS, timeout=5)
                elif library == "urllib3":
                    pool.request("POST", URL, json=BODY, headers=HEADERS)
                else:
                    line.request("POST", PATH, json.dumps(BODY), HEADERS | {"Content-Type": "application/json"})
                    line.getresponse().read()
        line.close()
    assert [len(fake.posted) for fake in fakes] == [1, 1]


def test_a_pooled_session_connects_anew_after_the_fake(monkeypatch: pytest.MonkeyPatch) -> None:
    with requests.Session() as session, FakeQuickBlox().intercept() as fake:
        session.post(URL, json=BODY, headers=HEADERS, timeout=5)
        fake_is_over = fake
    with requests.Session() as session:
        with FakeQuickBlox().intercept() as fake:
            session.post(URL, json=BODY, headers=HEADERS, timeout=5)
            session.post(URL, json=BODY, headers=HEADERS, timeout=5)
        with no_way_out(monkeypatch) as asked, pytest.raises(requests.ConnectionError, match="no such host"):
            session.post(URL, json=BODY, headers=HEADERS, timeout=5)
    assert asked == ["api.quickblox.com"]
    assert (len(fake.calls), len(fake_is_over.calls)) == (2, 1)


def test_a_kept_connection_is_broken_after_the_fake(monkeypatch: pytest.MonkeyPatch) -> None:
    line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    with FakeQuickBlox().intercept() as fake:
        line.request("GET", "/session.json")
        line.getresponse().read()
    with no_way_out(monkeypatch):
        line.request("GET", "/session.json")
        with pytest.raises(ConnectionResetError, match="the fake QuickBlox of this connection has stopped"):
            line.getresponse()
        line.close()
        with pytest.raises(socket.gaierror):
            line.request("GET", "/session.json")
    assert len(fake.calls) == 1


def test_a_session_of_aiohttp_gets_an_error_after_the_fake(monkeypatch: pytest.MonkeyPatch) -> None:
    async def post(session: aiohttp.ClientSession) -> None:
        with fake.intercept():
            assert await status_of(session) == 201
        with pytest.raises(aiohttp.ClientConnectionError):
            await status_of(session)

    fake = FakeQuickBlox()
    with no_way_out(monkeypatch):
        in_aiohttp(post)
    assert len(fake.calls) == 1


def test_the_inner_of_two_fakes_answers(qbchat: FakeQuickBlox) -> None:
    async def post(session: aiohttp.ClientSession) -> None:
        with inner.intercept():
            await status_of(session)
        await status_of(session)

    inner = FakeQuickBlox()
    with requests.Session() as session:
        with inner.intercept():
            session.post(URL, json=BODY, headers=HEADERS, timeout=5)
        session.post(URL, json=BODY, headers=HEADERS, timeout=5)
    in_aiohttp(post)
    assert (len(inner.calls), len(qbchat.calls)) == (2, 2)


def test_a_connection_used_before_reaches_a_later_fake_of_its_host() -> None:
    with another_server() as url, FakeQuickBlox().intercept():
        line = http.client.HTTPConnection(url.removeprefix("http://"))
        line.request("GET", "/other")
        assert line.getresponse().read() == b"another server"
        line.close()
    with FakeQuickBlox(hosts=[url]).intercept() as fake:
        line.connect()  # where nobody listens any more
        line.request("GET", "/session.json")
        assert line.getresponse().status == 401
        line.close()
    assert len(fake.calls) == 1


def test_a_response_of_urllib3_frees_its_connection(qbchat: FakeQuickBlox) -> None:
    qbchat.router.get("/users/7.json").respond(content=b"")
    with urllib3.HTTPSConnectionPool("api.quickblox.com", headers={"User-Agent": "shop"}) as pool:
        for _ in range(3):
            assert pool.request("GET", "/users/7.json").data == b""
            response = pool.request("GET", "/session.json", preload_content=False)
            assert b"".join(response.stream()).startswith(b'{"errors":')
        assert (pool.num_connections, pool.num_requests) == (1, 6)


def test_one_connection_serves_a_foreign_request_then_quickblox_and_a_foreign_one_again(
    qbchat: FakeQuickBlox,
) -> None:
    with another_server() as proxy:
        line = http.client.HTTPConnection(proxy.removeprefix("http://"))
        seen: list[object] = []
        for url in ("http://other.shop.example/", "http://api.quickblox.com/session.json") * 2:
            line.request("GET", url)
            response = line.getresponse()
            seen.append((response.status, response.read()[:14]))
        line.close()
    assert seen == [(200, b"another server"), (401, b'{"errors":{"ba')] * 2
    assert len(qbchat.calls) == 2


def test_a_connection_that_outlives_the_fake_reaches_other_hosts() -> None:
    with another_server() as url:
        line = http.client.HTTPConnection(url.partition("://")[2])
        with FakeQuickBlox(hosts=[url]).intercept():
            line.request("GET", "/session.json")
            assert line.getresponse().status == 401
        line.close()
        line.request("GET", "/session.json")
        assert line.getresponse().read() == b"another server"
        line.close()
