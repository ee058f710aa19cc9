from datetime import timedelta

from login import Account, SupportDesk

ACCOUNT = Account(76730, "made-up-key", "made-up-secret", "desk", "made-up-pass&word + é?")


def test_the_desk_keeps_its_token_for_almost_two_hours(qbchat, time_machine):
    time_machine.move_to("2019-09-09 20:30:15Z", tick=False)
    qbchat.add_credentials(application_id=76730, auth_key="made-up-key", auth_secret="made-up-secret")
    desk = qbchat.add_user(full_name="Désirée Desk", login="desk", password="made-up-pass&word + é?")
    customer = qbchat.add_user(full_name="Zoë O'Neill")
    dialog = qbchat.add_dialog(occupants_ids=[desk, customer])
    support = SupportDesk(ACCOUNT)

    support.answer(dialog.id, "How can we help?")
    support.answer(dialog.id, "It's on its way")
    assert len(qbchat.sessions) == 1
    time_machine.shift(timedelta(hours=3))
    support.answer(dialog.id, "Anything else?")

    assert [call.path for call in qbchat.calls].count("/session.json") == 2
    for text in ("How can we help?", "It's on its way", "Anything else?"):
        message = qbchat.assert_posted(message=text, chat_dialog_id=dialog, sender_id=desk)  # request
        message.assert_sent_to_chat()  # request
    assert [message.message for message in customer.inbox] == ["How can we help?", "It's on its way", "Anything else?"]
