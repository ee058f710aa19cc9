from erasure import Eraser


def test_the_messages_of_the_customer_are_erased_for_everybody(qbchat):
    qbchat.add_credentials(api_key="made-up-api-key")
    agent, customer = qbchat.add_user(full_name="Ágnes Agent"), qbchat.add_user(full_name="Zoë O'Neill")
    dialog = qbchat.add_dialog(occupants_ids=[agent, customer])
    other = qbchat.add_dialog(occupants_ids=[agent, customer])
    for number in range(105):
        qbchat.add_message(dialog, customer, "It's me" if number % 3 else f"Question {number}?")
    kept = [qbchat.add_message(dialog, agent, "You're welcome"), qbchat.add_message(other, customer, "Hello?")]

    left = Eraser("made-up-api-key").erase(dialog.id, customer.id, agent.id)

    assert left == []
    assert list(qbchat.messages) == kept
    assert [message.message for message in agent.open(dialog)] == ["You're welcome"]
    assert [message.message for message in customer.open(dialog)] == ["You're welcome"]
