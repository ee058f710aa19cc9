from shipment import announce_shipment

ORDER = {
    "number": 7,
    "name": "Zoë O'Neill",
    "article": "Salt & Pepper, 2+1",
    "link": "https://shop.example/track?order=7&lang=en",
    "photo": 47863,
}
TEXT = "Good news, Zoë O'Neill! Order #7 (Salt & Pepper, 2+1) has shipped: https://shop.example/track?order=7&lang=en"


def test_the_customer_hears_about_the_shipment(qbchat):
    shop, customer = qbchat.add_user(full_name="Sam Shop"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-shop", shop)
    dialog = qbchat.add_dialog(occupants_ids=[shop, customer])
    photo = qbchat.add_blob(b"made-up photo", name="parcel.jpg", content_type="image/jpeg", user=shop)

    message_id = announce_shipment(ORDER | {"photo": photo.id}, dialog.id)

    message = qbchat.assert_posted(message=TEXT, chat_dialog_id=dialog, sender_id=shop, order=7)  # request
    message.assert_sent_to_chat()  # request
    message.assert_markable()  # request
    message.assert_attachments({"type": "image", "id": str(photo.id)})  # request
    assert customer.inbox.one().message == TEXT
    assert customer.inbox.one().id == message_id
    assert customer.unread(dialog) == 1
