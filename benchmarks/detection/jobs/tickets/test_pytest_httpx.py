import json

from tickets import Tickets

SUBJECT = "Where's my parcel & my 5 € refund? It's been " + "so very " * 30 + "long"
DIALOG = {"_id": "5d75327ba28f9a0f32cb0f99", "type": 2, "name": f"#7: {SUBJECT}"[:200], "occupants_ids": [10, 20]}


def test_a_ticket_is_opened_and_escalated(httpx_mock):
    base = "https://api.quickblox.com/chat"
    message = {"_id": "5d76b657a28f9a0cc7cb0f99"}
    escalated = DIALOG | {"occupants_ids": [10, 20, 30]}
    httpx_mock.add_response(method="POST", url=f"{base}/Dialog.json", status_code=201, json=DIALOG)
    httpx_mock.add_response(method="POST", url=f"{base}/Message.json", status_code=201, json=message)
    httpx_mock.add_response(method="PUT", url=f"{base}/Dialog/5d75327ba28f9a0f32cb0f99.json", json=escalated)
    tickets = Tickets("made-up-token-of-the-agent")

    dialog_id = tickets.open(7, SUBJECT, 20)
    occupants = tickets.escalate(dialog_id, 30)

    assert dialog_id == "5d75327ba28f9a0f32cb0f99"
    assert sorted(occupants) == [10, 20, 30]
    requests = httpx_mock.get_requests()
    assert [request.method for request in requests] == ["POST", "POST", "PUT"]
    for request in requests:
        assert request.headers["QB-Token"] == "made-up-token-of-the-agent"  # request
    dialog = {"type": 2, "name": f"#7: {SUBJECT}"[:200], "occupants_ids": [20]}
    assert json.loads(requests[0].content) == dialog  # request
    assert json.loads(requests[1].content) == {  # request
        "chat_dialog_id": "5d75327ba28f9a0f32cb0f99",
        "message": f"We'll look into “{SUBJECT}”",
        "send_to_chat": 1,
    }
    assert json.loads(requests[2].content) == {"push_all": {"occupants_ids": [30]}}  # request
