from tickets import Tickets


def test_a_ticket_that_is_opened_has_a_greeting(qbchat):
    agent, expert = qbchat.add_user(full_name="Ágnes Agent"), qbchat.add_user(full_name="Émile Expert")
    customer = qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-agent", agent)
    tickets = Tickets("made-up-token-of-the-agent")

    for trial in qbchat.each_fault():
        occupants = None
        with trial:
            dialog_id = tickets.open(7, "Where's my parcel?", customer.id)
            occupants = tickets.escalate(dialog_id, expert.id)
        assert len(qbchat.dialogs) <= 1
        assert len(customer.inbox) <= 1
        assert trial.error if occupants is None else len(customer.inbox) == 1
        assert occupants is None or qbchat.dialogs.one().occupants_ids == sorted(occupants)
