from corrections import correct_date


def test_a_date_is_corrected_or_the_call_fails(qbchat):
    shop, customer = qbchat.add_user(full_name="Sam Shop"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-shop", shop)
    dialog = qbchat.add_dialog(occupants_ids=[shop, customer])
    qbchat.add_message(dialog, shop, "#7 arrives on Monday", order=7)

    for trial in qbchat.each_fault():
        with trial:
            correct_date(dialog.id, 7, "#7 arrives on Friday")
            correct_date(dialog.id, 8, "#8 arrives on Friday")
        texts = [message.message for message in qbchat.messages]
        assert len(texts) <= 2
        assert texts == ["#7 arrives on Friday", "#8 arrives on Friday"] or trial.error
