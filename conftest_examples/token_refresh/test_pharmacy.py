"""Sessions that the code under test signs, and replaces when they expire.

Once credentials are declared, the fake checks every signature. A session expires two hours after its last call.
`expire_sessions` ends all sessions at once, and `advance` moves the clock without waiting. The tests check that the
message is then sent with a new session, and only once.
"""

from dataclasses import replace

import httpx
import pytest
from pytest_qbchat import QuickBloxWarning

from pharmacy import PharmacyChat


def paths(qbchat):
    return [call.path for call in qbchat.calls]


def test_the_patient_hears_from_the_pharmacy(qbchat, chat, patient):
    chat.announce(patient.id, "Your ointment")

    pharmacy = qbchat.users.where(login="pharmacy").one()
    message = qbchat.assert_posted(message="Your ointment is ready for you", sender_id=pharmacy)
    message.assert_delivered_to(patient)


def test_one_session_serves_many_messages(qbchat, chat, patient):
    chat.announce(patient.id, "Your ointment")
    chat.announce(patient.id, "Your syrup")

    assert paths(qbchat) == ["/session.json", "/chat/Message.json", "/chat/Message.json"]


def test_a_session_that_has_ended_is_replaced_and_the_message_sent_once(qbchat, chat, patient):
    chat.announce(patient.id, "Your ointment")
    qbchat.expire_sessions()
    chat.announce(patient.id, "Your syrup")

    qbchat.assert_posted(message="Your syrup is ready for you")
    assert len(patient.inbox) == 2


def test_a_session_ends_after_two_quiet_hours(qbchat, chat, patient):
    chat.announce(patient.id, "Your ointment")
    qbchat.advance(hours=2)
    chat.announce(patient.id, "Your syrup")

    assert [call.status for call in qbchat.calls] == [201, 201, 401, 201, 201]
    qbchat.assert_posted(message="Your syrup is ready for you")


def test_a_message_an_hour_keeps_the_session(qbchat, chat, patient):
    for medicine in ("Your ointment", "Your syrup", "Your tea"):
        chat.announce(patient.id, medicine)
        qbchat.advance(hours=1)

    assert paths(qbchat).count("/session.json") == 1


def test_a_second_refusal_is_final(qbchat, chat, patient):
    qbchat.fail(401, times=2, path="/chat/Message.json")

    with pytest.raises(httpx.HTTPStatusError, match="401"):
        chat.announce(patient.id, "Your ointment")
    qbchat.assert_nothing_posted()
    assert paths(qbchat) == ["/session.json", "/chat/Message.json"] * 2


def test_a_wrong_secret_is_refused_with_what_should_have_been_signed(qbchat, account, patient):
    chat = PharmacyChat(replace(account, auth_secret="made-up-secret-of-last-year"))
    to_sign = r"application_id=76730&auth_key=…&nonce=\d+&timestamp=\d+&user\[login\]=pharmacy"

    with (
        pytest.warns(QuickBloxWarning, match=to_sign),
        pytest.raises(httpx.HTTPStatusError, match="422"),
    ):
        chat.announce(patient.id, "Your ointment")
    assert qbchat.calls.one().response.json() == {"errors": {"base": ["Unexpected signature"]}}
    qbchat.assert_nothing_posted()


def test_a_wrong_password_is_refused(qbchat, account, patient):
    chat = PharmacyChat(replace(account, password="made-up-password-of-last-year"))

    with pytest.raises(httpx.HTTPStatusError, match="401"):
        chat.announce(patient.id, "Your ointment")
    assert not qbchat.sessions
