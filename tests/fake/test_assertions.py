"""What a test asks of the fake: assertions about posted messages, and arguments that are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from unittest.mock import ANY

import httpx
import pytest
from dirty_equals import IsPartialDict, IsStr
from support.shop import FILE, SHIPPED, Shop, failure, origin
from support.ways import DIALOG, TLS, TOKEN, URL

from pytest_qbchat import ABSENT, FakeQuickBlox, QuickBloxTransport

pytestmark = pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")


@pytest.fixture
def shop() -> Shop:
    return Shop()


# --- posted ---


def test_a_posted_message_is_returned(shop: Shop) -> None:
    message = shop.post(SHIPPED, order=7)
    assert shop.fake.assert_posted(message=SHIPPED, order=7, chat_dialog_id=DIALOG, sender_id=10) is message


def test_the_newest_of_several_messages_is_returned(shop: Shop) -> None:
    shop.post(SHIPPED)
    newest = shop.post(SHIPPED)
    assert shop.fake.assert_posted(times=2, message=SHIPPED) is newest
    assert shop.fake.assert_posted(at_least=1, message=SHIPPED) is newest
    assert shop.fake.assert_posted(at_least=2, message=SHIPPED) is newest


def test_a_message_that_was_posted_twice_is_not_the_one_that_is_expected(shop: Shop) -> None:
    shop.post(SHIPPED)
    shop.post(SHIPPED)
    first, *_ = failure(shop.fake.assert_posted, message=SHIPPED).splitlines()
    assert first == f"2 messages with message={SHIPPED!r} were posted, expected one; if all are meant, write times=2"
    first, *_ = failure(shop.fake.assert_posted, at_least=3).splitlines()
    assert first == "2 messages were posted, expected at least 3"


@pytest.mark.parametrize(
    "fields",
    [
        {"message": ANY},
        {"message": re.compile(r"#\d+ has")},
        {"message": IsStr(regex=r"Order .*")},
        {"attachments": [FILE]},
        {"attachments": [{"type": "image", "id": re.compile(r"\d{5}")}]},
        {"attachments": ({"type": ANY, "id": "47863"},)},
        {"attachments": [IsPartialDict(type="image")]},
        {"weight": pytest.approx(0.3)},
        {"custom": {"weight": ANY, "order": {"id": 7, "lines": [re.compile("tea"), ANY]}}},
        {"_id": re.compile("^5d76b657")},
        {"id": re.compile("^5d76b657")},
        {"send_to_chat": 1, "markable": 1, "sent_to_chat": True},
        {"delivered_to": (20, 30), "delivered_ids": [10], "read_ids": [10], "read": 0},
        {"created_at": "2019-09-09T20:30:15Z", "date_sent": 1568061015},
        {},
    ],
    ids=repr,
)
def test_an_expected_value_is_compared_by_its_own_equality(shop: Shop, fields: dict[str, Any]) -> None:
    shop.post(
        SHIPPED,
        attachments={"0": FILE},
        weight=0.1 + 0.2,
        order={"id": 7, "lines": ["tea", "milk"]},
        send_to_chat=1,
        markable="1",
    )
    shop.fake.assert_posted(**fields)


def test_an_absent_field_matches_only_absent(shop: Shop) -> None:
    shop.post("hi")
    for name in ("order", "send_to_chat", "markable"):
        failure(shop.fake.assert_posted, **{name: ANY})
        shop.fake.assert_posted(**{name: ABSENT})
    shop.fake.assert_posted(send_to_chat=None, markable=None)
    failure(shop.fake.assert_posted, order=None)


def test_attachments_may_be_expected_in_the_form_of_a_request(shop: Shop) -> None:
    body = {"message": "hi", "attachments": {"1": FILE | {"id": "2"}, "0": FILE}, "send_to_chat": 1}
    shop.post(**body)
    shop.fake.assert_posted(**body)
    assert shop.fake.posted.last == body
    failure(shop.fake.assert_posted, attachments={"0": FILE})


@pytest.mark.parametrize(
    "fields",
    [
        {"message": re.compile("#8")},
        {"weight": re.compile("3")},
        {"attachments": [FILE, FILE]},
        {"attachments": []},
        {"attachments": [FILE | {"name": "x"}]},
        {"order": {"id": 7}},
        {"markable": 1},
        {"missing": 1},
    ],
    ids=repr,
)
def test_a_wrong_value_is_not_accepted(shop: Shop, fields: dict[str, Any]) -> None:
    shop.post(SHIPPED, attachments={"0": FILE}, weight=3, order={"id": 7, "lines": []})
    failure(shop.fake.assert_posted, **fields)
    shop.fake.assert_not_posted(**fields)


@pytest.mark.parametrize("misspelt", ["mesage", "sendToChat", "chatDialogId", "attachment"])
def test_a_misspelt_field_is_the_tests_own_mistake(shop: Shop, misspelt: str) -> None:
    shop.post("hi")
    for assertion in (shop.fake.assert_posted, shop.fake.assert_not_posted):
        with pytest.raises(TypeError, match=rf"^a message has no field '{misspelt}'; use \w+$"):
            assertion(**{misspelt: 1})


def test_a_misspelt_field_is_refused_where_it_would_find_nothing(shop: Shop) -> None:
    with pytest.raises(TypeError, match=r"^a message has no field 'mesage'; use message$"):
        shop.fake.posted.where(mesage="hi")
    with pytest.raises(TypeError, match=r"^a dialog has no field 'occupant_ids'; use occupants_ids$"):
        shop.fake.dialogs.where(occupant_ids=[1])


def test_users_and_dialogs_stand_for_their_ids(shop: Shop) -> None:
    user, dialog = shop.fake.users.where(id=10).one(), shop.fake.dialogs.one()
    shop.post("hi", send_to_chat=1)
    shop.fake.assert_posted(sender_id=user, chat_dialog_id=dialog)
    assert "  - sender_id   20\n" in failure(shop.fake.assert_posted, sender_id=shop.fake.users.where(id=20).one())
    assert shop.fake.users.where(id=10) == [user]


def test_a_custom_field_may_look_like_a_misspelt_one(shop: Shop) -> None:
    shop.post("hi", attachment=1)
    shop.fake.assert_posted(attachment=1)


@pytest.mark.parametrize("times", [0, -1, True, "hi", {"message": "hi"}])
def test_a_number_that_asserts_nothing_is_the_tests_own_mistake(shop: Shop, times: Any) -> None:
    with pytest.raises(TypeError, match=r"expected 1 or greater; for none use assert_not_posted\(\.\.\.\)"):
        shop.fake.assert_posted(times=times)
    with pytest.raises(TypeError, match=rf"^invalid at_least={re.escape(repr(times))}; expected 1 or greater"):
        shop.fake.assert_posted(at_least=times)


def test_two_numbers_of_messages_are_refused(shop: Shop) -> None:
    with pytest.raises(TypeError, match=r"^assert_posted\(\) takes times or at_least; omit one of them$"):
        shop.fake.assert_posted(times=1, at_least=1)


def test_not_posted_needs_a_field(shop: Shop) -> None:
    with pytest.raises(TypeError, match=r"needs a field; .* use assert_nothing_posted\(\)"):
        shop.fake.assert_not_posted()


def test_nothing_posted(shop: Shop) -> None:
    shop.fake.assert_nothing_posted()
    shop.fake.assert_not_posted(message="hi")


@pytest.mark.parametrize("name", ["assert_posted", "assert_not_posted"])
def test_a_text_without_a_name_is_refused_with_the_right_form(shop: Shop, name: str) -> None:
    with pytest.raises(TypeError, match=rf"^{name}\(\) takes fields by name; use {name}\(message='hi'\)$"):
        getattr(shop.fake, name)("hi")


# --- a message ---


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("text", "; use .message"),
        ("body", "; use .message"),
        ("sender", "; use .sender_id"),
        ("order", "; use .custom['order']"),
        ("missing", ""),
        ("_missing", ""),
    ],
)
def test_another_name_for_a_field_is_refused_with_the_right_one(shop: Shop, name: str, hint: str) -> None:
    message = shop.post("hi", order=7)
    with pytest.raises(AttributeError, match=f"^{re.escape(f'Message has no attribute {name!r}{hint}')}$"):
        getattr(message, name)


@pytest.mark.parametrize(
    ("name", "right"), [("message", ".message"), ("text", ".message"), ("order", ".custom['order']"), (0, ".0")]
)
def test_a_field_in_brackets_is_refused_with_the_attribute(shop: Shop, name: Any, right: str) -> None:
    message = shop.post("hi", order=7)
    with pytest.raises(TypeError, match=f"^the fields of a message are attributes; use {re.escape(right)}$"):
        message[name]


def test_sent_to_chat_or_history_only(shop: Shop) -> None:
    live, silent = shop.post("hi", send_to_chat=1), shop.post("hi")
    live.assert_sent_to_chat()
    silent.assert_history_only()
    assert failure(live.assert_history_only) == (
        f"message 'hi' was sent to the chat: send_to_chat is 1: every other occupant was notified\n  {origin(live)}"
    )
    assert failure(silent.assert_sent_to_chat) == (
        "message 'hi' was not sent to the chat: the request has no send_to_chat: added to the history only, no "
        f"occupant was notified\n  write send_to_chat=1 in the request\n  {origin(silent)}"
    )


def test_markable_or_not(shop: Shop) -> None:
    markable, plain = shop.post("hi", markable=1), shop.post("hi", markable=0)
    markable.assert_markable()
    plain.assert_not_markable()
    assert failure(markable.assert_not_markable) == (
        "message 'hi' is markable: markable is 1: receivers answer with delivered and read receipts\n"
        f"  {origin(markable)}"
    )
    assert failure(plain.assert_markable) == (
        "message 'hi' is not markable: markable is 0: only 1 counts; receivers send no receipts\n"
        "  write markable=1 in the request\n"
        f"  {origin(plain)}"
    )


def test_attachments(shop: Shop) -> None:
    message = shop.post(
        "hi", attachments={"0": FILE | {"size": 5}, "1": {"type": "link", "url": "https://example.com"}}
    )
    message.assert_attachments(FILE, {"url": re.compile("example")})
    assert failure(message.assert_attachments, FILE) == (
        "message 'hi' has 2 attachments, expected 1\n"
        "  - expected, + posted\n"
        f"  - {FILE!r}\n"
        f"  + {FILE | {'size': 5}!r}\n"
        "  + {'type': 'link', 'url': 'https://example.com'}\n"
        f"  {origin(message)}"
    )
    assert failure(message.assert_attachments, {"id": 47863, "name": "a.png"}, {"type": "link"}) == (
        "message 'hi' differs in attachments[0].id, attachments[0].name\n"
        "  - expected, + posted\n"
        "  - attachments[0].id     47863\n"
        "  + attachments[0].id     '47863': the request had a string, the test expects a number\n"
        "  - attachments[0].name   'a.png'\n"
        "  + attachments[0].name   absent\n"
        f"  {origin(message)}"
    )
    assert failure(message.assert_no_attachments) == (
        f"message 'hi' has attachments: image 47863, link https://example.com\n  {origin(message)}"
    )


def test_attachments_fail_an_assertion_of_none(shop: Shop) -> None:
    shop.post("hi").assert_no_attachments()
    lost = shop.post("hi", attachments="0")
    assert failure(lost.assert_attachments, FILE) == (
        "message 'hi' has no attachments, expected 1\n"
        "  - expected, + posted\n"
        f"  - {FILE!r}\n"
        "  arrived as the string '0', so QuickBlox stores none; post JSON with "
        "attachments={'0': {'type': ..., 'id': ...}}\n"
        f"  {origin(lost)}"
    )
    with pytest.raises(TypeError, match=r"needs keys to compare; for none use assert_no_attachments\(\)"):
        lost.assert_attachments()
    with pytest.raises(TypeError, match="needs keys to compare"):
        lost.assert_attachments(FILE, {})
    with pytest.raises(TypeError, match=r"a dict for each attachment; use assert_attachments\({\.\.\.}\)"):
        lost.assert_attachments([FILE])  # type: ignore[arg-type]


def test_delivered_and_read(shop: Shop) -> None:
    live, silent = shop.post("hi", send_to_chat=1), shop.post("hi")
    live.assert_delivered_to(20, shop.fake.users.where(id=30).one())
    live.assert_read_by(10)
    assert failure(live.assert_delivered_to, 20, 40, 50) == (
        "message 'hi' was not delivered to user 40, user 50: delivered_to [20, 30]: every other known occupant was "
        "notified\n"
        "  without qbchat.add_dialog(...), the occupants of a dialog are the users that posted to it\n"
        f"  {origin(live)}"
    )
    assert failure(silent.assert_read_by, 20) == (
        "message 'hi' has not been read by user 20: the request has no markable: receivers send no receipts\n"
        "  write markable=1 in the request\n"
        f"  {origin(silent)}"
    )
    assert failure(silent.assert_delivered_to, 20) == (
        "message 'hi' was not delivered to user 20: the request has no send_to_chat: added to the history only, no "
        f"occupant was notified\n  {origin(silent)}"
    )
    for assertion in (live.assert_delivered_to, live.assert_read_by):
        with pytest.raises(TypeError, match="expected at least one user or user id"):
            assertion()
        with pytest.raises(TypeError, match=r"^'anna' is not a user; expected a user id or the result of"):
            assertion("anna")  # type: ignore[arg-type]


def test_a_message_equals_a_dict_of_some_of_its_fields(shop: Shop) -> None:
    message = shop.post("hi", order=7)
    assert message == {"message": "hi"}
    assert {"order": 7, "chat_dialog_id": DIALOG} == message  # noqa: SIM300 - either way round
    assert message != {"message": "hi", "order": 8}
    assert message != {}
    assert message != "hi"
    assert message == message  # noqa: PLR0124 - identity is the rule
    assert message != shop.post("hi", order=7)
    assert {message: 1}[message] == 1


def test_a_message_in_the_history_but_not_posted(shop: Shop) -> None:
    dialog = shop.fake.dialogs.one()
    earlier = shop.fake.add_message(dialog, 20, "Where is my order?", attachments={"0": FILE}, send_to_chat=1, order=7)
    shop.fake.assert_nothing_posted()
    assert shop.fake.messages.one() is earlier
    assert earlier == {"sender_id": 20, "delivered_to": (10, 30), "custom": {"order": 7}, "call": None}
    assert dialog.history[-1] is earlier
    assert shop.fake.add_message(dialog.id, 20) is dialog.history[-1]
    earlier.assert_attachments(FILE)
    assert "no attachments" in failure(shop.fake.add_message(dialog, 20).assert_attachments, FILE)
    assert "the request has no send_to_chat: added to the history only" in failure(
        shop.fake.messages.last.assert_sent_to_chat
    )
    silenced = shop.fake.add_message(dialog, 20, send_to_chat=0)
    assert "send_to_chat is 0: only 1 counts" in failure(silenced.assert_sent_to_chat)


# --- arranging ---


def test_wrong_arrangements_say_what_to_write() -> None:
    fake = FakeQuickBlox()
    with pytest.raises(ValueError, match=r"invalid dialog id 'abc'; expected 24 hexadecimal digits"):
        fake.add_dialog("abc", occupants_ids=[1])
    with pytest.raises(ValueError, match=r"at least its owner; use occupants_ids=\[user, \.\.\.\]"):
        fake.add_dialog(occupants_ids=[])
    with pytest.raises(ValueError, match=r"a private dialog has two occupants, not \[1, 1\]"):
        fake.add_dialog(occupants_ids=[1, 1], type=3)
    with pytest.raises(ValueError, match="user 2 is not among the occupants"):
        fake.add_message(fake.add_dialog(occupants_ids=[1]), 2)
    with pytest.raises(
        ValueError, match=r"unknown dialog '5d'; expected one that qbchat\.add_dialog\(\.\.\.\) returned"
    ):
        fake.add_message("5d", 1)
    with pytest.raises(ValueError, match="unknown dialog type 4; expected 'public', 'group', 'private', or 1, 2, 3"):
        fake.add_dialog(occupants_ids=[1], type=4)
    with pytest.raises(ValueError, match="expected the string after 'ApiKey '"):
        fake.add_credentials(api_key="ApiKey made-up-key")
    wrong: Any
    for wrong in (True, 1.5):
        with pytest.raises(TypeError, match="is not a user"):
            fake.add_user(wrong)
    for wrong in (5, "", None):
        with pytest.raises(TypeError, match="expected the string that the code under test sends as QB-Token"):
            fake.add_session(wrong, 1)


def test_declared_records_can_be_observed() -> None:
    fake = FakeQuickBlox()
    anna = fake.add_user(full_name="Anna Example", login="anna", email="anna@example.com")
    bert = fake.add_user(20)
    session = fake.add_session("made-up-token-of-anna", anna)
    dialog = fake.add_dialog(DIALOG.upper(), occupants_ids=[bert, anna, 30], name="Team")
    assert list(fake.users) == [anna, bert, fake.users.where(id=30).one()]
    assert fake.sessions.one() is session
    assert session.user_id == anna.id == 96830001
    assert fake.dialogs.where(name="Team").one() is dialog
    assert (dialog.id, dialog.user_id, dialog.occupants_ids) == (DIALOG, 20, [20, 30, 96830001])
    assert len(fake.add_dialog(occupants_ids=[1]).id) == 24
    assert repr(fake) == "<FakeQuickBlox: calls=0 posted=0>"


# --- what a test gives, checked where it is given ---


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            lambda fake: fake.add_credentials(auth_secret=b"secret"),
            "invalid auth_secret of type bytes; expected a string",
        ),
        (lambda fake: fake.add_credentials(api_key=5), "invalid api_key of type int; expected a string"),
        (
            lambda fake: fake.add_credentials(application_id="76730"),
            "invalid application_id='76730'; expected a number",
        ),
        (lambda fake: fake.add_user(login="a", password=12345678), "invalid password of type int; expected a string"),
        (lambda fake: fake.add_user(custom_data={"vip": 1}), r"invalid custom_data=\{\'vip\': 1\}; expected a string"),
        (lambda fake: fake.add_user(tags=[1]), r"invalid tags\[0\]=1; expected a string"),
        (
            lambda fake: fake.add_dialog(occupants_ids=1),
            r"invalid occupants_ids=1; expected a list, occupants_ids=\[user, \.\.\.\]",
        ),
        (lambda fake: fake.add_dialog(occupants_ids="1,2"), "invalid occupants_ids='1,2'; expected a list"),
        (lambda fake: fake.add_dialog(occupants_ids=[1], name=5), "invalid name=5; expected a string"),
        (lambda fake: fake.add_blob(b"x", name=5), "invalid name=5; expected a string"),
        (lambda fake: fake.assume(), r"assume\(\) needs at least one assumption; use assume\(need_user_status=403\)"),
        (lambda fake: fake.assert_not_posted(message="hi", times=2), r"does not take times; use assert_posted\(times"),
        (
            lambda fake: fake.add_user(1).read(fake.add_dialog(occupants_ids=[1])),
            r"expected a message in the inbox; for the history use open\(",
        ),
        (lambda fake: fake.users.where(logn="a"), "a user has no field 'logn'; use login"),
        (
            lambda fake: fake.blobs.where(owner=1),
            "a blob has no field 'owner'; use one of _id, blob_status",
        ),
        (lambda fake: fake.sessions.where(user=1), "a session has no field 'user'; use user_id"),
        (lambda fake: fake.calls.where(methd="POST"), "a call has no field 'methd'; use method"),
        (lambda fake: fake.posted.where(sender=1), "a message has no field 'sender'; use sender_id"),
    ],
)
def test_a_wrong_argument_is_refused_where_it_is_given(wrong: Callable[[FakeQuickBlox], Any], text: str) -> None:
    with pytest.raises(TypeError, match=text):
        wrong(FakeQuickBlox())


@pytest.mark.parametrize(
    ("again", "text"),
    [
        (lambda fake: fake.add_user(5), r"user 5 already exists: User\(5, login='anna'\)"),
        (lambda fake: fake.add_user(login="anna"), "the login 'anna' already belongs to user 5"),
        (
            lambda fake: fake.add_dialog(DIALOG.upper(), occupants_ids=[5]),
            rf"dialog {DIALOG.upper()} already exists, with the occupants \[5, 6\]",
        ),
        (
            lambda fake: fake.add_dialog(occupants_ids=[6, 5], type=3),
            rf"users \[5, 6\] already have a private dialog: {DIALOG}",
        ),
    ],
)
def test_a_record_is_not_declared_twice(again: Callable[[FakeQuickBlox], Any], text: str) -> None:
    fake = FakeQuickBlox()
    fake.add_user(5, login="anna")
    fake.add_dialog(DIALOG, occupants_ids=[5, 6], type=3)
    with pytest.raises(ValueError, match=text):
        again(fake)


def test_an_adopted_record_can_be_declared_afterwards() -> None:
    fake = FakeQuickBlox()
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        assert client.post(URL, json={"chat_dialog_id": DIALOG}, headers={"QB-Token": TOKEN}).status_code == 201
    [adopted] = fake.users
    assert fake.add_user(adopted.id, full_name="Anna Example").adopted is False
    assert fake.add_dialog(DIALOG, occupants_ids=[adopted.id, 6]).occupants_ids == [6, adopted.id]


def test_a_secret_is_not_cut_at_its_front(qbchat: FakeQuickBlox) -> None:
    token = "made-up-token-0123456789abcdef"
    qbchat.add_session(token, 10)
    text = f"hello, here is your session token: {token} - keep it safe, thanks and have a nice day"
    httpx.post(URL, json={"recipient_id": 20, "message": text}, headers={"QB-Token": token}, verify=TLS)
    with pytest.raises(AssertionError, match="keep") as raised:
        qbchat.assert_posted(message=text.replace("keep", "Keep"))
    assert "abcdef" not in str(raised.value)


# --- custom fields that were posted under another name ---


@pytest.mark.parametrize(
    ("name", "posted"), [("ordr", "order"), ("orders", "order"), ("odrer", "order"), ("Order", "order")]
)
def test_a_slip_in_the_name_of_a_custom_field_is_refused_where_it_would_find_nothing(
    shop: Shop, name: str, posted: str
) -> None:
    shop.post(SHIPPED, send_to_chat=1, order=7)
    inbox = shop.fake.inbox(20)
    for find in (shop.fake.assert_not_posted, shop.fake.posted.where, shop.fake.messages.where, inbox.where):
        with pytest.raises(TypeError, match=rf"^a message has no field '{name}'; use {posted}$"):
            find(**{name: 7})
    with pytest.raises(TypeError, match=rf"use {posted}$"):
        shop.fake.posted.where(message="nothing").where(**{name: 7})


@pytest.mark.parametrize("name", ["border", "order2", "order_id", "ordinal", "odder", "line_b", "rde"])
def test_the_name_of_another_custom_field_is_not_refused(shop: Shop, name: str) -> None:
    shop.post(SHIPPED, order_=1, line_a=2)
    shop.fake.assert_not_posted(**{name: 7})


def test_a_custom_field_that_some_message_has_is_not_refused(shop: Shop) -> None:
    shop.post(SHIPPED, item=1)
    shop.post(SHIPPED, items=[1])
    shop.fake.assert_not_posted(item=2)
    assert shop.fake.posted.where(items=[1]).one().custom == {"items": [1]}


def test_a_failure_lists_the_custom_fields_that_were_posted(shop: Shop) -> None:
    shop.post(SHIPPED, ordr=7, priority=1)
    shop.post("hi", tag="x")
    last = "  custom fields that were posted: ordr, priority, tag"
    assert failure(shop.fake.assert_posted, order=7).splitlines()[-1] == last
    assert "custom fields" not in failure(shop.fake.assert_posted, tag="y")
    assert "custom fields" not in failure(shop.fake.assert_posted, markable=1)


def test_a_failure_says_that_no_custom_field_was_posted(shop: Shop) -> None:
    shop.post(SHIPPED)
    assert failure(shop.fake.assert_posted, order=7).splitlines()[-1] == "  custom fields that were posted: none"
