"""Proxies of the environment and of the code: none is asked for QuickBlox, and other hosts keep theirs."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import aiohttp
import aiohttp.abc
import pytest
import requests
import requests.adapters
import urllib3
from support.elsewhere import another_server
from support.posting import API, BODY, HEADERS, in_aiohttp, status_of
from support.ways import TLS

from pytest_qbchat import CallRefused, FakeQuickBlox

PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"]


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A proxy that all libraries are told of, and that says itself who has come."""
    with another_server() as address:
        for name in PROXIES:
            monkeypatch.setenv(name, address)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield address


def test_a_proxy_in_the_environment_is_not_asked(qbchat: FakeQuickBlox, proxy: str, url: str) -> None:
    for _ in range(2):
        assert requests.post(url, json=BODY, headers=HEADERS, timeout=5).status_code == 201
    with urllib3.ProxyManager(proxy) as pool:
        assert [pool.request("POST", url, json=BODY, headers=HEADERS).status for _ in range(2)] == [201, 201]
    request = urllib.request.Request(url, json.dumps(BODY).encode(), HEADERS | {"Content-Type": "application/json"})
    with urllib.request.build_opener().open(request) as response:
        assert response.status == 201
    assert in_aiohttp(lambda session: status_of(session, url), trust_env=True) == 201
    assert [call.request.url for call in qbchat.calls] == [url] * 6
    assert qbchat.posted == [BODY] * 6


def test_a_proxy_named_in_the_code_is_not_asked(qbchat: FakeQuickBlox, url: str) -> None:
    proxies = {"http": "http://proxy.shop.example:3128", "https": "http://proxy.shop.example:3128"}
    assert requests.post(url, json=BODY, headers=HEADERS, proxies=proxies, timeout=5).status_code == 201
    line = http.client.HTTPSConnection("proxy.shop.example", context=TLS)
    line.set_tunnel("api.quickblox.com:443")
    line.request("GET", "/session.json")
    assert line.getresponse().status == 401
    line.close()
    assert [call.request.url for call in qbchat.calls] == [url, f"{API}/session.json"]


def test_a_tunnel_that_was_set_before_the_test_leads_to_the_fake() -> None:
    line = http.client.HTTPSConnection("proxy.shop.example", 3128, context=TLS)
    line.set_tunnel("api.quickblox.com")
    with FakeQuickBlox().intercept() as fake:
        line.request("GET", "/session.json")
        assert line.getresponse().status == 401
    assert fake.calls.one().request.url == f"{API}/session.json"


def test_a_proxy_named_in_the_code_is_refused_with_aiohttp(qbchat: FakeQuickBlox, url: str) -> None:
    with (
        qbchat.expect_refused(),
        pytest.raises(CallRefused, match=r"aiohttp tried to reach api\.quickblox\.com through a proxy"),
    ):
        in_aiohttp(lambda session: status_of(session, url, proxy="http://proxy.shop.example:3128"))


def test_a_timeout_behind_a_proxy_is_a_read_timeout(qbchat: FakeQuickBlox, url: str) -> None:
    proxies = {"http": "http://proxy.shop.example:3128", "https": "http://proxy.shop.example:3128"}
    qbchat.fail("timeout")
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, json=BODY, proxies=proxies, timeout=5)


def test_other_hosts_go_through_their_proxy(qbchat: FakeQuickBlox, proxy: str) -> None:
    async def get(session: aiohttp.ClientSession) -> str:
        async with session.get("http://other.shop.example/") as response:
            return await response.text()

    assert requests.get("http://other.shop.example/", timeout=5).text == "another server"
    # urlopen() asks the environment once, at its first call of all.
    with urllib.request.build_opener().open("http://other.shop.example/") as response:
        assert response.read() == b"another server"
    assert in_aiohttp(get, trust_env=True) == "another server"
    assert len(qbchat.calls) == 0


@pytest.mark.qbchat(hosts=["http://chat.shop.example:8080"])
@pytest.mark.usefixtures("qbchat")
@pytest.mark.parametrize("excepted", ["*", "intranet.example"])
def test_hosts_without_a_proxy_are_added_to_those_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, proxy: str, excepted: str
) -> None:
    monkeypatch.setenv("no_proxy", excepted)
    everything = excepted == "*"
    assert urllib.request.proxy_bypass("intranet.example")
    assert urllib.request.proxy_bypass("chat.shop.example")
    assert bool(urllib.request.proxy_bypass("other.example")) is everything
