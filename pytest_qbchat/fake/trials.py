"""A fault at every call: a loop of trials from the same state of the fake, each with a fault at another call."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pytest_qbchat.exceptions import QuickBloxWarning
from pytest_qbchat.fake.faults import BROKEN, LOST, Fault, Faults, check_fault, check_method, is_at, known_path
from pytest_qbchat.report.call_site import is_client_error
from pytest_qbchat.report.problems import Problems, report
from pytest_qbchat.service.decoding import decode
from pytest_qbchat.service.errors import QuickBloxError
from pytest_qbchat.service.masking import Secrets
from pytest_qbchat.service.snapshot import Snapshot
from pytest_qbchat.service.spelling import closest_name

if TYPE_CHECKING:
    from pytest_qbchat.fake.record_list import Records
    from pytest_qbchat.service.calls import Call, Route
    from pytest_qbchat.service.store import Store

_STORED = "-stored"
_DEFAULT = ("timeout-stored", "timeout", "disconnect", 401, 429, 503)
_NAMES = (*LOST, *(f"{what}{_STORED}" for what in LOST), *BROKEN)
_PART = re.compile(r"([1-9]\d*):([\w-]+)")
_MIN_LIMIT = 2
_MAX_FAULTS = 2  # in a trial
_MAX_LISTED = 10
_UNAUTHORIZED = 401
_STATUSES = range(400, 599)  # Tornado's 599 is a call without a response


class _Fake(Protocol):
    """What a loop needs of its fake."""

    problems: Problems
    trial: Trial | None

    @property
    def calls(self) -> Records[Call]: ...

    def masked(self, text: str) -> str: ...


class _Kind(NamedTuple):
    """A fault that is injected: `what` as for `FakeQuickBlox.fail`, and whether the request takes effect."""

    what: int | str
    stored: bool

    def __str__(self) -> str:
        return f"{self.what}{_STORED if self.stored and self.what not in BROKEN else ''}"

    def at(self, call: str) -> str:
        """What happened at a call, for the text of a failure."""
        after = " after storage" if self.stored else " before storage"
        if isinstance(self.what, int):
            return f"{call} answered {self.what}{after if self.stored else ''}"
        if self.what in BROKEN:
            return f"the answer to {call} {self.what}"
        verb = "lost" if self.what == "timeout" else "cut off"
        return f"the answer to {call} {verb}{after}" if self.stored else f"{call} {verb}{after}"


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


@dataclass(frozen=True)
class Options:
    """The arguments of `FakeQuickBlox.each_fault`, checked."""

    kinds: tuple[_Kind, ...]
    methods: Collection[str] | None
    path: str | None
    pairs: bool
    only: tuple[tuple[int, _Kind], ...]
    reset: Callable[[], object] | None
    limit: int

    @classmethod
    def checked(
        cls,
        *faults: int | str,
        methods: Collection[str] | None,
        path: str | None,
        pairs: bool,
        only: str | None,
        reset: Callable[[], object] | None,
        limit: int,
    ) -> Options:
        """Check the arguments; see `FakeQuickBlox.each_fault`."""
        __tracebackhide__ = True
        if isinstance(methods, str) or not isinstance(methods, Collection | None):
            raise TypeError(f"invalid methods={methods!r}; expected a list, methods=['POST']")
        for method in methods or ():
            check_method(method)
        if reset is not None and not callable(reset):
            raise TypeError(f"invalid reset={reset!r}; expected a function without arguments")
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < _MIN_LIMIT:
            raise ValueError(f"invalid limit={limit!r}; expected 2 or greater, since the first trial has no fault")
        kinds = tuple(dict.fromkeys(map(_kind, faults or _DEFAULT)))
        place = None if path is None else known_path(None, path)
        return cls(kinds, methods, place, pairs, () if only is None else _parts(only), reset, limit)

    def chooses(self, seen: _Seen) -> bool:
        """Whether a fault is injected into a call."""
        route, request = seen.route, seen.call.request
        return (
            route is not None
            and (self.methods is None or request.method in self.methods)
            and is_at(request, route, self.path)
        )


def _kind(fault: int | str) -> _Kind:
    __tracebackhide__ = True
    if not isinstance(fault, str):
        check_fault(fault)
        return _Kind(fault, stored=False)
    what = fault.removesuffix(_STORED)
    if what.isdecimal() and what != fault:
        check_fault(int(what))
        return _Kind(int(what), stored=True)
    if fault not in _NAMES:
        near = closest_name(fault, _NAMES)
        known = repr(near) if near else f"a status, or one of {', '.join(map(repr, _NAMES))}"
        raise ValueError(f"unknown fault {fault!r}; expected {fault if fault.isdecimal() else known}")
    return _Kind(what, stored=what != fault or what in BROKEN)


def _parts(only: str) -> tuple[tuple[int, _Kind], ...]:
    """The numbers of calls and the faults in the name of a trial: `2:timeout-stored`, `1:503+2:timeout`."""
    __tracebackhide__ = True
    found = [_PART.fullmatch(part) for part in str(only).split("+")]
    if len(found) > _MAX_FAULTS or not all(found):
        raise ValueError(f"invalid only={only!r}; expected the name of a trial, '2:timeout-stored' or '1:503+2:401'")
    pairs = [(int(match[1]), match[2]) for match in found if match]
    return tuple((number, _kind(int(fault) if fault.isdecimal() else fault)) for number, fault in pairs)


class Trial:
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

    def __init__(self, loop: _Loop, learned: list[_Seen], plan: dict[int, _Kind], name: str | None) -> None:
        self.fault = name
        self.error: Exception | None = None
        self.recovered = False
        self.calls: Records[Call] = loop.fake.calls[:0]
        self.entered = False
        self._loop = loop
        self._plan = plan  # what is to be injected, by the position of the call in `learned`
        self._left = dict(plan)
        self._learned = learned
        self._unmatched = list(range(len(learned)))
        self._seen: list[_Seen] = []
        self._injected: _Seen | None = None  # the last call with a fault
        self._active = self._concurrent = False
        self._start = 0
        self._thread = threading.current_thread()
        self._tasks: list[asyncio.Task[Any]] = []
        self._named: BaseException | None = None

    def __str__(self) -> str:
        if self.fault is None:
            return "without a fault"
        if self._left and not self._active:
            return f"without the fault at {' and '.join(map(self._name_of, self._left))}"
        return f"with {' and '.join(kind.at(f'{self._name_of(at)},') for at, kind in self._plan.items())}"

    def __repr__(self) -> str:
        return f"<Trial {self.fault or 'without a fault'}>"

    def __enter__(self) -> None:
        if self.entered:
            raise RuntimeError("a trial has one block; call all of the code under test in one `with trial:`")
        self.entered = self._active = True
        self._start = len(self._loop.fake.calls)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        __tracebackhide__ = True
        self._active = False
        self.calls = self._loop.fake.calls[self._start :]
        if self.fault is None:
            return False
        if error is None and not self._left:
            self.recovered = True
            return False
        if error is None:
            made = ", ".join(map(str, self._seen)) or "none"
            lost = AssertionError(
                "the code under test did not make this call again, so the trial shows nothing\n"
                f"  calls of this trial: {made}\n"
                "  reset what the code keeps, such as a token: qbchat.each_fault(reset=...)"
            )
            if self._failed(lost):
                return False
            raise lost
        if not self._left and isinstance(error, Exception) and _is_expected(error, self._plan.values()):
            self.error = error
            return True
        return self._failed(error)

    @property
    def running(self) -> bool:
        """Whether the block is being run."""
        return self._active

    def checks(self) -> Checks:
        """A `with` block for the assertions of the loop, which lets all trials run before the failures are reported."""
        self._loop.collects = True
        return Checks(self)

    def settle(self) -> None:
        """Let the test fail for the failures that `checks` has kept, if it left the loop with this trial."""
        self._loop.settle()

    def fault_for(self, call: Call) -> Fault | None:
        """The fault to inject into a call, and note the call. The caller holds the lock."""
        faults = self._loop.faults
        fault = faults.pop_matching(call.request)
        if not self._active:
            return fault
        route = faults.route_of(call.request)
        seen = _Seen.of(call, route, disturbed=fault is not None)
        self._seen.append(seen)
        self._note_context()
        position = self._position(seen) if self._left else None
        kind = self._left.pop(position, None) if position is not None else None
        if kind is None or route is None or fault is not None:
            return fault
        self._injected = seen
        if kind.what == _UNAUTHORIZED and not kind.stored and self._expire_session(call, route):
            return None
        return Fault(kind.what, 1, None, None, kind.stored, "each_fault")

    def learned(self) -> tuple[list[_Seen], int]:
        """The calls of this trial, and the position after the last fault.

        Concurrent calls come in the order of their methods, routes and contents, which is the same in every run.
        """
        seen = sorted(self._seen, key=lambda each: each[:2]) if self._concurrent else self._seen
        return seen, next((at + 1 for at, each in enumerate(seen) if each is self._injected), 0)

    def name_failure(self, error: Any) -> None:
        """Put the name of the trial before the text of an exception, and what to do about it after the text."""
        if self.fault is None or error is self._named or not _is_failure(error):
            return
        self._named = error
        loop = self._loop
        lines = [f"{self}: {_text(error)}", self.advice()]
        if left := min(loop.total, loop.options.limit) - loop.ran:
            lines.append(f"  {left} of {loop.number()} trials are left; `with trial.checks():` runs them all")
        text = loop.fake.masked("\n".join(lines))
        former = error.args
        with suppress(Exception):  # a class may have its own idea of its attributes
            error.args = (text, *former[1:])
            if hasattr(error, "msg"):  # pytest.fail
                error.msg = text
        if text not in _text(error):
            with suppress(Exception):
                error.args = former
                error.add_note(text)

    def advice(self) -> str:
        """How to run this trial again."""
        return f'  run it alone: qbchat.each_fault(only="{self.fault}")'

    def _name_of(self, position: int) -> str:
        return f"call {position + 1} of {len(self._learned)}, {self._learned[position]}"

    def _failed(self, error: BaseException) -> bool:
        """Note a failure of the trial, and return whether the exception is kept for the end of the loop.

        The text of an error of the code, such as a KeyError, may not be changed, so another error names the trial.
        """
        __tracebackhide__ = True
        if self._loop.collects and _is_failure(error):
            self._loop.add_failure(self, error)
            return True
        if isinstance(error, Exception) and not isinstance(error, AssertionError):
            named = AssertionError(f"{type(error).__name__}: {_text(error)}")
            self.name_failure(named)
            raise named from error
        self.name_failure(error)
        return False

    def _note_context(self) -> None:
        """Note whether a call may overlap with others. Of those through a server only their order is known."""
        thread = threading.current_thread()
        if thread.name == "qbchat-server":
            return
        try:
            task = asyncio.current_task()
        except RuntimeError:
            task = None
        siblings = [other for other in self._tasks if task is not None and other.get_loop() is task.get_loop()]
        if thread is not self._thread or any(other is not task for other in siblings):
            self._concurrent = True
        if task is not None:
            self._tasks.append(task)

    def _position(self, seen: _Seen) -> int | None:
        """Which call of the former trial this is; None for a further one.

        A call with a content that the former trial did not have is the next call to its route: it has a time or a
        random id.
        """
        here = [at for at in self._unmatched if self._learned[at].place == seen.place]
        same = [at for at in here if self._learned[at].content == seen.content]
        if not same and any(other[:2] == seen[:2] for other in self._learned):
            return None  # one time more than in the former trial
        position = next(iter(same or here), None)
        if position is not None:
            self._unmatched.remove(position)
        return position

    def _expire_session(self, call: Call, route: Route) -> bool:
        """Expire the session of a call, so that it gets 401 until there is a new one; False for a call without any."""
        headers, store = call.request.headers, self._loop.store
        token = headers.get("QB-Token") or call.token_parameter()
        if route.open or not token or "Authorization" in headers:
            return False
        call.fault = str(_UNAUTHORIZED)
        if session := store.session(token):
            session.expires_at = store.now()
        return True


class Checks:
    """The block of `trial.checks()`."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        __tracebackhide__ = True
        return error is not None and self._trial.fault is not None and self._trial._failed(error)


