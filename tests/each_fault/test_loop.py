"""`qbchat.each_fault`: which calls get which faults, what is expected of the code, and what is said."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import textwrap
import unittest
import urllib.error
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import aiohttp
import httpx
import pytest
from support.threads import busy_threads
from support.ways import DIALOG, TLS, TOKEN
from tornado.httpclient import AsyncHTTPClient

from pytest_qbchat import CallRefused, FakeQuickBlox, LiveServer, QuickBloxWarning
from pytest_qbchat.each_fault.loop import Trial

API = "https://api.quickblox.com"
MESSAGES = "/chat/Message.json"
DEFAULT = ["timeout-stored", "timeout", "disconnect", "401", "429", "503"]


@pytest.fixture
def client(qbchat: FakeQuickBlox) -> Iterator[httpx.Client]:
    with httpx.Client(verify=TLS, base_url=API, headers={"QB-Token": TOKEN}) as client:
        yield client


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


# --- the trials ---


def test_every_call_gets_every_default_fault(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        post(client, "one")
        client.get(MESSAGES, params={"chat_dialog_id": DIALOG})

    assert names(qbchat.each_fault(), code) == [None, *(f"{call}:{fault}" for call in (1, 2) for fault in DEFAULT)]


def test_faults_calls_and_trials_are_chosen(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        client.get("/chat/Dialog.json").raise_for_status()
        post(client)
        client.get(f"/chat/Dialog/{DIALOG}.json")

    every = "timeout", "timeout-stored", "disconnect-stored", "malformed", "empty", "503-stored", 500, "empty"
    expected = [f"2:{what}" for what in every[:-1]]
    assert names(qbchat.each_fault(*every, methods=["POST"]), code) == [None, *expected]
    assert names(qbchat.each_fault(503, path="/chat/Dialog.json"), code) == [None, "1:503"]
    assert names(qbchat.each_fault(503, path="/chat/Dialog/{id}"), code) == [None, "3:503"]
    assert names(qbchat.each_fault(503, methods=["GET"], path=MESSAGES, only="3:disconnect"), code) == [
        None,
        "3:disconnect",
    ]
    assert names(qbchat.each_fault(only="1:404-stored"), code) == [None, "1:404-stored"]


def test_a_pair_is_a_fault_and_another_at_a_call_that_follows(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    """The retry is a call that the undisturbed trial does not have."""

    def code() -> None:
        try:
            post(client)
        except httpx.TransportError:
            post(client)

    def effects(trials: Iterator[Trial]) -> dict[str | None, int]:
        found = {}
        for trial in trials:
            with trial:
                code()
            found[trial.fault] = len(qbchat.posted)
        return found

    expected = {None: 1, "1:timeout-stored": 2, "1:503": 0, "1:timeout-stored+2:timeout-stored": 2}
    expected["1:timeout-stored+2:503"] = 1
    assert effects(qbchat.each_fault("timeout-stored", 503, pairs=True)) == expected
    pair = "1:timeout-stored+2:503"
    qbchat.forget_calls()
    assert effects(qbchat.each_fault(only=pair)) == {None: 1, "1:timeout-stored": 2, pair: 1}


def test_a_401_expires_the_session_until_there_is_a_new_one(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    statuses = []
    for trial in qbchat.each_fault(401):
        with trial:
            replies = [client.get("/chat/Dialog.json") for _ in range(2)]
            token = client.get("/chat/Dialog.json", headers={"QB-Token": "made-up-token-of-another"})
            key = client.get("/chat/Dialog.json", headers={"Authorization": "ApiKey made-up-key"})
        statuses.append([reply.status_code for reply in (*replies, token, key)])
        assert trial.recovered == bool(trial.fault)
    assert statuses == [
        [200, 200, 200, 422],
        [401, 401, 200, 422],
        [200, 401, 200, 422],
        [200, 200, 401, 422],
        [200, 200, 200, 401],
    ]


def test_a_401_is_that_of_one_call_if_others_are_made_at_the_same_time(qbchat: FakeQuickBlox) -> None:
    """Which of the others come later differs from run to run."""

    def code(client: httpx.Client) -> list[int]:
        with busy_threads(4) as pool:
            return [reply.status_code for reply in pool.map(client.get, ["/chat/Dialog.json"] * 4)]

    with httpx.Client(verify=TLS, base_url=API, headers={"QB-Token": TOKEN}) as client:
        for trial in qbchat.each_fault(401):
            with trial:
                statuses = code(client)
            assert sorted(statuses) == ([200, 200, 200, 401] if trial.fault else [200] * 4)


@pytest.mark.parametrize("path", ["/session.json", "/chat/Dialog.json"])
def test_a_call_without_a_session_gets_a_plain_401(qbchat: FakeQuickBlox, client: httpx.Client, path: str) -> None:
    del client.headers["QB-Token"]
    for trial in qbchat.each_fault(401):
        with trial:
            client.post(path)
    assert qbchat.calls.one().reason == "qbchat.each_fault(401), not stored"


def test_a_401_for_a_token_that_is_unknown_is_that_of_quickblox() -> None:
    fake = FakeQuickBlox(strict=True)
    with fake.intercept(), httpx.Client(verify=TLS, base_url=API) as client:
        for trial in fake.each_fault(401):
            with trial:
                client.get("/chat/Dialog.json", params={"token": TOKEN})
    assert (fake.calls.one().status, fake.calls.one().fault) == (401, "401")


def test_faults_and_routes_of_the_test_keep_their_calls(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.fail(500)
    qbchat.router.get("/chat/Dialog.json").respond(202)
    qbchat.assume(unknown_routes_refused=False)

    def code() -> None:
        client.post(MESSAGES)
        client.get("/chat/Dialog.json")
        client.get("/unknown")
        post(client)

    assert names(qbchat.each_fault(503), code) == [None, "3:503"]
    assert [call.status for call in qbchat.calls] == [500, 202, 404, 503]


# --- the calls of the former trial ---


def test_a_call_with_a_random_content_is_known_by_its_route(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        post(client, "one", key=str(uuid.uuid4()))
        post(client, "two")
        post(client, "three", key=str(uuid.uuid4()))
        client.post("/session.json", content=b"\xff" + uuid.uuid4().bytes)

    disturbed = []
    for trial in qbchat.each_fault(503):
        with trial, suppress(httpx.HTTPStatusError):
            code()
        disturbed.append([at for at, call in enumerate(trial.calls, 1) if call.fault])
    assert disturbed == [[], [1], [2], [3], [4]]


def test_the_same_call_one_time_more_gets_no_fault(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        for text in ("one", "one", "two") if qbchat.trial and qbchat.trial.fault else ("one", "two"):
            client.post(MESSAGES, json={"recipient_id": 7, "message": text})

    found = bodies_by_trial(qbchat.each_fault(503), code)
    assert [json.loads(body)["message"] for [body] in [*found.values()][1:]] == ["one", "two"]


def test_an_upload_is_known_by_its_path(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    blob = client.post("/blobs.json", json={"blob": {"name": "a.jpg", "content_type": "image/jpeg"}}).json()["blob"]
    for trial in qbchat.each_fault(503):
        with trial:
            reply = client.post(f"/blobs/{blob['id']}/upload.json", files={"file": b"content"})
        assert reply.status_code != (201 if trial.fault else 503)


def bodies_by_trial(trials: Iterator[Trial], code: Callable[[], object]) -> dict[str | None, list[bytes]]:
    """The bodies of the calls that got a fault."""
    found = {}
    for trial in trials:
        with trial:
            code()
        found[trial.fault] = [call.request.body for call in trial.calls if call.fault]
    return found


def test_threads_get_the_same_trials_in_every_run(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
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


Post = Callable[[str], Awaitable[None]]


@asynccontextmanager
async def post_with_httpx() -> AsyncIterator[Post]:
    async with httpx.AsyncClient(verify=TLS, headers={"QB-Token": TOKEN}) as client:

        async def post(text: str) -> None:
            reply = await client.post(f"{API}{MESSAGES}", json={"recipient_id": 7, "message": text})
            reply.raise_for_status()

        yield post


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
def test_tasks_get_the_same_trials_in_every_run(
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


@posting
def test_a_task_that_a_trial_left_behind_does_not_reach_the_next_one(
    qbchat: FakeQuickBlox, posting: Callable[[], AbstractAsyncContextManager[Post]]
) -> None:
    """`gather` ends at the first error, and the others go on while the next trial runs."""

    async def run() -> None:
        async with posting() as post:

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


def test_a_task_that_outlives_the_loop_does_not_reach_the_fake_either(qbchat: FakeQuickBlox) -> None:
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


def test_a_call_that_a_trial_left_behind_is_named_where_one_is_missing(qbchat: FakeQuickBlox) -> None:
    """The code starts its worker once, and the worker belongs to the first trial."""

    async def run() -> None:
        queue: asyncio.Queue[str] = asyncio.Queue()
        async with post_with_httpx() as post:

            async def work() -> None:
                while True:
                    text = await queue.get()
                    with suppress(httpx.TransportError):
                        await post(text)
                    queue.task_done()

            worker = None
            for trial in qbchat.each_fault(503):
                with trial:
                    worker = worker or asyncio.create_task(work())
                    queue.put_nowait("Order #7")
                    await queue.join()

    with pytest.raises(AssertionError, match="trial: none; dropped 1 of tasks that began in another trial"):
        asyncio.run(run())


def test_a_task_that_another_loop_left_behind_is_not_of_the_trial(qbchat: FakeQuickBlox) -> None:
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


@posting
def test_calls_of_tasks_one_after_the_other_keep_their_order(
    qbchat: FakeQuickBlox, posting: Callable[[], AbstractAsyncContextManager[Post]]
) -> None:
    async def send_all() -> None:
        async with posting() as post:
            for text in ("b", "a"):
                await asyncio.ensure_future(post(text))

    found = bodies_by_trial(qbchat.each_fault(503), lambda: asyncio.run(send_all()))
    assert [json.loads(body)["message"] for [body] in [*found.values()][1:]] == ["b", "a"]


@posting
def test_tasks_one_after_the_other_can_get_two_faults(
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


def test_calls_to_a_server_keep_the_order_of_their_arrival() -> None:
    fake = FakeQuickBlox()
    with LiveServer(fake) as server, httpx.Client(base_url=server.url, headers={"QB-Token": TOKEN}) as client:

        def code() -> None:
            post(client, "b")
            post(client, "a")

        found = bodies_by_trial(fake.each_fault(503), code)
    assert [json.loads(body)["message"] for [body] in [*found.values()][1:]] == ["b", "a"]


# --- what is expected of the code ---


class ShopError(Exception):
    """An error of the code under test."""


def raised_in_trial(qbchat: FakeQuickBlox, client: httpx.Client, error: Callable[[], BaseException], what: Any) -> Any:
    """What a trial has as its error, or what it raises."""
    for trial in qbchat.each_fault(what):
        with trial:
            try:
                client.get("/chat/Dialog.json").raise_for_status().json()
            except (httpx.HTTPError, ValueError) as caught:
                made = error()
                raise made from (caught if type(made) is ShopError else None)
    return trial.error


REPLY = httpx.Response(422, request=httpx.Request("POST", API))
EXPECTED = [
    (lambda: ShopError("from the client's"), 503),
    (lambda: httpx.ReadTimeout("of httpx"), 503),
    (lambda: urllib.error.URLError("of urllib"), 503),
    (lambda: urllib.error.HTTPError(API, 503, "", {}, None), 503),  # type: ignore[arg-type]
    (lambda: aiohttp.ClientResponseError(None, (), status=503), 503),  # type: ignore[arg-type]
    (lambda: TimeoutError("of Python"), "timeout"),
    (lambda: ConnectionResetError("of Python"), "timeout"),
    (lambda: socket.gaierror("of a socket"), "timeout"),
    (lambda: json.JSONDecodeError("malformed", "{", 1), "malformed"),
    (lambda: ExceptionGroup("of tasks", [httpx.ReadTimeout("one"), ConnectionError("two")]), "disconnect"),
]
UNEXPECTED = [
    (lambda: ValueError("of the code"), 503),
    (lambda: json.JSONDecodeError("of the code", "{", 1), "timeout"),
    (lambda: TimeoutError("of the database"), 503),
    (lambda: aiohttp.InvalidURL("of the code"), "timeout"),
    (lambda: ExceptionGroup("of tasks", [httpx.ReadTimeout("one"), ValueError("two")]), "disconnect"),
    (lambda: httpx.HTTPStatusError("of another call", request=REPLY.request, response=REPLY), 503),
    (lambda: urllib.error.HTTPError(API, 422, "of another call", {}, None), 503),  # type: ignore[arg-type]
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("error", "what"), EXPECTED)
def test_an_error_of_a_client_for_the_fault_is_expected(
    qbchat: FakeQuickBlox, client: httpx.Client, error: Callable[[], BaseException], what: Any
) -> None:
    assert type(raised_in_trial(qbchat, client, error, what)) is type(error())


@pytest.mark.parametrize(("error", "what"), UNEXPECTED)
def test_any_other_error_fails_and_names_the_trial(
    qbchat: FakeQuickBlox, client: httpx.Client, error: Callable[[], Exception], what: Any
) -> None:
    with pytest.raises(AssertionError) as caught:
        raised_in_trial(qbchat, client, error, what)
    cause = caught.value.__cause__
    assert type(cause) is type(error())
    first, *more = str(caught.value).splitlines()
    assert "call 1 of 1, GET /chat/Dialog.json, " in first
    assert first.endswith(f": {type(cause).__name__}: {cause}")
    assert more == [f'  run it alone: qbchat.each_fault(only="1:{what}")']


def test_an_error_in_the_undisturbed_trial_is_that_of_the_test(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout, match=r"^of the code$"):
        names(qbchat.each_fault(), failing(httpx.ReadTimeout("of the code")))
    with pytest.raises(AssertionError, match=r"^of the test$"):
        names(qbchat.each_fault(), lambda: post(client), failing(AssertionError("of the test")))


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt, pytest.skip.Exception, pytest.xfail.Exception, pytest.exit.Exception, unittest.SkipTest],
)
def test_what_is_no_failure_is_raised_at_once(
    qbchat: FakeQuickBlox, client: httpx.Client, error: type[BaseException]
) -> None:
    def checks(trial: Trial) -> None:
        if trial.fault:
            raise error("as it is")

    with pytest.raises(error) as caught:
        names(qbchat.each_fault(), lambda: post(client), checks)
    assert str(caught.value) == "as it is"


def test_an_assertion_in_the_block_names_the_trial_at_once(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        reply = client.post(MESSAGES, json={"recipient_id": 7, "message": "hi"})
        assert reply.status_code == 201, "not created"

    with pytest.raises(AssertionError, match=r"^with call 1 of 1, POST /chat/Message.json, answered 429: not created"):
        names(qbchat.each_fault(429), code)


def test_a_recovery_is_told_from_an_error(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    found = []
    for trial in qbchat.each_fault("timeout", 503):
        assert [*trial.calls] == []
        with trial, suppress(httpx.TransportError):
            post(client)
        found.append((trial.fault, type(trial.error), trial.recovered, len(trial.calls)))
    nothing = type(None)
    assert found == [
        (None, nothing, False, 1),
        ("1:timeout", nothing, True, 1),
        ("1:503", httpx.HTTPStatusError, False, 1),
    ]


def test_calls_outside_of_the_block_get_no_fault(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    for trial in qbchat.each_fault(503):
        post(client, "before")
        with trial:
            post(client, "code")
        post(client, "after")
        assert len(trial.calls) == 1
        if trial.fault:
            break
    post(client, "later")
    assert [call.fault for call in qbchat.calls] == ["", "503", "", ""]


def test_the_reset_runs_before_each_trial_but_the_first(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    database: list[str] = []
    for trial in qbchat.each_fault(429, 503, reset=database.clear):
        with trial:
            assert database == []
            database.append("sent")
            post(client)
    assert database == ["sent"]


# --- what is refused ---


def test_a_call_that_is_not_made_again_fails(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    """The code keeps a token, so that it logs in once."""
    tokens: list[str] = []

    def code() -> None:
        if not tokens:
            client.post("/session.json", json={"application_id": 1, "nonce": 1, "auth_key": "k", "timestamp": 1})
            tokens.append("made-up-token")
        post(client)

    with pytest.raises(AssertionError) as caught:
        names(qbchat.each_fault(503), code)
    assert str(caught.value).splitlines() == [
        "without the fault at call 1 of 2, POST /session.json: the code under test did not make this call again, so "
        "the trial shows nothing",
        "  calls of this trial: POST /chat/Message.json",
        "  reset what the code keeps, such as a token or a task: qbchat.each_fault(reset=...)",
        '  run it alone: qbchat.each_fault(only="1:503")',
    ]
    tokens.clear()
    assert names(qbchat.each_fault(503, reset=tokens.clear), code) == [None, "1:503", "2:503"]


def test_only_the_missing_call_of_two_is_named(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        client.get("/chat/Dialog.json")
        if not (qbchat.trial and qbchat.trial.fault and "+" in qbchat.trial.fault):
            post(client)

    with pytest.raises(AssertionError, match=r"^without the fault at call 2 of 2, POST /chat/Message.json: the code"):
        names(qbchat.each_fault(503, pairs=True), code)


def test_an_error_before_a_call_is_made_again_fails(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        if qbchat.trial and qbchat.trial.fault:
            raise httpx.ReadTimeout("of the code")
        post(client)

    text = r"^without the fault at call 1 of 1, POST /chat/Message.json: ReadTimeout: of the code\n"
    with pytest.raises(AssertionError, match=text):
        names(qbchat.each_fault(503), code)


def test_a_trial_without_its_block_is_refused(qbchat: FakeQuickBlox) -> None:
    with pytest.raises(RuntimeError, match="call the code under test in `with trial:`"):
        for _ in qbchat.each_fault():
            pass


@pytest.mark.parametrize(
    "options", [{"methods": ["PUT"]}, {"only": "2:503"}, {"only": "3:503"}, {"only": "1:404+9:503"}]
)
def test_a_loop_without_a_call_to_disturb_fails(
    qbchat: FakeQuickBlox, client: httpx.Client, options: dict[str, Any]
) -> None:
    qbchat.assume(unknown_routes_refused=False)

    def code() -> None:
        client.post(MESSAGES, json={"recipient_id": 7})
        client.get("/unknown")

    with pytest.raises(AssertionError) as caught:
        names(qbchat.each_fault(**options), code)
    calls = "1 POST /chat/Message.json, 2 GET /unknown"
    assert str(caught.value) == f"each_fault() found no call to disturb; calls of the code: {calls}"


def test_a_refused_call_fails_its_trial(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    """The rewind must not let it disappear."""

    def code() -> None:
        with suppress(CallRefused):
            if qbchat.trial and qbchat.trial.fault:
                client.get("/events.json")
        post(client)

    def refused() -> None:
        with suppress(CallRefused):
            client.get("/events.json")

    text = r"with call 1 of 1, POST /chat/Message.json, answered 503: the fake does not cover push events"
    with pytest.raises(AssertionError, match=f"^{text}"):
        names(qbchat.each_fault(503, 429), code)
    qbchat.problems.drain()
    with pytest.raises(AssertionError, match=r"^the fake does not cover push events"):
        names(qbchat.each_fault(), refused)
    qbchat.problems.drain()


@pytest.mark.parametrize(
    ("faults", "options", "error", "text"),
    [
        (["time-out"], {}, ValueError, "unknown fault 'time-out'; expected 'timeout'"),
        (["timeout_stored"], {}, ValueError, "unknown fault 'timeout_stored'; expected 'timeout-stored'"),
        (["503"], {}, ValueError, "unknown fault '503'; expected 503"),
        (["200-stored"], {}, ValueError, "unknown error status 200; expected an HTTP status from 400 to 599"),
        (["qqqqqqqq"], {}, ValueError, "expected a status, or one of 'timeout', 'disconnect', 'timeout-stored'"),
        ([True], {}, TypeError, "unknown fault True; expected a status, or one of"),
        ([200], {}, ValueError, "unknown error status 200; expected an HTTP status from 400 to 599"),
        ([], {"methods": "POST"}, TypeError, r"invalid methods='POST'; expected a list, methods=\['POST'\]"),
        ([], {"methods": 7}, TypeError, r"invalid methods=7; expected a list, methods=\['POST'\]"),
        ([], {"methods": ["post"]}, ValueError, "unknown method 'post'; expected 'POST'"),
        ([], {"path": "/chat/Mesage.json"}, ValueError, "the fake has no route for /chat/Mesage.json; use '/chat/Me"),
        ([], {"only": "timeout"}, ValueError, "invalid only='timeout'; expected the name of a trial, '2:timeout-st"),
        ([], {"only": "1:503+2:503+3:503"}, ValueError, "expected the name of a trial"),
        ([], {"only": "0:503"}, ValueError, "expected the name of a trial"),
        ([], {"only": "1:200"}, ValueError, "unknown error status 200"),
        ([], {"reset": "clear"}, TypeError, "invalid reset='clear'; expected a function without arguments"),
        ([], {"limit": 1}, ValueError, "invalid limit=1; expected 2 or greater, since the first trial has no fault"),
        ([], {"limit": True}, ValueError, "invalid limit=True"),
        ([], {"limit": "9"}, ValueError, "invalid limit='9'"),
    ],
)
def test_a_wrong_argument_is_refused_before_the_loop(
    qbchat: FakeQuickBlox, faults: list[Any], options: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        qbchat.each_fault(*faults, **options)


# --- what is said ---


def test_a_limit_is_said(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    with pytest.warns(QuickBloxWarning) as caught:
        assert len(names(qbchat.each_fault(limit=4), lambda: post(client))) == 4
    [warning] = caught
    assert str(warning.message) == (
        "each_fault() ran 4 of 7 trials; raise limit=, or choose calls with methods= or path="
    )
    assert warning.filename == __file__
    with pytest.warns(QuickBloxWarning, match="ran 2 of 3 or more trials"):
        names(qbchat.each_fault(429, 503, pairs=True, limit=2), lambda: post(client))
    assert len(names(qbchat.each_fault(429, 503, pairs=True, limit=3), lambda: post(client))) == 3


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("timeout-stored", "with the answer to call 1 of 1, POST /chat/Message.json, lost after storage"),
        ("disconnect-stored", "with the answer to call 1 of 1, POST /chat/Message.json, cut off after storage"),
        ("timeout", "with call 1 of 1, POST /chat/Message.json, lost before storage"),
        ("disconnect", "with call 1 of 1, POST /chat/Message.json, cut off before storage"),
        ("malformed", "with the answer to call 1 of 1, POST /chat/Message.json, malformed"),
        ("empty", "with the answer to call 1 of 1, POST /chat/Message.json, empty"),
        (401, "with call 1 of 1, POST /chat/Message.json, answered 401"),
        ("503-stored", "with call 1 of 1, POST /chat/Message.json, answered 503 after storage"),
    ],
)
def test_a_trial_says_its_fault(qbchat: FakeQuickBlox, client: httpx.Client, fault: Any, text: str) -> None:
    said = []
    for trial in qbchat.each_fault(fault):
        with trial:
            post(client)
        said.append((str(trial), repr(trial)))
    assert said == [("without a fault", "<Trial without a fault>"), (text, f"<Trial 1:{fault}>")]


def test_secrets_of_former_trials_stay_masked(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    tokens = []
    for trial in qbchat.each_fault(503, 429):
        with trial, suppress(httpx.HTTPError):
            post(client)
            client.headers["QB-Token"] = f"made-up-secret-{uuid.uuid4()}"
            tokens.append(client.headers["QB-Token"])
            client.get("/session.json")
    assert len(tokens) > 1
    for token in tokens:
        assert token not in qbchat.masked(f"the token {token}")


PROJECT = """
    import httpx
    import pytest

    URL = "https://api.quickblox.com/chat/Message.json"
    TOKEN = {"QB-Token": "made-up-token-of-the-shop"}

    def post(order, **fields):
        body = {"recipient_id": 7, "message": f"Order #{order} has shipped", "send_to_chat": 1}
        httpx.post(URL, json=body | fields, headers=TOKEN).raise_for_status()

    def retry(order):
        try:
            post(order)
        except httpx.TransportError:
            post(order)

    @pytest.fixture
    def trials(qbchat):
        return qbchat.each_fault("timeout-stored", 503)
