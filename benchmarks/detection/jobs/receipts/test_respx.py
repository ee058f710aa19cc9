import json

from receipts import Receipts

DIALOG = "5d75327ba28f9a0f32cb0f99"
IDS = [f"5d76b657a28f9a0cc7cb00{number:02}" for number in range(25)]


def test_the_messages_that_were_seen_are_marked(respx_mock):
    base = "https://api.quickblox.com/chat/Message"
    first = respx_mock.put(f"{base}/{','.join(IDS[:20])}.json").respond(200)
    second = respx_mock.put(f"{base}/{','.join(IDS[20:])}.json").respond(200)
    receipts = Receipts("made-up-token-of-the-agent")

    calls = receipts.mark_read(DIALOG, IDS)
    none = receipts.mark_read(DIALOG, [])

    assert (calls, none) == (2, 0)
    assert (first.call_count, second.call_count) == (1, 1)
    for route in (first, second):
        assert route.calls.last.request.headers["QB-Token"] == "made-up-token-of-the-agent"  # request
        assert json.loads(route.calls.last.request.content) == {  # request
            "chat_dialog_id": DIALOG,
            "read": 1,
            "delivered": 1,
        }
