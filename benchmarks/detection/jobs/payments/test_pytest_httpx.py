import json
import re

from payments import Webhook

DIALOG = "5d75327ba28f9a0f32cb0f99"
TEXT = "We've received 1299.05 € for order A&7. Thank you!"
QUESTION = {"_id": "5d76b657a28f9a0cc7cb0f01", "message": "I've paid, haven't I?"}
CONFIRMATION = {"_id": "5d76b657a28f9a0cc7cb0f02", "message": TEXT, "event": "evt-1"}
PAGES = [
    {"skip": 0, "limit": 50, "items": [QUESTION]},
    {"skip": 0, "limit": 50, "items": [CONFIRMATION, QUESTION]},
    {"skip": 0, "limit": 50, "items": [CONFIRMATION, QUESTION]},
]


def event(id, order, type="payment.succeeded"):
    return {"id": id, "type": type, "order": order, "cents": 129905, "currency": "€"}


def test_a_payment_is_confirmed_once(httpx_mock):
    url = "https://api.quickblox.com/chat/Message.json"
    for _ in range(2):
        message = {"_id": "5d76b657a28f9a0cc7cb0f02"}
        httpx_mock.add_response(method="POST", url=url, status_code=201, json=message)
    for page in PAGES:
        httpx_mock.add_response(method="GET", url=re.compile(rf"^{re.escape(url)}(\?.*)?$"), json=page)
    webhook = Webhook("made-up-token-of-the-shop", {"A&7": DIALOG})

    statuses = [webhook.handle(event("evt-1", "A&7")), webhook.handle(event("evt-1", "A&7"))]
    statuses += [webhook.handle(event("evt-2", "A&7", "payment.failed")), webhook.handle(event("evt-3", "B?8"))]
    statuses += [webhook.handle(event("evt-4", "A&7"))]

    assert statuses == [200, 200, 204, 204, 200]
    requests = httpx_mock.get_requests()
    assert [request.method for request in requests] == ["GET", "POST", "GET", "GET", "POST"]
    for request, id in zip(httpx_mock.get_requests(method="POST"), ("evt-1", "evt-4"), strict=True):
        assert request.headers["QB-Token"] == "made-up-token-of-the-shop"  # request
        assert json.loads(request.content) == {  # request
            "chat_dialog_id": DIALOG,
            "message": TEXT,
            "event": id,
            "send_to_chat": 1,
        }
    for request in httpx_mock.get_requests(method="GET"):
        assert dict(request.url.params) == {  # request
            "chat_dialog_id": DIALOG,
            "sort_desc": "date_sent",
            "limit": "50",
            "mark_as_read": "0",
        }
