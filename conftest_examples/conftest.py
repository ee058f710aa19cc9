from collections.abc import Iterator
from pathlib import Path

import pytest

FIRST = "first_message/test_shop.py::test_the_customer_is_notified"
FAILING = "failures/test_failures.py::test_forgotten_send_to_chat"
posted: list[str] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Iterator[None]:
    yield
    if item.nodeid.endswith(FIRST):
        posted.append(item.funcargs["qbchat"].transcript())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """After a run of all examples, show what the first one posted, what a failing test prints, and where to go on."""
    stats = terminalreporter.stats
    failing = [report.longreprtext for report in stats.get("xfailed", []) if report.nodeid.endswith(FAILING)]
    if not posted or not failing:
        return
    run, wrong = (
        {Path(report.fspath).parent.name for outcome in outcomes for report in stats.get(outcome, [])}
        for outcomes in (("passed", "xfailed"), ("failed", "error"))
    )
    terminalreporter.section(f"posted in {FIRST}")
    terminalreporter.line(posted[0])
    terminalreporter.section(f"how a test fails: {FAILING}")
    terminalreporter.line(failing[0])
    terminalreporter.section(f"{len(run - wrong)} of {len(run | wrong)} examples passed")
    terminalreporter.line("conftest_examples/README.md lists the examples. docs/guide.md is an index of the guide.")
    terminalreporter.line("`pytest conftest_examples/failures --runxfail` shows more tests that fail.")
