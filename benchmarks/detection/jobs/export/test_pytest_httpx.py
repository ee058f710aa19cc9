import csv
import re

from export import Export

DIALOGS = [f"5d75327ba28f9a0f32cb0f{number:02}" for number in range(2)]
USERS = [{"user": {"id": 20 + number, "full_name": f"O'Neill, Zoë {number}"}} for number in range(2)]


def message(number, dialog, sender, text, attachments=()):
    return {
        "_id": f"5d76b657a28f9a0cc7cb0{number:03}",
        "attachments": list(attachments),
        "chat_dialog_id": dialog,
        "date_sent": 1568061015 + 60 * number,
        "message": text,
        "sender_id": sender,
    }


FIRST = [message(number, DIALOGS[0], 20, f"Step {number}\nis done; isn't it?") for number in range(101)]
SECOND = [
    message(1, DIALOGS[1], 21, 'Where\'s my "salt & pepper", please?'),
    message(2, DIALOGS[1], 21, None, [{"type": "image", "id": "47863"}]),
    message(3, DIALOGS[1], 22, "ok"),
]
EXPECTED = [
    *([DIALOGS[0], "O'Neill, Zoë 0", f"Step {number}\nis done; isn't it?", "0"] for number in range(101)),
    [DIALOGS[1], "O'Neill, Zoë 1", 'Where\'s my "salt & pepper", please?', "0"],
    [DIALOGS[1], "O'Neill, Zoë 1", "", "1"],
    [DIALOGS[1], "deleted user 22", "ok", "0"],
]
PARAMS = [
    {"sort_asc": "created_at", "limit": "100", "skip": "0"},
    {"chat_dialog_id": DIALOGS[0], "sort_asc": "date_sent", "mark_as_read": "0", "limit": "100", "skip": "0"},
    {"chat_dialog_id": DIALOGS[0], "sort_asc": "date_sent", "mark_as_read": "0", "limit": "100", "skip": "100"},
    {"chat_dialog_id": DIALOGS[1], "sort_asc": "date_sent", "mark_as_read": "0", "limit": "100", "skip": "0"},
    {"filter[]": "number id in 20,21,22", "per_page": "50"},
]


def test_all_dialogs_are_exported_with_names(httpx_mock):
    base = re.escape("https://api.quickblox.com")
    for path, items in (
        ("chat/Dialog", [{"_id": each} for each in DIALOGS]),
        ("chat/Message", FIRST[:100]),
        ("chat/Message", FIRST[100:]),
        ("chat/Message", SECOND),
        ("users", USERS),
    ):
        url = re.compile(rf"^{base}/{path}\.json(\?.*)?$")
        httpx_mock.add_response(method="GET", url=url, json={"items": items})

    text = Export("made-up-token-of-the-desk").export()

    rows = list(csv.reader(text.splitlines(keepends=True)))
    assert [row[1:] for row in rows] == EXPECTED
    assert rows[0][0] == "2019-09-09 20:30"
    requests = httpx_mock.get_requests()
    assert [dict(request.url.params) for request in requests] == PARAMS  # request
    assert {request.headers["QB-Token"] for request in requests} == {"made-up-token-of-the-desk"}  # request
