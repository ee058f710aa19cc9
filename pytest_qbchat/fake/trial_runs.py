"""Calls a test function again after a trial has failed in it, so that every trial of its loop runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_qbchat.fake.expected_errors import is_failure
from pytest_qbchat.fake.trials import Loop, LoopedFake, Trial, set_text, snapshot, text_of

if TYPE_CHECKING:
    from pytest_qbchat.service.store import Store


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
            self._failed[1].options = loop.options
            loop = self._failed[1]
        self._loops.append(loop)
        return loop

    def go_on(self, error: BaseException | None) -> None:
        """Call the function again for the trials that are left, then raise what the test fails with.

        Args:
            error: The exception that the function has raised.
        """
        __tracebackhide__ = True
        error = error or self._kept_by_unittest()
        trial = self._fake.trial
        if error is None:
            return
        if trial is None or trial.fault is None or not is_failure(error):
            raise error
        loop, reason = trial.loop, self._run_others(trial, error)
        error, state = next(iter(loop.failures.values()))
        loop.rewind(state)
        if len(loop.failures) == 1 and loop.finished:
            raise error
        subtests: Any = self._item.funcargs.get("subtests")
        if subtests is None:
            set_text(error, loop.report(reason))
            raise error
        for failed, (error, state) in loop.failures.items():
            loop.rewind(state)
            with subtests.test(failed.fault):
                raise error
        pytest.fail("\n".join([loop.summary, *loop.rest(reason)]), pytrace=False)

    def _run_others(self, trial: Trial, error: BaseException) -> str:
        """Call the function until each trial has run. Returns why some did not."""
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
                return "the test, called again, left the loop"
            if current is None or current.loop is not loop or not is_failure(raised):
                return f"the test, called again, raised {type(raised).__name__}: {text_of(raised)}"
            loop.add_failure(current, raised)
        return ""

    def _run(self) -> BaseException | None:
        """Call the function. Returns what it raised."""
        try:
            self._item.runtest()
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as error:
            return error
        return self._kept_by_unittest()

    def _kept_by_unittest(self) -> BaseException | None:
        """What the method of a TestCase has raised. pytest keeps it for its report."""
        kept: list[pytest.ExceptionInfo[BaseException]] | None = vars(self._item).get("_excinfo")
        return kept.pop(0).value if kept else None
