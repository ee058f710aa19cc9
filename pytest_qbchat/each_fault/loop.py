"""The loop of `each_fault`, which runs the code under test once for each fault at each of its calls.

Theory of operation
-------------------

The loop is an iterator of trials. Its states, each of which ends at the number of trials in `limit`:

1. *First trial.* No fault. Its calls are noted.
2. *Single faults.* One trial for each selected call of the first trial and each kind of fault.
3. *Pairs*, if they were asked for. One trial for each single fault, each selected call that followed it in its trial,
   and each kind of fault. Retries and look-ups that only the first fault causes are among these calls.
4. *Ended.* The fake keeps the state of the last trial.

A trial is *waiting* until `with trial:`, *running* in that block, then *over*. The assertions of the test follow.
While it runs, each call asks `Trial.fault_for` for a fault. An exception leaves the block unless a client raises it for
the injected fault. If the test raises an exception after the block, the loop is not asked for a further trial: the
first failing trial is the last one. With `with subtests.test(trial.fault):` around the body, pytest reports the
exception and the loop goes on. Either way, `name_trial` puts the name of the trial into the report.

What is rewound: before the second trial and each further one, the fake gets back the state that it had before the
first (`snapshot.py`). The objects stay the same, so what the test holds stays valid. Secrets are not rewound, so that
they stay masked. Nothing outside of the fake is rewound: `reset` is for that. A task that began in the block of an
earlier trial cannot reach the rewound fake: its calls are dropped, and a warning counts them. This covers only tasks
whose client is answered in place. Until Python 3.14, threads do not inherit the context of the code that starts them.

How a call is recognized: a fault is planned for a position in the list of calls of the former trial: the first trial,
or for a pair the trial with its first fault alone. `recognition.py` finds the position of a call by method, route and
content. Calls are in the order of their arrival. If they may be concurrent, that order differs from run to run, so they
are in the order of method, route and content; calls that the former trial did not have come last. Calls may be
concurrent if another thread makes them, or a task that waited while the code under test made a call. Calls through the
loopback server arrive in its thread, so they count as concurrent.
"""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

import pytest

from pytest_qbchat.each_fault.expected_errors import is_expected, is_of_code
from pytest_qbchat.each_fault.failure_text import change_text, is_failure, text_of
from pytest_qbchat.each_fault.faults import Fault, Faults
from pytest_qbchat.each_fault.options import Kind, Options
from pytest_qbchat.each_fault.recognition import FormerCalls, SeenCall
from pytest_qbchat.each_fault.snapshot import NO_BLOCK, Block, Snapshot, current_block
from pytest_qbchat.exceptions import QuickBloxWarning
from pytest_qbchat.explain.problems import report
from pytest_qbchat.explain.record_list import Records
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.masking import Secrets
from pytest_qbchat.service.store import Store

_UNAUTHORIZED = 401
_MOST_CALLS, _TIMES_FORMER = 50, 10  # a trial with more calls than both allow is endless
_RESET = "  reset what the code keeps, such as a token or a task: qbchat.each_fault(reset=...)"
current_trial: list[Trial] = []  # of any fake: pytest runs one test at a time; empty outside of a loop


