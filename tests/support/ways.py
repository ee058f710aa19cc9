"""Every way in which a client can reach the fake, behind one function: `send(method, url, **what httpx takes)`."""

from __future__ import annotations

import asyncio
import http.client
import ssl
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import aiohttp
import httpcore
import httpx
import httpx2
import pytest
import requests
import urllib3
import yarl

from pytest_qbchat import FakeQuickBlox

TLS = ssl.create_default_context()  # made once: it costs more than everything else here together
# For a test in which a client reaches QuickBlox without encryption on purpose.
PLAIN_HTTP = pytest.mark.filterwarnings("ignore:http.*without encryption")
PATH = "/chat/Message.json"
URL = f"https://api.quickblox.com{PATH}"
DIALOG = "5d75327ba28f9a0f32cb0f99"
TOKEN = "made-up-token-of-the-shop"
# The documentation's own request, and its reply without what differs from call to call.
DOCUMENTED = {
    "chat_dialog_id": DIALOG,
    "message": "look at this photos",
    "attachments": {"0": {"type": "image", "id": "47863"}, "1": {"type": "image", "id": "47864"}},
    "send_to_chat": 1,
    "markable": 1,
}
DOCUMENTED_REPLY = (
    '{{"_id":"{id}","attachments":[{{"type":"image","id":"47863"}},{{"type":"image","id":"47864"}}],'
    '"chat_dialog_id":"5d75327ba28f9a0f32cb0f99","created_at":null,"date_sent":{date_sent},"delivered_ids":[],'
    '"markable":1,"message":"look at this photos","read_ids":[],"recipient_id":0,"sender_id":{sender_id},'
    '"updated_at":null,"read":0}}'
)


Error = type[Exception]


@dataclass(frozen=True)
class Way:
    """One way into the fake.

    Attributes:
        name: What it is called in the ids of tests.
        send: Sends a request, and gives back a response with the attributes of httpx's.
        timeout: What the client raises when the answer does not come in time.
        disconnect: What it raises when the connection ends before the answer.
        fixture: By which fixture it reaches the fake: `qbchat`, `qbchat_transport` or `qbchat_server`.
        raises: Whether what the fake, or a route of the test's own, raises comes up in the code under test. Where a
            server answers, it cannot: a refused call gets a 404 that says why, and an error closes the connection.
    """

    name: str
    send: Callable[..., Any]
    timeout: Error
    disconnect: Error
    fixture: str = "qbchat"
    raises: bool = True

    def error(self, fault: str) -> Error:
        """What the client raises at a fault."""
        return {"timeout": self.timeout, "disconnect": self.disconnect}[fault]


@dataclass(frozen=True)
class World:
    """The fake and a way into it."""

    fake: FakeQuickBlox
    send: Callable[..., Any]
    way: Way
    at: str = ""  # where requests go in place of the origin of their URL

    def post(self, json: Any = None, *, token: str | None = TOKEN, **kwargs: Any) -> Any:
        """Post a message, with a token unless it is None."""
        headers = kwargs.pop("headers", {}) | ({} if token is None else {"QB-Token": token})
        return self.send("POST", kwargs.pop("url", URL), json=json, headers=headers, **kwargs)

    def seen(self, origin: str) -> str:
        """What the fake takes for the origin of a request."""
        return self.at or origin.lower()


# --- httpx and httpx2 ---


def _functions(library: Any) -> Callable[..., Any]:
    return lambda method, url, **kwargs: library.request(method, url, verify=TLS, **kwargs)


def _client(library: Any) -> Callable[..., Any]:
    def send(method: str, url: str, *, transport: Any = None, **kwargs: Any) -> Any:
        with library.Client(verify=TLS, transport=transport) as client:
            return client.request(method, url, **kwargs)

    return send


def _async_client(library: Any) -> Callable[..., Any]:
    def send(method: str, url: str, *, transport: Any = None, **kwargs: Any) -> Any:
        async def request() -> Any:
            async with library.AsyncClient(verify=TLS, transport=transport) as client:
                return await client.request(method, url, **kwargs)

        return asyncio.run(request())

    return send


def _of_httpx(library: Any) -> list[Way]:
    name, errors = library.__name__, (library.ReadTimeout, library.RemoteProtocolError)
    return [
        Way(f"{name} functions", _functions(library), *errors),
        Way(f"{name} client", _client(library), *errors),
        Way(f"{name} async client", _async_client(library), *errors),
        Way(f"{name} client with transport", _client(library), *errors, fixture="qbchat_transport"),
        Way(f"{name} async client with transport", _async_client(library), *errors, fixture="qbchat_transport"),
    ]


