import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import parse_qs

import responses

from login import Account, SupportDesk

ACCOUNT = Account(76730, "made-up-key", "made-up-secret", "desk", "made-up-pass&word + é?")
DIALOG = "5d75327ba28f9a0f32cb0f99"


def session(token):
    return {"session": {"application_id": 76730, "id": 1, "user_id": 96830631, "token": token, "ts": 1568061015}}


def sign(params):
    """As the documentation of the session says: all parameters, sorted by name."""
    text = "&".join(f"{name}={params[name]}" for name in sorted(params) if name != "signature")
    return hmac.new(b"made-up-secret", text.encode(), hashlib.sha1).hexdigest()


@responses.activate
def test_the_desk_keeps_its_token_for_almost_two_hours(time_machine):
    time_machine.move_to("2019-09-09 20:30:15Z", tick=False)
    responses.post("https://api.quickblox.com/session.json", json=session("made-up-token-1"), status=201)
    responses.post("https://api.quickblox.com/session.json", json=session("made-up-token-2"), status=201)
    responses.post("https://api.quickblox.com/chat/Message.json", json={"_id": "5d76b657a28f9a0cc7cb0f99"}, status=201)
    support = SupportDesk(ACCOUNT)

    support.answer(DIALOG, "How can we help?")
    support.answer(DIALOG, "It's on its way")
    time_machine.shift(timedelta(hours=3))
    support.answer(DIALOG, "Anything else?")

    requests = [call.request for call in responses.calls]
    assert [request.path_url for request in requests] == [
        "/session.json",
        "/chat/Message.json",
        "/chat/Message.json",
        "/session.json",
        "/chat/Message.json",
    ]
    for number, timestamp in ((0, 1568061015), (3, 1568071815)):
        params = {name: values[0] for name, values in parse_qs(requests[number].body).items()}
        assert params == {  # request
            "application_id": "76730",
            "auth_key": "made-up-key",
            "nonce": params["nonce"],
            "timestamp": str(timestamp),
            "user[login]": "desk",
            "user[password]": "made-up-pass&word + é?",
            "signature": sign(params),
        }
    texts = ["How can we help?", "It's on its way", "Anything else?"]
    for number, text, token in zip((1, 2, 4), texts, "112", strict=True):
        assert requests[number].headers["QB-Token"] == f"made-up-token-{token}"  # request
        assert json.loads(requests[number].body) == {  # request
            "chat_dialog_id": DIALOG,
            "message": text,
            "send_to_chat": 1,
        }
