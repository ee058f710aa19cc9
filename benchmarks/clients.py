"""One posted message through the other clients: requests, aiohttp, and any client of the live server."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib.metadata import version
from io import BytesIO
from time import perf_counter
from typing import Any
from unittest.mock import patch

import aiohttp
import aiohttp.web
import aioresponses
import httpx
import pytest_httpserver
import requests
import responses
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection

from benchmarks.documented import ANSWER, CONTENT, MESSAGE, TOKEN, URL
from benchmarks.interleaved import Batch, Seconds, interleave
from benchmarks.report import Aim, micro, table
from pytest_qbchat import FakeQuickBlox, LiveServer

# A context in which calls are answered; as a value it has the URL to post to.
Way = Callable[[], AbstractContextManager[str]]

_ROUNDS = 15
_POSTS = 100
_WARM_UP = 5

_STATUS = ANSWER.status_code
_PATH = "/chat/Message.json"
_HEADERS = dict(ANSWER.headers)
_BYTES = b"".join(
    [
        b"HTTP/1.1 201 Created\r\n",
        *(name + b": " + value + b"\r\n" for name, value in ANSWER.headers.raw),
        b"\r\n",
        CONTENT,
    ]
)

_QBCHAT = "**`qbchat`**"
_SERVER = "**`qbchat_server`**"
_ADAPTER = "a constant answer of the same bytes in place of `HTTPAdapter.send`"
_SOCKET = "the same bytes in place of the socket"
_LOOPBACK = "the same bytes from a bare server on the loopback interface"
_WEB = "the same bytes from a server of aiohttp's"
_AIORESPONSES = "aioresponses"
_HTTPSERVER = "pytest-httpserver"


def clients() -> Iterator[str]:
    """All tables of this module."""
    yield from through_requests()
    yield from through_aiohttp()
    yield from live_server()


def through_requests() -> Iterator[str]:
    """The documentation's message through one `requests.Session`."""
    peers: dict[str, Way] = {
        "responses, static": partial(_responses, _static),
        "responses, callback": partial(_responses, _callback),
    }
    measured: dict[str, Way] = {_ADAPTER: _adapter, _SOCKET: _socket, _QBCHAT: _qbchat, **peers}
    seconds = _measure(_post_requests, measured)
    fastest = max(peers, key=lambda peer: seconds.ratio(_QBCHAT, peer))
    aims = [Aim(f"{_QBCHAT} against the fastest peer, {fastest}", 1.00, seconds.ratio(_QBCHAT, fastest))]
    yield _table("A posted message, `requests.Session`", seconds, _SOCKET, aims)


def through_aiohttp() -> Iterator[str]:
    """The same through one `aiohttp.ClientSession`, in one event loop."""
    with _one_core(), asyncio.Runner() as runner:
        post = partial(_post_aiohttp, runner)
        measured: dict[str, Way] = {_LOOPBACK: _loopback, _WEB: _web, _QBCHAT: _qbchat}
        peer = _WEB
        try:
            post(_aioresponses, times=1)
        except TypeError as error:
            reason = f"- {_AIORESPONSES} {version('aioresponses')} does not run with this aiohttp: {error}\n"
        else:
            reason, peer = "", _AIORESPONSES
            measured[_AIORESPONSES] = _aioresponses
        seconds = _measure(post, measured)
    aims = [Aim(f"{_QBCHAT} against {peer}", 1.00, seconds.ratio(_QBCHAT, peer))]
    title = f"A posted message, `aiohttp.ClientSession` of aiohttp {aiohttp.__version__}"
    yield _table(title, seconds, _LOOPBACK, aims) + reason


def live_server() -> Iterator[str]:
    """The same to servers on the loopback interface."""
    posts = {"`httpx.Client`": _post_httpx, "`requests.Session`": _post_requests}
    with _one_core(), _running_httpserver() as httpserver:
        measured: dict[str, Way] = {_LOOPBACK: _loopback, _SERVER: _live, _HTTPSERVER: partial(_expecting, httpserver)}
        for client, post in posts.items():
            seconds = _measure(post, measured)
            aims = [Aim(f"{_SERVER} against {_HTTPSERVER}", 1.00, seconds.ratio(_SERVER, _HTTPSERVER))]
            yield _table(f"A message posted to a live server, {client}", seconds, _LOOPBACK, aims)


@contextmanager
def _one_core() -> Iterator[None]:
    """Keep client and server on one core, since they take turns anyway.

    On two, what it costs to wake the other one depends on what else the machine does, and is up to half of a post.
    """
    if not hasattr(os, "sched_setaffinity"):  # which Linux alone has
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _measure(post: Callable[[Way], float], measured: Mapping[str, Way]) -> Seconds:
    batches: dict[str, Batch] = {name: partial(post, way) for name, way in measured.items()}
    return interleave(batches, _ROUNDS)


def _table(title: str, seconds: Seconds, floor: str, aims: list[Aim]) -> str:
    rows = [(way, micro(seconds.median(way)), f"{seconds.ratio(way, floor):.2f}") for way in seconds.taken]
    return table(title, ("what answers", "µs", "ratio"), rows, aims)


# The clients. Each batch has one of its own, with a connection that stays open where what answers lets it.


