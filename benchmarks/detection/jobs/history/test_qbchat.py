from datetime import UTC, datetime

from history import archive


def test_the_whole_history_is_archived_and_stays_unread(qbchat):
    agent, customer = qbchat.add_user(full_name="Ágnes Agent"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-agent", agent)
    dialog = qbchat.add_dialog(occupants_ids=[customer, agent])
    question = customer.send(dialog, "Where's my “salt & pepper”? 🧂")
    photo = customer.send(dialog, None, attachments=[{"type": "image", "id": "47863"}])
    for number in range(103):
        qbchat.add_message(dialog, agent, "ok" if number % 7 == 0 else f"Step {number} + 1 is done, isn't it?")
    qbchat.add_history(dialog, messages=120)

    lines = archive("made-up-token-of-the-agent", dialog.id)

    sent = datetime.fromtimestamp(question.date_sent, UTC)
    assert len(lines) == len(qbchat.messages)
    assert f"{sent:%Y-%m-%d %H:%M} {customer.id}: Where's my “salt & pepper”? 🧂" in lines
    assert f"{datetime.fromtimestamp(photo.date_sent, UTC):%Y-%m-%d %H:%M} {customer.id}: [image 47863]" in lines
    assert lines == sorted(lines, key=lambda line: line[:16])
    assert sum(line.endswith(f"{agent.id}: ok") for line in lines) >= 15
    assert agent.unread(dialog) >= 2
