"""One posted message, through whatever answers it in place of QuickBlox."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from time import perf_counter
from typing import Any

import httpx
import httpx2

from benchmarks import ways
from benchmarks.documented import MESSAGE, TOKEN, URL
from benchmarks.interleaved import Batch, Seconds, interleave
from benchmarks.report import Aim, micro, table
from benchmarks.ways import FLOOR, QBCHAT, Way

_ROUNDS = 25
_POSTS = 200
_WARM_UP = 5

_AIM = 1.20
_TLS = ssl.create_default_context()  # one for all clients: making it takes longer than a hundred posts


def posting() -> Iterator[str]:
    """The documentation's message through one `httpx.Client`."""
    seconds = _measure(partial(_post, httpx.Client), ways.FLOORS | QBCHAT | ways.PEERS | ways.ROUTER)
    routes = [
        Aim(f"{ours} against {theirs}", 1.00, seconds.ratio(ours, theirs))
        for ours, theirs in ways.ROUTER_AND_RESPX.items()
    ]
    yield _table("A posted message, `httpx.Client`", seconds, [*_aims(seconds, QBCHAT, ways.PEERS), *routes])


def posting_async() -> Iterator[str]:
    """The same through one `httpx.AsyncClient`, in one event loop."""
    with asyncio.Runner() as runner:
        seconds = _measure(partial(_post_async, runner), ways.FLOORS | QBCHAT | ways.PEERS)
    yield _table("A posted message, `httpx.AsyncClient`", seconds, _aims(seconds, QBCHAT, ways.PEERS))


def posting_httpx2() -> Iterator[str]:
    """The same through one `httpx2.Client`, which none of the peers answers."""
    seconds = _measure(partial(_post, httpx2.Client), ways.HTTPX2)
    yield _table("A posted message, `httpx2.Client`", seconds, _aims(seconds, QBCHAT))


def transport() -> Iterator[str]:
    """The same through clients that were given a transport."""
    seconds = _measure(partial(_post, httpx.Client), ways.TRANSPORTS)
    yield _table("A posted message, `httpx.Client(transport=...)`", seconds, _aims(seconds, ways.TRANSPORT))
    with asyncio.Runner() as runner:
        seconds = _measure(partial(_post_async, runner), ways.TRANSPORTS)
    yield _table("A posted message, `httpx.AsyncClient(transport=...)`", seconds, _aims(seconds, ways.TRANSPORT))


def _measure(post: Callable[[Way], float], measured: Mapping[str, Way]) -> Seconds:
    batches: dict[str, Batch] = {name: partial(post, way) for name, way in measured.items()}
    return interleave(batches, _ROUNDS)


def _post(client_class: Any, way: Way) -> float:
    """One batch, with a client, a fake and a mock of its own: what they record does not grow beyond it."""
    with way() as transport, client_class(transport=transport, verify=_TLS) as client:
        for _ in range(_WARM_UP):
            assert client.post(URL, json=MESSAGE, headers=TOKEN).status_code == 201
        started = perf_counter()
        for _ in range(_POSTS):
            client.post(URL, json=MESSAGE, headers=TOKEN)
        return (perf_counter() - started) / _POSTS


def _post_async(runner: asyncio.Runner, way: Way) -> float:
    async def batch() -> float:
        with way() as transport:
            async with httpx.AsyncClient(transport=transport, verify=_TLS) as client:
                for _ in range(_WARM_UP):
                    assert (await client.post(URL, json=MESSAGE, headers=TOKEN)).status_code == 201
                started = perf_counter()
                for _ in range(_POSTS):
                    await client.post(URL, json=MESSAGE, headers=TOKEN)
                return (perf_counter() - started) / _POSTS

    return runner.run(batch())


def _aims(seconds: Seconds, ours: Mapping[str, Way], peers: Mapping[str, Way] | None = None) -> Iterator[Aim]:
    (name,) = ours
    yield Aim(f"{name} against {FLOOR}", _AIM, seconds.ratio(name, FLOOR))
    if peers:
        fastest = max(peers, key=lambda peer: seconds.ratio(name, peer))
        yield Aim(f"{name} against the fastest peer, {fastest}", 1.00, seconds.ratio(name, fastest))


def _table(title: str, seconds: Seconds, aims: Iterable[Aim]) -> str:
    rows = [(way, micro(seconds.median(way)), f"{seconds.ratio(way, FLOOR):.2f}") for way in seconds.taken]
    return table(title, ("what answers", "µs", "ratio"), rows, aims)
