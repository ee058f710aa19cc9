from receipts import Receipts


def test_the_messages_that_were_seen_are_marked(qbchat):
    agent, customer = qbchat.add_user(full_name="Ágnes Agent"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-agent", agent)
    dialog = qbchat.add_dialog(occupants_ids=[agent, customer])
    questions = [customer.send(dialog, f"Where's parcel #{number}?") for number in range(26)]
    receipts = Receipts("made-up-token-of-the-agent")

    calls = receipts.mark_read(dialog.id, [question.id for question in questions[:25]])
    none = receipts.mark_read(dialog.id, [])

    assert (calls, none) == (2, 0)
    for question in questions[:25]:
        question.assert_read_by(agent)
        question.assert_delivered_to(agent)
    assert agent.unread(dialog) == 1
    assert [call.method for call in qbchat.calls] == ["PUT", "PUT"]
