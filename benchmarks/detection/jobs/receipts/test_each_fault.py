from receipts import Receipts


def test_all_messages_are_marked_or_the_call_fails(qbchat):
    agent, customer = qbchat.add_user(full_name="Ágnes Agent"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-agent", agent)
    dialog = qbchat.add_dialog(occupants_ids=[agent, customer])
    questions = [customer.send(dialog, f"Where's parcel #{number}?") for number in range(26)]
    receipts = Receipts("made-up-token-of-the-agent")

    for trial in qbchat.each_fault():
        with trial:
            receipts.mark_read(dialog.id, [question.id for question in questions[:25]])
        assert agent.unread(dialog) == 1 or trial.error
