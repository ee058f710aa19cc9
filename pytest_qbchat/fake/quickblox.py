"""FakeQuickBlox answers calls, records them, and has the assertions on what was posted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Never, cast

from pytest_qbchat.each_fault.faults import Faults, apply_fault
from pytest_qbchat.each_fault.trial_tasks import is_of_earlier_trial
from pytest_qbchat.exceptions import CallRefused, ConnectionFault
from pytest_qbchat.explain import differences, message_effects, transcript
from pytest_qbchat.explain.call_site import warn
from pytest_qbchat.explain.problems import Expectation, Problems
from pytest_qbchat.explain.record_list import Records
from pytest_qbchat.fake.declarations import Declarations
from pytest_qbchat.fake.message import Message, PostedMessages
from pytest_qbchat.fake.user import User
from pytest_qbchat.intercept import Interception
from pytest_qbchat.service import models
from pytest_qbchat.service.app import Service
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.hosts import Hosts
from pytest_qbchat.service.models import Blob, Dialog, Session, id_of
from pytest_qbchat.service.realtime_chat import Realtime
from pytest_qbchat.service.store import Store

if TYPE_CHECKING:
    import respx

    from pytest_qbchat.each_fault.loop import Trial
    from pytest_qbchat.fake.respx_router import Stubs
    from pytest_qbchat.service.wire import Request, Response


class FakeQuickBlox(Declarations):
    """A working QuickBlox in memory.

    It adopts unknown tokens, users and dialogs, and enforces QuickBlox's rules on known ones.

    Attributes:
        hosts: The hosts that belong to QuickBlox.
        problems: The refusals and warnings that fail the test even if the code under test catches them.
        trial: The current trial of `each_fault`; None outside of its loop.
    """

    def __init__(
        self, *, strict: bool = False, hosts: Iterable[str] = (), on_call: Callable[[Call], None] | None = None
    ) -> None:
        """Make a fake with a state that no other fake shares.

        Args:
            strict: Refuse unknown tokens, API keys, users and dialogs as QuickBlox would, instead of adopting them.
            hosts: Hosts or base URLs that belong to QuickBlox besides `*.quickblox.com`: `chat.shop.example`,
                `https://gateway.shop.example:8443/quickblox`.
            on_call: Called with every call after the fake has answered or refused it.

        Raises:
            ValueError: A host is malformed.
        """
        self.hosts = Hosts(hosts)
        self.problems = Problems()
        store = Store(strict=strict, message_class=Message, new_user=self._new_user)
        super().__init__(store, Realtime(store))
        self._service = Service(store)
        self._faults = Faults()
        self._on_call = on_call
        self._calls: list[Call] = []
        self._posted: list[Message] = []
        self._focus: models.Message | None = None  # the closest message of the latest failed assertion
        self._scanned_calls = 0  # the number of calls whose secrets are known
        self._store.secrets.find_new = self._new_secrets
        self._stubs: Stubs | None = None
        self.trial: Trial | None = None

    def __repr__(self) -> str:
        return f"<FakeQuickBlox: calls={len(self._calls)} posted={len(self._posted)}>"

    # Break

    def fail(
        self,
        what: int | Literal["timeout", "disconnect", "malformed", "empty"],
        *,
        times: int = 1,
        method: Literal["GET", "POST", "PUT", "DELETE", "PATCH"] | None = None,
        path: str | None = None,
        stored: bool | None = None,
    ) -> None:
        """Inject a fault into the next calls. `calls` contains these calls too.

        Several faults are applied in the order of their injection. The client raises its own exceptions.

        Args:
            what: An HTTP status from 400 to 599, with QuickBlox's error body; "timeout"; "disconnect", a connection
                that ends before the response; "malformed" or "empty", a response with a cut or an empty body. A
                "timeout" takes no time, except for clients that are served over the loopback interface (aiohttp,
                Tornado, niquests, the live server): these wait until their own timeout.
            times: The number of calls.
            method: Only calls with this method, in upper case.
            path: Only calls to this path, `/chat/Message.json`, or route, `/chat/Dialog/{id}`.
            stored: Whether the request takes effect although its response is lost. By default it does for "malformed"
                and "empty", and does not for other faults.

        Raises:
            TypeError: `what` is neither a status nor a string.
            ValueError: The fault, the status or the route is unknown, or `times` is not 1 or greater.
        """
        __tracebackhide__ = True
        self._faults.inject(what, times=times, method=method, path=path, stored=stored)

    def each_fault(
        self,
        *faults: int | str,
        methods: Collection[str] | None = None,
        path: str | None = None,
        pairs: bool = False,
        only: str | None = None,
        reset: Callable[[], object] | None = None,
        limit: int = 200,
    ) -> Iterator[Trial]:
        """Try a fault at every call: `for trial in qbchat.each_fault(): with trial: ...`, then assertions.

        The first trial has no fault. Before each further one, the whole fake is set back to its state before the loop,
        and one call of the block gets one fault. A call is recognized by method, route, path, query and parameters, and
        the same call again by its number; one with a content that is new in each trial, by its route and number. Calls
        are numbered by arrival. Those of threads, of tasks at the same time, and through a loopback server are numbered
        by method, route and content. Routes of `qbchat.router` get no fault.

        The first failing trial ends the loop, and is named in the failure. To see all failing trials, put
        `with subtests.test(trial.fault):` around the body of the loop: `subtests` is a fixture of pytest 9 and of
        pytest-subtests.

        Args:
            *faults: A status; "timeout", "disconnect", each also with "-stored": the request takes effect; "malformed";
                "empty". Default: "timeout-stored", "timeout", "disconnect", 401, 429, 503. 401 expires the session.
            methods: Only calls with these methods, as in `["POST"]`.
            path: Only calls to this path or route, as for `fail`.
            pairs: Also try a second fault at each call that follows the first fault, retries too.
            only: The name of the trial to run, as a failure shows it: "2:timeout-stored", "1:503+2:timeout".
            reset: Called before each trial but the first, to reset what the fake does not have, such as a database.
            limit: The maximum number of trials. If there are more, a `QuickBloxWarning` says so.

        Raises:
            TypeError: An argument is of another type.
            ValueError: A fault, method, path or name is unknown, or the limit is less than 2.
        """
        __tracebackhide__ = True
        from pytest_qbchat.each_fault.loop import Loop  # noqa: PLC0415 - for the tests that use it
        from pytest_qbchat.each_fault.options import Options  # noqa: PLC0415 - for the tests that use it

        options = Options(faults, methods, path, pairs, only, reset, limit)
        return Loop(self, self._store, self._faults, options)

    @property
    def router(self) -> respx.Router:
        """A respx router in front of the fake, for routes that are not faked and for custom responses.

        Its routes take precedence, with every client. All other calls go to the fake.
        """
        if self._stubs is None:
            from pytest_qbchat.fake.respx_router import Stubs  # noqa: PLC0415 - respx is imported for the tests that use it

            self._stubs = Stubs()
        return self._stubs.router

    # Observe

    @property
    def posted(self) -> Records[Message]:
        """The messages that were sent through POST, oldest first, each with its original text."""
        posted = PostedMessages(self._posted)
        return Records(
            posted,
            Message,
            "posted message",
            self.masked,
            lambda: message_effects.why_none(self._calls, self.hosts.others),
        )

    @property
    def messages(self) -> Records[Message]:
        """The whole history as it is now, oldest message first."""
        with self._store.lock:
            return Records(cast("list[Message]", list(self._store.messages.values())), Message, "message", self.masked)

    @property
    def calls(self) -> Records[Call]:
        """Every call with its request and response, oldest first; refused calls too."""
        return Records(self._calls, Call, "call", self.masked)

    @property
    def users(self) -> Records[User]:
        """The users as they are now: declared, signed up and adopted."""
        with self._store.lock:
            return Records(cast("list[User]", list(self._store.users.values())), User, "user", self.masked)

    @property
    def sessions(self) -> Records[Session]:
        """The sessions as they are now, expired ones too: declared, created and adopted."""
        with self._store.lock:
            return Records(list(self._store.sessions.values()), Session, "session", self.masked)

    @property
    def dialogs(self) -> Records[Dialog]:
        """The dialogs as they are now: declared, created, adopted, and started by a message to a user."""
        with self._store.lock:
            return Records(list(self._store.dialogs.values()), Dialog, "dialog", self.masked)

    @property
    def blobs(self) -> Records[Blob]:
        """The files as they are now; those that were not uploaded yet have no `content`."""
        with self._store.lock:
            return Records(list(self._store.blobs.values()), Blob, "blob", self.masked)

    def inbox(self, user: int | models.User) -> Records[Message]:
        """The messages with `send_to_chat` that the chat delivered to a user in real time, oldest first.

        Args:
            user: The user or its id.
        """
        __tracebackhide__ = True
        user_id = id_of(user)
        inbox = cast("list[Message]", self._realtime.inbox(user_id))
        reasons = partial(message_effects.not_delivered, self._store, user_id)
        return Records(inbox, Message, f"message in the inbox of user {user_id}", self.masked, reasons)

    def transcript(self) -> str:
        """The conversation so far, with every call that QuickBlox did not accept; tokens and keys are masked."""
        rendered = transcript.render(self, self._calls, self._focus)
        return self.masked("\n".join([rendered, *self._faults.unused()]))

    # Assert

    def assert_posted(self, *positional: Never, times: int | None = None, **fields: Any) -> Message:
        """Assert that a message was posted.

        Args:
            *positional: None; the fields have names.
            times: The number of such messages; None means at least one.
            **fields: The fields that the message must have, with QuickBlox field names, custom fields too. The expected
                value is on the left of `==`; a compiled regular expression searches a string. Attachments are compared
                as a whole, as a list or in the form of a request. Only `ABSENT` matches an absent field.

        Returns:
            The message; the newest one if there are several.

        Raises:
            AssertionError: No message matches, or another number of messages.
            TypeError: A field is misspelt, or `times` is not a positive number.
        """
        __tracebackhide__ = True
        _refuse_positional("assert_posted", positional)
        if times is not None and (type(times) is not int or times < 1):
            raise TypeError(f"invalid times={times!r}; expected 1 or greater; for none use assert_not_posted(...)")
        found = self.posted.where(**fields)
        if not found and self._posted:
            self._focus = differences.closest(self.posted, fields)
            text = differences.no_match(self._focus, len(self._posted), fields, self._calls)
            raise AssertionError(self.masked(text))
        if not found:
            raise AssertionError(self.masked(differences.none_posted(fields, self._calls, self.hosts.others)))
        if times is not None and len(found) != times:
            raise AssertionError(self.masked(differences.wrong_number(found, times, fields, self._calls)))
        return found[-1]

    def assert_not_posted(self, *positional: Never, **fields: Any) -> None:
        """Assert that no message with these fields was posted.

        Args:
            *positional: None; the fields have names.
            **fields: As for `assert_posted`, without `times`; at least one.

        Raises:
            AssertionError: A message matches.
            TypeError: A field is misspelt, or no field is given.
        """
        __tracebackhide__ = True
        _refuse_positional("assert_not_posted", positional)
        if not fields:
            raise TypeError("assert_not_posted() needs a field; for no message at all use assert_nothing_posted()")
        if "times" in fields:
            raise TypeError("assert_not_posted() does not take times; use assert_posted(times=...)")
        if found := self.posted.where(**fields):
            raise AssertionError(self.masked(differences.unexpected(found, fields)))

    def assert_nothing_posted(self) -> None:
        """Assert that no message was posted at all.

        Raises:
            AssertionError: A message was posted.
        """
        __tracebackhide__ = True
        if self._posted:
            raise AssertionError(self.masked(differences.unexpected(self.posted, {})))

    def expect_refused(self, method: str | None = None, path: str | None = None) -> Expectation:
        """Expect the fake to refuse a call to an unknown route in a `with` block.

        The `CallRefused` that the code under test gets does not leave the block, and does not fail the test.

        Args:
            method: The method of the call, in upper case; any if omitted.
            path: The path of the call within the API, `/events.json`; any if omitted.

        Raises:
            AssertionError: No such call was refused.
            ValueError: The method is not in upper case.
        """
        __tracebackhide__ = True
        return self.problems.expect(method, path)

    # Serve

    def intercept(self) -> Interception[FakeQuickBlox]:
        """A context manager in which every supported HTTP client reaches this fake instead of QuickBlox.

        It returns this fake. On exit, a refused call that the test did not expect raises an AssertionError.
        """
        return Interception(self)

    def handle(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            CallRefused: The route is unknown. The refusal is recorded, so that the test fails.
        """
        __tracebackhide__ = True
        call = Call(request)
        self._calls.append(call)
        if self._stubs is not None:
            call.stubbed = True  # also if the route raises an error
            call.response = self._stubs.answer(request)
            call.stubbed = call.response is not None
        return call.response or self._serve(call)

    async def handle_async(self, request: Request) -> Response:
        """Answer a request of an asynchronous client like `handle`. Its stubs may be coroutines."""
        __tracebackhide__ = True
        call = Call(request)
        self._calls.append(call)
        if self._stubs is not None:
            call.stubbed = True
            call.response = await self._stubs.answer_async(request)
            call.stubbed = call.response is not None
        return call.response or self._serve(call)

    def refuse(self, reason: str, call: Call | None = None) -> CallRefused:
        """Record a refused call, and return the error to raise in the code under test."""
        return self.problems.refuse(self.masked(reason), call)

    def raise_problems(self) -> None:
        """Fail for problems that the code under test caught.

        Raises:
            AssertionError: There are problems that were not reported yet.
        """
        __tracebackhide__ = True
        self.problems.raise_all()

    def masked(self, text: str) -> str:
        """Mask every token, key and password that the fake has seen in a text."""
        return self._store.secrets.mask(text)

    def forget_calls(self, keep: int = 0) -> None:
        """Forget all calls but the newest, their messages in `posted`, and all problems. The history is kept.

        Args:
            keep: The number of calls to keep.
        """
        self.masked("")  # collects the secrets of the calls
        forgotten = self._calls[: max(0, len(self._calls) - keep)]
        del self._calls[: len(forgotten)]
        for call in forgotten:
            if call.message is not None:
                call.message.call = None
        self._posted[:] = [message for message in self._posted if message.call is not None]
        self._scanned_calls, self._focus = len(self._calls), None
        self.problems.drain()

    def _new_user(self, id: int, **fields: Any) -> User:
        user = User(id, **fields)
        user._realtime = self._realtime
        return user

    def _new_secrets(self) -> Iterator[str]:
        calls = self._calls[self._scanned_calls :]
        self._scanned_calls += len(calls)
        known: object = None
        for call in calls:
            if call.request.raw_headers is not known:
                known = call.request.raw_headers
                yield from call.header_secrets()
            yield from call.parameter_secrets()

    def _serve(self, call: Call) -> Response:
        """Let the service answer; record the message, emit warnings, and raise refusals and faults."""
        __tracebackhide__ = True
        with self._store.lock:
            if is_of_earlier_trial():
                self._drop(call)
            fault = self._faults.pop_matching(call.request) if self.trial is None else self.trial.fault_for(call)
            if fault is None:
                self._service.handle(call)
            else:
                apply_fault(fault, self._service, call)
            if call.message is not None:
                self._posted.append(cast("Message", call.message))
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
            self.trial.dropped += 1
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


def _refuse_positional(method: str, values: tuple[object, ...]) -> None:
    __tracebackhide__ = True
    if values:
        raise TypeError(f"{method}() takes fields by name; use {method}(message={values[0]!r})")