def _to_server(method: str, url: str, *, at: str, **kwargs: Any) -> httpx.Response:
    path = "/" + "/".join(url.split("/")[3:])
    return httpx.request(method, at + path, verify=TLS, **kwargs)


# --- libraries with other arguments: httpx writes the request, and they send it ---

Sender = Callable[[httpx.Request, float], httpx.Response]


def _as_httpx(send: Sender) -> Callable[..., httpx.Response]:
    def send_as_httpx(method: str, url: str, *, timeout: float = 30, **kwargs: Any) -> httpx.Response:
        request = httpx.Request(method, url, **kwargs)
        request.read()
        response = send(request, timeout)
        response.request = request
        return response

    return send_as_httpx


# What httpx has written for itself, each library writes for itself too.
def _headers(request: httpx.Request) -> dict[str, str]:
    return {name.decode(): value.decode("latin-1") for name, value in request.headers.raw if name.lower() != b"host"}


def _requests(request: httpx.Request, timeout: float, session: Any = requests) -> httpx.Response:
    response = session.request(
        request.method,
        str(request.url),
        data=request.content,
        headers=_headers(request),
        timeout=timeout,
        allow_redirects=False,
    )
    return httpx.Response(response.status_code, headers=response.headers, content=response.content)


def _requests_session(request: httpx.Request, timeout: float) -> httpx.Response:
    with requests.Session() as session:
        return _requests(request, timeout, session)


def _urllib3(request: httpx.Request, timeout: float) -> httpx.Response:
    with urllib3.PoolManager(ssl_context=TLS) as pool:
        response = pool.request(
            request.method,
            str(request.url),
            body=request.content,
            headers=_headers(request),
            timeout=timeout,
            retries=False,
        )
    return httpx.Response(response.status, headers=response.headers, content=response.data)


