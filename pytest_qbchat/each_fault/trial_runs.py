"""Calls a test function again after a trial has failed in it, so that every trial of its loop runs."""

from __future__ import annotations

from traceback import walk_tb
from typing import TYPE_CHECKING, Any

import pytest

from pytest_qbchat.each_fault.expected_errors import is_failure, set_text, text_of
from pytest_qbchat.each_fault.loop import MAX_SHOWN, Loop, LoopedFake, Trial, snapshot
from pytest_qbchat.explain.call_site import package_of

if TYPE_CHECKING:
    from pytest_qbchat.service.store import Store


# Of trials that were reported as subtests. xfail(raises=AssertionError) expects it too.
_Failed: Any = type("Failed", (pytest.fail.Exception, AssertionError), {"__module__": "builtins", "reported": True})


class FunctionRuns:
    """The runs of a test function: after a trial has failed in it, it is called again for the trials that are left."""

    def __init__(self, item: pytest.Function, fake: LoopedFake, store: Store) -> None:
        """Keep the state of the fake from before the function is called."""
        self._item = item
        self._fake = fake
        self._loops: list[Loop] = []  # of this run, in order
        self._failed: tuple[int, Loop] | None = None  # the loop that is to go on, and its place
        fake.add_loop = self.add
        self._before = snapshot(fake, store)

    def add(self, loop: Loop) -> Loop:
        """The loop for a call of `each_fault`: the new one, or the one that goes on in this run."""
        place = len(self._loops)
        if self._failed is not None and self._failed[0] == place:
            self._failed[1].options = loop.options  # whose `reset` is of this run
            loop = self._failed[1]
        self._loops.append(loop)
        return loop

    def go_on(self, error: BaseException | None) -> None:
        """Call the function again for the trials that are left, then raise what the test fails with.

        Args:
            error: The exception that the function has raised.
        """
        __tracebackhide__ = True
        raised = error or next((kept.value for kept in self._kept), None)
        trial = self._fake.trial
        if raised is None or trial is None or trial.fault is None or not _is_of_trial(raised):
            if error is not None:
                raise error
            return
        self._kept.clear()
        reason, interrupted = self._run_others(trial, raised)
        loop = trial.loop
        error, state = next(iter(loop.failures.values()))
        loop.rewind(state)
        if len(loop.failures) == 1 and loop.finished and interrupted is None:
            raise error
        report_subtest = getattr(self._item.funcargs.get("subtests"), "test", None)
        if report_subtest is None:
            set_text(error, loop.report(reason))
            raise interrupted or error
        for failed, (error, state) in [*loop.failures.items()][:MAX_SHOWN]:
            loop.rewind(state)
            with report_subtest(failed.fault):
                raise error
        raise interrupted or _Failed("\n".join([loop.summary, *loop.rest(reason)]), pytrace=False)

    def _run_others(self, trial: Trial, error: BaseException) -> tuple[str, BaseException | None]:
        """Call the function until each trial has run. Returns why some did not, and what interrupted the run."""
        loop = trial.loop
        place = self._loops.index(loop) if loop in self._loops else -1  # -1: a fixture has the loop
        loop.add_failure(trial, error)
        while not loop.finished:
            loop.rewind(self._before)
            loop.resume()
            self._failed, self._loops = (place, loop), []
            raised = self._run()
            current = self._fake.trial
            if raised is None:
                return "the test, called again, left the loop", None
            if isinstance(raised, KeyboardInterrupt | pytest.exit.Exception):
                return "interrupted", raised
            if current is None or current.loop is not loop or current.fault is None or not _is_of_trial(raised):
                return f"the test, called again, raised {type(raised).__name__}: {text_of(raised)}", None
            loop.add_failure(current, raised)
        return "", None

    def _run(self) -> BaseException | None:
        """Call the function. Returns what it raised."""
        try:
            self._item.runtest()
        except BaseException as error:
            return error
        raised = next((kept.value for kept in self._kept), None)
        self._kept.clear()
        return raised

    @property
    def _kept(self) -> list[pytest.ExceptionInfo[BaseException]]:
        """What the method of a TestCase has raised, which pytest keeps for its report."""
        return vars(self._item).get("_excinfo") or []


def _is_of_trial(error: BaseException) -> bool:
    """Whether an exception fails a trial, and others can run. The timer of pytest-timeout protects only one run."""
    return is_failure(error) and not any(
        package_of(frame) == "pytest_timeout" for frame, _ in walk_tb(error.__traceback__)
    )
