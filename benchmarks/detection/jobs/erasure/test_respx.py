import httpx

from erasure import Eraser

DIALOG = "5d75327ba28f9a0f32cb0f99"
IDS = [f"5d76b657a28f9a0cc7cb0{number:03}" for number in range(106)]
MESSAGES = [{"_id": each, "sender_id": 20 if each != IDS[3] else 30, "message": "It's me"} for each in IDS]
CHUNKS = [IDS[:3] + IDS[4:26], IDS[26:51], IDS[51:76], IDS[76:101], IDS[101:]]


def answer(erased):
    return {"SuccessfullyDeleted": {"ids": erased}, "NotFound": {"ids": []}, "WrongPermissions": {"ids": []}}


def test_the_messages_of_the_customer_are_erased_for_everybody(respx_mock):
    base = "https://api.quickblox.com/chat/Message"
    listed = respx_mock.get(f"{base}.json")
    listed.side_effect = [
        httpx.Response(200, json={"skip": 0, "limit": 100, "items": MESSAGES[:100]}),
        httpx.Response(200, json={"skip": 100, "limit": 100, "items": MESSAGES[100:]}),
    ]
    routes = [respx_mock.delete(f"{base}/{','.join(ids)}.json").respond(200, json=answer(ids)) for ids in CHUNKS]

    left = Eraser("made-up-api-key").erase(DIALOG, 20, 30)

    assert left == []
    assert [route.call_count for route in routes] == [1, 1, 1, 1, 1]
    for route in routes:
        assert route.calls.last.request.headers["Authorization"] == "ApiKey made-up-api-key"  # request
        assert dict(route.calls.last.request.url.params) == {"force": "1"}  # request
    assert listed.call_count == 2
    for call, skip in zip(listed.calls, ("0", "100"), strict=True):
        assert call.request.headers["On-Behalf-Of"] == "30"  # request
        assert dict(call.request.url.params) == {  # request
            "chat_dialog_id": DIALOG,
            "limit": "100",
            "skip": skip,
            "mark_as_read": "0",
        }
