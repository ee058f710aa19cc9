"""What must fail the test even if the code under test catches it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from pytest_qbchat.exceptions import CallRefused
from pytest_qbchat.report.call_site import called_at

if TYPE_CHECKING:
    import pytest

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

    def reached(self, item: pytest.Item) -> bool:
        """Whether the error came up to the function of a test, which has then seen it, caught or not."""
        if self.error is None:
            return False
        traceback = self.error.__traceback__
        if traceback is None:  # taken off by assertRaises, which a unittest has called
            return _is_unittest(item)
        function = getattr(item, "function", None)
        code = getattr(inspect.unwrap(function), "__code__", None) if function else None
        # Wrapped by hypothesis and its like, a function is known by its name. Byte code may have been made elsewhere.
        name = getattr(item, "originalname", None) or item.name
        while traceback is not None:
            here = traceback.tb_frame.f_code
            if here is code or (here.co_name == name and Path(here.co_filename).name == item.path.name):
                return True
            traceback = traceback.tb_next
        return False


def _is_unittest(item: pytest.Item) -> bool:
    unittest = sys.modules.get("unittest")
    cls = getattr(item, "cls", None)
    return unittest is not None and cls is not None and issubclass(cls, unittest.TestCase)


class Problems:
    """The problems of one fake that nobody has reported yet."""

    def __init__(self) -> None:
        self._open: list[Problem] = []

    def add(self, text: str, *, call: Call | None = None, error: CallRefused | None = None) -> None:
        """Note a problem of the code under test, which is on the stack."""
        self._open.append(Problem("\n".join(filter(None, (text, called_at()))), call, error))

    def take_unseen(self, item: pytest.Item) -> list[Problem]:
        """The open problems that a test has not seen. Of a call that is tried again the last refusal is enough."""
        problems = self.take()
        seen = {problem.text for problem in problems if problem.reached(item)}
        return [problem for problem in problems if problem.text not in seen]

    def take(self) -> list[Problem]:
        """The problems that are open, which from now on count as reported."""
        taken, self._open[:] = self._open[:], []
        return taken

    def expect(self, method: str | None, path: str | None) -> Expectation:
        """A context manager that takes back the refusals of its block, and fails if there were none like that."""
        __tracebackhide__ = True
        return Expectation(self._open, method, path)


class Expectation:
    """The refusal of a call that a test expects within a block."""

    def __init__(self, problems: list[Problem], method: str | None, path: str | None) -> None:
        if method is not None and method != method.upper():
            raise ValueError(f"{method!r} is no method: write {method.upper()!r}")
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
            return all(any(leaf is problem.error for problem in refused) for leaf in _leaves(error))
        if not refused:
            wanted = " ".join(filter(None, (self._method, self._path))) or "a call"
            calls = [problem.call for problem in self._problems[self._before :] if problem.call]
            instead = ", ".join(f"{call.method} {call.path}" for call in calls) or "nothing"
            raise AssertionError(f"expected the fake to refuse {wanted}, and it refused {instead}")
        return False

    def _expects(self, problem: Problem) -> bool:
        if problem.error is None:
            return False
        if self._method is None and self._path is None:
            return True
        call = problem.call
        return call is not None and self._method in (None, call.method) and self._path in (None, call.path)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """An error, or those of which a group consists."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def report(problems: list[Problem]) -> str:
    """All problems in one text, each once."""
    return "\n".join(dict.fromkeys(problem.text for problem in problems))
