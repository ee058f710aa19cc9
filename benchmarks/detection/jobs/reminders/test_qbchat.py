from reminders import Clinic


def test_a_reminder_is_sent_again_in_a_new_session(qbchat):
    qbchat.add_credentials(application_id=76730, auth_key="made-up-key", auth_secret="made-up-secret")
    doctor = qbchat.add_user(full_name="Dr. Bäcker", login="clinic", password="made-up-password")
    patient = qbchat.add_user(full_name="Seán O'Casey")
    clinic = Clinic("clinic", "made-up-password", "made-up-secret")

    clinic.remind(patient.id, "Don't forget: tomorrow, 9:30, Dr. Bäcker & team")
    qbchat.expire_sessions()
    message_id = clinic.remind(patient.id, "See you today?")
    clinic.remind(patient.id, "We're open until 18:00")

    first = qbchat.assert_posted(message="Don't forget: tomorrow, 9:30, Dr. Bäcker & team", sender_id=doctor)  # request
    again = qbchat.assert_posted(message="See you today?", recipient_id=patient, sender_id=doctor)  # request
    first.assert_sent_to_chat()  # request
    again.assert_sent_to_chat()  # request
    again.assert_markable()  # request
    assert [message.id for message in qbchat.posted][1] == message_id
    assert [call.status for call in qbchat.calls] == [201, 201, 401, 201, 201, 201]
    texts = ["Don't forget: tomorrow, 9:30, Dr. Bäcker & team", "See you today?", "We're open until 18:00"]
    assert [message.message for message in patient.inbox] == texts
