"""Injected faults: timeouts, broken connections, a busy service.

`qbchat.fail` makes the next calls fail. With `stored=True`, the message is stored and only the response is lost, so a
naive retry posts a duplicate. `qbchat.calls` has every attempt; `qbchat.posted` has only the stored messages.
"""

import httpx
import pytest

from deliveries import ATTEMPTS, NotAnnouncedError, announce, announce_naively

TEXT = "Your parcel is at the door"
BAD_DAYS = ["timeout", "disconnect"]


def posts(qbchat):
    return qbchat.calls.where(method="POST")


def test_on_a_good_day_one_call_is_enough(qbchat, dialog, recipient):
    announce(dialog.id, "D-17")

    assert len(qbchat.calls) == 1
    qbchat.posted.one().assert_delivered_to(recipient)


def test_the_naive_retry_sends_a_duplicate(qbchat, dialog, recipient):
    qbchat.fail("timeout", stored=True)
    announce_naively(dialog.id, "D-17")

    qbchat.assert_posted(times=2, delivery="D-17")
    assert recipient.inbox == [{"message": TEXT}, {"message": TEXT}]


@pytest.mark.parametrize("what", BAD_DAYS)
def test_a_message_whose_answer_was_lost_is_not_sent_again(qbchat, dialog, recipient, what):
    qbchat.fail(what, stored=True)
    announce(dialog.id, "D-17")

    assert recipient.inbox.one() == {"message": TEXT, "delivery": "D-17"}
    assert len(posts(qbchat)) == 1


@pytest.mark.parametrize("what", BAD_DAYS)
def test_a_message_that_was_lost_itself_is_sent_again(qbchat, dialog, recipient, what):
    qbchat.fail(what, stored=False)
    announce(dialog.id, "D-17")

    assert recipient.inbox.one() == {"message": TEXT, "delivery": "D-17"}
    assert len(posts(qbchat)) == 2


def test_the_message_of_another_delivery_is_not_taken_for_this_one(qbchat, dialog):
    announce(dialog.id, "D-16")
    qbchat.fail("timeout", stored=False)
    announce(dialog.id, "D-17")

    assert [message.custom["delivery"] for message in qbchat.posted] == ["D-16", "D-17"]


def test_looking_into_the_history_marks_nothing_as_read(qbchat, dialog, recipient):
    question = recipient.send(dialog, "Where is my parcel?")
    qbchat.fail("timeout", stored=True)
    announce(dialog.id, "D-17")

    assert question.read_ids == [recipient.id]


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_busy_service_is_asked_again(qbchat, dialog, status):
    qbchat.fail(status, times=2)
    announce(dialog.id, "D-17")

    assert [call.status for call in qbchat.calls] == [status, status, 201]
    qbchat.assert_posted(delivery="D-17")


def test_nothing_was_sent_when_it_gives_up(qbchat, dialog, recipient):
    qbchat.fail(503, times=ATTEMPTS)

    with pytest.raises(NotAnnouncedError, match="D-17"):
        announce(dialog.id, "D-17")
    qbchat.assert_nothing_posted()
    assert recipient.inbox == []


def test_a_refusal_is_not_tried_again(qbchat, dialog):
    qbchat.fail(403)

    with pytest.raises(httpx.HTTPStatusError, match="403"):
        announce(dialog.id, "D-17")
    assert len(qbchat.calls) == 1
