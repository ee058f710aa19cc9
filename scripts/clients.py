"""Writes docs/clients.md, a table of the behaviour of each client: `uv run python scripts/clients.py`.

Every cell is the result of a run: a tour of all routes, a timeout, a broken connection, a route that the fake does not
have. With an argument, such as `niquests`, it prints only the rows of the clients whose names start with it.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # where the ways are
from support.application import MADE_UP, declare
from support.ways import WAYS, Way

from pytest_qbchat import CallRefused, FakeQuickBlox, LiveServer, QuickBloxTransport, QuickBloxWarning
from pytest_qbchat.cli.tour import Note, Tour

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "clients.md"
# niquests takes the place of urllib3.
WITH_NIQUESTS = [
    *(sys.executable, "-m", "uv", "run", "--isolated", "--no-default-groups", "--group", "test"),
    *("--with", "niquests", "python"),
]
URL = "https://api.quickblox.com/chat/Message.json"
_COLUMNS = (
    "client",
    "all routes",
    "as from the live server",
    "timeout",
    "disconnect",
    "unknown route",
)

_FAULTS = ("timeout", "disconnect")

_BESIDE = (
    ("respx, pytest-httpx", "Calls to QuickBlox reach the fake first, other calls the mock."),
    (
        "responses, requests-mock",
        "They replace requests as a whole. Exclude QuickBlox: "
        "`responses.add_passthru('https://api.quickblox.com')`, `register_uri(ANY, ..., real_http=True)`.",
    ),
    ("aioresponses", "It replaces aiohttp as a whole: `aioresponses(passthrough=['https://api.quickblox.com'])`."),
    (
        "vcrpy, pytest-recording",
        "A cassette comes before the fake, except with httpx. With `ignore_hosts=['api.quickblox.com']` all calls "
        "reach the fake; without it, a cassette records what the fake answers.",
    ),
    (
        "pytest-socket",
        "httpx, httpcore, requests, urllib3, urllib and http.client need no socket. aiohttp, niquests, Tornado's "
        "client and `qbchat_server` need `--allow-hosts=127.0.0.1`.",
    ),
    ("httpretty, mocket", "They replace sockets, so calls of aiohttp, niquests and Tornado's client time out."),
    ("freezegun, time-machine", "They move the clock of the fake too."),
    ("gevent", "It can patch the process before or after the first fake. In its threads, a refusal is a `gaierror`."),
    (
        "eventlet",
        "It can patch the process before or after the first fake. Its own resolver asks a name server past the guard; "
        "`EVENTLET_NO_GREENDNS=yes` turns it off.",
    ),
    (
        "pytest-run-parallel",
        "It does not work: the threads that run one test share its fake, so assertions count the messages of all of "
        "them. `thread_unsafe_fixtures = ['qbchat']` in its settings runs these tests in one thread.",
    ),
)


@contextmanager
def _into(fake: FakeQuickBlox, way: Way, *, by_server: bool = False) -> Iterator[Callable[..., Any]]:
    """A function that sends requests of one client to a fake, or to a live server with its state."""
    if by_server:
        with LiveServer(fake) as server:
            yield lambda method, url, **kwargs: way.send(method, server.url + _target(url), **kwargs)
    elif way.fixture == "qbchat_transport":
        yield partial(way.send, transport=QuickBloxTransport(fake))
    elif way.fixture == "qbchat_server":
        with LiveServer(fake) as server:
            yield partial(way.send, at=server.url)
    else:
        with fake.intercept():
            yield way.send
            fake._backend.problems.drain()  # the refusal that `_refusal` provokes


def _target(url: str) -> str:
    return "/" + "/".join(url.split("/")[3:])


def _toured(way: Way | None, *, by_server: bool = False) -> list[Note]:
    fake = FakeQuickBlox(strict=True)
    declare(fake)
    if way is None:
        with httpx.Client(transport=QuickBloxTransport(fake)) as client:
            return Tour(client.request, MADE_UP).make().notes
    with _into(fake, way, by_server=by_server) as send:
        return Tour(send, MADE_UP).make().notes


def _differing(notes: list[Note], others: list[Note]) -> list[Note]:
    return [note for note, other in zip(notes, others, strict=True) if note != other]


def _outcome(way: Way, what: str, *, by_server: bool = False) -> str:
    """The exception that the client raises for a fault."""
    fake = FakeQuickBlox()
    fake.fail(what)
    with _into(fake, way, by_server=by_server) as send:
        try:
            send("POST", URL, json={"recipient_id": 20}, headers={"QB-Token": "made-up-token"}, timeout=0.3)
        except Exception as error:
            return f"`{type(error).__module__.partition('.')[0].replace('builtins.', '')}.{type(error).__name__}`"
    return "a response"


def _name(error: type[Exception]) -> str:
    """The name under which users import an error."""
    module = error.__module__ if error.__module__ in ("builtins", "http.client") else error.__module__.split(".")[0]
    return f"{module}.{error.__name__}".removeprefix("builtins.")


def _refusal(way: Way) -> str:
    with _into(FakeQuickBlox(), way) as send:
        try:
            return f"{send('GET', 'https://api.quickblox.com/data/Order.json').status_code}, and the test fails"
        except CallRefused:
            return "`CallRefused`"


def rows(name: str = "") -> Iterator[str]:
    """The rows of the clients whose names start with a text."""
    reference = _toured(None)
    for way in WAYS:
        if way.name.startswith(name):
            toured = _toured(way)
            different = _differing(toured, reference)
            alike = f"{len(different)} differ" if different else "identical responses"
            outcomes = [_outcome(way, what) for what in _FAULTS]
            cells = [way.name, alike, _against_server(way, toured, outcomes), *outcomes, _refusal(way)]
            yield f"| {' | '.join(cells)} |"


def _against_server(way: Way, toured: list[Note], outcomes: list[str]) -> str:
    """Whether the client sees the same when its base URL is that of a live server."""
    if way.fixture == "qbchat_server":
        return "-"
    different = len(_differing(_toured(way, by_server=True), toured))
    different += sum(_outcome(way, what, by_server=True) != seen for what, seen in zip(_FAULTS, outcomes, strict=True))
    return f"{different} differ" if different else "the same"


def _rows_of_niquests() -> list[str]:
    command = [*WITH_NIQUESTS, "-W", "ignore", __file__, "niquests"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout.splitlines()


def page() -> str:
    """The whole page."""
    return "\n".join(
        [
            "# Behaviour of each client",
            "",
            "Generated by `uv run python scripts/clients.py` from runs of every client. A test checks that this page",
            "is up to date.",
            "",
            f"| {' | '.join(_COLUMNS)} |",
            f"|{' --- |' * len(_COLUMNS)}",
            *rows(),
            *_rows_of_niquests(),
            "",
            "- *All routes*: the responses to a tour of all routes and of all kinds of refusals, compared with those",
            "  that `httpx.Client` gets.",
            "- *As from the live server*: with the URL of `qbchat_server` as its base URL, the client gets the same",
            "  responses to the tour, and raises the same exceptions for the two faults. The situations in",
            "  `tests/contract/test_situations.py`, from streams, redirects and retries to proxies and cancelled",
            "  tasks, are compared in the same way.",
            '- *Timeout*: the exception for `qbchat.fail("timeout")`. aiohttp, Tornado, niquests and clients of',
            "  `qbchat_server` call a real server, and wait until their own timeout. All others raise it at once.",
            '- *Disconnect*: the exception for `qbchat.fail("disconnect")`.',
            "- A connection that is never made, as of a route of `qbchat.router` that raises `httpx.ConnectError` or",
            "  `httpx.ConnectTimeout`, raises the connect error of each client. aiohttp, Tornado, niquests, and",
            "  clients of `qbchat_server`, get a disconnect, because a server reads the request on a connection.",
            "- *Unknown route*: the result of a call to a route that the fake does not have. Clients that call a real",
            "  server get a 404 whose body names the reason, and the test fails at its end.",
            "",
            "A body of more than 128 MiB fails the test: httpx raises `CallRefused`, other clients get a 413. Calls by",
            "aiohttp's `UnixConnector`, which looks up no host, are not intercepted. `_socket.socket().connect(...)`",
            "with the name of a host looks it up before the guard refuses the call.",
            "",
            "For QuickBlox hosts, aiohttp and niquests do not use the proxies of the environment. Calls through a",
            "proxy that the code names are refused.",
            "",
            "niquests replaces urllib3 by urllib3-future, so its rows come from a separate environment. In such an",
            "environment, requests and urllib3 use urllib3-future too, and behave like niquests.",
            "",
            "## Beside other plugins and mocks",
            "",
            "Tests run each of these, except aioresponses, httpretty, mocket and pytest-run-parallel, before and after",
            "the first fake, in either order.",
            "",
            "| beside | what to know |",
            "| --- | --- |",
            *(f"| {name} | {note} |" for name, note in _BESIDE),
            "",
        ]
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore", QuickBloxWarning)  # the tour makes mistakes on purpose
    if sys.argv[1:]:
        print("\n".join(rows(sys.argv[1])))
    else:
        PAGE.write_text(page(), encoding="utf-8")
