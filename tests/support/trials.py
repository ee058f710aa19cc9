"""What the tests of `each_fault` share: a call, and loops that note their trials."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from support.ways import DIALOG, TLS, TOKEN

from pytest_qbchat.each_fault.loop import Trial

API = "https://api.quickblox.com"


MESSAGES = "/chat/Message.json"


def post(client: httpx.Client, text: str = "hi", **fields: Any) -> None:
    body = {"chat_dialog_id": DIALOG, "message": text, "send_to_chat": 1}
    client.post(MESSAGES, json=body | fields).raise_for_status()


def names(
    trials: Iterator[Trial], code: Callable[[], object], checks: Callable[[Trial], object] | None = None
) -> list[str | None]:
    """The trials of a loop, in which any error of the client is expected."""
    found = []
    for trial in trials:
        with trial:
            code()
        if checks is not None:
            checks(trial)
        found.append(trial.fault)
    return found


def failing(error: BaseException) -> Callable[..., None]:
    """Code that posts, or a check, that fails."""

    def fail(*_: object) -> None:
        raise error

    return fail


def bodies_by_trial(trials: Iterator[Trial], code: Callable[[], object]) -> dict[str | None, list[bytes]]:
    """The bodies of the calls that got a fault."""
    found = {}
    for trial in trials:
        with trial:
            code()
        found[trial.fault] = [call.request.body for call in trial.calls if call.fault]
    return found


Post = Callable[[str], Awaitable[None]]


@asynccontextmanager
async def post_with_httpx() -> AsyncIterator[Post]:
    async with httpx.AsyncClient(verify=TLS, headers={"QB-Token": TOKEN}) as client:

        async def post(text: str) -> None:
            reply = await client.post(f"{API}{MESSAGES}", json={"recipient_id": 7, "message": text})
            reply.raise_for_status()

        yield post
