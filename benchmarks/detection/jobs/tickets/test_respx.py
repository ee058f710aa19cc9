import json

from tickets import Tickets

SUBJECT = "Where's my parcel & my 5 € refund? It's been " + "so very " * 30 + "long"
DIALOG = {"_id": "5d75327ba28f9a0f32cb0f99", "type": 2, "name": f"#7: {SUBJECT}"[:200], "occupants_ids": [10, 20]}


def test_a_ticket_is_opened_and_escalated(respx_mock):
    base = "https://api.quickblox.com/chat"
    opened = respx_mock.post(f"{base}/Dialog.json").respond(201, json=DIALOG)
    posted = respx_mock.post(f"{base}/Message.json").respond(201, json={"_id": "5d76b657a28f9a0cc7cb0f99"})
    escalated = respx_mock.put(f"{base}/Dialog/5d75327ba28f9a0f32cb0f99.json")
    escalated.respond(200, json=DIALOG | {"occupants_ids": [10, 20, 30]})
    tickets = Tickets("made-up-token-of-the-agent")

    dialog_id = tickets.open(7, SUBJECT, 20)
    occupants = tickets.escalate(dialog_id, 30)

    assert dialog_id == "5d75327ba28f9a0f32cb0f99"
    assert sorted(occupants) == [10, 20, 30]
    assert (opened.call_count, posted.call_count, escalated.call_count) == (1, 1, 1)
    for route in (opened, posted, escalated):
        assert route.calls.last.request.headers["QB-Token"] == "made-up-token-of-the-agent"  # request
    dialog = {"type": 2, "name": f"#7: {SUBJECT}"[:200], "occupants_ids": [20]}
    assert json.loads(opened.calls.last.request.content) == dialog  # request
    assert json.loads(posted.calls.last.request.content) == {  # request
        "chat_dialog_id": "5d75327ba28f9a0f32cb0f99",
        "message": f"We'll look into “{SUBJECT}”",
        "send_to_chat": 1,
    }
    assert json.loads(escalated.calls.last.request.content) == {"push_all": {"occupants_ids": [30]}}  # request
