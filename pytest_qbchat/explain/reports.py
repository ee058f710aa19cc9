"""Adds the conversation to pytest's reports, and summarizes a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pytest_qbchat.explain.problems import Problems
from pytest_qbchat.service.calls import Call

if TYPE_CHECKING:
    import pytest


def count_calls(report: pytest.TestReport, calls: Sequence[Call]) -> None:
    """Add the numbers for the summary of the run. The workers of pytest-xdist send all attributes of a report."""
    if report.when == "call" and calls:
        vars(report)["qbchat"] = {
            "posted": sum(call.message is not None for call in calls),
            "refused": sum(bool(call.reason) for call in calls),
            "warnings": sum(len(call.warnings) for call in calls),
        }


def add_conversation(report: pytest.TestReport, transcript: str, problems: Problems) -> None:
    """Add the conversation to the failure itself, so that it reaches JUnit XML, Allure and pytest-html too."""
    # The transcript does not show problems without a call.
    others = [f"refused: {problem.text}" for problem in problems.drain() if problem.call is None]
    text = "\n".join([transcript, *others])
    title = f"Captured qbchat {report.when}"
    failure: Any = report.longrepr
    if hasattr(failure, "addsection"):
        failure.addsection(title, text)
    else:
        report.sections.append((title, text))


def summary(reports: Iterable[pytest.TestReport]) -> str:
    """What the tests posted: `qbchat: 3 messages posted, 1 call not accepted, 2 warnings in 2 tests`."""
    # Subtests and reruns have reports of their own; the last one of each test counts.
    numbers = list({report.nodeid: vars(report)["qbchat"] for report in reports}.values())
    totals = {name: sum(each[name] for each in numbers) for name in ("posted", "refused", "warnings")}
    parts = [count(totals["posted"], "message") + " posted"]
    if totals["refused"]:
        parts.append(f"{count(totals['refused'], 'call')} not accepted")
    if totals["warnings"]:
        parts.append(count(totals["warnings"], "warning"))
    return f"qbchat: {', '.join(parts)} in {count(len(numbers), 'test')}"


def count(number: int, noun: str) -> str:
    """A number of things: `1 message`, `2 messages`, `2 pushes`."""
    return f"{number} {noun}{'' if number == 1 else 'es' if noun.endswith('sh') else 's'}"
