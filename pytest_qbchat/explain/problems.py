"""Problems that fail the test even if the code under test catches their exceptions."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from types import CodeType, FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from pytest_qbchat.exceptions import CallRefused
from pytest_qbchat.explain.call_site import Place, called_at, is_between
from pytest_qbchat.service.calls import Call

if TYPE_CHECKING:
    import pytest

# The parts of this package that raise errors at a test.
_FAKE = tuple(f"pytest_qbchat.{folder}" for folder in ("fake", "each_fault", "explain", "intercept"))


@dataclass(slots=True, eq=False)
class Problem:
    """A refused call, or a warning that the test turns into an error."""

    text: str  # the description, with a suggestion; masked
    place: Place | None = None  # the line of the code under test that made the call, if known
    call: Call | None = None  # if it reached the fake
    error: CallRefused | None = None  # what was raised in the code under test, if anything

    def reached(self, item: pytest.Item) -> bool:
        """Whether the exception reached the test function, which may have caught it."""
        if self.error is None:
            return False
        if self.error.__traceback__ is None:  # assertRaises of unittest removes it
            return hasattr(getattr(item, "cls", None), "assertRaises")
        return any(_is_test_function(frame.f_code, item) for frame, _ in walk_tb(self.error.__traceback__))


def _is_test_function(code: CodeType, item: pytest.Item) -> bool:
    function = getattr(item, "function", None)
    if function is not None and code is getattr(inspect.unwrap(function), "__code__", None):
        return True
    # hypothesis and other decorators replace the function, but keep its name and file.
    name = getattr(item, "originalname", None) or item.name
    return code.co_name == name and Path(code.co_filename).name == item.path.name


class Problems(list[Problem]):
    """The unreported problems of one fake, oldest first."""

    def add(self, text: str, *, call: Call | None = None, error: CallRefused | None = None) -> None:
        """Record a problem. The code under test is on the stack."""
        place = called_at()
        self.append(Problem("\n".join(map(str, filter(None, (text, place)))), place, call, error))

    def refuse(self, text: str, call: Call | None = None) -> CallRefused:
        """Record a refused call, and return the error to raise in the code under test."""
        error = CallRefused(text)
        self.add(text, call=call, error=error)
        return error

    def pop_unreported(self, item: pytest.Item) -> list[Problem]:
        """Remove all problems, and return those whose exceptions did not reach the test function.

        If a call was retried, its refusals have the same text: if one of them reached the function, none is returned.
        """
        problems = self.drain()
        seen = {problem.text for problem in problems if problem.reached(item)}
        return [problem for problem in problems if problem.text not in seen]

    def fail_unreported(self, item: pytest.Item) -> None:
        """Fail the test for problems whose exceptions did not reach its function."""
        if unreported := self.pop_unreported(item):
            import pytest  # noqa: PLC0415 - the fake works without it

            failure: Any = pytest.fail.Exception(report(unreported), pytrace=False)
            failure.place = unreported[0].place
            raise failure

    def drain(self) -> list[Problem]:
        """Remove and return all problems."""
        drained, self[:] = self[:], []
        return drained


class Expectation:
    """A `with` block in which a test expects the refusal of a call."""

    def __init__(self, problems: Problems, method: str | None, path: str | None) -> None:
        if method is not None and method != method.upper():
            raise ValueError(f"unknown method {method!r}; expected {method.upper()!r}")
        self._problems = problems
        self._method = method
        self._path = path
        self._before = 0

    def __enter__(self) -> None:
        self._before = len(self._problems)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        inside = self._problems[self._before :]
        refused = [problem for problem in inside if self._expects(problem)]
        others = [problem for problem in inside if problem not in refused]
        self._problems[self._before :] = others
        if error is not None:
            return all(any(leaf is problem.error for problem in refused) for leaf in _leaves(error))
        if not refused:
            expected = " ".join(filter(None, (self._method, self._path))) or "a call"
            calls = [problem.call for problem in others if problem.call]
            actual = ", ".join(f"{call.method} {call.path}" for call in calls) or "nothing"
            raise AssertionError(f"expected the fake to refuse {expected}, but it refused {actual}")
        return False

    def _expects(self, problem: Problem) -> bool:
        if problem.error is None:
            return False
        if self._method is None and self._path is None:
            return True
        call = problem.call
        return call is not None and self._method in (None, call.method) and self._path in (None, call.path)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The exception itself, or the exceptions in a group of exceptions."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def fail_skipped(test_report: pytest.TestReport, problems: Problems, item: pytest.Item) -> None:
    """Fail a skipped test for problems whose exceptions did not reach it. An xfail test is expected to fail."""
    skipped = test_report.skipped and not hasattr(test_report, "wasxfail")
    if skipped and (unreported := problems.pop_unreported(item)):
        test_report.outcome, test_report.longrepr = "failed", report(unreported)


def point_to_call(test_report: pytest.TestReport, failure: BaseException) -> None:
    """Let `--tb=line` and annotations, which show one line of a failure, show the line that made the call."""
    place, crash = getattr(failure, "place", None), getattr(test_report.longrepr, "reprcrash", None)
    if isinstance(place, Place) and crash is not None:
        crash.path, crash.lineno = str(place.path), place.line


def omit_frames(failure: pytest.ExceptionInfo[BaseException]) -> pytest.ExceptionInfo[BaseException]:
    """The failure of a test without the frames of the fake, and for a refusal without those of HTTP libraries too.

    The frames of `service` stay: the only error that it raises on purpose is for a wrong argument.
    """
    import pytest  # noqa: PLC0415 - the fake works without it

    changed = False
    for error in _chain(failure.value):
        is_omitted = is_between if isinstance(error, CallRefused) else _is_of_fake
        entries = [*_entries(error.__traceback__)]
        kept = [entry for entry in entries if not is_omitted(entry.tb_frame)]
        if kept and kept != entries:
            error.__traceback__ = kept[0]
            changed = changed or error is failure.value
            for entry, following in zip(kept, [*kept[1:], None], strict=True):
                entry.tb_next = following
    return pytest.ExceptionInfo.from_exception(failure.value) if changed else failure


def _entries(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _is_of_fake(frame: FrameType) -> bool:
    name: str = frame.f_globals.get("__name__", "")
    return name.startswith(_FAKE)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, its causes or contexts, and those in groups."""
    while error is not None:
        yield from _leaves(error)
        error = error.__cause__ or error.__context__


def report(problems: list[Problem]) -> str:
    """The texts of all problems, each once."""
    return "\n".join(dict.fromkeys(problem.text for problem in problems))
