"""The seed file of the stand-alone program: what it declares, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_qbchat import FakeQuickBlox
from pytest_qbchat.cli.seed import apply_seed, read_seed

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


def with_message(**fields: Any) -> dict[str, Any]:
    return {**SEED, "messages": [{"chat_dialog_id": DIALOG, "sender_id": 8, **fields}]}


WRONG: list[tuple[Any, str]] = [
    ([], "invalid seed; expected {'users'"),
    ({"user": []}, "unknown key 'user'; expected users"),
    ({"users": {}}, "users: expected a list"),
    ({"users": [7]}, r"users\[0\]: expected an object"),
    ({"users": [{"fullname": "Sam"}]}, r"users\[0\]: unknown key 'fullname'; expected full_name"),
    ({"users": [{}, {"age": 7}]}, r"users\[1\]: unknown key 'age'; expected one of custom_data, "),
    ({"users": [{"id": "seven"}]}, r"users\[0\]: invalid id 'seven'; expected a number"),
    ({"users": [{"login": 7}]}, r"users\[0\]: invalid login=7; expected a string"),
    ({"users": [{"user_tags": 7}]}, r"users\[0\]: invalid user_tags=7; expected a string, 'vip,new'"),
    ({"users": [{"id": 7}, {"id": 7}]}, r"users\[1\]: user 7 already exists"),
    ({"users": [{"login": "sam"}, {"login": "sam"}]}, r"users\[1\]: the login 'sam' already belongs to user"),
    ({"sessions": [{"user_id": 7}]}, r"sessions\[0\]: invalid token of type NoneType"),
    ({"sessions": [{"token": "x"}, {"token": "x"}]}, r"sessions\[1\]: the token already belongs to another session"),
    (
        {"sessions": [{"token": "x", "expires": 1}]},
        r"sessions\[0\]: unknown key 'expires'; expected one of token, user_id",
    ),
    ({"dialogs": [{"type": 4, "occupants_ids": [7]}]}, r"dialogs\[0\]: unknown dialog type 4; expected 'public'"),
    ({"dialogs": [{"type": 2}]}, r"dialogs\[0\]: a dialog needs at least its owner"),
    ({"dialogs": [{"occupants_ids": "7,8"}]}, r"dialogs\[0\]: invalid occupants_ids='7,8'; expected a list"),
    ({"dialogs": [{"type": 3, "occupants_ids": [7]}]}, r"dialogs\[0\]: a private dialog has two occupants"),
    ({"dialogs": [{"_id": "7", "occupants_ids": [7]}]}, r"dialogs\[0\]: invalid dialog id '7'"),
    ({"dialogs": SEED["dialogs"] * 2}, rf"dialogs\[1\]: dialog {DIALOG} already exists"),
    ({"messages": [{"chat_dialog_id": DIALOG, "sender_id": 7}]}, rf"messages\[0\]: unknown dialog '{DIALOG}'"),
    (with_message(sender_id=9), r"messages\[0\]: user 9 is not among the occupants"),
    (with_message(sender_id=None), r"messages\[0\]: None is not a user"),
    (with_message(sendToChat=1), r"messages\[0\]: a message has no field 'sendToChat'; use send_to_chat"),
    (with_message(_id=DIALOG), r"messages\[0\]: _id is set by QuickBlox"),
    (with_message(markable=True), r"messages\[0\]: invalid markable=True; expected 1"),
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
        read_seed(text)