"""


RunTest = Callable[..., pytest.RunResult]


@pytest.fixture
def run_test(pytester: pytest.Pytester) -> RunTest:
    """Runs a test of the project."""

    def run(test: str, *options: str, project: str = PROJECT) -> pytest.RunResult:
        pytester.makepyfile(textwrap.dedent(project) + textwrap.dedent(test))
        return pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider", *options)

    return run


TOGETHER = "-p", "no:subtests"  # as before pytest 9


def errors(result: pytest.RunResult) -> list[str]:
    """The lines of the errors that tests fail with, at 80 columns."""
    lines = [line.removeprefix("E").strip() for line in result.outlines if line.startswith("E  ")]
    return [line.removeprefix("AssertionError: ") for line in lines]  # which pytest 8 leaves out before an assert


def test_the_first_line_of_a_plain_assert_names_the_trial(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat):
            for trial in qbchat.each_fault("timeout-stored", "timeout"):
                with trial:
                    retry(7)
                number = len(qbchat.posted)
                assert number == 1
        """
    )
    result.assert_outcomes(failed=1)
    assert errors(result) == [
        "with the answer to call 1 of 1, POST /chat/Message.json, lost after storage: assert 2 == 1",
        'run it alone: qbchat.each_fault(only="1:timeout-stored")',
    ]


