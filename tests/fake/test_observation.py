"""Collections, calls and masking."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from support.ways import DIALOG, TLS, TOKEN, URL

from pytest_qbchat import CallRefused, FakeQuickBlox, QuickBloxTransport, Records
from pytest_qbchat.explain.field_matching import ABSENT, field_of, matches
from pytest_qbchat.service.endpoints.messages import PARAMETERS
from pytest_qbchat.service.masking import mask
from pytest_qbchat.service.spelling import closest_name, similar_name


@pytest.fixture
def fake() -> FakeQuickBlox:
    return FakeQuickBlox()


def post(fake: FakeQuickBlox, **fields: Any) -> httpx.Response:
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        return client.post(URL, json={"chat_dialog_id": DIALOG} | fields, headers={"QB-Token": TOKEN})


# --- collections ---


def test_a_collection_is_live(fake: FakeQuickBlox) -> None:
    posted = fake.posted
    assert (len(posted), list(posted)) == (0, [])
    post(fake, message="one")
    assert posted.one() is posted.last is posted[0] is fake.messages.last
    post(fake, message="two")
    assert [message.message for message in posted] == ["one", "two"]
    assert posted[1:] == [{"message": "two"}]


def test_a_collection_equals_any_sequence_of_equal_items(fake: FakeQuickBlox) -> None:
    assert fake.posted == []
    assert fake.posted == ()
    post(fake, message="one")
    assert fake.posted == [{"message": "one"}]
    assert fake.posted == fake.messages
    assert fake.posted != []
    assert fake.posted != [{"message": "two"}]
    assert fake.posted != [{"message": "one"}, {"message": "one"}]
    assert fake.posted != "x"
    assert fake.posted != 1
    assert {"message": "one"} in fake.posted
    with pytest.raises(TypeError, match="unhashable"):
        hash(fake.posted)


def test_one_and_last_say_what_is_there(fake: FakeQuickBlox) -> None:
    with pytest.raises(AssertionError, match=r"^expected one posted message, found none: no call reached the fake\n"):
        fake.posted.one()
    with pytest.raises(AssertionError, match=r"^expected a posted message, found none: no call reached the fake\n"):
        _ = fake.posted.last
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        client.post(URL, json={})
    why = "POST /chat/Message.json was answered 401: the request has neither"
    with pytest.raises(AssertionError, match=rf"^expected one posted message, found none: {why}"):
        fake.posted.one()
    with pytest.raises(AssertionError, match=rf"^expected a posted message, found none: {why}"):
        _ = fake.posted.last
    post(fake, message="one")
    post(fake, message="two")
    with pytest.raises(AssertionError, match=r"^expected one message, found 2\n  <Message .*'one'.*>\n  <Message"):
        fake.messages.one()
    for _ in range(8):
        post(fake, message="more")
    with pytest.raises(AssertionError, match=r"^expected one message, found 10\n(  <.*\n){9}  <.*>$"):
        fake.messages.one()
    for _ in range(2):
        post(fake, message="more")
    with pytest.raises(AssertionError, match=r"^expected one message, found 12\n(  <.*\n){10}  and 2 more$"):
        fake.messages.one()


def test_where_compares_as_assertions_do(fake: FakeQuickBlox) -> None:
    post(fake, message="one", order=7)
    post(fake, message="two", send_to_chat=1)
    assert fake.posted.where(message=re.compile("o$")) == [{"message": "two"}]
    assert fake.posted.where(order=7).one().message == "one"
    assert fake.posted.where(send_to_chat=ABSENT) == [{"message": "one"}]
    assert len(fake.calls.where(status=201, method="POST", path="/chat/Message.json")) == 2
    with pytest.raises(AssertionError, match="expected one posted message"):
        fake.posted.where(order=8).one()


@pytest.mark.parametrize(
    ("collection", "noun", "first"),
    [
        ("posted", "posted message", "<Message "),
        ("messages", "message", "<Message "),
        ("calls", "call", "<Call POST /chat/Message.json: 201>"),
        ("users", "user", "User("),
        ("sessions", "session", "Session("),
        ("dialogs", "dialog", "<Dialog "),
        ("blobs", "blob", "Blob("),
        ("inbox", "message in the inbox of user 20", "<Message "),
    ],
)
def test_one_of_two_records_fails_and_lists_them(fake: FakeQuickBlox, collection: str, noun: str, first: str) -> None:
    for number in range(2):
        user, dialog_id = fake.add_user(30 + number), f"{number:024x}"
        fake.add_session(f"made-up-token-{number}", user)
        fake.add_dialog(dialog_id, occupants_ids=[user, 20])
        fake.add_blob(b"x", name="x")
        body = {"chat_dialog_id": dialog_id, "message": "hi", "send_to_chat": 1}
        with httpx.Client(transport=QuickBloxTransport(fake)) as client:
            client.post(URL, headers={"QB-Token": f"made-up-token-{number}"}, json=body).raise_for_status()
    records = fake.inbox(20) if collection == "inbox" else getattr(fake, collection)
    with pytest.raises(AssertionError, match=rf"^expected one {noun}, found {len(records)}\n  {re.escape(first)}"):
        records.one()
    with pytest.raises(AssertionError, match=rf"^expected one {noun} with \w+='x', found none among {len(records)}:\n"):
        records.where(**{"id" if collection != "calls" else "path": "x"}).one()


def test_the_repr_of_a_collection_is_that_of_a_list() -> None:
    assert repr(Records([1, 2], int, "number", AssertionError)) == "[1, 2]"


# --- calls ---


def test_a_call_holds_request_and_response(fake: FakeQuickBlox) -> None:
    response = post(fake, message="hi")
    call = fake.calls.one()
    assert (call.method, call.path, call.status, call.reason) == ("POST", "/chat/Message.json", 201, "")
    assert call.request.url == URL
    assert call.request.headers["qb-token"] == TOKEN
    assert call.request.headers.get("missing") is None
    assert "Content-Type" in call.request.headers
    assert len(call.request.headers) == len(list(call.request.headers)) > 5
    assert call.params == {"chat_dialog_id": DIALOG, "message": "hi"}
    assert call.response is not None
    assert call.response.json() == response.json()
    assert call.response.headers["status"] == "201 Created"
    assert fake.posted.one().call is call
    assert not call.refused
    assert not call.stubbed


def test_a_call_shows_itself_without_its_token(fake: FakeQuickBlox) -> None:
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        client.post(f"{URL}?a=1&token={TOKEN}", headers={"Authorization": "ApiKey made-up-key"})
    call = fake.calls.one()
    assert repr(call.request) == f"<Request POST {URL}?a=1&token={mask(TOKEN)}>"
    assert f"'Authorization': 'ApiKey {mask('made-up-key')}'" in repr(call.request.headers)
    assert repr(call.response) == '<Response 422 {"errors":{"base":["Forbidden. Need user."]}}>'
    assert TOKEN not in repr(call)


def test_a_token_is_masked_in_every_repr_and_failure(fake: FakeQuickBlox) -> None:
    with httpx.Client(transport=QuickBloxTransport(fake), headers={"QB-Token": TOKEN}) as client:
        for _ in range(2):
            client.post(URL, json={"chat_dialog_id": DIALOG, "message": TOKEN, "note": TOKEN})
        client.post(URL, content=f"token: {TOKEN}".encode())
        with pytest.warns(match="attachments: arrived as the string"):
            client.post(URL, json={"chat_dialog_id": DIALOG, "attachments": "x" * 40 + TOKEN})
        with pytest.raises(CallRefused) as refused:
            client.post(f"https://api.quickblox.com/blobs/{TOKEN}")
    shown = [repr(each) for each in (*fake.posted, *fake.calls, *fake.dialogs, *fake.sessions)]
    shown += [str(refused.value), fake.transcript(), fake.calls[3].warnings[0]]
    for assertion in (fake.posted.one, fake.calls.one, lambda: fake.assert_posted(message="x")):
        with pytest.raises(AssertionError) as failed:
            assertion()
        shown.append(str(failed.value))
    assert [text for text in shown if TOKEN[:12] in text] == []
    fake._backend.problems.drain()


# --- matching ---


def test_a_field_by_the_name_that_quickblox_gives_it(fake: FakeQuickBlox) -> None:
    post(fake, order=7)
    message = fake.posted.one()
    assert field_of(message, "_id") == message.id
    assert field_of(message, "order") == 7
    assert field_of(message, "send_to_chat") is field_of(message, "nothing") is ABSENT
    assert field_of(message, "message") is None
    assert repr(ABSENT) == "absent"


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ([1], [1, 2]),
        ({"a": 1}, [1]),
        ([1], {"a": 1}),
        (["a"], {"a": 1}),
        (("a",), "a"),
        (re.compile("1"), 1),
        ("a", "b"),
    ],
)
def test_a_value_of_another_type_or_form_does_not_match(expected: object, actual: object) -> None:
    assert not matches(expected, actual)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SEND-to chat", "send_to_chat"),
        ("recipientId", "recipient_id"),
        ("mesage", "message"),
        ("messsage", "message"),
        ("massage", "message"),
        ("markabel", "markable"),
        ("text", "message"),
        ("order", None),
        ("message_id", None),
        ("recipients", None),
        ("dialog_name", None),
        ("", None),
    ],
)
def test_a_similar_name(name: str, meant: str | None) -> None:
    assert similar_name(name, PARAMETERS) == meant


def test_the_closest_name() -> None:
    assert closest_name("Hour", ["days", "hours"]) == "hours"
    assert closest_name("seconds_since", ["days", "hours"]) is None


def test_the_transcript_says_who_has_read_a_message_and_what_was_deleted_since() -> None:
    fake = FakeQuickBlox()
    anna, ben = fake.add_user(10, full_name="Anna Example"), fake.add_user(20, full_name="Ben Example")
    fake.add_session(TOKEN, anna)
    dialog = fake.add_dialog(occupants_ids=[anna, ben])
    with httpx.Client(transport=QuickBloxTransport(fake), headers={"QB-Token": TOKEN}) as client:
        for text in ("kept", "deleted"):
            body = {"chat_dialog_id": dialog.id, "message": text, "send_to_chat": 1, "markable": 1}
            assert client.post(URL, json=body).status_code == 201
        url = f"https://api.quickblox.com/chat/Message/{fake.posted.last.id}.json"
        assert client.delete(url, params={"force": 1}).status_code == 200
    ben.read()

    assert fake.transcript().splitlines() == [
        f"dialog {dialog.id} (group), occupants 10 Anna Example, 20 Ben Example",
        "  10 Anna Example: 'kept'",
        "    sent to chat, delivered to 20 Ben Example; markable; no attachments; read by 20 Ben Example",
        "  10 Anna Example: 'deleted'",
        "    sent to chat, delivered to 20 Ben Example; markable; no attachments; deleted later",
    ]


def test_the_transcript_shows_the_messages_of_a_deleted_dialog(fake: FakeQuickBlox) -> None:
    post(fake, message="hi")
    with httpx.Client(transport=QuickBloxTransport(fake), headers={"QB-Token": TOKEN}) as client:
        url = f"https://api.quickblox.com/chat/Dialog/{DIALOG}.json"
        assert client.delete(url, params={"force": 1}).status_code == 200
    first, *lines = fake.transcript().splitlines()
    assert first == f"dialog {DIALOG} (deleted dialog), occupants unknown"
    assert lines[-1] == "    history only; not markable; no attachments; deleted later"


def test_a_selection_that_finds_none_lists_the_records_that_there_are(fake: FakeQuickBlox) -> None:
    dialog = fake.add_dialog(occupants_ids=[1])
    messages = [fake.add_message(dialog, 1, str(number)) for number in range(12)]
    with pytest.raises(AssertionError) as raised:
        fake.messages.where(message="13", sender_id=1).one()
    assert str(raised.value).splitlines() == [
        "expected one message with message='13', sender_id=1, found none among 12:",
        *[f"  {message!r}" for message in messages[:10]],
        "  and 2 more",
    ]
    with pytest.raises(AssertionError, match=r"^expected a message with message='13', found none"):
        _ = fake.messages.where(message="13").last
    with pytest.raises(AssertionError, match=r"^expected one message with sender_id=1, found 12"):
        fake.messages.where(sender_id=1).one()
    with pytest.raises(TypeError, match="a call has no field '_id'; use one of began_in, caller, dialog, "):
        fake.calls.where(_id=3)


def test_forgotten_calls_leave_the_history_and_their_secrets(qbchat: FakeQuickBlox) -> None:
    httpx.post(URL, json={"chat_dialog_id": DIALOG, "message": "hi"}, headers={"QB-Token": TOKEN}, verify=TLS)
    qbchat.forget_calls()
    assert (qbchat.calls, qbchat.posted) == ([], [])
    assert qbchat.messages == [{"message": "hi"}]
    assert qbchat.messages.one().call is None
    assert TOKEN not in qbchat._backend.masked(f"the token is {TOKEN}")
