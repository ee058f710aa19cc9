"""Calls of threads, of tasks, and through a loopback server: the same trials in every run."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp
import httpx
import pytest
from support.threads import busy_threads
from support.trials import API, MESSAGES, Post, bodies_by_trial, post_with_httpx
from support.ways import TLS, TOKEN
from tornado.httpclient import AsyncHTTPClient

from pytest_qbchat import FakeQuickBlox, LiveServer


def test_a_401_among_concurrent_calls_hits_one_call(qbchat: FakeQuickBlox) -> None:
    """Which of the others come later differs from run to run."""

    def code(client: httpx.Client) -> list[int]:
        paths = [f"/chat/Dialog.json?limit={number}" for number in range(1, 5)]
        with busy_threads(4) as pool:
            return [reply.status_code for reply in pool.map(client.get, paths)]

    with httpx.Client(verify=TLS, base_url=API, headers={"QB-Token": TOKEN}) as client:
        for trial in qbchat.each_fault(401):
            with trial:
                statuses = code(client)
            assert sorted(statuses) == ([200, 200, 200, 401] if trial.fault else [200] * 4)


@pytest.mark.parametrize("how", ["thread", "server"])
def test_a_repetition_with_the_refused_token_gets_401_again(how: str) -> None:
    """A new session has another token."""
    fake = FakeQuickBlox()
    with fake.intercept(), LiveServer(fake) as server, ThreadPoolExecutor(1) as pool:
        client = httpx.Client(verify=TLS, base_url=server.url if how == "server" else API)

        def attempts() -> list[int]:
            tokens = ["made-up-token", "made-up-token", "made-up-token-of-a-new-session"]
            body = {"recipient_id": 7, "message": "hi"}
            return [client.post(MESSAGES, json=body, headers={"QB-Token": token}).status_code for token in tokens]

        statuses = []
        for trial in fake.each_fault(401):
            with trial:
                statuses.append(pool.submit(attempts).result())
        client.close()
    assert statuses == [[201, 201, 201], [401, 401, 201], [201, 401, 201], [201, 201, 401]]


def test_calls_of_threads_get_the_same_trials_in_every_run(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        texts = [f"Order #{number}" for number in (1, 2, 2, 3)]
        random.shuffle(texts)
        with busy_threads(4) as pool:
            list(pool.map(lambda text: client.post(MESSAGES, json={"recipient_id": 7, "message": text}), texts))

    runs = [bodies_by_trial(qbchat.each_fault(503), code) for _ in range(3)]
    assert runs[0] == runs[1] == runs[2]
    assert [json.loads(body)["message"] for [body] in [*runs[0].values()][1:]] == [
        "Order #1",
        "Order #2",
        "Order #2",
        "Order #3",
    ]


@asynccontextmanager
async def post_with_aiohttp() -> AsyncIterator[Post]:
    async with aiohttp.ClientSession(headers={"QB-Token": TOKEN}) as session:

        async def post(text: str) -> None:
            async with session.post(f"{API}{MESSAGES}", json={"recipient_id": 7, "message": text}) as reply:
                reply.raise_for_status()

        yield post


@asynccontextmanager
async def post_with_tornado() -> AsyncIterator[Post]:
    client = AsyncHTTPClient(force_instance=True)

    async def post(text: str) -> None:
        body = json.dumps({"recipient_id": 7, "message": text})
        headers = {"QB-Token": TOKEN, "Content-Type": "application/json"}
        await client.fetch(f"{API}{MESSAGES}", method="POST", headers=headers, body=body)

    yield post


posting = pytest.mark.parametrize("posting", [post_with_httpx, post_with_aiohttp, post_with_tornado])


@posting
def test_calls_of_tasks_get_the_same_trials_in_every_run(
    qbchat: FakeQuickBlox, posting: Callable[[], AbstractAsyncContextManager[Post]]
) -> None:
    async def send_all() -> None:
        async with posting() as post:

            async def send(text: str) -> None:
                await asyncio.sleep(random.random() / 500)
                await post(text)

            texts = [f"Order #{number}" for number in (3, 1, 2)]
            results = await asyncio.gather(*map(send, texts), return_exceptions=True)
        for error in results:
            if error is not None:
                raise error

    runs = [bodies_by_trial(qbchat.each_fault(503), lambda: asyncio.run(send_all())) for _ in range(5)]
    assert all(run == runs[0] for run in runs)
    assert [json.loads(body)["message"][-1] for [body] in [*runs[0].values()][1:]] == ["1", "2", "3"]


def test_calls_of_tasks_one_after_the_other_are_numbered_by_arrival(qbchat: FakeQuickBlox) -> None:
    async def send_all() -> None:
        async with post_with_httpx() as post:
            for text in ("b", "a"):
                await asyncio.ensure_future(post(text))

    found = bodies_by_trial(qbchat.each_fault(503), lambda: asyncio.run(send_all()))
    assert [json.loads(body)["message"] for [body] in [*found.values()][1:]] == ["b", "a"]


@posting
def test_a_call_after_a_fault_gets_a_second_one_with_every_client(
    qbchat: FakeQuickBlox, posting: Callable[[], AbstractAsyncContextManager[Post]]
) -> None:
    async def send() -> None:
        async with posting() as post:
            try:
                await asyncio.ensure_future(post("b"))
            except Exception:
                await asyncio.ensure_future(post("a"))

    found = bodies_by_trial(qbchat.each_fault(503, pairs=True), lambda: asyncio.run(send()))
    assert [*found] == [None, "1:503", "1:503+2:503"]


def test_calls_through_a_server_are_numbered_by_content() -> None:
    """Who makes them is not known, so they may be concurrent. A look-up that only the fault causes comes last."""
    fake = FakeQuickBlox()
    with LiveServer(fake) as server, httpx.Client(base_url=server.url, headers={"QB-Token": TOKEN}) as client:

        def code() -> None:
            for text in ("b", "a"):
                body = {"recipient_id": 7, "message": text}
                if client.post(MESSAGES, json=body).is_error and client.get("/chat/Dialog.json").is_success:
                    client.post(MESSAGES, json=body)

        found = bodies_by_trial(fake.each_fault(503, pairs=True), code)
    messages = {name: [json.loads(body)["message"] if body else "" for body in each] for name, each in found.items()}
    assert messages == {
        None: [],
        "1:503": ["a"],
        "2:503": ["b"],
        "1:503+2:503": ["b", "a"],  # in the order of their arrival
        "1:503+3:503": ["a", ""],
        "1:503+4:503": ["a", "a"],
        "2:503+3:503": ["b", ""],
        "2:503+4:503": ["b", "b"],
    }
