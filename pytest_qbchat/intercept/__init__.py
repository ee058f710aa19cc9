"""The ways into the fake: a module for each family of HTTP libraries, a transport, the guard against all the rest."""

from __future__ import annotations

from functools import cache
from types import TracebackType
from typing import Generic, TypeVar

from pytest_qbchat.intercept import asyncio_clients, guard, http_client, httpx, niquests
from pytest_qbchat.intercept.patching import InterceptedFake, Patcher

R = TypeVar("R", bound=InterceptedFake)


@cache
def _patcher() -> Patcher:
    return Patcher(
        [
            *httpx.patch_points(),
            *http_client.patch_points(),
            *asyncio_clients.patch_points(),
            *niquests.patch_points(),
            *guard.patch_points(),
        ]
    )


class Interception(Generic[R]):
    """While it is entered, calls to QuickBlox reach a fake, and no library reaches a QuickBlox host."""

    def __init__(self, fake: R) -> None:
        self._fake = fake

    def __enter__(self) -> R:
        _patcher().enter(self._fake)
        return self._fake

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        _patcher().leave(self._fake)
        if error is None:
            self._fake.raise_problems()

    def repatch(self) -> None:
        """Put the fake before any other mock that has been put over it since it was entered.

        Such a mock still gets every call that is not QuickBlox's. Undone by `undo_repatch`.
        """
        _patcher().patch()

    def undo_repatch(self) -> None:
        """Undo `repatch`, before that other mock undoes itself."""
        _patcher().restore()