def test_the_first_line_of_an_assertion_of_the_fake_names_the_trial(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat):
            for trial in qbchat.each_fault(only="2:timeout-stored"):
                with trial:
                    retry(7)
                    retry(8)
                qbchat.assert_posted(message="Order #8 has shipped", times=1)
        """
    )
    lines = errors(result)
    assert lines[0] == (
        "with the answer to call 2 of 2, POST /chat/Message.json, lost after storage: "
        "2 messages with message='Order #8 has shipped' were posted, expected 1"
    )
    assert lines[-1] == 'run it alone: qbchat.each_fault(only="2:timeout-stored")'


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("raise ValueError('boom')", "ValueError: 2 of 3 trials failed: with the answer to call 1 of 1"),
        ("raise OSError(2, 'boom')", "FileNotFoundError: [Errno 2] boom"),
        ("pytest.fail('boom')", "Failed: 2 of 3 trials failed: with the answer to call 1 of 1"),
    ],
)
def test_any_failure_names_the_trial(run_test: RunTest, statement: str, first: str) -> None:
    lines = errors(
        run_test(
            f"""
            def test_it(qbchat, trials):
                for trial in trials:
                    with trial:
                        retry(7)
                    if trial.fault:
                        {statement}
            """,
            *TOGETHER,
        )
    )
    assert lines[0].startswith(first)
    assert any("with the answer to call 1 of 1" in line for line in lines)


def test_a_failure_after_the_loop_names_no_trial(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat, trials):
            for trial in trials:
                with trial:
                    retry(7)
            assert False
        """
    )
    assert errors(result) == ["assert False"]


