"""A customer-specific host, and an API key that acts on behalf of a user.

All hosts below quickblox.com are covered by default, including enterprise hosts. A gateway with another host name is
declared with a marker, or with the option `qbchat_hosts` for all tests. With `Authorization: ApiKey` and
`On-Behalf-Of`, the sender is the user in `On-Behalf-Of`. Once a key is declared, the fake refuses all other keys.
"""

import httpx
import pytest

from reminders import remind


def test_the_sender_is_the_doctor(qbchat, doctor, dialog):
    assert remind(doctor.id, dialog.id, "9:30")

    qbchat.assert_posted(message="We expect you at 9:30", sender_id=doctor.id)


def test_the_patient_is_notified(qbchat, doctor, patient, dialog):
    remind(doctor.id, dialog.id, "9:30")

    qbchat.posted.one().assert_delivered_to(patient)


def test_an_enterprise_host_needs_no_setting(qbchat, doctor, dialog):
    remind(doctor.id, dialog.id, "9:30")

    assert qbchat.calls.one().request.url == "https://apiclinic.quickblox.com/chat/Message.json"


@pytest.mark.qbchat(hosts=["https://gateway.clinic.example:8443/quickblox"])
def test_a_gateway_is_declared_with_its_prefix(qbchat, doctor, dialog, monkeypatch):
    monkeypatch.setenv("CLINIC_CHAT_URL", "https://gateway.clinic.example:8443/quickblox")
    remind(doctor.id, dialog.id, "9:30")

    call = qbchat.posted.one().call
    assert call.request.url == "https://gateway.clinic.example:8443/quickblox/chat/Message.json"
    assert call.path == "/chat/Message.json"


def test_another_key_is_refused(qbchat, doctor, dialog, monkeypatch, caplog):
    monkeypatch.setenv("CLINIC_CHAT_KEY", "made-up-key-of-last-year")

    assert not remind(doctor.id, dialog.id, "9:30")
    assert "the chat refuses the key of the clinic" in caplog.text
    assert qbchat.calls.one().status == 401
    qbchat.assert_nothing_posted()


def test_a_doctor_who_is_not_in_the_dialog_may_not_remind(qbchat, dialog):
    stranger = qbchat.add_user(full_name="Dr Stella Stranger")

    with pytest.raises(httpx.HTTPStatusError, match="403"):
        remind(stranger.id, dialog.id, "9:30")
    qbchat.assert_nothing_posted()
