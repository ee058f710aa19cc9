import csv

from export import Export


def test_all_dialogs_are_exported_with_names(qbchat):
    desk = qbchat.add_user(full_name="Désirée Desk")
    qbchat.add_session("made-up-token-of-the-desk", desk)
    customers = [qbchat.add_user(full_name=f"O'Neill, Zoë {number}") for number in range(12)]
    dialogs = [qbchat.add_dialog(occupants_ids=[customer, desk]) for customer in customers]
    for dialog, customer in zip(dialogs, customers, strict=True):
        customer.send(dialog, 'Where\'s my "salt & pepper", please?')
        customer.send(dialog, None, attachments=[{"type": "image", "id": "47863"}])
        qbchat.add_message(dialog, desk, "ok")
    for number in range(101):
        qbchat.add_message(dialogs[0], desk, f"Step {number}\nis done; isn't it?")
    qbchat.add_history(dialogs[1], messages=250)

    text = Export("made-up-token-of-the-desk").export()

    rows = list(csv.reader(text.splitlines(keepends=True)))
    assert len(rows) == len(qbchat.messages)
    names = {user.id: user.full_name for user in qbchat.users}
    expected = [[message.chat_dialog_id, names.get(message.sender_id, "deleted")] for message in qbchat.messages]
    assert sorted([row[1], "deleted" if row[2].startswith("deleted") else row[2]] for row in rows) == sorted(expected)
    assert sorted(row[3] for row in rows) == sorted(message.message or "" for message in qbchat.messages)
    assert sum(int(row[4]) for row in rows) == sum(len(message.attachments) for message in qbchat.messages)
    for dialog in dialogs:
        times = [row[0] for row in rows if row[1] == dialog.id]
        assert times == sorted(times)
        assert desk.unread(dialog) >= 2
