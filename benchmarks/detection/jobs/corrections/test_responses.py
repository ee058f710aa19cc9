import json

import responses

from corrections import correct_date

DIALOG = "5d75327ba28f9a0f32cb0f99"


def message(number, text, **fields):
    return {"_id": f"5d76b657a28f9a0cc7cb0f0{number}", "message": text, "date_sent": 1568061015 + number, **fields}


@responses.activate
def test_the_announcement_of_the_order_is_corrected():
    messages = [
        message(4, "Isn't #7 here yet?"),
        message(3, "#71 arrives on Monday", order=71),
        message(2, "#7 arrives on Tuesday", order=7),
        message(1, "#7 arrives on Monday", order=7),
    ]
    url = "https://api.quickblox.com/chat/Message.json"
    responses.get(url, json={"skip": 0, "limit": 100, "items": messages})
    responses.put("https://api.quickblox.com/chat/Message/5d76b657a28f9a0cc7cb0f02.json")
    responses.post(url, json={"_id": "5d76b657a28f9a0cc7cb0f05"}, status=201)

    edited = correct_date(DIALOG, 7, "#7 arrives on Friday, we're sorry & 5 € richer")
    posted = correct_date(DIALOG, 8, "#8 arrives on Friday, isn't that great?")

    assert (edited, posted) == ("edited", "posted")
    requests = [call.request for call in responses.calls]
    assert [request.method for request in requests] == ["GET", "PUT", "GET", "POST"]
    for number in (0, 2):
        assert requests[number].params == {  # request
            "chat_dialog_id": DIALOG,
            "sort_desc": "date_sent",
            "limit": "100",
            "mark_as_read": "0",
        }
    assert json.loads(requests[1].body) == {  # request
        "chat_dialog_id": DIALOG,
        "message": "#7 arrives on Friday, we're sorry & 5 € richer",
    }
    assert json.loads(requests[3].body) == {  # request
        "chat_dialog_id": DIALOG,
        "message": "#8 arrives on Friday, isn't that great?",
        "order": 8,
        "send_to_chat": 1,
    }
