"""A client with a `transport` argument, for which nothing needs to be patched.

`qbchat_transport` is an httpx transport that sends all requests to the fake of the test, `qbchat_transport.fake`. Only
clients with this transport reach the fake, but all of their requests do, whatever the URL. All of these clients share
the fake, so two of them can have a conversation.
"""

import httpx
import pytest

from rides import RideChat

REAL_FUNCTION = httpx.HTTPTransport.handle_request


def test_the_passenger_hears_from_the_driver(quickblox, drivers_chat, driver, passenger):
    drivers_chat.write(passenger.id, "I am at the gate")

    message = quickblox.assert_posted(message="I am at the gate", sender_id=driver.id)
    message.assert_delivered_to(passenger)


def test_both_write_into_the_same_dialog(quickblox, drivers_chat, passengers_chat, driver, passenger):
    dialog_id = drivers_chat.write(passenger.id, "I am at the gate")

    assert passengers_chat.write(driver.id, "Two minutes!") == dialog_id
    assert quickblox.messages == [
        {"chat_dialog_id": dialog_id, "sender_id": driver.id, "message": "I am at the gate"},
        {"chat_dialog_id": dialog_id, "sender_id": passenger.id, "message": "Two minutes!"},
    ]


def test_any_url_reaches_the_fake(quickblox, qbchat_transport, passenger):
    with RideChat("made-up-token", base_url="https://chat.rides.example", transport=qbchat_transport) as chat:
        chat.write(passenger.id, "I am at the gate")

    call = quickblox.posted.one().call
    assert call.request.url == "https://chat.rides.example/chat/Message.json"


def test_nothing_is_patched(quickblox, drivers_chat, passenger):
    drivers_chat.write(passenger.id, "I am at the gate")

    assert quickblox.posted
    assert httpx.HTTPTransport.handle_request is REAL_FUNCTION


def test_a_session_without_a_user_may_not_write(quickblox, qbchat_transport, passenger):
    quickblox.add_session("made-up-token-of-the-application", None)

    with (
        RideChat("made-up-token-of-the-application", transport=qbchat_transport) as chat,
        pytest.raises(httpx.HTTPStatusError, match="422"),
    ):
        chat.write(passenger.id, "Dear passenger")
    quickblox.assert_nothing_posted()
