import httpx

from badges import Badges

ASKED, ANSWERED, OTHER = "5d75327ba28f9a0f32cb0f01", "5d75327ba28f9a0f32cb0f02", "5d75327ba28f9a0f32cb0f03"


def test_unread_messages_are_counted_by_ticket(respx_mock):
    route = respx_mock.get("https://api.quickblox.com/chat/Message/unread.json")
    route.side_effect = [
        httpx.Response(200, json={"total": 2, ASKED: 2, ANSWERED: 0}),
        httpx.Response(200, json={"total": 3, ASKED: 2, OTHER: 1}),
        httpx.Response(200, json={"total": 3}),
    ]
    badges = Badges("made-up-token-of-the-agent")

    first = badges.unread([ASKED, ANSWERED])
    second = badges.unread([ASKED, OTHER])
    total = badges.total()

    assert first == {ASKED: 2}
    assert second == {ASKED: 2, OTHER: 1}
    assert total == 3
    assert [call.request.headers["QB-Token"] for call in route.calls] == ["made-up-token-of-the-agent"] * 3  # request
    assert [dict(call.request.url.params) for call in route.calls] == [  # request
        {"chat_dialog_ids": f"{ASKED},{ANSWERED}"},
        {"chat_dialog_ids": f"{ASKED},{OTHER}"},
        {},
    ]
