"""Tasks take turns at each call, so a race between two of them shows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpcore
import httpx
import httpx2
import pytest
import trio

from pytest_qbchat import FakeQuickBlox

URL = "https://api.quickblox.com/chat/Dialog/5d75327ba28f9a0f32cb0f99.json"
HEADERS = {"QB-Token": "made-up-token-of-the-shop"}


async def rename_with(client: httpx.AsyncClient | httpx2.AsyncClient, letter: str) -> None:
    """Add a letter to the name of a dialog, by reading and writing: another task may do the same in between."""
    name = (await client.get(URL, headers=HEADERS)).json()["name"]
    await client.put(URL, headers=HEADERS, json={"name": f"{name}{letter}"})


async def rename_with_httpx(letter: str) -> None:
    async with httpx.AsyncClient() as client:
        await rename_with(client, letter)


async def rename_with_httpx2(letter: str) -> None:
    async with httpx2.AsyncClient() as client:
        await rename_with(client, letter)


async def both_with_asyncio(rename: Callable[[str], Awaitable[None]]) -> None:
    await asyncio.gather(rename("a"), rename("b"))


async def both_with_trio(rename: Callable[[str], Awaitable[None]]) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(rename, "a")
        nursery.start_soon(rename, "b")


@pytest.mark.parametrize("rename", [rename_with_httpx, rename_with_httpx2])
@pytest.mark.parametrize(("run", "both"), [(asyncio.run, both_with_asyncio), (trio.run, both_with_trio)])
def test_a_change_that_another_task_overwrites_is_lost(
    qbchat: FakeQuickBlox, run: Callable[..., object], both: Callable[..., object], rename: object
) -> None:
    user = qbchat.add_user()
    qbchat.add_session(HEADERS["QB-Token"], user)
    dialog = qbchat.add_dialog("5d75327ba28f9a0f32cb0f99", occupants_ids=[user, 20], name="-")
    run(both(rename)) if run is asyncio.run else run(both, rename)
    assert dialog.name in ("-a", "-b")


def test_a_call_of_a_bare_pool_lets_other_tasks_run(qbchat: FakeQuickBlox) -> None:
    turns: list[str] = []

    async def call() -> None:
        async with httpcore.AsyncConnectionPool() as pool:
            await pool.request("GET", URL, headers=HEADERS)
        turns.append("call")

    async def other() -> None:
        turns.append("other")

    async def both() -> None:
        await asyncio.gather(call(), other())

    asyncio.run(both())
    assert turns == ["other", "call"]
