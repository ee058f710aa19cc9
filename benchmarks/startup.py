"""What a pytest run costs that never uses the plugin: one trivial test in an otherwise empty folder."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from benchmarks.installation import install, python
from benchmarks.interleaved import Seconds, turns
from benchmarks.report import Aim, table


class _Run(NamedTuple):
    """What is installed, and how pytest is called."""

    distribution: str
    options: str = ""


_BARE, _BLOCKED, _QBCHAT = "pytest", "pytest-qbchat, blocked", "**pytest-qbchat**"
_OURS_ALONE = "-p no:respx -p no:faker -p no:anyio"

_WAYS = {
    _BARE: _Run("pytest"),
    _BLOCKED: _Run("pytest-qbchat", f"{_OURS_ALONE} -p no:qbchat"),
    _QBCHAT: _Run("pytest-qbchat", _OURS_ALONE),
}
_ROUNDS = 60  # the aims are a hundredth, which takes many to be seen

_OTHERS = {
    _BARE: _Run("pytest"),
    "pytest-qbchat and all plugins of its dependencies": _Run("pytest-qbchat"),
    "pytest-httpx and all plugins of its dependencies": _Run("pytest-httpx"),
    "pytest-httpx": _Run("pytest-httpx", "-p no:anyio"),
}
_ROUNDS_OF_OTHERS = 8


def startup() -> Iterator[str]:
    """CPU and wall time of whole runs, each in an installation of its own."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for distribution in {run.distribution for run in [*_WAYS.values(), *_OTHERS.values()]}:
            install(folder / distribution, distribution)
        tests = folder / "tests"
        tests.mkdir()
        (tests / "pytest.ini").touch()
        (tests / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
        cpu, wall = _measure(_WAYS, _ROUNDS, tests)
        aims = [
            Aim(f"{_QBCHAT} against the same installation with `-p no:qbchat`", 1.01, cpu.ratio(_QBCHAT, _BLOCKED)),
            Aim(f"{_QBCHAT} against pytest alone", 1.03, cpu.ratio(_QBCHAT, _BARE)),
        ]
        title = f"A run that does not use what is installed, `{_OURS_ALONE}`"
        yield table(title, _HEADER, _rows(cpu, wall), aims)
        yield table("The same with other plugins", _HEADER, _rows(*_measure(_OTHERS, _ROUNDS_OF_OTHERS, tests)))


def _measure(ways: Mapping[str, _Run], rounds: int, tests: Path) -> tuple[Seconds, Seconds]:
    """CPU and wall time."""
    cpu: dict[str, list[float]] = {name: [] for name in ways}
    wall: dict[str, list[float]] = {name: [] for name in ways}
    for run in ways.values():
        _run(run, tests)  # compiles what it imports
    for way in turns(ways, rounds):
        used, started = _cpu(), perf_counter()
        _run(ways[way], tests)
        cpu[way].append(_cpu() - used)
        wall[way].append(perf_counter() - started)
    return Seconds(cpu), Seconds(wall)


def _run(run: _Run, tests: Path) -> None:
    command, environment = python(tests.with_name(run.distribution))
    command += ["-m", "pytest", *run.options.split()]
    subprocess.run(command, cwd=tests, env=environment, check=True, stdout=subprocess.DEVNULL)


def _cpu() -> float:
    """CPU seconds of all runs until now, user and system."""
    usage = getrusage(RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


_HEADER = ("installed", "CPU ms", "ratio", "wall ms", "ratio")


def _rows(cpu: Seconds, wall: Seconds) -> Iterator[tuple[str, ...]]:
    for way in cpu.taken:
        figures = [(seconds.median(way) * 1e3, seconds.ratio(way, _BARE)) for seconds in (cpu, wall)]
        yield way, *(text for time, ratio in figures for text in (f"{time:.0f}", f"{ratio:.3f}"))
