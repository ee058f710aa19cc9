"""What the users of requests, urllib3, urllib, http.client and aiohttp rely on, beside the contract of the fake."""

from __future__ import annotations

import asyncio
import gc
import gzip
import http.client
import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import aiohttp.abc
import anyio
import httpx
import pytest
import requests
import requests.adapters
import responses
import urllib3
from support.elsewhere import another_server
from support.threads import busy_threads
from support.ways import DIALOG, PATH, TLS, TOKEN, URL

from pytest_qbchat import CallRefused, FakeQuickBlox
from pytest_qbchat.intercept import http_client
from pytest_qbchat.intercept.http_client import FakeSocket
from pytest_qbchat.server import http11

API = "https://api.quickblox.com"
HEADERS = {"QB-Token": TOKEN}
BODY = {"chat_dialog_id": DIALOG, "message": "hi"}
EVENTS = f"{API}/events.json"
PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"]

session_made_at_import = requests.Session()
pool_made_at_import = urllib3.PoolManager(ssl_context=TLS)
connection_made_at_import = http.client.HTTPSConnection("api.quickblox.com", context=TLS)


@pytest.fixture(scope="session", autouse=True)
def _close_clients() -> Iterator[None]:
    yield
    session_made_at_import.close()
    pool_made_at_import.clear()
    connection_made_at_import.close()


@pytest.fixture(params=[URL, URL.replace("https", "http")], ids=["https", "http"])
def url(request: pytest.FixtureRequest) -> str:
    url: str = request.param
    return url


def in_aiohttp(use: Callable[[aiohttp.ClientSession], Any], **kwargs: Any) -> Any:
    """What a coroutine function gives back for a session."""

    async def run() -> Any:
        async with aiohttp.ClientSession(**kwargs) as session:
            return await use(session)

    return asyncio.run(run())


async def status_of(session: aiohttp.ClientSession, url: str = URL, **kwargs: Any) -> int:
    async with session.post(url, json=BODY, headers=HEADERS, **kwargs) as response:
        return response.status


def texts(fake: FakeQuickBlox) -> list[str | None]:
    return [message.message for message in fake.posted]


# --- made at any time, used in any thread ---


def test_what_was_made_at_import_is_caught(qbchat: FakeQuickBlox) -> None:
    assert session_made_at_import.post(URL, json=BODY, headers=HEADERS, timeout=5).status_code == 201
    assert pool_made_at_import.request("POST", URL, json=BODY, headers=HEADERS).status == 201
    connection_made_at_import.request("POST", PATH, json.dumps(BODY), HEADERS | {"Content-Type": "application/json"})
    response = connection_made_at_import.getresponse()
    assert (response.status, json.loads(response.read())["message"]) == (201, "hi")
    assert qbchat.posted == [BODY] * 3


