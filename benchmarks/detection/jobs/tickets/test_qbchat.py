from tickets import Tickets

SUBJECT = "Where's my parcel & my 5 € refund? It's been " + "so very " * 30 + "long"


def test_a_ticket_is_opened_and_escalated(qbchat):
    agent, expert = qbchat.add_user(full_name="Ágnes Agent"), qbchat.add_user(full_name="Émile Expert")
    customer = qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-agent", agent)
    tickets = Tickets("made-up-token-of-the-agent")

    dialog_id = tickets.open(7, SUBJECT, customer.id)
    occupants = tickets.escalate(dialog_id, expert.id)

    dialog = qbchat.dialogs.one()
    assert dialog.id == dialog_id
    assert (dialog.type, dialog.name) == (2, f"#7: {SUBJECT}"[:200])  # request
    assert dialog.occupants_ids == sorted([agent.id, customer.id, expert.id])
    assert sorted(occupants) == sorted([agent.id, customer.id, expert.id])
    message = qbchat.assert_posted(chat_dialog_id=dialog, message=f"We'll look into “{SUBJECT}”")  # request
    message.assert_sent_to_chat()  # request
    assert customer.inbox.one().message == f"We'll look into “{SUBJECT}”"
    assert not expert.inbox
