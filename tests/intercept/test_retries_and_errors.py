"""Retries, adapters, errors and refusals are those of each library."""

from __future__ import annotations

import asyncio
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import aiohttp
import aiohttp.abc
import pytest
import requests
import requests.adapters
import urllib3
from support.posting import API, BODY, HEADERS, ORDERS, in_aiohttp, status_of
from support.ways import TLS, TOKEN, URL

from pytest_qbchat import CallRefused, FakeQuickBlox


def retrying(**kwargs: Any) -> requests.Session:
    session = requests.Session()
    retry = urllib3.Retry(backoff_factor=0, allowed_methods=None, **kwargs)
    session.mount("https://", requests.adapters.HTTPAdapter(max_retries=retry))
    return session


def test_retries_by_status_reach_the_fake(qbchat: FakeQuickBlox) -> None:
    qbchat.fail(503, times=2)
    qbchat.fail(429)
    with retrying(total=3, status_forcelist=[429, 503]) as session:
        assert session.post(URL, json=BODY, headers=HEADERS, timeout=5).status_code == 201
    assert [call.status for call in qbchat.calls] == [503, 503, 429, 201]
    assert qbchat.posted == [BODY]


def test_a_status_outside_the_list_is_not_retried(qbchat: FakeQuickBlox) -> None:
    qbchat.fail(500)
    with retrying(total=3, status_forcelist=[503]) as session:
        assert session.post(URL, json=BODY, headers=HEADERS, timeout=5).status_code == 500
    assert len(qbchat.calls) == 1


def test_exhausted_retries_raise_the_error_of_requests(qbchat: FakeQuickBlox) -> None:
    qbchat.fail(503, times=9)
    with retrying(total=2, status_forcelist=[503]) as session, pytest.raises(requests.exceptions.RetryError):
        session.post(URL, json=BODY, headers=HEADERS, timeout=5)
    assert len(qbchat.calls) == 3


@pytest.mark.parametrize("fault", ["timeout", "disconnect"])
def test_a_lost_answer_is_retried(qbchat: FakeQuickBlox, fault: str) -> None:
    qbchat.fail(fault, stored=True)
    with retrying(total=2) as session:
        assert session.post(URL, json=BODY, headers=HEADERS, timeout=5).status_code == 201
    assert qbchat.posted == [BODY] * 2  # as a careless retry does


def test_urllib3_waits_as_long_as_retry_after_says(qbchat: FakeQuickBlox, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    qbchat.assume(retry_after=7)
    qbchat.fail(429)
    retry = urllib3.Retry(total=1, status_forcelist=[429], allowed_methods=None)
    assert urllib3.request("POST", URL, json=BODY, headers=HEADERS, retries=retry).status == 201
    assert waits == [7]


def test_an_adapter_of_the_session_sends_the_request(qbchat: FakeQuickBlox) -> None:
    class Signing(requests.adapters.HTTPAdapter):
        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            request.headers["QB-Token"] = TOKEN
            return super().send(request, *args, **kwargs)

    with requests.Session() as session:
        session.mount(API, Signing(pool_maxsize=1, pool_block=True))
        assert [session.post(URL, json=BODY, timeout=5).status_code for _ in range(3)] == [201] * 3
    assert [call.request.headers["QB-Token"] for call in qbchat.calls] == [TOKEN] * 3


def test_a_fault_raises_the_error_of_requests_and_urllib3(qbchat: FakeQuickBlox) -> None:
    qbchat.fail("timeout")
    with pytest.raises(requests.ReadTimeout, match="Read timed out"):
        requests.post(URL, json=BODY, timeout=5)
    qbchat.fail("disconnect")
    with pytest.raises(requests.ConnectionError, match="RemoteDisconnected") as caught:
        requests.post(URL, json=BODY, timeout=5)
    assert caught.value.request is not None
    assert caught.value.request.url == URL
    qbchat.fail("timeout")
    with pytest.raises(urllib3.exceptions.MaxRetryError) as exhausted:
        urllib3.request("POST", URL, retries=urllib3.Retry(0, allowed_methods=None))
    assert isinstance(exhausted.value.reason, urllib3.exceptions.ReadTimeoutError)


def test_a_status_raises_the_error_of_each_library(qbchat: FakeQuickBlox) -> None:
    with pytest.raises(requests.HTTPError, match="401 Client Error"):
        requests.post(URL, json=BODY, timeout=5).raise_for_status()
    with pytest.raises(urllib.error.HTTPError, match="HTTP Error 401") as caught:
        urllib.request.urlopen(URL, data=b"{}")
    with caught.value as response:
        assert json.load(response) == {"errors": {"base": ["Token is required"]}}
    with pytest.raises(aiohttp.ClientResponseError, match="401"):
        in_aiohttp(status_of_anybody, raise_for_status=True)


async def status_of_anybody(session: aiohttp.ClientSession) -> int:
    async with session.post(URL, json=BODY) as response:
        return response.status


@pytest.mark.parametrize(
    ("timeout", "error"),
    [
        (aiohttp.ClientTimeout(sock_read=0.1), aiohttp.ServerTimeoutError),
        (aiohttp.ClientTimeout(total=0.1), asyncio.TimeoutError),
    ],
    ids=["read", "total"],
)
def test_a_timeout_raises_the_error_of_aiohttp(
    qbchat: FakeQuickBlox, timeout: aiohttp.ClientTimeout, error: type[Exception]
) -> None:
    in_aiohttp(status_of)  # so that no start of the server is in the time
    qbchat.fail("timeout")
    with pytest.raises(error):
        in_aiohttp(status_of, timeout=timeout)
    assert len(qbchat.calls) == 2


def test_a_refusal_is_raised_through_every_library_answered_in_place(qbchat: FakeQuickBlox) -> None:
    connection = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    calls: list[Callable[[], object]] = [
        lambda: requests.get(ORDERS, timeout=5),
        lambda: urllib3.request("GET", ORDERS),
        lambda: urllib.request.urlopen(ORDERS),
        lambda: (connection.request("GET", "/data/Order.json"), connection.getresponse()),
    ]
    for call in calls:
        with qbchat.expect_refused("GET", "/data/Order.json"), pytest.raises(CallRefused, match="no route GET /data"):
            call()
    connection.close()


def test_a_refusal_is_a_404_with_the_reason_through_the_loopback_server(qbchat: FakeQuickBlox) -> None:
    async def get(session: aiohttp.ClientSession) -> tuple[int, Any]:
        async with session.get(ORDERS) as response:
            return response.status, await response.json()

    with qbchat.expect_refused("GET", "/data/Order.json"):
        status, body = in_aiohttp(get)
    assert status == 404
    assert "no route GET /data/Order.json" in body["message"]
