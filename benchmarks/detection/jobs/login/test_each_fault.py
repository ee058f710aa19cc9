from login import Account, SupportDesk

ACCOUNT = Account(76730, "made-up-key", "made-up-secret", "desk", "made-up-pass&word + é?")


def test_an_answer_arrives_once_or_fails(qbchat):
    qbchat.add_credentials(application_id=76730, auth_key="made-up-key", auth_secret="made-up-secret")
    desk = qbchat.add_user(full_name="Désirée Desk", login="desk", password="made-up-pass&word + é?")
    customer = qbchat.add_user(full_name="Zoë O'Neill")
    dialog = qbchat.add_dialog(occupants_ids=[desk, customer])

    for trial in qbchat.each_fault():
        support = SupportDesk(ACCOUNT)
        with trial:
            support.answer(dialog.id, "How can we help?")
            support.answer(dialog.id, "It's on its way")
        texts = [message.message for message in customer.inbox]
        assert texts == ["How can we help?", "It's on its way"][: len(texts)]
        assert len(texts) == 2 or trial.error
