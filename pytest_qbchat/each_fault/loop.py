"""The loop of `each_fault`: its trials, each with a fault at one call, and the rewind of the fake between them."""

from __future__ import annotations

import asyncio
import json
import threading
import warnings
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from pytest_qbchat.each_fault.expected_errors import is_expected, is_failure, set_text, text_of
from pytest_qbchat.each_fault.faults import Fault
from pytest_qbchat.each_fault.left_behind import Block, current_block
from pytest_qbchat.each_fault.snapshot import Snapshot
from pytest_qbchat.exceptions import QuickBloxWarning
from pytest_qbchat.explain.problems import Problems, report
from pytest_qbchat.server.callers import caller
from pytest_qbchat.service.decoding import decode
from pytest_qbchat.service.errors import QuickBloxError
from pytest_qbchat.service.masking import Secrets

if TYPE_CHECKING:
    from pytest_qbchat.each_fault.faults import Faults
    from pytest_qbchat.each_fault.options import Kind, Options
    from pytest_qbchat.explain.record_list import Records
    from pytest_qbchat.service.calls import Call
    from pytest_qbchat.service.declaration import Route
    from pytest_qbchat.service.store import Store

_UNAUTHORIZED = 401
MAX_SHOWN = 10


class LoopedFake(Protocol):
    """What a loop needs of its fake."""

    problems: Problems
    trial: Trial | None
    add_loop: Callable[[Loop], Loop] | None

    @property
    def calls(self) -> Records[Call]:
        """All calls."""
        ...

    def masked(self, text: str) -> str:
        """A text without secrets."""
        ...


class _Seen(NamedTuple):
    """A call of a trial, by which the next trials recognize it.

    Attributes:
        place: Its method and route.
        content: Its path, query and parameters, whatever their order and encoding.
        route: None for a call that gets no fault: it has no route, or a fault of `fail`.
    """

    place: str
    content: str
    route: Route | None
    call: Call

    @classmethod
    def of(cls, call: Call, route: Route | None, *, disturbed: bool) -> _Seen:
        """Read a call. The body of an upload is not compared: its boundary is random."""
        content = ""
        if route is not None and not route.raw:
            try:
                content = json.dumps(decode(call.request), sort_keys=True)
            except QuickBloxError:
                content = repr(call.request.body)
        place = f"{call.method} {call.path if route is None else route.path}"
        return cls(place, f"{call.path} {content}", None if disturbed else route, call)

    def __str__(self) -> str:
        return f"{self.call.method} {self.call.path}"


