"""A plugin for the runs of the benchmark: each test on each edit, and what failed and was warned of.

It ends a test that hangs.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

import pytest

_JOB, _EDITS = os.environ["DETECTION_JOB"], int(os.environ["DETECTION_EDITS"])
# A test takes a few hundredths of a second, a loop of many trials up to three.
_TIMERS = ((signal.ITIMER_PROF, signal.SIGPROF, 6.0), (signal.ITIMER_REAL, signal.SIGALRM, 60.0))
# By the name of the test file and the number of the edit, as the end of a node id has them.
_failed: dict[str, str] = {}
_warned: dict[str, str] = {}
_passed: set[str] = set()


@pytest.fixture(autouse=True, params=range(_EDITS))
def _edit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the test what it imported from the job from the job with an edit instead."""
    edited = importlib.import_module(f"{_JOB}_{request.param}")
    for name, value in vars(request.module).items():
        if isinstance(value, FunctionType | type) and value.__module__ == _JOB:
            monkeypatch.setattr(request.module, name, getattr(edited, name))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    for timer, number, seconds in _TIMERS:
        signal.signal(number, _hangs)
        signal.setitimer(timer, seconds, 0.5)  # again, since the code under test may catch the first one
    try:
        return (yield)
    finally:
        for timer, _, _ in _TIMERS:
            signal.setitimer(timer, 0)


def _hangs(*_: object) -> None:
    pytest.fail("the test does not end")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        _failed.setdefault(_place(report.nodeid), str(crash.message if crash else report.longrepr)[:2000])
    elif report.when == "call" and report.passed:
        _passed.add(_place(report.nodeid))


def pytest_warning_recorded(warning_message: warnings.WarningMessage, nodeid: str) -> None:
    if warning_message.category.__name__ == "QuickBloxWarning":
        _warned.setdefault(_place(nodeid), str(warning_message.message))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    results = {"failed": _failed, "warned": _warned, "passed": sorted(_passed)}
    Path(os.environ["DETECTION_RESULTS"]).write_text(json.dumps(results), encoding="utf-8")


def _place(nodeid: str) -> str:
    """`test_0.py::test_it[3]` as `test_0.py 3`."""
    file, _, test = nodeid.partition("::")
    return f"{file} {test.rpartition('[')[2].partition(']')[0]}"
