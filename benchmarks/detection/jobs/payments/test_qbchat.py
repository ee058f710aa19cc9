from payments import Webhook


def event(id, order, type="payment.succeeded"):
    return {"id": id, "type": type, "order": order, "cents": 129905, "currency": "€"}


def test_a_payment_is_confirmed_once(qbchat):
    shop, customer = qbchat.add_user(full_name="Sam Shop"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-shop", shop)
    dialog = qbchat.add_dialog(occupants_ids=[shop, customer])
    qbchat.add_history(dialog)
    customer.send(dialog, "I've paid, haven't I?")
    webhook = Webhook("made-up-token-of-the-shop", {"A&7": dialog.id})

    statuses = [webhook.handle(event("evt-1", "A&7")), webhook.handle(event("evt-1", "A&7"))]
    statuses += [webhook.handle(event("evt-2", "A&7", "payment.failed")), webhook.handle(event("evt-3", "B?8"))]
    statuses += [webhook.handle(event("evt-4", "A&7"))]

    text = "We've received 1299.05 € for order A&7. Thank you!"
    message = qbchat.assert_posted(message=text, chat_dialog_id=dialog, event="evt-1")  # request
    message.assert_sent_to_chat()  # request
    assert statuses == [200, 200, 204, 204, 200]
    assert [message.message for message in customer.inbox] == [text, text]
    assert shop.unread(dialog) == 1
