"""Code that also calls a route which is not faked: it fetches a user before it posts.

`qbchat.router` is an ordinary respx router in front of the fake. What its routes match they answer, here with payloads
from `qbchat_factory`; everything else goes on to the fake. A call that nobody answers is refused by name, which
`expect_refused` turns into an expectation.
"""

from concierge import pass_on, welcome


def test_a_guest_is_welcomed_by_name(qbchat, guest):
    welcome(guest["id"])

    qbchat.assert_posted(recipient_id=guest["id"], message=f"Welcome, {guest['full_name']}!")


def test_the_name_is_looked_up_first(qbchat, guest):
    welcome(guest["id"])

    assert [call.path for call in qbchat.calls] == [f"/users/{guest['id']}.json", "/chat/Message.json"]
    assert [call.stubbed for call in qbchat.calls] == [True, False]


def test_an_unknown_guest_is_welcomed_too(qbchat):
    qbchat.router.get("/users/7.json").respond(404, json={"code": None, "message": "Couldn't find user"})
    welcome(7)

    qbchat.assert_posted(recipient_id=7, message="Welcome, dear guest!")


def test_nothing_is_posted_if_the_look_up_fails(qbchat):
    with qbchat.expect_refused("GET", "/users/7.json"):
        welcome(7)

    qbchat.assert_nothing_posted()


def test_a_request_is_passed_on_word_for_word(qbchat, qbchat_factory):
    request = qbchat_factory.message_response(attachments=2)
    pass_on(request, qbchat_factory.object_id())

    message = qbchat.assert_posted(message=request["message"], guest_id=request["sender_id"])
    message.assert_attachments(*request["attachments"])
