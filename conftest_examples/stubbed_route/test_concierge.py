"""Code that also calls a route that the fake does not cover: it reads a custom object before it posts.

`qbchat.router` is an ordinary respx router in front of the fake. Its routes answer the requests that they match, and
the fake answers all others. A call that neither can answer is refused; `expect_refused` expects such a refusal.
"""

import pytest

from concierge import pass_on, welcome


@pytest.mark.usefixtures("stay")
def test_a_guest_hears_of_the_room(qbchat):
    welcome(7)

    qbchat.assert_posted(recipient_id=7, message="Welcome, room 12 is ready!")


@pytest.mark.usefixtures("stay")
def test_the_room_is_looked_up_first(qbchat):
    welcome(7)

    assert [call.path for call in qbchat.calls] == ["/data/Stay.json", "/chat/Message.json"]
    assert [call.stubbed for call in qbchat.calls] == [True, False]


def test_a_guest_without_a_room_is_welcomed_too(qbchat):
    qbchat.router.get("/data/Stay.json").respond(json={"items": []})
    welcome(7)

    qbchat.assert_posted(recipient_id=7, message="Welcome, your room will soon be ready!")


def test_nothing_is_posted_if_the_look_up_fails(qbchat):
    with qbchat.expect_refused("GET", "/data/Stay.json"):
        welcome(7)

    qbchat.assert_nothing_posted()


def test_a_request_is_passed_on_word_for_word(qbchat, qbchat_factory):
    request = qbchat_factory.message_response(attachments=2)
    pass_on(request, qbchat_factory.object_id())

    message = qbchat.assert_posted(message=request["message"], guest_id=request["sender_id"])
    message.assert_attachments(*request["attachments"])
