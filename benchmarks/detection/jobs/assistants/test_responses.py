import json

import responses

from assistants import Assistants


@responses.activate
def test_each_agent_speaks_for_himself():
    url = "https://api.quickblox.com/chat/Message.json"
    for dialog_id in ("5d75327ba28f9a0f32cb0f01", "5d75327ba28f9a0f32cb0f02", "5d75327ba28f9a0f32cb0f01"):
        responses.post(url, json={"_id": "5d76b657a28f9a0cc7cb0f99", "chat_dialog_id": dialog_id}, status=201)
    assistants = Assistants("made-up-api-key")

    first = assistants.say(10, 20, "Your loan & insurance: it's done!")
    second = assistants.say(11, 20, "May I call at 5 + 30?")
    third = assistants.say(10, 20, "Anything else?")

    assert first == third != second
    assert len(responses.calls) == 3
    texts = ["Your loan & insurance: it's done!", "May I call at 5 + 30?", "Anything else?"]
    for call, agent, text in zip(responses.calls, ("10", "11", "10"), texts, strict=True):
        assert call.request.headers["Authorization"] == "ApiKey made-up-api-key"  # request
        assert call.request.headers["On-Behalf-Of"] == agent  # request
        assert json.loads(call.request.body) == {  # request
            "recipient_id": 20,
            "message": text,
            "send_to_chat": 1,
            "markable": 1,
        }
