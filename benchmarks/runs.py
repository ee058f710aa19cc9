"""What whole runs of a suite cost: tests which post in the ways in which code does, and the page of a run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.documented import MESSAGE, TOKEN, URL
from benchmarks.interleaved import Seconds, turns
from benchmarks.report import Aim, table

_ROUNDS = 2
_ROUNDS_OF_PAGES = 5
_OURS, _NONE = "**`qbchat`**", "none, and no post"
# For each way the fixture, and the line that prepares the answer.
_FIXTURES = {
    _OURS: ("qbchat", "pass"),
    "pytest-httpx": (
        "httpx_mock",
        "httpx_mock.add_response(status_code=201, json={}, is_reusable=True)",
    ),
    "respx": ("respx_mock", "respx_mock.post(URL).respond(201, json={})"),
    "responses": ("responses_mock", "responses_mock.post(URL, status=201, json={})"),
    "requests-mock": ("requests_mock", "requests_mock.post(URL, status_code=201, json={})"),
    _NONE: ("nothing", "return"),
}


class _Suite(NamedTuple):
    """The code of each test.

    Attributes:
        peers: The other ways.
        aims: The largest good ratio to each of the first.
        tests: How many have this code.
        others: How many tests of the suite do nothing and take no fixture.
    """

    code: str
    peers: tuple[str, ...]
    aims: tuple[float, ...]
    tests: int = 200
    others: int = 0


_SUITES = {
    "call `httpx.post` once": _Suite("POST(httpx)", ("pytest-httpx", "respx"), (0.30, 0.30)),
    "make an `httpx.Client` and post three times": _Suite(
        "with httpx.Client() as client:\n        POST(client); POST(client); POST(client)",
        ("pytest-httpx", "respx"),
        (0.30, 0.30),
    ),
    "make an `httpx.AsyncClient` and post once": _Suite(
        "async def post():\n        async with httpx.AsyncClient() as client:\n"
        "            return await client.post(URL, json=MESSAGE, headers=TOKEN)\n"
        "    assert asyncio.run(post()).status_code == 201",
        ("pytest-httpx",),
        (0.30,),
    ),
    "make a `requests.Session` and post three times": _Suite(
        "with requests.Session() as client:\n        POST(client); POST(client); POST(client)",
        ("responses", "requests-mock"),
        (1.15,),
    ),
    "call `httpx.post` once, among 350 that do nothing": _Suite(
        "POST(httpx)", (_NONE, "pytest-httpx", "respx"), (1.20,), tests=150, others=350
    ),
}
_FILE = f"""
import asyncio, httpx, pytest, requests, responses

URL, MESSAGE, TOKEN = {URL!r}, {MESSAGE!r}, {TOKEN!r}

def POST(client):
    assert client.post(URL, json=MESSAGE, headers=TOKEN).status_code == 201

@pytest.fixture
def responses_mock():
    with responses.RequestsMock() as mock:
        yield mock

@pytest.fixture
def nothing():
    yield

@pytest.mark.parametrize("number", range(OTHERS))
def test_nothing(number):
    pass

@pytest.mark.parametrize("number", range(TESTS))
def test_it(FIXTURE, number):
    PREPARE
    CODE
"""
# The texts differ, as those of real messages do.
_LONG = f"""
import httpx

def test_it(qbchat):
    with httpx.Client() as client:
        for number in range(10_000):
            message = {{**{MESSAGE!r}, "message": f"Order #{{number}} has shipped"}}
            client.post({URL!r}, json=message, headers={TOKEN!r})
"""


def runs() -> Iterator[str]:
    """CPU time of whole runs, each in a process of its own."""
    with TemporaryDirectory() as folder:
        for title, suite in _SUITES.items():
            yield _table(title, suite, Path(folder))
        yield _page(Path(folder))


def _page(folder: Path) -> str:
    file = folder / "test_long.py"
    file.write_text(_LONG, encoding="utf-8")
    ways: dict[str, tuple[str, ...]] = {"without a page": (), "with `--qbchat-report`": ("--qbchat-report=page.html",)}
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for way in turns(ways, _ROUNDS_OF_PAGES):
        taken[way].append(_cpu_of(file, *ways[way]))
    seconds = Seconds(taken)
    [page] = seconds.over("without a page").taken
    rows = [(way, f"{seconds.median(way):,.1f}") for way in ways]
    aim = Aim("the page, in seconds", 2.00, seconds.over("without a page").median(page))
    return table("A run of one test that posts 10,000 messages", ("run", "CPU s"), rows, [aim])


def _table(title: str, suite: _Suite, folder: Path) -> str:
    files = {}
    for way in (_OURS, *suite.peers):
        fixture, prepare = _FIXTURES[way]
        files[way] = folder / f"test_{fixture}_{list(_SUITES).index(title)}.py"
        text = _FILE.replace("FIXTURE", fixture).replace("PREPARE", prepare).replace("CODE", suite.code)
        text = text.replace("TESTS", str(suite.tests)).replace("OTHERS", str(suite.others))
        files[way].write_text(text, encoding="utf-8")
        _cpu_of(files[way], "--collect-only")  # compiles what it imports
    taken: dict[str, list[float]] = {way: [] for way in files}
    for way in turns(files, _ROUNDS):
        taken[way].append(_cpu_of(files[way]))
    seconds = Seconds(taken)
    rows = [(way, f"{seconds.median(way) * 1e3:,.0f}", f"{seconds.ratio(way, suite.peers[0]):.2f}") for way in files]
    aims = [
        Aim(f"{_OURS} against {peer}", aim, seconds.ratio(_OURS, peer))
        for peer, aim in zip(suite.peers, suite.aims, strict=False)
    ]
    return table(f"A run of {suite.tests} tests that {title}", ("fixture", "CPU ms", "ratio"), rows, aims)


def _cpu_of(file: Path, *options: str) -> float:
    before = getrusage(RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *options, file.name]
    subprocess.run(command, cwd=file.parent, check=True, stdout=subprocess.DEVNULL)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
