import re

from badges import Badges

ASKED, ANSWERED, OTHER = "5d75327ba28f9a0f32cb0f01", "5d75327ba28f9a0f32cb0f02", "5d75327ba28f9a0f32cb0f03"


def test_unread_messages_are_counted_by_ticket(httpx_mock):
    url = re.compile(r"^https://api\.quickblox\.com/chat/Message/unread\.json(\?.*)?$")
    httpx_mock.add_response(method="GET", url=url, json={"total": 2, ASKED: 2, ANSWERED: 0})
    httpx_mock.add_response(method="GET", url=url, json={"total": 3, ASKED: 2, OTHER: 1})
    httpx_mock.add_response(method="GET", url=url, json={"total": 3})
    badges = Badges("made-up-token-of-the-agent")

    first = badges.unread([ASKED, ANSWERED])
    second = badges.unread([ASKED, OTHER])
    total = badges.total()

    assert first == {ASKED: 2}
    assert second == {ASKED: 2, OTHER: 1}
    assert total == 3
    requests = httpx_mock.get_requests()
    assert [request.headers["QB-Token"] for request in requests] == ["made-up-token-of-the-agent"] * 3  # request
    assert [dict(request.url.params) for request in requests] == [  # request
        {"chat_dialog_ids": f"{ASKED},{ANSWERED}"},
        {"chat_dialog_ids": f"{ASKED},{OTHER}"},
        {},
    ]
