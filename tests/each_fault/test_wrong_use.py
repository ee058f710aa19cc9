"""Loops that show nothing, and wrong arguments, are refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import pytest
from support.trials import MESSAGES, names, post

from pytest_qbchat import CallRefused, FakeQuickBlox


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


def test_an_error_before_the_call_of_the_fault_leaves_the_block(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        if qbchat.trial and qbchat.trial.fault:
            raise httpx.ReadTimeout("of the code")
        post(client)

    with pytest.raises(httpx.ReadTimeout, match=r"^of the code$"):
        names(qbchat.each_fault(503), code)
    assert str(qbchat.trial) == "without the fault at call 1 of 1, POST /chat/Message.json"


@pytest.mark.parametrize(("calls", "most"), [(1, 50), (6, 60)])
def test_a_trial_that_makes_calls_without_end_fails(
    qbchat: FakeQuickBlox, client: httpx.Client, calls: int, most: int
) -> None:
    def code() -> None:
        for number in range(calls):
            while True:
                try:
                    post(client, str(number))
                    break
                except Exception:
                    continue

    text = f"every later call of that route, answered 503: the code under test makes calls without end: {most + 1} in "
    with pytest.raises(AssertionError, match=f"{text}this trial, {calls} in the former one$"):
        names(qbchat.each_fault(503, "503-lasting", only="1:503-lasting"), code)
    assert len(qbchat.calls) == most + 1


def test_a_thread_that_makes_calls_without_end_fails_its_trial(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        while client.post(MESSAGES, json={"recipient_id": 7}).is_error:
            pass

    def in_thread() -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(code)

    with pytest.raises(AssertionError, match="the code under test makes calls without end: 51 in this trial, 1 in the"):
        names(qbchat.each_fault("503-lasting"), in_thread)


def test_a_trial_without_its_block_is_refused(qbchat: FakeQuickBlox) -> None:
    with pytest.raises(RuntimeError, match="call the code under test in `with trial:`"):
        for _ in qbchat.each_fault():
            pass


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


@pytest.mark.parametrize(
    "options", [{"methods": ["PUT"]}, {"only": "2:503"}, {"only": "3:503"}, {"only": "1:404+9:503"}]
)
def test_a_loop_without_a_call_for_a_fault_fails(
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
                client.get("/data/Order.json")
        post(client)

    def refused() -> None:
        with suppress(CallRefused):
            client.get("/data/Order.json")

    text = r"with call 1 of 1, POST /chat/Message.json, answered 503: the fake does not cover custom objects"
    with pytest.raises(AssertionError, match=f"^{text}"):
        names(qbchat.each_fault(503, 429), code)
    qbchat._backend.problems.drain()
    with pytest.raises(AssertionError, match=r"^the fake does not cover custom objects"):
        names(qbchat.each_fault(), refused)
    qbchat._backend.problems.drain()


@pytest.mark.parametrize(
    ("faults", "options", "error", "text"),
    [
        (["time-out"], {}, ValueError, "unknown fault 'time-out'; expected 'timeout'"),
        (["timeout_stored"], {}, ValueError, "unknown fault 'timeout_stored'; expected 'timeout-stored'"),
        (["503"], {}, ValueError, "unknown fault '503'; expected 503"),
        (["200-stored"], {}, ValueError, "unknown error status 200; expected an HTTP status from 400 to 599"),
        (["qqqqqqqq"], {}, ValueError, "expected a status, or one of 'timeout', 'disconnect', 'connect', 'timeout-"),
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
        (["connect-stored"], {}, ValueError, "unknown fault 'connect-stored'; expected 'disconnect-stored'"),
        (["503-stored-lasting"], {}, ValueError, "unknown fault '503-stored-lasting'"),
        (["malformed-lasting"], {}, ValueError, "unknown fault 'malformed-lasting'"),
        ([], {"expected": "ShopError"}, TypeError, "invalid expected='ShopError'; expected an exception class, or a t"),
        ([], {"expected": (KeyError, BaseException)}, TypeError, "expected an exception class, or a tuple of such"),
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
