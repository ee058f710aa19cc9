"""Each silent mistake gives one warning that names the field, what QuickBlox does with it, and what to write."""

from __future__ import annotations

import inspect
import urllib.parse
import warnings
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.ways import DIALOG, DOCUMENTED, TOKEN, URL

from pytest_qbchat import FakeQuickBlox, QuickBloxTransport, QuickBloxWarning

FILE = {"type": "image", "id": "47863"}


def post(
    fake: FakeQuickBlox, json: Any = None, *, headers: dict[str, str] | None = None, **kwargs: Any
) -> httpx.Response:
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        return client.post(URL, json=json, headers={"QB-Token": TOKEN} | (headers or {}), **kwargs)


def warned(fake: FakeQuickBlox, json: Any = None, **kwargs: Any) -> str:
    """The one warning that a request gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        post(fake, json, **kwargs)
    [warning] = caught
    assert warning.category is QuickBloxWarning
    assert fake.calls.last.warnings == (str(warning.message),)
    return str(warning.message)


@pytest.fixture
def fake() -> FakeQuickBlox:
    fake = FakeQuickBlox()
    fake.add_session(TOKEN, 10)
    return fake


# One row a mistake: what is posted beside the dialog, and the whole warning.
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "camel-case flag": (
        {"sendToChat": 1},
        "sendToChat: became a custom field, since QuickBlox has no parameter of this name; write send_to_chat",
    ),
    "misspelt flag": (
        {"markabel": 1},
        "markabel: became a custom field, since QuickBlox has no parameter of this name; write markable",
    ),
    "singular attachment": (
        {"attachment": FILE},
        "attachment: became a custom field, since QuickBlox has no parameter of this name; write attachments",
    ),
    "file": (
        {"file": "47863"},
        "file: became a custom field, since QuickBlox has no parameter of this name; write attachments",
    ),
    "media": (
        {"media": ["47863"]},
        "media: became a custom field, since QuickBlox has no parameter of this name; write attachments",
    ),
    "camel-case server field": (
        {"dateSent": 1568061015},
        "dateSent: became a custom field; omit it, since a request cannot set date_sent either",
    ),
    "text": (
        {"text": "hi"},
        "text: became a custom field, since QuickBlox has no parameter of this name; write message",
    ),
    "time of sending": (
        {"date_sent": 1568061015},
        "date_sent: QuickBlox sets this field itself and ignores yours; omit it",
    ),
    "own id": ({"_id": "x"}, "_id: QuickBlox sets this field itself and ignores yours; omit it"),
    "save_to_history without send_to_chat": (
        {"save_to_history": 0},
        "save_to_history: has no effect without send_to_chat (assumed); write send_to_chat=1, or omit it",
    ),
    "save_to_history that is no flag": (
        {"save_to_history": "no", "send_to_chat": 1},
        'save_to_history: "no" was sent where QuickBlox documents the number 0; write save_to_history=0',
    ),
    "system": (
        {"system": 0},
        "system: is not documented for this call; in a private dialog the fake ignores it, omit it",
    ),
    "body": ({"body": "hi"}, "body: became a custom field, and the chat reserves this name; write message"),
    "delay": ({"delay": 5}, "delay: became a custom field, and the chat reserves this name; write another name"),
    "nested custom field in the chat": (
        {"order": {"id": 7}, "send_to_chat": 1},
        "order: is an object or a list, but in the chat a custom field is a string (the conversion is not documented); "
        "write it as a JSON string",
    ),
    "true flag": (
        {"send_to_chat": True},
        "send_to_chat: true was sent where QuickBlox documents the number 1, and the fake assumes that no occupant is "
        "notified; write send_to_chat=1",
    ),
    "word flag": (
        {"markable": "true"},
        'markable: "true" was sent where QuickBlox documents the number 1, and the fake assumes that no receipt is '
        "requested; write markable=1",
    ),
    "placeholder index": (
        {"attachments": {"N": FILE}},
        "attachments[N]: 'N' is not an index, so this attachment is lost (assumed); write the keys '0', '1', ...",
    ),
    "one attachment for all": (
        {"attachments": FILE},
        "attachments: is one attachment, but QuickBlox expects an object of attachments and stores none; "
        "post JSON with attachments={'0': {'type': ..., 'id': ...}}",
    ),
    "attachments as a number": (
        {"attachments": 47863},
        "attachments: 47863 is not an object, so QuickBlox stores none (assumed); "
        "post JSON with attachments={'0': {'type': ..., 'id': ...}}",
    ),
    "attachment as a string": (
        {"attachments": {"0": "[object Object]"}},
        "attachments[0]: arrived as '[object Object]', so QuickBlox stores no such attachment; "
        "post JSON with attachments={'0': {'type': ..., 'id': ...}}",
    ),
    "attachments as a list": (
        {"attachments": [FILE]},
        "attachments: is a list, which QuickBlox lost in 2016, and may still lose; "
        "post JSON with attachments={'0': {'type': ..., 'id': ...}}",
    ),
    "attachment without a type": (
        {"attachments": {"0": {"id": "47863"}}},
        "attachments[0]: has no type, so receivers cannot show it; "
        "write type='image', 'video', 'audio' or 'location'",
    ),
    "attachment with nothing to fetch": (
        {"attachments": {"0": {"type": "image", "name": "a.png"}}},
        "attachments[0]: has neither id nor url, so receivers cannot fetch it; write the id of the uploaded file",
    ),
    "misspelt key of an attachment": (
        {"attachments": {"0": FILE | {"contentType": "image/png"}}},
        "attachments[0]: 'contentType' is not a documented key, and QuickBlox may drop it; write content-type",
    ),
    "own key of an attachment": (
        {"attachments": {"0": FILE | {"color": "red"}}},
        "attachments[0]: 'color' is not a documented key, and QuickBlox may drop it; "
        "write a custom field of the message, or omit it",
    ),
    "text as a number": (
        {"message": 7},
        "message: is 7, but QuickBlox documents a string; write a string",
    ),
    "everything wrapped": (
        {"message": {"text": "hi"}},
        "message: is an object instead of a string; write each field at the top level of the body",
    ),
    "control character in the chat": (
        {"message": "a\x00b", "send_to_chat": 1},
        "message: contains U+0000, which is invalid in the chat's XML; remove it before posting",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_silent_mistake_gives_one_warning(fake: FakeQuickBlox, mistake: str) -> None:
    fields, text = MISTAKES[mistake]
    assert warned(fake, {"chat_dialog_id": DIALOG, **fields}) == text
    assert fake.calls.one().status == 201


@pytest.mark.parametrize(
    ("encode", "shown"),
    [
        (lambda body: {"data": urllib.parse.urlencode(body)}, "\"{'0': {'type': 'image', 'id': '47863'}}\""),
        (lambda body: {"data": f"chat_dialog_id={DIALOG}&attachments=0"}, "'0'"),
        (lambda body: {"data": f"chat_dialog_id={DIALOG}&attachments=[object Object]"}, "'[object Object]'"),
    ],
    ids=["urllib and httpx: the repr", "requests and aiohttp: the keys", "JavaScript: the type"],
)
def test_attachments_lost_by_a_form_encoder_are_warned_of(fake: FakeQuickBlox, encode: Any, shown: str) -> None:
    kwargs = encode({"chat_dialog_id": DIALOG, "attachments": {"0": FILE}})
    text = warned(fake, content=kwargs["data"].encode(), headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert text == (
        f"attachments: arrived as the string {shown}, so QuickBlox stores none; "
        "post JSON with attachments={'0': {'type': ..., 'id': ...}}"
    )
    assert fake.posted.one().attachments == []


@pytest.mark.parametrize("dialog_id", ["123_not_existent", "None", 5])
def test_a_malformed_dialog_id_is_warned_of(fake: FakeQuickBlox, dialog_id: object) -> None:
    assert warned(fake, {"chat_dialog_id": dialog_id}) == (
        f"chat_dialog_id: {dialog_id!r} is not a dialog id, so QuickBlox finds no dialog; "
        "write the 24 hexadecimal digits of its _id"
    )
    assert fake.calls.one().status == 404


def test_a_recipient_in_a_group_is_warned_of(fake: FakeQuickBlox) -> None:
    fake.add_dialog(DIALOG, occupants_ids=[10, 20])
    assert warned(fake, {"chat_dialog_id": DIALOG, "recipient_id": 20}) == (
        "recipient_id: is stored but has no effect, since the dialog is a group and every occupant receives the "
        "message; omit it, or omit chat_dialog_id to write to that user alone"
    )


def test_a_recipient_outside_of_a_private_dialog_is_warned_of(fake: FakeQuickBlox) -> None:
    fake.add_dialog(DIALOG, occupants_ids=[10, 20], type=3)
    assert warned(fake, {"chat_dialog_id": DIALOG, "recipient_id": "30"}) == (
        "recipient_id: 30 is not in this private dialog, and chat_dialog_id takes precedence (assumed); "
        "write only one of the two"
    )


def test_json_labelled_as_a_form_is_warned_of(fake: FakeQuickBlox) -> None:
    label = {"Content-Type": "application/x-www-form-urlencoded"}
    assert warned(fake, content=b'{"chat_dialog_id": "%s"}' % DIALOG.encode(), headers=label) == (
        "Content-Type: the body is JSON, but its label is application/x-www-form-urlencoded; the fake read it as JSON, "
        "and QuickBlox may read it as a form; write application/json"
    )


def test_json_without_a_content_type_is_warned_of(fake: FakeQuickBlox) -> None:
    assert "its label is missing" in warned(fake, content=b'{"chat_dialog_id": "%s"}' % DIALOG.encode())


def test_on_behalf_of_beside_a_token_is_warned_of(fake: FakeQuickBlox) -> None:
    assert warned(fake, {"chat_dialog_id": DIALOG}, headers={"On-Behalf-Of": "20"}) == (
        "On-Behalf-Of: is ignored without an API key, so the sender is the token's user 10; "
        "write Authorization: ApiKey <key>, or omit it"
    )


def test_the_xmpp_name_of_the_dialog_is_warned_of(fake: FakeQuickBlox) -> None:
    assert warned(fake, {"dialog_id": DIALOG}) == (
        "dialog_id: became a custom field, since QuickBlox has no parameter of this name; write chat_dialog_id"
    )


def test_a_custom_field_named_token_is_warned_of(fake: FakeQuickBlox) -> None:
    assert warned(fake, {"chat_dialog_id": DIALOG, "token": "of a raffle"}) == (
        "token: is the name of a credential, so QuickBlox stores no such custom field; write another name"
    )


def test_a_token_with_a_line_end_is_warned_of(fake: FakeQuickBlox) -> None:
    assert warned(fake, {"chat_dialog_id": DIALOG}, headers={"QB-Token": f"{TOKEN}\n"}) == (
        "QB-Token: begins or ends with white space, which not every client sends; strip the token"
    )


@pytest.mark.parametrize("host", ["chat", "docs", "www", "admin"])
def test_a_host_of_quickblox_that_does_not_have_the_api_is_warned_of(fake: FakeQuickBlox, host: str) -> None:
    url = f"https://{host}.quickblox.com/session.json"
    with httpx.Client(transport=QuickBloxTransport(fake)) as client, pytest.warns(QuickBloxWarning) as caught:
        client.get(url, headers={"QB-Token": TOKEN})
    assert [str(warning.message) for warning in caught] == [
        f"{host}.quickblox.com: is not a host of the API, whose names begin with api; chat.quickblox.com is for XMPP; "
        "write api.quickblox.com, or the api host of the account"
    ]


def test_a_call_without_encryption_is_warned_of(fake: FakeQuickBlox) -> None:
    with httpx.Client(transport=QuickBloxTransport(fake)) as client, pytest.warns(QuickBloxWarning) as caught:
        client.get("http://api.quickblox.com/session.json", headers={"QB-Token": TOKEN})
    assert [str(warning.message) for warning in caught] == [
        "http://api.quickblox.com: sends the token and the message without encryption; write https://api.quickblox.com"
    ]


@pytest.mark.parametrize("host", ["api", "API", "apishop", "api-shop"])
def test_an_api_host_of_quickblox_gives_no_warning(fake: FakeQuickBlox, host: str) -> None:
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        client.get(f"https://{host}.quickblox.com/session.json", headers={"QB-Token": TOKEN})
    assert fake.calls.one().warnings == ()


def test_a_header_name_with_a_space_is_warned_of(fake: FakeQuickBlox) -> None:
    assert warned(fake, {"chat_dialog_id": DIALOG}, headers={"X-Trace ": "1"}) == (
        "'X-Trace ': is another header to QuickBlox, and not every client sends a header name with a space; "
        "write 'X-Trace'"
    )


def test_several_mistakes_give_one_warning_each_in_the_order_of_the_request(fake: FakeQuickBlox) -> None:
    with pytest.warns(QuickBloxWarning) as caught:
        post(fake, {"mesage": 1, "sendToChat": 1, "chat_dialog_id": DIALOG, "date_sent": 1, "markable": True})
    names = [str(warning.message).partition(":")[0] for warning in caught]
    assert names == ["mesage", "sendToChat", "date_sent", "markable"]


RIGHT: list[dict[str, Any]] = [
    DOCUMENTED,
    {"chat_dialog_id": DIALOG, "message": "hi", "send_to_chat": 0, "markable": "0"},
    {"chat_dialog_id": DIALOG, "message": "hi\r\n\t👋", "send_to_chat": 1, "is_pinned": False, "age": 25},
    {"chat_dialog_id": DIALOG, "order": {"id": 7}, "tags": ["a"]},
    {"chat_dialog_id": DIALOG, "message": "a\x00b"},
    {"chat_dialog_id": DIALOG, "save_to_history": 1, "send_to_chat": 1},
    {"chat_dialog_id": DIALOG, "attachments": {}, "message": None},
    {"chat_dialog_id": DIALOG, "attachments": {"0": {"type": "location", "data": "{}"}}},
    {
        "chat_dialog_id": DIALOG,
        "attachments": {"0": {"type": "photo", "uid": "a1", "url": "https://files.example.com"}},
    },
    {"recipient_id": 20, "message": "hi"},
    {"chat_dialog_id": DIALOG, "recipient_id": 20, "message": "hi"},
    {"chat_dialog_id": DIALOG, "token": TOKEN},
    {"message": "neither"},
    {"chat_dialog_id": DIALOG, "recipient_id": 0, "send_to_chat": None},
    {"chat_dialog_id": DIALOG, "dialog_id": DIALOG},
    {"chat_dialog_id": DIALOG}
    | dict.fromkeys(
        [
            "age",
            "author",
            "bodyText",
            "category",
            "channel",
            "client_id",
            "contentType",
            "correlation_id",
            "customer",
            "customer_id",
            "delivered_at",
            "deviceId",
            "event",
            "fileName",
            "fullName",
            "id",
            "is_pinned",
            "kind",
            "lang",
            "lead",
            "link",
            "location",
            "marketable",
            "messageId",
            "message_id",
            "message_type",
            "meta",
            "name",
            "order",
            "order_id",
            "orderId",
            "priority",
            "read_id",
            "ready",
            "recipientName",
            "remarkable",
            "room",
            "sender",
            "sender_name",
            "source",
            "status",
            "subject",
            "tags",
            "team",
            "thread",
            "title",
            "topic",
            "type",
            "url",
            "userRole",
            "user_id",
            "version",
            "attachment_id",
            "attachmentCount",
            "chat_id",
            "send_at",
            "readable",
            "dialog_name",
            "recipient_name",
            "recipients",
        ],
        "x",
    ),
]


@pytest.mark.parametrize("body", RIGHT, ids=lambda body: " ".join(body)[:60])
@pytest.mark.filterwarnings("error")
def test_a_correct_request_gives_no_warning(fake: FakeQuickBlox, body: dict[str, Any]) -> None:
    post(fake, body)
    assert fake.calls.one().warnings == ()


def test_the_warning_points_at_the_code_under_test(fake: FakeQuickBlox) -> None:
    def code_under_test() -> None:
        with httpx.Client(transport=QuickBloxTransport(fake)) as client, client.stream("POST", URL, json={"body": ""}):
            pass

    with pytest.warns(QuickBloxWarning) as caught:
        code_under_test()
    _, first = inspect.getsourcelines(code_under_test)
    assert caught[0].filename == __file__
    assert caught[0].lineno == first + 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["chat_dialog_id", "recipient_id", "message", "attachments", "send_to_chat", "markable", "_id"])


@given(body=st.dictionaries(NAMES | st.text(max_size=12), JSON, max_size=6))
def test_random_requests_are_answered_without_an_internal_error(body: dict[str, Any]) -> None:
    fake = FakeQuickBlox()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        response = post(fake, {"chat_dialog_id": DIALOG} | body)
    assert response.status_code in (201, 400, 404, 422)
    assert len(fake.posted) == (response.status_code == 201)
    if response.status_code == 201:
        message = fake.posted.one()
        reply = response.json()
        custom = {name: body[name] for name in body if name in message.custom}
        assert message.custom == custom
        assert {name: reply[name] for name in custom} == custom
        assert list(reply)[:-1] == sorted(list(reply)[:-1])


@given(body=st.binary(max_size=60) | st.text(alphabet='a[]=&%{}"0+', max_size=30).map(str.encode))
def test_random_bytes_are_answered_without_an_internal_error(body: bytes) -> None:
    fake = FakeQuickBlox()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        response = post(fake, content=body)
    assert response.status_code in (400, 422)
    assert fake.calls.one().request.body == body


# --- parameters that other calls would leave out in silence ---


@pytest.mark.parametrize(
    ("method", "path", "body", "text"),
    [
        (
            "POST",
            "/chat/Dialog",
            {"type": 2, "name": "x", "occupant_ids": "1"},
            "occupant_ids: .*; write occupants_ids$",
        ),
        (
            "PUT",
            "/chat/Dialog/{id}",
            {"occupants_ids": [1]},
            r"occupants_ids: .*; write push_all=\{'occupants_ids': \[",
        ),
        (
            "DELETE",
            "/chat/Dialog/{id}",
            {"forced": 1},
            "forced: is ignored, since this call has no such parameter; write force$",
        ),
        ("GET", "/chat/Message/unread", {"chat_dialog_id": DIALOG}, "chat_dialog_id: .*; write chat_dialog_ids$"),
        ("GET", "/chat/Message/unread", {"dialog_ids": DIALOG}, "dialog_ids: .*; write chat_dialog_ids$"),
        ("GET", "/users", {"limit": 1}, "limit: .*; write per_page$"),
        ("GET", "/users", {"id": {"ne": 5}}, "id: .*; omit it, or write one of filter, order, page, per_page$"),
        ("GET", "/users", {"foo": 1}, "foo: .*; omit it, or write one of filter, order, page, per_page$"),
        ("GET", "/session", {"foo": 1}, "foo: is ignored, since this call has no such parameter; omit it$"),
        (
            "GET",
            "/chat/Message",
            {"chat_dialog_id": DIALOG, "order": "desc"},
            "order: .*; write sort_asc or",
        ),
        ("GET", "/chat/Message", {"chat_dialog_id": DIALOG, "read": 0}, "read: .*; write mark_as_read$"),
        (
            "POST",
            "/users",
            {"user": {"login": "anna", "password": "made-up-password", "fullName": "Anna"}},
            r"user\[fullName\]: is ignored, since this call has no such parameter; write full_name$",
        ),
        (
            "POST",
            "/blobs",
            {"blob": {"name": "a", "content_type": "text/plain", "contentType": "text/html"}},
            r"blob\[contentType\]: is ignored, since this call has no such parameter; write content_type$",
        ),
    ],
)
def test_a_parameter_that_a_call_does_not_have_is_warned_of(
    method: str, path: str, body: dict[str, Any], text: str
) -> None:
    fake = FakeQuickBlox()
    url = f"https://api.quickblox.com{path.replace('{id}', DIALOG)}.json"
    with httpx.Client(transport=QuickBloxTransport(fake), headers={"QB-Token": TOKEN}) as client:
        assert client.get(URL, params={"chat_dialog_id": DIALOG}).is_success
        with pytest.warns(QuickBloxWarning, match=text):
            assert client.request(method, url, json=body).is_success


USER = (
    "login email facebook_id twitter_id external_user_id full_name phone website custom_data blob_id age_over16 "
    "allow_statistics_analysis allow_sales_activities parents_contacts password tag_list"
)
# The parameters of each call that ignores an unknown one, by method, path and the object that they are in.
KNOWN = {
    ("POST", "/chat/Dialog", ""): "type occupants_ids name photo data admin_ids is_joinable is_join_required",
    ("PUT", "/chat/Dialog/{id}", ""): "name photo data push_all pull_all is_joinable",
    ("DELETE", "/chat/Dialog/{id}", ""): "force",
    ("DELETE", "/chat/Message/{id}", ""): "force",
    ("PUT", "/chat/Message/{id}", ""): "chat_dialog_id read delivered message",
    ("GET", "/chat/Message/unread", ""): "chat_dialog_ids",
    ("GET", "/chat/Dialog", ""): "_id created_at last_message_date_sent name occupants_ids type updated_at data "
    "limit skip count sort_asc sort_desc",
    ("GET", "/chat/Message", ""): "_id attachments.type created_at date_sent delivered_ids message read_ids "
    "recipient_id sender_id updated_at chat_dialog_id mark_as_read include_reactions limit skip count sort_asc "
    "sort_desc",
    ("GET", "/users", ""): "filter order page per_page",
    ("POST", "/users", "user"): USER,
    ("PUT", "/users/10", "user"): f"{USER} old_password",
    ("POST", "/blobs", "blob"): "content_type name public tag_list",
    ("PUT", "/blobs/1/complete", "blob"): "size",
}


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
@pytest.mark.parametrize(
    ("method", "path", "wrapper", "name"),
    [(*call, name) for call, names in KNOWN.items() for name in names.split()],
)
def test_each_parameter_is_suggested_for_its_name_in_upper_case(
    fake: FakeQuickBlox, method: str, path: str, wrapper: str, name: str
) -> None:
    dialog = fake.add_dialog(DIALOG, occupants_ids=[10])
    given = {name.upper(): 1}
    url = f"https://api.quickblox.com{path.replace('{id}', dialog.id)}.json"
    body = {"chat_dialog_id": DIALOG, **({wrapper: given} if wrapper else given)}
    with httpx.Client(transport=QuickBloxTransport(fake), headers={"QB-Token": TOKEN}) as client:
        client.request(method, url, json=body)
    shown = f"{wrapper}[{name.upper()}]" if wrapper else name.upper()
    [warning] = [each for each in fake.calls.one().warnings if each.startswith(f"{shown}: is ignored")]
    assert warning.endswith(f"; write {name}")


@pytest.mark.parametrize(
    "name", ["type", "id", "url", "data", "name", "size", "width", "height", "duration", "content-type", "uid"]
)
def test_each_key_of_an_attachment_is_suggested_for_its_name_in_upper_case(fake: FakeQuickBlox, name: str) -> None:
    text = warned(fake, {"chat_dialog_id": DIALOG, "attachments": {"0": {**FILE, name.upper(): "x"}}})
    assert text == (
        f"attachments[0]: {name.upper()!r} is not a documented key, and QuickBlox may drop it; write {name}"
    )


def test_an_id_in_a_list_of_attachments_is_lost_with_a_warning_of_its_own(fake: FakeQuickBlox) -> None:
    with pytest.warns(QuickBloxWarning):
        post(fake, {"chat_dialog_id": DIALOG, "attachments": [FILE, "47864"]})
    assert [text.partition(":")[0] for text in fake.calls.one().warnings] == ["attachments", "attachments[1]"]
    assert fake.posted.one().attachments == [FILE]


def test_a_field_of_an_attachment_beside_an_indexed_one_is_lost(fake: FakeQuickBlox) -> None:
    text = warned(fake, {"chat_dialog_id": DIALOG, "attachments": {"0": FILE, "type": "image"}})
    assert text.startswith("attachments[type]: 'type' is not an index, so this attachment is lost (assumed); ")
    assert fake.posted.one().attachments == [FILE]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("path", ["/chat/Dialog", f"/chat/Message?chat_dialog_id={DIALOG}", "/users", "/blobs"])
def test_a_token_as_a_query_parameter_of_a_list_gives_no_warning(fake: FakeQuickBlox, path: str) -> None:
    url = f"https://api.quickblox.com{path}{'&' if '?' in path else '?'}token={TOKEN}"
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        assert client.get(url).is_success
    assert fake.calls.one().warnings == ()


@pytest.mark.filterwarnings("error")
def test_a_parameter_that_keeps_caches_from_answering_gives_no_warning() -> None:
    fake = FakeQuickBlox()
    url = "https://api.quickblox.com/chat/Message/unread.json"
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        assert client.get(url, params={"cache": "no"}, headers={"QB-Token": TOKEN}).is_success


MANY = range(20_000)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/chat/Message", {"recipient_id": 20, "send_to_chat": 1, **{f"k{number}": {} for number in MANY}}),
        ("POST", "/chat/Message", {"recipient_id": 20, "attachments": {f"k{number}": {} for number in MANY}}),
        ("POST", "/chat/Message", {"recipient_id": 20, "attachments": [{"odd": 1} for _ in MANY]}),
        ("POST", "/chat/Message", {"recipient_id": 20, "attachments": {"0": dict.fromkeys(map(str, MANY))}}),
        ("GET", "/chat/Dialog", {f"k{number}": 1 for number in MANY}),
        ("GET", "/chat/Dialog", {"created_at": {f"k{number}": 1 for number in MANY}}),
        ("GET", "/users", {"filter": [f"k{number}" for number in MANY]}),
        ("GET", "/chat/Message/unread", {f"chat_dialog_ids{number}": 1 for number in MANY}),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
def test_warnings_of_one_request_are_limited(method: str, path: str, body: dict[str, Any]) -> None:
    fake = FakeQuickBlox()
    with httpx.Client(transport=QuickBloxTransport(fake), headers={"QB-Token": TOKEN}) as client:
        assert client.request(method, f"https://api.quickblox.com{path}.json", json=body).is_success
    assert len(fake.calls.one().warnings) <= 300


@pytest.mark.parametrize("path", ["/chat/Dialog.json?", f"/chat/Message.json?chat_dialog_id={DIALOG}&"])
@pytest.mark.filterwarnings("error")
def test_a_token_in_the_query_of_a_list_is_no_unknown_parameter(fake: FakeQuickBlox, path: str) -> None:
    user = fake.add_user(10)
    fake.add_session(TOKEN, user)
    fake.add_message(fake.add_dialog(DIALOG, occupants_ids=[user]), user, "hi")
    with httpx.Client(transport=QuickBloxTransport(fake), base_url="https://api.quickblox.com") as client:
        response = client.get(f"{path}token={TOKEN}")
    assert response.json()["items"] != []
