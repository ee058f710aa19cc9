from history import archive


def test_an_archive_is_whole_or_fails(qbchat):
    agent, customer = qbchat.add_user(full_name="Ágnes Agent"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-agent", agent)
    dialog = qbchat.add_dialog(occupants_ids=[agent, customer])
    customer.send(dialog, "Where's my parcel?")
    for number in range(104):
        qbchat.add_message(dialog, agent, f"Step {number} is done")

    for trial in qbchat.each_fault():
        lines = None
        with trial:
            lines = archive("made-up-token-of-the-agent", dialog.id)
        assert trial.error if lines is None else len(lines) == 105
        assert agent.unread(dialog) == 1
