"""The page that says how every behaviour is known is complete, and true to the code."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

import pytest
import trust
from trust import COMMON, SOURCES, behaviours, claims

from pytest_qbchat.service.assumptions import Assumptions
from pytest_qbchat.service.routes import ROUTES, Route

pytestmark = pytest.mark.filterwarnings("ignore:signature. does not fit")
DOCUMENTED: dict[str, Any] = {**COMMON, **{str(route): route.endpoint for route in ROUTES}}


def test_the_page_is_up_to_date() -> None:
    assert trust.PAGE.read_text(encoding="utf-8") == trust.page(), "run: uv run python scripts/trust.py"


def test_every_route_is_on_the_page() -> None:
    headings = [line for line in trust.page().splitlines() if line.startswith("### `")]
    listed = [route for heading in headings for route in heading.removeprefix("### ").split(", ")]
    assert sorted(listed) == sorted(f"`{route}`" for route in ROUTES)


@pytest.mark.parametrize("documented", DOCUMENTED.values(), ids=DOCUMENTED)
def test_every_behaviour_says_how_it_is_known(documented: Any) -> None:
    listed = behaviours(documented)
    assert listed
    assert [behaviour for behaviour in listed if not list(claims(behaviour))] == []
    claimed = [claim for behaviour in listed for claim in claims(behaviour)]
    assert [
        claim for claim in claimed if claim.label in ("documented", "observed") and claim.source not in SOURCES
    ] == []


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_an_endpoint_names_the_route_that_it_answers(route: Route) -> None:
    named = (inspect.getdoc(route.endpoint) or "").split("\n")[0].partition(": ")[0]
    of_this_endpoint = [str(each) for each in ROUTES if each.endpoint is route.endpoint]
    assert any(_like(named, each) for each in of_this_endpoint)


def _like(named: str, route: str) -> bool:
    return named == route or named.replace("{ids}", "").replace("/.json", ".json") == route


def test_every_source_is_used() -> None:
    listed = [behaviour for documented in DOCUMENTED.values() for behaviour in behaviours(documented)]
    used = {claim.source for behaviour in listed for claim in claims(behaviour)}
    assert sorted(SOURCES.keys() - used) == []


def test_every_refusal_says_how_it_is_known() -> None:
    known = [known for _, _, known in trust.refusals()]
    assert len(known) >= 25
    words = ("ocumented", "bserved", "ssumed", "mocks", "design")
    assert [each for each in known if not any(word in each for word in words)] == []


def test_every_assumption_is_explained() -> None:
    lines = list(trust._assumptions())
    assert len(lines) == len(fields(Assumptions))
    assert [line for line in lines if not line.endswith(".")] == []
