"""The page that says how every behaviour is known is complete, and true to the code."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import Any

import pytest
import trust
from api_document.behaviours import Claim, behaviours, described, name_of, summary
from api_document.document import _operation, refusals
from api_document.schemas import Schemas
from trust import COMMON, SOURCES

from pytest_qbchat.service import errors
from pytest_qbchat.service.assumptions import Assumptions
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import DECLARED, Reply
from pytest_qbchat.service.declaration import route as declare_route
from pytest_qbchat.service.routes import ROUTES
from pytest_qbchat.service.store import Store

pytestmark = pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
REFUSALS = {name_of(each): each for each in trust.refusals()}
DOCUMENTED: dict[str, Any] = {**COMMON, **{str(route): route.endpoint for route in ROUTES}, **REFUSALS}
SOURCED = ("documented", "observed", "verified")
KNOWN = {"", *SOURCES}


def test_the_page_is_up_to_date() -> None:
    assert trust.PAGE.read_text(encoding="utf-8") == trust.page(), "run: uv run python scripts/trust.py"


def test_the_readme_has_the_numbers_of_the_page() -> None:
    readme = trust.README.read_text(encoding="utf-8")
    assert readme == trust.readme(), "run: uv run python scripts/trust.py"
    assert " ".join(trust.evidence().split()) in " ".join(readme.split())


def test_every_route_is_on_the_page() -> None:
    headings = [line for line in trust.page().splitlines() if line.startswith("### `")]
    listed = [route for heading in headings for route in heading.removeprefix("### ").split(", ")]
    assert sorted(listed) == sorted(f"`{route}`" for route in ROUTES)


@pytest.mark.parametrize("documented", DOCUMENTED.values(), ids=DOCUMENTED)
def test_every_behaviour_says_how_it_is_known(documented: Any) -> None:
    listed = behaviours(documented)
    assert listed
    assert [each for each in listed if not each.text.endswith(".")] == []
    claimed = [claim for each in listed for claim in each.claims]
    assert [claim for claim in claimed if bool(claim.source) is not (claim.label in SOURCED)] == []
    assert [claim for claim in claimed if _source(claim) not in KNOWN] == []
    paragraphs = described(documented).splitlines()
    assert len(listed) == sum(line.startswith((*SOURCED, "assumed", "by design")) for line in paragraphs)


def _source(claim: Claim) -> str:
    """The source of a claim, without the date of the evidence. Only a comparison has no other source than its date."""
    date = r"20\d\d-\d\d" if claim.label == "verified" else r", 20\d\d(-\d\d)?$"
    return re.sub(date, "", claim.source)


def test_a_verified_behaviour_is_counted_and_stands_in_the_openapi_document() -> None:
    def endpoint(store: Store, call: Call) -> Reply:
        """A made-up endpoint.

        verified(2026-01), documented(list-users): the reply is a page.
        assumed: the page is large.
        """
        raise NotImplementedError

    declare_route("GET", "/made_up")(endpoint)
    operation = _operation(Schemas(), DECLARED.pop())
    assert operation["x-known"] == [
        {"known": "verified(2026-01), documented(list-users)", "text": "the reply is a page."},
        {"known": "assumed", "text": "the page is large."},
    ]
    assert operation["responses"]["200"]["x-known"] == operation["x-known"][:1]
    before, after = trust.numbers(), trust.numbers(endpoint)
    assert after - before == {"verified": 1, "assumed": 1}
    assert before["verified"] == 0
    assert " 1 are verified, " in trust.evidence(endpoint)
    assert " 1 of them were compared with the live service." in trust.evidence(endpoint)
    assert next(trust._lines(endpoint)) == "- *verified* (2026-01), *documented* (list-users): the reply is a page."


def test_every_source_is_used() -> None:
    used = {_source(claim) for each in DOCUMENTED.values() for known in behaviours(each) for claim in known.claims}
    assert sorted(SOURCES.keys() - used) == []


def test_every_refusal_is_declared_by_a_route() -> None:
    declared = {refusal for route in ROUTES for refusal in refusals(route)} | {errors.resource_not_found}
    assert [name_of(each) for each in trust.refusals() if each not in declared] == []


def test_every_line_of_the_docstring_of_an_endpoint_is_its_summary_or_a_behaviour() -> None:
    for route in ROUTES:
        rest = re.sub(r"\n +", " ", inspect.getdoc(route.endpoint) or "").splitlines()[1:]
        assert len([line for line in rest if line]) == len(behaviours(route.endpoint)), route
        assert summary(route.endpoint).endswith("."), route


def test_every_assumption_is_explained() -> None:
    lines = list(trust._assumptions())
    assert len(lines) == len(fields(Assumptions))
    assert [line for line in lines if not line.endswith(".")] == []
