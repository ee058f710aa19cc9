"""POST /chat/Message.json over every client: the reply, the encodings of a request, the headers of a caller."""

from __future__ import annotations

import json
from typing import Any

import pytest
from freezegun import freeze_time
from support.posting import API
from support.ways import DIALOG, DOCUMENTED, DOCUMENTED_REPLY, OF_HTTPX, TOKEN, URL, World

NO_PERMISSION = {"errors": ["You don't have appropriate permissions to perform this operation"]}
FILES = [{"type": "image", "id": str(number)} for number in range(12)]


def based(text: str) -> dict[str, Any]:
    return {"errors": {"base": [text]}}


NEED_USER = based("Forbidden. Need user.")


def key(api_key: str, user_id: int) -> dict[str, str]:
    return {"Authorization": f"ApiKey {api_key}", "On-Behalf-Of": str(user_id)}


# --- the reply ---


@pytest.mark.filterwarnings("error")
def test_the_documented_request_gets_the_documented_reply(world: World) -> None:
    response = world.post(DOCUMENTED)

    message = world.fake.posted.one()
    assert response.status_code == 201
    assert response.text == DOCUMENTED_REPLY.format(
        id=message.id, date_sent=message.date_sent, sender_id=message.sender_id
    )


def test_a_reply_has_the_observed_headers(world: World) -> None:
    with freeze_time("2018-05-02 14:44:54"):
        response = world.post({"chat_dialog_id": DIALOG})

    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["QuickBlox-REST-API-Version"] == "0.1.1"
    assert response.headers["Status"] == "201 Created"
    assert response.headers["QB-Token-ExpirationDate"] == "2018-05-02 16:44:54 +0000"
    assert response.headers["X-Runtime"] == "0.001000"
    assert response.headers["Content-Length"] == str(len(response.content))


def test_a_text_with_special_characters_comes_back_unchanged(world: World) -> None:
    text = 'Grüße 👋 "quoted" \\ and\r\nnew lines <b> & \u2028 \x7f'
    response = world.post({"chat_dialog_id": DIALOG, "message": text})
    assert response.json()["message"] == world.fake.posted.one().message == text
    assert "Grüße 👋".encode() in response.content


# --- what a request may look like ---


@pytest.mark.parametrize(
    ("kwargs", "typed"),
    [
        pytest.param({"json": {"age": 25, "note": "x", "pinned": False}}, True, id="JSON"),
        pytest.param({"data": {"age": "25", "note": "x", "pinned": "false"}}, False, id="form"),
        pytest.param({"params": {"age": "25", "note": "x", "pinned": "false"}}, False, id="query string"),
        pytest.param(
            {"content": b"age=25&note=x&pinned=false", "headers": {"Content-Type": "application/json"}},
            False,
            id="form labelled JSON",
        ),
        pytest.param({"content": b"age=25&note=x&pinned=false"}, False, id="form without a label"),
    ],
)
def test_custom_fields_keep_the_types_that_their_encoding_has(
    world: World, kwargs: dict[str, Any], typed: bool
) -> None:
    for key in ("json", "data", "params"):
        if key in kwargs:
            kwargs = kwargs | {key: kwargs[key] | {"chat_dialog_id": DIALOG, "message": "hi"}}
    if "content" in kwargs:
        kwargs = kwargs | {"content": kwargs["content"] + f"&chat_dialog_id={DIALOG}&message=hi".encode()}

    reply = world.post(**kwargs).json()

    expected = {"age": 25, "note": "x", "pinned": False} if typed else {"age": "25", "note": "x", "pinned": "false"}
    assert world.fake.posted.one().custom == expected
    assert {name: reply[name] for name in expected} == expected


@pytest.mark.filterwarnings("ignore:Content-Type:pytest_qbchat.QuickBloxWarning")
@pytest.mark.parametrize("label", ["application/x-www-form-urlencoded", "text/plain", None])
def test_json_is_read_whatever_its_content_type(world: World, label: str | None) -> None:
    headers = {} if label is None else {"Content-Type": label}
    response = world.post(content=json.dumps({"chat_dialog_id": DIALOG, "message": "hi"}).encode(), headers=headers)
    assert response.status_code == 201
    assert response.json()["message"] == "hi"


