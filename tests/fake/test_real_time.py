"""Users as a test holds them: what reaches their apps, what they read, and what they answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from support.clock import freeze_time
from support.ways import DIALOG, TLS, TOKEN, World

from pytest_qbchat import Dialog, FakeQuickBlox, Message, User

API = "https://api.quickblox.com"


class Shop:
    """The shop, which posts over REST, and four customers with their apps."""

    def __init__(self, fake: FakeQuickBlox, client: httpx.Client) -> None:
        self.fake = fake
        self.client = client
        self.shop = fake.add_user(10, full_name="Sam Shop")
        self.cleo, self.carl, self.cora, self.curt = (
            fake.add_user(number, full_name=name)
            for number, name in ((20, "Cleo"), (30, "Carl"), (40, "Cora"), (50, "Curt"))
        )
        fake.add_session(TOKEN, self.shop)

    def group(self, *customers: User, type: int = 2) -> Dialog:
        return self.fake.add_dialog(occupants_ids=[self.shop, *customers], type=type)

    def post(self, dialog: Dialog, message: str = "hi", **fields: Any) -> Message:
        """A message for the chat that asks for receipts, unless the fields say otherwise."""
        body = {"chat_dialog_id": dialog.id, "message": message, "send_to_chat": 1, "markable": 1} | fields
        response = self.client.post("/chat/Message.json", json=body)
        assert response.status_code == 201
        return self.fake.posted.last

    def shown(self, message: Message) -> dict[str, Any]:
        """A message as it is now, over REST."""
        shown: dict[str, Any] = self.client.get(f"/chat/Message/{message.id}.json").json()
        return shown

    def unread(self, user: User, dialog: Dialog) -> int:
        """How many messages a user has not read, over REST."""
        token = f"made-up-token-of-{user.id}"
        if not self.fake.sessions.where(token=token):
            self.fake.add_session(token, user)
        reply = self.client.get(
            "/chat/Message/unread.json", params={"chat_dialog_ids": dialog.id}, headers={"QB-Token": token}
        )
        count: int = reply.json()[dialog.id]
        return count


@pytest.fixture
def shop(qbchat: FakeQuickBlox) -> Iterator[Shop]:
    with httpx.Client(verify=TLS, base_url=API, headers={"QB-Token": TOKEN}) as client:
        yield Shop(qbchat, client)


# --- what arrives ---


def test_a_message_for_the_chat_reaches_the_others_and_no_other_does(world: World) -> None:
    anna, bert = world.fake.add_user(), world.fake.add_user()
    world.fake.add_session(TOKEN, anna)
    dialog = world.fake.add_dialog(occupants_ids=[anna, bert])
    world.post({"chat_dialog_id": dialog.id, "message": "for the history"})
    world.post({"chat_dialog_id": dialog.id, "message": "for the chat", "send_to_chat": 1, "markable": 1})

    assert bert.inbox == [{"message": "for the chat"}]
    assert bert.inbox.one() is world.fake.posted.last
    assert anna.inbox == []
    assert bert.unread() == 2
    bert.read()
    world.fake.posted.last.assert_read_by(bert)
    assert world.fake.posted[0].read_ids == [anna.id]


def test_a_group_message_reaches_every_occupant_but_the_sender(shop: Shop) -> None:
    customers = (shop.cleo, shop.carl, shop.cora, shop.curt)
    message = shop.post(shop.group(*customers))
    message.assert_delivered_to(*customers)
    assert [customer.inbox.one() for customer in customers] == [message] * 4
    assert shop.shop.inbox == []

    shop.cleo.read()
    shop.carl.receive()

    assert [customer.unread() for customer in customers] == [0, 1, 1, 1]
    assert (message.read_ids, message.delivered_ids) == ([10, 20], [10, 20, 30])
    message.assert_read_by(shop.cleo)
    with pytest.raises(
        AssertionError, match=r"has not been read by Carl \(30\), Cora \(40\), Curt \(50\): only Cleo \(20\) has"
    ):
        message.assert_read_by(*customers)
    shown = shop.shown(message)
    assert (shown["read_ids"], shown["delivered_ids"], shown["read"]) == ([10, 20], [10, 20, 30], 0)


def test_an_inbox_is_asked_for_by_the_id_too(shop: Shop) -> None:
    message = shop.post(shop.group(shop.cleo))
    assert shop.fake.inbox(20) == shop.fake.inbox(shop.cleo) == shop.cleo.inbox == [message]
    assert shop.fake.inbox(99) == []
    with pytest.raises(TypeError, match="'20' is not a user; expected a user id"):
        shop.fake.inbox("20")  # type: ignore[arg-type]


def test_an_inbox_grows_and_says_whose_it_is(shop: Shop) -> None:
    inbox = shop.cleo.inbox
    with pytest.raises(AssertionError, match=r"expected a message in the inbox of .* \(20\), found none"):
        _ = inbox.last
    message = shop.post(shop.group(shop.cleo))
    assert inbox.last is message


def test_a_message_does_not_reach_users_of_another_dialog(shop: Shop) -> None:
    shop.post(shop.group(shop.cleo))
    assert shop.carl.inbox == []
    assert list(shop.carl.dialogs) == []


@pytest.mark.parametrize("recipient", [20, "20"])
def test_a_message_to_a_user_reaches_them(shop: Shop, recipient: object) -> None:
    body = {"recipient_id": recipient, "message": "hi", "send_to_chat": 1}
    shop.client.post("/chat/Message.json", json=body).raise_for_status()
    assert shop.cleo.inbox.one().recipient_id == 20
    assert shop.cleo.dialogs.one().type == 3


# --- receipts ---


def test_receiving_confirms_the_delivery_and_not_the_reading(shop: Shop) -> None:
    message = shop.post(shop.group(shop.cleo))
    assert shop.cleo.receive() == [message]
    assert (message.delivered_ids, message.read_ids) == ([10, 20], [10])
    assert shop.cleo.unread() == 1


def test_reading_confirms_both(shop: Shop) -> None:
    dialog = shop.group(shop.cleo)
    message = shop.post(dialog)
    assert shop.cleo.read() == [message]
    assert (message.delivered_ids, message.read_ids) == ([10, 20], [10, 20])
    assert shop.cleo.unread(dialog) == shop.unread(shop.cleo, dialog) == 0


@pytest.mark.parametrize("act", [User.receive, User.read], ids=["receive", "read"])
@pytest.mark.parametrize("markable", [{"markable": 0}, {"markable": None}], ids=["0", "null"])
def test_a_message_that_is_not_markable_gets_no_receipt(
    shop: Shop, act: Callable[[User], Any], markable: dict[str, Any]
) -> None:
    dialog = shop.group(shop.cleo)
    message = shop.post(dialog, **markable)
    assert act(shop.cleo) == []
    assert message.read_ids == message.delivered_ids == [10]
    assert shop.cleo.unread(dialog) == 1


def test_one_message_may_be_read_without_the_others(shop: Shop) -> None:
    first, second, third = (shop.post(shop.group(shop.cleo), text) for text in ("1", "2", "3"))
    assert shop.cleo.read(second) == [second]
    assert shop.cleo.receive(third) == [third]
    assert [message.read_ids for message in (first, second, third)] == [[10], [10, 20], [10]]
    assert [message.delivered_ids for message in (first, second, third)] == [[10], [10, 20], [10, 20]]


def test_reading_again_changes_nothing(shop: Shop) -> None:
    with freeze_time("2026-01-01 12:00:00") as clock:
        message = shop.post(shop.group(shop.cleo))
        shop.cleo.read()
        clock.tick(60)
        assert shop.cleo.read() == [message]
    assert (message.read_ids, message.updated_at) == ([10, 20], "2026-01-01T12:00:00Z")


@pytest.mark.parametrize("act", [User.receive, User.read], ids=["receive", "read"])
def test_a_message_that_was_not_delivered_cannot_be_read(shop: Shop, act: Callable[[User, Message], Any]) -> None:
    dialog = shop.group(shop.cleo)
    message, other = shop.post(dialog, send_to_chat=0), shop.post(dialog)
    with pytest.raises(
        ValueError,
        match=f"{message.id}.* is not in the inbox of user 20, because it was not delivered in real time; for",
    ):
        act(shop.cleo, message)
    assert message.read_ids == other.read_ids == [10]
    assert act(shop.cleo, other) == [other]


def test_the_flag_of_a_private_dialog_shows_that_the_opponent_has_read(shop: Shop) -> None:
    message = shop.post(shop.group(shop.cleo, type=3))
    shop.cleo.receive()
    assert shop.shown(message)["read"] == 0
    shop.cleo.read()
    assert shop.shown(message)["read"] == 1
    message.assert_read_by(shop.cleo)


def test_a_receipt_leaves_no_call_behind(shop: Shop) -> None:
    shop.post(shop.group(shop.cleo))
    shop.cleo.read()
    shop.cleo.send(shop.fake.posted.one(), "thanks")
    assert [call.path for call in shop.fake.calls] == ["/chat/Message.json"]


# --- opening a dialog ---


def test_opening_a_dialog_reads_all_of_it(shop: Shop) -> None:
    dialog = shop.group(shop.cleo)
    messages = [shop.post(dialog, "1", markable=0), shop.post(dialog, "2", send_to_chat=0), shop.post(dialog, "3")]
    assert shop.cleo.unread(dialog.id) == 3

    assert shop.cleo.open(dialog) == messages

    assert shop.cleo.unread() == 0
    for message in messages:
        message.assert_read_by(shop.cleo)
        assert message.delivered_ids == [10, 20]


def test_a_dialog_is_opened_by_its_id_in_any_case(shop: Shop) -> None:
    dialog = shop.fake.add_dialog(DIALOG, occupants_ids=[10, 20])
    message = shop.post(dialog)
    assert shop.cleo.open(DIALOG.upper()) == [message]


def test_a_message_that_a_user_deleted_is_not_shown_to_the_user(shop: Shop) -> None:
    shop.fake.add_session("made-up-token-of-cleo", shop.cleo)
    dialog = shop.group(shop.cleo)
    kept, hidden = shop.post(dialog, "kept"), shop.post(dialog, "hidden")
    url = f"/chat/Message/{hidden.id}.json"
    shop.client.delete(url, headers={"QB-Token": "made-up-token-of-cleo"}).raise_for_status()
    assert shop.cleo.open(dialog) == [kept]
    assert shop.shop.open(dialog) == [kept, hidden]
    assert hidden.read_ids == [10]


def test_an_opened_dialog_shows_the_history_of_that_moment(shop: Shop) -> None:
    dialog = shop.group(shop.cleo)
    shop.post(dialog)
    opened = shop.cleo.open(dialog)
    shop.post(dialog)
    assert len(opened) == 1


# --- how much is unread ---


def test_unread_messages_are_counted_as_over_rest(shop: Shop) -> None:
    one, another = shop.group(shop.cleo), shop.group(shop.cleo, shop.carl)
    shop.post(one)
    shop.post(one, send_to_chat=0)
    shop.post(another)
    assert [shop.cleo.unread(one), shop.cleo.unread(another.id), shop.cleo.unread()] == [2, 1, 3]
    assert [shop.unread(shop.cleo, dialog) for dialog in (one, another)] == [2, 1]
    assert [shop.carl.unread(), shop.carl.unread(one), shop.shop.unread()] == [1, 0, 0]


# --- what comes from an app ---


def test_a_user_may_be_written_to_by_its_id(shop: Shop) -> None:
    assert shop.cleo.send(shop.carl.id, "hello").recipient_id == shop.carl.id
    assert shop.carl.inbox.one().message == "hello"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"markble": 1}, r"^a message has no field 'markble'; use markable$"),
        ({"sendToChat": 1}, r"^a message has no field 'sendToChat'; use send_to_chat$"),
        (
            {"date_sent": 4},
            r"^date_sent is set by QuickBlox; omit it, and set the time with freezegun or qbchat\.advance",
        ),
    ],
)
def test_a_misspelt_field_of_a_message_of_the_tests_own_is_refused(shop: Shop, fields: Any, text: str) -> None:
    dialog = shop.group(shop.cleo)
    for make in (
        lambda: shop.fake.add_message(dialog, shop.cleo, "hi", **fields),
        lambda: shop.cleo.send(dialog, **fields),
    ):
        with pytest.raises(TypeError, match=text):
            make()
    assert len(shop.fake.messages) == 0


def test_a_message_of_an_app_looks_as_it_does_over_xmpp(shop: Shop) -> None:
    dialog = shop.group(shop.cleo)
    message = shop.cleo.send(dialog, "thanks", order=7, gift=True, note="quick")
    [listed] = shop.client.get("/chat/Message.json", params={"chat_dialog_id": dialog.id}).json()["items"]
    assert listed["recipient_id"] is message.recipient_id is None
    assert {"dialog_id": dialog.id, "order": "7", "gift": "true", "note": "quick"}.items() <= listed.items()
    assert dialog.id not in shop.fake.transcript().partition("\n")[2]
    private = shop.cleo.send(shop.shop, "hello")
    assert (private.recipient_id, private.custom) == (shop.shop.id, {"dialog_id": private.chat_dialog_id})


# --- what becomes of a message afterwards ---


def test_an_edited_message_is_edited_in_the_inbox(shop: Shop) -> None:
    message = shop.post(shop.group(shop.cleo), "Odrer #7")
    body = {"chat_dialog_id": message.chat_dialog_id, "message": "Order #7"}
    shop.client.put(f"/chat/Message/{message.id}.json", json=body).raise_for_status()
    assert shop.cleo.inbox == [{"message": "Order #7"}]
    assert shop.fake.messages == [{"message": "Order #7"}]


def test_an_edited_message_stays_posted(shop: Shop) -> None:
    message, other = shop.post(shop.group(shop.cleo), "Odrer #7", markable=1), shop.post(shop.group(shop.cleo), "hi")
    for text in ("Order #7", "Order #8"):
        body = {"chat_dialog_id": message.chat_dialog_id, "message": text}
        shop.client.put(f"/chat/Message/{message.id}.json", json=body).raise_for_status()
    posted = shop.fake.assert_posted(message="Odrer #7", markable=1, times=1)
    shop.fake.assert_not_posted(message=re.compile("Order"))
    assert (posted.id, posted.call, message.message) == (message.id, message.call, "Order #8")
    assert shop.cleo.read(posted) == [message]
    posted.assert_read_by(shop.cleo)
    assert message == posted == shop.cleo.inbox[0] != other
    assert (posted != other, {posted}, message in shop.fake.posted) == (True, {message}, True)
    assert posted == {"message": "Odrer #7", "markable": 1}
    assert posted != {"message": "Order #8"}
    assert repr(posted) == repr(message).replace("Order #8", "Odrer #7")
    assert shop.fake.posted == [posted, other]
    assert "deleted" not in shop.fake.transcript()
    with pytest.raises(AttributeError, match="has no attribute 'text'"):
        _ = posted.text  # type: ignore[attr-defined]


def test_a_deleted_message_stays_in_the_inbox_and_gets_no_receipt(shop: Shop) -> None:
    dialog = shop.group(shop.cleo)
    message, other = shop.post(dialog, "deleted"), shop.post(dialog, "other")
    shop.client.delete(f"/chat/Message/{message.id}.json", params={"force": 1}).raise_for_status()
    assert shop.cleo.inbox == [message, other]
    assert shop.cleo.unread() == 1
    assert shop.cleo.read() == [other]
    assert message.read_ids == [10]


@pytest.mark.parametrize("confirm", ["read", "receive"])
def test_an_app_confirms_messages_and_nothing_else(shop: Shop, confirm: str) -> None:
    message = shop.post(shop.group(shop.cleo))
    for other in ({"_id": message.id}, 7, shop.fake.dialogs.one()):
        with pytest.raises(TypeError, match=r"invalid message .*; expected a message in the inbox"):
            getattr(shop.cleo, confirm)(other)


def test_a_message_is_deleted_with_its_dialog(shop: Shop) -> None:
    dialog = shop.group(shop.cleo)
    message = shop.post(dialog)
    shop.client.delete(f"/chat/Dialog/{dialog.id}.json", params={"force": 1}).raise_for_status()
    assert shop.cleo.inbox == [message]
    assert shop.cleo.read() == []
    assert list(shop.cleo.dialogs) == []
    for late in (lambda: shop.cleo.send(message, "hello?"), lambda: shop.cleo.open(dialog)):
        with pytest.raises(ValueError, match="unknown dialog"):
            late()


def test_a_removed_occupant_receives_no_further_messages(shop: Shop) -> None:
    dialog = shop.group(shop.cleo, shop.carl)
    before = shop.post(dialog, "before")
    shop.client.put(f"/chat/Dialog/{dialog.id}.json", json={"pull_all": {"occupants_ids": [20]}}).raise_for_status()
    after = shop.post(dialog, "after")

    assert (shop.cleo.inbox, shop.carl.inbox) == ([before], [before, after])
    assert (shop.cleo.read(), before.read_ids) == ([], [10])
    assert list(shop.cleo.dialogs) == []
    assert (shop.cleo.unread(), shop.cleo.unread(dialog), shop.unread(shop.cleo, dialog)) == (0, 0, 0)
    for action in (lambda: shop.cleo.open(dialog), lambda: shop.cleo.send(before, "hello?")):
        with pytest.raises(ValueError, match=rf"user 20 is not among the occupants \[10, 30\] of {dialog.id}"):
            action()
    with pytest.raises(AssertionError, match=r"was not delivered to .* \(20\)"):
        after.assert_delivered_to(shop.cleo)


def test_an_occupant_added_later_receives_only_later_messages(shop: Shop) -> None:
    dialog = shop.group(shop.cleo)
    before = shop.post(dialog, "before")
    shop.client.put(f"/chat/Dialog/{dialog.id}.json", json={"push_all": {"occupants_ids": [30]}}).raise_for_status()
    after = shop.post(dialog, "after")
    assert shop.carl.inbox == [after]
    assert shop.carl.unread() == 1
    assert shop.carl.open(dialog) == [before, after]
    before.assert_read_by(shop.carl)


# --- answering ---


def test_a_message_is_answered_in_its_dialog(shop: Shop) -> None:
    question = shop.post(shop.group(shop.cleo, shop.carl), "When may we deliver?")
    answer = shop.cleo.send(shop.cleo.inbox.one(), "Tomorrow!", markable=1, mood="glad")

    assert answer == {"message": "Tomorrow!", "sender_id": 20, "markable": 1, "send_to_chat": 1}
    assert (answer.custom["mood"], answer.call, answer.chat_dialog_id) == ("glad", None, question.chat_dialog_id)
    answer.assert_sent_to_chat()
    assert shop.shop.inbox == [answer]
    assert shop.carl.inbox == [question, answer]
    assert shop.fake.posted == [question]
    assert shop.fake.messages == [question, answer]
    assert shop.unread(shop.shop, shop.fake.dialogs.one()) == 1


def test_the_code_under_test_sees_the_answer(shop: Shop) -> None:
    dialog = shop.group(shop.cleo)
    photo = {"type": "image", "id": "47863"}
    shop.cleo.send(dialog, attachments=[photo])
    query = {"chat_dialog_id": dialog.id}
    [item] = shop.client.get("/chat/Message.json", params=query).json()["items"]
    assert (item["message"], item["attachments"], item["sender_id"]) == (None, [photo], 20)
    shop.fake.messages.one().assert_read_by(shop.shop)


@pytest.mark.parametrize("which", ["dialog", "id", "upper-case id"])
def test_a_message_goes_to_a_dialog(shop: Shop, which: str) -> None:
    dialog = shop.group(shop.cleo)
    to: Dialog | str = {"dialog": dialog, "id": dialog.id, "upper-case id": dialog.id.upper()}[which]
    assert shop.cleo.send(to, "hello").chat_dialog_id == dialog.id


def test_a_message_to_a_user_begins_their_private_dialog_once(shop: Shop) -> None:
    first = shop.cleo.send(shop.carl, "hello")
    second = shop.carl.send(shop.cleo, "hi")
    dialog = shop.fake.dialogs.one()
    assert (dialog.type, dialog.occupants_ids, dialog.user_id) == (3, [20, 30], 20)
    assert [message.chat_dialog_id for message in (first, second)] == [dialog.id] * 2
    assert [message.recipient_id for message in (first, second)] == [30, 20]
    assert (shop.carl.inbox, shop.cleo.inbox) == ([first], [second])


def test_the_shop_answers_in_the_private_dialog_that_a_user_began(shop: Shop) -> None:
    question = shop.cleo.send(shop.shop, "Where is my order?")
    shop.client.post("/chat/Message.json", json={"recipient_id": 20, "message": "On its way", "send_to_chat": 1})
    assert shop.fake.posted.one().chat_dialog_id == question.chat_dialog_id


def test_an_app_can_send_a_message_to_the_history_only(shop: Shop) -> None:
    message = shop.cleo.send(shop.shop, "for the history", send_to_chat=0)
    message.assert_history_only()
    assert shop.shop.inbox == []


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (
            lambda shop: shop.cleo.send("5d75327ba28f9a0f32cb0f00", "hi"),
            "unknown dialog '5d75327ba28f9a0f32cb0f00'",
        ),
        (
            lambda shop: shop.cleo.send("30", "hi"),
            r"unknown dialog '30'; expected one that qbchat.add_dialog\(...\) returned$",
        ),
        (lambda shop: shop.cleo.open("anna"), "unknown dialog 'anna'"),
        (lambda shop: shop.cleo.unread("anna"), "unknown dialog 'anna'"),
        (lambda shop: shop.cleo.send(shop.group(shop.carl), "hi"), r"user 20 is not among the occupants \[10, 30\]"),
        (lambda shop: shop.cleo.open(shop.group(shop.carl)), r"user 20 is not among the occupants \[10, 30\]"),
        (
            lambda shop: shop.cleo.send(shop.cleo, "hi"),
            "user 20 would write to itself; a private dialog needs another user$",
        ),
        (
            lambda shop: shop.cleo.send(FakeQuickBlox().add_user(70), "hi"),
            r"there is no user 70: it was deleted, or never declared with qbchat\.add_user\(70\)$",
        ),
    ],
)
def test_an_action_that_a_user_cannot_take_is_refused_with_a_reason(
    shop: Shop, action: Callable[[Shop], Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        action(shop)
    assert len(shop.fake.messages) == 0


def test_a_deleted_user_neither_sends_nor_receives(shop: Shop) -> None:
    shop.fake.add_session("made-up-token-of-cleo", shop.cleo)
    shop.client.delete("/users/20.json", headers={"QB-Token": "made-up-token-of-cleo"}).raise_for_status()
    for one, other in ((shop.cleo, shop.carl), (shop.carl, shop.cleo)):
        with pytest.raises(ValueError, match="there is no user 20: it was deleted"):
            one.send(other, "hello?")
    assert list(shop.fake.dialogs) == []


# --- public groups ---


def test_any_user_sends_to_and_reads_a_public_group(shop: Shop) -> None:
    dialog = shop.group(shop.carl, type=1)
    message = shop.cleo.send(dialog, "hello all", markable=1)
    assert shop.carl.inbox == shop.shop.inbox == [message]
    assert shop.curt.open(dialog) == [message]
    assert shop.carl.read() == [message]
    assert message.read_ids == message.delivered_ids == []
    assert (shop.carl.unread(dialog), shop.carl.unread(), shop.curt.unread()) == (0, 0, 0)
    assert shop.curt.dialogs == [dialog]
    assert dialog.occupants_ids == [10, 30]


# --- dialogs ---


def test_the_dialog_of_the_newest_message_comes_first(shop: Shop) -> None:
    one, two, three = shop.group(shop.cleo), shop.group(shop.cleo), shop.group(shop.carl)
    assert list(shop.cleo.dialogs) == [two, one]
    shop.post(one)
    shop.post(three)
    assert list(shop.cleo.dialogs) == [one, two]
    assert shop.cleo.dialogs.where(id=two.id).one() is two
    assert shop.carl.dialogs.one() is three


def test_a_hidden_dialog_comes_back_with_its_next_message(shop: Shop) -> None:
    shop.fake.add_session("made-up-token-of-cleo", shop.cleo)
    dialog = shop.group(shop.cleo)
    shop.client.delete(f"/chat/Dialog/{dialog.id}.json", headers={"QB-Token": "made-up-token-of-cleo"})
    assert list(shop.cleo.dialogs) == []
    shop.post(dialog)
    assert list(shop.cleo.dialogs) == [dialog]


# --- users whom nobody declared ---


def test_an_adopted_user_can_send_and_read_too(qbchat: FakeQuickBlox) -> None:
    def post(token: str) -> None:
        body = {"chat_dialog_id": DIALOG, "message": token, "send_to_chat": 1, "markable": 1}
        httpx.post(f"{API}/chat/Message.json", json=body, headers={"QB-Token": token}, verify=TLS)

    post("made-up-token-of-anna")
    anna = qbchat.users.where(adopted=True).one()
    post("made-up-token-of-bert")
    bert = qbchat.users.last

    assert anna.inbox == [{"sender_id": bert.id, "message": "made-up-token-of-bert"}]
    anna.read()
    qbchat.posted.last.assert_read_by(anna)
    answer = anna.send(DIALOG, "hello, Bert")
    assert bert.inbox == [answer]
    assert qbchat.users.where(id=bert.id).one() is bert


def test_a_user_who_signed_up_is_found_by_its_login(shop: Shop) -> None:
    user = {"login": "dora", "password": "made-up-password", "full_name": "Dora"}
    shop.client.post("/users.json", json={"user": user}).raise_for_status()
    dora = shop.fake.users.where(login="dora").one()
    message = dora.send(shop.shop, "hello")
    assert shop.shop.inbox.one() is message
    assert message.sender_id == dora.id


# --- what a test declares ---


def test_a_user_has_what_it_was_declared_with(shop: Shop) -> None:
    shop.fake.add_user(
        60,
        full_name="Dora",
        login="dora",
        email="dora@example.com",
        password="made-up-password",
        phone="+49 30 123456",
        external_user_id=7,
        custom_data="{}",
        tags=["vip", "berlin"],
    )
    user = shop.client.get("/users/60.json").json()["user"]
    assert {key: value for key, value in user.items() if value is not None} == {
        "id": 60,
        "full_name": "Dora",
        "email": "dora@example.com",
        "login": "dora",
        "phone": "+49 30 123456",
        "created_at": user["created_at"],
        "updated_at": user["updated_at"],
        "external_user_id": "7",
        "custom_data": "{}",
        "user_tags": "vip,berlin",
    }
    assert "made-up-password" not in repr(shop.fake.users.last)


@pytest.mark.parametrize(
    ("args", "kwargs", "text"),
    [
        ((), {"tags": "vip"}, r"invalid tags='vip'; expected a list, tags=\['vip'\]"),
        (("20",), {}, r"invalid id '20'; expected a number; use add_user\(20\)"),
        (("Cleo",), {}, r"invalid id 'Cleo'; expected a number; for a name use add_user\(full_name='Cleo'\)"),
        ((True,), {}, "True is not a user"),
    ],
)
def test_invalid_arguments_of_add_user_are_refused(qbchat: FakeQuickBlox, args: Any, kwargs: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        qbchat.add_user(*args, **kwargs)
    assert list(qbchat.users) == []


def test_a_message_that_was_there_before_arrives_like_any_other(shop: Shop) -> None:
    dialog = shop.group(shop.cleo)
    message = shop.fake.add_message(dialog, shop.shop, "earlier", send_to_chat=1, markable=1)
    assert shop.cleo.inbox == [message]
    shop.cleo.read()
    message.assert_read_by(shop.cleo)
    assert list(shop.fake.posted) == []


@pytest.mark.filterwarnings("ignore:.* is not the one declared:pytest_qbchat.QuickBloxWarning")
def test_other_credentials_than_the_declared_ones_are_refused(shop: Shop) -> None:
    shop.fake.add_credentials(api_key="made-up-key-of-the-shop", application_id=7)
    shop.fake.add_credentials(api_key="made-up-key-of-the-stock", auth_key="made-up-auth-key")
    dialog, body = shop.group(), {"message": "hi"}
    statuses = []
    for key in ("made-up-key-of-the-shop", "made-up-key-of-the-stock", "made-up-key-of-a-thief"):
        headers = {"Authorization": f"ApiKey {key}", "On-Behalf-Of": "10"}
        sent = shop.client.post("/chat/Message.json", json=body | {"chat_dialog_id": dialog.id}, headers=headers)
        statuses.append(sent.status_code)
    assert statuses == [201, 201, 401]
    session = {"timestamp": str(int(time.time())), "signature": "made-up"}
    for application, auth_key, status in ((7, "made-up-auth-key", 201), (8, "made-up-auth-key", 422), (7, "x", 422)):
        body = session | {"application_id": application, "auth_key": auth_key, "nonce": status}
        assert shop.client.post("/session.json", json=body).status_code == status


@pytest.mark.parametrize(
    ("kwargs", "error", "text"),
    [
        ({}, TypeError, r"add_credentials\(\) needs at least one credential; use add_credentials\(auth_secret=...\)"),
        (
            {"api_key": ""},
            ValueError,
            "invalid API key; expected the string after 'ApiKey ' in the Authorization header",
        ),
        ({"api_key": "ApiKey made-up"}, ValueError, "invalid API key"),
        (
            {"auth_secret": ""},
            ValueError,
            "invalid auth_secret=''; expected the secret that signs the sessions",
        ),
    ],
    ids=["nothing", "an empty key", "a key with its scheme", "an empty secret"],
)
def test_invalid_credentials_are_refused(qbchat: FakeQuickBlox, kwargs: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        qbchat.add_credentials(**kwargs)


def test_a_message_of_another_fake_is_in_no_inbox(qbchat: FakeQuickBlox) -> None:
    other = FakeQuickBlox()
    message = other.add_message(other.add_dialog(occupants_ids=[1, 2]), 1, "hi", send_to_chat=1)
    with pytest.raises(ValueError, match="is not in the inbox of user 2"):
        qbchat.add_user(2).read(message)
