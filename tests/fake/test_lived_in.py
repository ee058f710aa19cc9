"""Users and histories as real applications have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from pytest_qbchat import Dialog, FakeQuickBlox, QuickBloxTransport, User


@pytest.fixture
def fake() -> FakeQuickBlox:
    return FakeQuickBlox()


@pytest.fixture
def owner(fake: FakeQuickBlox) -> User:
    owner = fake.add_user(full_name="Sam Support")
    fake.add_session("made-up-token-of-the-shop", owner)
    return owner


@pytest.fixture
def group(fake: FakeQuickBlox, owner: User) -> Dialog:
    return fake.add_dialog(occupants_ids=[owner, *fake.add_users(3)])


@pytest.fixture
def client(fake: FakeQuickBlox) -> Iterator[httpx.Client]:
    with httpx.Client(
        transport=QuickBloxTransport(fake),
        base_url="https://api.quickblox.com",
        headers={"QB-Token": "made-up-token-of-the-shop"},
    ) as client:
        yield client


def listed(client: httpx.Client, dialog: Dialog, **params: Any) -> list[dict[str, Any]]:
    response = client.get("/chat/Message.json", params={"chat_dialog_id": dialog.id, **params})
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def test_a_history_is_listed_but_neither_posted_nor_in_an_inbox(
    fake: FakeQuickBlox, owner: User, group: Dialog, client: httpx.Client
) -> None:
    messages = fake.add_history(group, messages=120)
    assert messages == group.history == fake.messages
    assert len(listed(client, group)) == 100
    assert len(listed(client, group, skip=100)) == 10  # ten are deleted by the owner
    assert fake.posted == []
    assert [user for user in fake.users if user.inbox] == []
    assert owner.unread() == 0
    fake.assert_nothing_posted()


def test_a_history_has_what_real_ones_have(fake: FakeQuickBlox, owner: User, group: Dialog) -> None:
    messages = fake.add_history(group, messages=12)
    texts = Counter(message.message for message in messages)
    assert texts["ok"] == 2
    assert texts[None] == 1
    assert [message.attachments[0]["type"] for message in messages if message.message is None] == ["image"]
    assert any("?" in str(text) and "&" in str(text) and "://" in str(text) for text in texts)
    assert any("é" in str(text) and "🎉" in str(text) and "'" in str(text) for text in texts)
    assert [message._posted_text != message.message for message in messages if message.edited] == [True]
    assert [message._hidden_from for message in messages if message._hidden_from] == [(owner.id,)]
    senders = {message.sender_id for message in messages}
    assert len(senders - {*group.occupants_ids}) == 1
    assert len(senders) == 3
    times = [message.date_sent for message in messages]
    assert times == sorted(times)
    assert len(times) - len({*times}) == 1
    assert group.created <= times[0] < times[-1] < fake._store.now()


def test_a_long_history_has_all_customers_of_a_group(fake: FakeQuickBlox, group: Dialog) -> None:
    senders = {message.sender_id for message in fake.add_history(group, messages=60)}
    assert senders > {*group.occupants_ids}


def test_two_occupants_of_a_private_dialog_read_each_other(fake: FakeQuickBlox, owner: User) -> None:
    customer = fake.add_user()
    dialog = fake.add_dialog(occupants_ids=[owner, customer], type=3)
    messages = fake.add_history(dialog, messages=24)
    assert {message.sender_id for message in messages} == {owner.id, customer.id}
    assert {(message.read, len(message.read_ids)) for message in messages} == {(1, 2)}
    assert {message.recipient_id for message in messages} == {owner.id, customer.id}


def test_a_public_dialog_of_one_user_has_a_history_without_receipts(fake: FakeQuickBlox, owner: User) -> None:
    dialog = fake.add_dialog(occupants_ids=[owner], type=1)
    assert {tuple(message.read_ids) for message in fake.add_history(dialog, messages=12)} == {()}


def test_a_history_is_the_same_in_each_run_and_another_in_the_next_dialog() -> None:
    def texts() -> list[list[str | None]]:
        fake = FakeQuickBlox()
        user = fake.add_users(1)[0]
        dialogs = [fake.add_dialog(occupants_ids=[user]) for _ in range(2)]
        return [[message.message for message in fake.add_history(dialog.id, messages=30)] for dialog in dialogs]

    first, second = texts()
    assert [first, second] == texts()
    assert first != second


def test_many_users_differ_and_some_lack_a_name_or_an_address(fake: FakeQuickBlox) -> None:
    users = [*fake.add_users(30), *fake.add_users(30)]
    assert len({user.id for user in users}) == len({user.login for user in users}) == 60
    assert [user.full_name for user in users].count(None) == 8
    assert [user.email for user in users].count(None) == 12
    assert fake.users == users


@pytest.mark.parametrize("number", [0, -1, True, "30", 1.5])
def test_a_wrong_number_is_refused(fake: FakeQuickBlox, group: Dialog, number: Any) -> None:
    with pytest.raises(ValueError, match=r"^invalid number=.*; expected 1 or greater$"):
        fake.add_users(number)
    with pytest.raises(ValueError, match=r"^invalid messages=.*; expected 1 or greater$"):
        fake.add_history(group, messages=number)
    with pytest.raises(ValueError, match="unknown dialog 'x'"):
        fake.add_history("x")


def test_a_login_that_a_user_has_is_not_drawn_again() -> None:
    first, second = FakeQuickBlox(), FakeQuickBlox()
    first.add_user()
    [drawn] = first.add_users(1)
    second.add_user(login=drawn.login)
    [other] = second.add_users(1)
    assert None is not other.login != drawn.login
