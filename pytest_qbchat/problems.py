"""What must fail the test even if the code under test catches it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from pytest_qbchat.errors import CallRefused
from pytest_qbchat.stack import called_at

if TYPE_CHECKING:
    from pytest_qbchat.service.calls import Call


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
            file: The name of the function's file, without its folder: byte code may have been made elsewhere.
            function: Its name.
        """
        if self.error is None:
            return False
        traceback = self.error.__traceback__
        if traceback is None:  # unittest's assertRaises takes it off what it caught
            return True
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if Path(code.co_filename).name == file and code.co_name == function:
                return True
            traceback = traceback.tb_next
        return False


class Problems:
    """The problems of one fake that nobody has reported yet."""

    def __init__(self) -> None:
        self._open: list[Problem] = []

    def add(self, text: str, *, call: Call | None = None, error: CallRefused | None = None) -> None:
        """Note a problem of the code under test, which is on the stack."""
        self._open.append(Problem("\n".join(filter(None, (text, called_at()))), call, error))

    def take(self) -> list[Problem]:
        """The problems that are open, which from now on count as reported."""
        taken, self._open[:] = self._open[:], []
        return taken

    def expect(self, method: str | None, path: str | None) -> Expectation:
        """A context manager that takes back the refusals of its block, and fails if there were none like that."""
        return Expectation(self._open, method, path)


class Expectation:
    """The refusal of a call that a test expects within a block."""

    def __init__(self, problems: list[Problem], method: str | None, path: str | None) -> None:
        self._problems = problems
        self._method = method
        self._path = path
        self._before = 0

    def __enter__(self) -> None:
        self._before = len(self._problems)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        __tracebackhide__ = True
        refused = [problem for problem in self._problems[self._before :] if self._expects(problem)]
        self._problems[:] = [problem for problem in self._problems if problem not in refused]
        if error is not None:
            return any(problem.error is error for problem in refused)
        if not refused:
            wanted = " ".join(filter(None, (self._method, self._path))) or "at all"
            raise AssertionError(f"expected the fake to refuse a call, and it refused none {wanted}")
        return False

    def _expects(self, problem: Problem) -> bool:
        if problem.error is None:
            return False
        if self._method is None and self._path is None:
            return True
        call = problem.call
        return call is not None and self._method in (None, call.method) and self._path in (None, call.path)


def report(problems: list[Problem]) -> str:
    """All problems in one text, each once."""
    return "\n".join(dict.fromkeys(problem.text for problem in problems))
