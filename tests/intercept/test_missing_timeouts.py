"""A call without a timeout that gets no response: in production it waits forever, so the test is told."""

from __future__ import annotations

import asyncio
import http.client
import socket
import urllib.request
from collections.abc import Callable

import httpcore
import httpx
import httpx2
import pytest
import requests
import urllib3

from pytest_qbchat import FakeQuickBlox, QuickBloxWarning

URL = "https://api.quickblox.com/session.json"


def call_http_client(**options: float) -> None:
    connection = http.client.HTTPSConnection("api.quickblox.com", **options)  # type: ignore[arg-type]
    connection.request("GET", "/session.json")
    connection.getresponse()


def call_async(**options: float | None) -> None:
    async def get() -> None:
        async with httpx.AsyncClient(**options) as client:  # type: ignore[arg-type]
            await client.get(URL)

    asyncio.run(get())


def call_httpcore(**timeouts: float) -> None:
    with httpcore.ConnectionPool() as pool:
        pool.request("GET", URL, extensions={"timeout": timeouts})


WITHOUT: dict[str, Callable[[], object]] = {
    "requests": lambda: requests.get(URL),
    "requests, connect only": lambda: requests.get(URL, timeout=(3, None)),
    "urllib3": lambda: urllib3.PoolManager(retries=False).request("GET", URL),
    "urllib": lambda: urllib.request.urlopen(URL),
    "http.client": call_http_client,
    "httpx": lambda: httpx.get(URL, timeout=None),
    "httpx2": lambda: httpx2.get(URL, timeout=None),
    "httpx, async": lambda: call_async(timeout=None),
    "httpcore": call_httpcore,
}
WITH: dict[str, Callable[[], object]] = {
    "requests": lambda: requests.get(URL, timeout=3),
    "urllib3": lambda: urllib3.PoolManager(retries=False).request("GET", URL, timeout=3),
    "urllib": lambda: urllib.request.urlopen(URL, timeout=3),
    "http.client": lambda: call_http_client(timeout=3),
    "httpx": lambda: httpx.get(URL),
    "httpx2": lambda: httpx2.get(URL),
    "httpx, async": call_async,
    "httpcore": lambda: call_httpcore(read=3),
}


@pytest.mark.parametrize("call", WITHOUT.values(), ids=WITHOUT)
def test_a_call_without_a_timeout_that_gets_no_response_is_warned_of(
    qbchat: FakeQuickBlox, call: Callable[[], object]
) -> None:
    qbchat.fail("timeout")
    with pytest.warns(QuickBloxWarning) as caught, pytest.raises(Exception, match=r"(?i)fail\('timeout'\)|timed out"):
        call()
    assert [str(warning.message) for warning in caught] == [
        "this GET has no timeout, so without a response it waits forever; give the client a timeout"
    ]


@pytest.mark.parametrize("call", WITH.values(), ids=WITH)
def test_a_call_with_a_timeout_that_gets_no_response_gives_no_warning(
    qbchat: FakeQuickBlox, call: Callable[[], object]
) -> None:
    qbchat.fail("timeout")
    with pytest.raises(Exception, match=r"(?i)fail\('timeout'\)|timed out"):
        call()


@pytest.mark.parametrize("fault", ["disconnect", 503])
def test_another_fault_needs_no_timeout(qbchat: FakeQuickBlox, fault: int | str) -> None:
    qbchat.fail(fault)
    with pytest.raises(requests.RequestException):
        requests.get(URL).raise_for_status()


def test_the_default_timeout_of_sockets_counts(qbchat: FakeQuickBlox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getdefaulttimeout", lambda: 5)
    qbchat.fail("timeout")
    with pytest.raises(TimeoutError):
        call_http_client()


def test_a_trial_fails_for_a_call_without_a_timeout(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
import requests

def test_it(qbchat):
    for trial in qbchat.each_fault():
        with trial:
            requests.get("https://api.quickblox.com/session.json", headers={"QB-Token": "made-up-token"})
"""
    )
    result = pytester.runpytest("-p", "no:randomly")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E * GET /session.json, lost *: QuickBloxWarning: this GET has no timeout, *"])
