"""The ways into the fake: a module for each family of HTTP libraries, a transport, the guard against all the rest."""

from __future__ import annotations

from functools import cache
from types import TracebackType
from typing import Generic, TypeVar

from pytest_qbchat.intercept import asyncio_clients, guard, http_client, httpx, niquests
from pytest_qbchat.intercept.patching import Receiver, Seams

R = TypeVar("R", bound=Receiver)


@cache
def _seams() -> Seams:
    return Seams([*httpx.seams(), *http_client.seams(), *asyncio_clients.seams(), *niquests.seams(), *guard.seams()])


class Interception(Generic[R]):
    """While it is entered, calls to QuickBlox reach a fake, and no library reaches a QuickBlox host."""

    def __init__(self, fake: R) -> None:
        self._fake = fake

    def __enter__(self) -> R:
        _seams().enter(self._fake)
        return self._fake

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        _seams().leave(self._fake)
        if error is None:
            self._fake.raise_problems()

    def come_first(self) -> None:
        """Put the fake before any other mock that has been put over it since it was entered.

        Such a mock still gets every call that is not QuickBlox's. Undone by `step_back`.
        """
        _seams().patch()

    def step_back(self) -> None:
        """Undo `come_first`, before that other mock undoes itself."""
        _seams().restore()
