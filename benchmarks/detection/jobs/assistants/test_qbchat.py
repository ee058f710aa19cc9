from assistants import Assistants


def test_each_agent_speaks_for_himself(qbchat):
    qbchat.add_credentials(api_key="made-up-api-key")
    anna, bert = qbchat.add_user(full_name="Anna Ä."), qbchat.add_user(full_name="Bert O'Brien")
    customer = qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_dialog(type=3, occupants_ids=[anna, customer])
    assistants = Assistants("made-up-api-key")

    first = assistants.say(anna.id, customer.id, "Your loan & insurance: it's done!")
    second = assistants.say(bert.id, customer.id, "May I call at 5 + 30?")
    third = assistants.say(anna.id, customer.id, "Anything else?")

    message = qbchat.assert_posted(
        message="Your loan & insurance: it's done!", sender_id=anna, recipient_id=customer
    )  # request
    message.assert_sent_to_chat()  # request
    message.assert_markable()  # request
    qbchat.assert_posted(
        message="May I call at 5 + 30?", sender_id=bert, recipient_id=customer
    ).assert_sent_to_chat()  # request
    assert first == third != second
    assert [(message.sender_id, message.message) for message in customer.inbox] == [
        (anna.id, "Your loan & insurance: it's done!"),
        (bert.id, "May I call at 5 + 30?"),
        (anna.id, "Anything else?"),
    ]
