"""Compare the fake with a QuickBlox application, and report what differs."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import httpx

from pytest_qbchat.cli.tour import Note, Tour, tour_of_fake
from pytest_qbchat.service.assumptions import Assumptions, invalid_value_hint
from pytest_qbchat.service.masking import Secrets, secrets_in

_REQUIRED = ("application_id", "auth_key", "auth_secret")
_VARIABLES = {name: f"QBCHAT_REAL_{name.upper()}" for name in (*_REQUIRED, "api_key", "account_key", "url")}
_UNSEEN, _ABSENT = {"unknown_routes_refused", "retry_after"}, "absent"  # no tour shows these


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 if both are alike and nothing is left behind, 1 if not, and 2 if they were not compared."""
    variables = f"The application is in the environment: {', '.join(_VARIABLES.values())}."
    parser = argparse.ArgumentParser("pytest-qbchat compare", description=__doc__, epilog=variables)
    parser.add_argument("--yes", action="store_true", help="create records in the application without asking")
    yes = parser.parse_args(argv).yes
    application = {"url": "https://api.quickblox.com"}
    application |= {name: value for name, variable in _VARIABLES.items() if (value := os.environ.get(variable))}
    if missing := [_VARIABLES[name] for name in _REQUIRED if name not in application]:
        parser.error(f"set {', '.join(missing)} in the environment")
    if not application["application_id"].isdecimal():
        parser.error(f"invalid {_VARIABLES['application_id']}; expected a number")
    where = f"application {application['application_id']} at {application['url']}"
    if not (yes or (sys.stdin.isatty() and input(f"Create and delete records in {where}? [y/N] ").lower() == "y")):
        parser.error("nothing was sent; agree with --yes, or with y in a terminal")
    with httpx.Client(timeout=10) as client:
        tour, lines = Tour(client.request, application), [f"{where}, {time.strftime('%Y-%m-%d')}"]
        try:
            lines += _report(tour.make().notes, differences := [*_differences(application, tour.notes)])
            status = int(bool(differences or tour.left))
        except (httpx.HTTPError, httpx.InvalidURL, KeyboardInterrupt) as error:
            lines, status = [*lines, f"stopped at {tour.notes[-1].call}: {error!r}"], 2
    lines += [f"perhaps left behind: {each}" for each in tour.left]
    print(Secrets(secrets_in(tour.known)).mask("\n".join(lines)))
    return status


def _differences(application: dict[str, str], theirs: list[Note]) -> Iterator[tuple[int, str]]:
    """Each fact that differs, in words, with the number of the call."""
    ours = tour_of_fake(application).notes
    found = [
        (number, fact, other, own)
        for number, note in enumerate(theirs)
        for fact in dict.fromkeys([*ours[number].facts, *note.facts])
        if (other := note.facts.get(fact, _ABSENT)) != (own := ours[number].facts.get(fact, _ABSENT))
    ]
    default, seen = asdict(Assumptions()), {other for _, _, other, _ in found if isinstance(other, int)}
    choices = {
        f"qbchat.assume({name}={value})": tour_of_fake(application, **{name: value}).notes
        for name in default.keys() - _UNSEEN
        for value in ([not default[name]] if isinstance(default[name], bool) else seen)
        if found and (value // 100 == default[name] // 100 or not name.endswith("_status"))
        if invalid_value_hint(name, value) is None
    }
    for number, fact, other, own in found:
        alike = sorted(text for text, notes in choices.items() if notes[number].facts.get(fact, _ABSENT) == other)
        hint = f"; alike with {' or '.join(alike)}" if alike else ""
        yield number, f"  {fact}: {other!r} from the service, {own!r} from the fake{hint}"


def _report(notes: list[Note], found: list[tuple[int, str]]) -> Iterator[str]:
    numbers = dict(found)
    yield f"{len(numbers)} of {len(notes)} calls are answered differently by the fake"
    for number in numbers:
        texts = [text for of, text in found if of == number]
        yield "\n".join(["", notes[number].what, f"  call: {notes[number].call}", *texts])
    routes = [note.what.partition(": ")[0] for note in notes]
    unlike = {routes[number] for number, note in enumerate(notes) if number in numbers or "missing" in note.facts}
    yield f"\nalike in every call; a behaviour that these show may have the label verified({time.strftime('%Y-%m')}):"
    yield from (f"  {route}" for route in dict.fromkeys(routes) if route not in unlike)
