from payments import Webhook


def test_a_payment_is_confirmed_when_its_event_comes_again(qbchat):
    shop, customer = qbchat.add_user(full_name="Sam Shop"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-shop", shop)
    dialog = qbchat.add_dialog(occupants_ids=[shop, customer])
    webhook = Webhook("made-up-token-of-the-shop", {"A&7": dialog.id})
    event = {"id": "evt-1", "type": "payment.succeeded", "order": "A&7", "cents": 500, "currency": "€"}

    for trial in qbchat.each_fault():
        with trial:
            status = webhook.handle(event)
            if status == 502:
                status = webhook.handle(event)
        assert len(customer.inbox) <= 1
        assert len(customer.inbox) == 1 or status == 502
