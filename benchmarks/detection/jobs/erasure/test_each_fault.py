from erasure import Eraser


def test_what_is_left_is_said(qbchat):
    qbchat.add_credentials(api_key="made-up-api-key")
    agent, customer = qbchat.add_user(full_name="Ágnes Agent"), qbchat.add_user(full_name="Zoë O'Neill")
    dialog = qbchat.add_dialog(occupants_ids=[agent, customer])
    for number in range(26):
        qbchat.add_message(dialog, customer, f"Question {number}?")
    qbchat.add_message(dialog, agent, "You're welcome")

    for trial in qbchat.each_fault():
        left = None
        with trial:
            left = Eraser("made-up-api-key").erase(dialog.id, customer.id, agent.id)
        found = [message.id for message in qbchat.messages if message.sender_id == customer.id]
        assert trial.error if left is None else found == left
        assert len(qbchat.messages) - len(found) == 1
