"""The seed file of the stand-alone program: what it declares, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_qbchat import FakeQuickBlox
from pytest_qbchat.server.seed import apply_seed, read_json

DIALOG = "5d75327ba28f9a0f32cb0f99"
USERS = [{"id": 7, "full_name": "Sam Support", "login": "sam"}, {"id": 8, "full_name": "Cleo Customer"}]
SEED: dict[str, Any] = {"users": USERS, "dialogs": [{"_id": DIALOG, "type": 2, "occupants_ids": [7, 8]}]}


def seeded(seed: Any) -> FakeQuickBlox:
    fake = FakeQuickBlox(strict=True)
    apply_seed(fake, seed)
    return fake


def test_an_empty_seed_declares_nothing() -> None:
    fake = seeded({})
    assert [len(part) for part in (fake.users, fake.sessions, fake.dialogs, fake.messages)] == [0, 0, 0, 0]


def test_users_have_the_fields_of_the_seed() -> None:
    [user] = seeded({"users": [{"id": 7, "login": "sam", "external_user_id": 5, "user_tags": "vip, new"}]}).users
    assert (user.id, user.login, user.external_user_id, user.user_tags) == (7, "sam", "5", "vip,new")


@pytest.mark.parametrize(("user_id", "expected"), [(7, 7), (0, None), (None, None)])
def test_a_session_without_a_user_is_one_of_the_application(user_id: int | None, expected: int | None) -> None:
    session = {"token": "made-up-token", "user_id": user_id}
    assert seeded({"users": USERS, "sessions": [session]}).sessions.one().user_id == expected


def test_occupants_that_are_only_named_are_declared() -> None:
    fake = seeded({"dialogs": [{"type": 3, "occupants_ids": [7, 8]}]})
    assert [user.id for user in fake.users] == [7, 8]


def test_messages_enter_the_history_with_their_custom_fields() -> None:
    message = {"chat_dialog_id": DIALOG, "sender_id": 8, "message": "Hello", "markable": 1, "order": 7}
    fake = seeded({**SEED, "messages": [{**message, "attachments": {"0": {"type": "image", "id": "47863"}}}]})
    stored = fake.messages.one()
    assert (stored.message, stored.sender_id, stored.markable, stored.custom) == ("Hello", 8, 1, {"order": 7})
    assert stored.attachments == [{"type": "image", "id": "47863"}]


def test_records_are_taken_as_the_api_returns_them() -> None:
    first = seeded(
        {
            "users": [
                {**USERS[0], "facebook_id": "f7", "website": "https://shop.example", "user_tags": "vip"},
                USERS[1],
            ],
            "sessions": [{"token": "made-up-token", "user_id": 7}],
            "dialogs": [{"_id": DIALOG.upper(), "occupants_ids": [7, 8], "user_id": 8, "name": "Shop", "photo": "p"}],
            "messages": [
                {
                    "_id": "5D76B657A0FACADE01000003",
                    "chat_dialog_id": DIALOG,
                    "sender_id": 8,
                    "date_sent": 1568061015 + late,
                    "read_ids": [8, 7],
                    "delivered_ids": [8],
                    "message": text,
                }
                | ({} if late else {"_id": None})
                for text, late in (("late", 60), ("early", 0))
            ],
        }
    )
    parts = ("users", "sessions", "dialogs", "messages")
    returned = json.dumps({part: [record.as_dict() for record in getattr(first, part)] for part in parts})
    second = seeded(read_json(returned))
    for fake in (first, second):
        user, dialog = fake.users[0], fake.dialogs.one()
        assert (user.facebook_id, user.website, user.user_tags) == ("f7", "https://shop.example", "vip")
        assert (dialog.id, dialog.user_id, dialog.occupants_ids, dialog.photo) == (DIALOG, 8, [7, 8], "p")
        assert [message.message for message in dialog.history] == ["early", "late"]
        late = fake.messages.where(message="late").one()
        assert (late.id, late.date_sent, late.created_at) == (
            "5d76b657a0facade01000003",
            1568061075,
            "2019-09-09T20:31:15Z",
        )
        assert (late.read_ids, late.delivered_ids) == ([8, 7], [8])


def test_a_message_has_the_reactions_of_its_record_as_the_api_returned_them() -> None:
    reactions = [{"name": "like", "count": 2, "user_ids": [7, 8]}]
    message = seeded(with_message(reactions=reactions)).messages.one()
    assert message.as_dict(with_reactions=True)["reactions"] == reactions
    assert message.custom == {}


def test_a_custom_field_may_have_any_name() -> None:
    names = ("self", "dialog", "sender", "type", "id")
    message = seeded(with_message(**dict.fromkeys(names, "made-up"), save_to_history=0)).messages.one()
    assert message.custom == dict.fromkeys(names, "made-up")


def with_message(**fields: Any) -> dict[str, Any]:
    return {**SEED, "messages": [{"chat_dialog_id": DIALOG, "sender_id": 8, **fields}]}


WRONG: list[tuple[Any, str]] = [
    ([], "invalid seed; expected {'users'"),
    ({"user": []}, "unknown key 'user'; expected users"),
    ({"users": {}}, "users: expected a list"),
    ({"users": [7]}, r"users\[0\]: expected an object"),
    ({"users": [{"fullname": "Sam"}]}, r"users\[0\]: unknown key 'fullname'; expected full_name"),
    ({"users": [{}, {"age": 7}]}, r"users\[1\]: unknown key 'age'; expected one of age_over16, "),
    ({"users": [{"id": "seven"}]}, r'users\[0\]: invalid id "seven"; expected a number of 1 or greater$'),
    ({"users": [{"login": 7}]}, r"users\[0\]: invalid login=7; expected a string"),
    ({"users": [{"user_tags": 7}]}, r"users\[0\]: invalid user_tags 7; expected a string"),
    ({"users": [{"id": 7}, {"id": 7}]}, r"users\[1\]: user 7 already exists"),
    ({"users": [{"login": "sam"}, {"login": "sam"}]}, r"users\[1\]: the login 'sam' already belongs to user"),
    ({"sessions": [{"user_id": 7}]}, r"sessions\[0\]: invalid token; expected printable characters"),
    ({"sessions": [{"token": "x"}, {"token": "x"}]}, r"sessions\[1\]: the token already belongs to another session"),
    (
        {"sessions": [{"token": "x", "expires": 1}]},
        r"sessions\[0\]: unknown key 'expires'; expected one of _id, application_id",
    ),
    (
        {"dialogs": [{"type": 4, "occupants_ids": [7]}]},
        r"dialogs\[0\]: invalid type 4; expected 1 public group, 2 group or 3 private",
    ),
    ({"dialogs": [{"type": 2}]}, r"dialogs\[0\]: a dialog needs at least its owner"),
    ({"dialogs": [{"occupants_ids": "7,8"}]}, r'dialogs\[0\]: invalid occupants_ids "7,8"; expected a list of ids'),
    ({"dialogs": [{"type": 3, "occupants_ids": [7]}]}, r"dialogs\[0\]: a private dialog has two occupants"),
    (
        {"dialogs": [{"_id": "7", "occupants_ids": [7]}]},
        r'dialogs\[0\]: invalid _id "7"; expected 24 hexadecimal digits',
    ),
    ({"dialogs": SEED["dialogs"] * 2}, rf"dialogs\[1\]: dialog {DIALOG} already exists"),
    ({"messages": [{"chat_dialog_id": DIALOG, "sender_id": 7}]}, rf"messages\[0\]: unknown dialog '{DIALOG}'"),
    (with_message(sender_id=9), r"messages\[0\]: user 9 is not among the occupants"),
    (with_message(sender_id=None), r"messages\[0\]: invalid sender_id null; expected a number of 1 or greater"),
    (with_message(sendToChat=1), r"messages\[0\]: a message has no field 'sendToChat'; use send_to_chat"),
    ({"users": [{"id": -1}]}, r"users\[0\]: invalid id -1; expected a number of 1 or greater"),
    ({"users": [{"id": True}]}, r"users\[0\]: invalid id true; expected a number of 1 or greater"),
    ({"sessions": [{"token": "made\nup"}]}, r"sessions\[0\]: invalid token; expected printable characters"),
    ({"dialogs": [{"type": True, "occupants_ids": [7]}]}, r"dialogs\[0\]: invalid type true; expected 1 public group"),
    ({"dialogs": [{"occupants_ids": [7, 0]}]}, r"dialogs\[0\]: invalid occupants_ids \[7, 0\]; expected a list of ids"),
    *(
        (with_message(reactions=each), r"messages\[0\]: invalid reactions .*; expected a list, \[{'name': 'like', ")
        for each in (
            {},
            ["like"],
            [{"name": 7, "user_ids": []}],
            [{"name": "like", "count": 1}],
        )
    ),
    (with_message(_id="7"), r'messages\[0\]: invalid _id "7"; expected 24 hexadecimal digits'),
    (with_message(date_sent=-1), r"messages\[0\]: invalid date_sent -1; expected a Unix time"),
    (with_message(chat_dialog_id=7), r"messages\[0\]: invalid chat_dialog_id 7; expected a string"),
    (
        {**SEED, "messages": [{"chat_dialog_id": DIALOG, "sender_id": 8, "_id": DIALOG}] * 2},
        rf"messages\[1\]: the _id '{DIALOG}' already belongs to another message",
    ),
    (with_message(markable=True), r"messages\[0\]: invalid markable true; expected 1"),
    (with_message(attachments="1"), r"messages\[0\]: invalid attachments='1'; expected a list"),
    (with_message(attachments={"N": {"type": "image"}}), r"messages\[0\]: invalid attachments=\{'N'"),
]


@pytest.mark.parametrize(("seed", "text"), WRONG, ids=[text[:40] for _, text in WRONG])
def test_a_wrong_record_is_named_with_the_right_form(seed: Any, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}"):
        seeded(seed)


@pytest.mark.parametrize("text", ["", "{", '{"a": NaN}', '{"a": 1e999}', '{"a": "\\ud800"}'])
def test_a_file_that_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(text)
