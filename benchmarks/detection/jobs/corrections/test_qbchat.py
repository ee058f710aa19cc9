from corrections import correct_date


def test_the_announcement_of_the_order_is_corrected(qbchat):
    shop, customer = qbchat.add_user(full_name="Sam Shop"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-shop", shop)
    dialog = qbchat.add_dialog(occupants_ids=[shop, customer])
    old = qbchat.add_message(dialog, shop, "#7 arrives on Monday", order=7)
    newer = qbchat.add_message(dialog, shop, "#7 arrives on Tuesday", order=7)
    other = qbchat.add_message(dialog, shop, "#71 arrives on Monday", order=71)
    question = customer.send(dialog, "Isn't #7 here yet?")

    edited = correct_date(dialog.id, 7, "#7 arrives on Friday, we're sorry & 5 € richer")
    posted = correct_date(dialog.id, 8, "#8 arrives on Friday, isn't that great?")

    assert (edited, posted) == ("edited", "posted")
    texts = [message.message for message in (old, newer, other, question)]
    assert texts == [
        "#7 arrives on Monday",
        "#7 arrives on Friday, we're sorry & 5 € richer",
        "#71 arrives on Monday",
        "Isn't #7 here yet?",
    ]
    message = qbchat.assert_posted(message="#8 arrives on Friday, isn't that great?", order=8)  # request
    message.assert_sent_to_chat()  # request
    assert customer.inbox.one().message == "#8 arrives on Friday, isn't that great?"
    assert shop.unread(dialog) == 1
    assert len(qbchat.messages) == 5
