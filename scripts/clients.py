"""Writes docs/clients.md, a table of what holds for each client: `uv run python scripts/clients.py`.

Every cell comes from a run: a tour of all routes, a late answer, a lost one, a route that the fake does not have. With
a name, `niquests`, it prints the rows of the clients that are called so.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # where the tour is
from support.tour import Application, differences, make
from support.ways import WAYS, Way

from pytest_qbchat import CallRefused, FakeQuickBlox, LiveServer, QuickBloxTransport

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "clients.md"
# niquests takes the place of urllib3.
WITH_NIQUESTS = [
    *(sys.executable, "-m", "uv", "run", "--isolated", "--no-default-groups", "--group", "test"),
    *("--with", "niquests", "python"),
]
URL = "https://api.quickblox.com/chat/Message.json"
_GATEWAY = "https://gateway.shop.example/quickblox"
_COLUMNS = (
    "client",
    "all routes",
    "no answer in time",
    "lost answer",
    "route that is not faked",
    "base URL with a path",
)


@contextmanager
def _into(fake: FakeQuickBlox, way: Way) -> Iterator[Callable[..., Any]]:
    """A way into a fake."""
    if way.fixture == "qbchat_transport":
        yield partial(way.send, transport=QuickBloxTransport(fake))
    elif way.fixture == "qbchat_server":
        with LiveServer(fake) as server:
            yield partial(way.send, at=server.url)
    else:
        with fake.intercept():
            yield way.send
            fake.problems.drain()  # the refusal that is looked at here


def _toured(way: Way | None) -> Any:
    application = Application()
    fake = FakeQuickBlox(strict=True)
    fake.credentials(
        api_key=application.api_key,
        application_id=int(application.id),
        auth_key=application.auth_key,
        auth_secret=application.auth_secret,
    )
    if way is None:
        with httpx.Client(transport=QuickBloxTransport(fake)) as client:
            return make(client.request, application).notes
    with _into(fake, way) as send:
        return make(send, application).notes


def _outcome(way: Way, what: str) -> str:
    """What the client makes of a fault."""
    fake = FakeQuickBlox()
    fake.fail(what)
    with _into(fake, way) as send:
        try:
            send("POST", URL, json={"recipient_id": 20}, headers={"QB-Token": "made-up-token"}, timeout=0.3)
        except Exception as error:
            return f"`{type(error).__module__.partition('.')[0].replace('builtins.', '')}.{type(error).__name__}`"
    return "an answer"


def _name(error: type[Exception]) -> str:
    """The name of an error as its users import it."""
    module = error.__module__ if error.__module__ in ("builtins", "http.client") else error.__module__.split(".")[0]
    return f"{module}.{error.__name__}".removeprefix("builtins.")


def _refusal(way: Way) -> str:
    with _into(FakeQuickBlox(), way) as send:
        try:
            return f"{send('GET', 'https://api.quickblox.com/events.json').status_code}, and the test fails"
        except CallRefused:
            return "`CallRefused`"


def _prefixed(way: Way) -> str:
    with _into(FakeQuickBlox(hosts=[_GATEWAY]), way) as send:
        try:
            return "yes" if send("GET", f"{_GATEWAY}/session.json").status_code == httpx.codes.UNAUTHORIZED else "no"
        except Exception:
            return "no"


def rows(name: str = "") -> Iterator[str]:
    """What holds for each of the clients whose name begins so."""
    reference = _toured(None)
    for way in WAYS:
        if way.name.startswith(name):
            different = differences(_toured(way), reference)
            alike = f"{len(different)} differ" if different else f"{len(reference)} calls alike"
            outcomes = [_outcome(way, what) for what in ("timeout", "disconnect")]
            yield f"| {' | '.join([way.name, alike, *outcomes, _refusal(way), _prefixed(way)])} |"


def _rows_of_niquests() -> list[str]:
    command = [*WITH_NIQUESTS, "-W", "ignore", __file__, "niquests"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout.splitlines()


def page() -> str:
    """The whole page."""
    return "\n".join(
        [
            "# What holds for each client",
            "",
            "Written by `uv run python scripts/clients.py` from runs of every client; a test fails if it is old.",
            "",
            f"| {' | '.join(_COLUMNS)} |",
            f"|{' --- |' * len(_COLUMNS)}",
            *rows(),
            *_rows_of_niquests(),
            "",
            "- *All routes*: a tour of every route and refusals of every kind, compared with that of `httpx.Client`.",
            '- *No answer in time*: what is raised at `qbchat.fail("timeout")`. With aiohttp, Tornado, niquests and',
            "  `qbchat_server`, where a server answers, the client waits for as long as it was told; no other does.",
            '- *Lost answer*: what is raised at `qbchat.fail("disconnect")`.',
            "- *Unknown route*: where a server answers, the error cannot come up in the code under test, which gets a",
            "  404 that says why; the test fails at its end.",
            "- *Base URL with a path*: whether a host of which only a path is QuickBlox's is told apart from its rest.",
            "",
            "niquests takes the place of urllib3, so its rows come from an environment of its own. There requests and",
            "urllib3 stand on what it stands on, and what is said of niquests holds for them.",
            "",
            "responses, requests-mock and aioresponses replace their library as a whole, above the fake, and answer",
            "for every host. Let QuickBlox pass: `responses.add_passthru('https://api.quickblox.com')`, and likewise.",
            "",
        ]
    )


if __name__ == "__main__":
    if sys.argv[1:]:
        print("\n".join(rows(sys.argv[1])))
    else:
        PAGE.write_text(page(), encoding="utf-8")
