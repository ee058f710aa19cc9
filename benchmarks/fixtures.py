"""What a fixture costs each test that takes it and does nothing with it, and the first of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.installation import CHECKOUT
from benchmarks.interleaved import Batch, interleave
from benchmarks.report import Aim, micro, table

_ROUNDS = 7
_ROUNDS_OF_FIRSTS = 25
_TESTS = 600

_EMPTY, _QBCHAT, _PYTEST_HTTPX = "an empty fixture", "**`qbchat`**", "`httpx_mock`"

# The fixture of each way, and the plugin that it comes from.
_WAYS = {
    _EMPTY: ("empty", None),
    _QBCHAT: ("qbchat", "pytest_qbchat.plugin"),
    _PYTEST_HTTPX: ("httpx_mock", "pytest_httpx"),
    "`respx_mock`": ("respx_mock", "respx"),
}

# A second clock starts after the first test, which may pay for imports that others pay when the run starts.
_CONFTEST = """\
import time
from pathlib import Path

import pytest

_started = None


@pytest.fixture
def empty():
    yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    global _started
    before = time.process_time()
    result = yield
    if _started is None:
        _started = time.process_time()
        Path(__file__).with_name("first").write_text(str(_started - before))
    elif nextitem is None:
        Path(__file__).with_name("seconds").write_text(str(time.process_time() - _started))
    return result
"""


def fixtures() -> Iterator[str]:
    """CPU time of the first test in a process, and of set-up and tear-down, over an empty fixture."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        firsts: dict[str, Batch] = {}
        ways: dict[str, Batch] = {}
        for way, (fixture, plugin) in _WAYS.items():
            tests = _write(folder / fixture, fixture, _TESTS + 1)
            ways[way] = partial(_run, tests, plugin)
            if way in (_EMPTY, _QBCHAT):  # the others are imported when the run starts
                alone = _write(folder / f"{fixture}_alone", fixture, 1, "import httpx\n\n\n")
                firsts[way] = partial(_first, alone, plugin)
        first = interleave(firsts, _ROUNDS_OF_FIRSTS).over(_EMPTY)
        over = interleave(ways, _ROUNDS).over(_EMPTY)
    yield table(
        "The first test of a process that takes the fixture, over an empty one",
        ("fixture", "ms"),
        [(_QBCHAT, f"{first.median(_QBCHAT) * 1e3:.0f}")],
        [Aim(f"the first {_QBCHAT}, in ms", 25.00, first.median(_QBCHAT) * 1e3)],
    )
    yield table(
        "Set-up and tear-down of a fixture, over an empty one",
        ("fixture", "µs", "ratio to pytest-httpx"),
        [(name, micro(over.median(name)), f"{over.ratio(name, _PYTEST_HTTPX):.2f}") for name in over.taken],
        [Aim(f"{_QBCHAT} against {_PYTEST_HTTPX}", 0.60, over.ratio(_QBCHAT, _PYTEST_HTTPX))],
    )


def _write(tests: Path, fixture: str, number: int, head: str = "") -> Path:
    """A folder with a number of tests that take a fixture and do nothing."""
    tests.mkdir()
    (tests / "pytest.ini").write_text("[pytest]\n")
    (tests / "conftest.py").write_text(_CONFTEST)
    text = "\n\n".join(f"def test_{each}({fixture}):\n    pass\n" for each in range(number))
    (tests / "test_nothing.py").write_text(head + text)
    return tests


def _run(tests: Path, plugin: str | None) -> float:
    """CPU seconds of one test, in a run of its own."""
    _pytest(tests, plugin)
    return float((tests / "seconds").read_text()) / _TESTS


def _first(tests: Path, plugin: str | None) -> float:
    """CPU seconds of the first test of a run."""
    _pytest(tests, plugin)
    return float((tests / "first").read_text())


def _pytest(tests: Path, plugin: str | None) -> None:
    """A run with no other plugin."""
    command = [sys.executable, "-m", "pytest", "-q", *(["-p", plugin] if plugin else [])]
    subprocess.run(
        command,
        cwd=tests,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(CHECKOUT)},
        check=True,
        capture_output=True,
    )
