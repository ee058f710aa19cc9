from badges import Badges


def test_no_fault_is_shown_as_a_number(qbchat):
    agent, customer = qbchat.add_user(full_name="Ágnes Agent"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-agent", agent)
    dialog = qbchat.add_dialog(occupants_ids=[agent, customer])
    customer.send(dialog, "Where's my parcel?")
    badges = Badges("made-up-token-of-the-agent")

    for trial in qbchat.each_fault():
        shown = None
        with trial:
            shown = badges.unread([dialog.id]), badges.total()
        assert shown == ({dialog.id: 1}, 1) or trial.error
        assert agent.unread(dialog) == 1