@pytest.mark.parametrize(
    "code",
    [
        "import requests; status = requests.post(URL, json=BODY, timeout=5).status_code",
        "import urllib3; status = urllib3.request('POST', URL, json=BODY).status",
        "import urllib.request as u; status = u.urlopen(URL + '?recipient_id=1&token=t', b'').status",
        "import http.client as h; c = h.HTTPSConnection('api.quickblox.com'); c.request('POST', '/chat/Message.json?"
        "recipient_id=1&token=t'); status = c.getresponse().status",
        "import aiohttp, asyncio\n"
        "async def post():\n"
        "    async with aiohttp.ClientSession() as session, session.post(URL, json=BODY) as response:\n"
        "        return response.status\n"
        "status = asyncio.run(post())",
    ],
    ids=["requests", "urllib3", "urllib", "http.client", "aiohttp"],
)
def test_a_library_that_is_imported_late_is_caught(code: str) -> None:
    program = f"""
from pytest_qbchat import FakeQuickBlox
URL, BODY = {URL!r}, {BODY | {"token": TOKEN}!r}
with FakeQuickBlox().intercept() as fake:
{indent(code, "    ")}
assert len(fake.calls) == 1
assert status == 201, status
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)


def test_worker_threads_are_caught(qbchat: FakeQuickBlox) -> None:
    with ThreadPoolExecutor(2) as pool:
        calls = [
            pool.submit(requests.post, URL, json=BODY, headers=HEADERS, timeout=5),
            pool.submit(in_aiohttp, status_of),
        ]
    assert [calls[0].result().status_code, calls[1].result()] == [201, 201]
    assert qbchat.posted == [BODY] * 2


# --- adapters and retries ---


def retrying(**kwargs: Any) -> requests.Session:
    session = requests.Session()
    retry = urllib3.Retry(backoff_factor=0, allowed_methods=None, **kwargs)
    session.mount("https://", requests.adapters.HTTPAdapter(max_retries=retry))
    return session


def test_retries_by_status_really_happen(qbchat: FakeQuickBlox) -> None:
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


def test_retries_come_to_an_end(qbchat: FakeQuickBlox) -> None:
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


def test_the_back_off_is_the_librarys_own(qbchat: FakeQuickBlox, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    qbchat.assume(retry_after=7)
    qbchat.fail(429)
    retry = urllib3.Retry(total=1, status_forcelist=[429], allowed_methods=None)
    assert urllib3.request("POST", URL, json=BODY, headers=HEADERS, retries=retry).status == 201
    assert waits == [7]


def test_an_adapter_of_its_own_is_asked(qbchat: FakeQuickBlox) -> None:
    class Signing(requests.adapters.HTTPAdapter):
        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            request.headers["QB-Token"] = TOKEN
            return super().send(request, *args, **kwargs)

    with requests.Session() as session:
        session.mount(API, Signing(pool_maxsize=1, pool_block=True))
        assert [session.post(URL, json=BODY, timeout=5).status_code for _ in range(3)] == [201] * 3
    assert [call.request.headers["QB-Token"] for call in qbchat.calls] == [TOKEN] * 3


# --- errors ---


def test_errors_are_the_librarys_own(qbchat: FakeQuickBlox) -> None:
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


def test_a_status_is_an_error_where_the_library_has_it_so(qbchat: FakeQuickBlox) -> None:
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
def test_a_time_out_of_aiohttp(qbchat: FakeQuickBlox, timeout: aiohttp.ClientTimeout, error: type[Exception]) -> None:
    in_aiohttp(status_of)  # so that no start of the server is in the time
    qbchat.fail("timeout")
    with pytest.raises(error):
        in_aiohttp(status_of, timeout=timeout)
    assert len(qbchat.calls) == 2


def test_a_refusal_comes_up_through_every_library_of_the_thread(qbchat: FakeQuickBlox) -> None:
    connection = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    calls: list[Callable[[], object]] = [
        lambda: requests.get(EVENTS, timeout=5),
        lambda: urllib3.request("GET", EVENTS),
        lambda: urllib.request.urlopen(EVENTS),
        lambda: (connection.request("GET", "/events.json"), connection.getresponse()),
    ]
    for call in calls:
        with qbchat.expect_refused("GET", "/events.json"), pytest.raises(CallRefused, match="no route GET /events"):
            call()
    connection.close()


def test_a_refusal_is_told_by_the_answer_where_a_server_gives_it(qbchat: FakeQuickBlox) -> None:
    async def get(session: aiohttp.ClientSession) -> tuple[int, Any]:
        async with session.get(EVENTS) as response:
            return response.status, await response.json()

    with qbchat.expect_refused("GET", "/events.json"):
        status, body = in_aiohttp(get)
    assert status == 404
    assert "no route GET /events.json" in body["message"]


# --- what goes over the line ---


def test_responses_are_the_librarys_own(qbchat: FakeQuickBlox) -> None:
    async def classes(session: aiohttp.ClientSession) -> type:
        async with session.get(URL) as response:
            return type(response)

    answer = requests.get(URL, timeout=5)
    assert type(answer) is requests.Response
    assert answer.elapsed.total_seconds() > 0
    assert answer.reason == "Unauthorized"
    assert answer.url == URL
    assert type(answer.raw) is type(urllib3.request("GET", URL)) is urllib3.HTTPResponse
    assert in_aiohttp(classes) is aiohttp.ClientResponse


@pytest.fixture
def photo(qbchat: FakeQuickBlox) -> str:
    blob = qbchat.add_blob(b"photo" * 10_000, name="bumper.jpg", public=True)
    return f"{API}/blobs/{blob.uid}"


def test_redirects_are_followed(qbchat: FakeQuickBlox, photo: str) -> None:
    async def download(session: aiohttp.ClientSession) -> tuple[int, bytes]:
        async with session.get(photo) as response:
            return len(response.history), await response.read()

    content = b"photo" * 10_000
    answer = requests.get(photo, timeout=5)
    assert ([each.status_code for each in answer.history], answer.content) == ([301], content)
    assert urllib3.request("GET", photo).data == content
    with urllib.request.urlopen(photo) as response:
        assert response.read() == content
        assert response.url != photo
    assert in_aiohttp(download) == (1, content)
    assert len(qbchat.calls) == 8


def test_answers_can_be_streamed(qbchat: FakeQuickBlox, photo: str) -> None:
    async def download(session: aiohttp.ClientSession) -> list[bytes]:
        async with session.get(photo) as response:
            return [chunk async for chunk in response.content.iter_chunked(1000)]

    with requests.get(photo, stream=True, timeout=5) as answer:
        by_requests = list(answer.iter_content(chunk_size=1000))
    response = urllib3.request("GET", photo, preload_content=False)
    by_urllib3 = list(response.stream(1000))
    response.release_conn()
    for chunks in (by_requests, by_urllib3, in_aiohttp(download)):
        assert len(chunks) >= 50
        assert b"".join(chunks) == b"photo" * 10_000


def pieces() -> Iterator[bytes]:
    text = json.dumps(BODY).encode()
    yield text[:7]
    yield text[7:]


def test_bodies_can_be_streamed(qbchat: FakeQuickBlox) -> None:
    async def post(session: aiohttp.ClientSession) -> int:
        async def body() -> Any:
            for piece in pieces():
                yield piece

        async with session.post(URL, data=body(), headers=headers) as response:
            return response.status

    headers = HEADERS | {"Content-Type": "application/json"}
    assert requests.post(URL, data=pieces(), headers=headers, timeout=5).status_code == 201
    assert urllib3.request("POST", URL, body=pieces(), headers=headers).status == 201
    with urllib.request.urlopen(urllib.request.Request(URL, pieces(), headers)) as response:
        assert response.status == 201
    assert in_aiohttp(post) == 201
    assert qbchat.posted == [BODY] * 4
    assert [call.request.headers["Transfer-Encoding"] for call in qbchat.calls] == ["chunked"] * 4


def test_files_can_be_uploaded(qbchat: FakeQuickBlox) -> None:
    body = {"blob": {"name": "a.txt", "content_type": "text/plain"}}
    blob = requests.post(f"{API}/blobs.json", json=body, headers=HEADERS, timeout=5).json()["blob"]
    address, _, query = blob["blob_object_access"]["params"].partition("?")
    sent = requests.post(address, data=dict(parse_qsl(query)), files={"file": ("a.txt", b"hello")}, timeout=5)
    assert sent.status_code == 201
    assert qbchat.blobs.one().content == b"hello"


def test_what_is_compressed_is_read(qbchat: FakeQuickBlox) -> None:
    async def get(session: aiohttp.ClientSession) -> str:
        async with session.get(f"{API}/data/Stay.json") as response:
            return await response.text()

    squeezed = gzip.compress(b"squeezed")
    qbchat.router.get("/data/Stay.json").respond(content=squeezed, headers={"Content-Encoding": "gzip"})
    assert requests.get(f"{API}/data/Stay.json", timeout=5).text == "squeezed"
    assert urllib3.request("GET", f"{API}/data/Stay.json").data == b"squeezed"
    with urllib.request.urlopen(f"{API}/data/Stay.json") as response:
        assert response.read() == squeezed  # as it does with any server
    assert in_aiohttp(get) == "squeezed"


def test_an_answer_to_head_has_no_body(qbchat: FakeQuickBlox) -> None:
    qbchat.router.head("/data/Stay.json").respond(headers={"Content-Length": "7", "X-Mine": "yes"})
    qbchat.router.get("/data/Stay.json").respond(text="seven..")
    with requests.Session() as session:
        for method, content in (("HEAD", b""), ("GET", b"seven.."), ("HEAD", b"")):
            answer = session.request(method, f"{API}/data/Stay.json", timeout=5)
            assert (answer.content, answer.headers["Content-Length"]) == (content, "7")


def test_a_client_that_expects_to_be_told_to_continue(qbchat: FakeQuickBlox) -> None:
    async def post(session: aiohttp.ClientSession) -> int:
        return await status_of(session, expect100=True)

    answer = requests.post(URL, json=BODY, headers=HEADERS | {"Expect": "100-continue"}, timeout=5)
    assert [answer.status_code, in_aiohttp(post)] == [201, 201]
    assert qbchat.posted == [BODY] * 2


def test_connections_are_kept_alive(qbchat: FakeQuickBlox) -> None:
    async def post(session: aiohttp.ClientSession) -> list[int]:
        return [await status_of(session) for _ in range(20)]

    with urllib3.HTTPSConnectionPool("api.quickblox.com") as pool:
        for _ in range(20):
            assert pool.request("POST", PATH, json=BODY, headers=HEADERS).status == 201
        assert pool.num_connections == 1
    assert in_aiohttp(post) == [201] * 20
    assert len(qbchat.posted) == 40


@pytest.mark.parametrize("port", [443, "80"])
def test_a_stream_of_asyncio_is_refused(qbchat: FakeQuickBlox, port: int | str) -> None:
    with qbchat.expect_refused(), pytest.raises(CallRefused, match=r"something tried to reach api\.quickblox\.com"):
        asyncio.run(_open("api.quickblox.com", port))


async def _open(host: str, port: int | str) -> None:
    await asyncio.open_connection(host, port)


# --- from test to test ---


@pytest.mark.parametrize("library", ["requests", "urllib3", "http.client", "aiohttp"])
def test_a_connection_that_is_kept_never_reaches_the_fake_before(library: str) -> None:
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


@contextmanager
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Nobody finds a host, and the hosts that were asked for are told."""
    asked: list[object] = []

    def getaddrinfo(host: object, *args: object, **kwargs: object) -> None:
        asked.append(host)
        raise socket.gaierror("no such host")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield asked