class Trial(Block):
    """One pass of the loop of `each_fault`: `with trial:` runs the code under test.

    In that block, what an HTTP client raises for the injected fault is expected, even as the explicit cause of another
    exception, and so are the exceptions in `expected`. Any other exception fails the test.

    Attributes:
        fault: The name of the trial, "2:timeout-stored": the number of the call and the fault. None in the first trial,
            which has no fault.
        error: The expected exception; None if the block ended without one.
        recovered: Whether the fault was injected and the block ended without an exception.
        calls: The calls of the block.
    """

    def __init__(self, loop: Loop, former: list[SeenCall], plan: dict[int, Kind], name: str | None) -> None:
        self.fault = name
        self.error: Exception | None = None
        self.recovered = False
        self.calls: Records[Call] = loop.fake.calls[:0]
        self.loop = loop
        self.entered = self.running = self.has_concurrent_calls = False
        self.dropped: list[str] = []  # calls of tasks that began in an earlier trial
        self.plan = plan  # the fault to inject, by the position of the call in the former trial
        self._left = dict(plan)
        self._former = FormerCalls(former)
        self._seen: list[tuple[bool, SeenCall]] = []  # each with whether the former trial did not have it
        self._injected: SeenCall | None = None  # the last call with a planned fault
        self._lasting: dict[object, Kind] = {}  # the faults of later calls, by route, or for a 401 by call
        self._most = max(_MOST_CALLS, _TIMES_FORMER * len(former))
        self._unexpected: BaseException | None = None  # the exception that left the block
        self._start = self._problems = 0  # the numbers of calls and of known problems before
        self._thread = threading.current_thread()
        self._others: set[asyncio.Task[Any]] = set()  # the tasks that waited or ran during a call

    def __str__(self) -> str:
        if self.fault is None:
            return "without a fault"
        if self._left and not self.running:
            return f"without the fault at {' and '.join(map(self._former.name, self._left))}"
        return f"with {' and '.join(kind.at(f'{self._former.name(at)},') for at, kind in self.plan.items())}"

    def __repr__(self) -> str:
        return f"<Trial {self.fault or 'without a fault'}>"

    def __enter__(self) -> Self:
        if self.entered:
            raise RuntimeError("a trial has one block; call all of the code under test in one `with trial:`")
        self.entered = self.running = True
        self._start, self._problems = len(self.loop.fake.calls), len(self.loop.fake.problems)
        current_block.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self.running = False
        current_block.set(NO_BLOCK)
        self.calls = self.loop.fake.calls[self._start :]
        if self._is_endless():
            text = f"the code under test makes calls without end: {len(self._seen)} in this trial"
            raise AssertionError(f"{self}: {text}, {len(self._former)} in the former one") from None
        if self._left and (error is None or (self.dropped and isinstance(error, Exception))):
            raise self._not_made_again() from error
        whats, own = {kind.what for kind in self.plan.values()}, self.loop.options.expected
        if isinstance(error, Exception) and self.fault and not self._left and is_expected(error, whats, own):
            self.error = error
        elif error is not None:
            self._unexpected = error
            return False
        self.raise_problems()
        self.recovered = self.fault is not None and error is None
        return True

    def raise_problems(self) -> None:
        """Fail for refused calls and warnings that the code caught, before the rewind removes them."""
        problems = self.loop.fake.problems
        new, self._problems = problems[self._problems :], len(problems)
        if new:
            raise AssertionError(f"{'' if self.fault is None else f'{self}: '}{report(new)}") from None

    def fault_for(self, call: Call) -> Fault | None:
        """The fault to inject into a call, which is noted. The caller holds the lock."""
        faults = self.loop.faults
        fault = faults.pop_matching(call.request)
        if not self.running or current_block.get() not in (NO_BLOCK, self):
            return fault
        self._note_caller()
        seen = SeenCall.of(call, faults.route_of(call.request), disturbed=fault is not None)
        position = self._former.position(seen)
        self._seen.append((position is None, seen))
        if self._is_endless():  # no `except Exception` of the code catches this
            raise pytest.fail.Exception("the code under test makes calls without end")
        if seen.route is None:
            return fault
        token = call.request.headers.get("QB-Token") or str(call.params.get("token", ""))
        same = (seen.place, seen.content, token)
        kind = self._lasting.get(seen.place) or self._lasting.get(same)
        if position is not None and position in self._left:
            kind = self._left.pop(position)
            self._injected = seen
            if kind.lasting:
                self._lasting[seen.place] = kind
        if kind is None:
            return fault
        name = kind.what if str(kind) == str(kind.what) else str(kind)
        has_session = token and "Authorization" not in call.request.headers and not seen.route.open
        if name == _UNAUTHORIZED and has_session:
            if not self.loop.has_concurrent_calls:
                call.fault = str(_UNAUTHORIZED)
                if session := self.loop.store.session(token):
                    session.expires_at = 0  # the calls get 401 until there is a new one
                return None
            self._lasting[same] = kind  # the order of calls differs from run to run, so only repetitions fail
        return Fault(kind.what, 1, None, None, kind.stored, source=f"qbchat.each_fault({name!r})")

    def calls_made(self) -> tuple[list[SeenCall], int]:
        """The calls of this trial in their order, and the position after the last fault; 0 without a fault."""
        noted = self._seen
        if self.has_concurrent_calls:
            noted = sorted(noted, key=lambda each: (each[0], each[1].place, each[1].content))
        seen = [each for _, each in noted]
        return seen, next((at + 1 for at, each in enumerate(seen) if each is self._injected), 0)

    def text(self, error: BaseException, *, ended: bool) -> str:
        """The text of a failure with the name of the trial before it, and what to do about it after it."""
        text = text_of(error)
        lines = [text if text.startswith(str(self)) else f"{self}: {text}"]
        if self._left and _RESET not in text:
            lines.append(_RESET)
        if error is self._unexpected and not self._left and is_of_code(error):
            lines.append(f"  if the code may raise it: qbchat.each_fault(expected={type(error).__name__})")
        left = self.loop.left() if ended else ""
        lines += [f"  {left}"] if left else []
        lines.append(f'  run it alone: qbchat.each_fault(only="{self.fault}")')
        lines += ["  see all failures: with subtests.test(trial.fault): around the body of the loop"] if left else []
        return self.loop.masked("\n".join(lines))

    def _not_made_again(self) -> AssertionError:
        made = ", ".join(str(seen) for _, seen in self._seen) or "none"
        late = f"; dropped {len(self.dropped)} of tasks that began in an earlier trial" if self.dropped else ""
        text = "the code under test did not make this call again, so the trial shows nothing"
        return AssertionError(self.loop.masked(f"{self}: {text}\n  calls of this trial: {made}{late}\n{_RESET}"))

    def _is_endless(self) -> bool:
        return self.fault is not None and len(self._seen) > self._most

    def _note_caller(self) -> None:
        """Note whether a call may overlap with others."""
        try:
            task = asyncio.current_task()
        except RuntimeError:  # no event loop runs
            task = None
        if threading.current_thread() is not self._thread or task in self._others:
            self.has_concurrent_calls = True
        if task is not None:
            self._others |= asyncio.all_tasks() - {task}


