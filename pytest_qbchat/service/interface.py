"""The interface of a fake for interceptors and servers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from pytest_qbchat.exceptions import CallRefused, ConnectionFault, as_fault
from pytest_qbchat.service.hosts import Hosts
from pytest_qbchat.service.wire import Request, Response


class Fake(Protocol):
    """An object that answers the calls of clients: the fake of a test, or its stand-in in a forked process.

    Attributes:
        hosts: The hosts whose calls are intercepted.
    """

    hosts: Hosts

    def handle(self, request: Request) -> Response:
        """Answer a request."""
        ...

    async def handle_async(self, request: Request) -> Response:
        """Answer a request of an asynchronous client."""
        ...

    def refuse(self, reason: str) -> CallRefused:
        """Record a call that is not let through, and return the error to raise."""
        ...

    def note_missing_timeout(self, method: str) -> None:
        """Warn that a call without a timeout gets no response: outside of a test it waits forever."""
        ...

    def raise_problems(self) -> None:
        """Raise an error if there are problems that were not reported yet."""
        ...


def record_refusal(fake: Fake, reason: str) -> None:
    """Record a refusal that the code under test does not get as an error."""
    with suppress(CallRefused):
        raise fake.refuse(reason)  # adds a traceback: unittest takes an error without one for a seen error


def fault_of(error: BaseException, refuse: Callable[[str], object]) -> ConnectionFault:
    """The fault that a client gets for an error of a custom route. Unless it is an OSError, the test fails too."""
    if fault := as_fault(error):
        return fault
    if not isinstance(error, OSError):
        refuse(f"a route of qbchat.router raised {type(error).__name__}: {error}")
    return ConnectionFault("timeout" if isinstance(error, TimeoutError) else "disconnect", str(error))
