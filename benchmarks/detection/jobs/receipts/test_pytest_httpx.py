import json

from receipts import Receipts

DIALOG = "5d75327ba28f9a0f32cb0f99"
IDS = [f"5d76b657a28f9a0cc7cb00{number:02}" for number in range(25)]


def test_the_messages_that_were_seen_are_marked(httpx_mock):
    base = "https://api.quickblox.com/chat/Message"
    httpx_mock.add_response(method="PUT", url=f"{base}/{','.join(IDS[:20])}.json")
    httpx_mock.add_response(method="PUT", url=f"{base}/{','.join(IDS[20:])}.json")
    receipts = Receipts("made-up-token-of-the-agent")

    calls = receipts.mark_read(DIALOG, IDS)
    none = receipts.mark_read(DIALOG, [])

    assert (calls, none) == (2, 0)
    requests = httpx_mock.get_requests()
    assert len(requests) == 2
    for request in requests:
        assert request.headers["QB-Token"] == "made-up-token-of-the-agent"  # request
        assert json.loads(request.content) == {"chat_dialog_id": DIALOG, "read": 1, "delivered": 1}  # request
