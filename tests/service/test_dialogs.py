"""/chat/Dialog as QuickBlox documents it and as it was observed."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from support.chat_api import (
    ANNA,
    BERT,
    CLEO,
    DORA,
    HOST,
    NAMES,
    NEED_USER,
    NO_PERMISSION,
    NOT_FOUND,
    ROOM,
    UNKNOWN,
    Api,
    answer,
    at,
    token_of,
)
from support.clock import freeze_time
from support.ways import TLS, TOKEN, World

from pytest_qbchat import FakeQuickBlox, QuickBloxWarning
from pytest_qbchat.service.routes import ROUTES

KEYS = [
    "_id", "created_at", "is_joinable", "last_message", "last_message_date_sent", "last_message_id",
    "last_message_user_id", "name", "occupants_ids", "photo", "type", "updated_at", "user_id", "xmpp_room_jid",
    "unread_messages_count",
]  # fmt: skip
PUBLIC, GROUP, PRIVATE = 1, 2, 3
INCORRECT = {"errors": ["Incorrect occupant_id"]}
NO_OCCUPANTS = {"errors": ["Occupants with these IDs do not exist."]}
NO_OPPONENT = {"errors": ["Occupants_ids is missing opponent ID."]}
TOO_MANY = {"errors": ["Too many occupants for Private Dialog."]}
BAD_ADMINS = {"errors": ['Incorrect format for parameter "admin_ids".']}
NO_ADMINS = {"errors": ['Users with these IDs for "admin_ids" do not exist.']}
NOT_YOUR_ADMINS = {"errors": ['You don\'t have appropriate permissions to modify or delete "admin_ids".']}


def field_error(**fields: str) -> dict[str, Any]:
    return {"errors": {name: [text] for name, text in fields.items()}}


def groups(done: list[Any], missing: list[Any], forbidden: list[Any]) -> Any:
    return {"SuccessfullyDeleted": {"ids": done}, "NotFound": {"ids": missing}, "WrongPermissions": {"ids": forbidden}}


NOT_JOINABLE = field_error(is_joinable="is not allowed for this type of dialog")


def create(api: Api, *, by: int = ANNA, **params: Any) -> dict[str, Any]:
    """A new dialog, as the reply shows it."""
    response = api("POST", "Dialog", by=by, json={"type": GROUP, "name": "Team", **params})
    assert response.status_code == 201, response.text
    return response.json()


# --- who may call at all ---


@pytest.mark.filterwarnings("ignore:chat_dialog_id. is ignored")
@pytest.mark.parametrize("route", [route for route in ROUTES if route.path.startswith("/chat/")], ids=str)
def test_every_route_of_the_chat_needs_a_user(qbchat: FakeQuickBlox, api: Api, route: Any) -> None:
    qbchat.add_session("made-up-token-of-nobody", None)
    message = qbchat.add_message(qbchat.add_dialog(occupants_ids=[ANNA]), ANNA)
    path = route.path.format(id=message.id, ids=message.id)

    with httpx.Client(verify=TLS, headers={"QB-Token": "made-up-token-of-nobody"}) as client:
        refused = client.request(route.method, f"{HOST}{path}.json", params={"chat_dialog_id": message.chat_dialog_id})
        qbchat.assume(need_user_status=403)
        otherwise = client.request(route.method, f"{HOST}{path}.json")

    assert answer(refused) == (422, NEED_USER)
    assert answer(otherwise) == (403, NEED_USER)
    assert "application session" in qbchat.calls.last.reason
    assert qbchat.messages == [message]


# --- POST /chat/Dialog.json ---


@freeze_time("2019-09-08 17:24:11")
def test_a_new_group_is_the_bare_dialog(world: World) -> None:
    world.fake.add_session(TOKEN, ANNA)
    response = world.post(
        {"type": 2, "name": "Team", "occupants_ids": "30,20", "photo": "68123"}, url=f"{HOST}/chat/Dialog.json"
    )

    reply = response.json()
    assert response.status_code == 201
    assert list(reply) == KEYS
    assert reply == {
        "_id": world.fake.dialogs.one().id,
        "created_at": "2019-09-08T17:24:11Z",
        "is_joinable": 1,
        "last_message": None,
        "last_message_date_sent": None,
        "last_message_id": None,
        "last_message_user_id": None,
        "name": "Team",
        "occupants_ids": [10, 20, 30],
        "photo": "68123",
        "type": 2,
        "updated_at": "2019-09-08T17:24:11Z",
        "user_id": 10,
        "xmpp_room_jid": ROOM.format(reply["_id"]),
        "unread_messages_count": 0,
    }
    assert int(reply["_id"][:8], 16) == world.fake.dialogs.one().created


@pytest.mark.parametrize(
    ("kwargs", "occupants"),
    [
        ({"json": {"occupants_ids": "20,30"}}, [10, 20, 30]),
        ({"json": {"occupants_ids": "30, 20"}}, [10, 20, 30]),
        ({"json": {"occupants_ids": " 20 ,, 20"}}, [10, 20]),
        ({"json": {"occupants_ids": 20}}, [10, 20]),
        ({"json": {"occupants_ids": "20"}}, [10, 20]),
        ({"json": {"occupants_ids": [30, "20", 30]}}, [10, 20, 30]),
        ({"json": {"occupants_ids": [10, 20]}}, [10, 20]),
        ({"json": {"occupants_ids": []}}, [10]),
        ({"json": {"occupants_ids": ""}}, [10]),
        ({"json": {"occupants_ids": None}}, [10]),
        ({"json": {}}, [10]),
        ({"data": {"occupants_ids": "20,30"}}, [10, 20, 30]),
        ({"data": {"occupants_ids[]": ["20", "30"]}}, [10, 20, 30]),
        ({"params": {"occupants_ids": "20, 30"}}, [10, 20, 30]),
        ({"params": {"occupants_ids[]": [20, 30]}}, [10, 20, 30]),
    ],
    ids=repr,
)
def test_occupants_are_given_in_any_of_these_ways(api: Api, kwargs: dict[str, Any], occupants: list[int]) -> None:
    [(encoding, params)] = kwargs.items()
    response = api("POST", "Dialog", **{encoding: {"type": "2", "name": "Team", **params}})
    assert (response.status_code, response.json()["occupants_ids"]) == (201, occupants)


def test_an_unknown_occupant_is_adopted(api: Api) -> None:
    assert create(api, occupants_ids=[77])["occupants_ids"] == [10, 77]
    assert api.fake.users.last.id == 77
    assert api.fake.users.last.adopted


@pytest.mark.parametrize(
    ("params", "status", "body"),
    [
        ({}, 422, field_error(type="is required")),
        ({"type": None}, 422, field_error(type="is required")),
        ({"type": 4}, 422, field_error(type="is not included in the list")),
        ({"type": "group"}, 422, field_error(type="is not included in the list")),
        ({"type": True}, 422, field_error(type="is not included in the list")),
        ({"type": 2}, 422, field_error(name="is required")),
        ({"type": 2, "name": ""}, 422, field_error(name="is required")),
        ({"type": 2, "name": 7}, 422, field_error(name="must be a string")),
        ({"type": 1, "occupants_ids": "20"}, 422, field_error(name="is required")),
        ({"type": 2, "name": "n" * 201}, 422, field_error(name="is too long (maximum is 200 characters)")),
        ({"type": 2, "name": "Team", "occupants_ids": "20,bert"}, 422, INCORRECT),
        ({"type": 2, "name": "Team", "occupants_ids": [True]}, 422, INCORRECT),
        ({"type": 2, "name": "Team", "occupants_ids": {"0": 20}}, 422, INCORRECT),
        ({"type": 2, "name": "Team", "occupants_ids": [None]}, 422, INCORRECT),
        ({"type": 3}, 422, NO_OPPONENT),
        ({"type": 3, "occupants_ids": [10]}, 422, NO_OPPONENT),
        ({"type": 3, "occupants_ids": [20, 30]}, 422, TOO_MANY),
        ({"type": 3, "occupants_ids": [10, 20, 30]}, 422, TOO_MANY),
        ({"type": 3, "occupants_ids": "20", "is_joinable": 1}, 422, NOT_JOINABLE),
        ({"type": 1, "name": "News", "is_joinable": 0}, 422, NOT_JOINABLE),
        ({"type": 2, "name": "Team", "admin_ids": "anna"}, 400, BAD_ADMINS),
        ({"type": 2, "name": "Team", "admin_ids": [{}]}, 400, BAD_ADMINS),
        ({"type": 2, "name": "Team", "admin_ids": "77"}, 404, NO_ADMINS),
        ({"type": 2, "name": "Team", "admin_ids": [20]}, 404, NO_ADMINS),
    ],
    ids=lambda value: json.dumps(value)[:70],
)  # fmt: skip
def test_a_dialog_that_does_not_pass_is_refused(api: Api, params: Any, status: int, body: Any) -> None:
    assert answer(api("POST", "Dialog", json=params)) == (status, body)
    assert api.fake.calls.one().reason
    assert len(api.fake.dialogs) == 0


def test_a_name_of_two_hundred_characters_passes(api: Api) -> None:
    assert create(api, name="n" * 200)["name"] == "n" * 200


def test_a_deleted_user_can_not_be_an_occupant(api: Api) -> None:
    with httpx.Client(verify=TLS, headers=token_of(BERT)) as client:
        assert client.delete(f"{HOST}/users/{BERT}.json").status_code == 200
    assert answer(api("POST", "Dialog", json={"type": 3, "occupants_ids": "20"})) == (422, NO_OCCUPANTS)
    assert api.fake.calls.last.reason == "user 20 was deleted"


@pytest.mark.qbchat(strict=True)
def test_strict_mode_adopts_no_occupant(api: Api) -> None:
    assert answer(api("POST", "Dialog", json={"type": 2, "name": "Team", "occupants_ids": "77"})) == (422, NO_OCCUPANTS)
    assert api.fake.calls.one().reason == "unknown user 77 in strict mode; declare it with qbchat.add_user(77)"
    assert create(api, occupants_ids="20")["occupants_ids"] == [10, 20]


def test_a_private_dialog_has_the_name_of_the_other_user_and_no_room(api: Api) -> None:
    reply = create(api, type=PRIVATE, name="ignored", occupants_ids="20", photo="1", data={"class_name": "Order"})
    assert (reply["name"], reply["xmpp_room_jid"], reply["occupants_ids"]) == ("Bert Made-Up", None, [10, 20])
    assert (reply["photo"], reply["data"]) == ("1", {"class_name": "Order"})
    assert api("GET", f"Dialog/{reply['_id']}", by=BERT).json()["name"] == "Anna Made-Up"


def test_an_existing_private_dialog_is_returned_with_its_history(api: Api) -> None:
    first = create(api, type=PRIVATE, occupants_ids="20")
    api.fake.add_message(first["_id"], ANNA, "hi")

    again = create(api, by=BERT, type=PRIVATE, occupants_ids=[10, 20], photo="ignored")

    assert (again["_id"], again["user_id"], again["photo"]) == (first["_id"], ANNA, None)
    assert (again["last_message"], again["unread_messages_count"]) == ("hi", 1)
    api.fake.assume(duplicate_dialog_status=200)
    assert api("POST", "Dialog", json={"type": 3, "occupants_ids": "20"}).status_code == 200
    assert api("POST", "Dialog", json={"type": 3, "occupants_ids": "30"}).status_code == 201


def test_a_message_to_a_user_and_a_private_dialog_with_them_are_one_dialog(api: Api) -> None:
    posted = api("POST", "Message", json={"recipient_id": BERT, "message": "hi"}).json()
    assert create(api, by=BERT, type=PRIVATE, occupants_ids="10")["_id"] == posted["chat_dialog_id"]


@pytest.mark.parametrize(
    ("type", "given", "shown"),
    [(2, 1, 1), (2, "1", 1), (2, 0, 0), (2, "0", 0), (1, 1, 1), (1, "1", 1), (2, None, 1)],
)
def test_is_joinable_is_shown_if_it_was_sent(api: Api, type: int, given: Any, shown: int) -> None:
    reply = create(api, type=type, is_joinable=given)
    assert reply["is_joinable"] == shown
    assert list(reply) == KEYS


def test_a_private_dialog_accepts_is_joinable_0_and_has_no_admins(api: Api) -> None:
    wrong = api("POST", "Dialog", json={"type": 3, "occupants_ids": 20, "admin_ids": "bert"})
    assert answer(wrong) == (400, BAD_ADMINS)
    reply = create(api, type=PRIVATE, occupants_ids=20, is_joinable=0, admin_ids="20")
    assert (reply["is_joinable"], reply["admin_ids"]) == (0, [])


@pytest.mark.parametrize(
    ("given", "shown"),
    [("20,30", [20, 30]), ([30, 20, 30], [20, 30]), (20, [20]), (10, [10]), ("", []), ([], [])],
    ids=repr,
)
def test_admins_are_shown_if_they_were_named(api: Api, given: Any, shown: list[int]) -> None:
    reply = create(api, occupants_ids="20,30", admin_ids=given)
    assert reply["admin_ids"] == shown
    assert list(reply)[:3] == ["_id", "admin_ids", "created_at"]


@pytest.mark.parametrize(
    "kwargs",
    [
        {"json": {"type": 2, "name": "T", "data": {"class_name": "Order", "number": "7"}}},
        {"data": {"type": 2, "name": "T", "data[class_name]": "Order", "data[number]": "7"}},
        {"params": {"type": 2, "name": "T", "data[class_name]": "Order", "data[number]": "7"}},
    ],
    ids=["JSON", "form", "query"],
)
def test_custom_parameters_are_kept(api: Api, kwargs: Any) -> None:
    reply = api("POST", "Dialog", **kwargs).json()
    assert reply["data"] == {"class_name": "Order", "number": "7"}
    assert list(reply)[1:3] == ["created_at", "data"]


@pytest.mark.parametrize("type", [GROUP, PRIVATE])
def test_custom_parameters_that_are_no_object_are_ignored_with_a_warning(api: Api, type: int) -> None:
    with pytest.warns(QuickBloxWarning, match="data: is ignored; 'Order' is not an object"):
        assert "data" not in create(api, type=type, occupants_ids=20, data="Order")
    assert "data" not in create(api, type=GROUP, data={})


@pytest.mark.parametrize(
    ("host", "muc"),
    [
        ("api.quickblox.com", "muc.chat.quickblox.com"),
        ("apishop.quickblox.com", "muc.chatshop.quickblox.com"),
        ("api-shop.quickblox.com", "muc.chat-shop.quickblox.com"),
        ("gateway.shop.example", "muc.chat.quickblox.com"),
    ],
)
@pytest.mark.qbchat(hosts=["gateway.shop.example"])
def test_the_room_is_named_after_application_dialog_and_host(qbchat: FakeQuickBlox, host: str, muc: str) -> None:
    qbchat.add_credentials(application_id=76730)
    reply = httpx.post(
        f"https://{host}/chat/Dialog.json", json={"type": 1, "name": "News"}, headers=token_of(ANNA), verify=TLS
    ).json()
    assert reply["xmpp_room_jid"] == f"76730_{reply['_id']}@{muc}"


# --- GET /chat/Dialog.json ---


@pytest.fixture
def four(api: Api) -> dict[str, str]:
    """Four dialogs that Anna sees, and one of others: the name that she sees by the id."""
    fake = api.fake
    with at(1000):
        alpha = fake.add_dialog(occupants_ids=[ANNA, BERT], name="Alpha")
    with at(2000):
        beta = fake.add_dialog(occupants_ids=[CLEO, ANNA, BERT], name="beta")
    with at(3000):
        bert = fake.add_dialog(occupants_ids=[ANNA, BERT], type=PRIVATE)
    with at(4000):
        gamma = fake.add_dialog(occupants_ids=[DORA], type=PUBLIC, name="Gamma")
        fake.add_dialog(occupants_ids=[BERT, CLEO], name="Others")
    with at(5000):
        fake.add_message(alpha, BERT, "hi")
    return {alpha.id: "Alpha", beta.id: "beta", bert.id: "Bert Made-Up", gamma.id: "Gamma"}


EVERYTHING = ["Alpha", "Gamma", "Bert Made-Up", "beta"]


def names(response: httpx.Response) -> list[str]:
    return [item["name"] for item in response.json()["items"]]


def test_the_list_has_totals_and_the_newest_message_first(api: Api, four: Any) -> None:
    reply = api("GET", "Dialog").json()
    assert list(reply) == ["total_entries", "skip", "limit", "items"]
    assert (reply["total_entries"], reply["skip"], reply["limit"]) == (4, 0, 100)
    assert [item["name"] for item in reply["items"]] == EVERYTHING
    assert all([key for key in KEYS if key != "is_joinable"] == list(item) for item in reply["items"])
    assert [item["unread_messages_count"] for item in reply["items"]] == [1, 0, 0, 0]


def test_everybody_sees_their_own_dialogs_and_the_public_ones(api: Api, four: Any) -> None:
    assert [len(api.ids("Dialog", by=user)) for user in NAMES] == [4, 5, 3, 1]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"type": 2}, ["Alpha", "beta"]),
        ({"type[ne]": 2}, ["Gamma", "Bert Made-Up"]),
        ({"type[in]": "1, 3"}, ["Gamma", "Bert Made-Up"]),
        ({"type[nin]": "1,3"}, ["Alpha", "beta"]),
        ({"created_at": 2000}, ["beta"]),
        ({"created_at[gt]": 2000}, ["Gamma", "Bert Made-Up"]),
        ({"created_at[gte]": 2000}, ["Gamma", "Bert Made-Up", "beta"]),
        ({"created_at[gte]": "2000.25"}, ["Gamma", "Bert Made-Up"]),
        ({"created_at[lt]": 3000}, ["Alpha", "beta"]),
        ({"created_at[lte]": 3000}, ["Alpha", "Bert Made-Up", "beta"]),
        ({"created_at[gte]": 2000, "created_at[lt]": 4000}, ["Bert Made-Up", "beta"]),
        ({"created_at[gt]": 4000, "created_at[lt]": 1000}, []),
        ({"updated_at": 5000}, ["Alpha"]),
        ({"updated_at[gt]": 4000}, ["Alpha"]),
        ({"updated_at[lte]": 2000}, ["beta"]),
        ({"last_message_date_sent": 5000}, ["Alpha"]),
        ({"last_message_date_sent[gte]": 5000}, ["Alpha"]),
        ({"last_message_date_sent[lt]": 9999}, ["Alpha"]),
        ({"last_message_date_sent[gt]": 5000}, []),
        ({"name": "beta"}, ["beta"]),
        ({"name": "bet"}, []),
        ({"name": "Bert Made-Up"}, ["Bert Made-Up"]),
        ({"name[ne]": "beta"}, ["Alpha", "Gamma", "Bert Made-Up"]),
        ({"name[in]": "Alpha,beta"}, ["Alpha", "beta"]),
        ({"name[nin]": "Alpha,beta"}, ["Gamma", "Bert Made-Up"]),
        ({"name[ctn]": "BE"}, ["Bert Made-Up", "beta"]),
        ({"name[ctn]": "made-up", "type": 3}, ["Bert Made-Up"]),
        ({"occupants_ids": 30}, ["beta"]),
        ({"occupants_ids": "20,30"}, ["beta"]),
        ({"occupants_ids": "10, 20", "type": 3}, ["Bert Made-Up"]),
        ({"occupants_ids[all]": "20,10"}, ["Alpha", "Bert Made-Up", "beta"]),
        ({"occupants_ids[in]": "30,40"}, ["beta"]),
        ({"occupants_ids[nin]": "20"}, ["Gamma"]),
        ({"sort_asc": "name"}, ["Alpha", "Bert Made-Up", "Gamma", "beta"]),
        ({"sort_desc": "name"}, ["beta", "Gamma", "Bert Made-Up", "Alpha"]),
        ({"sort_asc": "created_at"}, ["Alpha", "beta", "Bert Made-Up", "Gamma"]),
        ({"sort_desc": "created_at", "limit": 2}, ["Gamma", "Bert Made-Up"]),
        ({"sort_asc": "last_message_date_sent"}, ["Gamma", "Bert Made-Up", "beta", "Alpha"]),
        ({"sort_desc": "last_message_date_sent"}, EVERYTHING),
        ({"sort_asc": "type", "type[ne]": 1}, ["Alpha", "beta", "Bert Made-Up"]),
        ({"limit": 2}, ["Alpha", "Gamma"]),
        ({"limit": "2", "skip": "1"}, ["Gamma", "Bert Made-Up"]),
        ({"limit": 0}, []),
        ({"skip": 3}, ["beta"]),
        ({"skip": 4}, []),
        ({"skip": 10**30}, []),
        ({"type": 2, "skip": 1}, ["beta"]),
    ],
    ids=repr,
)
def test_the_list_is_what_the_query_asks_for(api: Api, four: Any, params: Any, expected: list[str]) -> None:
    assert names(api("GET", "Dialog", params=params)) == expected
    assert names(api("GET", "Dialog", json=unflattened(params))) == expected


def unflattened(params: dict[str, Any]) -> dict[str, Any]:
    """The same query as JSON has it: {"type[ne]": 2} becomes {"type": {"ne": 2}}."""
    nested: dict[str, Any] = {}
    for name, value in params.items():
        field, bracket, operator = name.rstrip("]").partition("[")
        nested[field] = {**nested.get(field, {}), operator: value} if bracket else value
    return nested


@pytest.mark.parametrize("operator", ["", "[in]"])
def test_dialogs_are_found_by_their_ids_in_either_case(api: Api, four: dict[str, str], operator: str) -> None:
    for dialog_id, name in four.items():
        assert names(api("GET", "Dialog", params={f"_id{operator}": dialog_id.upper()})) == [name]
        assert name not in names(api("GET", "Dialog", params={"_id[ne]": dialog_id}))


def test_several_ids_come_in_the_order_of_the_list(api: Api) -> None:
    group, public, other, foreign = (
        create(api, occupants_ids="20")["_id"],
        create(api, type=PUBLIC)["_id"],
        create(api, occupants_ids="20")["_id"],
        create(api, by=CLEO)["_id"],
    )
    everything = f"{group},{foreign},{public},{group},5d76b657a0facade0fffffff,{other}"
    assert api.ids("Dialog", **{"_id[in]": everything}) == [other, public, group]
    assert api.ids("Dialog", **{"_id[in]": everything, "type": PUBLIC}) == [public]
    assert api.ids("Dialog", **{"_id[in]": everything, "sort_asc": "_id", "skip": 1, "limit": 1}) == [public]
    for hidden in (group, public):
        api("DELETE", f"Dialog/{hidden}")
        assert api.ids("Dialog", _id=hidden) == []
    assert api.ids("Dialog", **{"_id[in]": everything}) == [other]


def test_an_array_in_a_json_body_is_read_as_a_comma_list(api: Api, four: Any) -> None:
    assert names(api("GET", "Dialog", json={"occupants_ids": {"all": [20, 30]}})) == ["beta"]
    assert names(api("GET", "Dialog", json={"occupants_ids": [20, 30]})) == ["beta"]
    assert names(api("GET", "Dialog", json={"type": {"in": 3}})) == ["Bert Made-Up"]


@pytest.mark.parametrize(
    ("params", "number"),
    [({}, 4), ({"type": 2}, 2), ({"type": 9}, 0), ({"limit": 1}, 4), ({"limit": 1, "type": 2}, 2)],
)
def test_the_total_is_that_of_all_pages_and_may_come_alone(api: Api, four: Any, params: Any, number: int) -> None:
    assert api("GET", "Dialog", params=params).json()["total_entries"] == number
    assert answer(api("GET", "Dialog", params={**params, "count": 1})) == (200, {"items": {"count": number}})


def test_dialogs_are_filtered_by_custom_parameters(api: Api) -> None:
    seven = create(api, data={"class_name": "Order", "number": 7})["_id"]
    eight = create(api, data={"class_name": "Order", "number": 8})["_id"]
    create(api)
    assert api.ids("Dialog", **{"data[class_name]": "Order"}) == [eight, seven]
    assert api.ids("Dialog", **{"data[class_name]": "Order", "data[number]": "7"}) == [seven]
    assert api.ids("Dialog", **{"data[class_name]": "Order", "data[colour]": "red"}) == []


def test_a_filter_by_data_without_class_name_returns_everything_with_a_warning(api: Api) -> None:
    create(api, data={"class_name": "Order", "number": 7})
    create(api)
    with pytest.warns(QuickBloxWarning, match="data: is ignored without the name of a class"):
        assert len(api.ids("Dialog", **{"data[number]": "8"})) == 2


@pytest.mark.parametrize(
    ("params", "warning"),
    [
        ({"unread_messages_count": 0}, "unread_messages_count: is ignored, .*; omit it, or write one of _id, count"),
        ({"type[exists]": 1}, r"type\[exists\]: is ignored; operators documented for type: in, ne, nin"),
        ({"created_at[ctn]": 1}, r"created_at\[ctn\]: is ignored; operators documented for created_at: gt, gte, lt"),
        ({"created_at[gt]": "yesterday"}, r"created_at: is ignored; 'yesterday' is not a valid value of this field"),
        ({"created_at[gt]": "nan"}, r"created_at: is ignored; 'nan' is not a valid value of this field"),
        ({"created_at[lt]": "inf"}, r"created_at: is ignored; 'inf' is not a valid value of this field"),
        ({"occupants_ids[all]": "10,bert"}, r"occupants_ids: is ignored; '10,bert' is not a valid value"),
        ({"sort_asc": "photo"}, r"sort_asc: is ignored; QuickBlox sorts by _id, created_at"),
        ({"sort_desc[]": "name"}, r"sort_desc: is ignored"),
        ({"limit": "many"}, r"limit: is ignored; 'many' is not a number, 0 or greater"),
        ({"limit": -1}, r"limit: is ignored; '-1' is not a number, 0 or greater"),
        ({"skip": -5}, r"skip: is ignored; '-5' is not a number, 0 or greater"),
        ({"data": "Order"}, r"data: is ignored; 'Order' is not an object"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_query_parameter_without_effect_is_ignored_with_a_warning(
    api: Api, four: Any, params: Any, warning: str
) -> None:
    with pytest.warns(QuickBloxWarning, match=warning):
        reply = api("GET", "Dialog", params=params).json()
    assert [item["name"] for item in reply["items"]] == EVERYTHING
    assert (reply["skip"], reply["limit"]) == (0, 100)


@pytest.mark.parametrize("value", [True, None, [1, "x"], {"a": 1}, 10**400], ids=lambda value: repr(value)[:12])
def test_a_limit_that_is_not_a_number_in_json_is_ignored_with_a_warning(api: Api, four: Any, value: Any) -> None:
    with pytest.warns(QuickBloxWarning, match="created_at: is ignored"):
        assert names(api("GET", "Dialog", json={"created_at": {"gt": value}})) == EVERYTHING


def test_a_limit_above_the_largest_page_is_lowered_with_a_warning(api: Api, four: Any) -> None:
    with pytest.warns(QuickBloxWarning, match="limit: 1001 is more than QuickBlox returns at once"):
        assert api("GET", "Dialog", params={"limit": 1001}).json()["limit"] == 1000
    assert api("GET", "Dialog", params={"limit": 1000}).json()["limit"] == 1000
    api.fake.assume(largest_page=3)
    with pytest.warns(QuickBloxWarning, match=r"\(3, assumed\)"):
        assert names(api("GET", "Dialog", params={"limit": 4})) == EVERYTHING[:3]


def test_a_message_brings_its_dialog_to_the_top(api: Api) -> None:
    first, second = (create(api, occupants_ids="20")["_id"] for _ in range(2))
    public = create(api, type=PUBLIC)["_id"]
    assert api.ids("Dialog", by=BERT) == [public, second, first]
    for dialog_id in (second, first, public, first):
        api("POST", "Message", json={"chat_dialog_id": dialog_id})
        assert api.ids("Dialog", by=BERT)[0] == dialog_id
    assert api.ids("Dialog", by=BERT) == [first, public, second]


def test_a_message_moves_the_dialog_that_the_list_shows(api: Api) -> None:
    with freeze_time("2019-09-08 17:24:11"):
        dialog_id = create(api, occupants_ids="20")["_id"]
        with freeze_time("2019-09-08 18:36:54"):
            posted = api("POST", "Message", json={"chat_dialog_id": dialog_id, "message": "hi"}).json()
            [shown] = api("GET", "Dialog", by=BERT).json()["items"]
    assert (shown["last_message"], shown["last_message_id"]) == ("hi", posted["_id"])
    assert (shown["last_message_date_sent"], shown["last_message_user_id"]) == (posted["date_sent"], ANNA)
    assert (shown["created_at"], shown["updated_at"]) == ("2019-09-08T17:24:11Z", "2019-09-08T18:36:54Z")
    assert shown["unread_messages_count"] == 1


# --- GET /chat/Dialog/{id}.json ---


def test_a_dialog_is_read_by_its_id_in_either_case(world: World) -> None:
    world.fake.add_session(TOKEN, ANNA)
    dialog = world.fake.add_dialog(UNKNOWN, occupants_ids=[ANNA, BERT], name="Team")
    world.fake.add_message(dialog, BERT, "hi")
    for path in (UNKNOWN, f"{UNKNOWN}.json", f"{UNKNOWN.upper()}.json"):
        response = world.send("GET", f"{HOST}/chat/Dialog/{path}", headers={"QB-Token": TOKEN})
        assert response.status_code == 200
        assert list(response.json()) == [key for key in KEYS if key != "is_joinable"]
        assert (response.json()["_id"], response.json()["unread_messages_count"]) == (UNKNOWN, 1)


def test_a_group_is_read_by_its_occupants_and_a_public_dialog_by_everybody(api: Api) -> None:
    group, public = create(api, occupants_ids="20"), create(api, type=PUBLIC, occupants_ids="20")
    assert answer(api("GET", f"Dialog/{group['_id']}", by=CLEO)) == (403, NO_PERMISSION)
    assert answer(api("GET", f"Dialog/{public['_id']}", by=CLEO)) == (200, public)
    assert api.fake.dialogs[1].occupants_ids == [ANNA, BERT]


def test_a_public_dialog_has_an_unread_count_of_zero(api: Api) -> None:
    public = create(api, type=PUBLIC, occupants_ids="20")["_id"]
    api("POST", "Message", json={"chat_dialog_id": public})
    assert api("GET", f"Dialog/{public}", by=BERT).json()["unread_messages_count"] == 0


@pytest.mark.parametrize("dialog_id", ["123_not_existent", "5d75", "5d75327ba28f9a0f32cb0fzz"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "Dialog/{}"), ("PUT", "Dialog/{}"), ("DELETE", "Dialog/{}"), ("GET", "Dialog/{}/notifications")],
)
def test_a_malformed_id_is_not_found(api: Api, method: str, path: str, dialog_id: str) -> None:
    assert answer(api(method, path.format(dialog_id))) == (404, NOT_FOUND)
    assert dialog_id in api.fake.calls.one().reason


# --- adopting ---


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "Dialog/{}", 200),
        ("PUT", "Dialog/{}", 200),
        ("GET", "Dialog/{}/notifications", 200),
        ("GET", "Message?chat_dialog_id={}", 200),
        ("POST", "Message?chat_dialog_id={}", 201),
        ("PUT", "Message?read=1&chat_dialog_id={}", 200),
    ],
)
def test_an_unknown_dialog_is_adopted_by_whichever_call_names_it_first(
    api: Api, method: str, path: str, status: int
) -> None:
    plain, _, query = path.format(UNKNOWN.upper()).partition("?")
    assert api(method, plain, params=query or None).status_code == status
    for dialog in api.fake.dialogs:
        assert (dialog.id, dialog.type, dialog.user_id) == (UNKNOWN, GROUP, ANNA)
    assert len(api.fake.dialogs) == 1


@pytest.mark.parametrize("params", [None, {"force": 1}], ids=str)
def test_an_unknown_dialog_is_not_adopted_to_be_deleted(api: Api, params: Any) -> None:
    assert answer(api("DELETE", f"Dialog/{UNKNOWN}", params=params)) == (404, NOT_FOUND)
    assert api.fake.calls.last.reason == f"there is no dialog {UNKNOWN!r}"
    assert len(api.fake.dialogs) == 0


@pytest.mark.parametrize(("method", "path"), [("GET", "Dialog/{}"), ("DELETE", "Dialog/{}")])
@pytest.mark.qbchat(strict=True)
def test_strict_mode_adopts_no_dialog(api: Api, method: str, path: str) -> None:
    assert answer(api(method, path.format(UNKNOWN))) == (404, NOT_FOUND)
    assert (
        f"unknown dialog {UNKNOWN!r} in strict mode; declare it with qbchat.add_dialog({UNKNOWN!r}, ...)"
        in api.fake.calls.one().reason
    )


def test_whoever_uses_an_adopted_dialog_becomes_an_occupant(api: Api) -> None:
    for user in (ANNA, BERT, CLEO):
        assert api("GET", f"Dialog/{UNKNOWN}", by=user).status_code == 200
    api("PUT", f"Dialog/{UNKNOWN}/notifications", by=DORA, json={"enabled": 0})
    assert api.fake.dialogs.one().occupants_ids == [ANNA, BERT, CLEO, DORA]
    assert api.ids("Dialog", by=DORA) == [UNKNOWN]


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
@pytest.mark.parametrize("seen", [True, False], ids=["seen before", "never seen"])
def test_a_removed_occupant_of_an_adopted_dialog_has_no_access(api: Api, seen: bool) -> None:
    api("GET", f"Dialog/{UNKNOWN}")
    if seen:
        api("GET", f"Dialog/{UNKNOWN}", by=BERT)
    api("PUT", f"Dialog/{UNKNOWN}", json={"pull_all": {"occupants_ids": [BERT]}})
    for method, path in (("GET", f"Dialog/{UNKNOWN}"), ("POST", "Message"), ("GET", "Message")):
        assert answer(api(method, path, by=BERT, params={"chat_dialog_id": UNKNOWN})) == (403, NO_PERMISSION)
    assert api.fake.dialogs.one().occupants_ids == [ANNA]


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"Dialog/{UNKNOWN.upper()}"), ("POST", "Message"), ("GET", "Message"), ("PUT", "Message")],
)
def test_a_destroyed_dialog_is_never_adopted_again(api: Api, method: str, path: str) -> None:
    api("GET", f"Dialog/{UNKNOWN}")
    api("DELETE", f"Dialog/{UNKNOWN}", params={"force": 1})
    assert answer(api(method, path, json={"chat_dialog_id": UNKNOWN})) == (404, NOT_FOUND)
    assert "was deleted for everyone" in api.fake.calls.last.reason
    assert len(api.fake.dialogs) == 0


def test_a_destroyed_dialog_can_be_declared_again(api: Api) -> None:
    api("GET", f"Dialog/{UNKNOWN}")
    api("DELETE", f"Dialog/{UNKNOWN}", params={"force": 1})
    api.fake.add_dialog(UNKNOWN, occupants_ids=[ANNA])
    assert api("GET", f"Dialog/{UNKNOWN}").status_code == 200


# --- PUT /chat/Dialog/{id}.json ---


@pytest.mark.parametrize(
    "kwargs",
    [
        {"json": {"name": "New", "photo": "1", "data": {"number": "8"}}},
        {"data": {"name": "New", "photo": "1", "data[number]": "8"}},
        {"params": {"name": "New", "photo": "1", "data[number]": "8"}},
    ],
    ids=["JSON", "form", "query"],
)
def test_name_photo_and_custom_parameters_are_replaced(api: Api, kwargs: Any) -> None:
    with freeze_time("2019-09-08 17:24:11"):
        before = create(api, occupants_ids="20", data={"class_name": "Order", "number": "7"})
        with freeze_time("2019-09-08 17:30:00"):
            response = api("PUT", f"Dialog/{before['_id']}", by=BERT, **kwargs)
    assert answer(response) == (200, {
        **before,
        "name": "New",
        "photo": "1",
        "data": {"class_name": "Order", "number": "8"},
        "updated_at": "2019-09-08T17:30:00Z",
    })  # fmt: skip
    assert list(response.json()) == list(before)


def test_an_update_keeps_the_fields_that_it_does_not_name(api: Api) -> None:
    before = create(api, occupants_ids="20", photo="1", admin_ids="20", is_joinable=0)
    after = api("PUT", f"Dialog/{before['_id']}", json={}).json()
    assert after | {"updated_at": None} == before | {"updated_at": None}
    with pytest.warns(QuickBloxWarning, match="data: is ignored"):
        assert "data" not in api("PUT", f"Dialog/{before['_id']}", json={"data": "Order"}).json()
    data = {"class_name": "Order", "a": 1}
    assert api("PUT", f"Dialog/{before['_id']}", json={"data": data}).json()["data"] == data
    assert api("PUT", f"Dialog/{before['_id']}", json={"data": {"a": 2}}).json()["data"] == data | {"a": 2}
    assert api("PUT", f"Dialog/{before['_id']}", json={"photo": None}).json()["photo"] is None


def test_an_update_does_not_turn_the_time_of_a_dialog_back(api: Api) -> None:
    with freeze_time("2019-09-08 17:24:11"):
        dialog_id = create(api)["_id"]
        with freeze_time("2019-09-08 17:00:00"):
            assert (
                api("PUT", f"Dialog/{dialog_id}", json={"name": "New"}).json()["updated_at"] == "2019-09-08T17:24:11Z"
            )


@pytest.mark.parametrize("name", ["", None, "n" * 201])
def test_a_group_can_not_lose_its_name(api: Api, name: Any) -> None:
    dialog_id = create(api)["_id"]
    response = api("PUT", f"Dialog/{dialog_id}", json={"name": name, "photo": "1", "push_all": {"occupants_ids": [20]}})
    assert response.status_code == 422
    assert list(response.json()["errors"]) == ["name"]
    dialog = api.fake.dialogs.one()
    assert (dialog.name, dialog.photo, dialog.occupants_ids) == ("Team", None, [ANNA])


def test_a_private_dialog_takes_a_photo_and_no_name(api: Api) -> None:
    dialog_id = create(api, type=PRIVATE, occupants_ids="20")["_id"]
    reply = api("PUT", f"Dialog/{dialog_id}", by=BERT, json={"name": "New", "photo": "1"}).json()
    assert (reply["name"], reply["photo"]) == ("Anna Made-Up", "1")


@pytest.mark.parametrize(
    "kwargs",
    [
        {"json": {"push_all": {"occupants_ids": [30, 40]}}},
        {"json": {"push_all": {"occupants_ids": "30, 40"}}},
        {"data": {"push_all[occupants_ids][]": ["30", "40"]}},
        {"params": {"push_all[occupants_ids][]": ["30", "40"]}},
        {"params": {"push_all[occupants_ids]": "30,40"}, "json": {"name": "New"}},
        {"json": {"push_all": {"occupants_ids": [30, 40, 20]}}},
    ],
    ids=repr,
)
def test_any_occupant_of_a_group_adds_others(api: Api, kwargs: Any) -> None:
    dialog_id = create(api, occupants_ids="20")["_id"]
    reply = api("PUT", f"Dialog/{dialog_id}", by=BERT, **kwargs).json()
    assert reply["occupants_ids"] == [10, 20, 30, 40]
    assert api.ids("Dialog", by=DORA) == [dialog_id]


@pytest.mark.parametrize(
    "kwargs",
    [
        {"json": {"pull_all": {"occupants_ids": [20, 30]}}},
        {"data": {"pull_all[occupants_ids][]": ["20", "30"]}},
        {"params": {"pull_all[occupants_ids][]": [20, 30]}},
    ],
    ids=["JSON", "form", "query"],
)
def test_the_owner_of_a_group_removes_anyone(api: Api, kwargs: Any) -> None:
    dialog_id = create(api, occupants_ids="20,30")["_id"]
    assert api("PUT", f"Dialog/{dialog_id}", **kwargs).json()["occupants_ids"] == [10]
    assert api.ids("Dialog", by=BERT) == []
    assert answer(api("GET", f"Dialog/{dialog_id}", by=BERT)) == (403, NO_PERMISSION)


def test_an_occupant_removes_only_itself(api: Api) -> None:
    dialog_id = create(api, occupants_ids="20,30")["_id"]
    refused = api("PUT", f"Dialog/{dialog_id}", by=BERT, json={"name": "New", "pull_all": {"occupants_ids": [20, 30]}})
    assert answer(refused) == (403, NO_PERMISSION)
    assert api.fake.dialogs.one().name == "Team"
    reply = api("PUT", f"Dialog/{dialog_id}", by=BERT, json={"pull_all": {"occupants_ids": [20]}})
    assert (reply.status_code, reply.json()["occupants_ids"]) == (200, [10, 30])


def test_adding_and_removing_go_together(api: Api) -> None:
    dialog_id = create(api, occupants_ids="20")["_id"]
    change = {"push_all": {"occupants_ids": [30]}, "pull_all": {"occupants_ids": [20]}}
    assert api("PUT", f"Dialog/{dialog_id}", json=change).json()["occupants_ids"] == [10, 30]


def test_a_group_that_its_last_occupant_leaves_is_destroyed(api: Api) -> None:
    dialog_id = create(api)["_id"]
    api("POST", "Message", json={"chat_dialog_id": dialog_id})
    reply = api("PUT", f"Dialog/{dialog_id}", json={"pull_all": {"occupants_ids": [ANNA]}})
    assert (reply.status_code, reply.json()["occupants_ids"]) == (200, [])
    assert (len(api.fake.dialogs), len(api.fake.messages)) == (0, 0)
    assert answer(api("GET", f"Dialog/{dialog_id}")) == (404, NOT_FOUND)


@pytest.mark.parametrize(
    ("change", "status", "body"),
    [
        ({"push_all": {"occupants_ids": [30]}}, 422, TOO_MANY),
        ({"pull_all": {"occupants_ids": [10]}}, 422, TOO_MANY),
        ({"pull_all": {"occupants_ids": [20]}}, 422, TOO_MANY),
    ],
)
def test_a_private_dialog_keeps_its_two_occupants(api: Api, change: Any, status: int, body: Any) -> None:
    dialog_id = create(api, type=PRIVATE, occupants_ids="20")["_id"]
    assert answer(api("PUT", f"Dialog/{dialog_id}", json=change)) == (status, body)
    assert api("PUT", f"Dialog/{dialog_id}", json={"push_all": {"occupants_ids": [10, 20]}}).status_code == 200
    assert create(api, type=PRIVATE, occupants_ids="20")["_id"] == dialog_id


def test_a_public_dialog_is_changed_only_by_its_owner(api: Api) -> None:
    dialog_id = create(api, type=PUBLIC, occupants_ids="20")["_id"]
    for user in (BERT, CLEO):
        assert answer(api("PUT", f"Dialog/{dialog_id}", by=user, json={"name": "New"})) == (403, NO_PERMISSION)
    reply = api("PUT", f"Dialog/{dialog_id}", json={"name": "New", "pull_all": {"occupants_ids": [20]}}).json()
    assert (reply["name"], api.fake.dialogs.one().occupants_ids) == ("New", [10])
    api("PUT", f"Dialog/{dialog_id}", json={"push_all": {"occupants_ids": [30]}})
    assert api.fake.dialogs.one().occupants_ids == [10, 30]


def test_a_public_dialog_shows_no_occupants(api: Api) -> None:
    created = create(api, type=PUBLIC, occupants_ids="20")
    [listed] = api("GET", "Dialog", by=CLEO).json()["items"]
    assert (created["occupants_ids"], listed["occupants_ids"]) == ([], [])
    assert api.ids("Dialog", occupants_ids=20) == []


def test_data_without_class_name_is_lost_with_a_warning(api: Api) -> None:
    with pytest.warns(QuickBloxWarning, match=r"data: is ignored without the name of a class; write data=\{"):
        created = create(api, data={"number": 7})
    assert "data" not in created
    with pytest.warns(QuickBloxWarning, match="data: is ignored without the name of a class"):
        assert "data" not in api("PUT", f"Dialog/{created['_id']}", json={"data": {"number": 7}}).json()


def test_data_that_is_one_json_key_is_ignored_with_a_warning(api: Api) -> None:
    with pytest.warns(QuickBloxWarning, match=r"data\[class_name\]: is ignored, .*; in JSON write data=\{'class_name'"):
        assert "data" not in create(api, **{"data[class_name]": "Order"})


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_unknown_key_of_a_dialog_is_ignored_with_a_warning(api: Api, method: str) -> None:
    path = "Dialog" if method == "POST" else f"Dialog/{create(api)['_id']}"
    body = {"name": "Team", "colour": "red"} | ({"type": GROUP} if method == "POST" else {})
    with pytest.warns(QuickBloxWarning, match="colour: is ignored, since this call has no such parameter; omit it, or"):
        assert "colour" not in api(method, path, json=body).json()


@pytest.mark.parametrize("operator", ["push_all", "pull_all"])
def test_occupants_to_change_are_checked(api: Api, operator: str) -> None:
    dialog_id = create(api, occupants_ids="20")["_id"]
    assert answer(api("PUT", f"Dialog/{dialog_id}", json={operator: {"occupants_ids": ["bert"]}})) == (422, INCORRECT)
    assert answer(api("PUT", f"Dialog/{dialog_id}", json={operator: [1]}))[0] == 200
    assert api.fake.dialogs.one().occupants_ids == [ANNA, BERT]


@pytest.mark.qbchat(strict=True)
def test_strict_mode_adds_no_unknown_user(api: Api) -> None:
    dialog_id = create(api)["_id"]
    assert answer(api("PUT", f"Dialog/{dialog_id}", json={"push_all": {"occupants_ids": [77]}})) == (422, NO_OCCUPANTS)


def test_a_change_by_a_stranger_or_of_a_missing_dialog_is_refused(api: Api) -> None:
    dialog_id = create(api, occupants_ids="20")["_id"]
    assert answer(api("PUT", f"Dialog/{dialog_id}", by=CLEO, json={"name": "New"})) == (403, NO_PERMISSION)
    assert answer(api("PUT", "Dialog/5d75", json={"name": "New"})) == (404, NOT_FOUND)
    assert api.fake.dialogs.one().name == "Team"


def test_the_owner_changes_the_admins(api: Api) -> None:
    dialog_id = create(api, occupants_ids="20,30")["_id"]

    def change(**operators: Any) -> Any:
        return answer(
            api("PUT", f"Dialog/{dialog_id}", json={name: {"admin_ids": ids} for name, ids in operators.items()})
        )

    assert change(push_all=[30, 20])[1]["admin_ids"] == [20, 30]
    assert change(pull_all="20")[1]["admin_ids"] == [30]
    assert change(push_all=[20], pull_all=[30])[1]["admin_ids"] == [20]
    assert change(push_all=["bert"]) == (400, BAD_ADMINS)
    assert change(push_all=[40]) == (404, NO_ADMINS)
    assert change(pull_all=[77]) == (404, NO_ADMINS)
    assert api.fake.dialogs.one().admin_ids == [20]


def test_a_change_of_the_admins_by_another_occupant_is_refused(api: Api) -> None:
    dialog_id = create(api, occupants_ids="20", admin_ids="10")["_id"]
    for operator in ("push_all", "pull_all"):
        response = api("PUT", f"Dialog/{dialog_id}", by=BERT, json={operator: {"admin_ids": [10]}})
        assert answer(response) == (403, NOT_YOUR_ADMINS)
    assert api.fake.dialogs.one().admin_ids == [10]


def test_a_private_dialog_has_no_admins(api: Api) -> None:
    dialog_id = create(api, type=PRIVATE, occupants_ids="20")["_id"]
    reply = answer(api("PUT", f"Dialog/{dialog_id}", json={"push_all": {"admin_ids": [20]}}))
    assert (reply[0], reply[1]["admin_ids"]) == (200, [])


def test_an_admin_that_leaves_is_removed_from_the_admins(api: Api) -> None:
    dialog_id = create(api, occupants_ids="20,30", admin_ids="20,30")["_id"]
    reply = api("PUT", f"Dialog/{dialog_id}", json={"pull_all": {"occupants_ids": [30]}}).json()
    assert reply["admin_ids"] == [20]
    change = {"pull_all": {"occupants_ids": [20], "admin_ids": [20]}}
    assert api("PUT", f"Dialog/{dialog_id}", json=change).json()["admin_ids"] == []


# --- DELETE /chat/Dialog/{ids}.json ---


def test_a_dialog_deleted_for_oneself_is_hidden_until_its_next_message(world: World) -> None:
    world.fake.add_session(TOKEN, ANNA)
    world.fake.add_session("made-up-token-of-bert", BERT)
    world.fake.add_dialog(UNKNOWN, occupants_ids=[ANNA, BERT])
    url = f"{HOST}/chat/Dialog/{UNKNOWN}.json"

    response = world.send("DELETE", url, headers={"QB-Token": TOKEN})

    assert answer(response) == (200, groups([UNKNOWN], [], []))
    assert list(response.json()) == ["SuccessfullyDeleted", "NotFound", "WrongPermissions"]
    seen = [[dialog.id for dialog in world.fake.users[number].dialogs] for number in (0, 1)]
    assert seen == [[], [UNKNOWN]]
    world.post({"chat_dialog_id": UNKNOWN}, token="made-up-token-of-bert")
    assert [dialog.id for dialog in world.fake.users[0].dialogs] == [UNKNOWN]


@pytest.mark.parametrize("type", [PUBLIC, GROUP, PRIVATE])
def test_a_hidden_dialog_is_still_there_for_the_others(api: Api, type: int) -> None:
    other = create(api, type=PUBLIC)["_id"]
    dialog_id = create(api, type=type, occupants_ids="20")["_id"]
    assert answer(api("DELETE", f"Dialog/{dialog_id}")) == (200, groups([dialog_id], [], []))
    assert api.ids("Dialog") == [other]
    assert api("GET", "Dialog").json()["total_entries"] == 1
    assert api.ids("Dialog", by=BERT) == [dialog_id, other]
    assert api("GET", f"Dialog/{dialog_id}").status_code == 200
    api("POST", "Message", by=BERT, json={"chat_dialog_id": dialog_id})
    assert api.ids("Dialog") == [dialog_id, other]


def test_a_message_deleted_from_a_hidden_dialog_lowers_its_unread_count_alone(api: Api) -> None:
    dialog_id = create(api, occupants_ids="20")["_id"]
    message_id = api("POST", "Message", by=BERT, json={"chat_dialog_id": dialog_id}).json()["_id"]
    other = create(api, occupants_ids="20")["_id"]
    api("POST", "Message", by=BERT, json={"chat_dialog_id": other})
    api("DELETE", f"Dialog/{dialog_id}")
    assert api("GET", "Message/unread").json() == {"total": 1}

    api("DELETE", f"Message/{message_id}", by=BERT, params={"force": 1})

    assert api("GET", "Message/unread").json() == {"total": 1}
    assert api("GET", f"Dialog/{dialog_id}").json()["unread_messages_count"] == 0


def test_a_hidden_private_dialog_is_shown_again_when_it_is_opened(api: Api) -> None:
    dialog_id = create(api, type=PRIVATE, occupants_ids="20")["_id"]
    api("DELETE", f"Dialog/{dialog_id}")
    create(api, by=BERT, type=PRIVATE, occupants_ids="10")
    assert api.ids("Dialog") == []
    create(api, type=PRIVATE, occupants_ids="20")
    assert api.ids("Dialog") == [dialog_id]


def test_a_dialog_hidden_by_one_user_can_be_changed(api: Api) -> None:
    dialog_id = create(api, occupants_ids="20")["_id"]
    api("DELETE", f"Dialog/{dialog_id}", by=BERT)
    api("PUT", f"Dialog/{dialog_id}", json={"push_all": {"occupants_ids": [30]}})
    assert api.ids("Dialog", by=BERT) == []
    api("PUT", f"Dialog/{dialog_id}", json={"pull_all": {"occupants_ids": [20]}})
    api("PUT", f"Dialog/{dialog_id}", json={"push_all": {"occupants_ids": [20]}})
    assert api.ids("Dialog", by=BERT) == [dialog_id]


def test_deleting_may_be_assumed_to_leave_a_group(api: Api) -> None:
    api.fake.assume(deleting_leaves_group=True)
    group, private = create(api, occupants_ids="20")["_id"], create(api, type=PRIVATE, occupants_ids="20")["_id"]
    assert api("DELETE", f"Dialog/{group},{private}").json() == groups([group, private], [], [])
    assert answer(api("GET", f"Dialog/{group}")) == (403, NO_PERMISSION)
    assert api("GET", f"Dialog/{private}").status_code == 200
    api("DELETE", f"Dialog/{group}", by=BERT)
    assert [dialog.id for dialog in api.fake.dialogs] == [private]


@pytest.mark.parametrize(
    "kwargs",
    [{"params": {"force": 1}}, {"json": {"force": 1}}, {"json": {"force": "1"}}, {"data": {"force": "1"}}],
    ids=repr,
)
@pytest.mark.parametrize("type", [PUBLIC, GROUP, PRIVATE])
def test_the_owner_deletes_a_dialog_for_everyone(api: Api, type: int, kwargs: Any) -> None:
    dialog_id = create(api, type=type, occupants_ids="20")["_id"]
    api("POST", "Message", json={"chat_dialog_id": dialog_id})
    assert answer(api("DELETE", f"Dialog/{dialog_id}", by=BERT, **kwargs)) == (403, NO_PERMISSION)
    assert answer(api("DELETE", f"Dialog/{dialog_id}", **kwargs)) == (200, groups([dialog_id], [], []))
    assert (len(api.fake.dialogs), len(api.fake.messages)) == (0, 0)
    assert api.ids("Dialog", by=BERT) == []
    assert answer(api("GET", f"Dialog/{dialog_id}")) == (404, NOT_FOUND)
    assert create(api, type=type, occupants_ids="20")["_id"] != dialog_id


def test_force_under_a_json_label_is_read_as_the_form_it_is(api: Api) -> None:
    dialog_id = create(api, occupants_ids="20")["_id"]
    headers = token_of(ANNA) | {"Content-Type": "application/json"}
    httpx.request("DELETE", f"{HOST}/chat/Dialog/{dialog_id}.json", content=b"force=1", headers=headers, verify=TLS)
    assert len(api.fake.dialogs) == 0


def test_another_value_of_force_deletes_for_the_caller_alone_with_a_warning(api: Api) -> None:
    dialog_id = create(api, occupants_ids="20")["_id"]
    with pytest.warns(QuickBloxWarning, match='force: "true" was sent where QuickBlox documents the number 1'):
        api("DELETE", f"Dialog/{dialog_id}", params={"force": "true"})
    assert api("DELETE", f"Dialog/{dialog_id}", params={"force": 0}).status_code == 200
    assert api.ids("Dialog", by=BERT) == [dialog_id]


def test_a_deletion_of_several_dialogs_answers_with_three_lists(api: Api) -> None:
    mine, theirs = create(api, occupants_ids="20")["_id"], create(api, by=BERT, occupants_ids="10")["_id"]
    foreign, public = create(api, by=CLEO)["_id"], create(api, by=CLEO, type=PUBLIC)["_id"]
    ids = f"{mine},{theirs}, {foreign},{public},123_not_existent"
    reply = api("DELETE", f"Dialog/{ids}", params={"force": 1})
    assert answer(reply) == (200, groups([mine], ["123_not_existent"], [theirs, foreign, public]))
    assert answer(api("DELETE", f"Dialog/{theirs},{foreign}")) == (200, groups([theirs], [], [foreign]))


@pytest.mark.parametrize(("ids", "status", "body"), [("a,b", 404, NOT_FOUND), (",", 404, NOT_FOUND)])
def test_a_deletion_that_finds_no_dialog_is_refused(api: Api, ids: str, status: int, body: Any) -> None:
    assert answer(api("DELETE", f"Dialog/{ids}")) == (status, body)
    assert api.fake.calls.one().reason


def test_a_deletion_of_foreign_dialogs_alone_is_refused(api: Api) -> None:
    foreign = create(api, by=CLEO)["_id"]
    assert answer(api("DELETE", f"Dialog/{foreign},5d75")) == (403, NO_PERMISSION)
    assert f"not among the occupants [30] of dialog {foreign}" in api.fake.calls.last.reason
    assert answer(api("DELETE", f"Dialog/{foreign}", by=DORA, params={"force": 1})) == (403, NO_PERMISSION)


# --- notifications ---


def test_notifications_are_on_until_a_user_switches_its_own_off(world: World) -> None:
    world.fake.add_session(TOKEN, ANNA)
    world.fake.add_session("made-up-token-of-bert", BERT)
    world.fake.add_dialog(UNKNOWN, occupants_ids=[ANNA, BERT])
    url = f"{HOST}/chat/Dialog/{UNKNOWN}/notifications.json"

    def enabled(token: str) -> Any:
        return answer(world.send("GET", url, headers={"QB-Token": token}))

    assert enabled(TOKEN) == (200, {"notifications": {"enabled": 1}})
    off = world.send("PUT", url, json={"enabled": 0}, headers={"QB-Token": TOKEN})
    assert answer(off) == enabled(TOKEN) == (200, {"notifications": {"enabled": 0}})
    assert enabled("made-up-token-of-bert") == (200, {"notifications": {"enabled": 1}})


@pytest.mark.parametrize("type", [GROUP, PRIVATE])
def test_notifications_are_switched_by_numbers_and_digits(api: Api, type: int) -> None:
    path = f"Dialog/{create(api, type=type, occupants_ids='20')['_id']}/notifications"
    for kwargs, enabled in (
        ({"data": {"enabled": "0"}}, 0),
        ({"params": {"enabled": "1"}}, 1),
        ({"json": {"enabled": 0}}, 0),
        ({"json": {"enabled": 1}}, 1),
        ({"json": {"enabled": 1}}, 1),
    ):
        assert answer(api("PUT", path, **kwargs)) == (200, {"notifications": {"enabled": enabled}})
        assert api("GET", path).json() == {"notifications": {"enabled": enabled}}


@pytest.mark.parametrize("enabled", [True, False, None, 2, "yes", 1.0, 0.0, [1]], ids=repr)
def test_any_other_value_is_refused(api: Api, enabled: Any) -> None:
    path = f"Dialog/{create(api)['_id']}/notifications"
    assert answer(api("PUT", path, json={"enabled": enabled})) == (422, field_error(enabled="must be 0 or 1"))
    assert api("GET", path).json() == {"notifications": {"enabled": 1}}


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_public_dialogs_have_no_notifications_and_strangers_no_access(api: Api, method: str) -> None:
    public, group = create(api, type=PUBLIC)["_id"], create(api)["_id"]
    refused = api(method, f"Dialog/{public}/notifications", params={"enabled": 1})
    assert answer(refused) == (422, field_error(base="Public dialogs have none"))
    stranger = api(method, f"Dialog/{group}/notifications", by=BERT, params={"enabled": 1})
    assert answer(stranger) == (403, NO_PERMISSION)


# --- newer clusters ---


def test_a_new_dialog_says_whether_it_can_be_joined(api: Api) -> None:
    kinds = [(PRIVATE, "20"), (GROUP, "20"), (PUBLIC, "20")]
    assert [create(api, type=kind, occupants_ids=ids)["is_joinable"] for kind, ids in kinds] == [0, 1, 1]
    assert {item["type"]: item["is_joinable"] for item in api("GET", "Dialog").json()["items"]} == {1: 1, 2: 1, 3: 0}


def test_the_owner_of_a_group_changes_whether_it_can_be_joined(api: Api) -> None:
    group = create(api, occupants_ids="20")["_id"]
    assert api("PUT", f"Dialog/{group}", json={"is_joinable": 0}).json()["is_joinable"] == 0
    by_another = api("PUT", f"Dialog/{group}", by=BERT, json={"is_joinable": 1})
    assert answer(by_another) == (403, NO_PERMISSION)
    assert api("GET", f"Dialog/{group}").json()["is_joinable"] == 0


@pytest.mark.parametrize(
    ("params", "shown"), [({}, {}), ({"is_joinable": 1}, {"is_joinable": 1}), ({"is_joinable": 0}, {"is_joinable": 0})]
)
def test_is_joinable_is_shown_by_an_older_cluster_if_it_was_given(api: Api, params: Any, shown: Any) -> None:
    api.fake.assume(newer_cluster=False)
    reply = create(api, **params)
    assert {name: reply[name] for name in reply if name == "is_joinable"} == shown


@pytest.mark.parametrize(("type", "joinable"), [(PRIVATE, 1), (PUBLIC, 0)])
def test_a_dialog_cannot_be_made_joinable_against_its_type(api: Api, type: int, joinable: int) -> None:
    dialog = create(api, type=type, occupants_ids="20")["_id"]
    assert answer(api("PUT", f"Dialog/{dialog}", json={"is_joinable": joinable})) == (422, NOT_JOINABLE)


@pytest.mark.filterwarnings("error::pytest_qbchat.QuickBloxWarning")
def test_is_join_required_is_shown_if_it_was_sent(api: Api) -> None:
    for given in (1, "1", 0):
        dialog_id = create(api, is_join_required=given)["_id"]
        assert api("GET", f"Dialog/{dialog_id}").json()["is_join_required"] == int(given)
    assert "is_join_required" not in create(api)
    assert "is_join_required" not in create(api, type=PUBLIC, is_join_required=1)


def test_joining_that_is_required_by_another_value_gets_a_warning(api: Api) -> None:
    with pytest.warns(QuickBloxWarning, match="is_join_required: true was sent where QuickBlox documents the number 1"):
        assert "is_join_required" not in create(api, is_join_required=True)


@pytest.mark.parametrize("type", [PUBLIC, GROUP])
@pytest.mark.parametrize("one", [1, "1"], ids=repr)
@pytest.mark.filterwarnings("error::pytest_qbchat.QuickBloxWarning")
def test_a_system_message_to_a_group_is_refused(api: Api, type: int, one: Any) -> None:
    dialog_id = create(api, type=type, occupants_ids="20")["_id"]
    refused = api("POST", "Message", json={"chat_dialog_id": dialog_id, "message": "hi", "system": one})
    assert answer(refused) == (422, field_error(system="is not allowed for this type of dialog"))
    assert api.fake.calls.last.reason.startswith(f"a system message to the group {dialog_id}")
    api.fake.assert_nothing_posted()


@pytest.mark.parametrize(("type", "newer"), [(PRIVATE, True), (PRIVATE, False), (GROUP, False)])
def test_a_system_message_is_a_common_one_elsewhere_with_a_warning(api: Api, type: int, newer: bool) -> None:
    api.fake.assume(newer_cluster=newer)
    dialog_id = create(api, type=type, occupants_ids="20")["_id"]
    with pytest.warns(QuickBloxWarning, match="system: is not documented for this call"):
        posted = api("POST", "Message", json={"chat_dialog_id": dialog_id, "system": 1})
    assert (posted.status_code, "system" in posted.json()) == (201, False)


def test_null_changes_nothing_about_joining(api: Api) -> None:
    group = create(api, occupants_ids="20", is_joinable=None)["_id"]
    public = create(api, type=PUBLIC, is_joinable=None)["_id"]
    by_member = api("PUT", f"Dialog/{group}", by=BERT, json={"photo": "7", "is_joinable": None})
    by_owner = api("PUT", f"Dialog/{public}", json={"photo": "7", "is_joinable": None})
    assert [(reply.status_code, reply.json()["is_joinable"]) for reply in (by_member, by_owner)] == [(200, 1)] * 2


# --- arrays as the JavaScript SDK sends them ---


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("occupants_ids[]=30", ["Three"]),
        ("occupants_ids[]=10,20", ["Two"]),
        ("occupants_ids[]=20&occupants_ids[]=30", []),
        ("type[]=2", ["Two", "Three"]),
        ("name[]=Two&name[]=Three", ["Two", "Three"]),
    ],
)
def test_an_array_filters_like_its_values(api: Api, query: str, found: list[str]) -> None:
    for name, others in (("Two", "20"), ("Three", "30")):
        create(api, name=name, occupants_ids=others)
    reply = api("GET", "Dialog", params=query + "&sort_desc=name")
    assert [dialog["name"] for dialog in reply.json()["items"]] == found


@pytest.mark.parametrize("query", ["occupants_ids=", "type[]=", "occupants_ids[]="])
def test_a_filter_without_a_value_is_ignored_with_a_warning(api: Api, query: str) -> None:
    create(api)
    with pytest.warns(QuickBloxWarning, match="is ignored; '' is not a valid value of this field"):
        assert len(api("GET", "Dialog", params=query).json()["items"]) == 1


def test_repeated_slashes_count_as_one(api: Api) -> None:
    reply = httpx.get(f"{HOST}//chat//Dialog.json", headers=token_of(ANNA), verify=TLS)
    assert (reply.status_code, api.fake.calls.one().path) == (200, "//chat//Dialog.json")
    api.fake.fail(503, path="/chat/Dialog")
    assert httpx.get(f"{HOST}//chat/Dialog.json", headers=token_of(ANNA), verify=TLS).status_code == 503


def test_an_id_counts_once_in_whichever_case(api: Api) -> None:
    one, two = (create(api, occupants_ids="20")["_id"] for _ in range(2))
    ids = f"{one.upper()},{two},{one}"
    assert answer(api("DELETE", f"Dialog/{ids}", params={"force": 1})) == (200, groups([one.upper(), two], [], []))


def test_a_dialog_hidden_by_a_user_stays_hidden_when_it_is_declared(api: Api) -> None:
    messages = [api("POST", "Message", json={"chat_dialog_id": UNKNOWN}).json()["_id"] for _ in range(2)]
    api("DELETE", f"Message/{messages[0]}")
    api.fake.add_dialog(UNKNOWN, occupants_ids=[ANNA, BERT])
    assert api.ids("Message", chat_dialog_id=UNKNOWN) == messages[1:]
    assert api.ids("Message", by=BERT, chat_dialog_id=UNKNOWN) == messages


def test_a_declared_private_dialog_takes_over_the_adopted_one(api: Api) -> None:
    api("POST", "Message", json={"chat_dialog_id": UNKNOWN, "recipient_id": BERT})
    with pytest.raises(ValueError, match=rf"already have a private dialog: {UNKNOWN}$"):
        api.fake.add_dialog("5d75327ba28f9a0f32cb0f98", occupants_ids=[ANNA, BERT], type=PRIVATE)
    dialog = api.fake.add_dialog(occupants_ids=[ANNA, BERT], type=PRIVATE)
    assert (dialog.id, len(dialog.history), dialog.adopted) == (UNKNOWN, 1, False)


@pytest.mark.parametrize("key", ["login", "email"])
def test_a_refusal_of_a_user_adopted_by_login_names_the_login_to_declare(api: Api, key: str) -> None:
    api.fake.add_dialog(UNKNOWN, occupants_ids=[ANNA, BERT])
    api.fake.add_session("made-up-token-of-the-application", None)
    headers = {"QB-Token": "made-up-token-of-the-application"}
    named = {key: "dora@made-up.example", "password": "made-up-password"}
    httpx.post(f"{HOST}/login.json", json=named, headers=headers, verify=TLS).raise_for_status()
    refused = httpx.get(f"{HOST}/chat/Dialog/{UNKNOWN}.json", headers=headers, verify=TLS)
    assert answer(refused) == (403, NO_PERMISSION)
    assert api.fake.calls.last.reason.endswith(
        f"; adopted at a login\n  declare the user: qbchat.add_user({key}=..., password=...)"
    )


def test_a_private_dialog_with_a_deleted_user_is_not_adopted(api: Api) -> None:
    api.fake.add_session("made-up-token-of-one-who-leaves", 50)
    headers = {"QB-Token": "made-up-token-of-one-who-leaves"}
    assert httpx.delete(f"{HOST}/users/50.json", headers=headers, verify=TLS).status_code == 200
    with pytest.warns(QuickBloxWarning, match="recipient_id: is stored but has no effect, since the dialog is a group"):
        api("POST", "Message", json={"chat_dialog_id": UNKNOWN, "recipient_id": 50})
    assert api.fake.dialogs.one().type == GROUP
    assert [user.id for user in api.fake.users] == [ANNA, BERT, CLEO, DORA]


def test_a_dialog_that_is_declared_a_public_one_counts_nothing(api: Api) -> None:
    api("POST", "Message", json={"chat_dialog_id": UNKNOWN})
    api("POST", "Message", by=BERT, json={"chat_dialog_id": UNKNOWN})
    assert api("GET", "Message/unread").json() == {"total": 1}
    dialog = api.fake.add_dialog(UNKNOWN, occupants_ids=[ANNA, BERT], type=PUBLIC)
    assert [message.sender_id for message in dialog.history] == [ANNA, BERT]
    assert api("GET", "Message/unread").json() == {"total": 0}
    assert len(dialog.history) == len(api.fake.messages) == len(api.fake.posted) == 2


# --- users and sessions that end ---


def test_a_deleted_user_is_in_no_dialog_any_more(api: Api) -> None:
    group, private = create(api, occupants_ids="20")["_id"], create(api, type=PRIVATE, occupants_ids="20")["_id"]
    foreign = create(api, by=BERT, occupants_ids="30")["_id"]
    with httpx.Client(verify=TLS) as client:
        client.delete(f"{HOST}/users/{ANNA}.json", headers=token_of(ANNA))
    assert api("GET", "Dialog").status_code == 401
    assert api.ids("Dialog", by=BERT) == [foreign, private, group]
    shown = api("GET", f"Dialog/{private}", by=BERT).json()
    assert (shown["name"], shown["occupants_ids"]) == (None, [BERT])
    assert api("POST", "Message", by=BERT, json={"chat_dialog_id": private}).json()["recipient_id"] == 0

    with httpx.Client(verify=TLS) as client:
        client.delete(f"{HOST}/users/{BERT}.json", headers=token_of(BERT))
    assert [dialog.id for dialog in api.fake.dialogs] == [foreign]


def test_a_dialog_is_opened_with_a_user_who_was_found_by_login(api: Api) -> None:
    eve = api.fake.add_user(full_name="Eve Made-Up", login="eve")
    with httpx.Client(verify=TLS, headers=token_of(ANNA)) as client:
        found = client.get(f"{HOST}/users/by_login.json", params={"login": "eve"}).json()["user"]
    assert create(api, type=PRIVATE, occupants_ids=found["id"])["name"] == "Eve Made-Up"
    assert found["id"] == eve.id


def test_a_destroyed_session_is_never_adopted_again(api: Api) -> None:
    with httpx.Client(verify=TLS, headers=token_of(ANNA)) as client:
        client.delete(f"{HOST}/session.json")
    assert api("GET", "Dialog").status_code == 401


def test_a_private_dialog_whose_opponent_the_fake_does_not_know_has_no_name(api: Api) -> None:
    api("POST", "Message", json={"chat_dialog_id": UNKNOWN, "recipient_id": 77})
    assert api("GET", f"Dialog/{UNKNOWN}").json()["name"] is None