class _Loop:
    """The trials of one call of `each_fault`.

    Attributes:
        collects: Whether failures are kept until all trials have run.
        ran: The number of trials so far.
        total: The number of trials that are known so far.
    """

    def __init__(self, fake: _Fake, store: Store, faults: Faults, options: Options) -> None:
        self.fake = fake
        self.store = store
        self.faults = faults
        self.options = options
        self.collects = False
        self.ran = 0
        self.total = 1
        self._counted = bool(options.only) or not options.pairs
        self._failures: dict[Trial, BaseException] = {}
        self._failed_state: Snapshot | None = None

    def number(self) -> str:
        """The number of trials that there are, as far as is known."""
        return f"{self.total}{'' if self._counted else ' or more'}"

    def settle(self) -> None:
        """Make a problem of the failures that are kept, after the test has left the loop before its end."""
        if self._failures:
            self.fake.problems.add(self.fake.masked(self._report()))
            self._failures.clear()

    def add_failure(self, trial: Trial, error: BaseException) -> None:
        """Keep the first failure of a trial."""
        self._failures.setdefault(trial, error)

    def trials(self) -> Iterator[Trial]:
        """Run the loop."""
        __tracebackhide__ = True
        if self.fake.trial is not None and self.fake.trial.running:
            raise RuntimeError("each_fault() was called in `with trial:`; a loop cannot be within another one")
        self.fake.trial = None
        before = self._snapshot()
        first = Trial(self, [], {}, None)
        singles: list[Trial] = []
        for trial in chain([first], self._singles(first), self._pairs(singles)):
            if self.ran == self.options.limit:
                break
            if self.ran:
                self._rewind(before)
            self.ran += 1
            problems = len(self.fake.problems)
            self.fake.trial = trial
            yield trial
            self.fake.trial = None
            self._finish(trial, problems)
            if self.options.pairs or self.options.only:
                singles.append(trial)
        if self._failed_state is not None:
            self._failed_state.restore()
            error = next(iter(self._failures.values()))
            raise AssertionError(self.fake.masked(self._report())) from error
        if self.ran < self.total:
            warnings.warn(QuickBloxWarning(f"each_fault() ran {self._cut()}"), stacklevel=2)

    def _rewind(self, before: Snapshot) -> None:
        self.fake.masked("")  # collects the secrets of the calls
        with self.store.lock:
            before.restore()
        if self.options.reset is not None:
            self.options.reset()

    def _snapshot(self) -> Snapshot:
        with self.store.lock:
            return Snapshot(self.fake, kept=(Secrets,))

    def _finish(self, trial: Trial, problems: int) -> None:
        __tracebackhide__ = True
        if not trial.entered:
            raise RuntimeError("a trial was not used; call the code under test in `with trial:`")
        if new := self.fake.problems.since(problems):
            error = AssertionError(report(new))
            if trial.fault is None or not trial._failed(error):
                raise error
        if self._failures and self._failed_state is None:
            self._failed_state = self._snapshot()

    def _singles(self, first: Trial) -> Iterator[Trial]:
        """A trial for each fault at each call of the first trial."""
        __tracebackhide__ = True
        learned, _ = first.learned()
        plans = self._plans(learned, 0, self.options.only[:1])
        if not plans:
            raise self._no_call(learned)
        self.total += len(plans)
        for at, kind in plans:
            yield Trial(self, learned, {at: kind}, f"{at + 1}:{kind}")

    def _pairs(self, trials: list[Trial]) -> Iterator[Trial]:
        """A trial for each fault at each call that followed the fault of a former trial."""
        __tracebackhide__ = True
        only = self.options.only
        if not (only[1:] if only else self.options.pairs):
            return
        found = [(single, *single.learned()) for single in trials[1:]]
        plans = [
            (single, learned, start, plan)
            for single, learned, start in found
            for plan in self._plans(learned, start, only[1:])
        ]
        if only and not plans:
            raise self._no_call(found[0][1])
        self.total += len(plans)
        self._counted = True
        for single, learned, start, (at, kind) in plans:
            [first] = single._plan.values()
            yield Trial(self, learned, {start - 1: first, at: kind}, f"{single.fault}+{at + 1}:{kind}")

    def _plans(self, learned: list[_Seen], start: int, only: tuple[tuple[int, _Kind], ...]) -> list[tuple[int, _Kind]]:
        """The calls from a position on, each with each fault, or the one that was asked for."""
        chosen = [at for at, seen in enumerate(learned) if at >= start and (only or self.options.chooses(seen))]
        if only:
            [(number, kind)] = only
            return [(at, kind) for at in chosen if at == number - 1 and learned[at].route is not None]
        return [(at, kind) for at in chosen for kind in self.options.kinds]

    def _no_call(self, learned: list[_Seen]) -> AssertionError:
        calls = ", ".join(f"{number} {seen}" for number, seen in enumerate(learned, 1)) or "none"
        return AssertionError(self.fake.masked(f"each_fault() found no call to disturb; calls of the code: {calls}"))

    def _report(self) -> str:
        """The failures of all trials, the shortest first; of the first one the whole text."""
        lines: list[list[str]] = []
        for trial, error in self._failures.items():
            name = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
            first, *more = f"{trial}: {name}{_text(error)}".splitlines()
            lines.append([first, trial.advice(), *([] if lines else more)])
        cut = [f"  only {self._cut()}"] if self.ran < self.total else []
        more = [f"  and {len(lines) - _MAX_LISTED} more"] if len(lines) > _MAX_LISTED else []
        shown = [line for each in lines[:_MAX_LISTED] for line in each]
        return "\n".join([f"{len(lines)} of {self.ran} trials failed: {shown[0]}", *shown[1:], *more, *cut])

    def _cut(self) -> str:
        return f"{self.ran} of {self.number()} trials; raise limit=, or choose calls with methods= or path="


