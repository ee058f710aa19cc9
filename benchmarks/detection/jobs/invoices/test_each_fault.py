from invoices import send_invoice


def test_no_invoice_arrives_without_its_file(qbchat):
    shop, customer = qbchat.add_user(full_name="Sam Shop"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-shop", shop)
    dialog = qbchat.add_dialog(occupants_ids=[shop, customer])

    for trial in qbchat.each_fault():
        with trial:
            send_invoice(dialog.id, "Here's your invoice", "invoice & terms.pdf", b"%PDF-1.7 made up")
        assert len(customer.inbox) <= 1
        assert len(customer.inbox) == 1 or trial.error
        if customer.inbox:
            assert qbchat.blobs.one().blob_status == "complete"
