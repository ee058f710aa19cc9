import asyncio

from broadcast import broadcast

TEXT = "The 9:30 ferry to Föhr isn't running: wind & waves"


def test_all_customers_are_warned_but_of_a_dialog_that_fails(qbchat):
    line = qbchat.add_user(full_name="Ferries & Co.")
    qbchat.add_session("made-up-token-of-the-line", line)
    customers = [qbchat.add_user() for _ in range(4)]
    dialogs = [qbchat.add_dialog(occupants_ids=[line, customer]) for customer in customers]
    foreign = qbchat.add_dialog(occupants_ids=customers[:2])

    failed = asyncio.run(broadcast("made-up-token-of-the-line", [each.id for each in [*dialogs, foreign]], TEXT))

    assert failed == [foreign.id]
    for dialog, customer in zip(dialogs, customers, strict=True):
        message = qbchat.assert_posted(chat_dialog_id=dialog, message=TEXT, sender_id=line)  # request
        message.assert_sent_to_chat()  # request
        assert [each.chat_dialog_id for each in customer.inbox] == [dialog.id]
    assert len(qbchat.calls) == 5
