"""The ways into the fake: one module for each HTTP library, a transport, and the guard against all the rest."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from pytest_qbchat.intercept import guard, httpx
from pytest_qbchat.intercept.seams import Seams
from pytest_qbchat.problems import report

if TYPE_CHECKING:
    from pytest_qbchat.fake import FakeQuickBlox


class Interception:
    """While it is entered, calls to QuickBlox reach a fake, and no library reaches a QuickBlox host.

    Attributes:
        active: Whether it is entered. Replaced functions that somebody kept are inert when it is not.
    """

    def __init__(self, fake: FakeQuickBlox) -> None:
        self.active = False
        self._fake = fake
        self._seams = Seams([*httpx.seams(fake, self), *guard.seams(fake, self)])

    def __enter__(self) -> FakeQuickBlox:
        self.active = True
        self._seams.patch()
        return self._fake

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        self._seams.restore()
        self.active = False
        problems = self._fake.problems.take()
        if problems and error is None:
            raise AssertionError(report(problems))

    def come_first(self) -> None:
        """Put the fake before any other mock that has been put over it since it was entered.

        Such a mock still gets every call that is not QuickBlox's. Undone by `step_back`.
        """
        self._seams.patch()

    def step_back(self) -> None:
        """Undo `come_first`, before that other mock undoes itself."""
        self._seams.restore()