def _post_requests(way: Way) -> float:
    with way() as url, requests.Session() as session:
        return _timed(lambda: session.post(url, json=MESSAGE, headers=TOKEN))


def _post_httpx(way: Way) -> float:
    with way() as url, httpx.Client() as client:
        return _timed(lambda: client.post(url, json=MESSAGE, headers=TOKEN))


def _timed(post: Callable[[], Any]) -> float:
    for _ in range(_WARM_UP):
        answer = post()
        assert (answer.status_code, len(answer.content)) == (_STATUS, len(CONTENT))
    started = perf_counter()
    for _ in range(_POSTS):
        post()
    return (perf_counter() - started) / _POSTS


def _post_aiohttp(runner: asyncio.Runner, way: Way, times: int = _POSTS) -> float:
    async def batch() -> float:
        with way() as url:
            async with aiohttp.ClientSession() as session:
                for _ in range(_WARM_UP):
                    async with session.post(url, json=MESSAGE, headers=TOKEN) as answer:
                        assert (answer.status, len(await answer.read())) == (_STATUS, len(CONTENT))
                started = perf_counter()
                for _ in range(times):
                    async with session.post(url, json=MESSAGE, headers=TOKEN) as answer:
                        await answer.read()
                return (perf_counter() - started) / times

    return runner.run(batch())


# What answers.


@contextmanager
def _qbchat() -> Iterator[str]:
    with FakeQuickBlox().intercept():
        yield URL


@contextmanager
def _live() -> Iterator[str]:
    with LiveServer(FakeQuickBlox()) as server:
        yield f"{server.url}{_PATH}"


@contextmanager
def _adapter() -> Iterator[str]:
    """The least that can stand in for a service before requests; that is also where responses stands."""

    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        body = BytesIO(CONTENT)
        return adapter.build_response(
            request, urllib3.HTTPResponse(body, _HEADERS, _STATUS, preload_content=False, decode_content=False)
        )

    with patch.object(HTTPAdapter, "send", send):
        yield URL


class _Constant:
    """A socket that has the answer already."""

    def __init__(self) -> None:
        self._ends = socket.socketpair()

    def fileno(self) -> int:
        return self._ends[0].fileno()  # on which nothing arrives: urllib3 asks whether the connection is still good

    def sendall(self, data: bytes) -> None:
        pass

    def makefile(self, mode: str) -> BytesIO:
        return BytesIO(_BYTES)

    def settimeout(self, seconds: float | None) -> None:
        pass

    def close(self) -> None:
        for end in self._ends:
            end.close()


@contextmanager
def _socket() -> Iterator[str]:
    """The least below all of urllib3 and http.client, which is where the fake stands."""

    def connect(connection: Any) -> None:
        connection.sock = _Constant()
        connection.is_verified = True

    with patch.object(HTTPSConnection, "connect", connect):
        yield URL


@contextmanager
def _responses(add: Callable[[responses.RequestsMock], None]) -> Iterator[str]:
    with responses.RequestsMock() as mock:
        add(mock)
        yield URL


_OWN_HEADERS = {name: value for name, value in _HEADERS.items() if name != "content-type"}


def _static(mock: responses.RequestsMock) -> None:
    mock.post(URL, CONTENT, status=_STATUS, headers=_OWN_HEADERS, content_type=_HEADERS["content-type"])


def _callback(mock: responses.RequestsMock) -> None:
    mock.add_callback("POST", URL, lambda _: (_STATUS, _OWN_HEADERS, CONTENT), content_type=_HEADERS["content-type"])


@contextmanager
def _aioresponses() -> Iterator[str]:
    with aioresponses.aioresponses() as mock:
        mock.post(URL, status=_STATUS, body=CONTENT, headers=_HEADERS, repeat=True)
        yield URL


class _Bare(asyncio.Protocol):
    """Answers with the same bytes whatever ends with the message, and reads no line of it."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"}"):
            self._transport.write(_BYTES)


@contextmanager
def _loopback() -> Iterator[str]:
    async def listen() -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(_Bare, "127.0.0.1", 0)

    with _listening(listen) as url:
        yield url


@contextmanager
def _web() -> Iterator[str]:
    async def answer(request: aiohttp.web.Request) -> aiohttp.web.Response:
        await request.read()
        return aiohttp.web.Response(body=CONTENT, status=_STATUS, headers=_HEADERS)

    async def listen() -> asyncio.Server:
        server = aiohttp.web.Server(answer)
        return await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)

    with _listening(listen) as url:
        yield url


@contextmanager
def _listening(listen: Callable[[], Coroutine[Any, Any, asyncio.Server]]) -> Iterator[str]:
    """A server in a thread with an event loop of its own, as the fake's is."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{_PATH}"
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _running_httpserver() -> Iterator[pytest_httpserver.HTTPServer]:
    """One for all batches, since it takes half a second to stop; without the line that it would log of each call."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with pytest_httpserver.HTTPServer() as server:
        yield server


@contextmanager
def _expecting(server: pytest_httpserver.HTTPServer) -> Iterator[str]:
    server.clear()
    server.expect_request(_PATH, method="POST").respond_with_data(CONTENT, _STATUS, _HEADERS)
    yield server.url_for(_PATH)
