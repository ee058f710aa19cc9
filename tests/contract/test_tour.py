"""One tour of every route, over every way into the fake; and, if the environment names one, over a real application.

To compare the fake with QuickBlox, set QBCHAT_REAL_APPLICATION_ID, QBCHAT_REAL_AUTH_KEY and QBCHAT_REAL_AUTH_SECRET,
and where they exist QBCHAT_REAL_API_KEY, QBCHAT_REAL_ACCOUNT_KEY and QBCHAT_REAL_URL. The tour makes three users, and
deletes them at its end.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import httpx
import pytest
from support.tour import Application, Note, Tour, differences, make
from support.ways import TLS, WAYS, World

from pytest_qbchat import FakeQuickBlox, QuickBloxTransport
from pytest_qbchat.service.routes import ROUTES

pytestmark = pytest.mark.filterwarnings("ignore:signature. does not fit")
MADE_UP = Application()
# A tour of one way takes as long as forty other tests; every other test of the contract takes all ways.
IN_SHORT = {"httpx client", "httpx2 async client", "requests session", "aiohttp", "live server"}
EVERY_WAY = [pytest.param(way, id=way.name, marks=[] if way.name in IN_SHORT else [pytest.mark.long]) for way in WAYS]


def declare(fake: FakeQuickBlox, application: Application) -> None:
    fake.add_credentials(
        api_key=application.api_key,
        application_id=int(application.id),
        auth_key=application.auth_key,
        auth_secret=application.auth_secret,
    )


def of_the_fake(application: Application = MADE_UP, **assumptions: Any) -> Tour:
    fake = FakeQuickBlox(strict=True)
    declare(fake, application)
    if assumptions:
        fake.assume(**assumptions)
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        return make(client.request, application)


@cache
def notes_of_the_fake() -> list[Note]:
    return of_the_fake().notes


@pytest.mark.parametrize("world", EVERY_WAY, indirect=True)
@pytest.mark.qbchat(strict=True)
def test_every_route_answers_alike_over_every_way(world: World) -> None:
    declare(world.fake, MADE_UP)
    tour = make(world.send, MADE_UP)
    assert differences(tour.notes, notes_of_the_fake()) == []


def test_the_tour_visits_every_route() -> None:
    visited = of_the_fake().visited
    assert [str(route) for route in ROUTES if route not in visited] == []


def test_every_call_of_the_tour_is_accepted_or_refused_as_it_should_be() -> None:
    notes = of_the_fake().notes
    assert [note for note in notes if (": " in note.what) is not (note.status >= 400)] == []
    assert len(notes) >= 90


def test_a_difference_between_two_tours_is_told() -> None:
    ours, theirs = of_the_fake().notes, of_the_fake(need_user_status=403, login_status=200).notes
    assert [line.partition(" {")[0] for line in differences(ours, theirs)] == [
        "GET /chat/Dialog.json: an application session: 422",
        "POST /login.json: 202",
        "POST /login.json: 202",
    ]
    assert differences(ours, ours[:-1])[-1] == f"{len(ours)} calls here, {len(ours) - 1} there"
    assert differences([Note("GET /", 200, None)], [Note("GET /", 200, "")]) == ["GET /: 200 None here, 200 '' there"]


@pytest.mark.parametrize("route", ["POST /blobs.json", "POST /chat/Dialog.json"])
def test_a_difference_that_ends_the_tour_is_told_and_its_users_are_deleted(route: str) -> None:
    method, path = route.split()
    fake = FakeQuickBlox(strict=True)
    declare(fake, MADE_UP)
    fake.router.route(method=method, path=path).respond(201, json={"other": 1})
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        notes = make(client.request, MADE_UP).notes
    told = differences(of_the_fake().notes, notes)
    assert notes[-1].what == "the tour ended here"
    assert any(line.startswith(f"{route}: 201") for line in told)
    assert len(fake.users) == 0


def test_a_real_application_answers_alike() -> None:
    real = {
        name: os.environ.get(f"QBCHAT_REAL_{variable}")
        for name, variable in {
            "id": "APPLICATION_ID",
            "auth_key": "AUTH_KEY",
            "auth_secret": "AUTH_SECRET",
            "api_key": "API_KEY",
            "account_key": "ACCOUNT_KEY",
        }.items()
    }
    if not (real["id"] and real["auth_key"] and real["auth_secret"]):
        pytest.skip("to compare with QuickBlox itself, set QBCHAT_REAL_APPLICATION_ID, _AUTH_KEY and _AUTH_SECRET")
    url = os.environ.get("QBCHAT_REAL_URL", MADE_UP.base_url)
    application = Application(url, **real)  # type: ignore[arg-type]
    with httpx.Client(verify=TLS) as client:
        theirs = make(client.request, application)
    told = differences(of_the_fake(application).notes, theirs.notes)
    assert not told, "QuickBlox answers otherwise:\n" + "\n".join(told)
