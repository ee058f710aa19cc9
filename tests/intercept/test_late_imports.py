"""Clients that were made or imported before the test, or are imported in it, and stubs in place of a library."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from textwrap import indent

import pytest
import requests
import requests.adapters
import urllib3
from support.posting import BODY, HEADERS, in_aiohttp, status_of
from support.ways import PATH, TLS, TOKEN, URL

from pytest_qbchat import FakeQuickBlox
from pytest_qbchat.intercept import http_client

session_made_at_import = requests.Session()
pool_made_at_import = urllib3.PoolManager(ssl_context=TLS)
connection_made_at_import = http.client.HTTPSConnection("api.quickblox.com", context=TLS)


@pytest.fixture(scope="session", autouse=True)
def _close_clients() -> Iterator[None]:
    yield
    session_made_at_import.close()
    pool_made_at_import.clear()
    connection_made_at_import.close()


def test_a_client_made_at_import_reaches_the_fake(qbchat: FakeQuickBlox) -> None:
    assert session_made_at_import.post(URL, json=BODY, headers=HEADERS, timeout=5).status_code == 201
    assert pool_made_at_import.request("POST", URL, json=BODY, headers=HEADERS).status == 201
    connection_made_at_import.request("POST", PATH, json.dumps(BODY), HEADERS | {"Content-Type": "application/json"})
    response = connection_made_at_import.getresponse()
    assert (response.status, json.loads(response.read())["message"]) == (201, "hi")
    assert qbchat.posted == [BODY] * 3


# The tests of http.client and of its users are alike: in the short profile requests stands for them.
LATE_AS_WELL = [
    "import urllib3; status = urllib3.request('POST', URL, json=BODY).status",
    "import urllib.request as u; status = u.urlopen(URL + '?recipient_id=1&token=t', b'').status",
    "import http.client as h; c = h.HTTPSConnection('api.quickblox.com'); c.request('POST', '/chat/Message.json?"
    "recipient_id=1&token=t'); status = c.getresponse().status",
]


@pytest.mark.parametrize(
    "code",
    [
        "import requests; status = requests.post(URL, json=BODY, timeout=5).status_code",
        *(pytest.param(code, marks=pytest.mark.long) for code in LATE_AS_WELL),
        "import aiohttp, asyncio\n"
        "async def post():\n"
        "    async with aiohttp.ClientSession() as session, session.post(URL, json=BODY) as response:\n"
        "        return response.status\n"
        "status = asyncio.run(post())",
    ],
    ids=["requests", "urllib3", "urllib", "http.client", "aiohttp"],
)
def test_a_library_imported_late_reaches_the_fake(code: str) -> None:
    program = f"""
from pytest_qbchat import FakeQuickBlox
URL, BODY = {URL!r}, {BODY | {"token": TOKEN}!r}
with FakeQuickBlox().intercept() as fake:
{indent(code, "    ")}
assert len(fake.calls) == 1
assert status == 201, status
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)


def test_calls_of_worker_threads_reach_the_fake(qbchat: FakeQuickBlox) -> None:
    with ThreadPoolExecutor(2) as pool:
        calls = [
            pool.submit(requests.post, URL, json=BODY, headers=HEADERS, timeout=5),
            pool.submit(in_aiohttp, status_of),
        ]
    assert [calls[0].result().status_code, calls[1].result()] == [201, 201]
    assert qbchat.posted == [BODY] * 2


def test_a_stub_named_like_a_library_is_not_patched(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(
        **{
            "tornado/__init__": "",
            "httpx2": "raise RuntimeError('half installed')",
            "conftest": """
            import sys, types
            from unittest.mock import MagicMock
            sys.modules["aiohttp"] = types.ModuleType("aiohttp")
            sys.modules["aiohttp.connector"] = sys.modules["urllib3_future.connection"] = MagicMock()
            """,
            "test_it": """
            import httpx

            def test_it(qbchat):
                assert httpx.get("https://api.quickblox.com/session.json").status_code == 401
            """,
        }
    )
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.runpytest_subprocess("-p", "qbchat", "-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_a_library_imported_by_the_test_reaches_the_fake(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile("""
        import sys

        import pytest

        URL = "https://api.quickblox.com/session.json"

        @pytest.fixture(autouse=True)
        def imported_later(request):
            library = request.function.__name__.removeprefix("test_")
            assert not [name for name in sys.modules if name == library or name.startswith(f"{library}.")]

        @pytest.fixture(autouse=True)
        def seen(qbchat):
            yield
            assert qbchat.calls.one().status == 401

        def test_httpcore2():
            import httpcore2
            assert httpcore2.request("GET", URL).status == 401

        def test_urllib3():
            import urllib3
            assert urllib3.request("GET", URL).status == 401

        def test_requests():
            import requests
            assert requests.get(URL).status_code == 401

        def test_httpx2():
            import httpx2
            assert httpx2.get(URL).status_code == 401

        def test_tornado():
            import asyncio
            from tornado.httpclient import AsyncHTTPClient

            async def get():
                return await AsyncHTTPClient().fetch(URL, raise_error=False)

            assert asyncio.run(get()).code == 401

        def test_aiohttp():
            import asyncio
            import aiohttp

            async def get():
                async with aiohttp.ClientSession() as session, session.get(URL) as response:
                    return response.status

            assert asyncio.run(get()) == 401
    """)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = pytester.runpytest_subprocess("-p", "qbchat", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=6)


def test_a_urllib3_without_http_client_is_not_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPConnection", "HTTPSConnection"):
        independent = type(name, (), {"__module__": "urllib3.connection"})
        monkeypatch.setattr(f"urllib3.connection.{name}", independent)
    assert list(http_client.LIBRARIES["urllib3.connection"](urllib3.connection)) == []
