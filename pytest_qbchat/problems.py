"""What must fail the test even if the code under test catches it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from pytest_qbchat.errors import CallRefused

if TYPE_CHECKING:
    from pytest_qbchat.calls import Call


@dataclass(slots=True, eq=False)
class Problem:
    """One thing that went wrong.

    Attributes:
        text: What happened and what to write instead; masked.
        call: The call it happened to, if one reached the fake.
        error: What was raised in the code under test, if anything was.
    """

    text: str
    call: Call | None = None
    error: CallRefused | None = None

    def reached(self, file: str, function: str) -> bool:
        """Whether the error came up to a function, which has then seen it, caught or not.

        Args:
            file: The file of the function.
            function: Its name.
        """
        traceback: TracebackType | None = None if self.error is None else self.error.__traceback__
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if code.co_filename == file and code.co_name == function:
                return True
            traceback = traceback.tb_next
        return False


class Problems:
    """The problems of one fake that nobody has reported yet."""

    def __init__(self) -> None:
        self._open: list[Problem] = []

    def add(self, text: str, *, call: Call | None = None, error: CallRefused | None = None) -> None:
        """Note a problem."""
        self._open.append(Problem(text, call, error))

    def take(self) -> list[Problem]:
        """The problems that are open, which from now on count as reported."""
        taken, self._open[:] = self._open[:], []
        return taken

    @contextmanager
    def expect(self, method: str | None, path: str | None) -> Iterator[None]:
        """Take back the refusals of a block, and fail if there were none of this method and path."""
        __tracebackhide__ = True
        before = len(self._open)
        try:
            yield
        except CallRefused as error:
            if all(problem.error is not error for problem in self._open[before:]):
                raise  # another fake's
        expected = [problem for problem in self._open[before:] if _is_refusal(problem, method, path)]
        if not expected:
            wanted = " ".join(filter(None, (method, path))) or "at all"
            raise AssertionError(f"expected the fake to refuse a call, and it refused none {wanted}")
        self._open[:] = [problem for problem in self._open if problem not in expected]


def report(problems: list[Problem]) -> str:
    """All problems in one text, each once."""
    lines = dict.fromkeys(problem.text for problem in problems)
    return "\n".join(["QuickBlox calls that the code under test got wrong:", *(f"- {line}" for line in lines)])


def _is_refusal(problem: Problem, method: str | None, path: str | None) -> bool:
    if problem.error is None:
        return False
    if method is None and path is None:
        return True
    call = problem.call
    return call is not None and method in (None, call.method) and path in (None, call.path)
