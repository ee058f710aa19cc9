"""What whole runs of a suite cost: 200 tests, which post in the ways in which code does."""

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

_TESTS = 200
_ROUNDS = 2
_OURS = "**`qbchat`**"
# For each way the fixture, and the line that prepares the answer.
_FIXTURES = {
    _OURS: ("qbchat", "pass"),
    "pytest-httpx": (
        "httpx_mock",
        "httpx_mock.add_response(status_code=201, json={}, is_reusable=True)",
    ),
    "respx": ("respx_mock", "respx_mock.post(URL).respond(201, json={})"),
    "responses": ("responses_mock", "responses_mock.post(URL, status=201, json={})"),
}


class _Suite(NamedTuple):
    """The code of each test.

    Attributes:
        peers: The other ways.
        aim: The largest good ratio to each of them.
    """

    code: str
    peers: tuple[str, ...]
    aim: float


_SUITES = {
    "call `httpx.post` once": _Suite("POST(httpx)", ("pytest-httpx", "respx"), 0.30),
    "make an `httpx.Client` and post three times": _Suite(
        "with httpx.Client() as client:\n        POST(client); POST(client); POST(client)",
        ("pytest-httpx", "respx"),
        0.30,
    ),
    "make an `httpx.AsyncClient` and post once": _Suite(
        "async def post():\n        async with httpx.AsyncClient() as client:\n"
        "            return await client.post(URL, json=MESSAGE, headers=TOKEN)\n"
        "    assert asyncio.run(post()).status_code == 201",
        ("pytest-httpx",),
        0.30,
    ),
    "make a `requests.Session` and post three times": _Suite(
        "with requests.Session() as client:\n        POST(client); POST(client); POST(client)", ("responses",), 1.15
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

@pytest.mark.parametrize("number", range({_TESTS}))
def test_it(FIXTURE, number):
    PREPARE
    CODE
"""


def runs() -> Iterator[str]:
    """CPU time of whole runs, each in a process of its own."""
    with TemporaryDirectory() as folder:
        for title, suite in _SUITES.items():
            yield _table(title, suite, Path(folder))


def _table(title: str, suite: _Suite, folder: Path) -> str:
    files = {}
    for way in (_OURS, *suite.peers):
        fixture, prepare = _FIXTURES[way]
        files[way] = folder / f"test_{fixture}_{list(_SUITES).index(title)}.py"
        text = _FILE.replace("FIXTURE", fixture).replace("PREPARE", prepare).replace("CODE", suite.code)
        files[way].write_text(text, encoding="utf-8")
        _cpu_of(files[way], "--collect-only")  # compiles what it imports
    taken: dict[str, list[float]] = {way: [] for way in files}
    for way in turns(files, _ROUNDS):
        taken[way].append(_cpu_of(files[way]))
    seconds = Seconds(taken)
    rows = [(way, f"{seconds.median(way) * 1e3:,.0f}", f"{seconds.ratio(way, suite.peers[0]):.2f}") for way in files]
    aims = [Aim(f"{_OURS} against {peer}", suite.aim, seconds.ratio(_OURS, peer)) for peer in suite.peers]
    return table(f"A run of {_TESTS} tests that {title}", ("fixture", "CPU ms", "ratio"), rows, aims)


def _cpu_of(file: Path, *options: str) -> float:
    before = getrusage(RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *options, file.name]
    subprocess.run(command, cwd=file.parent, check=True, stdout=subprocess.DEVNULL)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
