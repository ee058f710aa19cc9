"""Refuses every call to QuickBlox outside of the `qbchat` fixture, if the ini option `qbchat_guard` is on."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, NoReturn

import pytest

from pytest_qbchat.exceptions import CallRefused
from pytest_qbchat.explain.problems import Problems, fail_skipped, omit_library_frames, report
from pytest_qbchat.intercept import Interception
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.hosts import Hosts
from pytest_qbchat.service.wire import Request

_REMEDY = "use the qbchat fixture in this test, or replace the code that makes the call"


class SuiteGuard:
    """An intercepted fake that answers nothing. Fakes that are entered later take precedence.

    Attributes:
        hosts: The hosts that belong to QuickBlox.
        problems: The refused calls.
        caller: Who calls, in the texts of refusals.
    """

    def __init__(self, hosts: Iterable[str]) -> None:
        """Make a guard for `*.quickblox.com` and further hosts. Raises ValueError if a host is malformed."""
        self.hosts = Hosts(hosts)
        self.problems = Problems()
        self.caller = "code outside of the tests"

    def handle(self, request: Request) -> NoReturn:
        """Refuse a request by its method and URL."""
        __tracebackhide__ = True
        url = Call(request).masked(request.url)
        raise self._refused(f"{self.caller} called {request.method} {url} without the qbchat fixture")

    async def handle_async(self, request: Request) -> NoReturn:
        """Refuse a request of an asynchronous client."""
        __tracebackhide__ = True
        self.handle(request)

    def refuse(self, reason: str) -> CallRefused:
        """Refuse a call that no interceptor catches."""
        return self._refused(f"{self.caller} called QuickBlox without the qbchat fixture: {reason.splitlines()[0]}")

    def raise_problems(self) -> None:
        """Raise AssertionError for calls that were refused outside a test."""
        self.problems.raise_all()

    def _refused(self, text: str) -> CallRefused:
        return self.problems.refuse(f"{text}\n  {_REMEDY}")


class SuiteGuardHooks:
    """Hooks that refuse calls to QuickBlox from the collection to the end; the fakes of fixtures take precedence."""

    def __init__(self, config: pytest.Config) -> None:
        try:
            self._guard = SuiteGuard(config.getini("qbchat_hosts"))
        except ValueError as error:
            raise pytest.UsageError(f"qbchat_hosts: {error}") from None
        self._interception = Interception(self._guard)
        self._interception.__enter__()

    def pytest_unconfigure(self) -> None:
        """Let calls through again."""
        self._guard.problems.drain()
        self._interception.__exit__(None, None, None)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Fail the collection of a module that called QuickBlox when it was imported."""
        collected = yield
        if (problems := self._guard.problems.drain()) and not collected.failed:
            collected.outcome, collected.longrepr = "failed", report(problems)
        return collected

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Generator[None, Any, Any]:
        """Say who calls. A call between two tests fails the second."""
        self._guard.caller = "this test"
        try:
            return (yield)
        finally:
            self._guard.caller = "code outside of the tests"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Fail a phase of a test for refused calls whose exceptions the code under test caught."""
        result = yield
        self._guard.problems.fail_unreported(item)
        return result

    pytest_runtest_setup = pytest_runtest_teardown = pytest_runtest_call

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show the refused calls that did not fail the phase themselves, and fail a skipped test for them."""
        if call.excinfo is not None:
            call.excinfo = omit_library_frames(call.excinfo)
        test_report = yield
        fail_skipped(test_report, self._guard.problems, item)
        if call.excinfo is not None and (problems := self._guard.problems.pop_unreported(item)):
            test_report.sections.append((f"Captured qbchat {call.when}", report(problems)))
        return test_report

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # after the summary
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Fail the run for calls that were refused after the last test."""
        yield
        if problems := self._guard.problems.drain():
            pytest.exit(report(problems), max(session.exitstatus, pytest.ExitCode.TESTS_FAILED))
