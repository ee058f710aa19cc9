import asyncio
import json

import httpx

from alerts import Alerts


def test_every_engineer_is_alerted_though_quickblox_is_busy(respx_mock):
    route = respx_mock.post("https://api.quickblox.com/chat/Message.json")
    answers = [httpx.Response(429, json={"errors": ["made-up text"]})] * 2
    route.side_effect = answers + [httpx.Response(201, json={"_id": f"5d76b657a28f9a0cc7cb0f0{n}"}) for n in range(3)]

    engineers = {10: "Anna", 11: "Bert O'Brien", 12: "Cem Ö."}
    alerted = asyncio.run(Alerts("made-up-token-of-the-monitor").alert(engineers, "db-7 & db-8: isn't it slow?"))

    assert alerted == 3
    assert route.call_count == 5
    bodies = [json.loads(call.request.content) for call in route.calls]
    for id, name in engineers.items():
        assert {  # request
            "recipient_id": id,
            "message": f"{name}, please look at db-7 & db-8: isn't it slow?",
            "incident": "db-7 & db-8: isn't it slow?",
            "send_to_chat": 1,
            "markable": 1,
        } in bodies  # request
    for call in route.calls:
        assert call.request.headers["QB-Token"] == "made-up-token-of-the-monitor"  # request
