"""What the tests of clients post, and how aiohttp posts it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import aiohttp.abc
import pytest
from support.ways import DIALOG, TOKEN, URL

from pytest_qbchat import FakeQuickBlox

API = "https://api.quickblox.com"


HEADERS = {"QB-Token": TOKEN}


BODY = {"chat_dialog_id": DIALOG, "message": "hi"}


ORDERS = f"{API}/data/Order.json"


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
