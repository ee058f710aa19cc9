"""Which calls get which faults, and what a trial tells."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from support.trials import API, MESSAGES, names, post
from support.ways import DIALOG, TLS, TOKEN

from pytest_qbchat import FakeQuickBlox, QuickBloxWarning
from pytest_qbchat.each_fault.loop import Trial

DEFAULT = ["timeout-stored", "timeout", "disconnect", "401", "429", "503"]
DEFAULT += ["503-lasting", "401-lasting", "timeout-lasting"]


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


def test_a_pair_is_a_fault_and_a_second_one_at_a_later_call(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
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


def test_each_single_fault_with_later_calls_has_pairs(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        for text in ("one", "two", "three"):
            client.post(MESSAGES, json={"recipient_id": 7, "message": text})

    singles = ["1:503", "2:503", "3:503"]
    assert names(qbchat.each_fault(503, pairs=True), code) == [
        None, *singles, "1:503+2:503", "1:503+3:503", "2:503+3:503",
    ]  # fmt: skip


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


@pytest.mark.parametrize("what", [503, 401, "timeout", "disconnect", "connect"])
def test_a_lasting_fault_hits_every_later_call_of_its_route(
    qbchat: FakeQuickBlox, client: httpx.Client, what: int | str
) -> None:
    """With "401-lasting", a new session does not help."""

    def code() -> None:
        for token in ("made-up-token", "made-up-token-of-a-new-session"):
            for send in (client.get, client.post):
                with suppress(httpx.TransportError):
                    send("/chat/Dialog.json", headers={"QB-Token": token})

    faults = []
    for trial in qbchat.each_fault(f"{what}-lasting"):
        with trial:
            code()
        faults.append([call.fault for call in trial.calls])
    hit = str(what)
    assert faults == [["", "", "", ""], [hit, "", hit, ""], ["", hit, "", hit], ["", "", hit, ""], ["", "", "", hit]]


def test_lasting_faults_are_tried_alone(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        post(client, "one")
        post(client, "two")

    def retry() -> None:
        with suppress(httpx.HTTPStatusError):
            code()
        code()

    pairs = ["1:503-lasting", "1:429", "2:503-lasting", "2:429", "3:503-lasting", "3:429", "4:503-lasting", "4:429"]
    pairs += ["1:429+2:429", "1:429+3:429", "2:429+3:429", "2:429+4:429", "3:429+4:429"]
    found = names(qbchat.each_fault("503-lasting", 429, pairs=True), retry)
    assert [name for name in found if name and "+" in name and "lasting" in name] == []
    assert found[:9] == [None, *pairs[:8]]
    named = "1:503-lasting+2:429-lasting"
    assert names(qbchat.each_fault(only=named), retry) == [None, "1:503-lasting", named]


def test_a_loss_after_three_silent_attempts_is_found(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    failed = []
    for trial in qbchat.each_fault():
        with trial:
            for _ in range(3):
                with suppress(httpx.HTTPError):
                    post(client)
                    break
        if not qbchat.posted:
            failed.append(trial.fault)
    assert failed == ["1:401", "1:503-lasting", "1:401-lasting", "1:timeout-lasting"]


@pytest.mark.parametrize(("path", "headers"), [("/session.json", {"QB-Token": TOKEN}), ("/chat/Dialog.json", {})])
def test_a_call_without_a_session_gets_a_plain_401(
    qbchat: FakeQuickBlox, client: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    """A login needs none, whatever token it carries."""
    del client.headers["QB-Token"]
    for trial in qbchat.each_fault(401):
        with trial:
            client.post(path, headers=headers)
    assert qbchat.calls.one().reason == "qbchat.each_fault(401), not stored"


def test_a_401_for_an_unknown_token_is_quickbloxs_own() -> None:
    fake = FakeQuickBlox(strict=True)
    with fake.intercept(), httpx.Client(verify=TLS, base_url=API) as client:
        for trial in fake.each_fault(401):
            with trial:
                client.get("/chat/Dialog.json", params={"token": TOKEN})
    assert (fake.calls.one().status, fake.calls.one().fault) == (401, "401")


def test_calls_with_a_fault_or_a_route_of_the_test_get_no_fault(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
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


def test_a_fault_of_fail_replaces_that_of_the_trial(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    text = "without the fault at call 1 of 1, GET /chat/Dialog.json: the code under test did not make this call again"

    def loop() -> None:
        for trial in qbchat.each_fault(429):
            if trial.fault:
                qbchat.fail(503)
            with trial:
                client.get("/chat/Dialog.json")

    with pytest.raises(AssertionError, match=text):
        loop()


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


def test_the_block_gives_its_trial(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    for each in qbchat.each_fault(503):
        with each as trial:
            post(client)
        assert trial is each is qbchat.trial
    assert qbchat.trial is None


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


def test_trials_beyond_the_limit_are_warned_of(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def loop() -> None:
        for trial in qbchat.each_fault(limit=4):
            with trial:
                post(client)

    with pytest.warns(QuickBloxWarning) as caught:
        loop()
    [warning] = caught
    assert str(warning.message) == (
        "each_fault() ran 4 of 10 trials; raise limit=, or choose calls with methods= or path="
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
        ("connect", "with call 1 of 1, POST /chat/Message.json, not connected"),
        ("503-lasting", "with call 1 of 1, POST /chat/Message.json, and every later call of that route, answered 503"),
        (
            "timeout-lasting",
            "with call 1 of 1, POST /chat/Message.json, and every later call of that route, lost before storage",
        ),
    ],
)
def test_the_string_of_a_trial_names_call_and_fault(
    qbchat: FakeQuickBlox, client: httpx.Client, fault: Any, text: str
) -> None:
    said = []
    for trial in qbchat.each_fault(fault):
        with trial, suppress(httpx.TransportError):
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
        assert token not in qbchat._backend.masked(f"the token {token}")


def test_a_session_that_a_fault_ended_did_not_expire_by_itself(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    reasons = []
    for trial in qbchat.each_fault(401):
        with trial:
            client.get("/chat/Dialog.json").raise_for_status()
        reasons += [call.reason for call in qbchat.calls]
    assert [reason.partition(" was ")[2] for reason in reasons if reason] == ["ended by the fault 401 of each_fault()"]
