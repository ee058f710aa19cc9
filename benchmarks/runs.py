"""What whole runs of a suite cost: 200 tests, each of which posts one message with `httpx.post`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

from benchmarks.documented import MESSAGE, TOKEN, URL
from benchmarks.interleaved import Seconds, turns
from benchmarks.report import Aim, table

_TESTS = 200
_ROUNDS = 5
_OURS, _PEER, _OTHER_PEER = "**`qbchat`**", "pytest-httpx", "respx"
# For each way the fixture, and the line that prepares the answer.
_FIXTURES = {
    _OURS: ("qbchat", "pass"),
    _PEER: ("httpx_mock", "httpx_mock.add_response(status_code=201, json={})"),
    _OTHER_PEER: ("respx_mock", "respx_mock.post(URL).respond(201, json={})"),
}
_SUITE = f"""
import httpx
import pytest

URL = {URL!r}

@pytest.mark.parametrize("number", range({_TESTS}))
def test_it({{0}}, number):
    {{1}}
    assert httpx.post(URL, json={MESSAGE!r}, headers={TOKEN!r}).status_code == 201
"""


def runs() -> Iterator[str]:
    """CPU time of whole runs, each in a process of its own."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = {}
        for number, (way, fixture) in enumerate(_FIXTURES.items()):
            files[way] = folder / f"test_{number}.py"
            files[way].write_text(_SUITE.replace("{0}", fixture[0]).replace("{1}", fixture[1]), encoding="utf-8")
        taken: dict[str, list[float]] = {way: [] for way in files}
        for way in turns(files, _ROUNDS + 1):
            taken[way].append(_cpu_of(files[way]))
    seconds = Seconds({way: figures[1:] for way, figures in taken.items()})  # the first round compiles
    rows = [(way, f"{seconds.median(way) * 1e3:,.0f}", f"{seconds.ratio(way, _PEER):.2f}") for way in files]
    aims = [Aim(f"{_OURS} against {peer}", 0.30, seconds.ratio(_OURS, peer)) for peer in (_PEER, _OTHER_PEER)]
    yield table(f"A run of {_TESTS} tests that call `httpx.post`", ("fixture", "CPU ms", "ratio"), rows, aims)


def _cpu_of(file: Path) -> float:
    before = getrusage(RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", file.name]
    subprocess.run(command, cwd=file.parent, check=True, stdout=subprocess.DEVNULL)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
