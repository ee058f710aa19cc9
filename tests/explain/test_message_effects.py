"""How a failed assertion reads: the closest message, its differences and what they mean."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from support.elsewhere import another_server
from support.shop import FILE, SHIPPED, Shop, failure, origin
from support.ways import DIALOG, TLS, TOKEN, URL

from pytest_qbchat import FakeQuickBlox, QuickBloxTransport
from pytest_qbchat.explain.message_effects import remedy, shortened
from pytest_qbchat.service.masking import mask

pytestmark = pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_the_failure_shows_the_field_and_what_it_meant(shop: Shop) -> None:
    message = shop.post(SHIPPED)
    assert failure(shop.fake.assert_posted, message=SHIPPED, send_to_chat=1) == (
        "no message with message='Order #7 has shipped', send_to_chat=1 was posted: the only message differs in "
        "send_to_chat\n"
        "  - expected, + posted\n"
        "  - send_to_chat   1\n"
        "  + send_to_chat   absent: added to the history only, no occupant was notified\n"
        "  write send_to_chat=1 in the request\n"
        f"  this is message 'Order #7 has shipped' {origin(message)}"
    )


def test_a_message_with_the_expected_text_is_closer_than_one_with_the_expected_flags(shop: Shop) -> None:
    forgotten = shop.post("Order #7 was delivered")
    shop.post("Order #7 has shipped", send_to_chat=1, markable=1)
    text = failure(shop.fake.assert_posted, message="Order #7 was delivered", send_to_chat=1, markable=1)
    assert text.splitlines()[0].endswith("the closest of 2 messages differs in send_to_chat, markable")
    assert text.endswith(origin(forgotten))


def test_the_closest_of_several_messages_is_shown(shop: Shop) -> None:
    shop.post("Order #7 is delayed", send_to_chat=1)
    closest = shop.post("Order #7 has shiped", send_to_chat=1, markable=1)
    shop.post("Good morning")
    text = failure(shop.fake.assert_posted, message=SHIPPED, send_to_chat=1)
    assert text.splitlines()[0].endswith("was posted: the closest of 3 messages differs in message")
    assert text.splitlines()[1:] == [
        "  - expected, + posted",
        "  - message   'Order #7 has shipped'",
        "  + message   'Order #7 has shiped'",
        f"  this is message 'Order #7 has shiped' {origin(closest)}",
    ]


def test_long_texts_are_compared_in_linear_time(shop: Shop) -> None:
    for number in range(60):
        shop.post(f"{number} lorem ipsum dolor sit amet " * 1000)
    closest = shop.fake.posted[57]
    text = failure(shop.fake.assert_posted, message="57 lorem ipsum dolor sit amen " * 1000)
    assert text.endswith(origin(closest))


def test_among_equally_close_messages_the_newest_is_shown(shop: Shop) -> None:
    shop.post("a")
    newest = shop.post("a")
    assert failure(shop.fake.assert_posted, message="b").endswith(origin(newest))


@pytest.mark.parametrize(
    ("posted", "expected", "lines"),
    [
        (
            {"send_to_chat": True},
            {"send_to_chat": 1},
            [
                "- send_to_chat   1",
                "+ send_to_chat   True: only 1 counts; added to the history only, no occupant was notified",
            ],
        ),
        (
            {"sendToChat": 1},
            {"sent_to_chat": True},
            [
                "- sent_to_chat   True",
                "+ sent_to_chat   False: 'sendToChat' became a custom field; "
                "added to the history only, no occupant was notified",
            ],
        ),
        (
            {"send_to_chat": 1},
            {"send_to_chat": 0},
            ["- send_to_chat   0", "+ send_to_chat   1: every other occupant was notified"],
        ),
        (
            {"markable": "yes"},
            {"markable": 1},
            ["- markable   1", "+ markable   'yes': only 1 counts; receivers send no receipts"],
        ),
        (
            {"markable": 1},
            {"markable": 0},
            ["- markable   0", "+ markable   1: receivers answer with delivered and read receipts"],
        ),
        (
            {"attachments": "0"},
            {"attachments": [FILE]},
            [
                f"- attachments   [{FILE!r}]",
                "+ attachments   []: arrived as the string '0', so QuickBlox stores none; post JSON with "
                "attachments={'0': {'type': ..., 'id': ...}}",
            ],
        ),
        (
            {"attachments": {"0": FILE, "N": {}, "1st": {}}},
            {"attachments": []},
            [
                "- attachments   []",
                f"+ attachments   [{FILE!r}]: attachments[N]: 'N' is not an index, so this attachment is lost "
                "(assumed); write the keys '0', '1', ...",
            ],
        ),
        (
            {"attachments": {"0": FILE, "1": "7"}},
            {"attachments": []},
            [
                "- attachments   []",
                f"+ attachments   [{FILE!r}]: attachments[1]: arrived as '7', so QuickBlox stores no such "
                "attachment; post JSON with attachments={'0': {'type': ..., 'id': ...}}",
            ],
        ),
        (
            {"attachments": {"0": FILE}},
            {"attachments": []},
            ["- attachments   []", f"+ attachments   [{FILE!r}]"],
        ),
        (
            {"attachments": [FILE]},
            {"attachments": []},
            [
                "- attachments   []",
                f"+ attachments   [{FILE!r}]: is a list, which QuickBlox lost in 2016, and may still lose; post JSON "
                "with attachments={'0': {'type': ..., 'id': ...}}",
            ],
        ),
        ({}, {"attachments": [FILE]}, [f"- attachments   [{FILE!r}]", "+ attachments   []"]),
        ({}, {"sender_id": 5}, ["- sender_id   5", "+ sender_id   10: the user of the token, or of On-Behalf-Of"]),
        (
            {"orderId": 7},
            {"order_id": 7},
            ["- order_id   7", "+ order_id   absent: there is a custom field 'orderId'"],
        ),
        ({}, {"order": 7}, ["- order   7", "+ order   absent"]),
        ({"order": 8}, {"order": 7}, ["- order   7", "+ order   8"]),
    ],
    ids=lambda value: "" if isinstance(value, list) else repr(value),
)  # fmt: skip
def test_a_difference_says_what_it_means(shop: Shop, posted: Any, expected: Any, lines: list[str]) -> None:
    shop.post(**posted)
    text = failure(shop.fake.assert_posted, **expected)
    assert [line.strip() for line in text.splitlines()[2:4]] == lines


def test_long_texts_are_shown_around_their_difference(shop: Shop) -> None:
    common = "All work and no play makes Jack a dull boy. " * 5
    shop.post(common + "Milk and honey" + common)
    text = failure(shop.fake.assert_posted, message=common + "Milk and sugar" + common)
    expected, actual = text.splitlines()[2:4]
    assert expected == "  - message   …Jack a dull boy. Milk and sugarAll work and no play makes Jack a dull bo…"
    assert actual == "  + message   …Jack a dull boy. Milk and honeyAll work and no play makes Jack a dull bo…"
    assert text.splitlines()[4] == " " * 41 + "^"


def test_a_caret_marks_where_long_texts_begin_to_differ(shop: Shop) -> None:
    shop.post("Your order #7 has shipped and will arrive on Monday")
    text = failure(shop.fake.assert_posted, message="Your order #7 has shipped and will arrive on Tuesday")
    assert text.splitlines()[3:5] == [
        "  + message   'Your order #7 has shipped and will arrive on Monday'",
        "                                                            ^",
    ]


def test_short_texts_have_no_caret(shop: Shop) -> None:
    shop.post("Your order #7 has shipped")
    assert "^" not in failure(shop.fake.assert_posted, message="Your order #7 was lost")


def test_a_long_token_is_masked_before_the_text_is_cut(shop: Shop) -> None:
    token = "".join(f"made-up-part-{number}-" for number in range(40))
    shop.fake.add_session(token, 7)
    shop.post(f"https://shop.example/login?to={token}")
    actual = failure(shop.fake.assert_posted, message=f"https://shop.example/login?to={token[:-1]}X").splitlines()[3]
    assert re.fullmatch(r"  \+ message   'https://shop\.example/login\?to=made…#[0-9a-f]{4}'", actual)


def test_long_texts_that_differ_at_once_are_shown_from_their_beginning(shop: Shop) -> None:
    shop.post("b" * 90)
    expected, actual = failure(shop.fake.assert_posted, message="a" * 80).splitlines()[2:4]
    assert expected == f"  - message   'a{'a' * 70}…"
    assert actual == f"  + message   'b{'b' * 70}…"


def test_a_long_text_that_continues_is_shown_at_its_end(shop: Shop) -> None:
    shop.post("a" * 90)
    expected, actual = failure(shop.fake.assert_posted, message="a" * 100).splitlines()[2:4]
    assert expected == f"  - message   …{'a' * 34}'"
    assert actual == f"  + message   …{'a' * 24}'"


def test_refused_calls_are_shown_where_there_is_no_message(shop: Shop) -> None:
    shop.fake.add_dialog("5d75327ba28f9a0f32cb0f98", occupants_ids=[20])
    for _ in range(2):
        with pytest.raises(AssertionError):
            _ = shop.post(chat_dialog_id="5d75327ba28f9a0f32cb0f98")
    refused = (
        "POST /chat/Message.json was answered 403: user 10 is not among the occupants [20] of dialog "
        "5d75327ba28f9a0f32cb0f98"
    )
    assert failure(shop.fake.assert_posted, message="hi") == (
        f"no message with message='hi' was posted: {refused}\n  {refused}"
    )
    assert failure(shop.fake.assert_posted).startswith(f"no message was posted: {refused}\n")


def test_a_wrong_number_lists_the_messages(shop: Shop) -> None:
    first, second = shop.post("hi", send_to_chat=1), shop.post("hi", markable=1, attachments={"0": FILE, "1": {}})
    assert failure(shop.fake.assert_posted, times=1, message="hi") == (
        "2 messages with message='hi' were posted, expected 1\n"
        f"  'hi' (sent to chat, not markable)\n    {origin(first)}\n"
        f"  'hi' (history only, markable, image 47863, untyped)\n    {origin(second)}"
    )
    assert failure(shop.fake.assert_posted, times=3).startswith("2 messages were posted, expected 3\n")
    text = failure(shop.fake.assert_posted, times=2, markable=1)
    assert text.startswith("1 message with markable=1 was posted, expected 2\n")
    assert text.endswith(origin(second))
    assert failure(shop.fake.assert_posted, times=2, message="ho").startswith("no message with message='ho' was posted")
    for _ in range(12):
        shop.post("hi")
    assert failure(shop.fake.assert_posted, times=3).endswith("\n  and 4 more")


def test_a_message_that_should_not_be_there_is_shown(shop: Shop) -> None:
    message = shop.post("hi")
    lines = f"  'hi' (history only, not markable)\n    {origin(message)}"
    assert failure(shop.fake.assert_not_posted, message=re.compile("h")) == (
        f"1 message with message=/h/ was posted, expected none\n{lines}"
    )
    assert failure(shop.fake.assert_nothing_posted) == f"1 message was posted, expected none: 'hi'\n{lines}"
    shop.post("ho")
    assert failure(shop.fake.assert_nothing_posted).startswith(
        f"2 messages were posted, expected none; the first is 'hi'\n{lines}"
    )


# --- why there is no message ---


def test_covered_and_called_hosts_are_named_where_there_is_no_call() -> None:
    with another_server() as url, FakeQuickBlox().intercept() as fake:
        lines = failure(fake.assert_posted, message="hi").splitlines()
        assert lines == [
            "no message with message='hi' was posted: no call reached the fake",
            "  did the code make the call, await it, and finish before the assertion?",
            "  the fake covers *.quickblox.com; add other hosts with qbchat_hosts, or @pytest.mark.qbchat(hosts=[...])",
        ]
        for port in range(9):
            httpx.get(url, headers={"Host": f"shop{port}.example"}, verify=TLS)
        first = "no message was posted: no call reached the fake, but localhost was called"
        which = "if localhost stands for QuickBlox, add it"
        assert failure(fake.assert_posted).splitlines() == [first, lines[1], lines[2].replace("add other hosts", which)]
        for number in range(9):
            fake._backend.hosts.note_other(f"shop-{number}.example")
        assert len(fake._backend.hosts.others) == 5


def test_a_refused_message_with_the_text_explains_more_than_the_closest_one(shop: Shop) -> None:
    shop.post("first")
    shop.fake.fail(503)
    shop.post("second")
    first, *more = failure(shop.fake.assert_posted, message="second", send_to_chat=1).splitlines()
    assert first.startswith(
        "no message with message='second', send_to_chat=1 was posted: POST /chat/Message.json failed: qbchat.fail(503)"
    )
    assert more == []
    assert failure(shop.fake.assert_posted, message="third").startswith(
        "no message with message='third' was posted: the only message differs in message\n"
    )


def test_a_user_outside_of_the_dialog_cannot_read(shop: Shop) -> None:
    message = shop.post("hi", send_to_chat=1, markable=1)
    cleo = shop.fake.add_user(70, full_name="Cleo Customer")
    first = "message 'hi' cannot be read by Cleo Customer (70): not an occupant of the dialog"
    assert failure(message.assert_read_by, cleo, 20).splitlines()[:2] == [
        first,
        "  post to a dialog of this user, or declare the dialog with the user in occupants_ids",
    ]
    adopted = shop.post("hi", chat_dialog_id="6e86438ca28f9a0f32cb0f11", markable=1)
    assert failure(adopted.assert_read_by, cleo).splitlines()[:2] == [
        first,
        "  post to a declared dialog, or declare this one: "
        "qbchat.add_dialog('6e86438ca28f9a0f32cb0f11', occupants_ids=[...])",
    ]


def test_calls_that_post_nothing_are_named() -> None:
    with FakeQuickBlox().intercept() as fake:
        for _ in range(7):
            if len(fake.calls) == 1:
                text = (
                    "no message was posted: the only call to the fake was GET /chat/Dialog.json, which posts no message"
                )
                assert failure(fake.assert_posted) == text
            httpx.get("https://api.quickblox.com/chat/Dialog.json", headers={"QB-Token": TOKEN}, verify=TLS)
        first, *calls = failure(fake.assert_posted).splitlines()
        assert first == "no message was posted: none of 7 calls to the fake posts a message"
        assert calls == ["  GET /chat/Dialog.json"] * 5


def test_an_empty_inbox_says_where_the_messages_went() -> None:
    fake = FakeQuickBlox()
    support, customer = fake.add_user(10, full_name="Sam Support"), fake.add_user(20, full_name="Cleo Customer")
    dialog = fake.add_dialog(occupants_ids=[support, customer], name="Orders")
    empty = "expected one message in the inbox of Cleo Customer (20), found none"
    assert failure(customer.inbox.one) == empty
    other = fake.add_dialog(DIALOG, occupants_ids=[support], name="Other")
    fake.add_message(other, support, SHIPPED, send_to_chat=1)
    assert failure(customer.inbox.one) == (
        f"{empty}: message 'Order #7 has shipped' went to dialog 'Other' {DIALOG}; its occupants: Sam Support (10)"
    )
    fake.add_message(dialog, support, SHIPPED)
    remedy = "  write send_to_chat=1 in the request"
    quiet = "message 'Order #7 has shipped' went to the history only: the request has no send_to_chat"
    assert failure(customer.inbox.one) == f"{empty}: {quiet}\n{remedy}"
    fake.add_message(dialog, support, SHIPPED, send_to_chat=0)
    assert failure(lambda: customer.inbox.where(message="x").last) == (
        "expected a message in the inbox of Cleo Customer (20) with message='x', found none: 2 messages, the last of "
        f"them 'Order #7 has shipped', went to the history only: send_to_chat is 0\n{remedy}"
    )
    assert failure(fake.inbox(customer).one).startswith(f"{empty}: 2 ")
    fake.add_message(dialog, support, SHIPPED, send_to_chat=1)
    fake.add_message(dialog, customer, "Thanks")
    assert failure(customer.inbox.where(message="x").one).startswith(
        "expected one message in the inbox of Cleo Customer (20) with message='x', found none among 1:\n  <Message '"
    )


def test_an_adopted_record_is_named_where_it_explains_the_failure() -> None:
    with FakeQuickBlox().intercept() as fake:
        httpx.post(URL, json={"chat_dialog_id": DIALOG, "message": "hi"}, headers={"QB-Token": TOKEN}, verify=TLS)
        user = fake.add_user(full_name="Sam Support")
        text = failure(fake.assert_posted, sender_id=user, chat_dialog_id="5d75327ba28f9a0f32cb0f98")
        assert f"+ sender_id        {fake.posted[0].sender_id}: adopted: the test declared neither" in text
        assert f"'{DIALOG}': adopted: the test did not declare it; declared: none\n" in text
        other = fake.add_user(full_name="Cleo Customer")
        remedy = f"  post to a declared dialog, or declare this one: qbchat.add_dialog('{DIALOG}', occupants_ids=[...])"
        assert f"\n{remedy}\n" in text
        assert "\n  declare the user of the token: qbchat.add_session(token, user)\n" in text
        assert failure(other.inbox.one).splitlines()[1:] == [remedy]
        declared = fake.add_dialog(occupants_ids=[user])
        assert f"declared: {declared.id}\n" in failure(fake.assert_posted, chat_dialog_id=declared)


def test_a_declared_dialog_needs_no_explanation(shop: Shop) -> None:
    shop.post("hi")
    text = failure(shop.fake.assert_posted, chat_dialog_id="5d75327ba28f9a0f32cb0f98")
    assert f"\n  + chat_dialog_id   '{DIALOG}'\n" in text


def test_a_value_of_another_type_is_named(shop: Shop) -> None:
    shop.post("hi", order="7", total=3)
    assert "\n  the request had a string, the test expects a number\n" in failure(shop.fake.assert_posted, order=7)
    assert "\n  the request had a number, the test expects a string\n" in failure(shop.fake.assert_posted, total="3")
    assert "\n  the request had a number, the test expects a float\n" not in failure(shop.fake.assert_posted, total=3.5)


def test_a_long_value_is_cut_at_the_width() -> None:
    assert shortened("x" * 70) == repr("x" * 70)
    assert shortened("x" * 71) == f"'{'x' * 70}…"
    assert shortened([1, 2, 3], 6) == "[1, 2…"


@pytest.mark.parametrize("flag", ["send_to_chat", "markable"])
def test_a_flag_that_the_test_expects_to_be_zero_has_no_remedy(shop: Shop, flag: str) -> None:
    message = shop.post("hi")
    assert remedy(message, flag, 0) == ""
    assert remedy(message, flag, 1) == f"write {flag}=1 in the request"
    assert "write" not in failure(shop.fake.assert_posted, **{flag: 0})


# --- slips ---


def test_a_dialog_id_that_differs_in_one_digit_names_the_declared_one(shop: Shop) -> None:
    wrong = f"{DIALOG[:-1]}8"
    shop.post("hi", chat_dialog_id=wrong, send_to_chat=1)
    remedy = f"  post to the declared dialog {DIALOG}; {wrong} differs only slightly from it"
    assert failure(shop.fake.inbox(20).one).splitlines()[1:] == [remedy]
    assert remedy in failure(shop.fake.assert_posted, chat_dialog_id=DIALOG).splitlines()


@pytest.mark.parametrize(
    ("wrong", "note"), [(f"{TOKEN}s", True), (f"{TOKEN[:-1]}x", True), (TOKEN[1:], True), ("another-token", False)]
)
def test_a_token_that_differs_in_one_character_from_a_declared_one_says_so(shop: Shop, wrong: str, note: bool) -> None:
    said = f"it differs only slightly from the declared token {mask(TOKEN)}"
    strict, ended = FakeQuickBlox(strict=True), FakeQuickBlox()
    ended.expire_sessions()
    fakes = [shop.fake, strict, ended]
    for fake in fakes:
        fake.add_session(TOKEN, 10)
        with httpx.Client(transport=QuickBloxTransport(fake)) as client:
            client.post(URL, json={"chat_dialog_id": DIALOG, "message": "hi"}, headers={"QB-Token": wrong})
        text = failure(fake.assert_posted)
        assert (said in text) is note
        assert TOKEN not in text
    shop.fake.add_session(TOKEN, 10)
    free = "6e86438ca28f9a0f32cb0f11"
    with httpx.Client(transport=QuickBloxTransport(shop.fake)) as client:
        client.post(URL, json={"chat_dialog_id": free, "message": "hi"}, headers={"QB-Token": wrong})
    assert (said in failure(shop.fake.assert_posted, sender_id=10)) is note


def test_reading_a_message_that_is_not_markable_says_what_to_write(shop: Shop) -> None:
    message, reader = shop.post("hi", send_to_chat=1), shop.fake.users.where(id=20).one()
    expected = [
        "expected one markable message, found none: the request has no markable: receivers send no receipts",
        "  write markable=1 in the request",
    ]
    assert failure(reader.read().one).splitlines() == expected
    assert failure(reader.receive(message).one).splitlines() == expected
    assert failure(shop.fake.add_user(70).read().one) == "expected one markable message, found none"


def test_a_lost_id_of_an_attachment_shows_the_url_that_was_sent(shop: Shop) -> None:
    url = "https://files.shop.example/invoice.png"
    message = shop.post("hi", attachments={"0": {"type": "image", "url": url}, "1": {"type": "image", "url": url}})
    text = failure(message.assert_attachments, {"id": "47863"}, {"type": "video"})
    assert text.count(f"\n  the request had the url {url!r}\n") == 1
