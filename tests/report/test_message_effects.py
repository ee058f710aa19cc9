"""How a failed assertion reads: the closest message, its differences and what they mean."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.shop import FILE, SHIPPED, Shop, explained, failure
from support.ways import DIALOG

from pytest_qbchat.report import differences

pytestmark = pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_the_failure_shows_the_field_and_what_it_meant(shop: Shop) -> None:
    message = shop.post(SHIPPED)
    assert failure(shop.fake.assert_posted, message=SHIPPED, send_to_chat=1) == (
        "no posted message has\n"
        "    message        'Order #7 has shipped'\n"
        "    send_to_chat   1\n"
        f"1 message was posted, {message.id} in dialog {DIALOG}:\n"
        "  - send_to_chat   1\n"
        "  + send_to_chat   absent: added to the history only, no occupant was notified"
    )


def test_of_several_messages_the_closest_is_shown(shop: Shop) -> None:
    shop.post("Order #7 is delayed", send_to_chat=1)
    closest = shop.post("Order #7 has shiped", send_to_chat=1, markable=1)
    shop.post("Good morning")
    text = failure(shop.fake.assert_posted, message=SHIPPED, send_to_chat=1)
    assert text.splitlines()[3:] == [
        f"3 messages were posted, the closest {closest.id} in dialog {DIALOG}:",
        "  - message   'Order #7 has shipped'",
        "  + message   'Order #7 has shiped'",
    ]


def test_long_texts_are_compared_in_linear_time(shop: Shop) -> None:
    for number in range(60):
        shop.post(f"{number} lorem ipsum dolor sit amet " * 1000)
    closest = shop.fake.posted[57]
    text = failure(shop.fake.assert_posted, message="57 lorem ipsum dolor sit amen " * 1000)
    assert f"the closest {closest.id}" in text


def test_among_equally_close_messages_the_newest_is_shown(shop: Shop) -> None:
    shop.post("a")
    newest = shop.post("a")
    assert f"the closest {newest.id}" in failure(shop.fake.assert_posted, message="b")


def test_among_very_many_messages_the_newest_and_those_with_the_text_are_compared(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differences, "_MAX_CANDIDATES", 3)
    closest = shop.post("Order #7 has shipped", markable=1)
    shop.post("Order #8 has shipped", markable=1, send_to_chat=1)
    for _ in range(3):
        shop.post("Good morning")
    text = failure(shop.fake.assert_posted, message="Order #7 has shipped", markable=1, send_to_chat=1)
    assert f"the closest {closest.id}" in text


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
                "+ sent_to_chat   False: the request had 'sendToChat', which became a custom field; "
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
            ["- markable   1", "+ markable   'yes': only 1 counts; no delivered or read receipts will come"],
        ),
        (
            {"markable": 1},
            {"markable": 0},
            ["- markable   0", "+ markable   1: receivers answer with delivered and read receipts"],
        ),
        (
            {"attachments": "0"},
            {"attachments": [FILE]},
            [f"- attachments   [{FILE!r}]", "+ attachments   []: the request had '0', which QuickBlox does not read"],
        ),
        (
            {"attachments": {"0": FILE, "N": {}, "1st": {}}},
            {"attachments": []},
            [
                "- attachments   []",
                f"+ attachments   [{FILE!r}]: the request had more under 'N', '1st', where QuickBlox expects an index: "
                "'0', '1', ...",
            ],
        ),
        (
            {"attachments": {"0": FILE, "N": {}, **{f"key {number}": {} for number in range(9)}}},
            {"attachments": []},
            [
                "- attachments   []",
                f"+ attachments   [{FILE!r}]: the request had more under 'N', 'key 0', 'key 1' and 7 more, where "
                "QuickBlox expects an index: '0', '1', ...",
            ],
        ),
        (
            {"attachments": {"0": FILE, "1": "7"}},
            {"attachments": []},
            [
                "- attachments   []",
                f"+ attachments   [{FILE!r}]: the request had no object under '1', which QuickBlox does not read",
            ],
        ),
        (
            {"attachments": {"0": FILE}},
            {"attachments": []},
            ["- attachments   []", f"+ attachments   [{FILE!r}]"],
        ),
        ({"attachments": [FILE]}, {"attachments": []}, ["- attachments   []", f"+ attachments   [{FILE!r}]"]),
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
    assert [line.strip() for line in text.splitlines()[-2:]] == lines


def test_of_long_texts_the_stretch_around_the_difference_is_shown(shop: Shop) -> None:
    common = "All work and no play makes Jack a dull boy. " * 5
    shop.post(common + "Milk and honey" + common)
    text = failure(shop.fake.assert_posted, message=common + "Milk and sugar" + common)
    expected, actual = text.splitlines()[-2:]
    assert expected == "  - message   …Jack a dull boy. Milk and sugarAll work and no play makes Jack a dull bo…"
    assert actual == "  + message   …Jack a dull boy. Milk and honeyAll work and no play makes Jack a dull bo…"


def test_a_long_token_is_masked_before_the_text_is_cut(shop: Shop) -> None:
    token = "".join(f"made-up-part-{number}-" for number in range(40))
    shop.fake.add_session(token, 7)
    shop.post(f"https://shop.example/login?to={token}")
    actual = failure(shop.fake.assert_posted, message=f"https://shop.example/login?to={token[:-1]}X").splitlines()[-1]
    assert re.fullmatch(r"  \+ message   'https://shop\.example/login\?to=made…#[0-9a-f]{4}'", actual)


def test_of_long_texts_that_differ_at_once_the_beginning_is_shown(shop: Shop) -> None:
    shop.post("b" * 90)
    expected, actual = failure(shop.fake.assert_posted, message="a" * 80).splitlines()[-2:]
    assert expected == f"  - message   'a{'a' * 70}…"
    assert actual == f"  + message   'b{'b' * 70}…"


def test_of_a_long_text_that_continues_the_end_is_shown(shop: Shop) -> None:
    shop.post("a" * 90)
    expected, actual = failure(shop.fake.assert_posted, message="a" * 100).splitlines()[-2:]
    assert expected == f"  - message   …{'a' * 34}'"
    assert actual == f"  + message   …{'a' * 24}'"


def test_without_any_message_the_refused_calls_are_shown(shop: Shop) -> None:
    shop.fake.add_dialog("5d75327ba28f9a0f32cb0f98", occupants_ids=[20])
    with pytest.raises(AssertionError):
        _ = shop.post(chat_dialog_id="5d75327ba28f9a0f32cb0f98")
    assert failure(shop.fake.assert_posted, message="hi") == (
        "no posted message has\n"
        "    message   'hi'\n"
        "no message was posted\n"
        "POST /chat/Message.json was answered 403: user 10 is not among the occupants [20] of dialog "
        "5d75327ba28f9a0f32cb0f98"
    )
    assert failure(shop.fake.assert_posted).startswith("no message was posted\nPOST /chat/Message.json was")


def test_a_wrong_number_lists_the_messages(shop: Shop) -> None:
    first, second = shop.post("hi", send_to_chat=1), shop.post("hi", markable=1, attachments={"0": FILE, "1": {}})
    assert failure(shop.fake.assert_posted, times=1, message="hi") == (
        "expected 1 posted message with\n"
        "    message   'hi'\n"
        "there are 2:\n"
        f"  {first.id} in dialog {DIALOG}: 'hi' (sent to chat, not markable)\n"
        f"  {second.id} in dialog {DIALOG}: 'hi' (history only, markable, image 47863, untyped)"
    )
    assert failure(shop.fake.assert_posted, times=3).startswith("expected 3 posted messages\nthere are 2:\n")
    assert failure(shop.fake.assert_posted, times=2, markable=1).endswith(f"there is 1:\n  {explained(second)}")
    assert failure(shop.fake.assert_posted, times=2, message="ho").startswith("no posted message has\n")
    for _ in range(12):
        shop.post("hi")
    assert failure(shop.fake.assert_posted, times=3).endswith("(history only, not markable)\n  and 4 more")


def test_a_message_that_should_not_be_there_is_shown(shop: Shop) -> None:
    message = shop.post("hi")
    line = f"  {message.id} in dialog {DIALOG}: 'hi' (history only, not markable)"
    assert failure(shop.fake.assert_not_posted, message=re.compile("h")) == (
        f"1 message was posted with\n    message   /h/\n{line}"
    )
    assert failure(shop.fake.assert_nothing_posted) == f"1 message was posted\n{line}"
    shop.post("ho")
    assert failure(shop.fake.assert_nothing_posted).startswith(f"2 messages were posted\n{line}")
