from badges import Badges


def test_unread_messages_are_counted_by_ticket(qbchat):
    agent, customer = qbchat.add_user(full_name="Ágnes Agent"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-agent", agent)
    asked, answered, other = (qbchat.add_dialog(occupants_ids=[agent, customer]) for _ in range(3))
    customer.send(asked, "Where's my parcel?")
    customer.send(asked, "It's been 3 days…")
    customer.send(other, "Salt & pepper?")
    qbchat.add_message(answered, agent, "Solved!")
    badges = Badges("made-up-token-of-the-agent")

    first = badges.unread([asked.id, answered.id])
    second = badges.unread([asked.id, other.id])
    total = badges.total()

    assert first == {asked.id: 2}
    assert second == {asked.id: 2, other.id: 1}
    assert total == 3
    assert agent.unread(asked) == 2
