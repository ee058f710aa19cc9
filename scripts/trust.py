"""Writes docs/trust.md, which lists the source of every route and behaviour: `uv run python scripts/trust.py`.

The content comes from the docstrings of the service, from its error responses, and from a tour of all routes.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import httpx

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # where the tour is
from support.tour import Application, make

from pytest_qbchat import FakeQuickBlox, QuickBloxTransport, QuickBloxWarning
from pytest_qbchat.service import access, authentication, decoding, errors, queries
from pytest_qbchat.service.app import Service
from pytest_qbchat.service.assumptions import Assumptions
from pytest_qbchat.service.routes import ROUTES, UNSUPPORTED, Route

PAGE = Path(__file__).parents[1] / "docs" / "trust.md"
LABELS = ("documented", "observed", "assumed", "by design")

_REFERENCE = "https://docs.quickblox.com/reference/"
_GITHUB = "https://github.com/"
SOURCES = {
    "REST description": f"{_GITHUB}QuickBlox/Documentation, docs/6_rest_api (2018)",
    "release notes": f"{_GITHUB}QuickBlox/Documentation, docs/6_rest_api/1_Introduction.md",
    "old developer wiki": "https://quickblox.com/developers/Overview, Authentication_and_Authorization and Content",
    "JavaScript SDK": f"{_GITHUB}QuickBlox/quickblox-javascript-sdk, code, types, tests on the server",
    "the vendor's mocks": f"{_GITHUB}QuickBlox/quickblox-javascript-sdk, canned replies in its unit tests",
    "Android SDK": f"{_GITHUB}QuickBlox/quickblox-android-sdk, its models and error parser",
    "iOS SDK": f"{_GITHUB}QuickBlox/quickblox-ios-sdk, its headers",
    ".NET SDK": f"{_GITHUB}QuickBlox/SDK-dotnet",
    "Ruby client": f"{_GITHUB}BrunoAssis/quickblox-rb and {_GITHUB}stereobooster/quickblox, recorded replies",
    "public clients": "code on GitHub that calls QuickBlox",
    "issue threads": "transcripts in the issue trackers of QuickBlox's SDKs on GitHub",
    **{
        page: f"{_REFERENCE}{page}"
        for page in (
            "authentication", "create-dialog", "create-file", "create-message", "create-session",
            "create-token-with-api-key", "create-user", "delete-dialog", "delete-message", "delete-user",
            "delete-user-by-external-id", "dialog-model", "get-dialog-by-id", "get-message-by-id", "get-session",
            "get-unread-message-count", "list-dialogs", "list-files", "list-messages", "list-users",
            "list-users-by-tags", "log-in", "messages", "overview", "update-dialog", "update-message",
            "update-notification-settings", "update-user", "upload-file",
        )
    },
}  # fmt: skip

# Behaviour that more than one route has.
COMMON: dict[str, Any] = {
    "Decoding of requests": decoding,
    "Authentication": authentication,
    "The dialog of a new message": access.dialog_for_new_message,
    "Lists": queries,
    "Responses": Service.respond,
}


class Claim(NamedTuple):
    """The label of a part of a behaviour, and its source."""

    label: str
    source: str


def behaviours(documented: Any) -> list[str]:
    """The behaviours that a docstring lists."""
    text = inspect.getdoc(documented) or ""
    return [" ".join(item.split()) for item in re.findall(r"^- (.*?)(?=^- |^\S|^$|\Z)", text, flags=re.M | re.S)]


def claims(behaviour: str) -> Iterator[Claim]:
    """The labels of a behaviour, with their sources."""
    for group in re.findall(r"\(([^()]*)\)", behaviour):
        if any(re.search(rf"\b{label}\b", group) for label in LABELS):
            for part in group.split(";"):
                [label] = [each for each in LABELS if re.search(rf"\b{each}\b", part)]
                yield Claim(label, part.rpartition(",")[2].strip() if label in ("documented", "observed") else "")


def refusals() -> Iterator[tuple[int, Any, str]]:
    """Every error response: its status, its body, and its source."""
    for name, function in vars(errors).items():
        if inspect.isfunction(function) and function.__module__ == errors.__name__ and not name.startswith("_"):
            examples: dict[str, Any] = {"reason": "", "text": "...", "errors": {"field": ["..."]}}
            if function is errors.by_status:  # injected by a test
                continue
            examples["status"] = getattr(Assumptions(), f"{name}_status", 400)
            required = [each for each in inspect.signature(function).parameters.values() if each.default is each.empty]
            given = {each.name: examples[each.name] for each in required if each.name in examples}
            error = function(**given, **({"field": "..."} if function is errors.invalid else {}))
            yield error.status, error.body, " ".join((inspect.getdoc(function) or "").split("Args:")[0].split())


def answers() -> dict[str, tuple[int, Any]]:
    """The first successful response of each route on a tour of the fake."""
    application = Application()
    fake = FakeQuickBlox(strict=True)
    fake.credentials(api_key=application.api_key, auth_key=application.auth_key, auth_secret=application.auth_secret)
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        notes = make(client.request, application).notes
    return {note.what: (note.status, note.body) for note in reversed(notes) if ": " not in note.what}


def page() -> str:
    """The whole page."""
    lines = [
        "# Behaviour of the fake, and its sources",
        "",
        "Generated by `uv run python scripts/trust.py` from the docstrings of `pytest_qbchat/service`, from its error",
        "responses, and from a tour of all routes. Tests check that this page is up to date, and that every behaviour",
        "has one of these labels:",
        "",
        "- *documented*: stated in QuickBlox's documentation, or shown there as it is here",
        "- *observed*: seen in the vendor's SDKs, in tests that ran against the server, or in a transcript",
        "- *assumed*: unknown, or more general than a sample; the fake has the least surprising behaviour",
        "- *by design*: specific to the fake, because tests need it",
        "",
        "None of this was checked against the live service. You can do that with `tests/contract/test_tour.py`, which",
        "compares the fake with a QuickBlox application of yours.",
        "",
        "## Assumptions that you can change",
        "",
        "To change an assumption for one test, use `qbchat.assume(need_user_status=403)`. To change it for a whole",
        "project, override the fixture in `conftest.py`.",
        "",
        *_assumptions(),
        "",
        "## All routes",
        "",
    ]
    for title, documented in COMMON.items():
        lines += [f"### {title}", "", *(f"- {behaviour}" for behaviour in behaviours(documented)), ""]
    lines += [
        "## Routes",
        "",
        "The responses were recorded on the tour. Each value is replaced by a description of its type.",
        "",
    ]
    seen = answers()
    for routes in _by_endpoint():
        lines += [*_section(routes, seen), ""]
    lines += ["## Error responses", "", "| status | body | cause and source |", "| --- | --- | --- |"]
    lines += [f"| {status} | `{json.dumps(body)}` | {known} |" for status, body, known in refusals()]
    outside = ", ".join(dict.fromkeys(UNSUPPORTED.values()))
    lines += ["", "## Not covered", ""]
    lines += [f"Calls to these are refused by name. Define responses with `qbchat.router`: {outside}."]
    lines += ["", "## Sources", "", *(f"- {name}: {where}" for name, where in sorted(SOURCES.items()))]
    return "\n".join([*lines, ""])


def _by_endpoint() -> list[list[Route]]:
    """The routes, grouped by their endpoints."""
    found: dict[Any, list[Route]] = {}
    for route in ROUTES:
        found.setdefault(route.endpoint, []).append(route)
    return list(found.values())


def _section(routes: list[Route], seen: dict[str, tuple[int, Any]]) -> Iterator[str]:
    endpoint = routes[0].endpoint
    summary = (inspect.getdoc(endpoint) or "").splitlines()[0].partition(": ")[2]
    yield f"### {', '.join(f'`{route}`' for route in routes)}"
    yield ""
    yield f"{summary[:1].upper()}{summary[1:]}"
    yield ""
    answered = [seen[str(route)] for route in routes if str(route) in seen]
    if answered:
        status, body = answered[0]
        yield f"Response: {status}, {f'`{json.dumps(body)}`' if body else 'without a body'}."
        yield ""
    for behaviour in behaviours(endpoint):
        yield f"- {behaviour}"


def _assumptions() -> Iterator[str]:
    text = " ".join((inspect.getdoc(Assumptions) or "").partition("Attributes:")[2].split())
    names = [field.name for field in fields(Assumptions)]
    for name, after in zip(names, [*names[1:], None], strict=True):
        said = text.partition(f"{name}: ")[2].partition(f" {after}: ")[0]
        yield f"- `{name}` = {getattr(Assumptions(), name)}: {said}"


if __name__ == "__main__":
    warnings.simplefilter("ignore", QuickBloxWarning)  # the tour makes mistakes on purpose
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
