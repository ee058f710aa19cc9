"""What answers a call in place of QuickBlox: constants, the fake, and the mocks that people use."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from types import SimpleNamespace
from typing import Any

import httpx
import httpx2
import pytest
import pytest_httpx
import respx

from benchmarks.documented import ANSWER, CONTENT, HEADERS, URL
from benchmarks.floors import as_people_write, minimal, patched, recoded, same_bytes
from pytest_qbchat import FakeQuickBlox, QuickBloxTransport

# A context in which calls are answered; as a value it has the transport for the client, if it needs one.
Way = Callable[[], AbstractContextManager[Any]]

_STATUS = ANSWER.status_code
_side_effect = same_bytes(httpx)


def _route(router: respx.Router) -> None:
    """A route with one response, which respx copies for each call."""
    router.post(URL).mock(return_value=httpx.Response(_STATUS, headers=HEADERS, content=CONTENT))


def _route_with_side_effect(router: respx.Router) -> None:
    """A route with a function, which makes a response for each call."""
    router.post(URL).mock(side_effect=_side_effect)


def _another_route(router: respx.Router) -> None:
    """A route for another call."""
    router.get("/users/7.json").respond(json={})


def _response(mock: pytest_httpx.HTTPXMock) -> None:
    mock.add_response(_STATUS, headers=HEADERS, content=CONTENT, method="POST", url=URL, is_reusable=True)


def _callback(mock: pytest_httpx.HTTPXMock) -> None:
    mock.add_callback(_side_effect, method="POST", url=URL, is_reusable=True)


@contextmanager
def _qbchat(add_route: Callable[[respx.Router], None] | None = None) -> Iterator[None]:
    with FakeQuickBlox().intercept() as fake:
        if add_route:
            add_route(fake.router)
        yield


@contextmanager
def respx_routes(add_route: Callable[[respx.Router], None]) -> Iterator[None]:
    """What respx answers, with a route that is added to its router."""
    with respx.mock() as router:
        add_route(router)
        yield


@contextmanager
def pytest_httpx_routes(add: Callable[[pytest_httpx.HTTPXMock], None]) -> Iterator[None]:
    """What the `httpx_mock` fixture does for a test without markers, by the fixture's own function."""
    request = SimpleNamespace(node=SimpleNamespace(iter_markers=lambda _: ()))
    with pytest.MonkeyPatch.context() as monkeypatch:
        fixture = inspect.unwrap(pytest_httpx.httpx_mock)
        for mock in fixture(monkeypatch, request):
            add(mock)
            yield


FLOOR = "a constant answer of the same bytes"
_MINIMAL = "a constant answer with one header"

FLOORS: dict[str, Way] = {
    FLOOR: partial(patched, httpx, same_bytes(httpx)),
    _MINIMAL: partial(patched, httpx, minimal(httpx)),
    "`httpx.Response(201, json=...)`": partial(patched, httpx, as_people_write(httpx)),
    "the same bytes, both bodies decoded and encoded": partial(patched, httpx, recoded(httpx)),
}
QBCHAT: dict[str, Way] = {"**`qbchat`**": _qbchat}
PEERS: dict[str, Way] = {
    "pytest-httpx, response": partial(pytest_httpx_routes, _response),
    "pytest-httpx, callback": partial(pytest_httpx_routes, _callback),
    "respx, response": partial(respx_routes, _route),
    "respx, side effect": partial(respx_routes, _route_with_side_effect),
}
ROUTER: dict[str, Way] = {
    "`qbchat.router`, response": partial(_qbchat, _route),
    "`qbchat.router`, side effect": partial(_qbchat, _route_with_side_effect),
    "`qbchat.router` with another route, so the fake answers": partial(_qbchat, _another_route),
}
# Which way of the router is the same as which way of respx.
ROUTER_AND_RESPX = {
    "`qbchat.router`, response": "respx, response",
    "`qbchat.router`, side effect": "respx, side effect",
}
HTTPX2: dict[str, Way] = {
    FLOOR: partial(patched, httpx2, same_bytes(httpx2)),
    _MINIMAL: partial(patched, httpx2, minimal(httpx2)),
    **QBCHAT,
}
TRANSPORT: dict[str, Way] = {"**`qbchat_transport`**": lambda: nullcontext(QuickBloxTransport(FakeQuickBlox()))}
TRANSPORTS: dict[str, Way] = {
    FLOOR: lambda: nullcontext(httpx.MockTransport(same_bytes(httpx))),
    _MINIMAL: lambda: nullcontext(httpx.MockTransport(minimal(httpx))),
    **TRANSPORT,
}
