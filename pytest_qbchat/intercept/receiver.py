"""What the ways in ask of the fake."""

from __future__ import annotations

from typing import Protocol

from pytest_qbchat.intercept.hosts import Hosts
from pytest_qbchat.service.wire import Request, Response


class Receiver(Protocol):
    """Whoever answers the calls that were caught.

    Attributes:
        hosts: Which URLs to catch.
    """

    hosts: Hosts

    def handle(self, request: Request) -> Response:
        """Answer a request."""
        ...

    async def handle_async(self, request: Request) -> Response:
        """Answer a request of an asynchronous client."""
        ...

    def refuse(self, reason: str) -> Exception:
        """Note a call that is not let through, and make the error to raise."""
        ...

    def raise_problems(self) -> None:
        """Raise what has to fail and was not reported yet."""
        ...
