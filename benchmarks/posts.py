"""One posted message, through whatever answers it in place of QuickBlox."""

from __future__ import annotations

import inspect
import logging
import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from time import perf_counter
from types import SimpleNamespace
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_httpserver
import pytest_httpx
import requests
import requests_mock
import responses
import respx

from benchmarks.documented import ANSWER, CONTENT, MESSAGE, TOKEN, URL
from benchmarks.floors import constant, hand_written, patched
from benchmarks.interleaved import Batch, Seconds, interleave
from benchmarks.report import Aim, micro, table
from pytest_qbchat import FakeQuickBlox, LiveServer

# A context in which calls are answered; as a value it has the URL to post to.
Way = Callable[[], AbstractContextManager[str]]

_ROUNDS = 25
_POSTS = 150
_WARM_UP = 5
_TLS = ssl.create_default_context()  # one for all clients: making it takes longer than a hundred posts

_CONSTANT, _MINIMUM, _QBCHAT = "a constant answer of the same bytes", "a minimum written by hand", "**`qbchat`**"
_CALLBACK, _SIDE_EFFECT = "pytest-httpx, callback", "respx, side effect"
_RESPONSES, _REQUESTS_MOCK = "responses, callback", "requests-mock"
_SERVER, _HTTPSERVER = "**`qbchat_server`**", "pytest-httpserver"


class Client(NamedTuple):
    """A client, and what answers it in place of QuickBlox, the floor first.

    Attributes:
        aims: Of two ways each, the largest good ratio.
    """

    name: str
    new: Callable[[], Any]
    ways: dict[str, Way]
    aims: list[tuple[str, str, float]]


def clients() -> tuple[Client, Client]:
    """Those whose calls are answered in place."""
    ways: dict[str, Way] = {
        _CONSTANT: partial(_answered_by, lambda: constant),
        _MINIMUM: partial(_answered_by, hand_written),
        _QBCHAT: _qbchat,
        _CALLBACK: _pytest_httpx,
        _SIDE_EFFECT: _respx,
    }
    aims = [(_QBCHAT, _MINIMUM, 1.15), (_QBCHAT, _CALLBACK, 1.00), (_QBCHAT, _SIDE_EFFECT, 1.00)]
    of_requests: dict[str, Way] = {_RESPONSES: _responses, _REQUESTS_MOCK: _requests_mock, _QBCHAT: _qbchat}
    return (
        Client("httpx.Client", partial(httpx.Client, verify=_TLS), ways, aims),
        Client("requests.Session", requests.Session, of_requests, [(_QBCHAT, _RESPONSES, 1.15)]),
    )


def posts() -> Iterator[str]:
    """The documentation's message through httpx, through requests, and to a live server."""
    for client in clients():
        seconds = _measure(partial(_post, client.new), client.ways)
        yield _table(f"A posted message, `{client.name}`", seconds, next(iter(client.ways)), client.aims)

    with _one_core(), _running_httpserver() as httpserver:
        ways: dict[str, Way] = {_HTTPSERVER: partial(_expecting, httpserver), _SERVER: _live}
        seconds = _measure(partial(_post, partial(httpx.Client, verify=_TLS)), ways)
    yield _table(
        "A message posted to a live server, `httpx.Client`", seconds, _HTTPSERVER, [(_SERVER, _HTTPSERVER, 1.00)]
    )

    trials, alone = "**a trial of `each_fault`**", "the three posts alone"
    seconds = interleave({alone: partial(_three_posts, each_fault=False), trials: _three_posts}, _ROUNDS)
    rows = [(way, micro(seconds.median(way)), f"{seconds.ratio(way, alone):.2f}") for way in seconds.taken]
    aim = Aim(f"{trials}, in ms", 2.00, seconds.median(trials) * 1e3)
    yield table("A trial: the rewind and three posts, `httpx.Client`", ("what runs", "µs", "ratio"), rows, [aim])


_FAULTS = ("timeout-stored", "timeout", "disconnect", 401, 429, 503)