def test_the_body_overrides_the_query_string(world: World) -> None:
    world.post({"message": "body"}, params={"message": "query", "chat_dialog_id": DIALOG})
    assert world.fake.posted.one() == {"message": "body", "chat_dialog_id": DIALOG}


def test_a_query_string_serves_with_an_empty_body_labelled_json(world: World) -> None:
    response = world.post(
        content=b"",
        headers={"Content-Type": "application/json"},
        params={"chat_dialog_id": DIALOG, "message": "hi", "send_to_chat": "1", "token": TOKEN},
        token=None,
    )
    assert response.status_code == 201
    assert world.fake.posted.one().custom == {}


# --- attachments ---


@pytest.mark.filterwarnings("ignore:attachments. is a list:pytest_qbchat.QuickBloxWarning")
@pytest.mark.parametrize(
    "kwargs",
    [
        pytest.param({"json": {"attachments": {str(i): FILES[i] for i in reversed(range(12))}}}, id="object"),
        pytest.param({"json": {"attachments": FILES}}, id="list"),
        pytest.param(
            {"data": {f"attachments[{i}][{k}]": v for i in reversed(range(12)) for k, v in FILES[i].items()}},
            id="bracketed form",
        ),
        pytest.param(
            {"params": {f"attachments[{i}][{k}]": v for i in range(12) for k, v in FILES[i].items()}},
            id="bracketed query",
        ),
    ],
)
def test_attachments_come_back_as_a_list_in_numeric_order(world: World, kwargs: dict[str, Any]) -> None:
    [encoding] = kwargs
    reply = world.post(**{encoding: kwargs[encoding] | {"chat_dialog_id": DIALOG}}).json()
    assert reply["attachments"] == world.fake.posted.one().attachments == FILES


# --- refusals ---


def test_a_message_to_a_dialog_of_others_is_refused(world: World) -> None:
    world.fake.add_session(TOKEN, 30)
    world.fake.add_dialog(DIALOG, occupants_ids=[10, 20])
    response = world.post({"chat_dialog_id": DIALOG})
    assert (response.status_code, response.json()) == (403, NO_PERMISSION)
    assert len(response.content) == 79  # as logged
    assert "QB-Token-ExpirationDate" in response.headers
    assert world.fake.calls.one().reason == f"user 30 is not among the occupants [10, 20] of dialog {DIALOG}"


# --- who is calling ---


@pytest.mark.parametrize(
    ("headers", "params"),
    [
        ({"QB-Token": TOKEN}, {}),
        ({"qb-token": TOKEN}, {}),
        ({}, {"token": TOKEN}),
        ({"Authorization": "Bearer made-up-bearer", "QB-Token": TOKEN}, {}),
    ],
    ids=["header", "lower-case header", "parameter", "header beside another authorization"],
)
def test_a_token_makes_its_user_the_sender(world: World, headers: Any, params: Any) -> None:
    world.fake.add_session(TOKEN, world.fake.add_user(10))
    reply = world.post({"chat_dialog_id": DIALOG}, token=None, headers=headers, params=params).json()
    assert reply["sender_id"] == 10


def test_an_api_key_acts_for_the_user_it_names(world: World) -> None:
    headers = key("made-up-key", 10)
    response = world.post({"chat_dialog_id": DIALOG}, token=None, headers=headers)
    assert response.json()["sender_id"] == 10
    assert "QB-Token-ExpirationDate" not in response.headers


@pytest.mark.filterwarnings("error")
def test_an_api_key_wins_over_a_token(world: World) -> None:
    world.fake.add_session(TOKEN, 20)
    headers = key("made-up-key", 10)
    assert world.post({"chat_dialog_id": DIALOG}, headers=headers).json()["sender_id"] == 10


