"""A page of a dialog's history, listed over and over, and listed for the first time."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import islice, repeat
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
_FRESH_GETS = 5
_TLS = ssl.create_default_context()

_CONSTANT = "a constant answer of the same bytes"
_OF_FEW = f"**a page listed before**, of {PAGE} messages"
_OF_MANY = "**a page listed before**, of 100,000 messages"
_FRESH = {"pages listed for the first time": 0, "for the second time": 1, "for the third time": 2}


class _Listing(NamedTuple):
    """What is listed in one batch.

    Attributes:
        way: What answers.
        urls: The pages, of which each batch takes the next.
        gets: How many.
        before: How many times each of them is listed before, without being timed.
    """

    way: Way
    urls: Iterator[str]
    gets: int = _GETS
    before: int = 0


def pages(large: Store) -> str:
    """A page of 100 messages, as bytes and read as JSON."""
    small = filled(PAGE, 1)
    url = _url(small.dialogs[0])
    answer = _settled(small, url)
    _settled(large, _url(large.dialogs[0]))
    handler = same_bytes(httpx, answer)
    fresh = map(_url, large.dialogs[1:])  # enough for all batches, so that each asks for pages that nobody has seen
    listings = {
        _CONSTANT: _Listing(lambda: nullcontext(httpx.MockTransport(handler)), repeat(url)),
        _OF_FEW: _Listing(small.way, repeat(url)),
        _OF_MANY: _Listing(large.way, repeat(_url(large.dialogs[0]))),
        **{name: _Listing(large.way, fresh, _FRESH_GETS, before) for name, before in _FRESH.items()},
        "pytest-httpx, callback": _Listing(partial(_pytest_httpx, handler), repeat(url)),
        "respx, side effect": _Listing(partial(_respx, handler), repeat(url)),
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
            Aim(f"{_OF_MANY}, read as JSON, against {_CONSTANT}", 1.30, as_json.ratio(_OF_MANY, _CONSTANT)),
            Aim(f"{_OF_MANY}, against {_OF_FEW}", 1.05, as_json.ratio(_OF_MANY, _OF_FEW)),
        ],
    )


def _url(dialog: str) -> str:
    return f"{URL}?chat_dialog_id={dialog}&limit={PAGE}"


def _settled(store: Store, url: str) -> httpx.Response:
    """The answer once the messages are marked as read, from which time on it stays the same."""
    with store.client() as client:
        client.get(url)
        client.get(url)
        return client.get(url)


def _list(listing: _Listing, *, json: bool) -> float:
    urls = list(islice(listing.urls, listing.gets))
    with listing.way() as transport, httpx.Client(transport=transport, headers=TOKEN, verify=_TLS) as client:
        for url in urls * listing.before:
            client.get(url)
        started = perf_counter()
        if json:
            for url in urls:
                client.get(url).json()
        else:
            for url in urls:
                client.get(url)
        return (perf_counter() - started) / len(urls)


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
