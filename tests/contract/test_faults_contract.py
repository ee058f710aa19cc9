"""Injected faults over every client: the errors are the client's own."""

from __future__ import annotations

import pytest
from support.ways import DIALOG, OF_HTTPX, PATH, TOKEN, URL, World

API = "https://api.quickblox.com"
AUTHOR = {"QB-Token": TOKEN}
BODY = {"chat_dialog_id": DIALOG, "message": "hi"}
LOST = ["timeout", "disconnect"]
PATIENCE = 0.3  # seconds, which a client waits where the answer has a line to come over


def test_an_injected_status_fails_one_call_and_the_next_succeeds(world: World) -> None:
    world.fake.fail(503)
    assert [world.post(BODY).status_code for _ in range(2)] == [503, 201]
    assert [(call.fault, call.status) for call in world.fake.calls] == [("503", 503), ("", 201)]
    assert world.fake.posted == [{"message": "hi"}]


@pytest.mark.parametrize("what", LOST)
def test_a_lost_answer_raises_the_error_class_of_the_client(world: World, what: str) -> None:
    world.fake.fail(what)
    with pytest.raises(world.way.error(what)):
        world.post(BODY, timeout=PATIENCE)

    call = world.fake.calls.one()
    assert (call.fault, call.response, call.status, call.refused) == (what, None, None, False)
    world.fake.assert_nothing_posted()
    assert world.post(BODY).status_code == 201


@pytest.mark.parametrize("what", LOST)
@pytest.mark.parametrize("world", OF_HTTPX, indirect=True, ids=lambda way: way.name)
def test_the_error_of_a_fault_names_the_fault_and_its_request(world: World, what: str) -> None:
    world.fake.fail(what)
    with pytest.raises(world.way.error(what)) as caught:
        world.post(BODY)
    library = type(caught.value).__module__.partition(".")[0]
    request = caught.value.request  # type: ignore[attr-defined]  # both libraries set it
    assert type(request).__module__.startswith(library)
    assert (request.method, str(request.url)) == ("POST", URL)
    assert str(caught.value) == f"qbchat.fail('{what}'), not stored"


@pytest.mark.parametrize("what", LOST)
def test_an_answer_may_be_lost_after_the_message_was_stored(world: World, what: str) -> None:
    world.fake.fail(what, stored=True)
    with pytest.raises(world.way.error(what)):
        world.post(BODY, timeout=PATIENCE)
    message = world.fake.assert_posted(message="hi", times=1)
    assert message.call is world.fake.calls.one()
    assert world.fake.messages.one() is message


def test_a_malformed_answer_is_cut_and_cannot_be_read_as_json(world: World) -> None:
    world.fake.fail("malformed")
    response = world.post(BODY | {"message": "Grüße 👋" * 20})
    assert response.status_code == 201
    assert response.content.startswith(b'{"_id":')
    with pytest.raises(ValueError, match=r"(?!.*codec)"):
        response.json()
    assert response.headers["Content-Length"] == str(len(response.content))
    assert world.fake.posted.one().call.fault == "malformed"
    assert world.post(BODY).json()["message"] == "hi"


def test_an_empty_answer_has_its_status_and_no_body(world: World) -> None:
    world.fake.fail("empty")
    response = world.post(BODY)
    assert (response.status_code, response.content) == (201, b"")
    assert response.headers["Content-Length"] == "0"
    world.fake.assert_posted(message="hi", times=1)


def test_a_fault_is_not_used_up_by_a_route_that_the_fake_does_not_have(world: World) -> None:
    world.fake.fail(503)
    with world.fake.expect_refused("GET", "/data/Order.json"):
        world.send("GET", f"{API}/data/Order.json", headers=AUTHOR)
    assert [call.fault for call in world.fake.calls] == [""]
    assert world.post(BODY).status_code == 503


def test_a_stubbed_route_answers_before_a_fault(world: World) -> None:
    world.fake.fail(503)
    world.fake.router.post(PATH).respond(202)
    assert world.post(BODY).status_code == 202
    world.fake.router.clear()
    assert [world.post(BODY).status_code for _ in range(2)] == [503, 201]
    assert [(call.stubbed, call.fault) for call in world.fake.calls] == [(True, ""), (False, "503"), (False, "")]