@pytest.mark.parametrize(
    ("headers", "status", "body", "reason"),
    [
        ({}, 401, based("Token is required"), "neither a QB-Token header nor"),
        ({"QB-Token": ""}, 401, based("Token is required"), "neither a QB-Token header nor"),
        ({"Authorization": "made-up-key"}, 401, based("Token is required"), "must be exactly 'ApiKey <key>'"),
        ({"QB-Token": "made-up-app-token"}, 422, NEED_USER, "application session; log in a user"),
        (key("made-up-key", 0) | {"On-Behalf-Of": "9" * 5000}, 404, based("Couldn't find user"), "not a known user id"),
        ({"Authorization": "ApiKey made-up-key"}, 422, NEED_USER, "add the header On-Behalf-Of: <user id>"),
        ({"Authorization": "ApiKey made-up-key", "On-Behalf-Of": "anna"}, 404, based("Couldn't find user"), "'anna'"),
    ],
    ids=[
        "nothing",
        "empty token",
        "no scheme",
        "application session",
        "key for a huge number",
        "key for nobody",
        "key for a name",
    ],
)
def test_a_caller_who_is_no_user_is_refused(world: World, headers: Any, status: int, body: Any, reason: str) -> None:
    world.fake.add_session("made-up-app-token", None)
    response = world.post({"chat_dialog_id": DIALOG}, token=None, headers=headers)
    assert (response.status_code, response.json()) == (status, body)
    assert reason in world.fake.calls.one().reason
    world.fake.assert_nothing_posted()


# Over a line, or out of a careful client, these two come in another form: without the space, or not at all.
@pytest.mark.parametrize("world", OF_HTTPX, indirect=True, ids=lambda way: way.name)
def test_an_empty_api_key_is_refused(world: World) -> None:
    response = world.post({"chat_dialog_id": DIALOG}, token=None, headers=key("", 1))
    assert (response.status_code, response.json()) == (401, based("Authorization failed"))
    assert "is empty" in world.fake.calls.one().reason


@pytest.mark.parametrize("world", OF_HTTPX, indirect=True, ids=lambda way: way.name)
def test_a_header_name_with_a_space_is_another_header(world: World) -> None:
    with pytest.warns(match="'QB-Token ': is another header to QuickBlox"):
        response = world.post({"chat_dialog_id": DIALOG}, token=None, headers={"QB-Token ": TOKEN})
    assert response.status_code == 401
    assert "has a space before or after it" in world.fake.calls.one().reason


def test_the_last_of_several_token_headers_counts(world: World) -> None:
    world.fake.add_session("made-up-token-one", 1)
    world.fake.add_session("made-up-token-two", 2)
    headers = [("QB-Token", "made-up-token-one"), ("QB-Token", "made-up-token-two")]
    assert world.send("POST", URL, json={"recipient_id": 3}, headers=headers).json()["sender_id"] == 2
    assert world.fake.calls.one().request.headers["QB-Token"] == "made-up-token-two"


# --- bodies that public clients send ---


@pytest.mark.filterwarnings("ignore:Content-Type")
def test_the_fields_of_a_multipart_form_are_parameters(world: World) -> None:
    fields = {"message": "It's 5 & 6 = é?", "chat_dialog_id": DIALOG}
    fields |= {"attachments[0][type]": "image", "attachments[0][id]": "47863"}
    response = world.post(files={name: (None, value) for name, value in fields.items()})
    assert response.status_code == 201
    assert response.json()["message"] == "It's 5 & 6 = é?"
    assert world.fake.posted.one().attachments == [{"type": "image", "id": "47863"}]
    assert "Content-Type: a multipart form is documented for uploads alone" in world.fake.calls.one().warnings[0]


@pytest.mark.parametrize("body", [b"", b" \r\n", b"null", b"[]", b'" "', b'""'])
def test_a_body_without_content_has_no_parameters(world: World, body: bytes) -> None:
    dialog = world.fake.add_dialog(DIALOG, occupants_ids=[world.fake.add_user(7)])
    world.fake.add_session(TOKEN, 7)
    headers = {"QB-Token": TOKEN, "Content-Type": "application/json"}
    listed = world.send("GET", f"{API}/chat/Dialog.json?limit=1", headers=headers, content=body)
    assert [item["_id"] for item in listed.json()["items"]] == [dialog.id]
    assert world.send("DELETE", f"{API}/chat/Dialog/{DIALOG}.json", headers=headers, content=body).status_code == 200
    assert [call.params for call in world.fake.calls] == [{"limit": "1"}, {}]
