"""POST /chat/Message.json as QuickBlox documents it and as it was observed."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from support.clock import freeze_time
from support.ways import DIALOG, TOKEN, URL, World

MODEL_KEYS = [
    "_id", "attachments", "chat_dialog_id", "created_at", "date_sent", "delivered_ids", "message", "read_ids",
    "recipient_id", "sender_id", "updated_at", "read",
]  # fmt: skip


def based(text: str) -> dict[str, Any]:
    return {"errors": {"base": [text]}}


NOT_FOUND = {"errors": ["The resource wasn't found"]}


NO_PERMISSION = {"errors": ["You don't have appropriate permissions to perform this operation"]}


NO_OCCUPANTS = {"errors": ["Occupants with these IDs do not exist."]}


NO_SESSION = based("Required session does not exist")


NEED_USER = based("Forbidden. Need user.")


def key(api_key: str, user_id: int) -> dict[str, str]:
    return {"Authorization": f"ApiKey {api_key}", "On-Behalf-Of": str(user_id)}


# --- the reply ---


def test_a_message_for_the_history_only_is_complete_in_the_reply(world: World) -> None:
    with freeze_time("2019-09-09 20:30:15"):
        reply = world.post({"chat_dialog_id": DIALOG, "message": "hi"}).json()

    sender = world.fake.posted.one().sender_id
    assert reply["created_at"] == reply["updated_at"] == "2019-09-09T20:30:15Z"
    assert reply["delivered_ids"] == reply["read_ids"] == [sender]
    assert list(reply) == MODEL_KEYS


def test_the_record_of_a_message_sent_to_chat_is_complete(world: World) -> None:
    with freeze_time("2019-09-09 20:30:15"):
        assert world.post({"chat_dialog_id": DIALOG, "send_to_chat": 1}).json()["created_at"] is None

    record = json.loads(world.fake.messages.one()._as_json())
    assert record["created_at"] == record["updated_at"] == "2019-09-09T20:30:15Z"
    assert record["delivered_ids"] == record["read_ids"] == [record["sender_id"]]


def test_an_id_begins_with_the_time_of_sending(world: World) -> None:
    before = int(time.time())
    first, second = (world.post({"chat_dialog_id": DIALOG}).json() for _ in range(2))

    assert before <= first["date_sent"] <= int(time.time())
    assert int(first["_id"][:8], 16) == first["date_sent"]
    assert len(first["_id"]) == 24
    assert first["_id"] < second["_id"]


def test_every_answer_has_a_request_id_of_its_own(world: World) -> None:
    ids = [world.post({"chat_dialog_id": DIALOG}).headers["X-Request-Id"] for _ in range(2)]
    assert ids == ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"]


# --- custom fields ---


def test_custom_fields_stand_among_the_others_in_alphabetical_order(world: World) -> None:
    reply = world.post({"chat_dialog_id": DIALOG, "zone": 1, "age": "25", "Upper": [], "delta": {"a": None}}).json()
    assert list(reply) == [*sorted([*MODEL_KEYS[:-1], "zone", "age", "Upper", "delta"]), "read"]
    assert reply["delta"] == {"a": None}


def test_the_suffix_is_optional(world: World) -> None:
    assert world.post({"chat_dialog_id": DIALOG}, url=URL.removesuffix(".json")).status_code == 201


# --- attachments ---


FILES = [{"type": "image", "id": str(number)} for number in range(12)]


def test_indices_may_have_gaps(world: World) -> None:
    reply = world.post({"chat_dialog_id": DIALOG, "attachments": {"7": FILES[1], "3": FILES[0]}}).json()
    assert reply["attachments"] == FILES[:2]


def test_an_attachment_keeps_its_keys_with_their_types_and_order(world: World) -> None:
    video = {"type": "video", "url": "https://files.example.com/v.mp4", "size": 1_048_576, "content-type": "video/mp4",
             "id": 47863, "duration": 1.5}  # fmt: skip
    response = world.post({"chat_dialog_id": DIALOG, "attachments": {"0": video}})
    assert list(response.json()["attachments"][0].items()) == list(video.items())


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
@pytest.mark.parametrize(
    "lost",
    [
        "[object Object]",
        ["[object Object]"],
        {"0": "[object Object]"},
        {"N": FILES[0]},
        FILES[0],
        None,
        5,
        True,
        {},
        [],
    ],
    ids=repr,
)
def test_a_malformed_attachment_is_dropped_without_an_error(world: World, lost: Any) -> None:
    response = world.post({"chat_dialog_id": DIALOG, "attachments": lost})
    assert response.status_code == 201
    assert response.json()["attachments"] == []


# --- flags ---


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
@pytest.mark.parametrize("other", [0, "0", True, False, "true", 2, 1.0, "01", None, [1], {"1": 1}], ids=repr)
def test_any_other_value_of_a_flag_does_not_count(world: World, other: object) -> None:
    reply = world.post({"chat_dialog_id": DIALOG, "send_to_chat": other, "markable": other}).json()
    message = world.fake.posted.one()
    assert not message.sent_to_chat
    assert (message.send_to_chat, message.markable) == (0, 0)
    assert reply["markable"] == 0
    assert reply["created_at"] is not None


# --- the dialog ---


def test_a_recipient_alone_names_the_one_private_dialog_of_the_pair(world: World) -> None:
    world.fake.add_session("made-up-token-of-anna", 10)
    world.fake.add_session("made-up-token-of-bert", 20)
    replies = [
        world.post({"recipient_id": 20, "message": "1"}, token="made-up-token-of-anna").json(),
        world.post({"recipient_id": "20", "message": "2"}, token="made-up-token-of-anna").json(),
        world.post({"recipient_id": 10, "message": "3"}, token="made-up-token-of-bert").json(),
    ]
    dialog = world.fake.dialogs.one()
    assert [reply["chat_dialog_id"] for reply in replies] == [dialog.id] * 3
    assert [reply["recipient_id"] for reply in replies] == [20, 20, 10]
    assert (dialog.type, dialog.occupants_ids) == (3, [10, 20])


def test_a_declared_private_dialog_is_used_for_its_pair(world: World) -> None:
    world.fake.add_session(TOKEN, 10)
    dialog = world.fake.add_dialog(DIALOG, occupants_ids=[20, 10], type=3)
    assert world.post({"recipient_id": 20}).json()["chat_dialog_id"] == dialog.id


def test_a_private_dialog_addressed_by_its_id_has_the_opponent_as_recipient(world: World) -> None:
    world.fake.add_session(TOKEN, 10)
    world.fake.add_dialog(DIALOG, occupants_ids=[10, 20], type=3)
    assert world.post({"chat_dialog_id": DIALOG}).json()["recipient_id"] == 20


@pytest.mark.filterwarnings("ignore:recipient_id:pytest_qbchat.QuickBloxWarning")
def test_the_dialog_wins_over_the_recipient(world: World) -> None:
    world.fake.add_session(TOKEN, 10)
    world.fake.add_dialog(DIALOG, occupants_ids=[10, 20], type=3)
    reply = world.post({"chat_dialog_id": DIALOG, "recipient_id": 30}).json()
    assert (reply["chat_dialog_id"], reply["recipient_id"]) == (DIALOG, 20)


@pytest.mark.filterwarnings("ignore:recipient_id:pytest_qbchat.QuickBloxWarning")
def test_a_recipient_in_a_group_is_stored_as_given(world: World) -> None:
    world.fake.add_session(TOKEN, 10)
    world.fake.add_dialog(DIALOG, occupants_ids=[10, 20])
    assert world.post({"chat_dialog_id": DIALOG, "recipient_id": "343"}).json()["recipient_id"] == 343


def test_an_unknown_dialog_with_a_recipient_is_adopted_as_a_private_one(world: World) -> None:
    world.post({"chat_dialog_id": DIALOG, "recipient_id": 20, "send_to_chat": 1})
    dialog, message = world.fake.dialogs.one(), world.fake.posted.one()
    assert (dialog.type, dialog.occupants_ids) == (3, [20, message.sender_id])
    assert message.delivered_to == (20,)
    assert world.post({"recipient_id": 20}).json()["chat_dialog_id"] == DIALOG


def test_an_adopted_private_dialog_with_a_third_occupant_was_a_group(world: World) -> None:
    world.post({"chat_dialog_id": DIALOG, "recipient_id": 20})
    world.post({"chat_dialog_id": DIALOG, "send_to_chat": 1}, token="made-up-token-of-another")
    assert world.fake.dialogs.one().type == 2
    assert len(world.fake.posted.last.delivered_to) == 2
    assert world.post({"recipient_id": 20}).json()["chat_dialog_id"] != DIALOG


@pytest.mark.filterwarnings("ignore:recipient_id:pytest_qbchat.QuickBloxWarning")
def test_a_second_dialog_with_the_same_recipient_is_adopted_as_a_group(world: World) -> None:
    world.post({"recipient_id": 20})
    world.post({"chat_dialog_id": DIALOG, "recipient_id": 20})
    assert [dialog.type for dialog in world.fake.dialogs] == [3, 2]


@pytest.mark.parametrize("nobody", [0, "0", ""])
def test_an_empty_recipient_in_a_group_becomes_0(world: World, nobody: object) -> None:
    assert world.post({"chat_dialog_id": DIALOG, "recipient_id": nobody, "send_to_chat": 1}).json()["recipient_id"] == 0
    assert world.fake.dialogs.one().type == 2
    assert world.post({"recipient_id": nobody}).status_code == 422


def test_a_pair_keeps_the_private_dialog_that_was_declared_last(world: World) -> None:
    world.fake.add_session(TOKEN, 1)
    world.post({"chat_dialog_id": DIALOG, "recipient_id": 2})
    declared = world.fake.add_dialog(occupants_ids=[1, 2], type=3)
    world.fake.add_session("made-up-token-three", 3)
    world.post({"chat_dialog_id": DIALOG}, token="made-up-token-three")
    assert world.post({"recipient_id": 2}).json()["chat_dialog_id"] == declared.id


def test_a_private_dialog_that_is_declared_a_group_is_one(world: World) -> None:
    world.fake.add_session(TOKEN, 1)
    world.post({"chat_dialog_id": DIALOG, "recipient_id": 2})
    message = world.fake.messages.one()
    dialog = world.fake.add_dialog(DIALOG, occupants_ids=[1, 2, 3])
    assert (dialog.history, dialog.unread_by(2), dialog.unread_by(3)) == ([message], 1, 0)
    assert world.fake.messages.one() is message
    assert world.post({"recipient_id": 2}).json()["chat_dialog_id"] != DIALOG


def test_an_adopted_dialog_takes_in_whoever_posts(world: World) -> None:
    for token in ("made-up-token-one", "made-up-token-two", "made-up-token-one"):
        world.post({"chat_dialog_id": DIALOG.upper(), "send_to_chat": 1}, token=token)
    one, two = (session.user_id for session in world.fake.sessions)
    assert world.fake.dialogs.one().occupants_ids == [one, two]
    assert [message.delivered_to for message in world.fake.posted] == [(), (one,), (two,)]
    assert world.fake.posted.last.chat_dialog_id == DIALOG


@pytest.mark.parametrize(
    ("params", "status", "body"),
    [
        pytest.param({"message": "hi"}, 422, based("chat_dialog_id or recipient_id is required"), id="neither"),
        pytest.param({"chat_dialog_id": None}, 422, based("chat_dialog_id or recipient_id is required"), id="null"),
        pytest.param({"recipient_id": ""}, 422, based("chat_dialog_id or recipient_id is required"), id="empty"),
        pytest.param({"chat_dialog_id": "123_not_existent"}, 404, NOT_FOUND, id="malformed dialog"),
        pytest.param({"chat_dialog_id": 5}, 404, NOT_FOUND, id="dialog is a number"),
        pytest.param({"chat_dialog_id": ["5d75327ba28f9a0f32cb0f99"]}, 404, NOT_FOUND, id="dialog is a list"),
        pytest.param({"recipient_id": "anna"}, 422, NO_OCCUPANTS, id="malformed recipient"),
        pytest.param({"recipient_id": True}, 422, NO_OCCUPANTS, id="recipient is true"),
        pytest.param({"recipient_id": "9" * 5000}, 422, NO_OCCUPANTS, id="recipient is huge"),
        pytest.param({"recipient_id": 10}, 422, NO_OCCUPANTS, id="recipient is the sender"),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
def test_a_request_that_names_no_dialog_is_refused(world: World, params: Any, status: int, body: Any) -> None:
    world.fake.add_session(TOKEN, 10)
    response = world.post(params)
    assert (response.status_code, response.json()) == (status, body)
    assert response.headers["Status"] == {404: "404 Not Found", 422: "422 Unprocessable Entity"}[status]
    world.fake.assert_nothing_posted()


def test_an_adopted_user_that_is_not_an_occupant_is_refused_and_the_reason_says_what_to_declare(world: World) -> None:
    world.fake.add_dialog(DIALOG, occupants_ids=[10, 20])
    assert world.post({"chat_dialog_id": DIALOG}).status_code == 403
    assert world.fake.calls.one().reason == (
        f"user 96830001 is not among the occupants [10, 20] of dialog {DIALOG}; adopted for the token made…#f229, "
        "which the test did not declare\n  declare the token of an occupant: qbchat.add_session(token, user)"
    )


def test_an_adopted_user_without_a_token_is_refused_and_the_reason_says_what_to_declare(world: World) -> None:
    world.fake.add_dialog(DIALOG, occupants_ids=[10, 20])
    headers = {"Authorization": "ApiKey made-up-key", "On-Behalf-Of": "30"}
    assert world.post({"chat_dialog_id": DIALOG}, headers=headers).status_code == 403
    assert world.fake.calls.one().reason.endswith(
        "; adopted, since the test did not declare it\n  declare it: qbchat.add_user(30)"
    )


def test_anybody_may_post_to_a_public_group(world: World) -> None:
    world.fake.add_session(TOKEN, 30)
    dialog = world.fake.add_dialog(DIALOG, occupants_ids=[10], type=1)
    reply = world.post({"chat_dialog_id": DIALOG}).json()
    assert (reply["read_ids"], reply["delivered_ids"]) == ([], [])
    assert dialog.unread == {}


# --- side effects ---


@freeze_time("2019-09-09 20:30:15")
def test_a_message_updates_its_dialog(world: World) -> None:
    world.fake.add_session(TOKEN, 10)
    dialog = world.fake.add_dialog(DIALOG, occupants_ids=[10, 20, 30])
    before = (dialog.last_message, dialog.last_message_id, dialog.last_message_date_sent, dialog.last_message_user_id)
    assert before == (None, None, None, None)

    with freeze_time("2019-09-09 20:31:00"):
        for text in ("hi", "sold"):
            reply = world.post({"chat_dialog_id": DIALOG, "message": text}).json()

    assert (dialog.last_message, dialog.last_message_id) == ("sold", reply["_id"])
    assert (dialog.last_message_date_sent, dialog.last_message_user_id) == (reply["date_sent"], 10)
    assert (dialog.created_at, dialog.updated_at) == ("2019-09-09T20:30:15Z", "2019-09-09T20:31:00Z")
    assert dialog.unread == {20: 2, 30: 2}


def test_a_refused_message_changes_nothing(world: World) -> None:
    world.fake.add_session(TOKEN, 30)
    dialog = world.fake.add_dialog(DIALOG, occupants_ids=[10, 20])
    world.post({"chat_dialog_id": DIALOG})
    assert (dialog.history, dialog.unread) == ([], {})
    assert len(world.fake.messages) == 0


# --- fields that are not the sender's to set ---


OWNED = ["_id", "created_at", "updated_at", "date_sent", "delivered_ids", "read_ids", "read", "sender_id"]


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
@pytest.mark.parametrize("name", [*OWNED, "save_to_history", "system", "token"])
def test_a_field_that_the_server_owns_is_ignored_in_a_message(world: World, name: str) -> None:
    reply = world.post({"chat_dialog_id": DIALOG, name: "mine"}).json()
    assert reply.get(name) != "mine"
    assert world.fake.posted.one().custom == {}


@pytest.mark.filterwarnings("ignore:message:pytest_qbchat.QuickBloxWarning")
@pytest.mark.parametrize("text", [None, "", "hi"], ids=repr)
def test_the_text_comes_back_as_it_was_sent(world: World, text: Any) -> None:
    assert world.post({"chat_dialog_id": DIALOG, "message": text}).json()["message"] == text


@pytest.mark.filterwarnings("ignore:message:pytest_qbchat.QuickBloxWarning")
@pytest.mark.parametrize(("text", "stored"), [(5, "5"), (["a"], '["a"]'), ({"a": 1}, '{"a":1}')], ids=repr)
def test_a_text_that_is_no_string_is_stored_as_json(world: World, text: Any, stored: str) -> None:
    assert world.post({"chat_dialog_id": DIALOG, "message": text}).json()["message"] == stored


# --- the caller ---


def test_a_token_may_be_in_the_body(world: World) -> None:
    world.fake.add_session(TOKEN, 10)
    reply = world.post({"chat_dialog_id": DIALOG, "token": TOKEN}, token=None).json()
    assert reply["sender_id"] == 10
    assert "token" not in reply


def test_an_unknown_token_is_adopted_as_one_user(world: World) -> None:
    senders = [
        world.post({"chat_dialog_id": DIALOG}, token=token).json()["sender_id"]
        for token in ("made-up-token-one", "made-up-token-two", "made-up-token-one")
    ]
    assert senders == [96830001, 96830002, 96830001]
    assert all(user.adopted for user in world.fake.users)
    assert all(session.adopted for session in world.fake.sessions)


def test_a_new_user_takes_no_id_that_is_taken(world: World) -> None:
    world.fake.add_user(96830001)
    assert world.post({"chat_dialog_id": DIALOG}).json()["sender_id"] == 96830002


def test_a_session_ends_two_hours_after_its_last_call(world: World) -> None:
    with freeze_time("2026-01-01 12:00:00") as clock:
        world.fake.add_session(TOKEN, 10)
        statuses = []
        for minutes in (119, 119, 121):
            clock.tick(minutes * 60)
            statuses.append(world.post({"chat_dialog_id": DIALOG}).status_code)
        refused = world.post({"chat_dialog_id": DIALOG})
    assert statuses == [201, 201, 401]
    assert refused.json() == NO_SESSION
    assert "QB-Token-ExpirationDate" not in refused.headers
    assert "expired two hours after its last call" in world.fake.calls.last.reason


def test_the_fake_reads_the_time_from_time_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.fake.add_session(TOKEN, 10)
    world.post({"chat_dialog_id": DIALOG})
    later = time.time() + 3 * 60 * 60
    monkeypatch.setattr(time, "time", lambda: later)
    assert world.post({"chat_dialog_id": DIALOG}).status_code == 401


def test_another_api_key_than_the_declared_one_is_refused(world: World) -> None:
    world.fake.add_credentials(api_key="made-up-key")
    good = world.post({"chat_dialog_id": DIALOG}, token=None, headers=key("made-up-key", 10))
    bad = world.post({"chat_dialog_id": DIALOG}, token=None, headers=key("made-up-kez", 10))
    assert good.status_code == 201
    assert (bad.status_code, bad.json()) == (401, based("Authorization failed"))


# --- strict mode ---


@pytest.mark.qbchat(strict=True)
@pytest.mark.parametrize(
    ("headers", "params", "status", "body"),
    [
        ({"QB-Token": "made-up-unknown-token"}, {"chat_dialog_id": DIALOG}, 401, NO_SESSION),
        ({"QB-Token": TOKEN}, {"chat_dialog_id": "5d75327ba28f9a0f32cb0f98"}, 404, NOT_FOUND),
        ({"QB-Token": TOKEN}, {"recipient_id": 30}, 422, NO_OCCUPANTS),
        (key("made-up-other", 10), {"chat_dialog_id": DIALOG}, 401, based("Authorization failed")),
        (key("made-up-key", 30), {"chat_dialog_id": DIALOG}, 404, based("Couldn't find user")),
    ],
    ids=["token", "dialog", "recipient", "API key", "On-Behalf-Of"],
)
def test_strict_mode_refuses_the_unknown(world: World, headers: Any, params: Any, status: int, body: Any) -> None:
    world.fake.add_credentials(api_key="made-up-key")
    world.fake.add_session(TOKEN, 10)
    world.fake.add_dialog(DIALOG, occupants_ids=[10, 20])
    response = world.post(params, token=None, headers=headers)
    assert (response.status_code, response.json()) == (status, body)


@pytest.mark.qbchat(strict=True)
def test_strict_mode_knows_no_key_before_one_is_declared(world: World) -> None:
    assert world.post({"recipient_id": 1}, token=None, headers=key("made-up-key", 1)).status_code == 401
    assert "unknown API key" in world.fake.calls.one().reason


@pytest.mark.qbchat(strict=True)
def test_strict_mode_takes_what_was_declared(world: World) -> None:
    world.fake.add_credentials(api_key="made-up-key")
    world.fake.add_session(TOKEN, 10)
    world.fake.add_user(20)
    world.fake.add_dialog(DIALOG, occupants_ids=[10, 20])
    assert world.post({"chat_dialog_id": DIALOG}).status_code == 201
    assert world.post({"recipient_id": 20}).status_code == 201
    assert world.post({"chat_dialog_id": DIALOG}, token=None, headers=key("made-up-key", 10)).status_code == 201


# --- bodies ---


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"chat_dialog_id": ', "The request body could not be parsed"),
        (b'{"chat_dialog_id": NaN}', "The request body could not be parsed"),
        (b'{"message": "hi"} {}', "The request body could not be parsed"),
        (b'{"n": 1e999}', "The request body could not be parsed"),
        (b"[1, 2]", "The request body could not be parsed"),
        (b'"text"', "The request body could not be parsed"),
        (b'"{\\"message\\": \\"a=b\\"}"', "The request body could not be parsed"),
        (b'[{"message": "a=b"}]', "The request body could not be parsed"),
        (b'\xef\xbb\xbf{"message": "a=b"}', "The request body could not be parsed"),
        (b"<xml/>", "The request body could not be parsed"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "The request body could not be parsed"),
        (b'{"a":' * 100_000, "The request body could not be parsed"),
        (b'{"n": ' + b"9" * 5000 + b"}", "The request body could not be parsed"),
        (b"a=1&a[b]=2", "The request body could not be parsed"),
        (b"a" + b"[b]" * 101 + b"=1", "The request body could not be parsed"),
        (b'{"message": "\xff"}', "invalid byte sequence in UTF-8"),
        (b'{"message": "\\ud83d"}', "invalid byte sequence in UTF-8"),
        (b"message=%FF", "invalid byte sequence in UTF-8"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_an_unreadable_body_is_recorded_and_changes_nothing(world: World, body: bytes, text: str) -> None:
    response = world.post(content=body)
    assert (response.status_code, response.json()) == (400, {"code": None, "message": text})
    call = world.fake.calls.one()
    assert (call.request.body, call.params, call.status) == (body, {}, 400)
    assert call.reason
    assert (len(world.fake.posted), len(world.fake.users), len(world.fake.dialogs)) == (0, 0, 0)


def test_nesting_is_counted_outside_of_strings(world: World) -> None:
    text = "[{" * 200 + '\\"'
    assert world.post({"chat_dialog_id": DIALOG, "message": text, "list": [[]]}).json()["message"] == text


def test_a_hundred_levels_are_not_too_deep(world: World) -> None:
    deep = "x"
    for _ in range(99):
        deep = {"a": deep}
    assert world.post({"chat_dialog_id": DIALOG, "deep": deep}).json()["deep"] == deep
    form = f"chat_dialog_id={DIALOG}&deep{'[a]' * 100}=x"
    assert world.post(content=form.encode()).json()["deep"] == {"a": deep}


def test_json_may_have_space_around_it(world: World) -> None:
    body = b' \r\n\t{"chat_dialog_id": "%s"}\n ' % DIALOG.encode()
    assert world.post(content=body, headers={"Content-Type": "application/json"}).status_code == 201


def test_a_form_with_many_attachments_is_not_refused_as_too_deep(world: World) -> None:
    many = {str(number): {"type": "image", "id": str(number)} for number in range(150)}
    assert world.post({"chat_dialog_id": DIALOG, "attachments": many}).json()["attachments"] == list(many.values())


def test_a_form_of_odd_names_is_taken_literally(world: World) -> None:
    odd = {"a[": "1", "[b]": "2", "c]d": "3", "empty": ""}
    world.post(content=urlencode(odd | {"chat_dialog_id": DIALOG}).encode())
    assert world.fake.posted.one().custom == odd


def test_a_form_nests_as_rails_reads_it(world: World) -> None:
    world.post(
        content=(
            f"chat_dialog_id={DIALOG}&tags[]=a&tags[]=b&deep[x][y]=1&deep[x][z]=2"
            "&rows[][k]=1&rows[][l]=2&rows[][k]=3&mixed[]=s&mixed[][k]=1"
        ).encode()
    )
    assert world.fake.posted.one().custom == {
        "tags": ["a", "b"],
        "deep": {"x": {"y": "1", "z": "2"}},
        "rows": [{"k": "1", "l": "2"}, {"k": "3"}],
        "mixed": ["s", {"k": "1"}],
    }


@pytest.mark.parametrize("encoding", ["json", "data", "params"])
@pytest.mark.parametrize("one", [1, "1"], ids=repr)
def test_flags_count_as_a_number_and_as_its_digit(world: World, encoding: str, one: object) -> None:
    reply = world.post(**{encoding: {"chat_dialog_id": DIALOG, "send_to_chat": one, "markable": one}}).json()
    message = world.fake.posted.one()
    assert message.sent_to_chat
    assert reply["markable"] == message.markable == 1
    assert "send_to_chat" not in reply


# --- save_to_history ---


@pytest.mark.parametrize("flag", [0, "0"])
def test_a_message_that_is_not_saved_to_history_is_delivered_and_not_stored(world: World, flag: Any) -> None:
    anna, bert = world.fake.add_user(10), world.fake.add_user(20)
    world.fake.add_session(TOKEN, anna)
    world.fake.add_dialog(DIALOG, occupants_ids=[anna, bert])
    reply = world.post({"chat_dialog_id": DIALOG, "message": "hi", "send_to_chat": 1, "save_to_history": flag})
    assert (reply.status_code, "save_to_history" in reply.json()) == (201, False)
    assert bert.inbox.one().message == "hi"
    assert world.fake.posted.one().id == reply.json()["_id"]
    assert (len(world.fake.messages), bert.unread()) == (0, 0)
    assert world.fake.dialogs.one().last_message is None


@pytest.mark.parametrize("fields", [{"save_to_history": 1}, {"save_to_history": "1"}, {}])
def test_a_message_to_the_chat_is_stored_unless_the_history_is_switched_off(world: World, fields: Any) -> None:
    world.post({"chat_dialog_id": DIALOG, "send_to_chat": 1, **fields})
    assert len(world.fake.messages) == 1


@pytest.mark.filterwarnings("ignore:save_to_history:pytest_qbchat.QuickBloxWarning")
def test_a_message_for_the_history_alone_is_stored_whatever_save_to_history_says(world: World) -> None:
    world.post({"chat_dialog_id": DIALOG, "save_to_history": 0})
    assert len(world.fake.messages) == 1


def test_an_app_can_send_a_message_that_is_not_saved_to_history(world: World) -> None:
    anna, bert = world.fake.add_user(10), world.fake.add_user(20)
    anna.send(world.fake.add_dialog(occupants_ids=[anna, bert]), "hi", save_to_history=0)
    assert (bert.inbox.one().message, len(world.fake.messages)) == ("hi", 0)
