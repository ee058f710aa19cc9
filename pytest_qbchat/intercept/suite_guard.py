"""Refuses every call to QuickBlox, for the tests without the `qbchat` fixture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from pytest_qbchat.exceptions import CallRefused
from pytest_qbchat.intercept.hosts import Hosts
from pytest_qbchat.report.problems import Problems
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.masking import mask_url
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
        url = mask_url(Call(request).masked(request.url))
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
