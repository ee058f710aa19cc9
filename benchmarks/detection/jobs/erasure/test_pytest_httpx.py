import re

from erasure import Eraser

DIALOG = "5d75327ba28f9a0f32cb0f99"
IDS = [f"5d76b657a28f9a0cc7cb0{number:03}" for number in range(106)]
MESSAGES = [{"_id": each, "sender_id": 20 if each != IDS[3] else 30, "message": "It's me"} for each in IDS]
CHUNKS = [IDS[:3] + IDS[4:26], IDS[26:51], IDS[51:76], IDS[76:101], IDS[101:]]


def answer(erased):
    return {"SuccessfullyDeleted": {"ids": erased}, "NotFound": {"ids": []}, "WrongPermissions": {"ids": []}}


def test_the_messages_of_the_customer_are_erased_for_everybody(httpx_mock):
    base = "https://api.quickblox.com/chat/Message"
    url = re.compile(rf"^{re.escape(base)}\.json(\?.*)?$")
    httpx_mock.add_response(method="GET", url=url, json={"skip": 0, "limit": 100, "items": MESSAGES[:100]})
    httpx_mock.add_response(method="GET", url=url, json={"skip": 100, "limit": 100, "items": MESSAGES[100:]})
    for ids in CHUNKS:
        url = re.compile(rf"^{re.escape(base)}/{','.join(ids)}\.json(\?.*)?$")
        httpx_mock.add_response(method="DELETE", url=url, json=answer(ids))

    left = Eraser("made-up-api-key").erase(DIALOG, 20, 30)

    assert left == []
    requests = httpx_mock.get_requests()
    assert [request.method for request in requests] == ["GET", "GET", *["DELETE"] * 5]
    for request in requests:
        assert request.headers["Authorization"] == "ApiKey made-up-api-key"  # request
    for request in requests[2:]:
        assert dict(request.url.params) == {"force": "1"}  # request
    for request, skip in zip(requests[:2], ("0", "100"), strict=True):
        assert request.headers["On-Behalf-Of"] == "30"  # request
        assert dict(request.url.params) == {  # request
            "chat_dialog_id": DIALOG,
            "limit": "100",
            "skip": skip,
            "mark_as_read": "0",
        }
