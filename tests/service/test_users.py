"""Users and account settings as QuickBlox documents them and as they were observed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from support.clock import freeze_time
from support.ways import DIALOG, PLAIN_HTTP, TLS, TOKEN, URL, World

from pytest_qbchat import FakeQuickBlox, QuickBloxWarning

API = "https://api.quickblox.com"
PASSWORD = "made-up-password"
KEY = {"Authorization": "ApiKey made-up-key-of-the-shop"}
COULD_NOT_FIND_USER = {"code": None, "message": "Couldn't find user"}
NO_PERMISSION = {"errors": {"base": ["You don't have appropriate permissions to perform this operation"]}}
NEED_USER = {"errors": {"base": ["Forbidden. Need user."]}}
NO_SESSION = {"errors": {"base": ["Required session does not exist"]}}
TOKEN_REQUIRED = {"errors": {"base": ["Token is required"]}}
TAKEN = ["has already been taken"]
pytestmark = pytest.mark.filterwarnings("ignore:user.blob_id.:pytest_qbchat.QuickBloxWarning")
TOO_SHORT = ["is too short (minimum is 8 characters)"]
WRONG_PASSWORD = {"errors": {"base": ["old_password is wrong"]}}
EMPTY_PASSWORD = ["should contain alphanumeric and punctuation characters only", *TOO_SHORT]


@pytest.fixture
def api(qbchat: FakeQuickBlox) -> Iterator[httpx.Client]:
    """One client with the token of an application session, for rows that need no other way in."""
    qbchat.add_session("made-up-app-token", None)
    with httpx.Client(base_url=API, verify=TLS, headers={"QB-Token": "made-up-app-token"}) as client:
        yield client


def answer(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()


def sign_up(api: httpx.Client, **fields: Any) -> httpx.Response:
    return api.post("/users.json", json={"user": fields})


def ids(response: Any) -> list[int]:
    assert response.status_code == 200, response.text
    return [item["user"]["id"] for item in response.json()["items"]]


def acting(qbchat: FakeQuickBlox, user: Any) -> dict[str, str]:
    """Headers with which a user calls."""
    qbchat.add_session(f"made-up-token-of-user-{user.id}", user)
    return {"QB-Token": f"made-up-token-of-user-{user.id}"}


# --- POST /users.json ---

FULL = {
    "login": "anna",
    "email": "anna@shop.example",
    "password": PASSWORD,
    "full_name": "Anna Example",
    "phone": "555 0100",
    "website": "https://anna.shop.example",
    "external_user_id": "68764641",
    "facebook_id": "made-up-facebook-id",
    "twitter_id": "made-up-twitter-id",
    "blob_id": 47863,
    "custom_data": '{"table": 7}',
    "tag_list": "regular,vegan",
}


@freeze_time("2019-09-01 14:55:56")
def test_signing_up_gives_the_whole_user(world: World) -> None:
    world.fake.add_session(TOKEN, None)
    response = world.send("POST", f"{API}/users.json", json={"user": FULL}, headers={"QB-Token": TOKEN})

    user = world.fake.users.one()
    assert response.status_code == 201
    assert response.text == (
        f'{{"user":{{"id":{user.id},"full_name":"Anna Example","email":"anna@shop.example","login":"anna",'
        '"phone":"555 0100","website":"https://anna.shop.example","created_at":"2019-09-01T14:55:56Z",'
        '"updated_at":"2019-09-01T14:55:56Z","last_request_at":null,"external_user_id":"68764641",'
        '"facebook_id":"made-up-facebook-id","twitter_id":"made-up-twitter-id","blob_id":47863,'
        '"custom_data":"{\\"table\\": 7}","age_over16":null,"allow_statistics_analysis":null,'
        '"allow_sales_activities":null,"parents_contacts":null,"user_tags":"regular,vegan"}}'
    )
    assert (user.adopted, user.password) == (False, PASSWORD)


FORMS = {
    "JSON": {"json": {"user": {"login": "anna", "password": PASSWORD}}},
    "form": {"data": {"user[login]": "anna", "user[password]": PASSWORD}},
    "form without a label": {"content": f"user[login]=anna&user[password]={PASSWORD}".encode()},
    "query string": {"params": {"user[login]": "anna", "user[password]": PASSWORD}},
}


@pytest.mark.parametrize("path", ["/users.json", "/users"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_signing_up_is_accepted_in_every_encoding(
    qbchat: FakeQuickBlox, api: httpx.Client, form: dict[str, Any], path: str
) -> None:
    response = api.post(path, **form)
    assert (response.status_code, response.json()["user"]["login"]) == (201, "anna")
    assert qbchat.users.one().password == PASSWORD


def test_an_api_key_alone_signs_users_up(world: World) -> None:
    body = {"user": {"email": "anna@shop.example", "password": PASSWORD}}
    response = world.send("POST", f"{API}/users.json", json=body, headers=KEY)
    assert response.status_code == 201
    assert "QB-Token-ExpirationDate" not in response.headers
    assert world.fake.users.one().email == "anna@shop.example"


def test_signing_up_without_credentials_is_refused(world: World) -> None:
    body = {"user": {"email": "anna@shop.example", "password": PASSWORD}}
    assert answer(world.send("POST", f"{API}/users.json", json=body)) == (401, TOKEN_REQUIRED)
    assert not world.fake.users


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"password": PASSWORD}, {"base": ["Login or email required"]}),
        ({"login": " ", "email": "", "password": PASSWORD}, {"base": ["Login or email required"]}),
        ({"login": "anna"}, {"password": EMPTY_PASSWORD}),
        ({"login": "anna", "password": ""}, {"password": EMPTY_PASSWORD}),
        ({"login": "anna", "password": None}, {"password": EMPTY_PASSWORD}),
        ({"login": "anna", "password": "1234567"}, {"password": TOO_SHORT}),
        ({"login": "anna", "password": 1234567}, {"password": TOO_SHORT}),
        ({"password": "short"}, {"password": TOO_SHORT, "base": ["Login or email required"]}),
        ({}, {"password": EMPTY_PASSWORD, "base": ["Login or email required"]}),
        (
            {"login": "anna", "password": PASSWORD, "tag_list": "a,b,c,d,e,f"},
            {"tag_list": ["is too long (maximum is 5 tags)"]},
        ),
        (
            {"login": "taken", "email": "taken@shop.example", "password": "short", "tag_list": list("abcdef")},
            {
                "login": TAKEN,
                "email": TAKEN,
                "password": TOO_SHORT,
                "tag_list": ["is too long (maximum is 5 tags)"],
            },
        ),
    ],
    ids=str,
)
def test_all_errors_of_signing_up_are_named_at_once(
    qbchat: FakeQuickBlox, api: httpx.Client, fields: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    qbchat.add_user(login="taken", email="taken@shop.example")
    assert answer(sign_up(api, **fields)) == (422, {"errors": errors})
    assert all(f"{name} {texts[0]}" in qbchat.calls.one().reason for name, texts in errors.items())
    assert len(qbchat.users) == 1


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
@pytest.mark.parametrize("body", [{}, {"user": "anna"}, {"user": ["anna"]}, {"login": "anna", "password": PASSWORD}])
def test_a_request_without_a_user_is_refused(qbchat: FakeQuickBlox, api: httpx.Client, body: Any) -> None:
    assert answer(api.post("/users.json", json=body)) == (422, {"errors": {"user": ["is required"]}})
    assert "use {'user': {...}}" in qbchat.calls.one().reason


UNIQUE = ["login", "email", "facebook_id", "twitter_id", "external_user_id"]


@pytest.mark.parametrize("value", ["68764641", " 68764641\n", 68764641], ids=repr)
@pytest.mark.parametrize("name", UNIQUE)
def test_a_taken_unique_field_is_refused(api: httpx.Client, name: str, value: object) -> None:
    named = {"password": PASSWORD, "login": "anna"} | {name: "68764641"}
    assert sign_up(api, **named).status_code == 201
    again = {"password": PASSWORD, "login": "ben"} | {name: value}
    assert answer(sign_up(api, **again)) == (422, {"errors": {name: TAKEN}})


def test_an_empty_unique_field_is_not_taken(api: httpx.Client) -> None:
    empty = dict.fromkeys(["email", "facebook_id", "twitter_id", "external_user_id"], "")
    replies = [sign_up(api, login=login, password=PASSWORD, **empty) for login in ("anna", "ben")]
    assert [reply.status_code for reply in replies] == [201, 201]
    assert [reply.json()["user"]["external_user_id"] for reply in replies] == [None, None]


@pytest.mark.parametrize("name", ["login", "email", "full_name", "phone", "website", "custom_data", "external_user_id"])
def test_texts_are_trimmed(api: httpx.Client, name: str) -> None:
    fields = {"login": "anna", "password": PASSWORD} | {name: " \tAnna Example\n"}
    assert sign_up(api, **fields).json()["user"][name] == "Anna Example"


@pytest.mark.parametrize("password", ["  123456", "made up password", "gemütlich", "12345678\n", "пароль-пароль"])
def test_a_password_with_other_characters_than_letters_digits_and_punctuation_is_refused(
    qbchat: FakeQuickBlox, api: httpx.Client, password: str
) -> None:
    texts = ["should contain alphanumeric and punctuation characters only"]
    assert answer(sign_up(api, login="anna", password=password)) == (422, {"errors": {"password": texts}})
    assert len(qbchat.users) == 0


@pytest.mark.parametrize("password", ["12345678", "made-up-password", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"])
def test_a_password_of_letters_digits_and_punctuation_is_accepted(
    qbchat: FakeQuickBlox, api: httpx.Client, password: str
) -> None:
    assert sign_up(api, login="anna", password=password).status_code == 201
    assert qbchat.users.one().password == password


@pytest.mark.qbchat(strict=True)
def test_a_file_that_does_not_exist_is_refused_as_an_avatar_in_strict_mode(
    qbchat: FakeQuickBlox, api: httpx.Client
) -> None:
    qbchat.add_session("made-up-token-of-anna", qbchat.add_user(10))
    blob = qbchat.add_blob(b"made up", name="anna.jpg", user=10)
    change = {"headers": {"QB-Token": "made-up-token-of-anna"}, "json": {"user": {"blob_id": blob.id + 1}}}
    assert answer(api.put("/users/10.json", **change)) == (422, {"errors": {"blob": ["does not exist"]}})
    change["json"] = {"user": {"blob_id": str(blob.id)}}
    assert api.put("/users/10.json", **change).json()["user"]["blob_id"] == blob.id


def test_a_file_that_does_not_exist_is_warned_of_as_an_avatar(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    with pytest.warns(QuickBloxWarning, match=r"user\[blob_id\]: there is no file 7, so QuickBlox may refuse the call"):
        assert sign_up(api, login="anna", password="made-up-password", blob_id=7).status_code == 201
    assert qbchat.users.one().blob_id == 7


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("vegan", "vegan"),
        (" a , b,, c ,d,e", "a,b,c,d,e"),
        (["a", "b"], "a,b"),
        (["a", 5], "a,5"),
        ("", None),
        (" , ", None),
        (None, None),
        (5, "5"),
    ],
    ids=repr,
)
def test_tags_come_back_as_one_text(api: httpx.Client, sent: object, shown: str | None) -> None:
    reply = sign_up(api, login="anna", password=PASSWORD, tag_list=sent).json()["user"]
    assert (reply["user_tags"], "tag_list" in reply) == (shown, False)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [({"table": [7, True]}, '{"table":[7,true]}'), (7, "7"), (True, "true"), ("Grüße", "Grüße"), ("", None)],
    ids=repr,
)
def test_a_value_that_is_not_a_text_is_kept_as_json(api: httpx.Client, sent: object, shown: str | None) -> None:
    reply = sign_up(api, login="anna", password=PASSWORD, custom_data=sent)
    assert reply.json()["user"]["custom_data"] == shown


@pytest.mark.parametrize(
    ("sent", "shown"), [(5, 5), ("5", 5), ("", None), (None, None), ("avatar.png", None)], ids=repr
)
def test_an_avatar_is_the_id_of_a_blob(api: httpx.Client, sent: object, shown: int | None) -> None:
    assert sign_up(api, login="anna", password=PASSWORD, blob_id=sent).json()["user"]["blob_id"] == shown


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
def test_a_field_that_the_server_owns_is_ignored_in_a_user(api: httpx.Client) -> None:
    owned = {"id": 5, "last_request_at": "2019-09-01T14:55:56Z", "user_tags": "mine", "adopted": True, "unknown": 1}
    with pytest.warns(QuickBloxWarning, match=r"user\[user_tags\]: is ignored, .*; write tag_list$"):
        reply = sign_up(api, login="anna", password=PASSWORD, **owned).json()["user"]
    assert reply["id"] != 5
    assert (reply["last_request_at"], reply["user_tags"], "unknown" in reply) == (None, None, False)


def test_a_user_that_signed_up_can_log_in(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    with freeze_time("2019-09-01 14:55:56"):
        sign_up(api, login="anna", password=PASSWORD)
        login = api.post("/login.json", json={"login": "anna", "password": PASSWORD})
    assert login.status_code == 202
    with freeze_time("2019-09-01 15:00:00"):
        reply = api.get("/users/by_login.json", params={"login": "anna"})
    assert reply.json()["user"]["last_request_at"] == "2019-09-01T15:00:00Z"


# --- one user ---


@pytest.fixture
def anna(qbchat: FakeQuickBlox, api: httpx.Client) -> int:
    """A user with everything, among others."""
    qbchat.add_user(5, login="ben", email="ben@shop.example", external_user_id=7)
    user_id: int = sign_up(api, **FULL).json()["user"]["id"]
    return user_id


BY_KEY = {
    "/users/by_login": {"login": "anna"},
    "/users/by_email": {"email": " anna@shop.example "},
    "/users/by_facebook_id": {"facebook_id": "made-up-facebook-id"},
    "/users/by_twitter_id": {"twitter_id": "made-up-twitter-id"},
    "/users/external/68764641": {},
}


@pytest.mark.parametrize("suffix", ["", ".json"])
@pytest.mark.parametrize(("path", "params"), BY_KEY.items(), ids=BY_KEY)
def test_a_user_is_found_by_every_key(
    api: httpx.Client, anna: int, path: str, params: dict[str, str], suffix: str
) -> None:
    found = api.get(f"{path}{suffix}", params=params)
    assert answer(found) == (200, api.get(f"/users/{anna}.json").json())
    assert found.json()["user"]["id"] == anna


def test_a_key_may_be_in_the_body_of_a_get(api: httpx.Client, anna: int) -> None:
    assert api.request("GET", "/users/by_login", json={"login": "anna"}).json()["user"]["id"] == anna


@pytest.mark.parametrize("name", ["login", "email", "facebook_id", "twitter_id"])
@pytest.mark.parametrize("value", ["nobody", "", None], ids=repr)
def test_an_unknown_key_is_not_found(api: httpx.Client, anna: int, name: str, value: str | None) -> None:
    response = api.get(f"/users/by_{name}.json", params={} if value is None else {name: value})
    assert answer(response) == (404, COULD_NOT_FIND_USER)


@pytest.mark.parametrize("path", ["/users/external/nobody.json", "/users/external/%20.json", "/users/external/7%2F8"])
def test_an_unknown_external_id_is_not_found(api: httpx.Client, anna: int, path: str) -> None:
    assert answer(api.get(path)) == (404, COULD_NOT_FIND_USER)


def test_an_external_id_may_need_escaping(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    user = qbchat.add_user(external_user_id="shop/7 ü")
    assert api.get(f"/users/external/{quote('shop/7 ü', safe='')}.json").json()["user"]["id"] == user.id


def test_the_reason_says_how_to_declare_who_was_not_found(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    api.get("/users/by_login.json?login=anna")
    assert qbchat.calls.one().reason == "no user has the login 'anna'; qbchat.add_user(login='anna') adds one"


@pytest.mark.parametrize("strict", [pytest.param(True, marks=pytest.mark.qbchat(strict=True)), False])
def test_an_unknown_id_is_adopted_outside_strict_mode(qbchat: FakeQuickBlox, api: httpx.Client, strict: bool) -> None:
    response = api.get("/users/77.json")
    if strict:
        assert answer(response) == (404, COULD_NOT_FIND_USER)
        assert qbchat.calls.one().reason == "there is no user '77'; qbchat.add_user(77) adds one"
        assert not qbchat.users
    else:
        assert (response.status_code, response.json()["user"]["id"]) == (200, 77)
        assert qbchat.users.one().adopted


@pytest.mark.parametrize("user_id", ["0", "anna", "-1", "1.5", "9" * 20, "%D9%A1"])
def test_a_malformed_user_id_is_not_found(qbchat: FakeQuickBlox, api: httpx.Client, user_id: str) -> None:
    assert answer(api.get(f"/users/{user_id}.json")) == (404, COULD_NOT_FIND_USER)
    assert not qbchat.users


# --- lists ---

KEYS = ["current_page", "per_page", "total_entries", "items"]


def test_users_come_a_page_at_a_time(world: World) -> None:
    for number in range(1, 13):
        world.fake.add_user(number)
    pages = [
        world.send("GET", f"{API}/users.json", headers=KEY, params=params).json()
        for params in ({}, {"page": 2}, {"page": "3", "per_page": "5"}, {"page": 9})
    ]
    assert [list(page) for page in pages] == [KEYS] * 4
    assert [(page["current_page"], page["per_page"], page["total_entries"]) for page in pages] == [
        (1, 10, 12),
        (2, 10, 12),
        (3, 5, 12),
        (9, 10, 12),
    ]
    assert [[item["user"]["id"] for item in page["items"]] for page in pages] == [
        list(range(1, 11)),
        [11, 12],
        [11, 12],
        [],
    ]
    assert list(pages[0]["items"][0]) == ["user"]


@pytest.mark.parametrize("name", ["page", "per_page"])
@pytest.mark.parametrize("value", ["0", "-1", "x", ""])
def test_a_page_that_is_no_number_from_1_on_is_ignored(api: httpx.Client, name: str, value: str) -> None:
    with pytest.warns(QuickBloxWarning, match=f"{name}: is ignored; '{value}' is not a number, 1 or greater"):
        page = api.get("/users", params={name: value}).json()
    assert (page["current_page"], page["per_page"]) == (1, 10)


def test_a_page_that_is_a_list_is_ignored(api: httpx.Client) -> None:
    with pytest.warns(QuickBloxWarning, match="page: is ignored"):
        assert api.get("/users?page[]=2").json()["current_page"] == 1


def test_a_page_has_at_most_a_hundred_users(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    for number in range(1, 103):
        qbchat.add_user(number)
    assert len(ids(api.get("/users?per_page=100"))) == 100
    with pytest.warns(QuickBloxWarning, match=r"per_page: 101 is more than QuickBlox returns at once \(100, assumed\)"):
        page = api.get("/users?per_page=101").json()
    assert (page["per_page"], len(page["items"]), page["total_entries"]) == (100, 100, 102)


@pytest.fixture
def crowd(qbchat: FakeQuickBlox, api: httpx.Client) -> httpx.Client:
    """Three users a day apart, of whom only the second has called. The last has neither name nor address."""
    rows = [
        ("2026-01-01 12:00:00", {"id": 1, "full_name": "Anna Example", "email": "anna@shop.example", "login": "Anna"}),
        ("2026-01-02 12:00:00", {"id": 2, "full_name": "Ben Sample", "email": "ben@shop.example", "login": "ben"}),
        ("2026-01-03 12:00:00", {"id": 3, "login": "10", "external_user_id": 7}),
    ]
    for day, fields in rows:
        with freeze_time(day):
            qbchat.add_user(**fields)
    with freeze_time("2026-01-04 12:00:00"):
        token = acting(qbchat, qbchat.users[1])
        api.put("/users/2.json", headers=token, json={"user": {"phone": "555 0100"}})
    return api


JANUARY_2 = 1767355200  # noon
FILTERS = [
    ("number+id+gt+1", [2, 3]),
    ("number+id+ge+2", [2, 3]),
    ("number+id+lt+2", [1]),
    ("number+id+le+2", [1, 2]),
    ("number+id+eq+2", [2]),
    ("number+id+ne+2", [1, 3]),
    ("number+id+between+1,2", [1, 2]),
    ("number+id+between+2,1", []),
    ("number+id+in+1,3,77", [1, 3]),
    ("number+id+in+1", [1]),
    ("number+id+eq+2.0", [2]),
    ("number+external_user_id+eq+7", [3]),
    ("string+full_name+eq+Anna Example", [1]),
    ("string+full_name+eq+anna", []),
    ("string+full_name+ne+Anna Example", [2]),
    ("string+full_name+gt+B", [2]),
    ("string+full_name+ge+Ben Sample", [2]),
    ("string+full_name+lt+B", [1]),
    ("string+full_name+le+Anna Example", [1]),
    ("string+full_name+between+A,C", [1, 2]),
    ("string+email+in+anna@shop.example,ben@shop.example", [1, 2]),
    ("string+login+eq+10", [3]),
    ("string+id+eq+3", [3]),
    ("string+phone+eq+555 0100", [2]),
    ("string+website+eq+x", []),
    ("string+facebook_id+ne+x", []),
    ("string+twitter_id+ne+x", []),
    ("date+created_at+gt+2026-01-02", [2, 3]),
    ("date+created_at+gt+2026-01-02T12:00:00Z", [3]),
    ("date+created_at+ge+2026-01-02T12:00:00Z", [2, 3]),
    ("date+created_at+lt+2026-01-02T13:00:00+01:00", [1]),
    ("date+created_at+le+2026-01-02 12:00:00", [1, 2]),
    (f"date+created_at+eq+{JANUARY_2}", [2]),
    (f"date+created_at+ne+{JANUARY_2}", [1, 3]),
    (f"date+created_at+in+{JANUARY_2},2026-01-01T12:00:00", [1, 2]),
    ("date+created_at+between+2026-01-01,2026-01-03", [1, 2]),
    (f"number+created_at+eq+{JANUARY_2}", [2]),
    ("date+updated_at+gt+2026-01-03T12:00:00Z", [2]),
    ("date+last_request_at+gt+2026-01-01", [2]),
    ("date+last_request_at+lt+2026-01-01", []),
]


@pytest.mark.parametrize("separator", ["+", "%2B", "%20"])
@pytest.mark.parametrize(("text", "found"), FILTERS, ids=[text for text, _ in FILTERS])
def test_a_filter_of_each_type_and_operator_selects_users(
    crowd: httpx.Client, text: str, found: list[int], separator: str
) -> None:
    kind, field, operator, value = text.split("+", maxsplit=3)
    page = crowd.get(f"/users.json?filter[]={separator.join([kind, field, operator, quote(value)])}")
    assert ids(page) == found
    assert page.json()["total_entries"] == len(found)


@pytest.mark.parametrize(
    "query",
    [
        "filter[]=string+full_name+eq+Anna+Example",
        "filter%5B%5D=string+full_name+eq+Anna+Example",
        urlencode({"filter[]": "string full_name eq Anna Example"}),
    ],
)
def test_a_filter_is_written_in_several_ways(crowd: httpx.Client, query: str) -> None:
    assert ids(crowd.get(f"/users.json?{query}")) == [1]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this machine has one time zone")
def test_a_date_without_a_zone_is_utc_wherever_the_machine_is(
    crowd: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        found = ids(crowd.get("/users.json", params={"filter[]": "date created_at le 2026-01-02T12:00:00"}))
    time.tzset()
    assert found == [1, 2]


def test_several_filters_are_combined_with_and(crowd: httpx.Client) -> None:
    page = crowd.get("/users.json?filter[]=number+id+gt+1&filter[]=string+full_name+ne+nobody&per_page=1")
    assert ids(page) == [2]


@pytest.mark.parametrize(
    "text",
    [
        "number+id+gt",
        "id",
        "number+id+like+2",
        "number+id+gt+anna",
        "number+id+in+1,anna",
        "number+id+gt+nan",
        "number+id+between+1",
        "number+password+eq+1",
        "text+full_name+eq+Anna",
        "date+created_at+gt+yesterday",
        "date+created_at+gt+99999-01-01",
        "date+created_at+gt+²",
    ],
)
def test_a_filter_that_cannot_be_read_is_ignored(crowd: httpx.Client, text: str) -> None:
    with pytest.warns(QuickBloxWarning, match=r"filter\[\]: .* is ignored; QuickBlox documents type\+field\+operator"):
        assert ids(crowd.get("/users.json", params={"filter[]": text})) == [1, 2, 3]


def test_a_filter_with_a_name_is_ignored(crowd: httpx.Client) -> None:
    with pytest.warns(QuickBloxWarning, match="is ignored"):
        assert ids(crowd.get("/users.json?filter[id]=2")) == [1, 2, 3]


def test_a_filter_without_brackets_is_warned_of(crowd: httpx.Client) -> None:
    with pytest.warns(QuickBloxWarning, match=r"^filter: .* write filter\[\]$"):
        assert ids(crowd.get("/users.json?filter=number+id+in+2")) == [2]


def test_an_empty_filter_is_ignored(crowd: httpx.Client) -> None:
    assert ids(crowd.get("/users.json?filter=")) == [1, 2, 3]


@pytest.mark.parametrize("separator", ["+", "%2B", "%20"])
@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("asc+number+id", [1, 2, 3]),
        ("desc+number+id", [3, 2, 1]),
        ("desc+date+created_at", [3, 2, 1]),
        ("asc+date+updated_at", [1, 3, 2]),
        ("asc+string+login", [3, 1, 2]),
        ("desc+string+full_name", [2, 1, 3]),
        ("asc+string+full_name", [3, 1, 2]),
        ("asc+date+last_request_at", [1, 3, 2]),
        ("desc+string+website", [1, 2, 3]),
    ],
)
def test_an_order_of_each_type_sorts_users(crowd: httpx.Client, order: str, found: list[int], separator: str) -> None:
    assert ids(crowd.get(f"/users.json?order={order.replace('+', separator)}")) == found


@pytest.mark.parametrize("order", ["created_at", "up+date+created_at", "asc+string+password", "asc+date+created_at+x"])
def test_an_order_that_cannot_be_read_is_ignored(crowd: httpx.Client, order: str) -> None:
    with pytest.warns(QuickBloxWarning, match=r"order: .* is ignored; QuickBlox documents 'asc\+date\+created_at'"):
        assert ids(crowd.get("/users.json", params={"order": order})) == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "found"),
    [("Anna Example", [1]), ("ample", [1, 2]), ("BEN", [2]), ("nobody", []), ("", [])],
)
def test_users_are_found_by_a_part_of_their_name(crowd: httpx.Client, name: str, found: list[int]) -> None:
    page = crowd.get("/users/by_full_name.json", params={"full_name": name})
    assert ids(page) == found
    assert list(page.json()) == KEYS


def test_a_list_by_name_has_pages(crowd: httpx.Client) -> None:
    page = crowd.get("/users/by_full_name?full_name=ample&page=2&per_page=1")
    assert ids(page) == [2]
    assert ids(crowd.get("/users/by_full_name")) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tags=vegan", [1, 2]),
        ("tags=regular,new", [1, 3]),
        ("tags[]=regular&tags[]=new", [1, 3]),
        ("tags=vegan&page=2&per_page=1", [2]),
        ("tags=veg", []),
        ("tags=", []),
        ("tags[a]=vegan", []),
        ("", []),
    ],
)
def test_users_are_found_by_any_of_their_tags(
    qbchat: FakeQuickBlox, api: httpx.Client, query: str, found: list[int]
) -> None:
    for number, tags in enumerate((["regular", "vegan"], ["vegan"], ["new"], []), start=1):
        qbchat.add_user(number, tags=tags)
    page = api.get(f"/users/by_tags.json?{query}")
    assert ids(page) == found
    assert list(page.json()) == KEYS


# --- PUT /users/{id}.json ---


@pytest.mark.parametrize(
    "form",
    [
        {"json": {"user": {"full_name": " Anna Sample ", "tag_list": "new"}}},
        {"data": {"user[full_name]": "Anna Sample", "user[tag_list]": "new"}},
        {"params": {"user[full_name]": "Anna Sample", "user[tag_list]": "new"}},
    ],
    ids=["JSON", "form", "query string"],
)
def test_a_user_changes_itself(world: World, form: dict[str, Any]) -> None:
    with freeze_time("2026-01-01 12:00:00"):
        user = world.fake.add_user(login="anna", full_name="Anna Example", phone="555 0100", tags=["regular"])
        headers = acting(world.fake, user)
    with freeze_time("2026-01-02 12:00:00"):
        response = world.send("PUT", f"{API}/users/{user.id}.json", headers=headers, **form)
        shown = world.send("GET", f"{API}/users/{user.id}", headers=headers).json()
    assert answer(response) == (200, shown)
    changed = response.json()["user"]
    assert (changed["full_name"], changed["user_tags"]) == ("Anna Sample", "new")
    assert (changed["login"], changed["phone"]) == ("anna", "555 0100")
    assert (changed["created_at"], changed["updated_at"]) == ("2026-01-01T12:00:00Z", "2026-01-02T12:00:00Z")


def test_a_user_is_found_by_telephone_number(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    user = qbchat.add_user(phone="+100200300")
    found = api.get("/users/phone.json", params={"phone": "+100200300"})
    assert (found.status_code, found.json()["user"]["id"]) == (200, user.id)
    for params in ({"phone": "+1"}, {"phone": ""}, {}):
        assert answer(api.get("/users/phone.json", params=params)) == (404, COULD_NOT_FIND_USER)


@pytest.mark.parametrize("query", ["tags[]=new,vip", "tags[]=new&tags[]=vip", "tags=new,vip"])
def test_users_are_found_by_an_array_of_tags(qbchat: FakeQuickBlox, api: httpx.Client, query: str) -> None:
    for tag in ("new", "vip", "old"):
        qbchat.add_user(login=tag, tags=[tag])
    items = api.get(f"/users/by_tags.json?{query}").json()["items"]
    assert [item["user"]["login"] for item in items] == ["new", "vip"]


def test_several_filters_may_be_one_with_commas(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    for number in range(1, 4):
        qbchat.add_user(number, full_name="Anna" if number < 3 else "Bert")
    text = "string full_name in Anna,Bert,number id gt 1,string full_name eq Anna"
    for filters in ([text], [text, "number id lt 9,number id ne 5"]):
        assert ids(api.get("/users.json", params={"filter[]": filters})) == [2]


@pytest.mark.parametrize("name", [*UNIQUE, "full_name", "phone", "website", "custom_data"])
def test_every_field_can_be_changed_and_emptied(qbchat: FakeQuickBlox, api: httpx.Client, name: str) -> None:
    headers = acting(qbchat, qbchat.add_user(10, login="made-up", email="made-up@shop.example"))
    shown = [
        api.put("/users/10", headers=headers, json={"user": {name: value}}).json()["user"][name]
        for value in ("first", "second", None, "third", "")
    ]
    assert shown == ["first", "second", None, "third", None]


def test_a_user_keeps_a_login_or_an_email(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    headers = acting(qbchat, qbchat.add_user(10, login="made-up"))
    for neither in ({"login": ""}, {"login": None, "email": ""}):
        refused = api.put("/users/10", headers=headers, json={"user": neither})
        assert answer(refused) == (422, {"errors": {"base": ["Login or email required"]}})
    assert api.put("/users/10", headers=headers, json={"user": {"email": ""}}).status_code == 200
    by_email = {"login": None, "email": "made-up@shop.example"}
    assert api.put("/users/10", headers=headers, json={"user": by_email}).status_code == 200


def test_consents_are_shown_as_they_were_sent(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    headers = acting(qbchat, qbchat.add_user(10))
    consents = {
        "age_over16": True,
        "allow_statistics_analysis": False,
        "allow_sales_activities": "true",
        "parents_contacts": "made-up@parents.example",
    }
    for _ in range(2):
        shown = api.put("/users/10", headers=headers, json={"user": consents}).json()["user"]
        assert consents.items() <= shown.items()
        consents = dict.fromkeys(consents)


@pytest.mark.parametrize("name", UNIQUE)
def test_a_change_to_what_another_has_is_refused(qbchat: FakeQuickBlox, api: httpx.Client, name: str) -> None:
    user, other = qbchat.add_user(10), qbchat.add_user(11)
    mine = {"user": {name: "taken"}}
    assert api.put("/users/11", headers=acting(qbchat, other), json=mine).status_code == 200
    assert answer(api.put("/users/10", headers=acting(qbchat, user), json=mine)) == (422, {"errors": {name: TAKEN}})
    assert api.put("/users/11", headers=acting(qbchat, other), json=mine).status_code == 200  # its own


def test_all_errors_of_a_change_are_named_at_once_and_nothing_is_changed(
    qbchat: FakeQuickBlox, api: httpx.Client
) -> None:
    qbchat.add_user(login="taken")
    user = qbchat.add_user(10, login="anna", full_name="Anna Example", password=PASSWORD)
    fields = {"login": "taken", "password": "short", "tag_list": "a,b,c,d,e,f", "full_name": "Anna Sample"}
    assert answer(api.put("/users/10", headers=acting(qbchat, user), json={"user": fields})) == (
        422,
        {
            "errors": {
                "login": TAKEN,
                "password": TOO_SHORT,
                "tag_list": ["is too long (maximum is 5 tags)"],
                "base": ["old_password is wrong"],
            }
        },
    )
    assert (user.login, user.full_name, user.password) == ("anna", "Anna Example", PASSWORD)


@pytest.mark.parametrize("old", [None, "", "wrong-password", f" {PASSWORD}"], ids=repr)
def test_a_new_password_needs_the_old_one(qbchat: FakeQuickBlox, api: httpx.Client, old: str | None) -> None:
    user = qbchat.add_user(10, login="anna", password=PASSWORD)
    change = {"user": {"password": "made-up-new-password", "old_password": old}}
    assert answer(api.put("/users/10", headers=acting(qbchat, user), json=change)) == (422, WRONG_PASSWORD)
    assert user.password == PASSWORD


def test_a_change_with_the_old_password_sets_the_new_one(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    user = qbchat.add_user(10, login="anna", password=PASSWORD)
    change = {"user": {"password": "made-up-new-password", "old_password": PASSWORD}}
    response = api.put("/users/10", headers=acting(qbchat, user), json=change)
    assert response.status_code == 200
    assert not {"password", "old_password"} & response.json()["user"].keys()
    qbchat.add_message(qbchat.add_dialog(DIALOG, occupants_ids=[user]), user, "made-up-new-password")
    assert "made-up-new-password" not in qbchat.transcript()
    statuses = [
        api.post("/login.json", json={"login": "anna", "password": password}).status_code
        for password in (PASSWORD, "made-up-new-password")
    ]
    assert statuses == [401, 202]


@pytest.mark.parametrize(("old", "status"), [(PASSWORD, 200), (None, 422)])
def test_a_user_without_a_known_password_may_give_any_old_one(
    qbchat: FakeQuickBlox, api: httpx.Client, old: str | None, status: int
) -> None:
    headers = {"QB-Token": "made-up-token-of-somebody"}
    user_id = api.get("/session.json", headers=headers).json()["session"]["user_id"]
    change = {"user": {"password": "made-up-new-password", "old_password": old}}
    assert api.put(f"/users/{user_id}", headers=headers, json=change).status_code == status
    assert qbchat.users.one().password == ("made-up-new-password" if status == 200 else None)


def test_an_api_key_alone_needs_no_old_password(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    user = qbchat.add_user(10, password=PASSWORD)
    change = {"user": {"password": "made-up-new-password"}}
    behalf = KEY | {"On-Behalf-Of": "10"}
    assert answer(api.put("/users/10", headers=behalf, json=change)) == (422, WRONG_PASSWORD)
    assert api.put("/users/10", headers=KEY, json=change).status_code == 200
    assert user.password == "made-up-new-password"


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
def test_a_change_without_a_user_is_refused(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    response = api.put("/users/10", headers=KEY, json={"full_name": "Anna Sample"})
    assert answer(response) == (422, {"errors": {"user": ["is required"]}})


# --- DELETE ---


def test_a_user_deletes_itself(world: World) -> None:
    user, other = world.fake.add_user(10, external_user_id="shop-7"), world.fake.add_user(20)
    group = world.fake.add_dialog(DIALOG, occupants_ids=[user, other])
    alone = world.fake.add_dialog(occupants_ids=[user])
    headers = acting(world.fake, user)
    world.fake.add_session("made-up-second-token", user)

    response = world.send("DELETE", f"{API}/users/10.json", headers=headers)

    assert (response.status_code, response.content) == (200, b"")
    assert "QB-Token-ExpirationDate" not in response.headers
    assert [each.id for each in world.fake.users] == [20]
    assert group.occupants_ids == [20]
    assert alone not in list(world.fake.dialogs)
    for token in (headers["QB-Token"], "made-up-second-token"):
        refused = world.send("GET", f"{API}/session.json", headers={"QB-Token": token})
        assert answer(refused) == (401, NO_SESSION)
    assert answer(world.send("GET", f"{API}/users/10.json", headers=KEY)) == (404, COULD_NOT_FIND_USER)
    assert answer(world.send("GET", f"{API}/users/external/shop-7.json", headers=KEY)) == (404, COULD_NOT_FIND_USER)


@pytest.mark.parametrize(
    "path", ["/users/10", "/users/10.json", "/users/external/shop-7", "/users/external/shop-7.json"]
)
@pytest.mark.parametrize("headers", [KEY, KEY | {"On-Behalf-Of": "10"}], ids=["key alone", "on its behalf"])
def test_an_api_key_deletes_a_user(
    qbchat: FakeQuickBlox, api: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    qbchat.add_user(10, external_user_id="shop-7")
    response = api.delete(path, headers=headers)
    assert (response.status_code, response.content) == (200, b"")
    assert not qbchat.users
    assert answer(api.delete(path, headers=KEY)) == (404, COULD_NOT_FIND_USER)


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({"QB-Token": "made-up-token-of-another"}, (403, NO_PERMISSION)),
        (KEY | {"On-Behalf-Of": "11"}, (403, NO_PERMISSION)),
        ({"QB-Token": "made-up-app-token"}, (422, NEED_USER)),
        ({"QB-Token": ""}, (401, TOKEN_REQUIRED)),
    ],
    ids=["another user", "on behalf of another", "application session", "nobody"],
)
@pytest.mark.parametrize("call", ["PUT /users/10", "DELETE /users/10", "DELETE /users/external/shop-7"])
def test_a_user_is_changed_or_deleted_only_by_itself(
    qbchat: FakeQuickBlox, api: httpx.Client, call: str, headers: dict[str, str], refusal: tuple[int, Any]
) -> None:
    user = qbchat.add_user(10, full_name="Anna Example", external_user_id="shop-7")
    qbchat.add_session("made-up-token-of-another", 11)
    response = api.request(*call.split(), headers=headers, json={"user": {"full_name": "Mallory Example"}})
    assert answer(response) == refusal
    assert user in list(qbchat.users)
    assert user.full_name == "Anna Example"


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_deleted_user_is_not_adopted_again(qbchat: FakeQuickBlox, api: httpx.Client, method: str) -> None:
    api.delete("/users/10", headers=KEY)
    response = api.request(method, "/users/10", headers=KEY, json={"user": {"full_name": "Anna"}})
    assert answer(response) == (404, COULD_NOT_FIND_USER)
    qbchat.add_user(10)
    assert api.get("/users/10").status_code == 200


def test_the_unique_fields_of_a_deleted_user_can_be_taken(qbchat: FakeQuickBlox, api: httpx.Client, anna: int) -> None:
    assert sign_up(api, **FULL).status_code == 422
    api.delete(f"/users/{anna}", headers=KEY)
    again = sign_up(api, **FULL)
    assert again.status_code == 201
    assert again.json()["user"]["id"] != anna


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "begun by a message"])
def test_a_private_dialog_with_a_deleted_user_can_still_be_used(world: World, declared: bool) -> None:
    user, other = world.fake.add_user(10), world.fake.add_user(20)
    headers = acting(world.fake, other)
    if declared:
        world.fake.add_dialog(occupants_ids=[user, other], type=3)
    first = world.send(
        "POST", URL, headers=headers, json={"recipient_id": 10, "message": "hi", "send_to_chat": 1}
    ).json()
    world.send("DELETE", f"{API}/users/10", headers=acting(world.fake, user))

    posted = world.send(
        "POST", URL, headers=headers, json={"chat_dialog_id": first["chat_dialog_id"], "send_to_chat": 1}
    )
    gone = world.send("POST", URL, headers=headers, json={"recipient_id": 10})

    assert (posted.status_code, posted.json()["recipient_id"]) == (201, 0)
    assert world.fake.posted.last.delivered_to == ()
    assert answer(gone) == (422, {"errors": ["Occupants with these IDs do not exist."]})
    dialog = world.fake.dialogs.one()
    assert (dialog.type, dialog.occupants_ids) == (3, [20])
    listed = world.send("GET", f"{URL}?chat_dialog_id={dialog.id}", headers=headers).json()["items"]
    assert [item["sender_id"] for item in listed] == [20, 20]
    assert "10" in world.fake.transcript()


# --- GET /users/password/reset.json ---


@pytest.mark.parametrize("path", ["/users/password/reset.json", "/users/password/reset", "/password/reset.json"])
def test_a_password_reset_is_mailed(qbchat: FakeQuickBlox, api: httpx.Client, path: str) -> None:
    qbchat.add_user(email="anna@shop.example", password=PASSWORD)
    response = api.get(path, params={"email": " anna@shop.example"})
    assert (response.status_code, response.content) == (200, b"")
    assert qbchat.users.one().password == PASSWORD


@pytest.mark.parametrize("query", ["?email=nobody@shop.example", "?email=", "", "?email[]=anna@shop.example"])
def test_a_password_reset_for_an_unknown_address_is_refused(
    qbchat: FakeQuickBlox, api: httpx.Client, query: str
) -> None:
    qbchat.add_user(email="anna@shop.example")
    assert answer(api.get(f"/users/password/reset.json{query}")) == (404, COULD_NOT_FIND_USER)


# --- GET /account_settings.json ---

ACCOUNT_KEY = {"QB-Account-Key": "made-up-account-key"}


@pytest.mark.parametrize("headers", [{}, {"QB-Account-Key": ""}], ids=["none", "empty"])
def test_the_account_settings_need_the_key_of_the_account(
    qbchat: FakeQuickBlox, api: httpx.Client, headers: dict[str, str]
) -> None:
    assert answer(api.get("/account_settings", headers=headers)) == (401, TOKEN_REQUIRED)
    assert qbchat.calls.one().reason == "the request has no QB-Account-Key header"


def test_the_key_of_the_account_is_masked(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    api.get("/account_settings", headers=ACCOUNT_KEY)
    assert "made…" in repr(qbchat.calls.one().request.headers)
    assert "made-up-account-key" not in repr(qbchat.calls.one().request.headers)


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_refused_call_adopts_no_user(qbchat: FakeQuickBlox, api: httpx.Client, method: str) -> None:
    qbchat.add_session(TOKEN, 11)
    refused = api.request(method, "/users/77.json", json={"user": {"phone": "1"}}, headers={"QB-Token": TOKEN})
    assert answer(refused) == (404, COULD_NOT_FIND_USER)
    assert qbchat.calls.last.reason == "there is no user '77'; users may change only themselves"
    assert [user.id for user in qbchat.users if user.id == 77] == []


@pytest.mark.parametrize("text", ["number+external_user_id+eq+7", "number+external_user_id+in+7,8"])
def test_a_user_whose_value_is_of_another_kind_is_not_found(
    qbchat: FakeQuickBlox, api: httpx.Client, text: str
) -> None:
    qbchat.add_user(1, external_user_id="7")
    qbchat.add_user(2, external_user_id="seven")
    found = api.get("/users.json", params={"filter[]": text}).json()["items"]
    assert [item["user"]["id"] for item in found] == [1]


@pytest.mark.qbchat(hosts=["chat.shop.example"])
@pytest.mark.parametrize(
    ("base", "chat"),
    [
        ("https://api.quickblox.com", "chat.quickblox.com"),
        pytest.param("http://api.quickblox.com", "chat.quickblox.com", marks=PLAIN_HTTP),
        ("https://apishop.quickblox.com", "chatshop.quickblox.com"),
        ("https://api-shop.quickblox.com", "chat-shop.quickblox.com"),
        ("https://chat.shop.example", "chat.quickblox.com"),
    ],
)
def test_the_account_settings_name_the_hosts(world: World, base: str, chat: str) -> None:
    response = world.send("GET", f"{base}/account_settings.json", headers=ACCOUNT_KEY)
    assert response.status_code == 200
    assert response.text == (
        f'{{"api_endpoint":"{base}","chat_endpoint":"{chat}","turnserver_endpoint":"turnserver.quickblox.com"}}'
    )
    assert "QB-Token-ExpirationDate" not in response.headers
