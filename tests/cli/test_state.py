"""A state as JSON: what a seed may say, and that whatever was done is the same after it was saved and loaded."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from pytest_qbchat import FakeQuickBlox, QuickBloxTransport, QuickBloxWarning
from pytest_qbchat.cli.state import saved as state

HOST = "https://api.quickblox.com"
DIALOG = "5d75327ba28f9a0f32cb0f99"
OTHER = "5d75327ba28f9a0f32cb0f9a"
MESSAGE = "5d76b657a28f9a0cc7cb0f99"
SAM, CLEO, DANA = 7, 8, 9
API_KEY = "made-up-api-key-of-the-shop"
NOW = 1_568_061_015  # 2019-09-09T20:30:15Z


def token_of(user: int) -> str:
    return f"made-up-token-of-{user}"


def session_of(user: int) -> dict[str, Any]:
    return {"token": token_of(user), "user_id": user}


def loaded(given: Any) -> FakeQuickBlox:
    fake = FakeQuickBlox()
    state.load(fake._store, given)
    return fake


def saved(fake: FakeQuickBlox) -> Any:
    """The state, by way of the text of a file."""
    return state.from_json(state.to_json(state.dump(fake._store)))


class Api:
    """A client of a fake, for any of its users."""

    def __init__(self, fake: FakeQuickBlox) -> None:
        self.fake = fake
        self.client = httpx.Client(transport=QuickBloxTransport(fake), base_url=HOST, trust_env=False)

    def __call__(self, method: str, path: str, *, by: int | None = SAM, **kwargs: Any) -> httpx.Response:
        headers = {"Authorization": f"ApiKey {API_KEY}"} if by is None else {"QB-Token": token_of(by)}
        return self.client.request(method, path, headers=headers, **kwargs)

    def get(self, path: str, *, by: int | None = SAM, **params: Any) -> Any:
        return self("GET", path, by=by, params=params).json()


def api_of(given: Any) -> Api:
    return Api(loaded(given))


SEED: dict[str, Any] = {
    "users": [{"id": SAM, "full_name": "Sam Support"}, {"id": CLEO, "full_name": "Cleo Customer"}],
    "sessions": [session_of(SAM), session_of(CLEO)],
    "dialogs": [{"_id": DIALOG, "type": 2, "name": "Shop", "occupants_ids": [SAM, CLEO]}],
}


# --- seeds ---


def test_nothing_is_a_state() -> None:
    assert saved(loaded({})) == saved(FakeQuickBlox())


def test_what_is_left_out_is_made_up() -> None:
    with freeze_time("2019-09-09 20:30:15"):
        api = api_of({**SEED, "messages": [{"chat_dialog_id": DIALOG, "sender_id": CLEO, "message": "Hello"}]})
        [message] = api.get("/chat/Message.json", chat_dialog_id=DIALOG, mark_as_read=0)["items"]

    assert message.pop("_id").startswith(f"{NOW:08x}")
    assert message == {
        "attachments": [],
        "chat_dialog_id": DIALOG,
        "created_at": "2019-09-09T20:30:15Z",
        "date_sent": NOW,
        "delivered_ids": [CLEO],
        "message": "Hello",
        "read": 0,
        "read_ids": [CLEO],
        "recipient_id": 0,
        "sender_id": CLEO,
        "updated_at": "2019-09-09T20:30:15Z",
    }


def test_a_message_is_unread_by_the_others_and_the_last_of_its_dialog() -> None:
    messages = [
        {"chat_dialog_id": DIALOG, "sender_id": CLEO, "message": "second", "date_sent": NOW + 1},
        {"chat_dialog_id": DIALOG, "sender_id": CLEO, "message": "first", "date_sent": NOW, "read_ids": [CLEO, SAM]},
    ]
    api = api_of({**SEED, "messages": messages})

    [dialog] = api.get("/chat/Dialog.json")["items"]
    assert (dialog["last_message"], dialog["unread_messages_count"]) == ("second", 1)
    assert api.get("/chat/Message/unread.json", by=CLEO) == {"total": 0}


def test_users_are_declared_by_being_named() -> None:
    given = {"sessions": [session_of(SAM)], "dialogs": [{"type": 3, "occupants_ids": [SAM, CLEO], "user_id": DANA}]}
    fake = loaded(given)
    assert [(user.id, user.adopted) for user in fake.users] == [(SAM, False), (CLEO, False), (DANA, False)]


def test_a_dialog_is_enforced_like_one_that_a_test_declares() -> None:
    api = api_of({**SEED, "sessions": [session_of(DANA)]})
    assert api("POST", "/chat/Message.json", by=DANA, json={"chat_dialog_id": DIALOG}).status_code == 403


def test_a_private_dialog_is_found_by_its_pair() -> None:
    dialogs = [{"_id": DIALOG, "type": 3, "occupants_ids": [SAM, CLEO]}]
    messages = [{"chat_dialog_id": DIALOG, "sender_id": SAM, "read_ids": [SAM, CLEO]}]
    api = api_of({"sessions": [session_of(SAM)], "dialogs": dialogs, "messages": messages})

    [message] = api.get("/chat/Message.json", chat_dialog_id=DIALOG)["items"]
    assert (message["recipient_id"], message["read"]) == (CLEO, 1)
    posted = api("POST", "/chat/Message.json", json={"recipient_id": CLEO}).json()
    assert posted["chat_dialog_id"] == DIALOG


def test_a_public_dialog_that_all_have_left_is_still_there() -> None:
    first = api_of({**SEED, "dialogs": [{"_id": DIALOG, "type": 1, "name": "News", "occupants_ids": [CLEO]}]})
    path, body = f"/chat/Dialog/{DIALOG}.json", {"pull_all": {"occupants_ids": [CLEO]}}
    assert first("PUT", path, by=CLEO, json=body).json()["occupants_ids"] == []
    assert api_of(saved(first.fake)).get(path) == first.get(path)


def test_the_newest_dialog_comes_first() -> None:
    dialogs = [{"_id": each, "type": 2, "occupants_ids": [SAM]} for each in (DIALOG, OTHER)]
    given = {"sessions": [session_of(SAM)], "dialogs": dialogs}
    assert [item["_id"] for item in api_of(given).get("/chat/Dialog.json")["items"]] == [OTHER, DIALOG]

    given["messages"] = [{"chat_dialog_id": DIALOG, "sender_id": SAM}]
    assert [item["_id"] for item in api_of(given).get("/chat/Dialog.json")["items"]] == [DIALOG, OTHER]


def test_a_dialog_can_be_hidden_without_saying_anything_else() -> None:
    given = {**SEED, "dialogs": [{**SEED["dialogs"][0], "hidden_from": [SAM]}]}
    api = api_of(given)
    assert api.get("/chat/Dialog.json", by=SAM)["total_entries"] == 0
    assert api.get("/chat/Dialog.json", by=CLEO)["total_entries"] == 1


def test_a_password_is_checked() -> None:
    user = {"id": SAM, "login": "sam", "password": "made-up-password"}
    api = api_of({"users": [user], "sessions": [{"token": token_of(0), "user_id": 0}]})

    wrong, right = (
        api("POST", "/login.json", by=0, json={"login": "sam", "password": password})
        for password in ("made-up-mistake", "made-up-password")
    )
    assert (wrong.status_code, right.status_code) == (401, 200)


def test_an_application_is_enforced() -> None:
    application = {"id": 12345, "auth_key": "made-up-key", "auth_secret": "made-up-secret", "api_keys": [API_KEY]}
    api = api_of({"application": application})
    assert api("GET", "/users.json", by=None).status_code == 200
    assert api.client.get("/users.json", headers={"Authorization": "ApiKey another"}).status_code == 401
    session = {"application_id": 1, "auth_key": "x", "timestamp": NOW, "nonce": 1, "signature": "x"}
    with freeze_time("2019-09-09 20:30:15"), pytest.warns(QuickBloxWarning, match="is not the one declared"):
        reply = api.client.post("/session.json", json=session)
    assert reply.json() == {"errors": {"base": ["Unexpected signature"]}}


def test_a_blob_is_there_with_its_content() -> None:
    blob = {"name": "map.png", "content_type": "image/png", "public": True, "content": b64encode(b"made up").decode()}
    api = api_of({"blobs": [blob]})

    [shown] = [item["blob"] for item in api.get("/blobs.json", by=None)["items"]]
    assert (shown["size"], shown["blob_status"]) == (7, "complete")
    file = api.client.get(f"/blobs/{shown['uid']}", follow_redirects=True)
    assert (file.content, file.headers["Content-Type"]) == (b"made up", "image/png")


def test_ids_may_be_digits_and_in_capitals() -> None:
    user = {"id": str(SAM), "external_user_id": 4711}
    dialog = {"_id": DIALOG.upper(), "type": "2", "occupants_ids": ["7"]}
    api = api_of({"users": [user], "sessions": [session_of(SAM)], "dialogs": [dialog]})
    assert api.get("/users/external/4711.json")["user"]["id"] == SAM
    assert api.get(f"/chat/Dialog/{DIALOG}.json")["_id"] == DIALOG


def test_attachments_may_be_written_as_in_a_request() -> None:
    attachments = {"1": {"type": "video", "id": "2"}, "0": {"type": "image", "id": "1"}}
    fake = loaded({**SEED, "messages": [{"chat_dialog_id": DIALOG, "sender_id": SAM, "attachments": attachments}]})
    assert fake.messages.one().attachments == [attachments["0"], attachments["1"]]


def test_a_seed_is_made_of_replies() -> None:
    """Each resource as one fake shows it makes the same in another."""
    first = api_of(SEED)
    first("POST", "/chat/Message.json", json={"chat_dialog_id": DIALOG, "order": 7, "dialog_id": DIALOG})
    first("POST", "/blobs.json", json={"blob": {"name": "map.png", "content_type": "image/png"}})
    message = first.get("/chat/Message.json", chat_dialog_id=DIALOG)["items"][0]
    first("POST", f"/chat/Message/{message['_id']}/reactions.json", by=CLEO, json={"name": "like"})
    paths: list[tuple[str, dict[str, Any]]] = [
        ("/users.json", {}),
        ("/session.json", {}),
        ("/chat/Dialog.json", {}),
        ("/chat/Message.json", {"chat_dialog_id": DIALOG, "mark_as_read": 0, "include_reactions": 1}),
    ]
    users, session, dialogs, messages = (first.get(path, **params) for path, params in paths)

    second = api_of(
        {
            "users": users["items"],
            "sessions": [session],
            "dialogs": dialogs["items"],
            "messages": messages["items"],
            "blobs": first.get("/blobs.json")["items"],
        }
    )

    assert [second.get(path, **params) for path, params in paths] == [users, session, dialogs, messages]
    assert messages["items"][0]["reactions"] == [{"name": "like", "count": 1, "user_ids": [CLEO]}]
    assert second.get("/blobs.json", by=None) == first.get("/blobs.json", by=None)


def test_the_reply_to_a_message_for_the_chat_is_one_that_was_not_saved_yet() -> None:
    first = api_of(SEED)
    reply = first("POST", "/chat/Message.json", json={"chat_dialog_id": DIALOG, "send_to_chat": 1}).json()
    assert reply["created_at"] is None

    second = api_of({**SEED, "messages": [reply]})
    path = f"/chat/Message/{reply['_id']}.json"
    assert second.get(path) == first.get(path)


def test_new_ids_are_none_that_are_there() -> None:
    """Those of a seed look like those that the fake makes."""
    with freeze_time("2019-09-09 20:30:15"):
        first = api_of(SEED)
        replies = [_one_of_each(first)]
        replies += [_one_of_each(api_of(saved(first.fake)))]
        blob = {"name": "x", "content_type": "y"}
        given = {**saved(first.fake), "blobs": [blob, *saved(first.fake)["blobs"]]}
        replies += [_one_of_each(api_of(given))]

    made = [made for reply in replies[1:] for made in reply]
    assert not {*replies[0]} & {*made}


def _one_of_each(api: Api) -> list[Any]:
    user = {"login": f"made-up-{len(api.fake.users)}", "password": "made-up-password"}
    dialog = {"type": 2, "name": "New", "occupants_ids": [CLEO]}
    blob = api("POST", "/blobs.json", json={"blob": {"name": "x", "content_type": "y"}}).json()["blob"]
    return [
        blob["id"],
        blob["uid"],
        api("POST", "/users.json", json={"user": user}).json()["user"]["id"],
        api("POST", f"/users/{SAM}/tokens", by=None).json()["token"],
        api("POST", "/chat/Dialog.json", json=dialog).json()["_id"],
        api("POST", "/chat/Message.json", json={"chat_dialog_id": DIALOG}).json()["_id"],
        *(session.id for session in api.fake.sessions[-1:]),
    ]


def test_new_tokens_and_uids_are_none_that_are_there() -> None:
    """Whatever number the fake comes to: it makes both of numbers."""
    numbers = range(1_151_000_001, 1_151_000_101)
    tokens, uids = (
        [f"decade{number:034x}" for number in numbers[::-5]],
        [f"b10b{number:028x}" for number in numbers[::-5]],
    )
    blobs = [{"uid": uid, "name": "map.png", "content_type": "image/png"} for uid in uids]
    api = api_of(
        {"sessions": [session_of(SAM), *({"token": token, "user_id": SAM} for token in tokens)], "blobs": blobs}
    )

    made = [api("POST", f"/users/{SAM}/tokens", by=None).json()["token"] for _ in range(20)]
    blob = {"blob": {"name": "x", "content_type": "y"}}
    made += [api("POST", "/blobs.json", json=blob).json()["blob"]["uid"] for _ in range(20)]
    assert len({*made, *tokens, *uids}) == 80


def test_nothing_is_counted_in_a_public_dialog() -> None:
    dialog = {"_id": DIALOG, "type": 1, "name": "News", "occupants_ids": [CLEO, SAM]}
    message = {"chat_dialog_id": DIALOG, "sender_id": CLEO, "message": "Hello"}
    api = api_of({**SEED, "dialogs": [dialog], "messages": [message]})

    [shown] = api.get("/chat/Message.json", chat_dialog_id=DIALOG)["items"]
    assert (shown["read_ids"], shown["delivered_ids"]) == ([], [])
    assert api.get(f"/chat/Dialog/{DIALOG}.json")["unread_messages_count"] == 0


def test_a_new_session_has_an_id_of_its_own() -> None:
    given = {"sessions": [{"token": "made-up-token-of-the-shop", "id": 1_151_000_001, "user_id": SAM}]}
    fake = loaded(given)
    added = fake.add_session("another-made-up-token", SAM)
    assert added.id not in {session.id for session in fake.sessions if session is not added}


WRONG: list[tuple[Any, str]] = [
    ([], "a state is an object"),
    ({"user": []}, "a state has no 'user': its parts are application, users, sessions, dialogs, messages, blobs"),
    ({"users": {}}, r"users: {} is no list"),
    ({"users": [7]}, r"users\[0\]: 7 is no object"),
    ({"users": [{"fullname": "Sam"}]}, r"users\[0\] has an unknown field 'fullname': write full_name"),
    ({"users": [{}, {"age": 7}]}, r"users\[1\] has an unknown field 'age': write one of adopted, .*"),
    ({"users": [{"id": "seven"}]}, r'users\[0\] id: "seven" is no id or number: write its digits'),
    ({"users": [{"login": 7}]}, r"users\[0\] login: 7 is no text"),
    ({"users": [{"adopted": 1}]}, r"users\[0\] adopted: 1 is neither true nor false"),
    ({"users": [{"created_at": "today"}]}, r'users\[0\] created_at: "today" is no time: write "2019-09-09T20:30:15Z"'),
    ({"users": [{"id": SAM}, {"user": {"id": SAM}}]}, r"users\[1\] is a second user 7"),
    ({"users": [{"login": "sam"}, {"login": "sam"}]}, r"users\[1\] has the login 'sam' of another user"),
    ({"users": [{"full_name": ["x" * 99]}]}, r'users\[0\] full_name: \["x{57}… is no text'),
    ({"application": {"secret": "x"}}, "application has an unknown field 'secret'"),
    ({"application": {"api_keys": ["ApiKey x"]}}, "application api_keys: .* is no list of keys"),
    ({"sessions": [{"user_id": SAM}]}, r"sessions\[0\] has no token: write one"),
    ({"sessions": [session_of(SAM), session_of(SAM)]}, r"sessions\[1\] has the token of another session"),
    ({"sessions": [{"token": "x", "expires_at": "soon"}]}, r"sessions\[0\] expires_at: \"soon\" is no Unix time"),
    ({"dialogs": [{"type": 4}]}, r"dialogs\[0\] type: 4 is no type: write 1 public group, 2 group or 3 private"),
    ({"dialogs": [{"type": 2}]}, r"dialogs\[0\] occupants_ids: \[\] is nobody"),
    ({"dialogs": [{"type": 2, "occupants_ids": "7,8"}]}, r"dialogs\[0\] occupants_ids: \"7,8\" is no list of user ids"),
    ({"dialogs": [{"type": 2, "occupants_ids": [True]}]}, r"dialogs\[0\] occupants_ids: \[true\] is no list"),
    ({"dialogs": [{"type": 3, "occupants_ids": [7]}]}, r"dialogs\[0\] occupants_ids: \[7\] is no pair"),
    ({"dialogs": [{"_id": "7"}]}, r'dialogs\[0\] _id: "7" is no id: write 24 hexadecimal digits, or leave it out'),
    ({"dialogs": [{"type": 2, "occupants_ids": [7], "data": "x"}]}, r'dialogs\[0\] data: "x" is no object'),
    (
        {"dialogs": [{"type": 2, "occupants_ids": [7], "is_joinable": 2}]},
        r"dialogs\[0\] is_joinable: 2 is neither 1 nor 0: write 1",
    ),
    ({**SEED, "dialogs": SEED["dialogs"] * 2}, rf"dialogs\[1\] is a second dialog {DIALOG}"),
    (
        {"dialogs": [{"type": 3, "occupants_ids": [7, 8]}, {"type": 3, "occupants_ids": [8, 7]}]},
        r"dialogs\[1\] is a second private dialog of users 7 and 8",
    ),
    ({**SEED, "messages": [{"chat_dialog_id": OTHER}]}, rf"messages\[0\] chat_dialog_id: there is no dialog '{OTHER}'"),
    ({**SEED, "messages": [{"chat_dialog_id": DIALOG}]}, r"messages\[0\] sender_id: there is no user None"),
    (
        {**SEED, "messages": [{"chat_dialog_id": DIALOG, "sender_id": 9}]},
        r"messages\[0\] sender_id: there is no user 9: .* add it to",
    ),
    ({"blobs": [{"name": "map.png"}]}, r"blobs\[0\] has no content_type: write one"),
    (
        {"blobs": [{"id": 1, "name": "x", "content_type": "y"}] * 2},
        r"blobs\[1\] is a second blob 1 or \w{32}",
    ),
    ({"blobs": [{"name": "x", "content_type": "y", "content": "no!"}]}, r'blobs\[0\] content: "no!" is no base64'),
    ({"_qbchat": {"recency": [[DIALOG, 7]]}}, "_qbchat is not as it was saved: leave it out"),
    ({"_qbchat": {"deleted": 7}}, "_qbchat is not as it was saved: leave it out"),
]


@pytest.mark.parametrize(("given", "text"), WRONG, ids=[text[:40] for _, text in WRONG])
def test_what_is_wrong_is_refused_by_name(given: Any, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}"):
        loaded(given)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"sendToChat": 1}, "has a custom field 'sendToChat': write send_to_chat"),
        ({"markable": True}, "markable: true is neither 1 nor 0"),
        ({"attachments": "1"}, 'attachments: "1" is no list of attachments'),
        ({"attachments": {"N": {"type": "image"}}}, "attachments: .* is no list of attachments"),
        ({"reactions": ["like"]}, "reactions: .* is no list of reactions"),
        ({"read_ids": 7}, "read_ids: 7 is no list of user ids"),
        ({"_id": "x"}, '_id: "x" is no id'),
        ({"_qbchat": {"hidden": [7]}}, "_qbchat has an unknown field 'hidden': write one of audience, .*"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_message_is_refused_by_name(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=rf"messages\[0\] {text}"):
        loaded({**SEED, "messages": [{"chat_dialog_id": DIALOG, "sender_id": SAM, **fields}]})


def test_a_second_message_of_an_id_is_refused() -> None:
    message = {"_id": MESSAGE, "chat_dialog_id": DIALOG, "sender_id": SAM}
    with pytest.raises(ValueError, match=rf"messages\[1\] is a second message {MESSAGE}"):
        loaded({**SEED, "messages": [message, message]})


@pytest.mark.parametrize("text", ["", "{", '{"a": NaN}', '{"a": 1e999}', '{"a": "\\ud800"}', "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        state.from_json(text)


def test_a_time_without_a_zone_is_utc() -> None:
    message = {"chat_dialog_id": DIALOG, "sender_id": SAM, "created_at": "2019-09-09T20:30:15"}
    assert loaded({**SEED, "messages": [message]}).messages.one().date_sent == NOW


def test_an_id_says_when_a_message_was_sent() -> None:
    message = {"_id": MESSAGE, "chat_dialog_id": DIALOG, "sender_id": SAM}
    assert loaded({**SEED, "messages": [message]}).messages.one().created_at == "2019-09-09T20:30:15Z"


# --- what is saved ---


def test_an_expired_session_stays_so() -> None:
    fake = loaded(SEED)
    fake.expire_sessions()
    assert Api(loaded(saved(fake)))("GET", "/session.json").status_code == 401


def test_a_session_ends_two_hours_after_its_last_call_whoever_answered_that() -> None:
    with freeze_time("2019-09-09 20:30:15") as clock:
        first = api_of(SEED)
        first("GET", "/session.json")
        clock.tick(2 * 60 * 60 - 1)
        assert api_of(saved(first.fake))("GET", "/session.json").status_code == 200
        clock.tick(1)
        assert api_of(saved(first.fake))("GET", "/session.json").status_code == 401


def test_a_signature_counts_once_whoever_saw_it() -> None:
    session = {"application_id": 1, "auth_key": "x", "timestamp": NOW, "nonce": 1, "signature": "x"}
    with freeze_time("2019-09-09 20:30:15"):
        first = api_of({})
        assert first.client.post("/session.json", json=session).status_code == 201
        again = api_of(saved(first.fake)).client.post("/session.json", json=session)
    assert again.json() == {"errors": {"nonce": ["has already been taken"]}}


def test_the_user_of_a_provider_stays_the_same() -> None:
    body = {"provider": "facebook", "keys": {"token": "made-up-token-of-facebook"}}
    first = api_of(SEED)
    user = first("POST", "/login.json", json=body).json()["user"]["id"]
    assert api_of(saved(first.fake))("POST", "/login.json", json=body).json()["user"]["id"] == user


def test_an_identity_of_a_user_who_is_gone_is_not_saved() -> None:
    body = {"provider": "facebook", "keys": {"token": "made-up-token-of-facebook"}}
    api = api_of(SEED)
    user = api("POST", "/login.json", json=body).json()["user"]["id"]
    assert api("DELETE", f"/users/{user}.json", by=None).status_code == 200
    assert saved(api.fake)["_qbchat"]["identities"] == []


@pytest.mark.parametrize("fields", [{"sendToChat": 1}, {"_qbchat": 1}, {"hidden_from": [7]}])
@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
def test_custom_fields_of_any_name_are_saved(fields: dict[str, Any]) -> None:
    api = api_of(SEED)
    message = api("POST", "/chat/Message.json", json={"chat_dialog_id": DIALOG, **fields}).json()
    path = f"/chat/Message/{message['_id']}.json"

    assert {name: message[name] for name in fields} == fields
    assert api_of(saved(api.fake)).get(path) == api.get(path)


def test_a_message_that_a_user_deleted_for_itself_stays_hidden_from_it() -> None:
    first = api_of({**SEED, "messages": [{"_id": MESSAGE, "chat_dialog_id": DIALOG, "sender_id": CLEO}]})
    first("DELETE", f"/chat/Message/{MESSAGE}.json", by=SAM)

    second = api_of(saved(first.fake))
    for user, number in ((SAM, 0), (CLEO, 1)):
        assert len(second.get("/chat/Message.json", by=user, chat_dialog_id=DIALOG)["items"]) == number
    assert second.get("/chat/Message/unread.json", by=SAM) == {"total": 0}


def test_who_was_deleted_stays_unknown() -> None:
    body = {"login": "sam", "password": "made-up-password"}
    first = api_of({"users": [{"id": SAM, **body}], "sessions": [session_of(SAM), session_of(0) | {"user_id": 0}]})
    first("DELETE", f"/users/{SAM}.json")

    second = api_of(saved(first.fake))
    assert second("POST", "/login.json", by=0, json=body).status_code == 401
    assert second("GET", "/session.json", by=SAM).status_code == 401
    assert second("GET", f"/users/{SAM}.json", by=0).status_code == 404


# --- whatever was done ---


class Shop(Api):
    """A few people who do what is drawn: an action, and numbers that the state at that moment gives a meaning."""

    people = (SAM, CLEO, DANA)

    def __init__(self) -> None:
        super().__init__(loaded({"sessions": [*map(session_of, self.people), session_of(0)]}))
        self.turn = 0

    def act(self, action: Callable[[Shop, int, int, int], Any], *numbers: int) -> None:
        self.turn += 1
        action(self, *numbers)

    def user(self, number: int) -> int:
        return [*self.people, *(user.id for user in self.fake.users)][number]

    def dialog(self, number: int) -> str:
        return [*(dialog.id for dialog in self.fake.dialogs), DIALOG][-1 - number % (1 + len(self.fake.dialogs))]

    def message(self, number: int) -> str:
        return [MESSAGE, *(message.id for message in self.fake.messages)][-1 - number % (1 + len(self.fake.messages))]

    def blob(self, number: int) -> tuple[int, str]:
        return [(4711, "none"), *((blob.id, blob.uid) for blob in self.fake.blobs)][number % (1 + len(self.fake.blobs))]

    def caller(self, number: int) -> int:
        return self.people[number % 3]

    def reader(self, number: int, message_id: str) -> int:
        """One of those who see a message, if there are any who call."""
        message = self.fake._store.messages.get(message_id)
        occupants = self.fake._store.dialogs[message.chat_dialog_id].occupants_ids if message else []
        callers = [user for user in occupants if user in self.people] or [*self.people]
        return callers[number % len(callers)]

    def post(self, a: int, b: int, c: int) -> None:
        fields: dict[str, Any] = {"message": f"message {self.turn}", "send_to_chat": c & 1, "order": self.turn}
        if c & 2:
            fields |= {"markable": 1, "attachments": {"0": {"type": "image", "id": "47863"}}, "sendToChat": [c]}
        to = {"recipient_id": self.user(b)} if c & 4 else {"chat_dialog_id": self.dialog(b)}
        self("POST", "/chat/Message.json", by=self.caller(a), json={**fields, **to})

    def open(self, a: int, b: int, c: int) -> None:
        occupants = [self.user(b), self.user(c % 3)]
        fields = {"type": 1 + (a + b + c) % 3, "name": "Shop", "occupants_ids": occupants, "data[class_name]": "Shop"}
        self("POST", "/chat/Dialog.json", by=self.caller(a), json=fields | {"photo": "1", "admin_ids": occupants[:1]})

    def change(self, a: int, b: int, c: int) -> None:
        fields = {("push_all", "pull_all")[c & 1]: {"occupants_ids": [self.user(c % 3)]}, "data": {"order": c}}
        self("PUT", f"/chat/Dialog/{self.dialog(b)}.json", by=self.caller(a), json=fields)

    def leave(self, a: int, b: int, c: int) -> None:
        params = {"force": 1} if c == 0 else {}
        self("DELETE", f"/chat/Dialog/{self.dialog(b)}.json", by=self.caller(a), params=params)

    def mute(self, a: int, b: int, c: int) -> None:
        path = f"/chat/Dialog/{self.dialog(b)}/notifications.json"
        self("PUT", path, by=self.caller(a), json={"enabled": c & 1})

    def read(self, a: int, b: int, c: int) -> None:
        params = {"chat_dialog_id": self.dialog(b), "limit": c}
        self("GET", "/chat/Message.json", by=self.caller(a), params=params)

    def mark(self, a: int, b: int, c: int) -> None:
        fields = [{"read": 1}, {"read": 0}, {"delivered": 1}, {"message": "on second thought"}][c % 4]
        found = [each for each in self.fake.messages if each.id == self.message(b)]
        for message in found:
            body = {"chat_dialog_id": message.chat_dialog_id, **fields}
            self("PUT", f"/chat/Message/{message.id}.json", by=self.reader(a, message.id), json=body)

    def delete(self, a: int, b: int, c: int) -> None:
        message = self.message(b)
        params = {"force": int(c > 5)}
        self("DELETE", f"/chat/Message/{message}.json", by=self.reader(a, message), params=params)

    def react(self, a: int, b: int, c: int) -> None:
        message = self.message(b)
        path, name = f"/chat/Message/{message}/reactions.json", ("like", "love")[c & 1]
        self("DELETE" if c > 4 else "POST", path, by=self.reader(a, message), json={"name": name})

    def sign_up(self, a: int, b: int, c: int) -> None:
        user = {"login": f"login-{b}", "email": f"{c}@shop.example", "password": "made-up-password", "tag_list": "a,b"}
        self("POST", "/users.json", by=0, json={"user": user})
        body = {"login": f"login-{b}", "password": "made-up-password"}
        self("POST", "/login.json", by=0, json=body)
        self("POST", "/chat/Message.json", by=0, json={"recipient_id": self.caller(a), "send_to_chat": 1})
        self("DELETE", "/login.json", by=0)

    def sign_off(self, a: int, b: int, c: int) -> None:
        users = [user.id for user in self.fake.users if user.id not in self.people]
        for user in users[a : a + 1]:
            self("DELETE", f"/users/{user}.json", by=None)

    def log_in_elsewhere(self, a: int, b: int, c: int) -> None:
        self("POST", f"/users/{self.caller(a)}/tokens", by=None)
        self.client.get("/session.json", headers={"QB-Token": f"another-made-up-token-{b}"})
        if c & 1:
            self.client.delete("/session.json", headers={"QB-Token": f"another-made-up-token-{b}"})

    def upload(self, a: int, b: int, c: int) -> None:
        blob = {"name": "map.png", "content_type": "image/png", "public": c & 1}
        declared = self("POST", "/blobs.json", by=self.caller(a), json={"blob": blob}).json()["blob"]
        if c & 2:
            url = urlsplit(declared["blob_object_access"]["params"])
            self.client.post("/qbprod/", data=dict(parse_qsl(url.query)), files={"file": b"made up"})
            size = {"blob": {"size": 7}}
            self("PUT", f"/blobs/{declared['id']}/complete.json", by=self.caller(a), json=size)

    def remove(self, a: int, b: int, c: int) -> None:
        self("DELETE", f"/blobs/{self.blob(b)[0]}.json", by=self.caller(a))

    def asked(self, kind: int, a: int, b: int) -> tuple[str, int | None, dict[str, Any]]:
        """Something to ask for, by its path, who asks, and its parameters."""
        by = (*self.people, 0, None)[a % 5]
        dialog, message, (blob, uid) = self.dialog(b), self.message(b), self.blob(b)
        paths: list[tuple[str, dict[str, Any]]] = [
            ("/users.json", {}),
            (f"/users/{self.user(b % 3)}.json", {}),
            ("/users/by_login.json", {"login": f"login-{b}"}),
            ("/session.json", {}),
            ("/chat/Dialog.json", {}),
            ("/chat/Dialog.json", {"type": 1 + b % 3}),
            (f"/chat/Dialog/{dialog}.json", {}),
            (f"/chat/Dialog/{dialog}/notifications.json", {}),
            ("/chat/Message.json", {"chat_dialog_id": dialog}),
            ("/chat/Message.json", {"chat_dialog_id": dialog, "mark_as_read": 0, "include_reactions": 1}),
            ("/chat/Message/unread.json", {}),
            ("/chat/Message/unread.json", {"chat_dialog_ids": dialog}),
            (f"/chat/Message/{message}.json", {}),
            (f"/chat/Message/{message}/reactions.json", {}),
            ("/blobs.json", {}),
            (f"/blobs/{blob}.json", {}),
            (f"/qbprod/{uid}", {"Signature": "made-up"}),
        ]
        path, params = paths[kind % len(paths)]
        return path, by, params


ACTIONS = [
    *[Shop.post] * 4, Shop.open, Shop.open, Shop.change, Shop.leave, Shop.mute, Shop.read, Shop.mark, Shop.delete,
    Shop.react, Shop.sign_up, Shop.sign_off, Shop.log_in_elsewhere, Shop.upload, Shop.remove,
]  # fmt: skip
NUMBER = st.integers(0, 7)
TURNS = st.lists(st.tuples(st.sampled_from(ACTIONS), NUMBER, st.integers(0, 2), NUMBER), min_size=5, max_size=40)
QUESTIONS = st.lists(st.tuples(st.integers(0, 16), NUMBER, NUMBER), max_size=20)


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
@given(turns=TURNS, questions=QUESTIONS)
def test_whatever_was_done_is_the_same_after_it_was_saved_and_loaded(turns: Any, questions: Any) -> None:
    with freeze_time("2019-09-09 20:30:15") as clock:
        shop = Shop()
        for action, *numbers in turns:
            shop.act(action, *numbers)
            clock.tick(30)
        first = saved(shop.fake)
        copy = Api(loaded(first))
        assert saved(copy.fake) == first

        for question in questions:
            path, by, params = shop.asked(*question)
            replies = [each("GET", path, by=by, params=params) for each in (shop, copy)]
            shown, expected = (
                (reply.status_code, reply.content, reply.headers.get("QB-Token-ExpirationDate")) for reply in replies
            )
            assert shown == expected, path
        assert saved(copy.fake) == saved(shop.fake)


def test_a_state_is_read_by_people_too() -> None:
    text = state.to_json(state.dump(loaded({"users": [{"id": SAM, "full_name": "Zoë"}]})._store))
    assert '      "full_name": "Zoë",' in text.splitlines()[9:14]
    assert json.loads(text)["users"][0]["id"] == SAM


def test_a_dialog_that_is_written_into_a_saved_state_is_listed() -> None:
    api = api_of(SEED)
    saved = json.loads(state.to_json(state.dump(api.fake._store)))
    saved["dialogs"].append({"_id": "5d76b657a0facade0fffffff", "type": 2, "name": "New", "occupants_ids": [7, 8]})
    again = api_of(saved)
    before, after = ([dialog.id for dialog in each.fake._store.dialogs_of(7)] for each in (api, again))
    assert after == ["5d76b657a0facade0fffffff", *before]
