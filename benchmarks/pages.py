"""A page of a dialog's history, in a store with few messages and in one with many."""

from __future__ import annotations

import ssl
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from time import perf_counter
from typing import NamedTuple

import httpx
import pytest_httpx
import respx

from benchmarks.documented import TOKEN, URL
from benchmarks.floors import Handler, same_bytes
from benchmarks.interleaved import Seconds, interleave
from benchmarks.report import Aim, micro, table
from benchmarks.stores import PAGE, Store, filled
from benchmarks.ways import Way, pytest_httpx_routes, respx_routes

_ROUNDS = 20
_GETS = 20
_TLS = ssl.create_default_context()

_CONSTANT = "a constant answer of the same bytes"
_OF_FEW = f"**a page**, of {PAGE} messages"
_OF_MANY = "**a page**, of 100,000 messages in 1,000 dialogs"


class _Listing(NamedTuple):
    """What is listed in one batch.

    Attributes:
        way: What answers.
        url: The page.
    """

    way: Way
    url: str


def pages(large: Store) -> str:
    """A page of 100 messages, as bytes and read as JSON."""
    small = filled(PAGE, 1)
    url = _url(small.dialogs[0])
    answer = _settled(small, url)
    _settled(large, _url(large.dialogs[0]))
    handler = same_bytes(httpx, answer)
    listings = {
        _CONSTANT: _Listing(lambda: nullcontext(httpx.MockTransport(handler)), url),
        _OF_FEW: _Listing(small.way, url),
        _OF_MANY: _Listing(large.way, _url(large.dialogs[0])),
        "pytest-httpx, callback": _Listing(partial(_pytest_httpx, handler), url),
        "respx, side effect": _Listing(partial(_respx, handler), url),
    }
    as_bytes, as_json = (
        interleave({name: partial(_list, listing, json=json) for name, listing in listings.items()}, _ROUNDS)
        for json in (False, True)
    )
    return table(
        f"A page of {PAGE} messages, {len(answer.content):,} bytes",
        ("what answers", "`get()` µs", "ratio", "`get().json()` µs", "ratio"),
        [(name, *_figures(as_bytes, name), *_figures(as_json, name)) for name in listings],
        [
            Aim(f"{_OF_MANY}, against {_OF_FEW}", 1.05, as_json.ratio(_OF_MANY, _OF_FEW)),
        ],
    )


def _url(dialog: str) -> str:
    return f"{URL}?chat_dialog_id={dialog}&limit={PAGE}"


def _settled(store: Store, url: str) -> httpx.Response:
    """The answer once the messages are marked as read, which stays the same from then on."""
    with store.client() as client:
        client.get(url)
        return client.get(url)


def _list(listing: _Listing, *, json: bool) -> float:
    with listing.way() as transport, httpx.Client(transport=transport, headers=TOKEN, verify=_TLS) as client:
        started = perf_counter()
        for _ in range(_GETS):
            response = client.get(listing.url)
            if json:
                response.json()
        return (perf_counter() - started) / _GETS


def _pytest_httpx(handler: Handler) -> AbstractContextManager[None]:
    def add(mock: pytest_httpx.HTTPXMock) -> None:
        mock.add_callback(handler, method="GET", is_reusable=True)

    return pytest_httpx_routes(add)


def _respx(handler: Handler) -> AbstractContextManager[None]:
    def add(router: respx.Router) -> None:
        router.get(URL).mock(side_effect=handler)

    return respx_routes(add)


def _figures(seconds: Seconds, name: str) -> tuple[str, str]:
    return micro(seconds.median(name)), f"{seconds.ratio(name, _CONSTANT):.2f}"
