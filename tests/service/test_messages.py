"""/chat/Message, but for posting: the history, marks, changes, deletions and unread counts."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.chat_api import (
    ANNA,
    BERT,
    CLEO,
    DORA,
    HOST,
    NO_PERMISSION,
    NOT_FOUND,
    UNKNOWN,
    Api,
    answer,
    at,
    token_of,
)
from support.clock import freeze_time
from support.profile import sized
from support.ways import DIALOG, TLS, TOKEN, URL, World

from pytest_qbchat import FakeQuickBlox, QuickBloxTransport, QuickBloxWarning

KEYS = [
    "_id", "attachments", "chat_dialog_id", "created_at", "date_sent", "delivered_ids", "message", "read_ids",
    "recipient_id", "sender_id", "updated_at", "read",
]  # fmt: skip
PUBLIC, GROUP, PRIVATE = 1, 2, 3
NO_DIALOG = {"errors": {"chat_dialog_id": ["is required"]}}


def dialog(api: Api, type: int = GROUP, *others: int) -> str:
    """A new dialog of Anna and others, of Bert alone unless they are named."""
    return api.fake.add_dialog(occupants_ids=[ANNA, *(others or (BERT,))], type=type).id


def texts(response: httpx.Response) -> list[str]:
    return [item["message"] for item in response.json()["items"]]


def listed(api: Api, dialog_id: str, *, by: int = ANNA, **params: Any) -> list[Any]:
    """The history, unmarked."""
    response = api("GET", "Message", by=by, params={"chat_dialog_id": dialog_id, "mark_as_read": 0, **params})
    assert response.status_code == 200, response.text
    return response.json()["items"]


# --- GET /chat/Message.json ---


@freeze_time("2019-09-09 20:30:15")
def test_the_history_is_listed_as_documented(world: World) -> None:
    world.fake.add_session(TOKEN, ANNA)
    world.fake.add_dialog(DIALOG, occupants_ids=[ANNA, BERT])
    first = world.fake.add_message(DIALOG, BERT, "hi", age="25", attachments={"0": {"type": "image", "id": "47863"}})
    second = world.fake.add_message(DIALOG, ANNA, "hello", markable=1)

    response = world.send("GET", URL, params={"chat_dialog_id": DIALOG}, headers={"QB-Token": TOKEN})

    assert response.status_code == 200
    assert response.text == (
        '{"skip":0,"limit":100,"items":['
        f'{{"_id":"{first.id}","age":"25","attachments":[{{"type":"image","id":"47863"}}],"chat_dialog_id":"{DIALOG}",'
        '"created_at":"2019-09-09T20:30:15Z","date_sent":1568061015,"delivered_ids":[20],"message":"hi",'
        '"read_ids":[20],"recipient_id":0,"sender_id":20,"updated_at":"2019-09-09T20:30:15Z","read":0},'
        f'{{"_id":"{second.id}","attachments":[],"chat_dialog_id":"{DIALOG}",'
        '"created_at":"2019-09-09T20:30:15Z","date_sent":1568061015,"delivered_ids":[10],"markable":1,'
        '"message":"hello","read_ids":[10],"recipient_id":0,"sender_id":10,"updated_at":"2019-09-09T20:30:15Z",'
        '"read":0}]}'
    )
    assert first.read_ids == [BERT, ANNA]


@pytest.fixture
def four(api: Api) -> str:
    """A dialog of three with four messages, two of them of the same second."""
    fake = api.fake
    fake.add_dialog(UNKNOWN, occupants_ids=[ANNA, BERT, CLEO])
    for seconds, sender, text, fields in (
        (100, ANNA, "one", {"attachments": {"0": {"type": "image", "id": "1"}, "1": {"type": "audio", "id": "2"}}}),
        (200, BERT, "two", {}),
        (200, CLEO, "three", {"recipient_id": 343, "age": "25"}),
        (300, ANNA, "four", {"attachments": {"0": {"type": "video", "id": "3"}}, "markable": 1}),
    ):
        with at(seconds):
            fake.add_message(UNKNOWN, sender, text, **fields)
    return UNKNOWN


ALL = ["one", "two", "three", "four"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ALL),
        ({"date_sent": 200}, ["two", "three"]),
        ({"date_sent[gt]": 200}, ["four"]),
        ({"date_sent[gte]": 200}, ["two", "three", "four"]),
        ({"date_sent[lt]": 200}, ["one"]),
        ({"date_sent[lte]": 200}, ["one", "two", "three"]),
        ({"date_sent[ne]": 200}, ["one", "four"]),
        ({"date_sent[in]": "100, 300"}, ["one", "four"]),
        ({"date_sent[nin]": "100,300"}, ["two", "three"]),
        ({"date_sent[gte]": "200.456978"}, ["four"]),
        ({"date_sent[gt]": "199.999"}, ["two", "three", "four"]),
        ({"date_sent[lt]": "200.5"}, ["one", "two", "three"]),
        ({"date_sent[lte]": "199.9"}, ["one"]),
        ({"date_sent[gt]": 100, "date_sent[lt]": 300}, ["two", "three"]),
        ({"date_sent[gte]": 200, "date_sent[lte]": 200}, ["two", "three"]),
        ({"date_sent[gt]": 200, "date_sent[lt]": 300}, []),
        ({"date_sent[gt]": 300, "date_sent[lt]": 100}, []),
        ({"date_sent[gt]": 300, "date_sent[lt]": 100, "sort_desc": "date_sent"}, []),
        ({"date_sent[gt]": 100, "sender_id": 10}, ["four"]),
        ({"sender_id": 20}, ["two"]),
        ({"sender_id[gt]": 20}, ["three"]),
        ({"sender_id[gte]": 20}, ["two", "three"]),
        ({"sender_id[lt]": 20}, ["one", "four"]),
        ({"sender_id[lte]": 20}, ["one", "two", "four"]),
        ({"sender_id[ne]": 10}, ["two", "three"]),
        ({"sender_id[in]": "10,30"}, ["one", "three", "four"]),
        ({"sender_id[nin]": "10,30"}, ["two"]),
        ({"recipient_id": 343}, ["three"]),
        ({"recipient_id[gt]": 0}, ["three"]),
        ({"recipient_id[gte]": 343}, ["three"]),
        ({"recipient_id[lt]": 343}, ["one", "two", "four"]),
        ({"recipient_id[lte]": 0}, ["one", "two", "four"]),
        ({"recipient_id[ne]": 0}, ["three"]),
        ({"recipient_id[in]": "1,343"}, ["three"]),
        ({"recipient_id[nin]": "1,343"}, ["one", "two", "four"]),
        ({"updated_at": 300}, ["four"]),
        ({"updated_at[gt]": 200}, ["four"]),
        ({"updated_at[gte]": 200}, ["two", "three", "four"]),
        ({"updated_at[lt]": 200}, ["one"]),
        ({"updated_at[lte]": "200.0"}, ["one", "two", "three"]),
        ({"created_at": 100}, ["one"]),
        ({"message": "two"}, ["two"]),
        ({"message": "tw"}, []),
        ({"message[ctn]": "O"}, ["one", "two", "four"]),
        ({"message[ctn]": "wo"}, ["two"]),
        ({"read_ids[nin]": "10"}, ["two", "three"]),
        ({"read_ids[in]": "20,30"}, ["two", "three"]),
        ({"delivered_ids[in]": "20"}, ["two"]),
        ({"delivered_ids[nin]": "20"}, ["one", "three", "four"]),
        ({"message[ne]": "two"}, ["one", "three", "four"]),
        ({"attachments.type": "image"}, ["one"]),
        ({"attachments.type": "audio"}, ["one"]),
        ({"attachments.type": "video"}, ["four"]),
        ({"attachments.type": "location"}, []),
        ({"sort_asc": "date_sent"}, ALL),
        ({"sort_desc": "date_sent"}, ["four", "three", "two", "one"]),
        ({"sort_desc": "date_sent", "date_sent[lte]": 200}, ["three", "two", "one"]),
        ({"sort_desc": "date_sent", "date_sent[gte]": 200, "limit": 2}, ["four", "three"]),
        ({"sort_desc": "date_sent", "limit": 2, "skip": 1}, ["three", "two"]),
        ({"sort_desc": "date_sent", "limit": 2, "skip": 3}, ["one"]),
        ({"sort_desc": "date_sent", "skip": 4}, []),
        ({"sort_desc": "date_sent", "skip": 9}, []),
        ({"sort_desc": "date_sent", "sender_id": 10}, ["four", "one"]),
        ({"sort_asc": "sender_id"}, ["one", "four", "two", "three"]),
        ({"sort_desc": "sender_id", "limit": 3}, ["three", "two", "one"]),
        ({"sort_asc": "message"}, ["four", "one", "three", "two"]),
        ({"sort_desc": "message", "skip": 1, "limit": 2}, ["three", "one"]),
        ({"sort_desc": "_id"}, ["four", "three", "two", "one"]),
        ({"sort_asc": "updated_at"}, ALL),
        ({"limit": 0}, []),
        ({"limit": 1}, ["one"]),
        ({"limit": "2", "skip": "1"}, ["two", "three"]),
        ({"skip": 3}, ["four"]),
        ({"skip": 4}, []),
        ({"skip": 10**30}, []),
    ],
    ids=repr,
)  # fmt: skip
def test_the_page_is_what_the_query_asks_for(api: Api, four: str, params: Any, expected: list[str]) -> None:
    query = {"chat_dialog_id": four, "mark_as_read": 0, **params}
    assert texts(api("GET", "Message", params=query)) == expected
    nested: dict[str, Any] = {}
    for name, value in query.items():
        field, bracket, operator = name.rstrip("]").partition("[")
        nested[field] = {**nested.get(field, {}), operator: value} if bracket else value
    assert texts(api("GET", "Message", json=nested)) == expected
    if "limit" not in params and "skip" not in params:
        assert api("GET", "Message", params={**query, "count": 1}).json() == {"items": {"count": len(expected)}}


def test_a_message_is_found_by_its_id_in_either_case(api: Api, four: str) -> None:
    for message in api.fake.messages:
        [found] = listed(api, four, _id=message.id.upper())
        assert found["_id"] == message.id
        others = listed(api, four, **{"_id[ne]": message.id})
        assert [other["_id"] for other in others] == [other.id for other in api.fake.messages if other is not message]


def test_a_message_is_found_by_its_id_only_where_the_query_would_find_it(api: Api, four: str) -> None:
    message = api.fake.messages[1]
    assert listed(api, four, _id=message.id, sender_id=message.sender_id)[0]["message"] == "two"
    assert listed(api, four, _id=message.id, sender_id=message.sender_id + 1) == []
    assert listed(api, four, _id=message.id, skip=1) == listed(api, four, _id=message.id, limit=0) == []
    assert listed(api, dialog(api), _id=message.id) == []
    assert listed(api, four, _id=four) == []
    api("DELETE", f"Message/{message.id}")
    assert listed(api, four, _id=message.id) == []
    assert len(listed(api, four, by=BERT, _id=message.id)) == 1


def test_skip_and_limit_are_echoed(api: Api, four: str) -> None:
    reply = api("GET", "Message", params={"chat_dialog_id": four, "skip": "3", "limit": "7"}).json()
    assert (list(reply), reply["skip"], reply["limit"]) == (["skip", "limit", "items"], 3, 7)


def test_counting_counts_all_pages_and_marks_nothing(api: Api, four: str) -> None:
    for one in (1, "1"):
        reply = api("GET", "Message", json={"chat_dialog_id": four, "count": one, "limit": 1, "skip": 2})
        assert answer(reply) == (200, {"items": {"count": 4}})
    assert [message.read_ids for message in api.fake.messages] == [[ANNA], [BERT], [CLEO], [ANNA]]


@pytest.mark.parametrize(
    ("params", "warning"),
    [
        ({"age": "25"}, "age: is ignored, .*; omit it, or write one of _id, attachments.type, chat_dialog_id"),
        ({"message[lt]": "o"}, r"message\[lt\]: is ignored; operators documented for message: ctn, ne"),
        ({"updated_at[ne]": 1}, r"updated_at\[ne\]: is ignored; operators documented for updated_at: gt, gte, lt, lte"),
        ({"attachments.type[ne]": "image"}, r"attachments.type\[ne\]: is ignored; .* for attachments.type: none"),
        ({"date_sent[gt]": "2019-09-09"}, "date_sent: is ignored; '2019-09-09' is not a valid value of this field"),
        ({"date_sent[lt]": "nan"}, "date_sent: is ignored"),
        ({"date_sent[in]": "100,x"}, "date_sent: is ignored"),
        ({"sort_desc": "age"}, "sort_desc: is ignored; QuickBlox sorts by _id, attachments.type"),
        ({"limit": ""}, "limit: is ignored; '' is not a number, 0 or greater"),
        ({"limit": "-1"}, "limit: is ignored"),
        ({"limit": "1.5"}, "limit: is ignored"),
        ({"skip": "x"}, "skip: is ignored"),
    ],
    ids=repr,
)
def test_a_query_parameter_without_effect_is_ignored_with_a_warning(
    api: Api, four: str, params: Any, warning: str
) -> None:
    with pytest.warns(QuickBloxWarning, match=warning):
        reply = api("GET", "Message", params={"chat_dialog_id": four, **params}).json()
    assert [item["message"] for item in reply["items"]] == ALL
    assert (reply["skip"], reply["limit"]) == (0, 100)


def test_the_largest_page_has_a_thousand_messages(api: Api) -> None:
    dialog_id = dialog(api)
    for number in range(1001):
        api.fake.add_message(dialog_id, ANNA, str(number))
    assert len(listed(api, dialog_id)) == 100
    assert len(listed(api, dialog_id, limit=1000)) == 1000
    with pytest.warns(QuickBloxWarning, match=r"limit: 10000 is more than QuickBlox returns at once \(1000, assumed\)"):
        reply = api("GET", "Message", params={"chat_dialog_id": dialog_id, "limit": 10000}).json()
    assert (reply["limit"], len(reply["items"])) == (1000, 1000)
    api.fake.assume(largest_page=2000)
    assert len(listed(api, dialog_id, limit=2000)) == 1001


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("params", [{}, {"chat_dialog_id": ""}], ids=repr)
def test_a_request_without_a_dialog_is_refused(api: Api, method: str, params: Any) -> None:
    refused = answer(api(method, "Message", params=params))
    assert refused == ((404, NOT_FOUND) if method == "GET" else (422, NO_DIALOG))
    assert api.fake.calls.one().reason == "the request has no chat_dialog_id"


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("dialog_id", ["123_not_existent", 5, ["5d75327ba28f9a0f32cb0f99"]], ids=repr)
def test_a_malformed_dialog_id_is_not_found(api: Api, method: str, dialog_id: Any) -> None:
    assert answer(api(method, "Message", json={"chat_dialog_id": dialog_id})) == (404, NOT_FOUND)


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.qbchat(strict=True)
def test_strict_mode_lists_and_marks_no_unknown_dialog(api: Api, method: str) -> None:
    assert answer(api(method, "Message", json={"chat_dialog_id": UNKNOWN})) == (404, NOT_FOUND)


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_stranger_neither_lists_nor_marks_a_dialog(api: Api, four: str, method: str) -> None:
    assert answer(api(method, "Message", by=DORA, json={"chat_dialog_id": four, "read": 1})) == (403, NO_PERMISSION)
    assert [message.read_ids for message in api.fake.messages] == [[ANNA], [BERT], [CLEO], [ANNA]]


def test_a_dialog_may_be_named_in_upper_case(api: Api, four: str) -> None:
    assert len(listed(api, four.upper())) == 4


def test_listing_an_unknown_dialog_adopts_it(api: Api) -> None:
    assert listed(api, UNKNOWN, by=BERT) == []
    api("POST", "Message", json={"chat_dialog_id": UNKNOWN, "message": "hi"})
    assert [item["message"] for item in listed(api, UNKNOWN, by=CLEO)] == ["hi"]
    assert api.fake.dialogs.one().occupants_ids == [ANNA, BERT, CLEO]


# --- marking by listing ---


@pytest.mark.parametrize(("type", "read"), [(GROUP, 0), (PRIVATE, 1)])
def test_listing_marks_what_it_returns_and_shows_it_as_it_was_before(api: Api, type: int, read: int) -> None:
    with freeze_time("2019-09-09 20:00:00"):
        dialog_id = dialog(api, type)
        for text in ("one", "two", "three"):
            api.fake.add_message(dialog_id, ANNA, text)
    with freeze_time("2019-09-09 20:30:00"):
        page = api("GET", "Message", by=BERT, params={"chat_dialog_id": dialog_id, "limit": 2}).json()["items"]
        again = listed(api, dialog_id)
        assert api("GET", "Message/unread", by=BERT).json() == {"total": 1}

    assert [item["read_ids"] for item in page] == [item["delivered_ids"] for item in page] == [[ANNA]] * 2
    assert [(item["updated_at"], item["read"]) for item in page] == [("2019-09-09T20:00:00Z", 0)] * 2
    for item in again[:2]:
        assert item["read_ids"] == item["delivered_ids"] == [ANNA, BERT]
        assert (item["updated_at"], item["created_at"]) == ("2019-09-09T20:30:00Z", "2019-09-09T20:00:00Z")
        assert item["read"] == read
    assert (again[2]["read_ids"], again[2]["read"]) == ([ANNA], 0)


def test_the_sender_of_a_private_message_is_not_who_reads_it(api: Api) -> None:
    dialog_id = dialog(api, PRIVATE)
    message = api.fake.add_message(dialog_id, ANNA, "hi")
    api("PUT", f"Message/{message.id}", json={"chat_dialog_id": dialog_id, "read": 0})
    api("GET", "Message", params={"chat_dialog_id": dialog_id})
    assert (message.read_ids, message.read) == ([ANNA], 0)


def test_marking_a_marked_message_changes_nothing(api: Api) -> None:
    with freeze_time("2019-09-09 20:00:00"):
        dialog_id = dialog(api)
        message = api.fake.add_message(dialog_id, ANNA, "hi")
    for minute in (10, 20):
        with freeze_time(f"2019-09-09 20:{minute}:00"):
            api("GET", "Message", by=BERT, params={"chat_dialog_id": dialog_id})
    assert message.updated_at == "2019-09-09T20:10:00Z"
    assert message.read_ids == [ANNA, BERT]


@pytest.mark.parametrize("kwargs", [{"params": {"mark_as_read": 0}}, {"json": {"mark_as_read": "0"}}], ids=repr)
def test_mark_as_read_0_marks_nothing(api: Api, four: str, kwargs: Any) -> None:
    [(encoding, params)] = kwargs.items()
    assert texts(api("GET", "Message", by=BERT, **{encoding: {**params, "chat_dialog_id": four}})) == ALL
    assert [message.read_ids for message in api.fake.messages] == [[ANNA], [BERT], [CLEO], [ANNA]]
    assert api("GET", "Message/unread", by=BERT).json() == {"total": 3}


@pytest.mark.parametrize("value", [False, "false", "no", 2], ids=repr)
def test_any_other_value_marks_with_a_warning(api: Api, four: str, value: Any) -> None:
    with pytest.warns(QuickBloxWarning, match="mark_as_read: .* was sent where QuickBlox documents the number 0"):
        api("GET", "Message", by=BERT, json={"chat_dialog_id": four, "mark_as_read": value})
    assert api("GET", "Message/unread", by=BERT).json() == {"total": 0}


def test_mark_as_read_1_is_the_default(api: Api, four: str) -> None:
    api("GET", "Message", by=BERT, params={"chat_dialog_id": four, "mark_as_read": 1})
    assert api("GET", "Message/unread", by=BERT).json() == {"total": 0}


def test_the_reply_may_be_assumed_to_show_the_marks(api: Api, four: str) -> None:
    api.fake.assume(marked_in_reply=True)
    assert [item["read_ids"] for item in listed(api, four, by=BERT)] == [[ANNA], [BERT], [CLEO], [ANNA]]
    marked = api("GET", "Message", by=BERT, params={"chat_dialog_id": four}).json()["items"]
    assert [item["read_ids"] for item in marked] == [[ANNA, BERT], [BERT], [CLEO, BERT], [ANNA, BERT]]


def test_a_public_dialog_keeps_no_receipts(api: Api) -> None:
    dialog_id = dialog(api, PUBLIC)
    message = api.fake.add_message(dialog_id, ANNA, "hi")
    before = listed(api, dialog_id)
    api.fake.advance(minutes=1)
    for params in ({}, {"read": 1, "delivered": 1}, {"read": 0}):
        api("PUT" if params else "GET", "Message", by=CLEO, json={"chat_dialog_id": dialog_id, **params})
    api("PUT", f"Message/{message.id}", by=BERT, json={"chat_dialog_id": dialog_id, "read": 1})
    assert listed(api, dialog_id) == before
    assert (before[0]["read_ids"], before[0]["delivered_ids"]) == ([], [])
    assert api("GET", "Message/unread", by=BERT).json() == {"total": 0}


def test_a_message_deleted_for_oneself_is_shown_to_the_others_alone(api: Api, four: str) -> None:
    third = api.fake.messages[2]
    api("DELETE", f"Message/{third.id}", by=BERT)
    assert [item["message"] for item in listed(api, four, by=BERT)] == ["one", "two", "four"]
    assert [item["message"] for item in listed(api, four, by=BERT, **{"date_sent[gte]": 200})] == ["two", "four"]
    assert [item["message"] for item in listed(api, four)] == ALL
    assert answer(api("GET", f"Message/{third.id}", by=BERT)) == (404, NOT_FOUND)
    assert api("GET", f"Message/{third.id}").status_code == 200


@pytest.mark.parametrize("custom", [{}, {"age": "25", "markable": 1}], ids=["plain", "with more fields"])
def test_reactions_are_added_if_they_are_asked_for(api: Api, custom: Any) -> None:
    dialog_id = dialog(api)
    message = api.fake.add_message(dialog_id, ANNA, "hi", **custom)
    [plain] = listed(api, dialog_id)
    api("POST", f"Message/{message.id}/reactions", by=BERT, json={"name": "like"})

    [without] = listed(api, dialog_id, include_reactions=0)
    [shown] = listed(api, dialog_id, include_reactions=1)
    single = api("GET", f"Message/{message.id}", params={"include_reactions": 1}).json()

    assert without == plain
    assert shown == single == {**plain, "reactions": [{"name": "like", "count": 1, "user_ids": [BERT]}]}
    assert list(shown) == list(single) == [*sorted(shown.keys() - {"read"}), "read"]
    with pytest.warns(QuickBloxWarning, match="include_reactions: "):
        assert "reactions" not in listed(api, dialog_id, include_reactions="true")[0]
    with pytest.warns(QuickBloxWarning, match="include_reactions: "):
        assert "reactions" not in api("GET", f"Message/{message.id}", params={"include_reactions": "true"}).json()


def test_marks_show_in_a_reply_with_reactions_that_is_assumed_to_show_them(api: Api) -> None:
    api.fake.assume(marked_in_reply=True)
    dialog_id = dialog(api)
    api.fake.add_message(dialog_id, ANNA, "hi")
    reply = api("GET", "Message", by=BERT, params={"chat_dialog_id": dialog_id, "include_reactions": 1}).json()
    assert (reply["items"][0]["read_ids"], reply["items"][0]["reactions"]) == ([ANNA, BERT], [])


def test_messages_are_listed_by_several_ids(api: Api, four: str) -> None:
    one, two, *_ = (message.id for message in api.fake.messages)
    listed_ids = [item["_id"] for item in listed(api, four, **{"_id[in]": f"{one},{two.upper()}"})]
    assert listed_ids == [one, two]
    assert [item["_id"] for item in listed(api, four, **{"_id[nin]": f"{one},{two}"})] == [
        message.id for message in api.fake.messages[2:]
    ]


@pytest.mark.filterwarnings("ignore:attachments. is a list:pytest_qbchat.QuickBloxWarning")
def test_a_list_of_attachments_that_is_lost_gives_one_warning(api: Api) -> None:
    api.fake.assume(attachment_list=False)
    body = {"recipient_id": BERT, "attachments": [{"type": "image"}, {"id": "1"}]}
    with pytest.warns(QuickBloxWarning) as warned:
        assert api("POST", "Message", json=body).json()["attachments"] == []
    [warning] = warned
    assert str(warning.message).startswith("attachments: arrived as a list, so QuickBlox stores none; post JSON with")


@pytest.mark.filterwarnings("ignore:attachments. is a list:pytest_qbchat.QuickBloxWarning")
def test_a_list_of_anything_else_is_warned_of_by_item(api: Api) -> None:
    with pytest.warns(QuickBloxWarning, match=r"attachments\[0\]: arrived as '7'"):
        api("POST", "Message", json={"recipient_id": BERT, "attachments": ["7"]})


@pytest.mark.filterwarnings("ignore:attachments. is a list:pytest_qbchat.QuickBloxWarning")
def test_a_list_of_attachments_is_taken_as_it_is(api: Api) -> None:
    body = {"recipient_id": BERT, "attachments": [{"type": "image", "id": "1"}]}
    assert api("POST", "Message", json=body).json()["attachments"] == body["attachments"]


@pytest.mark.filterwarnings("error::pytest_qbchat.QuickBloxWarning")
def test_the_empty_values_of_the_net_sdk_mean_nothing(api: Api) -> None:
    dialog_id = dialog(api)
    empty = {"recipient_id": 0, "attachments": None, "send_to_chat": 0, "markable": 0}
    reply = api("POST", "Message", json={"chat_dialog_id": dialog_id, "message": "hi", **empty})
    assert (reply.status_code, reply.json()["attachments"]) == (201, [])


def test_a_check_of_partly_lost_attachments_names_the_keys_that_were_not_read(api: Api) -> None:
    image = {"type": "image", "id": "1"}
    with pytest.warns(QuickBloxWarning, match=r"attachments\[N\]: 'N' is not an index"):
        api(
            "POST",
            "Message",
            json={"recipient_id": BERT, "attachments": {"0": image, "N": {"type": "video", "id": "2"}}},
        )
    with pytest.raises(AssertionError, match=r"\n  attachments\[N\]: 'N' is not an index"):
        api.fake.posted.one().assert_attachments(image, {"type": "video", "id": "2"})


def test_a_list_of_attachments_may_be_assumed_to_be_lost(api: Api) -> None:
    dialog_id = dialog(api)
    api.fake.assume(attachment_list=False)
    api.fake.add_message(dialog_id, ANNA, attachments=[{"type": "image", "id": "1"}])
    assert listed(api, dialog_id)[0]["attachments"] == []


# --- any history, any page ---

SORTABLE = ["date_sent", "sender_id", "message"]
CLOCK = st.integers(0, 9)
BOUND = st.one_of(CLOCK, st.floats(0, 9, allow_nan=False).map(lambda number: round(number, 2)))


@settings(max_examples=sized(15, 60))
@given(
    history=st.lists(st.tuples(CLOCK, st.sampled_from([ANNA, BERT]), st.booleans()), max_size=12),
    bounds=st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte"]), BOUND),
    sender=st.none() | st.sampled_from([ANNA, BERT]),
    sort=st.none() | st.tuples(st.sampled_from(["sort_asc", "sort_desc"]), st.sampled_from(SORTABLE)),
    cut=st.tuples(st.integers(0, 13), st.integers(0, 13)),
)
def test_a_page_equals_the_result_of_a_plain_search_of_all_messages(
    history: Any, bounds: Any, sender: Any, sort: Any, cut: tuple[int, int]
) -> None:
    skip, limit = cut
    fake = FakeQuickBlox()
    fake.add_session(TOKEN, ANNA)
    fake.add_dialog(UNKNOWN, occupants_ids=[ANNA, BERT])
    with httpx.Client(transport=QuickBloxTransport(fake), headers={"QB-Token": TOKEN}) as client:
        for number, (seconds, author, deleted) in enumerate(history):
            with at(1_000_000 + seconds):  # the clock may go back
                message = fake.add_message(UNKNOWN, author, f"{number:02}")
            if deleted:
                client.delete(f"{URL.removesuffix('.json')}/{message.id}.json")
        query = {"chat_dialog_id": UNKNOWN, "skip": skip, "limit": limit} | (
            {} if sender is None else {"sender_id": sender}
        )
        query |= {f"date_sent[{name}]": 1_000_000 + bound for name, bound in bounds.items()} | (
            dict([sort]) if sort else {}
        )
        found = [item["message"] for item in client.get(URL, params=query).json()["items"]]
        counted = client.get(URL, params={**query, "count": 1}).json()["items"]["count"]

    compare = {
        "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b,
    }  # fmt: skip
    rows = [
        (seconds, number, author)
        for number, (seconds, author, deleted) in enumerate(history)
        if not deleted
        and (sender is None or author == sender)
        and all(compare[name](1_000_000 + seconds, 1_000_000 + bound) for name, bound in bounds.items())
    ]
    rows.sort()
    if sort is not None:
        direction, field = sort
        if field == "date_sent":
            rows = rows[::-1] if direction == "sort_desc" else rows
        else:
            rows.sort(key=lambda row: row[{"sender_id": 2, "message": 1}[field]], reverse=direction == "sort_desc")
    assert found == [f"{number:02}" for _, number, _ in rows[skip : skip + limit]]
    assert counted == len(rows)


@settings(max_examples=sized(8, 30))
@given(
    times=st.lists(CLOCK, max_size=15),
    limit=st.integers(1, 6),
    order=st.sampled_from([{}, {"sort_asc": "date_sent"}, {"sort_desc": "date_sent"}, {"sort_desc": "_id"}]),
)
def test_paging_through_a_dialog_visits_each_message_once(times: list[int], limit: int, order: dict[str, str]) -> None:
    fake = FakeQuickBlox()
    fake.add_session(TOKEN, ANNA)
    fake.add_dialog(UNKNOWN, occupants_ids=[ANNA, BERT])
    for seconds in times:
        with at(seconds):
            fake.add_message(UNKNOWN, BERT)
    seen: list[str] = []
    with httpx.Client(transport=QuickBloxTransport(fake), headers={"QB-Token": TOKEN}) as client:
        for skip in range(0, len(times) + limit, limit):
            params = {"chat_dialog_id": UNKNOWN, "limit": limit, "skip": skip, **order}
            page = client.get(URL, params=params).json()["items"]
            assert len(page) == max(0, min(limit, len(times) - skip))
            seen += [item["_id"] for item in page]
    assert sorted(seen) == sorted(message.id for message in fake.messages)
    assert len({*seen}) == len(seen)
    assert all(message.read_ids == [BERT, ANNA] for message in fake.messages)


# --- GET /chat/Message/{id}.json ---


def test_one_message_is_the_bare_message_and_stays_unread(world: World) -> None:
    world.fake.add_session(TOKEN, ANNA)
    world.fake.add_dialog(DIALOG, occupants_ids=[ANNA, BERT])
    message = world.fake.add_message(DIALOG, BERT, "hi")
    for message_id in (message.id, message.id.upper()):
        response = world.send("GET", f"{HOST}/chat/Message/{message_id}.json", headers={"QB-Token": TOKEN})
        assert response.status_code == 200
        assert list(response.json()) == KEYS
        assert (response.json()["_id"], response.json()["read_ids"]) == (message.id, [BERT])
    assert message.read_ids == [BERT]


def test_one_message_is_for_occupants_or_public(api: Api, four: str) -> None:
    message = api.fake.messages[0]
    public = api.fake.add_message(dialog(api, PUBLIC), ANNA, "news")
    assert answer(api("GET", f"Message/{message.id}", by=DORA)) == (403, NO_PERMISSION)
    assert api("GET", f"Message/{public.id}", by=DORA).json()["message"] == "news"
    for missing in (UNKNOWN, "123_not_existent"):
        assert answer(api("GET", f"Message/{missing}")) == (404, NOT_FOUND)


# --- PUT /chat/Message/{ids}.json ---


def test_a_message_is_marked_as_delivered_and_read(world: World) -> None:
    world.fake.add_session(TOKEN, BERT)
    world.fake.add_dialog(DIALOG, occupants_ids=[ANNA, BERT], type=PRIVATE)
    message = world.fake.add_message(DIALOG, ANNA, "hi")
    url = f"{HOST}/chat/Message/{message.id}.json"

    delivered = world.send("PUT", url, json={"chat_dialog_id": DIALOG, "delivered": 1}, headers={"QB-Token": TOKEN})
    assert (delivered.status_code, delivered.content) == (200, b"")
    assert (message.delivered_ids, message.read_ids, message.read) == ([ANNA, BERT], [ANNA], 0)
    read = world.send("PUT", url, data={"chat_dialog_id": DIALOG, "read": "1"}, headers={"QB-Token": TOKEN})
    assert (read.status_code, read.content) == (200, b"")
    assert (message.delivered_ids, message.read_ids, message.read) == ([ANNA, BERT], [ANNA, BERT], 1)


@pytest.mark.parametrize(
    "kwargs",
    [{"json": {"read": "1"}}, {"json": {"read": 1}}, {"data": {"read": "1"}}, {"params": {"read": 1}}],
    ids=repr,
)
def test_reading_lowers_the_unread_count_once(api: Api, four: str, kwargs: Any) -> None:
    [(encoding, params)] = kwargs.items()
    for _ in range(2):
        path = f"Message/{api.fake.messages[0].id}"
        assert answer(api("PUT", path, by=BERT, **{encoding: {"chat_dialog_id": four, **params}})) == (200, "")
        assert api("GET", "Message/unread", by=BERT).json() == {"total": 2}
    assert api.fake.messages[0].read == 0


@pytest.mark.parametrize("kwargs", [{"json": {"read": 0}}, {"json": {"read": "0"}}, {"data": {"read": "0"}}], ids=repr)
@pytest.mark.parametrize("type", [GROUP, PRIVATE])
def test_a_message_becomes_unread_again(api: Api, type: int, kwargs: Any) -> None:
    [(encoding, params)] = kwargs.items()
    dialog_id = dialog(api, type)
    message = api.fake.add_message(dialog_id, ANNA, "hi")
    api("GET", "Message", by=BERT, params={"chat_dialog_id": dialog_id})
    for _ in range(2):
        api("PUT", f"Message/{message.id}", by=BERT, **{encoding: {"chat_dialog_id": dialog_id, **params}})
        assert (message.read_ids, message.delivered_ids, message.read) == ([ANNA], [ANNA, BERT], 0)
        assert api("GET", "Message/unread", by=BERT).json() == {"total": 1}
        assert api("GET", f"Dialog/{dialog_id}", by=BERT).json()["unread_messages_count"] == 1


def test_a_sender_who_marks_a_message_unread_changes_no_count(api: Api) -> None:
    dialog_id = dialog(api, PRIVATE)
    message = api.fake.add_message(dialog_id, ANNA, "hi")
    api("GET", "Message", by=BERT, params={"chat_dialog_id": dialog_id})
    api("PUT", f"Message/{message.id}", json={"chat_dialog_id": dialog_id, "read": 0})
    assert (message.read_ids, message.read) == ([ANNA, BERT], 1)
    assert [api("GET", "Message/unread", by=user).json() for user in (ANNA, BERT)] == [{"total": 0}] * 2


def test_several_messages_are_marked_at_once_or_none(api: Api, four: str) -> None:
    one, two, three, last = api.fake.messages
    assert answer(
        api("PUT", f"Message/{one.id}, {last.id.upper()}", by=BERT, json={"chat_dialog_id": four, "read": 1})
    ) == (200, "")
    assert [BERT in message.read_ids for message in (one, two, three, last)] == [True, True, False, True]
    refused = api("PUT", f"Message/{three.id},5d75", by=BERT, json={"chat_dialog_id": four, "read": 1})
    assert answer(refused) == (404, NOT_FOUND)
    assert three.read_ids == [CLEO]


def test_an_update_without_an_id_marks_all_messages_of_the_dialog(api: Api, four: str) -> None:
    elsewhere = api.fake.add_message(dialog(api), ANNA, "elsewhere")
    hidden = api.fake.messages[0]
    api("DELETE", f"Message/{hidden.id}", by=BERT)
    assert answer(api("PUT", "Message", by=BERT, json={"chat_dialog_id": four, "read": 1, "delivered": 1})) == (200, "")
    assert [BERT in message.read_ids for message in api.fake.messages] == [False, True, True, True, False]
    assert [BERT in message.delivered_ids for message in api.fake.messages] == [False, True, True, True, False]
    assert api("GET", "Message/unread", by=BERT, params={"chat_dialog_ids": four}).json() == {"total": 0, four: 0}
    assert elsewhere.read_ids == [ANNA]


def test_the_sender_changes_the_text_and_the_dialog_shows_it(api: Api) -> None:
    with freeze_time("2019-09-09 20:00:00"):
        dialog_id = dialog(api)
        first, last = (api.fake.add_message(dialog_id, ANNA, text) for text in ("one", "two"))
        before = listed(api, dialog_id)
        with freeze_time("2019-09-09 20:30:00"):
            assert answer(api("PUT", f"Message/{last.id}", json={"chat_dialog_id": dialog_id, "message": "2"})) == (
                200,
                "",
            )
        assert listed(api, dialog_id) == [before[0], before[1] | {"message": "2", "updated_at": "2019-09-09T20:30:00Z"}]
        assert api("GET", f"Dialog/{dialog_id}").json()["last_message"] == "2"
        api("PUT", f"Message/{first.id}", data={"chat_dialog_id": dialog_id, "message": ""})
        assert [item["message"] for item in listed(api, dialog_id)] == ["", "2"]
        assert api("GET", f"Dialog/{dialog_id}", by=BERT).json()["last_message"] == "2"


@pytest.mark.parametrize("several", [False, True])
def test_a_change_of_a_text_by_anybody_but_its_sender_is_refused(api: Api, four: str, several: bool) -> None:
    path = "Message" if several else f"Message/{api.fake.messages[1].id}"
    response = api("PUT", path, json={"chat_dialog_id": four, "message": "mine", "read": 1})
    assert answer(response) == (403, NO_PERMISSION)
    assert (
        api.fake.calls.one().reason
        == f"user 10 may not change the text of message {api.fake.messages[1].id}; its sender is 20"
    )
    assert [message.message for message in api.fake.messages] == ALL
    assert api.fake.messages[1].read_ids == [BERT]


def test_several_messages_of_ones_own_may_get_one_text(api: Api, four: str) -> None:
    ids = f"{api.fake.messages[0].id},{api.fake.messages[3].id}"
    api("PUT", f"Message/{ids}", json={"chat_dialog_id": four, "message": "same"})
    assert [message.message for message in api.fake.messages] == ["same", "two", "three", "same"]


@pytest.mark.parametrize("ids", ["5d75", ",", UNKNOWN])
def test_a_missing_message_is_not_updated(api: Api, four: str, ids: str) -> None:
    assert answer(api("PUT", f"Message/{ids}", json={"chat_dialog_id": four, "read": 1})) == (404, NOT_FOUND)
    assert api.fake.calls.one().reason


def test_a_message_of_another_dialog_is_not_found(api: Api, four: str) -> None:
    elsewhere = api.fake.add_message(dialog(api), BERT, "elsewhere")
    assert answer(api("PUT", f"Message/{elsewhere.id}", json={"chat_dialog_id": four, "read": 1})) == (404, NOT_FOUND)
    assert api.fake.calls.one().reason == f"message {elsewhere.id} is not in dialog {four}"
    assert elsewhere.read_ids == [BERT]


@pytest.mark.parametrize("name", ["read", "delivered"])
@pytest.mark.parametrize("value", [True, "true", 2, "yes"], ids=repr)
def test_another_value_of_a_mark_changes_nothing_and_warns(api: Api, four: str, name: str, value: Any) -> None:
    with pytest.warns(QuickBloxWarning, match=f"{name}: {json.dumps(value)} was sent .* the number 1; write {name}=1"):
        response = api("PUT", "Message", by=BERT, json={"chat_dialog_id": four, name: value})
    assert answer(response) == (200, "")
    assert [BERT in message.read_ids + message.delivered_ids for message in api.fake.messages] == [
        False,
        True,
        False,
        False,
    ]


def test_read_false_does_not_mark_a_message_unread(api: Api, four: str) -> None:
    with pytest.warns(QuickBloxWarning, match="read: false was sent"):
        api("PUT", "Message", by=BERT, json={"chat_dialog_id": four, "read": False})
    assert api.fake.messages[1].read_ids == [BERT]


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
def test_an_update_of_nothing_warns(api: Api, four: str) -> None:
    with pytest.warns(
        QuickBloxWarning, match="the update changes nothing, since it has neither read nor delivered nor message"
    ):
        assert answer(api("PUT", "Message", json={"chat_dialog_id": four, "note": "new"})) == (200, "")


# --- DELETE /chat/Message/{ids}.json ---


def deleted(done: list[str] | None = None, missing: list[str] | None = None, forbidden: list[str] | None = None) -> Any:
    lists = {"SuccessfullyDeleted": done, "NotFound": missing, "WrongPermissions": forbidden}
    return {name: {"ids": ids} for name, ids in lists.items() if ids}


def test_a_message_is_deleted_for_the_caller_alone(world: World) -> None:
    world.fake.add_session(TOKEN, ANNA)
    world.fake.add_dialog(DIALOG, occupants_ids=[ANNA, BERT])
    message = world.fake.add_message(DIALOG, BERT, "hi")
    url = f"{HOST}/chat/Message/{message.id}.json"

    first, second = (world.send("DELETE", url, headers={"QB-Token": TOKEN}) for _ in range(2))

    assert answer(first) == (200, deleted([message.id]))
    assert answer(second) == (404, NOT_FOUND)
    assert message._hidden_from == (ANNA,)
    assert world.fake.messages == [message]
    assert world.fake.dialogs.one().unread_by(ANNA) == 0


def test_deleting_an_unread_message_lowers_the_count_and_marking_it_does_not_again(api: Api, four: str) -> None:
    one = api.fake.messages[0]
    assert api("GET", "Message/unread", by=BERT).json() == {"total": 3}
    api("DELETE", f"Message/{one.id}", by=BERT)
    assert api("GET", "Message/unread", by=BERT).json() == {"total": 2}
    api("DELETE", f"Message/{one.id}", params={"force": 1})
    assert [api("GET", "Message/unread", by=user).json()["total"] for user in (ANNA, BERT, CLEO)] == [2, 2, 2]


@pytest.mark.parametrize(
    "kwargs",
    [{"params": {"force": 1}}, {"json": {"force": 1}}, {"json": {"force": "1"}}, {"data": {"force": 1}}],
    ids=repr,
)
def test_the_sender_deletes_a_message_for_everyone(api: Api, four: str, kwargs: Any) -> None:
    two = api.fake.messages[1]
    assert answer(api("DELETE", f"Message/{two.id}", by=BERT, **kwargs)) == (200, deleted([two.id]))
    for user in (ANNA, BERT, CLEO):
        assert [item["message"] for item in listed(api, four, by=user)] == ["one", "three", "four"]
        assert answer(api("GET", f"Message/{two.id}", by=user)) == (404, NOT_FOUND)
    assert [api("GET", "Message/unread", by=user).json()["total"] for user in (ANNA, BERT, CLEO)] == [1, 3, 2]


def test_force_under_a_json_label_is_read_as_the_form_it_is(api: Api, four: str) -> None:
    headers = token_of(ANNA) | {"Content-Type": "application/json"}
    url = f"{HOST}/chat/Message/{api.fake.messages[0].id}.json"
    assert httpx.request("DELETE", url, content=b"force=1", headers=headers, verify=TLS).status_code == 200
    assert [message.message for message in api.fake.messages] == ["two", "three", "four"]


def test_the_owner_of_the_dialog_deletes_the_messages_of_others(api: Api, four: str) -> None:
    two, three = api.fake.messages[1:3]
    assert answer(api("DELETE", f"Message/{two.id}", params={"force": 1})) == (200, deleted([two.id]))
    api.fake.assume(owner_deletes_messages=False)
    assert answer(api("DELETE", f"Message/{three.id}", params={"force": 1})) == (403, NO_PERMISSION)
    assert api("DELETE", f"Message/{three.id}", by=CLEO, params={"force": 1}).status_code == 200


@pytest.mark.parametrize("force", [0, 1])
def test_a_deletion_by_a_stranger_is_refused(api: Api, four: str, force: int) -> None:
    one = api.fake.messages[0]
    assert answer(api("DELETE", f"Message/{one.id}", by=DORA, params={"force": force})) == (403, NO_PERMISSION)
    assert "user 40 is not among the occupants" in api.fake.calls.one().reason
    assert len(api.fake.messages) == 4


def test_other_occupants_delete_for_themselves_alone(api: Api, four: str) -> None:
    one = api.fake.messages[0]
    assert answer(api("DELETE", f"Message/{one.id}", by=BERT, params={"force": 1})) == (403, NO_PERMISSION)
    assert api.fake.calls.one().reason == f"user 20 neither sent message {one.id} nor owns its dialog"
    with pytest.warns(QuickBloxWarning, match='force: "true" was sent'):
        assert api("DELETE", f"Message/{one.id}", by=BERT, params={"force": "true"}).status_code == 200
    assert len(api.fake.messages) == 4


def test_anybody_deletes_a_public_message_for_themselves(api: Api) -> None:
    dialog_id = dialog(api, PUBLIC)
    message = api.fake.add_message(dialog_id, ANNA, "news")
    assert answer(api("DELETE", f"Message/{message.id}", by=DORA)) == (200, deleted([message.id]))
    assert (listed(api, dialog_id, by=DORA), len(listed(api, dialog_id, by=BERT))) == ([], 1)
    assert answer(api("DELETE", f"Message/{message.id}", by=BERT, params={"force": 1})) == (403, NO_PERMISSION)


def test_a_user_who_deletes_a_message_of_an_adopted_dialog_becomes_an_occupant(api: Api) -> None:
    posted = api("POST", "Message", json={"chat_dialog_id": UNKNOWN}).json()
    assert answer(api("DELETE", f"Message/{posted['_id']}", by=BERT)) == (200, deleted([posted["_id"]]))
    assert api.fake.dialogs.one().occupants_ids == [ANNA, BERT]


@pytest.mark.parametrize("params", [{}, {"force": 1}], ids=repr)
def test_an_api_key_alone_deletes_for_everyone_with_force_or_without(api: Api, four: str, params: Any) -> None:
    ids = f"{api.fake.messages[0].id},{api.fake.messages[1].id}"
    with httpx.Client(verify=TLS, headers={"Authorization": "ApiKey made-up-key"}) as client:
        response = client.delete(f"{HOST}/chat/Message/{ids}.json", params=params)
        missing = client.delete(f"{HOST}/chat/Message/{ids}.json", params=params)
    assert answer(response) == (200, deleted(ids.split(",")))
    assert answer(missing) == (404, NOT_FOUND)
    assert [message.message for message in api.fake.messages] == ["three", "four"]


def test_a_late_message_is_listed_in_the_order_of_time_after_a_deletion(api: Api) -> None:
    dialog_id = dialog(api)
    with at(1000):
        deleted_one, kept = (api.fake.add_message(dialog_id, ANNA, text) for text in ("one", "two"))
    api("DELETE", f"Message/{deleted_one.id}")
    assert texts(api("GET", "Message", params={"chat_dialog_id": dialog_id})) == ["two"]
    for seconds, text in ((2000, "four"), (1500, "three"), (500, "zero")):
        with at(seconds):
            api.fake.add_message(dialog_id, BERT, text)
        listed_texts = texts(api("GET", "Message", params={"chat_dialog_id": dialog_id, "mark_as_read": 0}))
        assert text in listed_texts
    assert listed_texts == ["zero", "two", "three", "four"]
    assert kept.chat_dialog_id == dialog_id


def test_a_message_deleted_for_oneself_can_be_deleted_for_everyone(api: Api, four: str) -> None:
    one = api.fake.messages[0]
    for params in ({}, {"force": 1}):
        assert answer(api("DELETE", f"Message/{one.id},{one.id}", params=params)) == (200, deleted([one.id]))
    assert one not in list(api.fake.messages)


def test_an_api_key_deletes_for_the_user_that_it_acts_for(api: Api, four: str) -> None:
    two = api.fake.messages[1]
    headers = {"Authorization": "ApiKey made-up-key", "On-Behalf-Of": str(CLEO)}
    with httpx.Client(verify=TLS, headers=headers) as client:
        forced = client.delete(f"{HOST}/chat/Message/{two.id}.json", params={"force": 1})
        softly = client.delete(f"{HOST}/chat/Message/{two.id}.json")
    assert (answer(forced), answer(softly)) == ((403, NO_PERMISSION), (200, deleted([two.id])))
    assert two._hidden_from == (CLEO,)


def test_a_deletion_of_several_messages_answers_with_up_to_three_lists(api: Api, four: str) -> None:
    one, two, three, _ = (message.id for message in api.fake.messages)
    foreign = api.fake.add_message(dialog(api, GROUP, CLEO), ANNA, "foreign").id
    reply = api("DELETE", f"Message/{two}, {one},123_not_existent,{foreign}", by=BERT, params={"force": 1})
    assert answer(reply) == (200, deleted([two], ["123_not_existent"], [one, foreign]))
    assert list(reply.json()) == ["SuccessfullyDeleted", "NotFound", "WrongPermissions"]
    assert answer(api("DELETE", f"Message/{one.upper()},{three}", by=BERT)) == (200, deleted([one.upper(), three]))
    assert answer(api("DELETE", f"Message/{one},{two}", by=BERT)) == (404, NOT_FOUND)
    assert answer(api("DELETE", f"Message/{foreign},{two}", by=BERT)) == (403, NO_PERMISSION)
    assert answer(api("DELETE", "Message/123_not_existent")) == (404, NOT_FOUND)
    assert answer(api("DELETE", "Message/,")) == (404, NOT_FOUND)


def test_deleting_the_last_message_makes_the_previous_one_the_last(api: Api, four: str) -> None:
    def last() -> list[Any]:
        shown = api("GET", f"Dialog/{four}").json()
        names = ("last_message", "last_message_id", "last_message_date_sent", "last_message_user_id")
        return [shown[name] for name in names]

    one, two, three, fourth = api.fake.messages
    assert last() == ["four", fourth.id, 300, ANNA]
    for message, left in (
        (fourth, ["three", three.id, 200, CLEO]),
        (two, ["three", three.id, 200, CLEO]),
        (three, ["one", one.id, 100, ANNA]),
        (one, [None] * 4),
    ):
        api("DELETE", f"Message/{message.id}", params={"force": 1})
        assert last() == left


def test_a_message_deleted_for_everyone_stays_in_the_inboxes(api: Api) -> None:
    posted = api("POST", "Message", json={"recipient_id": BERT, "message": "hi", "send_to_chat": 1}).json()
    api("DELETE", f"Message/{posted['_id']}", params={"force": 1})
    assert api.fake.inbox(BERT).one().message == "hi"
    assert len(api.fake.messages) == 0


# --- GET /chat/Message/unread.json ---


def test_unread_messages_are_counted_by_dialog(world: World) -> None:
    world.fake.add_session(TOKEN, BERT)
    one, two, three = (world.fake.add_dialog(occupants_ids=[ANNA, BERT]).id for _ in range(3))
    for dialog_id in (one, one, two):
        world.fake.add_message(dialog_id, ANNA, "hi")
    url = f"{HOST}/chat/Message/unread.json"

    def unread(**kwargs: Any) -> Any:
        return answer(world.send("GET", url, headers={"QB-Token": TOKEN}, **kwargs))

    assert unread() == (200, {"total": 3})
    expected = (200, {"total": 2, one: 2, three: 0})
    for kwargs in (
        {"params": {"chat_dialog_ids": f"{one},{three}"}},
        {"params": {"chat_dialog_ids": f"{one}, {three}"}},
        {"params": {"chat_dialog_ids[]": [one, three]}},
        {"json": {"chat_dialog_ids": [one, three]}},
        {"json": {"chat_dialog_ids": f"{one},{three}"}},
        {"data": {"chat_dialog_ids": f"{one},{three}"}},
    ):
        assert unread(**kwargs) == expected


def test_the_total_comes_first_and_the_ids_as_they_were_sent(api: Api, four: str) -> None:
    reply = api("GET", "Message/unread", by=BERT, params={"chat_dialog_ids": f"{four.upper()},5d75"})
    assert reply.text == f'{{"total":3,"{four.upper()}":3,"5d75":0}}'


def test_a_dialog_that_is_named_twice_counts_once(api: Api, four: str) -> None:
    ids = f"{four},{four.upper()},{four}"
    reply = api("GET", "Message/unread", by=BERT, params={"chat_dialog_ids": ids}).json()
    assert reply == {"total": 3, four: 3, four.upper(): 3}


def test_a_message_that_a_user_does_not_see_is_not_counted_as_unread(api: Api) -> None:
    foreign, public, left = dialog(api, GROUP, CLEO), dialog(api, PUBLIC), dialog(api)
    for dialog_id in (foreign, public, left):
        api("POST", "Message", json={"chat_dialog_id": dialog_id})
    api("PUT", f"Dialog/{left}", by=BERT, json={"pull_all": {"occupants_ids": [BERT]}})
    ids = [foreign, public, left, UNKNOWN]
    reply = api("GET", "Message/unread", by=BERT, params={"chat_dialog_ids": ",".join(ids)}).json()
    assert reply == {"total": 0} | dict.fromkeys(ids, 0)
    assert api("GET", "Message/unread", by=BERT, params={"chat_dialog_ids": ""}).json() == {"total": 0}
    assert len(api.fake.dialogs) == 3


def test_an_edited_message_is_not_unread_again(api: Api, four: str) -> None:
    api("GET", "Message", by=BERT, params={"chat_dialog_id": four})
    api("PUT", f"Message/{api.fake.messages[0].id}", json={"chat_dialog_id": four, "message": "new"})
    assert api("GET", "Message/unread", by=BERT).json() == {"total": 0}


def test_messages_for_the_history_may_be_assumed_not_to_count_as_unread(api: Api) -> None:
    api.fake.assume(history_counts_as_unread=False)
    dialog_id = dialog(api)
    for params in ({}, {"send_to_chat": 0}, {"send_to_chat": 1}):
        api("POST", "Message", json={"chat_dialog_id": dialog_id, **params})
    assert api("GET", "Message/unread", by=BERT).json() == {"total": 1}
    assert api.fake.inbox(BERT).one().delivered_to == (BERT,)
    api("GET", "Message", by=BERT, params={"chat_dialog_id": dialog_id})
    api("PUT", "Message", by=BERT, json={"chat_dialog_id": dialog_id, "read": 0})
    assert api("GET", "Message/unread", by=BERT).json() == {"total": 1}


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
@settings(max_examples=sized(15, 60))
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["post", "list", "read", "unread", "delete", "force"]),
            st.sampled_from([ANNA, BERT, CLEO]),
            st.integers(0, 5),
        ),
        max_size=30,
    )
)
def test_unread_counts_agree_with_the_messages_whatever_was_done(steps: list[tuple[str, int, int]]) -> None:
    with httpx.Client(transport=QuickBloxTransport(fake := FakeQuickBlox())) as client:
        api = Api(fake, client)
        fake.add_dialog(UNKNOWN, occupants_ids=[ANNA, BERT, CLEO])
        for step, user, number in steps:
            ids = [message.id for message in fake.messages]
            path = f"Message/{ids[number % len(ids)]}" if ids else "Message"
            method, path, params = {
                "post": ("POST", "Message", {}),
                "list": ("GET", "Message", {"limit": number}),
                "read": ("PUT", path, {"read": 1}),
                "unread": ("PUT", path, {"read": 0}),
                "delete": ("DELETE", path, {}),
                "force": ("DELETE", path, {"force": 1}),
            }[step]
            if method != "DELETE" or ids:
                api(method, path, by=user, json={"chat_dialog_id": UNKNOWN, **params})
        for user in (ANNA, BERT, CLEO):
            seen = [item for item in listed(api, UNKNOWN, by=user) if item["sender_id"] != user]
            expected = sum(user not in item["read_ids"] for item in seen)
            assert api("GET", "Message/unread", by=user).json() == {"total": expected}