def start(fake: _Fake, store: Store, faults: Faults, options: Options) -> Iterator[Trial]:
    """The trials of a loop."""
    return _Loop(fake, store, faults, options).trials()


def _is_failure(error: BaseException) -> bool:
    """Whether an exception fails a test; others skip it or end the run."""
    if isinstance(error, Exception) or "pytest" not in sys.modules:
        return isinstance(error, Exception)
    import pytest  # noqa: PLC0415 - the fake works without it

    return isinstance(error, pytest.fail.Exception) and not isinstance(error, pytest.xfail.Exception)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as reason:
        return f"its text cannot be shown ({type(reason).__name__})"


def _is_expected(error: BaseException, kinds: Collection[_Kind]) -> bool:
    """Whether an exception is one of a client for these faults, or was raised from one, or a group of such."""
    whats = {kind.what for kind in kinds}
    if isinstance(error, BaseExceptionGroup):
        return all(_is_expected(each, kinds) for each in error.exceptions)
    if isinstance(error, json.JSONDecodeError) and not whats.isdisjoint(BROKEN):
        return True
    if is_client_error(error):
        status = _status_of(error)
        if status is not None:
            return status in whats
        # A client raises no ValueError for a response, but for a wrong URL, and no error of Python for a status.
        lost = not all(isinstance(what, int) for what in whats)
        return not isinstance(error, ValueError) and (lost or type(error).__module__ != "builtins")
    return error.__cause__ is not None and _is_expected(error.__cause__, kinds)


def _status_of(error: BaseException) -> int | None:
    """The error status that an exception of a client reports; None for a lost response."""
    response = getattr(error, "response", None)
    # The last attribute is deprecated in aiohttp, whose errors have the one before it.
    for holder, name in ((response, "status_code"), (error, "status"), (error, "code")):
        value = getattr(holder, name, None)
        if isinstance(value, int) and value in _STATUSES:
            return value
    return None