class Trial(Block):
    """One pass of the loop of `each_fault`: `with trial:` runs the code under test.

    In that block, an exception of the HTTP client for the injected fault is expected, also as the explicit cause of
    another exception. Any other exception fails the test.

    Attributes:
        fault: The name of the trial, "2:timeout-stored": the number of the call and the fault. None in the first trial,
            which has no fault.
        error: The expected exception; None if the block ended without one.
        recovered: Whether the fault was injected and the block ended without an exception.
        calls: The calls of the block.
    """

    def __init__(self, loop: Loop, former: list[_Seen], plan: dict[int, Kind], name: str | None) -> None:
        self.fault = name
        self.error: Exception | None = None
        self.recovered = False
        self.calls: Records[Call] = loop.fake.calls[:0]
        self.loop = loop
        self.entered = self.running = self.has_concurrent_calls = False
        self.dropped = 0  # calls of tasks that other trials left behind
        self._former = former  # calls, of another trial
        self._plan = plan  # what is to be injected, by the position of the call in `former`
        self._left = dict(plan)
        self._unmatched = list(range(len(former)))
        self._seen: list[_Seen] = []
        self._injected: _Seen | None = None  # the last call with a fault
        self._start = 0
        self._thread = threading.current_thread()
        self._others: set[asyncio.Task[Any]] = set()  # that waited or ran during a call
        self._named: BaseException | None = None

    def __str__(self) -> str:
        if self.fault is None:
            return "without a fault"
        if self._left and not self.running:
            return f"without the fault at {' and '.join(map(self._name_of, self._left))}"
        return f"with {' and '.join(kind.at(f'{self._name_of(at)},') for at, kind in self._plan.items())}"

    def __repr__(self) -> str:
        return f"<Trial {self.fault or 'without a fault'}>"

    def __enter__(self) -> None:
        if self.entered:
            raise RuntimeError("a trial has one block; call all of the code under test in one `with trial:`")
        self.entered = self.running = True
        self._start = len(self.loop.fake.calls)
        current_block.set(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        __tracebackhide__ = True
        self.running = False
        current_block.set(None)
        self.calls = self.loop.fake.calls[self._start :]
        if self.fault is None:
            return False
        if error is None and not self._left:
            self.recovered = True
            return False
        if error is None or (self._left and self.dropped):
            raise self._not_made_again() from error
        whats = [kind.what for kind in self._plan.values()]
        if not self._left and isinstance(error, Exception) and is_expected(error, whats):
            self.error = error
            return True
        if is_failure(error) and isinstance(error, Exception) and not isinstance(error, AssertionError):
            # The text of an error of the code, such as a KeyError, may not be changed.
            named = AssertionError(f"{type(error).__name__}: {text_of(error)}")
            self.name_failure(named)
            raise named from error
        self.name_failure(error)
        return False

    def fault_for(self, call: Call) -> Fault | None:
        """The fault to inject into a call, and note the call. The caller holds the lock."""
        faults = self.loop.faults
        fault = faults.pop_matching(call.request)
        if not self.running or current_block.get() not in (None, self):
            return fault
        seen = _Seen.of(call, faults.route_of(call.request), disturbed=fault is not None)
        self._seen.append(seen)
        self._note_caller()
        position = self._position(seen) if self._left else None
        if seen.route is None or position is None or position not in self._left:
            return fault
        kind = self._left.pop(position)
        self._injected = seen
        expires = kind.what == _UNAUTHORIZED and not kind.stored and not self.loop.has_concurrent_calls
        if expires and self._expire_session(call, seen.route):
            return None
        name = kind.what if isinstance(kind.what, int) and not kind.stored else str(kind)
        return Fault(kind.what, 1, None, None, kind.stored, f"qbchat.each_fault({name!r})")

    def calls_made(self) -> tuple[list[_Seen], int]:
        """The calls of this trial, and the position after the last fault.

        Concurrent calls come in the order of their methods, routes and contents, which is the same in every run.
        """
        seen = sorted(self._seen, key=lambda each: each[:2]) if self.has_concurrent_calls else self._seen
        return seen, next((at + 1 for at, each in enumerate(seen) if each is self._injected), 0)

    def name_failure(self, error: Any) -> None:
        """Put the name of the trial before the text of an exception, and what to do about it after the text."""
        if self.fault is None or error is self._named or not is_failure(error):
            return
        self._named = error
        lines = [f"{self}: {text_of(error)}", self.advice()]
        if self.loop.fake.add_loop is None and not self.loop.finished:
            lines.append(f"  {self.loop.left}")
        set_text(error, self.loop.fake.masked("\n".join(lines)))

    def advice(self) -> str:
        """How to run this trial again."""
        return f'  run it alone: qbchat.each_fault(only="{self.fault}")'

    def _name_of(self, position: int) -> str:
        return f"call {position + 1} of {len(self._former)}, {self._former[position]}"

    def _not_made_again(self) -> AssertionError:
        made = ", ".join(map(str, self._seen)) or "none"
        late = f"; dropped {self.dropped} of tasks that began in another trial" if self.dropped else ""
        error = AssertionError(
            "the code under test did not make this call again, so the trial shows nothing\n"
            f"  calls of this trial: {made}{late}\n"
            "  reset what the code keeps, such as a token or a task: qbchat.each_fault(reset=...)"
        )
        self.name_failure(error)
        return error

    def _note_caller(self) -> None:
        """Note whether a call may overlap with others. Of those of other processes only their order is known."""
        if (known := caller()) is None:
            return
        thread, task = known
        if thread is not self._thread or task in self._others:
            self.has_concurrent_calls = True
        if task is not None:
            self._others |= asyncio.all_tasks(task.get_loop()) - {task}

    def _position(self, seen: _Seen) -> int | None:
        """Which call of the former trial this is; None for a further one.

        A call with a content that the former trial did not have is the next call to its route: it has a time or a
        random id.
        """
        here = [at for at in self._unmatched if self._former[at].place == seen.place]
        same = [at for at in here if self._former[at].content == seen.content]
        if not same and any(other[:2] == seen[:2] for other in self._former):
            return None  # one time more than in the former trial
        position = next(iter(same or here), None)
        if position is not None:
            self._unmatched.remove(position)
        return position

    def _expire_session(self, call: Call, route: Route) -> bool:
        """Expire the session of a call, so that it gets 401 until there is a new one; False for a call without any."""
        headers, store = call.request.headers, self.loop.store
        token = headers.get("QB-Token") or str(call.params.get("token", ""))
        if route.open or not token or "Authorization" in headers:
            return False
        call.fault = str(_UNAUTHORIZED)
        if session := store.session(token):
            session.expires_at = store.now()
        return True


class Loop:
    """The trials of one call of `each_fault`, as an iterator. After an exception in a trial it can go on.

    Attributes:
        failures: The failure of each trial that failed, and the state of the fake then.
    """

    def __init__(self, fake: LoopedFake, store: Store, faults: Faults, options: Options) -> None:
        self.fake = fake
        self.store = store
        self.faults = faults
        self.options = options
        self.failures: dict[Trial, tuple[BaseException, Snapshot]] = {}
        self._ran = 0
        self._total = 1  # the number of trials that are known so far
        self._counted = not (options.only[1:] if options.only else options.pairs)
        self._problems = 0  # before the trial
        self._before: Snapshot | None = None
        self._last = self._first = Trial(self, [], {}, None)
        self._trials = self._all()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Trial:
        """Finish the last trial, and rewind the fake for another one."""
        __tracebackhide__ = True
        last = self.fake.trial
        if last is not None and last.running:
            raise RuntimeError("each_fault() was called in `with trial:`; a loop cannot be within another one")
        if last is not None and last.loop is self:
            self._finish(last)
        self.fake.trial = None
        trial: Trial | None = None
        if self._ran and self._before is None:  # in another run of the test, which may compare with the first trial
            trial = Trial(self, [], {}, None)
        elif self._ran < self.options.limit:
            trial = next(self._trials, None)
            self._ran += trial is not None
        if trial is None:
            self._end()
            raise StopIteration
        if self._before is None:
            self._before = self.snapshot()
        else:
            self.rewind(self._before)
        if trial is not self._first and self.options.reset is not None:
            self.options.reset()
        self._problems = len(self.fake.problems)
        self.fake.trial = self._last = trial
        return trial

    @property
    def has_concurrent_calls(self) -> bool:
        """Whether the code under test makes calls at the same time."""
        return self._first.has_concurrent_calls

    @property
    def finished(self) -> bool:
        """Whether there is no further trial."""
        return self._ran == self.options.limit or (self._counted and self._ran == self._total)

    @property
    def left(self) -> str:
        """How many trials did not run, of those that are known."""
        left = min(self._total, self.options.limit) - self._ran
        return f"{left} of {self._number} trials did not run"

    def snapshot(self) -> Snapshot:
        """The whole state of the fake."""
        return snapshot(self.fake, self.store)

    def rewind(self, state: Snapshot) -> None:
        """Put a state of the fake back."""
        self.fake.masked("")  # collects the secrets of the calls
        with self.store.lock:
            self._last.undone = True
            state.restore()

    def resume(self) -> None:
        """Go on in another run of the test, from the state that it will have made by then.

        The trial without a fault comes first. If it fails this time, the test cannot be repeated.
        """
        self._before = None

    def add_failure(self, trial: Trial, error: BaseException) -> None:
        """Keep the failure of a trial, with the state of the fake."""
        trial.name_failure(error)
        self.fake.trial = None
        self.failures[trial] = error, self.snapshot()

    def report(self, reason: str = "") -> str:
        """The failures of all trials, those with one fault first; of the first trial the whole text."""
        lines: list[str] = []
        for trial, (error, _) in list(self.failures.items())[:MAX_SHOWN]:
            first, *more = text_of(error).splitlines() or [""]
            if not first.startswith(str(trial)):
                first = f"{trial}: {type(error).__name__}: {first}"
            lines += [first, *more] if not lines else [first, trial.advice()]
        lines[0] = f"{self.summary}: {lines[0]}"
        return self.fake.masked("\n".join([*lines, *self.rest(reason)]))

    @property
    def summary(self) -> str:
        """How many trials failed."""
        return f"{len(self.failures)} of {self._ran} trials failed"

    def rest(self, reason: str) -> list[str]:
        """How many failures are not shown, and how many trials did not run, and why."""
        failed = len(self.failures)
        more = [f"  and {failed - MAX_SHOWN} more"] if failed > MAX_SHOWN else []
        if not self.finished:
            return [*more, self.fake.masked(f"  {self.left}: {reason}")]
        return [*more, *([f"  only {self._cut()}"] if self._ran < self._total else [])]

    def _finish(self, trial: Trial) -> None:
        __tracebackhide__ = True
        if not trial.entered:
            raise RuntimeError("a trial was not used; call the code under test in `with trial:`")
        if new := self.fake.problems.since(self._problems):
            error = AssertionError(report(new))
            trial.name_failure(error)
            raise error
        if trial.fault is None and trial is not self._first:
            first, again = (", ".join(seen.place for seen in each.calls_made()[0]) for each in (self._first, trial))
            if first != again:
                raise AssertionError(f"without a fault, the code made the calls {again or 'none'}, before {first}")

    def _end(self) -> None:
        __tracebackhide__ = True
        if self.failures:
            raise AssertionError(self.summary)  # so that the code after the loop does not run
        if self._ran < self._total:
            warnings.warn(QuickBloxWarning(f"each_fault() ran {self._cut()}"), stacklevel=3)

    def _all(self) -> Iterator[Trial]:
        """The first trial, one for each fault at each of its calls, and the pairs."""
        __tracebackhide__ = True
        yield self._first
        made, _ = self._first.calls_made()
        plans = self._plans(made, 0, self.options.only[:1])
        if not plans:
            raise self._no_call(made)
        self._total += len(plans)
        singles = [Trial(self, made, {at: kind}, f"{at + 1}:{kind}") for at, kind in plans]
        yield from singles
        if not self._counted:
            yield from self._pairs(singles)

    def _pairs(self, singles: list[Trial]) -> Iterator[Trial]:
        """A trial for each fault at each call that followed the fault of a former trial."""
        __tracebackhide__ = True
        only = self.options.only[1:]
        pairs = []
        for single in singles:
            made, start = single.calls_made()
            [first] = single._plan.values()
            for at, kind in self._plans(made, start, only) if start else []:  # 0: the first fault was not injected
                pairs.append(Trial(self, made, {start - 1: first, at: kind}, f"{single.fault}+{at + 1}:{kind}"))
        if only and not pairs:
            raise self._no_call(singles[0].calls_made()[0])
        self._total += len(pairs)
        self._counted = True
        yield from pairs

    def _plans(self, made: list[_Seen], start: int, only: tuple[tuple[int, Kind], ...]) -> list[tuple[int, Kind]]:
        """The calls from a position on, each with each fault, or the one that was asked for."""
        calls = [(at, seen.route, seen.call.request) for at, seen in enumerate(made) if at >= start]
        if only:
            [(number, kind)] = only
            return [(at, kind) for at, route, _ in calls if at == number - 1 and route is not None]
        chosen = [at for at, route, request in calls if route is not None and self.options.selects(request, route)]
        return [(at, kind) for at in chosen for kind in self.options.kinds]

    def _no_call(self, made: list[_Seen]) -> AssertionError:
        calls = ", ".join(f"{number} {seen}" for number, seen in enumerate(made, 1)) or "none"
        return AssertionError(self.fake.masked(f"each_fault() found no call to disturb; calls of the code: {calls}"))

    @property
    def _number(self) -> str:
        return f"{self._total}{'' if self._counted else ' or more'}"

    def _cut(self) -> str:
        return f"{self._ran} of {self._number} trials; raise limit=, or choose calls with methods= or path="


def snapshot(fake: LoopedFake, store: Store) -> Snapshot:
    """The whole state of a fake."""
    with store.lock:
        return Snapshot(fake, kept=(Secrets, Trial))