class Loop(Iterator[Trial]):
    """The trials of one call of `each_fault`, as an iterator."""

    def __init__(self, fake: Any, options: Options) -> None:
        self.fake = fake  # a `Backend`, which imports this folder
        self.store: Store = fake.store
        self.faults: Faults = fake.faults
        self.options = options
        self.has_concurrent_calls = False  # in the first trial
        self._ran = 0
        self._total = 1  # the number of trials that are known so far
        self._counted = not (options.parts[1:] if options.only else options.pairs)
        self._before: Snapshot | None = None
        self._last = Block()
        self._dropped: list[str] = []
        self._trials = self._all()
        self.masked: Callable[[str], str] = fake.masked

    def __next__(self) -> Trial:
        """Finish the last trial, and rewind the fake for another one."""
        last = self.fake.trial
        if last is not None and last.running:
            raise RuntimeError("each_fault() was called in `with trial:`; a loop cannot be within another one")
        if last is not None and last.loop is self:
            if not last.entered:
                raise RuntimeError("a trial was not used; call the code under test in `with trial:`")
            last.raise_problems()
            self._dropped += last.dropped
        self.fake.trial = None
        trial = next(self._trials, None) if self._ran < self.options.limit else None
        if trial is None:
            current_trial.clear()
            for text in self._warnings():
                warnings.warn(QuickBloxWarning(f"each_fault() {text}"), stacklevel=2)
            raise StopIteration
        self._rewind()
        self._ran += 1
        self._last = self.fake.trial = trial
        current_trial[:] = [trial]
        return trial

    def _warnings(self) -> Iterator[str]:
        if self._ran < self._total:
            remedy = "raise limit=, or choose calls with methods= or path="
            yield f"ran {self._ran} of {self._total}{self._more} trials; {remedy}"
        if self._dropped:
            calls = ", ".join(dict.fromkeys(self._dropped))
            dropped = f"dropped {len(self._dropped)} calls of tasks that began in an earlier trial, {calls}"
            yield f"{dropped}; await every task in the block, even after an error, as asyncio.TaskGroup does"

    def left(self) -> str:
        """How many trials did not run; empty if all did."""
        left = min(self._total, self.options.limit) - self._ran
        if not left and (self._counted or self._ran == self.options.limit):
            return ""
        return f"{left}{self._more} of {self._total}{self._more} trials did not run"

    @property
    def _more(self) -> str:
        return "" if self._counted else " or more"

    def _rewind(self) -> None:
        """Put the state of the fake before the loop back; before the first trial, save it."""
        if self._before is None:
            with self.store.lock:
                self._before = Snapshot(self.fake, kept=(Secrets,))
            return
        self.masked("")  # collects the secrets of the calls
        with self.store.lock:
            self._last.undone = True
            self._before.restore()
        if self.options.reset is not None:
            self.options.reset()

    def _all(self) -> Iterator[Trial]:
        """The first trial, one for each fault at each of its calls, and the pairs."""
        first = Trial(self, [], {}, None)
        yield first
        self.has_concurrent_calls = first.has_concurrent_calls
        made, _ = first.calls_made()
        plans = self._plans(made, 0, self.options.parts[:1])
        if not plans:
            raise self._no_call(made)
        self._total += len(plans)
        singles = []
        for at, kind in plans:
            trial = Trial(self, made, {at: kind}, f"{at + 1}:{kind}")
            yield trial
            if not self._counted:
                singles.append(trial)
        pairs = [pair for single in singles for pair in self._pairs(single)]
        if singles and self.options.only and not pairs:
            raise self._no_call(singles[0].calls_made()[0])
        self._total += len(pairs)
        self._counted = True
        yield from pairs

    def _pairs(self, single: Trial) -> Iterator[Trial]:
        """A trial for each fault at each call that followed the fault of a former trial."""
        made, start = single.calls_made()
        [first] = single.plan.values()
        if not start or (first.lasting and not self.options.only):  # 0: the fault was not injected
            return
        for at, kind in self._plans(made, start, self.options.parts[1:]):
            yield Trial(self, made, {start - 1: first, at: kind}, f"{single.fault}+{at + 1}:{kind}")

    def _plans(self, made: list[SeenCall], start: int, only: tuple[tuple[int, Kind], ...]) -> list[tuple[int, Kind]]:
        """The calls from a position on, each with each fault, or the one that was asked for."""
        calls = [(at, seen.route, seen.call.request) for at, seen in enumerate(made) if at >= start]
        if only:
            [(number, kind)] = only
            return [(at, kind) for at, route, _ in calls if at == number - 1 and route is not None]
        chosen = [at for at, route, request in calls if route is not None and self.options.selects(request, route)]
        return [(at, kind) for at in chosen for kind in self.options.kinds if not (start and kind.lasting)]

    def _no_call(self, made: list[SeenCall]) -> AssertionError:
        calls = ", ".join(f"{number} {seen}" for number, seen in enumerate(made, 1)) or "none"
        return AssertionError(self.masked(f"each_fault() found no call to disturb; calls of the code: {calls}"))


def name_trial(error: BaseException, *, ended: bool) -> Callable[[], None]:
    """Name the current trial, if any, in the text of an exception. Returns a function that puts the text back.

    The exception stays the same, so that `pytest.raises` and `xfail(raises=...)` see what was raised, and one that is
    raised in several trials does not collect their names. `ended` is whether no further trial runs.
    """
    for trial in current_trial:
        if trial.fault is not None and is_failure(error):
            return change_text(error, trial.text(error, ended=ended))
    return lambda: None