def test_after_the_fake_a_pooled_session_connects_anew(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_after_the_fake_a_kept_connection_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_after_the_fake_a_session_of_aiohttp_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def post(session: aiohttp.ClientSession) -> None:
        with fake.intercept():
            assert await status_of(session) == 201
        with pytest.raises(aiohttp.ClientConnectionError):
            await status_of(session)

    fake = FakeQuickBlox()
    with no_way_out(monkeypatch):
        in_aiohttp(post)
    assert len(fake.calls) == 1


def test_of_two_fakes_the_inner_one_answers(qbchat: FakeQuickBlox) -> None:
    async def post(session: aiohttp.ClientSession) -> None:
        with inner.intercept():
            await status_of(session)
        await status_of(session)

    inner = FakeQuickBlox()
    with inner.intercept():
        session_made_at_import.post(URL, json=BODY, headers=HEADERS, timeout=5)
    session_made_at_import.post(URL, json=BODY, headers=HEADERS, timeout=5)
    in_aiohttp(post)
    assert (len(inner.calls), len(qbchat.calls)) == (2, 2)


# --- proxies ---


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


def test_a_proxy_named_in_the_code_is_refused_where_nothing_can_be_caught(qbchat: FakeQuickBlox, url: str) -> None:
    with (
        qbchat.expect_refused(),
        pytest.raises(CallRefused, match=r"aiohttp tried to reach api\.quickblox\.com through a proxy"),
    ):
        in_aiohttp(lambda session: status_of(session, url, proxy="http://proxy.shop.example:3128"))


def test_a_time_out_behind_a_proxy_is_not_the_proxys(qbchat: FakeQuickBlox, url: str) -> None:
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
def test_hosts_that_need_no_proxy_are_named_beside_the_users_own(
    monkeypatch: pytest.MonkeyPatch, proxy: str, excepted: str
) -> None:
    monkeypatch.setenv("no_proxy", excepted)
    everything = excepted == "*"
    assert urllib.request.proxy_bypass("intranet.example")
    assert urllib.request.proxy_bypass("chat.shop.example")
    assert bool(urllib.request.proxy_bypass("other.example")) is everything


# --- hosts of the user's own ---


@pytest.mark.qbchat(hosts=["chat.shop.example:8080"])
def test_a_host_is_caught_at_its_port(qbchat: FakeQuickBlox) -> None:
    url = f"http://chat.shop.example:8080{PATH}"
    assert requests.post(url, json=BODY, headers=HEADERS, timeout=5).status_code == 201
    assert in_aiohttp(lambda session: status_of(session, url)) == 201
    assert [call.request.url for call in qbchat.calls] == [url] * 2


def test_what_is_no_url_is_for_the_library_to_say() -> None:
    with another_server() as url, FakeQuickBlox().intercept() as fake:
        line = http.client.HTTPConnection(url.removeprefix("http://"))
        line.request("GET", None)  # type: ignore[arg-type]
        assert line.getresponse().read() == b"another server"
        with pytest.raises(ValueError, match="Invalid IPv6 URL"):
            line.putrequest("GET", "http://[/")
        line.close()
        with pytest.raises(requests.exceptions.InvalidURL):
            requests.get("https:///chat/Message.json", timeout=5)
    assert len(fake.calls) == 0


def test_a_request_without_an_end_gets_no_answer(qbchat: FakeQuickBlox) -> None:
    line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    line.putrequest("POST", PATH)
    line.putheader("Content-Length", "7")
    line.endheaders()
    with pytest.raises(http.client.RemoteDisconnected):
        line.getresponse()
    line.close()
    assert len(qbchat.calls) == 0


def test_a_resolver_of_its_own_leads_to_the_fake_all_the_same(qbchat: FakeQuickBlox) -> None:
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


def test_a_connection_that_led_elsewhere_leads_to_a_fake_that_owns_its_host() -> None:
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
def test_an_address_that_aiohttp_knows_already_is_not_gone_to(
    qbchat: FakeQuickBlox, url: str, family: socket.AddressFamily
) -> None:
    async def post(elsewhere: str) -> int:
        connector = aiohttp.TCPConnector(resolver=Elsewhere(elsewhere, family))
        async with aiohttp.ClientSession(connector=connector) as session:
            return await status_of(session, url)

    with another_server() as elsewhere:
        assert asyncio.run(post(elsewhere)) == 201
    assert qbchat.posted == [BODY]


def test_what_goes_elsewhere_after_a_call_of_aiohttp_is_left_alone(qbchat: FakeQuickBlox) -> None:
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


def test_what_aiohttp_connects_meanwhile_is_left_alone(qbchat: FakeQuickBlox) -> None:
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
def test_sockets_of_unix_are_left_alone(tmp_path: Path) -> None:
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


def test_no_address_is_refused_by_python_itself(qbchat: FakeQuickBlox) -> None:
    with socket.socket() as unconnected, pytest.raises(TypeError):
        unconnected.connect(())
    assert len(qbchat.problems.drain()) == 0


@pytest.mark.parametrize("host", ["127.0.0.1:9", "127.0.0.1"])
def test_a_host_that_is_an_address_is_caught(host: str) -> None:
    async def post() -> int:
        async with aiohttp.ClientSession() as session:
            return await status_of(session, "http://127.0.0.1:9/chat/Message.json")

    with FakeQuickBlox(hosts=[host]).intercept() as fake:
        assert asyncio.run(post()) == 201
    assert fake.posted == [BODY]


def test_aiohttp_needs_no_event_loop_of_asyncio(qbchat: FakeQuickBlox) -> None:
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


def test_tornado_reaches_a_fake_of_the_loopback_interface_itself() -> None:
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


# --- whichever is installed ---


def test_what_has_the_name_of_a_library_and_is_none_is_left_alone(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    pytester.runpytest_subprocess("-p", "pytest_qbchat.plugin", "-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_a_library_that_the_test_itself_imports_reaches_the_fake(
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
    result = pytester.runpytest_subprocess("-p", "pytest_qbchat.plugin", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=6)


def test_a_urllib3_that_does_without_http_client_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPConnection", "HTTPSConnection"):
        independent = type(name, (), {"__module__": "urllib3.connection"})
        monkeypatch.setattr(f"urllib3.connection.{name}", independent)
    assert list(http_client.LIBRARIES["urllib3.connection"](urllib3.connection)) == []


def test_the_resolver_that_aiohttp_has_with_aiodns_is_asked_for_other_hosts_alone(
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


# --- beside others ---


@responses.activate
def test_beside_responses(qbchat: FakeQuickBlox) -> None:
    responses.get("https://other.shop.example/", body="responses")
    responses.add_passthru(API)
    assert requests.get("https://other.shop.example/", timeout=5).text == "responses"
    assert requests.post(URL, json=BODY, headers=HEADERS, timeout=5).status_code == 201
    assert qbchat.posted == [BODY]


@pytest.mark.filterwarnings("error")
def test_nothing_is_warned_of() -> None:
    async def insecure(session: aiohttp.ClientSession) -> int:
        return await status_of(session, ssl=False)

    with FakeQuickBlox().intercept() as fake:
        session = requests.Session()
        for _ in range(2):
            assert session.post(URL, json=BODY, headers=HEADERS, verify=False, timeout=5).status_code == 201
        session.close()
        requests.post(URL, json=BODY, headers=HEADERS, verify=False, timeout=5)
        assert in_aiohttp(insecure) == 201
        lonely = FakeSocket(http.client.HTTPSConnection("api.quickblox.com"), [fake])
        assert lonely.fileno() > 0
        del session, lonely
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            gc.collect()
    assert [warning for warning in caught if issubclass(warning.category, ResourceWarning)] == []
    assert len(fake.calls) == 4


@pytest.mark.parametrize(
    ("how", "status", "text"),
    [
        ({"headers": {"X-Large": "a" * 70_000}}, 431, "the headers are larger than 65536 bytes"),
        ({"data": b"a" * 1000}, 413, "the body is larger than 999 bytes"),
    ],
    ids=["headers", "body"],
)
def test_a_request_that_is_too_large_is_refused_as_by_the_live_server(
    qbchat: FakeQuickBlox, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any], status: int, text: str
) -> None:
    monkeypatch.setattr(http11, "MAX_BODY_SIZE", 999)
    refused = requests.post(URL, timeout=5, **how)
    assert (refused.status_code, refused.json()) == (status, {"code": None, "message": text})
    with pytest.raises(AssertionError, match=f"{API} was sent what is not a request of HTTP/1.1: {text}"):
        qbchat.raise_problems()


# --- connections of http.client and urllib3 ---


def test_a_response_of_urllib3_frees_its_connection(qbchat: FakeQuickBlox) -> None:
    qbchat.router.get("/users/7.json").respond(content=b"")
    with urllib3.HTTPSConnectionPool("api.quickblox.com", headers={"User-Agent": "shop"}) as pool:
        for _ in range(3):
            assert pool.request("GET", "/users/7.json").data == b""
            response = pool.request("GET", "/session.json", preload_content=False)
            assert b"".join(response.stream()).startswith(b'{"errors":')
        assert (pool.num_connections, pool.num_requests) == (1, 6)


def test_requests_keeps_the_cookies_of_a_response(qbchat: FakeQuickBlox) -> None:
    qbchat.router.get("/users/7.json").respond(headers={"Set-Cookie": "shop=7"})
    with requests.Session() as session:
        session.get(f"{API}/users/7.json", timeout=5)
        assert session.cookies["shop"] == "7"


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


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ({"Transfer-Encoding": "chunked"}, b"2\r\n{}\r\n0\r\n\r\n"),
        ({"Content-Length": "2", "x-none": ""}, b"{}"),
    ],
    ids=["chunks", "an empty header"],
)
def test_a_request_written_by_hand_arrives(qbchat: FakeQuickBlox, headers: dict[str, str], sent: bytes) -> None:
    line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    for _ in range(2):
        line.putrequest("POST", "/session.json")
        for name, value in headers.items():
            line.putheader(name, value)
        line.endheaders()
        for position in range(len(sent)):
            line.send(sent[position : position + 1])
        assert line.getresponse().read()
    line.close()
    assert [call.request.body for call in qbchat.calls] == [b"{}"] * 2


def test_a_request_that_is_not_http_is_refused_as_by_the_live_server(qbchat: FakeQuickBlox) -> None:
    line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    for _ in range(2):
        line.connect()
        line.send(b"EHLO shop\r\n\r\n")
        line.send(b"QUIT\r\n")
        assert b" 400 " in line.sock.makefile().readline()
        line.close()
    assert len(qbchat.problems.drain()) == 2
    assert len(qbchat.calls) == 0


def test_bytes_that_are_written_to_a_connected_socket_arrive(qbchat: FakeQuickBlox) -> None:
    line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    line.connect()
    line.send(b"GET /session.json HTTP/1.1\r\nHost: api.quickblox.com\r\n\r\n")
    assert qbchat.calls.one().status == 401


def test_a_class_of_responses_of_the_user_is_used(qbchat: FakeQuickBlox) -> None:
    class Response(http.client.HTTPResponse):
        pass

    line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    line.response_class = Response
    for _ in range(2):
        line.request("GET", "/session.json")
        with line.getresponse() as response:
            assert (type(response), response.status, json.load(response)["errors"] != []) == (Response, 401, True)
    line.close()


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


def test_a_line_says_where_it_leads_and_that_it_has_no_socket(qbchat: FakeQuickBlox) -> None:
    line = http.client.HTTPSConnection("api.quickblox.com", context=TLS)
    line.connect()
    assert line.sock.getpeername() == ("api.quickblox.com", 443)
    line.request("GET", "/session.json")
    assert line.sock.getpeername() == ("api.quickblox.com", 443)
    with pytest.raises(AttributeError, match=r"to the fake QuickBlox has no socket, and therefore no 'recv'$"):
        line.sock.recv(1)
    line.close()


def test_a_line_takes_what_is_set_on_a_socket(qbchat: FakeQuickBlox) -> None:
    line = http.client.HTTPSConnection("api.quickblox.com", timeout=3, context=TLS)
    line.connect()
    assert line.sock.gettimeout() == 3
    line.sock.settimeout(7)
    assert line.sock.gettimeout() == 7
    line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.request("GET", "/session.json")
    assert line.getresponse().read()
    line.sock.shutdown(socket.SHUT_RDWR)
    line.close()
    assert qbchat.calls.one().status == 401


# --- many at a time ---


@pytest.mark.parametrize("sessions", ["one session", "many sessions"])
def test_threads_lose_nothing(qbchat: FakeQuickBlox, sessions: str) -> None:
    shared = requests.Session()
    shared.mount(API, requests.adapters.HTTPAdapter(pool_maxsize=32))

    def post(thread: int) -> list[str]:
        session = shared if sessions == "one session" else requests.Session()
        wanted = [f"{thread}-{number}" for number in range(50)]
        replies = [
            session.post(URL, json=BODY | {"message": text}, headers=HEADERS, timeout=60).json() for text in wanted
        ]
        assert [reply["message"] for reply in replies] == wanted
        session.close()
        return [reply["_id"] for reply in replies]

    with busy_threads(32) as pool:
        ids = [each for thread in pool.map(post, range(32)) for each in thread]
    assert len(set(ids)) == len(ids) == len(qbchat.calls) == 32 * 50
    assert sorted(map(str, texts(qbchat))) == sorted(
        f"{thread}-{number}" for thread in range(32) for number in range(50)
    )
    assert {message.id for message in qbchat.posted} == set(ids)


def test_tasks_lose_nothing(qbchat: FakeQuickBlox) -> None:
    wanted = [f"{library}-{number}" for library in ("aiohttp", "httpx") for number in range(200)]

    async def by_aiohttp(session: aiohttp.ClientSession, text: str) -> str:
        async with session.post(URL, json=BODY | {"message": text}, headers=HEADERS) as response:
            return str((await response.json())["message"])

    async def by_httpx(client: httpx.AsyncClient, text: str) -> str:
        return str((await client.post(URL, json=BODY | {"message": text}, headers=HEADERS)).json()["message"])

    async def broadcast() -> list[str]:
        connector = aiohttp.TCPConnector(limit=200)
        async with aiohttp.ClientSession(connector=connector) as session, httpx.AsyncClient(verify=TLS) as client:
            return await asyncio.gather(
                *(by_aiohttp(session, text) for text in wanted[:200]),
                *(by_httpx(client, text) for text in wanted[200:]),
            )

    assert asyncio.run(broadcast()) == wanted
    assert sorted(map(str, texts(qbchat))) == sorted(wanted)
    assert len({message.id for message in qbchat.posted}) == 400


def test_quickblox_is_let_through_where_requests_itself_is_replaced(qbchat: FakeQuickBlox) -> None:
    with responses.RequestsMock() as mock:
        mock.get("https://other.example/", body="responses")
        with pytest.raises(requests.ConnectionError):  # responses stands above, and answers for every host
            requests.get("https://api.quickblox.com/session.json", timeout=5)
        mock.add_passthru("https://api.quickblox.com")
        assert requests.get("https://api.quickblox.com/session.json", timeout=5).status_code == 401
        assert requests.get("https://other.example/", timeout=5).text == "responses"
    assert len(qbchat.calls) == 1