# --- all trials run ---

FOUR_FAIL = """
    def test_it(qbchat):
        before = []
        for trial in qbchat.each_fault("timeout-stored", 503):
            with trial:
                retry(7)
                retry(8)
                if trial.fault == "2:timeout-stored":
                    raise ValueError("boom")
            before.append(trial)
            number = len(qbchat.posted)
            assert number == 2
        assert len(before) == 5
"""


def test_all_failures_are_reported_together(run_test: RunTest) -> None:
    result = run_test(FOUR_FAIL, *TOGETHER)
    result.assert_outcomes(failed=1)
    assert errors(result) == [
        "4 of 5 trials failed: with the answer to call 1 of 2, POST /chat/Message.json, "
        "lost after storage: assert 3 == 2",
        'run it alone: qbchat.each_fault(only="1:timeout-stored")',
        "with call 1 of 2, POST /chat/Message.json, answered 503: assert 0 == 2",
        'run it alone: qbchat.each_fault(only="1:503")',
        "with the answer to call 2 of 2, POST /chat/Message.json, lost after storage: ValueError: boom",
        'run it alone: qbchat.each_fault(only="2:timeout-stored")',
        "with call 2 of 2, POST /chat/Message.json, answered 503: assert 1 == 2",
        'run it alone: qbchat.each_fault(only="2:503")',
    ]


@pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="subtests came with pytest 9")
def test_each_failing_trial_is_a_subtest_with_its_conversation(run_test: RunTest) -> None:
    result = run_test(FOUR_FAIL)
    result.assert_outcomes(failed=5)
    result.stdout.fnmatch_lines(
        [
            "*test_it [[]1:timeout-stored] *",
            "E *with the answer to call 1 of 2, POST /chat/Message.json, lost after storage: assert 3 == 2",
            "*Captured qbchat call*",
            "POST /chat/Message.json failed: qbchat.each_fault('timeout-stored'), stored",
            "*test_it [[]1:503] *",
            "E *with call 1 of 2, POST /chat/Message.json, answered 503: assert 0 == 2",
            "*Captured qbchat call*",
            "POST /chat/Message.json failed: qbchat.each_fault(503), not stored",
            "*test_it [[]2:timeout-stored] *",
            "E *with the answer to call 2 of 2, POST /chat/Message.json, lost after storage: ValueError: boom",
            "*test_it [[]2:503] *",
            "4 of 5 trials failed",
        ]
    )


def test_the_test_runs_again_from_its_start(run_test: RunTest) -> None:
    """What it declares before the loop has the same ids, and no code after the loop runs."""
    result = run_test(
        """
        seen = set()

        def test_it(qbchat):
            for trial in qbchat.each_fault(503):
                with trial:
                    post(1)
            user = qbchat.add_user(full_name="Cleo Customer")
            dialog = qbchat.add_dialog(occupants_ids=[user, qbchat.add_user()])
            for trial in qbchat.each_fault("timeout", 503, 429):
                with trial:
                    post(2)
                seen.add((user.id, dialog.id))
                assert dialog is qbchat.dialogs[0]
                assert not trial.fault, "no fault"
            assert False, "after the loop"

        def test_what_was_seen():
            assert len(seen) == 1
        """,
        *TOGETHER,
    )
    result.assert_outcomes(failed=1, passed=1)
    assert errors(result)[0] == (
        "3 of 4 trials failed: with call 1 of 1, POST /chat/Message.json, lost before storage: no fault"
    )
    result.stdout.no_fnmatch_line("*after the loop*")