class _AsItIs(urllib.request.HTTPErrorProcessor):
    """Follows no redirect, and raises for no status."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


_opener = urllib.request.build_opener(_AsItIs, urllib.request.HTTPSHandler(context=TLS))


def _urllib(request: httpx.Request, timeout: float) -> httpx.Response:
    its = urllib.request.Request(str(request.url), request.content or None, _headers(request), method=request.method)
    with _opener.open(its, timeout=timeout) as response:
        return httpx.Response(response.status, headers=response.getheaders(), content=response.read())


def _http_client(request: httpx.Request, timeout: float) -> httpx.Response:
    url = request.url
    line = (
        http.client.HTTPSConnection(url.host, url.port, timeout=timeout, context=TLS)
        if url.scheme == "https"
        else http.client.HTTPConnection(url.host, url.port, timeout=timeout)
    )
    try:
        line.request(request.method, url.raw_path.decode(), request.content, _headers(request))
        response = line.getresponse()
        return httpx.Response(response.status, headers=response.getheaders(), content=response.read())
    finally:
        line.close()


def _httpcore(request: httpx.Request, timeout: float) -> httpx.Response:
    with httpcore.ConnectionPool(ssl_context=TLS) as pool:
        response = pool.request(
            request.method,
            str(request.url),
            headers=request.headers.raw,
            content=request.content,
            extensions={"timeout": {"read": timeout}, "target": request.url.raw_path},
        )
    return httpx.Response(response.status, headers=response.headers, content=response.content)


def _aiohttp(request: httpx.Request, timeout: float) -> httpx.Response:
    async def send() -> httpx.Response:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(sock_read=timeout)) as session,
            session.request(
                request.method,
                yarl.URL(str(request.url), encoded=True),
                data=request.content,
                headers=_headers(request),
                skip_auto_headers=["Content-Type"],
                allow_redirects=False,
            ) as response,
        ):
            content = await response.read()
            return httpx.Response(response.status, headers=response.raw_headers, content=content)

    return asyncio.run(send())


def _of_tornado() -> list[Way]:
    if find_spec("tornado") is None:
        return []
    from tornado.httpclient import AsyncHTTPClient
    from tornado.simple_httpclient import HTTPStreamClosedError, HTTPTimeoutError

    async def fetch(request: httpx.Request, timeout: float) -> httpx.Response:
        client = AsyncHTTPClient(force_instance=True)
        try:
            response = await client.fetch(
                str(request.url),
                method=request.method,
                headers=_headers(request),
                body=request.content or None,
                request_timeout=timeout,
                follow_redirects=False,
                allow_nonstandard_methods=True,
                raise_error=False,
            )
        finally:
            client.close()
        return httpx.Response(response.code, headers=list(response.headers.get_all()), content=response.body)

    def send(request: httpx.Request, timeout: float) -> httpx.Response:
        return asyncio.run(fetch(request, timeout))

    return [Way("Tornado", _as_httpx(send), HTTPTimeoutError, HTTPStreamClosedError, raises=False)]


def _of_niquests() -> list[Way]:
    """niquests takes the place of urllib3, and so is in an environment of its own: see `test_niquests`."""
    if find_spec("niquests") is None:
        return []
    import niquests

    def arguments(request: httpx.Request, timeout: float) -> dict[str, Any]:
        return {
            "method": request.method,
            "url": str(request.url),
            "data": request.content or None,
            "headers": _headers(request),
            "timeout": timeout,
            "allow_redirects": False,
        }

    def send(request: httpx.Request, timeout: float) -> httpx.Response:
        with niquests.Session() as session:
            response = session.request(**arguments(request, timeout))
            return httpx.Response(response.status_code, headers=response.headers, content=response.content)

    async def send_async(request: httpx.Request, timeout: float) -> httpx.Response:
        async with niquests.AsyncSession() as session:
            response = await session.request(**arguments(request, timeout))
            return httpx.Response(response.status_code, headers=response.headers, content=response.content)

    def wait_for(request: httpx.Request, timeout: float) -> httpx.Response:
        return asyncio.run(send_async(request, timeout))

    errors = niquests.ReadTimeout, niquests.ConnectionError
    return [
        Way("niquests", _as_httpx(send), *errors, raises=False),
        Way("niquests, asynchronous", _as_httpx(wait_for), *errors, raises=False),
    ]


OF_HTTPX = [*_of_httpx(httpx), *_of_httpx(httpx2)]
WAYS = [
    *OF_HTTPX,
    Way("requests functions", _as_httpx(_requests), requests.ReadTimeout, requests.ConnectionError),
    Way("requests session", _as_httpx(_requests_session), requests.ReadTimeout, requests.ConnectionError),
    Way("urllib3", _as_httpx(_urllib3), urllib3.exceptions.ReadTimeoutError, urllib3.exceptions.ProtocolError),
    Way("urllib.request", _as_httpx(_urllib), TimeoutError, http.client.RemoteDisconnected),
    Way("http.client", _as_httpx(_http_client), TimeoutError, http.client.RemoteDisconnected),
    Way("httpcore", _as_httpx(_httpcore), httpcore.ReadTimeout, httpcore.RemoteProtocolError),
    Way(
        "aiohttp",
        _as_httpx(_aiohttp),
        aiohttp.ServerTimeoutError,
        aiohttp.ServerDisconnectedError,
        raises=False,
    ),
    *_of_tornado(),
    *_of_niquests(),
    Way(
        "live server",
        _to_server,
        httpx.ReadTimeout,
        httpx.RemoteProtocolError,
        fixture="qbchat_server",
        raises=False,
    ),
]
DEFAULT = next(way for way in WAYS if way.name == "httpx client")


def into(way: Way, request: pytest.FixtureRequest) -> World:
    """The fake and a way into it, by the fixture that the way takes."""
    source = request.getfixturevalue(way.fixture)
    if way.fixture == "qbchat_transport":
        return World(source.fake, partial(way.send, transport=source), way)
    if way.fixture == "qbchat_server":
        return World(source.fake, partial(way.send, at=source.url), way, source.url)
    return World(source, way.send, way)


@dataclass(frozen=True)
class Side:
    """The fake behind its interceptors, or behind a live server: what a client sees must be the same."""

    name: str
    fake: FakeQuickBlox
    url: str


def repeated(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The tests that can be left out: others take their client with another case, and their case with another client.

    A test with parameters besides the client is left with each client once and each case at least once.
    """
    functions = defaultdict(list)
    for item in items:
        callspec = getattr(item, "callspec", None)
        ways = [name for name, value in callspec.params.items() if isinstance(value, Way)] if callspec else []
        if len(ways) == 1:
            case = tuple(index for name, index in callspec.indices.items() if name != ways[0])
            functions[item.nodeid.partition("[")[0]].append((item, callspec.params[ways[0]].name, case))
    for found in functions.values():
        clients = {client: number for number, client in enumerate(dict.fromkeys(client for _, client, _ in found))}
        cases = {case: number for number, case in enumerate(dict.fromkeys(case for _, _, case in found))}
        for item, client, case in found:
            if (clients[client] - cases[case]) % min(len(clients), len(cases)):
                yield item
