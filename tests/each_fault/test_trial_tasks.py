"""Calls of tasks that began in an earlier trial are dropped."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import httpx
import pytest
from support.trials import post_with_httpx

from pytest_qbchat import FakeQuickBlox, QuickBloxWarning


@pytest.mark.filterwarnings("ignore:each_fault.. dropped")  # whether any comes late is a matter of time
def test_a_task_of_an_earlier_trial_does_not_reach_the_next_one(qbchat: FakeQuickBlox) -> None:
    """`gather` ends at the first error, and the others go on while the next trial runs."""

    async def run() -> None:
        async with post_with_httpx() as post:

            async def send(number: int) -> None:
                await asyncio.sleep(0.001 * number)
                await post(f"Order #{number}")

            for trial in qbchat.each_fault("disconnect", 503):
                with trial:
                    await asyncio.gather(*map(send, (1, 2, 3, 4)))
                await asyncio.sleep(0.001)
                posted = [message.message for message in qbchat.posted]
                assert len({*posted}) == len(posted)
                assert len(posted) == 4 or trial.error
                assert len(trial.calls) == len({call.request.body for call in trial.calls})

    asyncio.run(run())


def test_dropped_calls_are_counted_at_the_end_of_the_loop(qbchat: FakeQuickBlox) -> None:
    async def run() -> None:
        async with post_with_httpx() as post:
            rewound = asyncio.Event()

            async def post_late() -> None:
                await rewound.wait()
                for _ in range(2):
                    with suppress(httpx.TransportError):
                        await post("late")

            tasks = []
            for trial in qbchat.each_fault(503, 429):
                if trial.fault:
                    rewound.set()
                    await asyncio.gather(*tasks)
                with trial:
                    tasks.append(asyncio.create_task(post_late()))
                    await post("in time")
            await asyncio.gather(*tasks)

    text = (
        r"each_fault\(\) dropped 4 calls of tasks that began in an earlier trial, POST /chat/Message.json; await every"
    )
    with pytest.warns(QuickBloxWarning, match=text):
        asyncio.run(run())


def test_a_task_of_an_earlier_trial_does_not_reach_the_fake_after_the_loop(qbchat: FakeQuickBlox) -> None:
    async def run() -> None:
        async with post_with_httpx() as post:
            ended = asyncio.Event()

            async def wait_and_post() -> None:
                await ended.wait()
                await post("late")

            tasks = []
            for trial in qbchat.each_fault(503):
                with trial:
                    tasks.append(asyncio.create_task(wait_and_post()))
                    await post("in time")
            ended.set()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(results[0], httpx.RemoteProtocolError | httpx.ReadError)
        assert results[1] is None  # the fake has the state of the last trial
        assert [message.message for message in qbchat.posted] == ["late"]

    asyncio.run(run())


@pytest.mark.parametrize("fails", [False, True])
def test_dropped_calls_are_counted_where_the_call_of_the_fault_is_missing(qbchat: FakeQuickBlox, fails: bool) -> None:
    """The code starts its worker once, and the worker belongs to the first trial."""

    async def run() -> None:
        queue: asyncio.Queue[str] = asyncio.Queue()
        errors: list[Exception] = []
        async with post_with_httpx() as post:

            async def work() -> None:
                while True:
                    text = await queue.get()
                    try:
                        await post(text)
                    except httpx.TransportError as error:
                        errors.append(error)
                    queue.task_done()

            worker = None
            for trial in qbchat.each_fault(503):
                with trial:
                    worker = worker or asyncio.create_task(work())
                    queue.put_nowait("Order #7")
                    await queue.join()
                    if fails and errors:
                        raise errors[0]

    with pytest.raises(AssertionError, match="trial: none; dropped 1 of tasks that began in an earlier trial"):
        asyncio.run(run())


def test_a_task_of_another_loop_does_not_belong_to_the_trial(qbchat: FakeQuickBlox) -> None:
    async def run() -> None:
        async with post_with_httpx() as post:

            async def later() -> None:
                await asyncio.sleep(0.001)
                await post("later")

            tasks = []
            for trial in qbchat.each_fault(503):
                with trial:
                    await post("one")
                    tasks.append(asyncio.create_task(later()))
                break
            for trial in qbchat.each_fault(503):
                with trial:
                    await asyncio.sleep(0.01)
                    await post("two")
                assert len(trial.calls) == (1 if trial.fault else 2)
                assert trial.fault in (None, "1:503")

    asyncio.run(run())