def test_a_test_that_cannot_run_again_says_so(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat, tmp_path):
            (tmp_path / "orders").mkdir()
            for trial in qbchat.each_fault("timeout", 503):
                with trial:
                    post(7)
                assert not trial.fault, "no fault"
        """,
        *TOGETHER,
    )
    first, *_, last = errors(result)
    assert first == "1 of 2 trials failed: with call 1 of 1, POST /chat/Message.json, lost before storage: no fault"
    assert last.startswith("1 of 3 trials did not run: the test, called again, raised FileExistsError: ")


@pytest.mark.parametrize("end", ["break", "return", "pytest.skip('later')"])
def test_failures_are_not_lost_if_a_later_run_leaves_the_loop(run_test: RunTest, end: str) -> None:
    result = run_test(
        f"""
        def test_it(qbchat):
            for trial in qbchat.each_fault("timeout", 503, 429, pairs=True):
                with trial:
                    post(7)
                assert trial.fault != "1:timeout"
                if trial.fault == "1:503":
                    {end}
        """,
        *TOGETHER,
    )
    result.assert_outcomes(failed=1)
    lines = errors(result)
    assert lines[0].startswith("1 of 3 trials failed: with call 1 of 1, POST /chat/Message.json, lost before storage: ")
    assert lines[-1].startswith("1 of 4 or more trials did not run: the test, called again, ")


@pytest.mark.parametrize("end", ["raise KeyboardInterrupt", "pytest.exit('enough')"])
def test_a_later_run_can_be_interrupted(pytester: pytest.Pytester, end: str) -> None:
    test = f"""
        def test_it(qbchat, trials):
            for trial in trials:
                with trial:
                    retry(7)
                if trial.fault == "1:503":
                    {end}
                assert not trial.fault
    """
    pytester.makepyfile(textwrap.dedent(PROJECT) + textwrap.dedent(test))
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes(failed=hasattr(pytest, "Subtests"))  # what has failed before is reported


def test_a_limit_is_said_with_the_failures(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat):
            for trial in qbchat.each_fault(503, limit=13):
                with trial:
                    for number in range(15):
                        httpx.post(URL, json={"recipient_id": 7, "message": f"Order #{number}"}, headers=TOKEN)
                qbchat.assert_posted(message="Order #0", times=2 if trial.fault else 1)
        """,
        *TOGETHER,
    )
    lines = errors(result)
    assert lines[0].startswith("12 of 13 trials failed: with call 1 of 15, POST /chat/Message.json, answered 503: no ")
    assert lines[-3:] == [
        'run it alone: qbchat.each_fault(only="10:503")',
        "and 2 more",
        "only 13 of 16 trials; raise limit=, or choose calls with methods= or path=",
    ]


def test_the_conversation_is_that_of_the_first_failure(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat):
            for trial in qbchat.each_fault("timeout", "timeout-stored", 503):
                with trial:
                    post(7)
                assert not (qbchat.posted and trial.fault)
        """
    )
    result.assert_outcomes(failed=1)
    assert errors(result)[0].startswith("with the answer to call 1 of 1, ")
    result.stdout.fnmatch_lines(["*Captured qbchat call*", "dialog *", "*'Order #7 has shipped'"])


def test_a_refused_call_fails_each_of_its_trials(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat):
            for trial in qbchat.each_fault(503, 429):
                with trial:
                    if trial.fault:
                        with pytest.raises(Exception, match="does not cover"):
                            httpx.get("https://api.quickblox.com/events.json", headers=TOKEN)
                    post(7)
        """,
        *TOGETHER,
    )
    result.assert_outcomes(failed=1)
    assert errors(result)[0].startswith("2 of 3 trials failed: with call 1 of 1, POST /chat/Message.json, answered 503")


