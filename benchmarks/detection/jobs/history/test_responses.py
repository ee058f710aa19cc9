import responses

from history import archive

DIALOG = "5d75327ba28f9a0f32cb0f99"


def message(number, text, attachments=()):
    return {
        "_id": f"5d76b657a28f9a0cc7cb0{number:03}",
        "attachments": list(attachments),
        "chat_dialog_id": DIALOG,
        "date_sent": 1568061015 + number,
        "message": text,
        "sender_id": 20,
    }


@responses.activate
def test_the_whole_history_is_archived_and_stays_unread():
    messages = [
        message(0, "Where's my “salt & pepper”? 🧂"),
        message(1, None, [{"type": "image", "id": "47863"}]),
        *(message(2 + number, "ok" if number % 7 == 0 else f"Step {number} + 1 is done") for number in range(103)),
    ]
    url = "https://api.quickblox.com/chat/Message.json"
    responses.get(url, json={"skip": 0, "limit": 100, "items": messages[:100]})
    responses.get(url, json={"skip": 100, "limit": 100, "items": messages[100:]})

    lines = archive("made-up-token-of-the-agent", DIALOG)

    assert len(responses.calls) == 2
    assert len(lines) == 105
    assert lines[:2] == ["2019-09-09 20:30 20: Where's my “salt & pepper”? 🧂", "2019-09-09 20:30 20: [image 47863]"]
    assert sum(line.endswith("20: ok") for line in lines) == 15
    for call, skip in zip(responses.calls, ("0", "100"), strict=True):
        assert call.request.headers["QB-Token"] == "made-up-token-of-the-agent"  # request
        assert call.request.params == {  # request
            "chat_dialog_id": DIALOG,
            "sort_asc": "date_sent",
            "limit": "100",
            "skip": skip,
            "mark_as_read": "0",
        }
