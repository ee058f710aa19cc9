"""Writes docs/trust.md, which lists the source of every route and behaviour: `uv run python scripts/trust.py`.

It also writes their numbers into README.md. The content comes from the docstrings of the service, from its error
responses, and from a tour of all routes.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import textwrap
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # where the application of the tour is
from api_document.behaviours import REFUSING, behaviours, summary
from api_document.document import example
from support.application import MADE_UP, declare

from pytest_qbchat import FakeQuickBlox, QuickBloxTransport, QuickBloxWarning
from pytest_qbchat.cli.tour import Tour
from pytest_qbchat.service import access, authentication, decoding, errors, queries
from pytest_qbchat.service.app import Service
from pytest_qbchat.service.assumptions import Assumptions
from pytest_qbchat.service.routes import ROUTES, UNSUPPORTED, Route, find, without_suffix

PAGE = Path(__file__).parents[1] / "docs" / "trust.md"
README = PAGE.parents[1] / "README.md"
_LABELS = ("verified", "documented", "observed", "assumed", "by design")  # the best evidence first

_REFERENCE = "https://docs.quickblox.com/reference/"
_GITHUB = "https://github.com/"
SOURCES = {
    "REST description": f"{_GITHUB}QuickBlox/Documentation, docs/6_rest_api (2018)",
    "release notes": f"{_GITHUB}QuickBlox/Documentation, docs/6_rest_api/1_Introduction.md",
    "errors page": "https://quickblox.com/developers/Errors",
    "old developer wiki": "https://quickblox.com/developers/Overview, Authentication_and_Authorization and Content",
    "JavaScript SDK": f"{_GITHUB}QuickBlox/quickblox-javascript-sdk, code, types, tests on the server",
    "the vendor's mocks": f"{_GITHUB}QuickBlox/quickblox-javascript-sdk, canned replies in its unit tests",
    "code samples": f"{_GITHUB}QuickBlox/Documentation, docs/5_javascript/3_Code_Samples",
    "Android SDK": f"{_GITHUB}QuickBlox/quickblox-android-sdk, its models and error parser",
    "iOS SDK": f"{_GITHUB}QuickBlox/quickblox-ios-sdk, its headers",
    ".NET SDK": f"{_GITHUB}QuickBlox/SDK-dotnet",
    "Ruby client": f"{_GITHUB}BrunoAssis/quickblox-rb and {_GITHUB}stereobooster/quickblox, recorded replies",
    "react-ui-kit": f"{_GITHUB}QuickBlox/react-ui-kit, the vendor's components",
    "public clients": "code on GitHub that calls QuickBlox",
    "issue threads": "transcripts in the issue trackers of QuickBlox's SDKs on GitHub",
    **{
        page: f"{_REFERENCE}{page}"
        for page in (
            "authentication", "create-dialog", "create-event", "create-file", "create-message",
            "create-session", "create-subscription", "create-token-with-api-key", "create-user",
            "delete-dialog", "delete-message", "delete-user", "delete-user-by-external-id", "dialog-model",
            "events", "get-dialog-by-id", "get-event-by-id", "get-message-by-id", "get-session",
            "get-unread-message-count", "list-dialogs", "list-events", "list-files", "list-messages",
            "list-users", "list-users-by-tags", "log-in", "messages", "overview", "push-notification-formats",
            "update-dialog", "update-message", "update-notification-settings", "update-user", "upload-file",
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


def refusals() -> Iterator[Any]:
    """All that makes error responses, except for those that a test injects."""
    made = (each for module in REFUSING for each in vars(module).values())
    others = (errors.invalid, errors.invalid_fields)
    yield from dict.fromkeys(each for each in made if isinstance(each, errors.Refusal) or each in others)


def answers() -> dict[str, tuple[int, Any]]:
    """The first successful response of each route on a tour of the fake: its status, and the shape of its body."""
    found: dict[str, tuple[int, Any]] = {}

    def send(method: str, url: str, **kwargs: Any) -> httpx.Response:
        response = client.request(method, url, **kwargs)
        if response.status_code < 400:
            route, _ = find(method, without_suffix(httpx.URL(url).path))
            body = json.loads(response.content) if response.content[:1] in (b"{", b"[") else response.text
            found.setdefault(str(route), (response.status_code, _shape(body)))
        return response

    fake = FakeQuickBlox(strict=True)
    declare(fake)
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        Tour(send, MADE_UP).make()
    return found


def _shape(value: Any) -> Any:
    """A value with a description of each part in its place; of a list, the first item."""
    if isinstance(value, dict):
        return {("an id" if re.fullmatch("[0-9a-f]{24}", key) else key): _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shape(value[0])] if value else []
    if isinstance(value, str) and value:
        kinds = {"time": r"\d{4}-\d\d-\d\dT.+Z", "object id": "[0-9a-f]{24}", "room": r"\d+_[0-9a-f]{24}@muc.+"}
        return next((kind for kind, pattern in kinds.items() if re.fullmatch(pattern, value)), "text")
    return {int: "number", bool: "boolean"}.get(type(value), value)


def page() -> str:
    """The whole page."""
    lines = [
        "# Behaviour of the fake, and its sources",
        "",
        "Generated by `uv run python scripts/trust.py` from the declarations in `pytest_qbchat/service`, its error",
        "responses, and from a tour of all routes. Tests check that this page is up to date, and that every behaviour",
        "has one of these labels, with the year and month of the evidence where it is recent:",
        "",
        "- *verified*: compared with a QuickBlox application, by [the command `compare`](compare.md)",
        "- *documented*: stated in QuickBlox's documentation, or shown there as it is here",
        "- *observed*: seen in the vendor's SDKs, in tests that ran against the server, or in a transcript",
        "- *assumed*: unknown, or more general than a sample; the fake has the least surprising behaviour",
        "- *by design*: specific to the fake, because tests need it",
        "",
        evidence(),
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
        lines += [f"### {title}", "", *_lines(documented), ""]
    lines += [
        "## Routes",
        "",
        "The responses were recorded on the tour. Each value is replaced by a description of its type.",
        "",
    ]
    seen = answers()
    for routes in _by_endpoint():
        lines += [*_section(routes, seen), ""]
    lines += ["## Error responses", "", "| status | body | cause | source |", "| --- | --- | --- | --- |"]
    for refusal in refusals():
        error, known = example(refusal), "<br>".join(line.removeprefix("- ") for line in _lines(refusal))
        lines.append(f"| {error.status} | `{json.dumps(error.body)}` | {summary(refusal)} | {known} |")
    outside = ", ".join(dict.fromkeys(UNSUPPORTED.values()))
    lines += ["", "## Not covered", ""]
    lines += [f"Calls to these are refused by name. Define responses with `qbchat.router`: {outside}."]
    lines += ["", "## Sources", "", *(f"- {name}: {where}" for name, where in sorted(SOURCES.items()))]
    return "\n".join([*_wrapped(lines), ""])


def numbers(*further: Any) -> Counter[str]:
    """How many behaviours there are by label. One with several labels counts as that with the best evidence."""
    endpoints = dict.fromkeys(route.endpoint for route in ROUTES)
    documented = (*COMMON.values(), *endpoints, *refusals(), *further)
    listed = [each for one in documented for each in behaviours(one)]
    return Counter(min((claim.label for claim in each.claims), key=_LABELS.index) for each in listed)


def evidence(*further: Any) -> str:
    """How much of the fake is known, in numbers."""
    number = numbers(*further)
    verified = number["verified"]
    compared = f"{verified} of them were" if verified else "None of them was"
    return (
        f"Of {number.total()} behaviours, {verified} are verified, {number['documented']} are documented, "
        f"{number['observed']} are observed, {number['assumed']} are assumed, and {number['by design']} are by design. "
        f"{compared} compared with the live service. You can do that: `python -m pytest_qbchat compare` compares the "
        "fake with a QuickBlox application of yours."
    )


def readme() -> str:
    """The README with these numbers, between the marker and the next empty line."""
    before, marker, after = README.read_text(encoding="utf-8").partition("<!-- evidence -->\n")
    return before + marker + _fill(evidence()) + after[after.index("\n\n") :]


def _fill(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a page, prose with a break before column 121."""
    for line in lines:
        long = len(line) > 120 and not line.startswith(("|", "#"))
        yield _fill(line, "  " if line.startswith("- ") else "") if long else line


def _by_endpoint() -> list[list[Route]]:
    """The routes, grouped by their endpoints."""
    found: dict[Any, list[Route]] = {}
    for route in ROUTES:
        found.setdefault(route.endpoint, []).append(route)
    return list(found.values())


def _section(routes: list[Route], seen: dict[str, tuple[int, Any]]) -> Iterator[str]:
    endpoint = routes[0].endpoint
    yield f"### {', '.join(f'`{route}`' for route in routes)}"
    yield ""
    yield summary(endpoint)
    yield ""
    answered = [seen[str(route)] for route in routes if str(route) in seen]
    if answered:
        status, body = answered[0]
        if body:
            yield f"Response: {status}, with this body:"
            yield ""
            yield "```json"
            yield _fill(json.dumps(body), " ")
            yield "```"
        else:
            yield f"Response: {status}, without a body."
        yield ""
    yield from _lines(endpoint)


def _lines(documented: Any) -> Iterator[str]:
    """The behaviours of an object, a line for each."""
    for each in behaviours(documented):
        known = ", ".join(f"*{claim.label}*" + (f" ({claim.source})" if claim.source else "") for claim in each.claims)
        yield f"- {known}: {each.text}"


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
    README.write_text(readme(), encoding="utf-8")
