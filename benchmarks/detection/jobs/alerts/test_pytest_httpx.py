import asyncio
import json

from alerts import Alerts


def test_every_engineer_is_alerted_though_quickblox_is_busy(httpx_mock):
    url = "https://api.quickblox.com/chat/Message.json"
    for _ in range(2):
        httpx_mock.add_response(method="POST", url=url, status_code=429, json={"errors": ["made-up text"]})
    for number in range(3):
        message = {"_id": f"5d76b657a28f9a0cc7cb0f0{number}"}
        httpx_mock.add_response(method="POST", url=url, status_code=201, json=message)

    engineers = {10: "Anna", 11: "Bert O'Brien", 12: "Cem Ö."}
    alerted = asyncio.run(Alerts("made-up-token-of-the-monitor").alert(engineers, "db-7 & db-8: isn't it slow?"))

    assert alerted == 3
    requests = httpx_mock.get_requests()
    assert len(requests) == 5
    bodies = [json.loads(request.content) for request in requests]
    for id, name in engineers.items():
        assert {  # request
            "recipient_id": id,
            "message": f"{name}, please look at db-7 & db-8: isn't it slow?",
            "incident": "db-7 & db-8: isn't it slow?",
            "send_to_chat": 1,
            "markable": 1,
        } in bodies  # request
    for request in requests:
        assert request.headers["QB-Token"] == "made-up-token-of-the-monitor"  # request
