"""Routes of `qbchat.router` over every client: they answer before the fake, and their errors are the client's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import httpx2
import pytest
from support.ways import DIALOG, OF_HTTPX, PATH, TOKEN, World

USER = "https://api.quickblox.com/data/Stay.json"


def test_a_registered_route_answers_every_client(world: World) -> None:
    route = world.fake.router.get("/data/Stay.json").respond(json={"user": {"id": 7}}, headers={"X-Mine": "yes"})

    response = world.send("GET", USER, headers={"QB-Token": TOKEN})

    assert (response.status_code, response.json(), response.headers["X-Mine"]) == (200, {"user": {"id": 7}}, "yes")
    assert route.call_count == 1
    assert route.calls.last.request.headers["QB-Token"] == TOKEN
    call = world.fake.calls.one()
    assert (call.stubbed, call.refused, call.status) == (True, False, 200)


def test_a_route_wins_over_the_fake_and_the_rest_falls_through(world: World) -> None:
    world.fake.router.post(PATH, json__message="fail").respond(503)
    assert world.post({"chat_dialog_id": DIALOG, "message": "fail"}).status_code == 503
    assert world.post({"chat_dialog_id": DIALOG, "message": "pass"}).status_code == 201
    assert [(call.stubbed, call.status) for call in world.fake.calls] == [(True, 503), (False, 201)]
    assert world.fake.posted == [{"message": "pass"}]


def test_a_route_that_passes_through_reaches_the_fake(world: World) -> None:
    route = world.fake.router.post(PATH).pass_through()
    assert world.post({"chat_dialog_id": DIALOG}).status_code == 201
    assert route.called
    assert not world.fake.calls.one().stubbed


@pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.RemoteProtocolError])
def test_a_transport_error_of_a_route_has_the_class_of_the_client(
    world: World, error: type[httpx.TransportError]
) -> None:
    world.fake.router.post(PATH).mock(side_effect=error)
    with pytest.raises(world.way.timeout if error is httpx.ReadTimeout else world.way.disconnect):
        world.post({"chat_dialog_id": DIALOG}, timeout=0.3)
    call = world.fake.calls.one()
    assert (call.response, call.stubbed, call.refused) == (None, True, False)


@pytest.mark.parametrize("world", OF_HTTPX, indirect=True, ids=lambda way: way.name)
def test_an_error_of_httpx_has_its_class_and_its_request(world: World) -> None:
    world.fake.router.post(PATH).mock(side_effect=httpx.ConnectTimeout)
    with pytest.raises((httpx.ConnectTimeout, httpx2.ConnectTimeout)) as caught:
        world.post({"chat_dialog_id": DIALOG})
    library = type(caught.value).__module__.partition(".")[0]
    assert world.way.name.startswith(f"{library} ")
    assert caught.value.request.url.host == "api.quickblox.com"
    assert type(caught.value.request).__module__.startswith(library)


@contextmanager
def raised(world: World, error: type[Exception], text: str) -> Iterator[None]:
    """Expect an error that a route of the test's own raises, to come up as far as it can."""
    with pytest.raises(error if world.way.raises else world.way.disconnect) as caught:
        yield
    told = str(caught.value)
    if not world.way.raises:  # where a server answers, it is the test that is told
        told = "\n".join(problem.text for problem in world.fake._backend.problems.drain())
    assert text in told


def test_any_other_error_of_a_route_is_raised_unchanged(world: World) -> None:
    world.fake.router.post(PATH).mock(side_effect=KeyError("mine"))
    with raised(world, KeyError, "mine"):
        world.post({"chat_dialog_id": DIALOG})


def test_an_error_with_the_name_of_a_transport_error_is_raised_unchanged(world: World) -> None:
    class ConnectError(Exception):
        pass

    world.fake.router.post(PATH).mock(side_effect=ConnectError("mine"))
    with raised(world, ConnectError, "mine"):
        world.post({"chat_dialog_id": DIALOG})


def test_a_failure_says_that_the_router_answered(world: World) -> None:
    world.fake.router.post(PATH).mock(side_effect=[httpx.Response(503), KeyError])
    world.post({"chat_dialog_id": DIALOG})
    with raised(world, KeyError, ""):
        world.post({"chat_dialog_id": DIALOG})
    with pytest.raises(AssertionError) as failed:
        world.fake.posted.one()
    assert str(failed.value).splitlines() == [
        "expected one posted message, found none: POST /chat/Message.json was answered 503 by qbchat.router",
        "  POST /chat/Message.json was answered with an error by qbchat.router",
    ]


def test_a_route_answers_with_each_of_its_side_effects_in_turn(world: World) -> None:
    world.fake.router.post(PATH).mock(side_effect=[httpx.Response(429), httpx.Response(202, text="later")])
    assert [world.post({}).status_code for _ in range(2)] == [429, 202]
