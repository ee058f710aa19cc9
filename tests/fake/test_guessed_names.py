"""Names that people guess: each raises an error that says what to write."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from support.shop import Shop

from pytest_qbchat import FakeQuickBlox, Message


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.post("hi", order=7)
    return shop


ATTRIBUTES: list[tuple[Callable[[FakeQuickBlox], object], str]] = [
    (lambda fake: fake.assert_sent, "FakeQuickBlox has no attribute 'assert_sent'; use .assert_posted(...)"),
    (lambda fake: fake.reset, "'reset'; use .forget_calls() to forget what was posted; each test has a new fake"),
    (lambda fake: fake.clear, "'clear'; use .forget_calls() to forget what was posted; each test has a new fake"),
    (lambda fake: fake.credentials, "'credentials'; use .add_credentials()"),
    (lambda fake: fake.assert_post, "'assert_post'; use .assert_posted"),
    (lambda fake: fake.zebra, "FakeQuickBlox has no attribute 'zebra'"),
    (
        lambda fake: fake.posted.all,
        "Records has no attribute 'all'; use list(...) of it, or compare it with a list",
    ),
    (lambda fake: fake.posted.were, "'were'; use .where"),
    (lambda fake: fake.add_user().name, "User has no attribute 'name'; use .full_name"),
    (lambda fake: fake.users[0].name, "User has no attribute 'name'; use .full_name"),
    (lambda fake: fake.add_user().token, "'token'; use .token of the session that qbchat.add_session(token, user)"),
    (lambda fake: fake.dialogs[0]._id, "Dialog has no attribute '_id'; use .id"),
    (lambda fake: fake.dialogs[0].occupants, "'occupants'; use .occupants_ids"),
    (lambda fake: fake.sessions[0].tokn, "Session has no attribute 'tokn'; use .token"),
    (lambda fake: fake.posted[0].assert_read, "Message has no attribute 'assert_read'; use .assert_read_by(user)"),
    (lambda fake: fake.posted[0].assert_attachment, "'assert_attachment'; use .assert_attachments({...})"),
    (lambda fake: fake.posted[0].read_by, "'read_by'; use .read_ids"),
    (lambda fake: fake.posted[0].delivered, "'delivered'; use .delivered_ids"),
    (lambda fake: fake.calls[0].body, "Call has no attribute 'body'; use .request.body"),
    (lambda fake: fake.calls[0].headers, "'headers'; use .request.headers"),
    (lambda fake: fake.calls[0].url, "'url'; use .request.url"),
    (lambda fake: fake.calls[0].json(), "'json'; use .params of the request, or .response.json()"),
    (lambda fake: fake.calls[0].status_code, "'status_code'; use .status"),
    (lambda fake: fake.calls[0].response.status_code, "Response has no attribute 'status_code'; use .status"),
]


@pytest.mark.parametrize(("guess", "text"), ATTRIBUTES, ids=[text.split("'")[1] for _, text in ATTRIBUTES])
def test_a_guessed_attribute_says_what_to_write(shop: Shop, guess: Callable[[Any], object], text: str) -> None:
    with pytest.raises(AttributeError) as caught:
        guess(shop.fake)
    message = str(caught.value)
    assert message.endswith(text) if "qbchat.add_session" not in text else text in message


ARGUMENTS: list[tuple[Callable[[Any], object], str]] = [
    (lambda fake: fake.add_user(name="Anna"), "add_user() has no argument 'name'; use full_name=..."),
    (lambda fake: fake.add_user(full_nam="Anna"), "add_user() has no argument 'full_nam'; use full_name"),
    (lambda fake: fake.add_dialog(occupants=[1]), "add_dialog() has no argument 'occupants'; use occupants_ids=[...]"),
    (lambda fake: fake.fail(status=503), "fail() has no argument 'status'; use fail(503)"),
    (lambda fake: fake.fail(503, count=2), "fail() has no argument 'count'; use times=..."),
    (
        lambda fake: fake.fail(503, xyz=2),
        "fail() has no argument 'xyz'; use one of what, times, method, path, stored, optional",
    ),
    (lambda fake: fake.advance(2), "advance() needs a unit; use qbchat.advance(hours=2)"),
    (lambda fake: fake.advance(), "advance() needs a unit; use qbchat.advance(hours=2)"),
    (
        lambda fake: fake.assert_posted({"message": "hi"}),
        "assert_posted() takes fields by name; use assert_posted(**{'message': 'hi'})",
    ),
    (
        lambda fake: fake.assert_posted(message="hi", count=1),
        "no message has a field 'count'; for their number use times=...",
    ),
]


@pytest.mark.parametrize(("guess", "text"), ARGUMENTS)
def test_a_guessed_argument_says_what_to_write(shop: Shop, guess: Callable[[Any], object], text: str) -> None:
    with pytest.raises(TypeError) as caught:
        guess(shop.fake)
    assert str(caught.value) == text


def test_a_custom_field_may_be_named_count(shop: Shop) -> None:
    shop.post("two", count=2)
    assert shop.fake.assert_posted(count=2).message == "two"
    with pytest.raises(AssertionError, match="no message with count=3 was posted"):
        shop.fake.assert_posted(count=3)


def test_the_failing_line_is_that_of_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "def test_guess(qbchat):\n    qbchat.add_user(name='Anna')\ndef test_other(qbchat):\n    qbchat.reset"
    )
    result = pytester.runpytest_inprocess("--tb=short")
    result.assert_outcomes(failed=2)
    result.stdout.no_fnmatch_line("*guessed_names*")


def test_a_copy_asks_for_no_hints(shop: Shop) -> None:
    """A copy has no values yet when Python asks it for its methods."""
    for each in (shop.fake.calls[0].request, shop.fake):
        assert type(copy.copy(each)) is type(each)
    empty = Message.__new__(Message)
    for name in ("custom", "_store", "__setstate__", "message"):
        with pytest.raises(AttributeError):
            getattr(empty, name)
    response = shop.fake.calls[0].response
    assert response is not None
    assert pickle.loads(pickle.dumps(response)).json() == copy.deepcopy(response).json()


@pytest.mark.parametrize(("word", "number"), [("public", 1), ("group", 2), ("private", 3)])
def test_the_type_of_a_dialog_is_a_word_or_a_number(word: Any, number: int) -> None:
    fake = FakeQuickBlox()
    assert fake.add_dialog(occupants_ids=[1, 2], type=word).type == number
    assert fake.add_dialog(occupants_ids=[3, 4], type=number).type == number
    for unknown in ("party", [1]):
        with pytest.raises(ValueError, match="unknown dialog type"):
            fake.add_dialog(occupants_ids=[1], type=unknown)  # type: ignore[arg-type]


def test_the_first_record_stands_beside_the_last(shop: Shop) -> None:
    shop.post("ho")
    assert (shop.fake.posted.first.message, shop.fake.posted.last.message) == ("hi", "ho")
    for name in ("first", "last"):
        with pytest.raises(AssertionError, match="expected a posted message, found none: no call reached the fake"):
            getattr(FakeQuickBlox().posted, name)


def test_the_opposite_of_sent_to_chat_has_two_names(shop: Shop) -> None:
    quiet, live = shop.fake.posted.one(), shop.post("ho", send_to_chat=1)
    quiet.assert_not_sent_to_chat()
    for assertion in (live.assert_not_sent_to_chat, live.assert_history_only):
        with pytest.raises(AssertionError, match="message 'ho' was sent to the chat: send_to_chat is 1"):
            assertion()


def test_only_what_an_author_types_is_public() -> None:
    internal = {"store", "audience", "edit", "hidden_from", "updated", "masked", "as_json", "as_posted"}
    internal |= {"attachments_json", "posted_text", "delivered", "read_by", "created"}
    assert internal.isdisjoint(dir(Message))
    assert {"delivered_ids", "read_ids", "created_at", "updated_at", "delivered_to"} <= {*dir(Message)}
