"""Failure messages: each of these tests fails because of one mistake in the shop.

The failures are expected, so an ordinary run passes. `pytest conftest_examples/failures --runxfail` shows them. Each
one shows the line of the test, the effect of the mistake in QuickBlox, and the conversation.
"""

import pytest

import careless_shop


@pytest.mark.xfail(strict=True, reason="the shop forgets send_to_chat, so nobody is notified")
def test_forgotten_send_to_chat(qbchat, dialog_id):
    careless_shop.announce_shipment(7, dialog_id)

    qbchat.assert_posted(message="Order #7 has shipped", send_to_chat=1)


@pytest.mark.xfail(strict=True, reason="the shop forgets markable, and sends the number as text")
def test_nearly_the_right_message(qbchat, dialog_id):
    careless_shop.announce_shipments([6, 7, 8], dialog_id)

    qbchat.assert_posted(message="Order #7 has shipped", send_to_chat=1, markable=1, order=7)


@pytest.mark.xfail(strict=True, reason="the shop calls a route that is not faked, and catches everything")
def test_swallowed_refusal(qbchat):
    careless_shop.thank(7)

    qbchat.assert_posted(message="Thank you, dear customer")


@pytest.mark.xfail(strict=True, reason="the shop writes sendToChat, which is only a custom field")
def test_camel_case_flag(qbchat, dialog_id):
    careless_shop.announce_delay(7, dialog_id)

    qbchat.assert_posted(message="Order #7 is delayed")


@pytest.mark.xfail(strict=True, reason="the shop sends the attachments in a form, which loses them")
def test_lost_attachments(qbchat, dialog_id):
    careless_shop.send_invoice(7, dialog_id, file_id="47863")

    qbchat.posted.one().assert_attachments({"type": "image", "id": "47863"})


@pytest.mark.xfail(strict=True, reason="the shop leaves the # out, and is not markable")
def test_message_against_a_dict(qbchat, dialog_id):
    careless_shop.announce_pick_up(7, dialog_id)

    assert qbchat.posted.last == {"message": "Order #7 can be picked up", "send_to_chat": 1, "markable": 1}
