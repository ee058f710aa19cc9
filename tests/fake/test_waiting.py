"""Waiting for messages of threads, tasks and other processes, and calls that arrive after an assertion."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import trio
from freezegun import freeze_time

from pytest_qbchat import FakeQuickBlox

URL = "https://api.quickblox.com/chat/Message.json"
TOKEN = {"QB-Token": "made-up-token-of-the-shop"}
SOON = 0.05


def post(text: str = "hi") -> None:
    httpx.post(URL, json={"recipient_id": 7, "message": text, "send_to_chat": 1}, headers=TOKEN)


async def post_async(text: str = "hi") -> None:
    async with httpx.AsyncClient() as client:
        await client.post(URL, json={"recipient_id": 7, "message": text, "send_to_chat": 1}, headers=TOKEN)


@contextmanager
def later(function: Callable[..., object], *arguments: Any) -> Iterator[None]:
    """Run a function in a thread, a moment after the block has begun."""
    timer = threading.Timer(SOON, function, arguments)
    timer.start()
    yield
    timer.join()


def test_a_message_of_a_thread_is_waited_for(qbchat: FakeQuickBlox) -> None:
    with later(post):
        assert qbchat.wait_for_posted(message="hi").sent_to_chat


def test_a_number_of_messages_is_waited_for(qbchat: FakeQuickBlox) -> None:
    with later(lambda: [post(f"order {number}") for number in range(3)]):
        assert qbchat.wait_for_posted(times=3).message == "order 2"
    assert qbchat.wait_for_posted(at_least=2, within=0) == {"message": "order 2"}


def test_a_message_that_is_there_already_is_not_waited_for(qbchat: FakeQuickBlox) -> None:
    post()
    began = time.monotonic()
    qbchat.wait_for_posted(within=60, message="hi")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("waits", [True, False])
def test_the_failure_is_that_of_the_assertion_with_the_time(qbchat: FakeQuickBlox, waits: bool) -> None:
    post("ho")
    fields: dict[str, Any] = {"message": "hi"}
    with pytest.raises(AssertionError) as expected:
        qbchat.assert_posted(**fields)
    with pytest.raises(AssertionError) as actual:
        qbchat.wait_for_posted(within=0.01 if waits else 0, **fields)
    assert str(actual.value) == str(expected.value) + ("\n  waited 0.01 s" if waits else "")


def test_a_frozen_clock_does_not_stop_the_wait(qbchat: FakeQuickBlox) -> None:
    with freeze_time("2026-01-01"), pytest.raises(AssertionError, match=r"waited 0.01 s$"):
        qbchat.wait_for_posted(within=0.01)


def test_a_message_that_must_not_come_is_waited_for(qbchat: FakeQuickBlox) -> None:
    qbchat.assert_not_posted(within=0.01, message="hi")
    qbchat.assert_nothing_posted(within=0.01)
    with later(post):
        with pytest.raises(AssertionError, match=r"^1 message with message='hi' was posted, expected none") as failure:
            qbchat.assert_not_posted(within=30, message="hi")
        with pytest.raises(AssertionError, match=r"^1 message was posted, expected none: 'hi'"):
            qbchat.assert_nothing_posted(within=30)
    assert "waited" not in str(failure.value)


@pytest.mark.parametrize("within", ["5", -1, True, None, float("inf"), float("nan")])
def test_a_time_is_a_number_of_seconds(qbchat: FakeQuickBlox, within: Any) -> None:
    for wait in (qbchat.wait_for_posted, qbchat.assert_nothing_posted):
        if within:
            with pytest.raises(TypeError, match=r"^invalid within=.*; expected a number of seconds$"):
                wait(within=within)


def test_a_misspelt_field_is_named_at_once(qbchat: FakeQuickBlox) -> None:
    with pytest.raises(TypeError, match=r"a message has no field 'sendToChat'; use send_to_chat"):
        qbchat.wait_for_posted(within=60, sendToChat=1)
    with pytest.raises(TypeError, match="positional"):
        qbchat.wait_for_posted("hi")  # type: ignore[misc]


def test_a_custom_field_may_be_called_self(qbchat: FakeQuickBlox) -> None:
    httpx.post(URL, json={"recipient_id": 7, "self": "me", "send_to_chat": 1}, headers=TOKEN)
    qbchat.assert_posted(self="me")
    qbchat.assert_not_posted(self="you")


def test_a_task_is_waited_for(qbchat: FakeQuickBlox) -> None:
    async def main() -> None:
        task = asyncio.create_task(post_async())
        assert await qbchat.wait_for_posted_async(message="hi") == {"message": "hi"}
        await task
        with pytest.raises(AssertionError, match=r"1 message was posted, expected 2\n(.*\n)*  waited 0.01 s"):
            await qbchat.wait_for_posted_async(within=0.01, times=2)

    asyncio.run(main())


def test_a_thread_is_waited_for_in_a_task(qbchat: FakeQuickBlox) -> None:
    async def main() -> None:
        await qbchat.wait_for_posted_async(times=2)

    with later(lambda: [post(), post()]):
        asyncio.run(main())


def test_a_task_of_trio_is_waited_for(qbchat: FakeQuickBlox) -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(post_async)
            assert await qbchat.wait_for_posted_async(message="hi") == {"message": "hi"}
        with pytest.raises(RuntimeError, match=r"^waiting here would stop the event loop"):
            qbchat.wait_for_posted()

    trio.run(main)


def test_a_wait_that_would_stop_the_event_loop_is_refused(qbchat: FakeQuickBlox) -> None:
    """A task could not post meanwhile, so an assertion of absence would always pass."""

    async def main() -> None:
        remedy = r"use wait_for_posted_async\(...\), or await asyncio.sleep\(0.5\) before the assertion"
        with pytest.raises(RuntimeError, match=f"^waiting here would stop the event loop, .*; {remedy}$"):
            qbchat.assert_nothing_posted(within=0.5)
        qbchat.assert_nothing_posted()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("assertion", "text"),
    [
        (
            "qbchat.assert_posted(message='Hello')",
            "no message with message='Hello' was posted: no call reached the fake",
        ),
        ("qbchat.posted.one()", "expected one posted message, found none"),
        ("qbchat.add_user(7).inbox.last", "expected a message in the inbox of user 7, found none"),
    ],
)
def test_a_call_after_a_failed_assertion_is_named(pytester: pytest.Pytester, assertion: str, text: str) -> None:
    pytester.makepyfile(
        """
        import threading, httpx

        def test_late(qbchat):
            def announce():
                asserted.wait()
                headers = {"QB-Token": "made-up-token-of-the-shop"}
                with httpx.Client(base_url="https://api.quickblox.com", headers=headers) as client:
                    client.post("/chat/Message.json", json={"recipient_id": 7, "message": "Hello", "send_to_chat": 1})
                    client.get("/chat/Dialog.json")

            asserted = threading.Event()
            thread = threading.Thread(target=announce)
            thread.start()
            try:
                ASSERTION
            finally:
                asserted.set()
                thread.join()
        """.replace("ASSERTION", assertion)
    )
    result = pytester.runpytest("-p", "no:randomly")
    result.stdout.fnmatch_lines(
        [
            f"*AssertionError: {text}*",
            "POST /chat/Message.json ('Hello') arrived after the assertion: the test did not wait for it",
            "GET /chat/Dialog.json arrived after the assertion: the test did not wait for it",
        ]
    )
