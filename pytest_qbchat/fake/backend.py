"""What interceptors, servers, the loop of trials and the plugin know of a fake: it answers calls and records them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Never, cast

from pytest_qbchat.each_fault.faults import Faults, apply_fault
from pytest_qbchat.each_fault.trial_tasks import is_of_earlier_trial
from pytest_qbchat.exceptions import CallRefused, ConnectionFault
from pytest_qbchat.explain.call_site import warn
from pytest_qbchat.explain.problems import Problems
from pytest_qbchat.explain.record_list import Records
from pytest_qbchat.fake.message import Message
from pytest_qbchat.fake.user import User
from pytest_qbchat.service.app import Service
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.endpoints.events import Events
from pytest_qbchat.service.hosts import Hosts
from pytest_qbchat.service.store import Store

if TYPE_CHECKING:
    from pytest_qbchat.each_fault.loop import Trial
    from pytest_qbchat.fake.respx_router import Stubs
    from pytest_qbchat.service.wire import RawHeaders, Request, Response


class Backend:
    """The engine of a `FakeQuickBlox`, without the methods that a test uses.

    Attributes:
        hosts: The hosts that belong to QuickBlox.
        problems: The refusals and warnings that fail the test even if the code under test catches them.
        store: The state.
        faults: The injected faults.
        posted: The messages that were sent through POST, oldest first.
        stubs: The routes of `qbchat.router`, if the test used it.
        trial: The current trial of `each_fault`; None outside of its loop.
        has_trials: Whether the test uses `each_fault`, in whose trials a call may not be made.
    """

    def __init__(self, *, strict: bool, hosts: Iterable[str], on_call: Callable[[Call], None] | None) -> None:
        """See `FakeQuickBlox`."""
        self.hosts = Hosts(hosts)
        self.problems = Problems()
        self.store = Store(strict=strict, message_class=Message, new_user=self._new_user)
        self.faults = Faults()
        self.posted: list[Message] = []
        self.stubs: Stubs | None = None
        self.trial: Trial | None = None
        self.has_trials = False
        self._service = Service(self.store)
        self._on_call = on_call
        self._calls: list[Call] = []
        self._scanned_calls = 0  # the number of calls whose secrets are known
        self.store.secrets.find_new = self._new_secrets

    @property
    def calls(self) -> Records[Call]:
        """Every call with its request and response, oldest first; refused calls too."""
        return Records(self._calls, Call, "call", self.masked)

    def handle(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            CallRefused: The route is unknown. The refusal is recorded, so that the test fails.
        """
        __tracebackhide__ = True
        call = Call(request)
        self._calls.append(call)
        if self.stubs is not None:
            call.stubbed = True  # also if the route raises an error
            call.response = self.stubs.answer(request)
            call.stubbed = call.response is not None
        return call.response or self._serve(call)

    async def handle_async(self, request: Request) -> Response:
        """Answer a request of an asynchronous client like `handle`. Its stubs may be coroutines."""
        __tracebackhide__ = True
        call = Call(request)
        self._calls.append(call)
        if self.stubs is not None:
            call.stubbed = True
            call.response = await self.stubs.answer_async(request)
            call.stubbed = call.response is not None
        return call.response or self._serve(call)

    def refuse(self, reason: str, call: Call | None = None) -> CallRefused:
        """Record a refused call, and return the error to raise in the code under test."""
        return self.problems.refuse(self.masked(reason), call)

    def note_missing_timeout(self, method: str) -> None:
        """Warn that a call without a timeout gets no response: outside of a test it waits for ever."""
        text = f"this {method} has no timeout, so without a response it waits for ever; give the client a timeout"
        if warn(text):
            self.problems.add(f"QuickBloxWarning: {text}")

    def raise_problems(self) -> None:
        """Fail for problems that the code under test caught.

        Raises:
            AssertionError: There are problems that were not reported yet.
        """
        __tracebackhide__ = True
        self.problems.raise_all()

    def note_unmet(self, *, routes: bool) -> None:
        """Add a problem for each fault that no call has met, and with `routes` for each route that was not called."""
        if self.has_trials:
            return
        made = ", ".join(dict.fromkeys(f"{call.method} {call.path}" for call in self._calls)) or "none"
        for fault in self.faults.unmet():
            remedy = "inject it before the call that it is for, or allow it with optional=True"
            self.problems.note(self.masked(f"no call met {fault}; calls: {made}\n  {remedy}"))
        for route in self.stubs.uncalled() if routes and self.stubs is not None else ():
            remedy = "remove it, or allow it with @pytest.mark.qbchat(assert_all_called=False)"
            self.problems.note(self.masked(f"no call met {route} of qbchat.router; calls: {made}\n  {remedy}"))

    def masked(self, text: str) -> str:
        """Mask every token, key and password that the fake has seen in a text."""
        return self.store.secrets.mask(text)

    def forget_calls(self, keep: int) -> None:
        """Forget all calls but the newest; see `FakeQuickBlox.forget_calls`."""
        self.masked("")  # collects the secrets of the calls
        forgotten = self._calls[: max(0, len(self._calls) - keep)]
        del self._calls[: len(forgotten)]
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
        known: RawHeaders = ()
        for call in calls:
            if call.request.raw_headers is not known:
                known = call.request.raw_headers
                yield from call.header_secrets()
            yield from call.parameter_secrets()

    def _serve(self, call: Call) -> Response:
        """Let the service answer; record the message, emit warnings, and raise refusals and faults."""
        __tracebackhide__ = True
        with self.store.lock:
            if is_of_earlier_trial():
                self._drop(call)
            fault = self.faults.pop_matching(call.request) if self.trial is None else self.trial.fault_for(call)
            if fault is None:
                self._service.handle(call)
            else:
                apply_fault(fault, self._service, call)
            if call.message is not None:
                self.posted.append(cast("Message", call.message))
        if call.warnings:
            self._emit_warnings(call)
        refusal = self._refusal(call) if call.refused else None
        if self._on_call is not None:
            self._on_call(call)
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

    def _emit_warnings(self, call: Call) -> None:
        call.warnings = tuple(map(self.masked, call.warnings))
        for text in call.warnings:
            if warn(text):
                self.problems.add(f"QuickBloxWarning: {text}", call=call)

    def _refusal(self, call: Call) -> CallRefused:
        stub = f"qbchat.router.{call.method.lower()}({call.request.prefix + call.path!r}).respond(...)"
        expectation = f"qbchat.expect_refused({call.method!r}, {call.path!r})"
        remedy = f"if the call is right, answer it with {stub}, or expect it with {expectation}"
        return self.refuse(f"{call.reason}\n  {remedy}", call)
