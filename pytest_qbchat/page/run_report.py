"""Writes the page of a run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from shlex import join
from typing import Any

import pytest

from pytest_qbchat.page import page
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.masking import mask_fields
from pytest_qbchat.service.store import Store


def add_page(report: pytest.TestReport, store: Store, calls: Sequence[Call]) -> None:
    """Add the data for the page to a report: the failure, and at the end of the test the conversation."""
    of_test = page.conversation(store, calls) if report.when == "teardown" else {}
    vars(report)["qbchat_page"] = {**of_test, "failure": store.secrets.mask(_failure(report))}


_NEW_TEST: dict[str, Any] = {"outcome": "passed", "seconds": 0.0, "people": {}, "dialogs": [], "calls": []}


class HtmlReport:
    """Hooks that write the page of a run. With pytest-xdist it is written by the process that started the workers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tests: dict[str, dict[str, Any]] = {}
        self._result = f"the conversations are in {path}"
        self._shown: set[str] = set()  # the tests that used the fake, or whose worker crashed
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            former = path.exists()
            path.open("a").close()
            if not former:  # an empty page would be left behind if the process was killed
                path.unlink()
        except OSError as error:
            raise pytest.UsageError(f"--qbchat-report: {path} is not a file to write: {error.strerror}") from None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the report of a phase of a test. Another setup means a rerun, which replaces the first run."""
        nodeid = report.nodeid
        if report.when == "setup" or nodeid not in self._tests:
            self._tests[nodeid] = {**_NEW_TEST, "id": nodeid, "failures": []}
        test = self._tests[nodeid]
        test["seconds"] += report.duration
        shown = vars(report).pop("qbchat_page", {})
        if shown or report.when not in ("setup", "call", "teardown"):
            self._shown.add(nodeid)
        # The reason of an xfail is not yet known in `add_page`.
        text = (report.failed and shown.get("failure")) or mask_fields(_failure(report))
        if text:
            title = (report.head_line or "").removeprefix(report.location[2]).strip()  # of a subtest
            test["failures"].append({"title": title, "text": text, "failed": report.failed})
        test.update({name: value for name, value in shown.items() if name != "failure"})
        if report.failed:
            test["outcome"] = "error" if report.when in ("setup", "teardown") else "failed"
        elif report.skipped:
            test["outcome"] = "xfailed" if hasattr(report, "wasxfail") else "skipped"
        elif hasattr(report, "wasxfail"):
            test["outcome"] = "xpassed"

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the page."""
        tests = [test for nodeid, test in self._tests.items() if nodeid in self._shown]
        versions = (
            f"Python {sys.version.split()[0]}, pytest {pytest.__version__}, pytest-qbchat {version('pytest-qbchat')}"
        )
        command = mask_fields(join(["pytest", *session.config.invocation_params.args]))
        run = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {versions}: {command}"
        try:
            beside = self._path.with_name(f"{self._path.name}.part")
            beside.write_text(page.html("QuickBlox conversations of a test run", tests, run=run), encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            self._result = f"the page {self._path} could not be written: {error.strerror}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the page is."""
        terminalreporter.line(f"qbchat: {self._result}")


def _failure(report: pytest.TestReport) -> str:
    """The text of a failure without its traceback, or why a test was skipped or expected to fail."""
    if hasattr(report, "wasxfail"):
        return f"expected to fail: {report.wasxfail}".removesuffix(": ")
    if report.skipped:
        return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message)
    return str(report.longrepr) if report.failed else ""
