"""Refuses calls to QuickBlox outside of the `qbchat` fixture. The plugin's audit hook asks it about each address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import currentframe
from traceback import walk_stack
from typing import Any

import pytest

from pytest_qbchat.explain.call_site import began_in, is_between
from pytest_qbchat.explain.problems import Problems, report
from pytest_qbchat.intercept import is_any_fake_active
from pytest_qbchat.intercept.guard import EVENTS, raise_refusal
from pytest_qbchat.service.hosts import Hosts
from pytest_qbchat.service.masking import mask_fields


class SuiteGuard:
    """Refuses calls while no fake is active, and reports those whose exceptions the code under test caught."""

    def __init__(self, hosts: Iterable[str]) -> None:
        """Make a guard for `*.quickblox.com` and further hosts. Raises ValueError if a host is malformed."""
        self.problems = Problems()
        self._late = Problems()  # of threads that outlived their test: they fail the run, and no other test
        self._hosts = Hosts(hosts)

    def check(self, event: str, arguments: tuple[Any, ...], item: pytest.Item | None) -> None:
        """Refuse the call of an audit event if it names a QuickBlox host. Allow it if the nearest `live` is true."""
        __tracebackhide__ = True
        host, port = EVENTS[event](*arguments)
        given = [] if item is None else [marker.kwargs.get("live") for marker in item.iter_markers("qbchat")]
        is_live = next((each for each in given if each is not None), False)
        if is_live or not self._hosts.own(host, port) or is_any_fake_active():
            return
        if test := began_in():
            text = f"a thread that began in {test} called {_request() or host}\n  let that test wait for its thread"
            raise_refusal(self._late.refuse(text))
        caller, remedy = "code outside of the tests", "make the call in a test that takes the fixture qbchat"
        if item is not None:
            live = "mark it with @pytest.mark.qbchat(live=True) if it means QuickBlox"
            caller, remedy = "this test", f"take the fixture qbchat in this test, or {live}"
        text = f"{caller} called {_request() or host} without the qbchat fixture\n  {remedy}"
        raise_refusal(self.problems.refuse(text))

    def complete(self, test_report: pytest.TestReport, item: pytest.Item, error: BaseException | None) -> None:
        """Fail a phase of a test for refused calls whose exceptions the code caught, or show them in its failure."""
        unreported = [problem for problem in self.problems.pop_unreported(item) if problem.error is not error]
        if not unreported:
            return
        if test_report.failed:
            test_report.sections.append((f"Captured qbchat {test_report.when}", report(unreported)))
        else:
            test_report.outcome, test_report.longrepr = "failed", report(unreported)

    def complete_collection(self, collected: pytest.CollectReport) -> None:
        """Fail the collection of a module for calls that it made when it was imported."""
        if (problems := self.problems.drain()) and not collected.failed:
            collected.outcome, collected.longrepr = "failed", report(problems)

    def finish(self, session: pytest.Session) -> None:
        """Fail the run for calls that were refused after the last test."""
        if problems := [*self._late.drain(), *self.problems.drain()]:
            pytest.exit(report(problems), max(session.exitstatus, pytest.ExitCode.TESTS_FAILED))


def _request() -> str:
    """Method and URL of the request that a client on the stack is sending; empty if they are not known."""
    found = ""
    for frame, _ in walk_stack(currentframe()):
        for method, url in _requests(frame.f_locals) if is_between(frame) else ():
            if isinstance(method, str) and "://" in str(url):
                found = f"{method.upper()} {mask_fields(str(url))}"
    return found


def _requests(names: Mapping[str, Any]) -> list[tuple[object, object]]:
    """The methods and URLs in the local variables of a client: its own, and those of a request."""
    request = names.get("request", names.get("req"))
    url = getattr(request, "full_url", getattr(request, "url", None))  # of urllib, and of others
    method = request.get_method() if hasattr(request, "get_method") else getattr(request, "method", None)
    return [(method, url), (names.get("method"), names.get("url"))]