@pytest.mark.parametrize("options", [(), TOGETHER])
def test_a_coroutine_runs_again_too(run_test: RunTest, options: tuple[str, ...]) -> None:
    result = run_test(
        """
        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.anyio
        async def test_it(qbchat, anyio_backend):
            async with httpx.AsyncClient(headers=TOKEN) as client:
                for trial in qbchat.each_fault("timeout", 503):
                    with trial:
                        (await client.post(URL, json={"recipient_id": 7, "message": "hi"})).raise_for_status()
                    assert len(qbchat.posted) == 1
        """,
        *options,
    )
    result.assert_outcomes(failed=1 if options or not hasattr(pytest, "Subtests") else 3)
    result.stdout.fnmatch_lines(["*2 of 3 trials failed*"])


def test_a_test_case_of_unittest_runs_again_too(run_test: RunTest) -> None:
    result = run_test(
        """
        import unittest

        class OrdersTest(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _fake(self, qbchat):
                self.qbchat = qbchat

            def setUp(self):
                self.qbchat.add_user(7, full_name="Cleo Customer")

            def test_it(self):
                for trial in self.qbchat.each_fault("timeout-stored", "timeout", 503):
                    with trial:
                        retry(7)
                    self.assertEqual(len(self.qbchat.posted), 1)

            def test_without_a_loop(self):
                self.fail("of its own")
        """,
        *TOGETHER,
    )
    result.assert_outcomes(failed=2)
    found = "with the answer to call 1 of 1, POST /chat/Message.json, lost after storage: 2 != 1"
    assert errors(result)[0] == f"2 of 4 trials failed: {found}"
    assert errors(result)[-1] == "of its own"


def test_a_trial_can_be_a_subtest_of_the_test(run_test: RunTest) -> None:
    result = run_test(
        """
        import unittest

        class OrdersTest(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _fake(self, qbchat):
                self.qbchat = qbchat

            def test_it(self):
                for trial in self.qbchat.each_fault("timeout-stored", 503):
                    with trial:
                        retry(7)
                    with self.subTest(trial.fault):
                        self.assertEqual(len(self.qbchat.posted), 1)
        """
    )
    if hasattr(pytest, "Subtests"):
        found = "with call 1 of 1, POST /chat/Message.json, answered 503: 0 != 1"
        assert found in errors(result)
    else:
        result.assert_outcomes(failed=1)


def test_a_test_may_compare_with_the_trial_without_a_fault(run_test: RunTest) -> None:
    """It comes first in each run of the test."""
    result = run_test(
        """
        def test_it(qbchat):
            for number, trial in enumerate(qbchat.each_fault("timeout-stored", "timeout", 503)):
                with trial:
                    retry(7)
                if number == 0:
                    expected = [message.message for message in qbchat.posted]
                assert trial.error or [message.message for message in qbchat.posted] == expected
        """
    )
    result.assert_outcomes(failed=1)
    assert errors(result)[0].startswith("with the answer to call 1 of 1, POST /chat/Message.json, lost after storage: ")


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ("assert len(cart) == 1", "raised AssertionError: assert 2 == 1"),
        ("pass", "raised AssertionError: without a fault, the code made the calls POST /chat/Message, "),
    ],
)
def test_a_test_that_is_another_one_the_second_time_does_not_go_on(run_test: RunTest, after: str, reason: str) -> None:
    result = run_test(
        f"""
        @pytest.fixture
        def cart():
            return []

        def test_it(qbchat, cart):
            cart.append("book")
            for trial in qbchat.each_fault("timeout-stored", "timeout", 503):
                with trial:
                    for _ in cart:
                        retry(7)
                {after}
                assert not trial.fault
        """,
        *TOGETHER,
    )
    lines = errors(result)
    assert lines[0].startswith("1 of 2 trials failed: with the answer to call 1 of 1, ")
    assert lines[-1 if after == "pass" else -2].startswith(
        f"2 of 4 trials did not run: the test, called again, {reason}"
    )


def test_a_failing_tear_down_of_a_test_case_is_not_taken_for_a_trial(run_test: RunTest) -> None:
    result = run_test(
        """
        import unittest

        class OrdersTest(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _fake(self, qbchat):
                self.qbchat = qbchat

            def tearDown(self):
                assert self.qbchat.posted[1:] == [], "torn down"

            def test_it(self):
                for trial in self.qbchat.each_fault("timeout-stored", "timeout", 503):
                    with trial:
                        retry(7)
                    self.assertNotIn(trial.fault, ["1:timeout-stored", "1:503"])
        """,
        *TOGETHER,
    )
    result.assert_outcomes(failed=1)
    lines = errors(result)
    assert lines[0].startswith("2 of 4 trials failed: with the answer to call 1 of 1, ")
    assert "'1:timeout-stored' unexpectedly found" in lines[0]


def test_failing_trials_can_be_expected(run_test: RunTest) -> None:
    result = run_test(
        """
        @pytest.mark.xfail(raises=AssertionError, strict=True)
        def test_it(qbchat, trials):
            for trial in trials:
                with trial:
                    retry(7)
                assert not trial.fault
        """
    )
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes()["xfailed"] >= 1


def test_a_run_that_ends_at_the_first_failure_runs_no_further_trials(run_test: RunTest) -> None:
    result = run_test(FOUR_FAIL, "-x")
    result.assert_outcomes(failed=1)
    assert errors(result)[-1] == "3 of 5 trials did not run"


def test_a_time_out_of_the_test_ends_it(run_test: RunTest) -> None:
    """The timer of pytest-timeout protects one run."""
    result = run_test(
        """
        def test_it(qbchat, trials):
            for trial in trials:
                with trial:
                    retry(7)
                    if trial.fault:
                        exec("import pytest; pytest.fail('Timeout')", {"__name__": "pytest_timeout"})
        """
    )
    result.assert_outcomes(failed=1)
    assert errors(result)[0].startswith("Failed: with the answer to call 1 of 1")


