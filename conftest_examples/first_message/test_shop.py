"""First steps: code that posts a message, and tests that assert what was posted.

The code under test calls QuickBlox as in production. The `qbchat` fixture intercepts its calls. The tests assert on the
posted messages, as a whole or one property at a time. The first test shows that no declaration is needed. The other
tests declare users and a dialog in `conftest.py`, so that the fake knows the occupants of the dialog.
"""

from shop import Order, announce_shipment


def test_the_shipment_is_announced(qbchat):
    announce_shipment(Order(7, dialog_id="5d75327ba28f9a0f32cb0f99"))

    qbchat.assert_posted(message="Zoë, it's order #7 & crêpes + tea. OK?", chat_dialog_id="5d75327ba28f9a0f32cb0f99")


def test_the_customer_is_notified(qbchat, order, customer):
    announce_shipment(order)

    message = qbchat.posted.one()
    message.assert_sent_to_chat()
    message.assert_delivered_to(customer)


def test_the_shop_will_learn_whether_it_was_read(qbchat, order):
    announce_shipment(order)

    qbchat.posted.one().assert_markable()


def test_the_photo_is_attached(qbchat, order):
    order.photo_id = "47863"
    announce_shipment(order)

    qbchat.posted.one().assert_attachments({"type": "image", "id": "47863"})


def test_nothing_is_attached_without_a_photo(qbchat, order):
    announce_shipment(order)

    qbchat.posted.one().assert_no_attachments()


def test_a_cancelled_order_is_not_announced(qbchat, order):
    order.cancelled = True
    announce_shipment(order)

    qbchat.assert_nothing_posted()
