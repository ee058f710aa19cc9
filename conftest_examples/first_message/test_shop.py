"""The first steps: code that posts a message, and tests that say what should have been posted.

The code under test calls QuickBlox as it does in production. Taking the `qbchat` fixture is all it needs to be caught;
what it posted can then be asserted as a whole, or asked one question at a time. The first test shows that nothing has
to be declared; the others arrange an order in `conftest.py`, so that the fake knows who is in the dialog.
"""

from shop import Order, announce_shipment


def test_the_shipment_is_announced(qbchat):
    announce_shipment(Order(7, dialog_id="5d75327ba28f9a0f32cb0f99"))

    qbchat.assert_posted(message="Order #7 has shipped", chat_dialog_id="5d75327ba28f9a0f32cb0f99")


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
