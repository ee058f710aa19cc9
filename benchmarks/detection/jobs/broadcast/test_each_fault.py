import asyncio

from broadcast import broadcast

TEXT = "The 9:30 ferry to Föhr isn't running: wind & waves"


def test_a_customer_is_warned_once_or_reported(qbchat):
    line = qbchat.add_user(full_name="Ferries & Co.")
    qbchat.add_session("made-up-token-of-the-line", line)
    customers = [qbchat.add_user() for _ in range(3)]
    dialogs = [qbchat.add_dialog(occupants_ids=[line, customer]) for customer in customers]

    for trial in qbchat.each_fault("disconnect", "disconnect-stored", 401, 429, 503):
        failed = None
        with trial:
            failed = asyncio.run(broadcast("made-up-token-of-the-line", [each.id for each in dialogs], TEXT))
        for dialog, customer in zip(dialogs, customers, strict=True):
            assert len(customer.inbox) <= 1
            assert len(customer.inbox) == 1 or trial.error or dialog.id in failed
