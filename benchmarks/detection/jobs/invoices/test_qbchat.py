from invoices import send_invoice


def test_the_customer_gets_the_invoice(qbchat):
    shop, customer = qbchat.add_user(full_name="Sam Shop"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-shop", shop)
    dialog = qbchat.add_dialog(occupants_ids=[shop, customer])

    message_id = send_invoice(
        dialog.id, "Here's your invoice: 9 € + shipping", "invoice & terms.pdf", b"%PDF-1.7 made up"
    )

    blob = qbchat.blobs.one()
    message = qbchat.assert_posted(message="Here's your invoice: 9 € + shipping", chat_dialog_id=dialog)  # request
    message.assert_sent_to_chat()  # request
    message.assert_markable()  # request
    message.assert_attachments({"type": "file", "id": str(blob.id), "name": "invoice & terms.pdf"})  # request
    assert (blob.name, blob.content_type) == ("invoice & terms.pdf", "application/pdf")  # request
    assert (blob.content, blob.blob_status) == (b"%PDF-1.7 made up", "complete")
    assert customer.inbox.one().id == message_id