def _three_posts(*, each_fault: bool = True) -> float:
    """One loop of `each_fault` with its 19 trials, or as often the same without it; the time of one."""
    with FakeQuickBlox().intercept() as fake, httpx.Client(verify=_TLS) as client:
        loop: Any = fake.each_fault(*_FAULTS) if each_fault else [nullcontext() for _ in range(19)]
        started, number = perf_counter(), 0
        for trial in loop:
            with trial:
                for _ in range(3):
                    with suppress(httpx.TransportError):  # so that every trial has all three calls
                        client.post(URL, json=MESSAGE, headers=TOKEN)
            number += 1
        assert number == 19
        return (perf_counter() - started) / number


def _measure(post: Callable[[Way], float], ways: Mapping[str, Way]) -> Seconds:
    batches: dict[str, Batch] = {name: partial(post, way) for name, way in ways.items()}
    return interleave(batches, _ROUNDS)


def _table(title: str, seconds: Seconds, floor: str, aims: list[tuple[str, str, float]]) -> str:
    rows = [(way, micro(seconds.median(way)), f"{seconds.ratio(way, floor):.2f}") for way in seconds.taken]
    verdicts = [Aim(f"{one} against {other}", limit, seconds.ratio(one, other)) for one, other, limit in aims]
    return table(title, ("what answers", "µs", "ratio"), rows, verdicts)


def _post(new_client: Callable[[], Any], way: Way) -> float:
    """One batch, with a client, a fake and a mock of its own: what they record does not grow beyond it."""
    with way() as url, new_client() as client:
        for _ in range(_WARM_UP):
            answer = client.post(url, json=MESSAGE, headers=TOKEN)
            assert (answer.status_code, len(answer.content)) == (ANSWER.status_code, len(CONTENT))
        started = perf_counter()
        for _ in range(_POSTS):
            client.post(url, json=MESSAGE, headers=TOKEN)
        return (perf_counter() - started) / _POSTS


# What answers


@contextmanager
def _answered_by(new_handler: Callable[[], Any]) -> Iterator[str]:
    with patched(new_handler()):
        yield URL


@contextmanager
def _qbchat() -> Iterator[str]:
    with FakeQuickBlox().intercept():
        yield URL


@contextmanager
def _pytest_httpx() -> Iterator[str]:
    """What the `httpx_mock` fixture does for a test without markers, by the fixture's own function."""
    request = SimpleNamespace(node=SimpleNamespace(iter_markers=lambda _: ()))
    with pytest.MonkeyPatch.context() as monkeypatch:
        for mock in inspect.unwrap(pytest_httpx.httpx_mock)(monkeypatch, request):
            mock.add_callback(constant, method="POST", url=URL, is_reusable=True)
            yield URL


@contextmanager
def _respx() -> Iterator[str]:
    with respx.mock() as router:
        router.post(URL).mock(side_effect=constant)
        yield URL


@contextmanager
def _responses() -> Iterator[str]:
    headers = {name: value for name, value in ANSWER.headers.items() if name != "content-type"}
    with responses.RequestsMock() as mock:
        content_type = ANSWER.headers["content-type"]
        mock.add_callback("POST", URL, lambda _: (ANSWER.status_code, headers, CONTENT), content_type=content_type)
        yield URL


@contextmanager
def _requests_mock() -> Iterator[str]:
    with requests_mock.Mocker() as mock:
        mock.post(URL, status_code=ANSWER.status_code, headers=dict(ANSWER.headers), content=CONTENT)
        yield URL


@contextmanager
def _live() -> Iterator[str]:
    with LiveServer(FakeQuickBlox()) as server:
        yield f"{server.url}/chat/Message.json"


@contextmanager
def _running_httpserver() -> Iterator[pytest_httpserver.HTTPServer]:
    """One for all batches, since it takes half a second to stop; without the line that it would log of each call."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with pytest_httpserver.HTTPServer() as server:
        yield server


@contextmanager
def _expecting(server: pytest_httpserver.HTTPServer) -> Iterator[str]:
    server.clear()
    headers = dict(ANSWER.headers)
    server.expect_request("/chat/Message.json", method="POST").respond_with_data(CONTENT, ANSWER.status_code, headers)
    yield server.url_for("/chat/Message.json")


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
