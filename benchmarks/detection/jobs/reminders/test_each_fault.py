from reminders import Clinic


def test_no_patient_is_reminded_twice(qbchat):
    qbchat.add_credentials(application_id=76730, auth_key="made-up-key", auth_secret="made-up-secret")
    qbchat.add_user(full_name="Dr. Bäcker", login="clinic", password="made-up-password")
    patient = qbchat.add_user(full_name="Seán O'Casey")

    for trial in qbchat.each_fault():
        clinic = Clinic("clinic", "made-up-password", "made-up-secret")
        with trial:
            clinic.remind(patient.id, "Don't forget: tomorrow, 9:30")
            clinic.remind(patient.id, "We're open until 18:00")
        texts = [message.message for message in patient.inbox]
        assert texts == ["Don't forget: tomorrow, 9:30", "We're open until 18:00"][: len(texts)]
        assert len(texts) == 2 or trial.error
