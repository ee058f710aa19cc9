"""One tour of every route, over every way into the fake."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from support.application import MADE_UP, declare
from support.ways import WAYS, World

from pytest_qbchat import FakeQuickBlox, QuickBloxTransport
from pytest_qbchat.cli.tour import UNSENT, Tour, calls, tour_of_fake
from pytest_qbchat.service.routes import ROUTES

pytestmark = pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
# A tour of one way takes as long as forty other tests; every other test of the contract takes all ways.
IN_SHORT = {"httpx client", "httpx2 async client", "requests session", "aiohttp", "live server"}
EVERY_WAY = [pytest.param(way, id=way.name, marks=[] if way.name in IN_SHORT else [pytest.mark.long]) for way in WAYS]


def unlike(tour: Tour, other: Tour) -> list[Any]:
    """The pairs of notes that differ."""
    return [pair for pair in zip(tour.notes, other.notes, strict=True) if pair[0] != pair[1]]


def state(fake: FakeQuickBlox) -> list[int]:
    return [len(each) for each in (fake.users, fake.dialogs, fake.blobs, fake.sessions)]


@pytest.mark.parametrize("world", EVERY_WAY, indirect=True)
@pytest.mark.qbchat(strict=True)
def test_every_route_answers_alike_over_every_way(world: World) -> None:
    declare(world.fake)
    assert unlike(Tour(world.send, MADE_UP).make(), tour_of_fake(MADE_UP)) == []
    assert state(world.fake) == [0, 0, 0, 0]


def test_the_tour_visits_every_route() -> None:
    visited = {note.what.partition(": ")[0] for note in tour_of_fake(MADE_UP).notes}
    assert [str(route) for route in ROUTES if str(route) not in visited] == []


def test_every_call_of_the_tour_is_accepted_or_refused_as_it_should_be() -> None:
    notes = tour_of_fake(MADE_UP).notes
    assert [note for note in notes if (": " in note.what) is not (note.facts["status"] >= 400)] == []
    assert len(notes) >= 120


def test_a_call_that_needs_what_was_not_answered_is_not_sent() -> None:
    fake = FakeQuickBlox(strict=True)
    declare(fake)
    fake.router.post(path="/blobs.json").respond(201, json={"other": 1})
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        tour = Tour(client.request, MADE_UP).make()
    unsent = {note.what: note.facts["missing"] for note in tour.notes if note.facts["status"] == UNSENT}
    assert unsent["POST /blobs/{id}/upload"] == "'blob_params'"
    assert unsent["GET /qbprod/{uid}"] == "'file_location'"
    assert unsent["PUT /blobs/{id}.json"] == "'blob'"
    different = {note.what.split("/")[1] for note, _ in unlike(tour, tour_of_fake(MADE_UP))}
    assert different == {"blobs", "blobs.json", "qbprod"}
    assert (tour.left, state(fake)) == ([], [0, 0, 0, 0])


def test_an_answer_that_is_no_json_is_noted_as_such() -> None:
    fake = FakeQuickBlox(strict=True)
    declare(fake)
    fake.router.get(path="/users/phone.json").respond(502, text="<html>Bad Gateway</html>")
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        notes = {note.what: note.facts for note in Tour(client.request, MADE_UP).make().notes}
    assert notes["GET /users/phone.json"] == {"status": 502, "body": "no JSON"}
    assert notes["DELETE /blobs/{id}.json"] == {"status": 200, "body": ""}


# The calls that create or delete something, each fourth in the short profile.
EFFECTS = [
    pytest.param(number, id=str(number), marks=[] if number % 4 == 0 else [pytest.mark.long])
    for number, call in enumerate(calls()[0], 1)
    if call[5] or call[2] == "DELETE"
]


@pytest.mark.parametrize("made", EFFECTS)
def test_a_tour_interrupted_anywhere_leaves_nothing_behind_without_saying_so(made: int) -> None:
    fake = FakeQuickBlox(strict=True)
    declare(fake)
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:

        def send(*args: Any, **kwargs: Any) -> httpx.Response:
            response = client.request(*args, **kwargs)
            if len(fake.calls) == made:  # the response is lost, and the call took effect
                raise httpx.ReadTimeout("lost")
            return response

        tour = Tour(send, MADE_UP)
        with pytest.raises(httpx.ReadTimeout):
            tour.make()
    last = tour.notes[-1].call
    assert len(tour.notes) == made
    if " POST " in last:
        assert tour.left == [f"{last}: no response"]
    else:
        assert tour.left in ([], [f"{last}: 401"])  # the user or session of a lost DELETE is gone
        assert state(fake) == [0, 0, 0, 0]


def test_a_record_that_cannot_be_deleted_is_named_by_the_tour() -> None:
    fake = FakeQuickBlox(strict=True)
    declare(fake)
    fake.router.delete(path__regex="/blobs/.*").respond(500)
    fake.router.delete(path__regex="/events/.*").mock(side_effect=httpx.ReadTimeout)
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        tour = Tour(client.request, MADE_UP)
        with pytest.raises(httpx.ReadTimeout):
            tour.make()
    assert tour.left == ["anna     DELETE /blobs/$blob: 500", "anna     DELETE /events/$event: no response"]
