"""Methods, bodies and statuses over every client."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.ways import DIALOG, TOKEN, World

API = "https://api.quickblox.com"
AUTHOR = {"QB-Token": TOKEN}


def test_bytes_that_are_no_text_arrive_unchanged(world: World) -> None:
    body = bytes(range(256)) * 4
    response = world.post(content=body)
    assert (response.status_code, response.json()["code"]) == (400, None)
    assert world.fake.calls.one().request.body == body


@pytest.mark.parametrize(
    "encoding",
    [{"json": {"name": "Café ☕"}}, {"data": {"name": "Café ☕"}}, {"params": {"name": "Café ☕"}}],
    ids=list,
)
def test_a_put_carries_its_parameters_in_every_encoding(world: World, encoding: dict[str, Any]) -> None:
    world.fake.add_session(TOKEN, 10)
    dialog = world.fake.add_dialog(DIALOG, occupants_ids=[10, 20])
    response = world.send("PUT", f"{API}/chat/Dialog/{DIALOG}.json", headers=AUTHOR, **encoding)
    assert (response.status_code, response.json()["name"]) == (200, "Café ☕")
    assert dialog.name == "Café ☕"


def test_a_delete_carries_a_body(world: World) -> None:
    world.fake.add_session(TOKEN, 10)
    message = world.fake.add_message(world.fake.add_dialog(occupants_ids=[10, 20]), 20, "hi")
    url = f"{API}/chat/Message/{message.id}/reactions.json"
    statuses = [
        world.send(method, url, json={"name": "like"}, headers=AUTHOR).status_code for method in ("POST", "DELETE")
    ]
    assert statuses == [201, 200]
    assert [call.params for call in world.fake.calls] == [{"name": "like"}] * 2


def test_a_delete_without_a_body_is_answered_without_one(world: World) -> None:
    response = world.send("DELETE", f"{API}/session.json", headers=AUTHOR)
    assert (response.status_code, response.content) == (200, b"")
    assert world.send("GET", f"{API}/session.json", headers=AUTHOR).status_code == 401


def test_a_post_without_a_body_is_answered(world: World) -> None:
    response = world.send("POST", f"{API}/session.json")
    assert response.status_code == 422
    assert {tuple(texts) for texts in response.json()["errors"].values()} == {("is required",)}
    assert world.fake.calls.one().request.body == b""


def test_a_query_string_keeps_its_characters(world: World) -> None:
    world.fake.add_user(10, full_name="Zoë & Co + 1%")
    response = world.send(
        "GET",
        f"{API}/users/by_full_name.json",
        params={"full_name": "Zoë & Co + 1%"},
        headers={"Authorization": "ApiKey made-up-key"},
    )
    assert [item["user"]["id"] for item in response.json()["items"]] == [10]


def test_a_body_of_half_a_megabyte_is_sent_and_received_whole(world: World) -> None:
    text = "0123456789é" * 50_000  # aiohttp warns of a megabyte in one piece
    response = world.post({"chat_dialog_id": DIALOG, "message": text})
    assert response.json()["message"] == world.fake.posted.one().message == text
    assert response.headers["Content-Length"] == str(len(response.content))


def test_calls_of_several_threads_are_answered_each_with_its_own(world: World) -> None:
    def post(number: int) -> Any:
        return world.post({"chat_dialog_id": DIALOG, "message": str(number)}).json()["message"]

    with ThreadPoolExecutor(4) as threads:
        answered = list(threads.map(post, range(12)))
    assert answered == [str(number) for number in range(12)]
    assert sorted(message.message or "" for message in world.fake.posted) == sorted(answered)


def test_a_route_that_the_fake_does_not_have_is_refused(world: World) -> None:
    answered = []
    with world.fake.expect_refused("GET", "/data/Order.json"):
        answered.append(world.send("GET", f"{API}/data/Order.json", headers=AUTHOR).status_code)
    assert answered == ([] if world.way.raises else [404])
    assert world.fake.calls.one().refused
    assert world.post({"recipient_id": 20}).status_code == 201
