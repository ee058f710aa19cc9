"""The clock of the fake: `qbchat.advance`, and Python's own, which the libraries that turn it move."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from freezegun import freeze_time
from support.ways import DIALOG, TLS, TOKEN, World

from pytest_qbchat import FakeQuickBlox

API = "https://api.quickblox.com"
NO_SESSION = {"errors": {"base": ["Required session does not exist"]}}
BODY = {"chat_dialog_id": DIALOG, "message": "hi"}


@pytest.fixture
def client(qbchat: FakeQuickBlox) -> Iterator[httpx.Client]:
    qbchat.add_session(TOKEN, 10)
    with httpx.Client(verify=TLS, base_url=API, headers={"QB-Token": TOKEN}) as client:
        yield client


def post(client: httpx.Client, token: str = TOKEN) -> httpx.Response:
    return client.post("/chat/Message.json", json=BODY, headers={"QB-Token": token})


def open_session(client: httpx.Client, nonce: int = 1) -> httpx.Response:
    """A session as a client signs it, by its own clock."""
    body = {
        "application_id": 1,
        "auth_key": "made-up-auth-key",
        "timestamp": int(time.time()),
        "nonce": nonce,
        "signature": "made-up",
        "user": {"login": "anna", "password": "made-up-password"},
    }
    return client.post("/session.json", json=body)


# --- advance ---


def test_a_session_ends_two_hours_after_its_last_call(world: World) -> None:
    statuses = []
    for hours in (0, 1, 1.5, 2):
        world.fake.advance(hours=hours)
        statuses.append(world.post(BODY).status_code)
    assert statuses == [201, 201, 201, 401]
    assert "expired two hours after its last call" in world.fake.calls.last.reason


@pytest.mark.parametrize(
    ("delta", "seconds"),
    [
        ({"hours": 2}, 7200),
        ({"minutes": 90}, 5400),
        ({"seconds": 1}, 1),
        ({"hours": 0.5}, 1800),
        ({"hours": 1, "minutes": 1, "seconds": 1}, 3661),
        ({"days": 1, "hours": -1}, 82800),
        ({"weeks": 1}, 604800),
        ({"milliseconds": 2000}, 2),
        ({"seconds": 0}, 0),
    ],
    ids=repr,
)
def test_the_clock_moves_by_what_a_timedelta_takes(
    qbchat: FakeQuickBlox, client: httpx.Client, delta: dict[str, float], seconds: int
) -> None:
    with freeze_time("2026-01-01 12:00:00"):
        qbchat.advance(**delta)
        assert post(client).json()["date_sent"] == int(time.time()) + seconds


def test_fractions_of_a_second_add_up(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    sent = []
    with freeze_time("2026-01-01 12:00:00"):
        for _ in range(3):
            qbchat.advance(seconds=0.5)
            sent.append(post(client).json()["date_sent"] - int(time.time()))
    assert sent == [0, 1, 1]


@pytest.mark.parametrize(
    ("delta", "error", "text"),
    [
        ({}, TypeError, r"advance\(\) needs a unit; use qbchat.advance\(hours=2\)"),
        ({"hour": 1}, TypeError, r"unknown unit 'hour'; expected hours"),
        ({"years": 1}, TypeError, r"unknown unit 'years'; expected one of days, hours, "),
        ({"hour": 1}, TypeError, "'hour'"),
        ({"hours": "2"}, TypeError, "unsupported type for timedelta hours component: str"),
        (
            {"hours": -1},
            ValueError,
            r"advance\(\) cannot set the clock back by 3600.0 s; use freezegun or time-machine",
        ),
        ({"hours": 1, "minutes": -61}, ValueError, "cannot set the clock back by 60.0 s"),
    ],
    ids=repr,
)
def test_an_argument_of_advance_that_is_not_a_duration_is_refused(
    qbchat: FakeQuickBlox, client: httpx.Client, delta: Any, error: type[Exception], text: str
) -> None:
    with freeze_time("2026-01-01 12:00:00"):
        with pytest.raises(error, match=text):
            qbchat.advance(**delta)
        assert post(client).json()["date_sent"] == time.time()


def test_every_timestamp_follows_the_clock_of_the_fake(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    with freeze_time("2026-01-01 12:00:00"):
        dialog = qbchat.add_dialog(occupants_ids=[10, 20])
        qbchat.advance(minutes=1)
        response = client.post("/chat/Message.json", json={"chat_dialog_id": dialog.id})
        user = qbchat.add_user()
        blob = qbchat.add_blob(b"", name="empty.txt")
    reply = response.json()
    assert (reply["created_at"], reply["_id"][:8]) == ("2026-01-01T12:01:00Z", f"{reply['date_sent']:08x}")
    assert response.headers["QB-Token-ExpirationDate"] == "2026-01-01 14:01:00 +0000"
    assert (dialog.created_at, dialog.updated_at) == ("2026-01-01T12:00:00Z", "2026-01-01T12:01:00Z")
    assert user.created_at == blob.as_dict()["created_at"] == "2026-01-01T12:01:00Z"


def test_messages_stay_in_the_order_of_time(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    first = post(client).json()
    qbchat.advance(hours=1)
    second = post(client).json()
    assert second["date_sent"] - first["date_sent"] in (3600, 3601)
    assert second["_id"] > first["_id"]
    assert [message.id for message in qbchat.messages] == [first["_id"], second["_id"]]


def test_a_receipt_has_the_time_of_the_fake(qbchat: FakeQuickBlox) -> None:
    with freeze_time("2026-01-01 12:00:00"):
        anna, bert = qbchat.add_user(), qbchat.add_user()
        message = anna.send(bert, "hi", markable=1)
        qbchat.advance(minutes=5)
        bert.read()
    assert (message.created_at, message.updated_at) == ("2026-01-01T12:00:00Z", "2026-01-01T12:05:00Z")


def test_a_session_can_still_be_signed_after_the_fakes_clock_went_on(
    qbchat: FakeQuickBlox, client: httpx.Client
) -> None:
    qbchat.advance(hours=30)
    response = open_session(client)
    assert response.status_code == 201
    assert post(client, response.json()["session"]["token"]).status_code == 201


def test_a_session_that_was_created_through_the_api_expires(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    token = open_session(client).json()["session"]["token"]
    qbchat.advance(hours=2)
    refused = post(client, token)
    assert (refused.status_code, refused.json()) == (401, NO_SESSION)
    renewed = open_session(client, nonce=2).json()["session"]["token"]
    assert post(client, renewed).status_code == 201


def test_a_declared_session_is_fresh_at_its_first_call(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.advance(hours=5)
    assert post(client).status_code == 201


def test_advancing_neither_sleeps_nor_changes_pythons_clock(qbchat: FakeQuickBlox) -> None:
    with freeze_time("2026-01-01 12:00:00"):
        before = time.time()
        qbchat.advance(days=400)
        assert time.time() == before


# --- expire_sessions ---


def test_every_session_can_be_ended_at_once(world: World) -> None:
    tokens = [TOKEN, "made-up-token-of-another"]
    world.fake.add_session(TOKEN, 10)
    world.post(BODY, token=tokens[1])
    world.fake.expire_sessions()

    refused = [world.post(BODY, token=token) for token in tokens]

    assert [(response.status_code, response.json()) for response in refused] == [(401, NO_SESSION)] * 2
    assert "was ended by qbchat.expire_sessions()" in world.fake.calls.last.reason
    assert [session.token for session in world.fake.sessions] == tokens
    assert world.post(BODY, token="made-up-token-of-a-third").status_code == 401
    assert "made…#cbec was not created since; log in, or declare it" in world.fake.calls.last.reason
    world.fake.add_session("made-up-token-of-a-third", 20)
    assert world.post(BODY, token="made-up-token-of-a-third").status_code == 201


def test_a_session_that_was_ended_can_be_declared_again(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.expire_sessions()
    assert post(client).status_code == 401
    qbchat.add_session(TOKEN, 10)
    assert post(client).status_code == 201


def test_a_client_that_renews_its_session_posts_once(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    token = open_session(client).json()["session"]["token"]
    qbchat.expire_sessions()
    if post(client, token).status_code == 401:
        post(client, open_session(client, nonce=2).json()["session"]["token"])
    assert [call.status for call in qbchat.calls] == [201, 401, 201, 201]
    qbchat.assert_posted(message="hi", times=1)


def test_an_api_key_has_no_session_to_end(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.expire_sessions()
    headers = {"Authorization": "ApiKey made-up-key-of-the-shop", "On-Behalf-Of": "10"}
    assert client.post("/chat/Message.json", json=BODY, headers=headers).status_code == 201


# --- Python's clock ---


def test_a_frozen_clock_counts(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    with freeze_time("2026-01-01 12:00:00") as clock:
        assert post(client).status_code == 201
        clock.tick(2 * 60 * 60)
        assert post(client).status_code == 401


def test_a_patched_clock_counts(qbchat: FakeQuickBlox, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_767_268_800.25)  # as time-machine does it, for all who call it
    reply = post(client).json()
    assert (reply["date_sent"], reply["created_at"]) == (1_767_268_800, "2026-01-01T12:00:00Z")


def test_both_clocks_add_up(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    with freeze_time("2026-01-01 12:00:00") as clock:
        qbchat.advance(minutes=1)
        clock.tick(60)
        assert post(client).json()["created_at"] == "2026-01-01T12:02:00Z"


def test_a_clock_that_is_turned_back_keeps_the_history_in_order(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    with freeze_time("2026-01-01 12:00:00") as clock:
        later = post(client).json()["_id"]
        clock.tick(-60)
        earlier = post(client).json()["_id"]
        page = client.get("/chat/Message.json", params={"chat_dialog_id": DIALOG}).json()
    assert [item["_id"] for item in page["items"]] == [earlier, later]
