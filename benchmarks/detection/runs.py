"""Runs the tests of each job on each of its edits, in one process of pytest for each job and tool."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.detection.assertions import without_assertions, without_request
from benchmarks.detection.catalogue import Job

OURS = "qbchat"
ALL, BELIEVED, NONE = "all", "request left out", "none"
_ASSERTIONS: dict[str, Callable[[str], str]] = {ALL: str, BELIEVED: without_request, NONE: without_assertions}
# The plugins of pytest that a tool needs, by the names of their entry points.
_PLUGINS = {OURS: (OURS,), "responses": (), "respx": ("respx",), "pytest_httpx": ("pytest_httpx",)}
_ROOT = Path(__file__).parents[2]
_WARNINGS = "\nimport pytest\npytestmark = pytest.mark.filterwarnings('{}::pytest_qbchat.QuickBloxWarning')\n"


class Way(NamedTuple):
    """One way of testing.

    Attributes:
        tool: What answers the calls.
        file: The test file, without `test_`.
        assertions: Which assertions it has.
        warnings: What becomes of a `QuickBloxWarning`: "error" or "always".
    """

    tool: str
    file: str
    assertions: str = ALL
    warnings: str = "error"


class Result(NamedTuple):
    """What came of one edit, tested in one way.

    Attributes:
        failure: Why the test failed; empty if it passed.
        warning: What was warned of; empty if nothing was.
    """

    failure: str
    warning: str


# By job, name of the edit (empty for the code as it should be), and way.
Results = dict[tuple[str, str, Way], Result]


def ways(job: Job, *, floors_only: bool) -> Iterator[Way]:
    """All ways in which a job is tested, or those that the floors need."""
    if floors_only:
        yield from (Way(OURS, "qbchat"), Way(OURS, "each_fault"), Way(OURS, "qbchat", NONE))
        return
    yield Way(OURS, "qbchat", warnings="always")
    for assertions in _ASSERTIONS:
        yield Way(OURS, "qbchat", assertions)
        yield Way(OURS, "each_fault", assertions)
        for stub in job.stubs:
            yield Way(stub, stub, assertions)


def run(jobs: list[Job], *, floors_only: bool = False) -> Results:
    """Run everything, on all cores.

    Raises:
        RuntimeError: A test fails on the code as it should be, or pytest itself failed.
    """
    tasks = []
    for job in jobs:
        by_tool: dict[str, list[Way]] = {}
        for way in ways(job, floors_only=floors_only):
            by_tool.setdefault(way.tool, []).append(way)
        tasks += [(job, each) for each in by_tool.values()]
    results: Results = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda task: _run(*task), tasks):
            results.update(found)
    return results


def _run(job: Job, some: list[Way]) -> Results:
    """Run the tests of one tool on a job and on all of its edits."""
    codes = {"": job.code, **{edit.name: edit.code for edit in job.edits}}
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        (folder / f"{job.name}.py").write_text(job.code, encoding="utf-8")
        for number, code in enumerate(codes.values()):
            (folder / f"{job.name}_{number}.py").write_text(code, encoding="utf-8")
        for index, way in enumerate(some):
            test = _ASSERTIONS[way.assertions](job.test(way.file))
            settings = _WARNINGS.format(way.warnings) if way.tool == OURS else ""
            (folder / f"test_{index}.py").write_text(test + settings, encoding="utf-8")
        found = _pytest(folder, some[0].tool, job.name, len(codes))
    files = {
        f"test_{index}.py {number}": (job.name, edit, way)
        for index, way in enumerate(some)
        for number, edit in enumerate(codes)
    }
    missing = files.keys() - found["failed"].keys() - set(found["passed"])
    if missing:
        raise RuntimeError(f"{job.name}, {some[0].tool}: no result for {len(missing)} tests, {min(missing)}")
    results = {
        place: Result(found["failed"].get(file, ""), found["warned"].get(file, "")) for file, place in files.items()
    }
    for (_, edit, way), result in results.items():
        if not edit and result.failure:
            raise RuntimeError(f"{job.name}: {way} fails on the code as it should be:\n{result.failure}")
    return results


def _pytest(folder: Path, tool: str, job: str, edits: int) -> dict[str, dict[str, str]]:
    results = folder / "results.json"
    environment = os.environ | {
        "DETECTION_JOB": job,
        "DETECTION_EDITS": str(edits),
        "DETECTION_RESULTS": str(results),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(_ROOT),
    }
    names = (*_PLUGINS[tool], "time_machine", "benchmarks.detection.recorder")
    plugins = [option for name in names for option in ("-p", name)]
    command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider", *plugins, "."]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    if done.returncode not in (0, 1) or not results.exists():
        raise RuntimeError(f"pytest ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    loaded: dict[str, dict[str, str]] = json.loads(results.read_text(encoding="utf-8"))
    return loaded