def test_the_examples_of_hypothesis_are_not_run_again(run_test: RunTest) -> None:
    result = run_test(
        """
        from hypothesis import HealthCheck, Phase, given, settings, strategies

        @settings(phases=[Phase.generate], suppress_health_check=[*HealthCheck], database=None)
        @given(strategies.just(7))
        def test_it(qbchat, number):
            for trial in qbchat.each_fault("timeout-stored", 503):
                with trial:
                    retry(number)
                assert not trial.fault
        """
    )
    result.assert_outcomes(failed=1)
    assert "1 of 3 trials did not run" in errors(result)


@pytest.mark.parametrize("options", [(), TOGETHER])
def test_the_reason_why_trials_did_not_run_is_masked(run_test: RunTest, options: tuple[str, ...]) -> None:
    result = run_test(
        """
        runs = []

        def test_it(qbchat):
            runs.append(7)
            assert len(runs) == 1, TOKEN["QB-Token"]
            for trial in qbchat.each_fault(503, 429):
                with trial:
                    post(7)
                assert not trial.fault
        """,
        *options,
    )
    result.stdout.fnmatch_lines(["*1 of 3 trials did not run: the test, called again, raised AssertionError: made*#*"])
    result.stdout.no_fnmatch_line("*did not run*made-up-token-of-the-shop*")


@pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="subtests came with pytest 9")
def test_not_every_one_of_very_many_failing_trials_is_shown(run_test: RunTest) -> None:
    result = run_test(
        """
        @pytest.fixture
        def subtests(subtests):
            return subtests

        def test_it(qbchat):
            for trial in qbchat.each_fault(503, 429, 500, 501, 502, 504):
                with trial:
                    for number in (7, 8):
                        httpx.post(URL, json={"recipient_id": number, "message": "hi"}, headers=TOKEN)
                assert not trial.fault
        """
    )
    result.assert_outcomes(failed=11)
    result.stdout.fnmatch_lines(["12 of 13 trials failed", "  and 2 more"])


def test_subtests_may_be_something_else(run_test: RunTest) -> None:
    result = run_test(
        """
        @pytest.mark.parametrize("subtests", [1])
        def test_it(qbchat, trials, subtests):
            for trial in trials:
                with trial:
                    retry(7)
                assert not trial.fault
        """
    )
    result.assert_outcomes(failed=1)


def test_a_fault_of_fail_takes_the_place_of_the_one_of_the_trial(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    text = "without the fault at call 1 of 1, GET /chat/Dialog.json: the code under test did not make this call again"

    def loop() -> None:
        for trial in qbchat.each_fault(429):
            if trial.fault:
                qbchat.fail(503)
            with trial:
                client.get("/chat/Dialog.json")

    with pytest.raises(AssertionError, match=text):
        loop()


def test_a_trial_without_its_fault_has_no_pairs(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat):
            for trial in qbchat.each_fault(503, pairs=True):
                with trial:
                    if trial.fault != "1:503":
                        post(7)
                    httpx.get("https://api.quickblox.com/chat/Dialog.json", headers=TOKEN)
                seen.append(trial.fault)

        seen = []

        def test_what_was_seen():
            assert seen == [None, None, "2:503"]
        """
    )
    result.assert_outcomes(failed=1, passed=1)


def test_a_pair_can_be_run_although_its_first_fault_alone_fails(run_test: RunTest) -> None:
    result = run_test(
        """
        seen = []

        def test_it(qbchat):
            for trial in qbchat.each_fault(only="1:503+2:503"):
                seen.append(trial.fault)
                with trial:
                    for order in (7, 8):
                        httpx.post(URL, json={"recipient_id": order, "message": "hi"}, headers=TOKEN)
                assert trial.fault != "1:503"

        def test_what_was_seen():
            assert seen == [None, "1:503", None, "1:503+2:503"]
        """
    )
    result.assert_outcomes(failed=1, passed=1)


def test_a_loop_in_another_file_ends_at_the_first_failure(pytester: pytest.Pytester, run_test: RunTest) -> None:
    pytester.makepyfile(
        loops="""
        def pairs_of(fake):
            return fake.each_fault("timeout", 503, pairs=True)
        """
    )
    result = run_test(
        """
        from loops import pairs_of

        def test_it(qbchat):
            for trial in pairs_of(qbchat):
                with trial:
                    retry(7)
                assert not trial.fault
        """,
        project=PROJECT.partition("@pytest.fixture")[0],
    )
    result.assert_outcomes(failed=1)
    assert errors(result)[-1] == "1 of 3 or more trials did not run"


# --- what the code or the test may do to the loop ---


class OddError(Exception):
    """An error that nothing can be done with."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class FixedError(Exception):
    """An error with attributes that cannot be set."""

    msg = property(lambda self: "fixed")

    def __setattr__(self, name: str, value: object) -> None:
        raise TypeError("fixed")


@pytest.mark.parametrize("error", [OddError, FixedError])
def test_an_error_that_cannot_be_changed_leaves_the_run_alone(
    qbchat: FakeQuickBlox, client: httpx.Client, error: type[Exception]
) -> None:
    for trial in qbchat.each_fault(503):
        with trial:
            post(client)
        trial.name_failure(error())  # as the report of pytest does

    def code() -> None:
        try:
            post(client)
        except httpx.HTTPStatusError:
            raise error from None

    with pytest.raises(AssertionError, match=f"answered 503: {error.__name__}: "):
        names(qbchat.each_fault(503), code)


def test_a_trial_has_one_block_and_no_loop_within_it(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def twice() -> None:
        for trial in qbchat.each_fault():
            for _ in range(2):
                with trial:
                    post(client)

    def nested() -> None:
        for trial in qbchat.each_fault():
            with trial:
                next(qbchat.each_fault())

    with pytest.raises(RuntimeError, match="in one `with trial:`"):
        twice()
    with pytest.raises(RuntimeError, match="a loop cannot be within another one"):
        nested()
