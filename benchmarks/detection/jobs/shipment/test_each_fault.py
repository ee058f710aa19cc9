from shipment import announce_shipment

ORDER = {
    "number": 7,
    "name": "Zoë O'Neill",
    "article": "Salt & Pepper, 2+1",
    "link": "https://shop.example/track?order=7&lang=en",
    "photo": 47863,
}


def test_a_shipment_is_announced_once_or_fails(qbchat):
    shop, customer = qbchat.add_user(full_name="Sam Shop"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-shop", shop)
    dialog = qbchat.add_dialog(occupants_ids=[shop, customer])

    for trial in qbchat.each_fault():
        with trial:
            announce_shipment(ORDER, dialog.id)
        assert len(customer.inbox) <= 1
        assert len(customer.inbox) == 1 or trial.error
