"""The part of a fake that answers and records calls, for interceptors, servers, the loop of trials and the plugin."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from threading import TIMEOUT_MAX, Condition
from typing import TYPE_CHECKING, Any, Never, TypeVar, cast

from pytest_qbchat.each_fault.faults import Faults, apply_fault
from pytest_qbchat.each_fault.snapshot import current_block
from pytest_qbchat.exceptions import CallRefused, ConnectionFault
from pytest_qbchat.explain.call_site import began_in, warn
from pytest_qbchat.explain.problems import Problem, Problems, report
from pytest_qbchat.explain.record_list import Records
from pytest_qbchat.fake.message import Message
from pytest_qbchat.fake.user import User
from pytest_qbchat.service.app import Service
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.endpoints.events import Events
from pytest_qbchat.service.hosts import Hosts
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import Request, Response, printable

if TYPE_CHECKING:
    from pytest_qbchat.each_fault.loop import Trial
    from pytest_qbchat.fake.respx_router import Stubs

T = TypeVar("T")


class Backend:
    """The engine of a `FakeQuickBlox`, without the methods that a test uses."""

    def __init__(self, *, strict: bool, hosts: Iterable[str], on_call: Callable[[Call], None] | None) -> None:
        self.hosts = Hosts(hosts)
        self.problems = Problems()  # which fail the test even if the code under test catches them
        self.store = Store(strict=strict, message_class=Message, new_user=self._new_user)
        self.masked = self.store.secrets.mask  # for every token, key and password that the fake has seen
        self.faults = Faults()
        self.posted: list[Message] = []  # the messages that were sent through POST, oldest first
        self.stubs: Stubs | None = None  # the routes of `qbchat.router`, if the test used it
        self.trial: Trial | None = None  # of `each_fault`; None outside of its loop
        self.has_trials = False  # whether the test uses `each_fault`; a trial may make no call that meets a fault
        self.forgotten = 0  # the number of calls that `forget_calls` has removed
        self._answered = Condition(self.store.lock)  # notified after each call
        self._service = Service(self.store)
        self._on_call = on_call
        self._calls: list[Call] = []
        self.calls = Records(self._calls, Call, "call", self.failure)
        self._scanned_calls = 0  # the number of calls whose secrets are known
        self.store.secrets.find_new = self._new_secrets
        self.store.failure = self.failure

    def handle(self, request: Request) -> Response:
        """Answer a request. For an unknown route, record a problem and raise CallRefused."""
        call = self._record(request)
        call.response = None if self.stubs is None else self.stubs.answer(request)
        return call.response or self._serve(call)

    async def handle_async(self, request: Request) -> Response:
        """Answer a request of an asynchronous client like `handle`. Its stubs may be coroutines."""
        call = self._record(request)
        call.response = None if self.stubs is None else await self.stubs.answer_async(request)
        return call.response or self._serve(call)

    def wait(self, assertion: Callable[[], T], within: float, *, until: bool = True) -> T:
        """Return or raise the result of an assertion once it passes (without `until`, fails) or the time is over."""
        if _in_task():
            remedy = f"use wait_for_posted_async(...), or await asyncio.sleep({within}) before the assertion"
            raise RuntimeError(f"waiting here would stop the event loop, so no task could post; {remedy}")
        self._wait(assertion, within, until)
        return _result(assertion, within if until else 0)

    async def wait_async(self, assertion: Callable[[], T], within: float, *, until: bool = True) -> T:
        """Wait like `wait` in a task of asyncio or trio, while other tasks run."""
        from anyio import CapacityLimiter, to_thread  # noqa: PLC0415 - for the tests that use it; httpx installs it

        wait = partial(self._wait, assertion, within, until)
        await to_thread.run_sync(wait, abandon_on_cancel=True, limiter=CapacityLimiter(1))
        return _result(assertion, within if until else 0)

    def _wait(self, assertion: Callable[[], object], within: float, until: bool) -> None:
        if isinstance(within, bool) or not isinstance(within, int | float) or not 0 <= within < TIMEOUT_MAX:
            raise TypeError(f"invalid within={within!r}; expected a number of seconds")
        with self._answered:
            self._answered.wait_for(lambda: _passes(assertion) is until, within)

    def refuse(self, reason: str, call: Call | None = None) -> CallRefused:
        """Record a refused call, and return the error to raise in the code under test."""
        return self.problems.refuse(self.masked(reason), call)

    def note_missing_timeout(self, method: str) -> None:
        """Warn that a call without a timeout gets no response: outside of a test it waits forever."""
        text = f"this {method} has no timeout, so without a response it waits forever; give the client a timeout"
        if warn(text):
            self.problems.add(f"QuickBloxWarning: {text}")

    def raise_problems(self) -> None:
        """Raise an AssertionError for problems that the code under test caught, if they were not reported yet."""
        if self.problems:
            raise AssertionError(report(self.problems.drain()))

    def note_unmet(self, *, routes: bool) -> None:
        """Add a problem for each fault that no call has met, and with `routes` for each route that was not called."""
        if self.has_trials:
            return
        made = ", ".join(dict.fromkeys(f"{call.method} {call.path}" for call in self._calls)) or "none"
        remedy = "inject it before the call that it is for, or allow it with optional=True"
        unmet = [(fault, remedy) for fault in self.faults.unmet()]
        if routes and self.stubs is not None:
            remedy = "remove it, or allow it with @pytest.mark.qbchat(assert_all_called=False)"
            unmet += [(f"{route} of qbchat.router", remedy) for route in self.stubs.uncalled()]
        for what, remedy in unmet:
            self.problems.append(Problem(self.masked(f"no call met {what}; calls: {made}\n  {remedy}")))

    def failure(self, text: str) -> Any:
        """The error of an assertion, which knows how many calls it saw."""
        failure: Any = AssertionError(self.masked("\n".join(map(printable, text.split("\n")))))
        failure.calls_seen = len(self._calls)
        return failure

    def forget_calls(self, keep: int) -> None:
        """See `FakeQuickBlox.forget_calls`."""
        self.masked("")  # collects the secrets of the calls
        forgotten = self._calls[: max(0, len(self._calls) - keep)]
        del self._calls[: len(forgotten)]
        self.forgotten += len(forgotten)
        for call in forgotten:
            if call.message is not None:
                call.message.call = None
        self.posted[:] = [message for message in self.posted if message.call is not None]
        pushed, gone = self.store.part(Events).pushed, {*forgotten}
        pushed[:] = [push for push in pushed if push.call not in gone]
        self._scanned_calls = len(self._calls)
        self.problems.drain()

    def _new_user(self, id: int, **fields: Any) -> User:
        user = User(id, **fields)
        user._store = self.store
        return user

    def _new_secrets(self) -> Iterator[str]:
        calls = self._calls[self._scanned_calls :]
        self._scanned_calls += len(calls)
        for call in calls:
            yield from call.header_secrets()
            yield from call.parameter_secrets()

    def _record(self, request: Request) -> Call:
        # `_serve` resets `stubbed`; it stays set if a route answers or raises an error.
        call = Call(request, stubbed=self.stubs is not None, began_in=began_in())
        self._calls.append(call)
        return call

    def _serve(self, call: Call) -> Response:
        """Let the service answer; record the message, emit warnings, and raise refusals and faults."""
        call.stubbed = False
        with self.store.lock:
            if current_block.get().undone:
                self._drop(call)
            fault = self.faults.pop_matching(call.request) if self.trial is None else self.trial.fault_for(call)
            if fault is None:
                self._service.handle(call)
            else:
                apply_fault(fault, self._service, call)
            if call.message is not None:
                self.posted.append(cast("Message", call.message))
        call.warnings = tuple(map(self.masked, call.warnings))
        for text in call.warnings:
            if warn(text):
                self.problems.add(f"QuickBloxWarning: {text}", call=call)
        refusal = self._refusal(call) if call.refused else None
        if self._on_call is not None:
            self._on_call(call)
        with self._answered:
            self._answered.notify_all()
        if refusal is not None:
            raise refusal
        if call.response is None:
            raise ConnectionFault(call.fault, call.reason)
        return call.response

    def _drop(self, call: Call) -> Never:
        """Forget a call of a task that began in an earlier trial, and close its connection."""
        self._calls[:] = [other for other in self._calls if other is not call]
        if self.trial is not None:
            self.trial.dropped.append(f"{call.method} {call.path}")
        raise ConnectionFault("disconnect", "the trial of this call is over")

    def _refusal(self, call: Call) -> CallRefused:
        stub = f"qbchat.router.{call.method.lower()}({call.request.prefix + call.path!r}).respond(...)"
        expectation = f"qbchat.expect_refused({call.method!r}, {call.path!r})"
        remedy = f"if the call is right, answer it with {stub}, or expect it with {expectation}"
        return self.refuse(f"{call.reason}\n  {remedy}", call)


def _passes(assertion: Callable[[], object]) -> bool:
    with suppress(AssertionError):
        return assertion() != []
    return False


def _result(assertion: Callable[[], T], waited: float) -> T:
    try:
        return assertion()
    except AssertionError as error:
        error.args = (f"{error}\n  waited {waited:g} s" if waited else str(error),)
        raise


def _in_task() -> bool:
    """Whether a task of asyncio or trio runs in this thread."""
    asyncio, trio = map(sys.modules.get, ("asyncio", "trio"))
    with suppress(RuntimeError):  # no event loop of asyncio runs
        if asyncio is not None and asyncio.current_task() is not None:
            return True
    return trio is not None and trio.lowlevel.in_trio_task()
