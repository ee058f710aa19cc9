import json

import responses

from shipment import announce_shipment

ORDER = {
    "number": 7,
    "name": "Zoë O'Neill",
    "article": "Salt & Pepper, 2+1",
    "link": "https://shop.example/track?order=7&lang=en",
    "photo": 47863,
}
TEXT = "Good news, Zoë O'Neill! Order #7 (Salt & Pepper, 2+1) has shipped: https://shop.example/track?order=7&lang=en"


@responses.activate
def test_the_customer_hears_about_the_shipment():
    responses.post("https://api.quickblox.com/chat/Message.json", json={"_id": "5d76b657a28f9a0cc7cb0f99"}, status=201)

    message_id = announce_shipment(ORDER, "5d75327ba28f9a0f32cb0f99")

    assert len(responses.calls) == 1
    request = responses.calls[0].request
    assert request.headers["QB-Token"] == "made-up-token-of-the-shop"  # request
    assert json.loads(request.body) == {  # request
        "chat_dialog_id": "5d75327ba28f9a0f32cb0f99",
        "message": TEXT,
        "order": 7,
        "attachments": {"0": {"type": "image", "id": "47863"}},
        "send_to_chat": 1,
        "markable": 1,
    }
    assert message_id == "5d76b657a28f9a0cc7cb0f99"
