import csv

from export import Export


def test_an_export_is_whole_or_fails(qbchat):
    desk, customer = qbchat.add_user(full_name="Désirée Desk"), qbchat.add_user(full_name="Zoë O'Neill")
    qbchat.add_session("made-up-token-of-the-desk", desk)
    for _ in range(2):
        customer.send(qbchat.add_dialog(occupants_ids=[desk, customer]), "Where's my parcel?")

    for trial in qbchat.each_fault():
        text = None
        with trial:
            text = Export("made-up-token-of-the-desk").export()
        if text is None:
            assert trial.error
        else:
            rows = list(csv.reader(text.splitlines(keepends=True)))
            assert [row[2:4] for row in rows] == [["Zoë O'Neill", "Where's my parcel?"]] * 2
        assert desk.unread() == 2
