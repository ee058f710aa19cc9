import json

import responses

from reminders import Clinic


def session(token):
    return {"session": {"application_id": 76730, "id": 1, "user_id": 96830631, "token": token, "ts": 1568061015}}


@responses.activate
def test_a_reminder_is_sent_again_in_a_new_session():
    message = {"_id": "5d76b657a28f9a0cc7cb0f99", "recipient_id": 20}
    refusal = {"errors": {"base": ["Required session does not exist"]}}
    responses.post("https://api.quickblox.com/session.json", json=session("made-up-token-1"), status=201)
    responses.post("https://api.quickblox.com/session.json", json=session("made-up-token-2"), status=201)
    responses.post("https://api.quickblox.com/chat/Message.json", json=message, status=201)
    responses.post("https://api.quickblox.com/chat/Message.json", json=refusal, status=401)
    responses.post("https://api.quickblox.com/chat/Message.json", json=message, status=201)
    clinic = Clinic("clinic", "made-up-password", "made-up-secret")

    clinic.remind(20, "Don't forget: tomorrow, 9:30, Dr. Bäcker & team")
    message_id = clinic.remind(20, "See you today?")
    clinic.remind(20, "We're open until 18:00")

    requests = [call.request for call in responses.calls]
    assert [request.path_url for request in requests] == [
        "/session.json",
        "/chat/Message.json",
        "/chat/Message.json",
        "/session.json",
        "/chat/Message.json",
        "/chat/Message.json",
    ]
    assert message_id == "5d76b657a28f9a0cc7cb0f99"
    for number, token, text in (
        (1, "1", "Don't forget: tomorrow, 9:30, Dr. Bäcker & team"),
        (2, "1", "See you today?"),
        (4, "2", "See you today?"),
        (5, "2", "We're open until 18:00"),
    ):
        assert requests[number].headers["QB-Token"] == f"made-up-token-{token}"  # request
        assert json.loads(requests[number].body) == {  # request
            "recipient_id": 20,
            "message": text,
            "send_to_chat": 1,
            "markable": 1,
        }
