"""Threads and tasks that post at the same time."""

from __future__ import annotations

import asyncio

import aiohttp
import aiohttp.abc
import httpx
import pytest
import requests
import requests.adapters
from support.posting import API, BODY, HEADERS, texts
from support.profile import sized
from support.threads import busy_threads
from support.ways import TLS, URL

from pytest_qbchat import FakeQuickBlox

EACH = sized(10, 20)  # messages of a thread
TASKS = sized(100, 200)  # of each library


@pytest.mark.parametrize("sessions", ["one session", pytest.param("many sessions", marks=pytest.mark.long)])
def test_concurrent_threads_lose_no_message(qbchat: FakeQuickBlox, sessions: str) -> None:
    shared = requests.Session()
    shared.mount(API, requests.adapters.HTTPAdapter(pool_maxsize=32))

    def post(thread: int) -> list[str]:
        session = shared if sessions == "one session" else requests.Session()
        wanted = [f"{thread}-{number}" for number in range(EACH)]
        replies = [
            session.post(URL, json=BODY | {"message": text}, headers=HEADERS, timeout=60).json() for text in wanted
        ]
        assert [reply["message"] for reply in replies] == wanted
        session.close()
        return [reply["_id"] for reply in replies]

    with busy_threads(32) as pool:
        ids = [each for thread in pool.map(post, range(32)) for each in thread]
    assert len(set(ids)) == len(ids) == len(qbchat.calls) == 32 * EACH
    assert sorted(map(str, texts(qbchat))) == sorted(
        f"{thread}-{number}" for thread in range(32) for number in range(EACH)
    )
    assert {message.id for message in qbchat.posted} == set(ids)


def test_concurrent_tasks_lose_no_message(qbchat: FakeQuickBlox) -> None:
    wanted = [f"{library}-{number}" for library in ("aiohttp", "httpx") for number in range(TASKS)]

    async def by_aiohttp(session: aiohttp.ClientSession, text: str) -> str:
        async with session.post(URL, json=BODY | {"message": text}, headers=HEADERS) as response:
            return str((await response.json())["message"])

    async def by_httpx(client: httpx.AsyncClient, text: str) -> str:
        return str((await client.post(URL, json=BODY | {"message": text}, headers=HEADERS)).json()["message"])

    async def broadcast() -> list[str]:
        connector = aiohttp.TCPConnector(limit=200)
        async with aiohttp.ClientSession(connector=connector) as session, httpx.AsyncClient(verify=TLS) as client:
            return await asyncio.gather(
                *(by_aiohttp(session, text) for text in wanted[:TASKS]),
                *(by_httpx(client, text) for text in wanted[TASKS:]),
            )

    assert asyncio.run(broadcast()) == wanted
    assert sorted(map(str, texts(qbchat))) == sorted(wanted)
    assert len({message.id for message in qbchat.posted}) == 2 * TASKS
