"""Adds the conversation to pytest's reports, sums up a run, and writes its page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pytest_qbchat.page import page
from pytest_qbchat.service.masking import mask_fields

if TYPE_CHECKING:
    from pytest_qbchat.explain.problems import Problems


_POSTED = re.compile(r"E +\+ (?! )")  # and not "+  where", which pytest writes


class _Fake(page.Source, Protocol):
    """What a report shows of a fake."""

    problems: Problems

    def transcript(self) -> str: ...


def complete(report: pytest.TestReport, fake: _Fake, *, shown: bool, on_page: bool) -> None:
    """Add the conversation if it is to be shown, numbers for the summary of the run, and what the page shows.

    The conversation is part of the failure itself, so that it reaches JUnit XML, Allure and pytest-html too.
    """
    if on_page:
        of_test = page.conversation(fake) if report.when == "teardown" else {}
        vars(report)["qbchat_page"] = {**of_test, "failure": fake.masked(_failure(report))}
    if report.when == "call" and (calls := fake.calls):
        # The workers of pytest-xdist send all attributes of a report.
        vars(report)["qbchat"] = {
            "posted": sum(call.message is not None for call in calls),
            "refused": sum(bool(call.reason) for call in calls),
            "warnings": sum(len(call.warnings) for call in calls),
        }
    if not shown:
        return
    try:
        conversation = fake.transcript()
    except Exception as error:
        conversation = f"the conversation cannot be shown: {error!r}"
    # The transcript does not show problems without a call.
    others = [f"refused: {problem.text}" for problem in fake.problems.drain() if problem.call is None]
    text = "\n".join([conversation, *others])
    title = f"Captured qbchat {report.when}"
    failure: Any = report.longrepr
    if hasattr(failure, "addsection"):
        failure.addsection(title, text)
    else:
        report.sections.append((title, text))


class _DifferencesInColour:
    """A terminal writer that shows what was posted in green, as pytest does in comparisons, and not in red."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def line(self, text: str = "", **markup: bool) -> None:
        posted = _POSTED.match(text) is not None
        self._writer.line(text, **({**markup, "red": False, "green": True} if posted else markup))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


def in_colour(report: pytest.TestReport) -> None:
    """Let a terminal show the differences of a failure in colour. Its text stays free of escape sequences."""
    failure: Any = report.longrepr
    if hasattr(failure, "toterminal"):
        show = failure.toterminal
        failure.toterminal = lambda writer: show(_DifferencesInColour(writer))


def summary(reports: Iterable[pytest.TestReport]) -> str:
    """What the tests posted: `qbchat: 3 messages posted, 1 call not accepted, 2 warnings in 2 tests`."""
    # Subtests and reruns have reports of their own; the last one of each test counts.
    numbers = list({report.nodeid: vars(report)["qbchat"] for report in reports}.values())
    totals = {name: sum(each[name] for each in numbers) for name in ("posted", "refused", "warnings")}
    parts = [_count(totals["posted"], "message") + " posted"]
    if totals["refused"]:
        parts.append(f"{_count(totals['refused'], 'call')} not accepted")
    if totals["warnings"]:
        parts.append(_count(totals["warnings"], "warning"))
    return f"qbchat: {', '.join(parts)} in {_count(len(numbers), 'test')}"


_NEW_TEST: dict[str, Any] = {
    "outcome": "passed", "seconds": 0.0, "people": {}, "dialogs": [], "calls": [],
}  # fmt: skip


class HtmlReport:
    """Hooks that write the page of a run. With pytest-xdist it is written by the process that started the workers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tests: dict[str, dict[str, Any]] = {}
        self._result = f"the conversations are in {path}"
        self._shown: set[str] = set()  # the tests that used the fake, or whose worker crashed
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.open("a").close()
        except OSError as error:
            raise pytest.UsageError(f"--qbchat-report: {path} is not a file to write: {error.strerror}") from None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what a phase of a test reports. A rerun of a test begins with another setup."""
        nodeid = report.nodeid
        if report.when == "setup" or nodeid not in self._tests:
            self._tests[nodeid] = {**_NEW_TEST, "id": nodeid, "failures": []}
        test = self._tests[nodeid]
        test["seconds"] += report.duration
        shown = vars(report).pop("qbchat_page", {})
        if shown or report.when not in ("setup", "call", "teardown"):
            self._shown.add(nodeid)
        # The reason of an xfail is not known when the worker makes its part.
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

    def pytest_sessionfinish(self) -> None:
        """Write the page."""
        tests = [test for nodeid, test in self._tests.items() if nodeid in self._shown]
        try:
            self._path.write_text(page.html("QuickBlox conversations of a test run", tests), encoding="utf-8")
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


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
