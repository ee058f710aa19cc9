"""FakeQuickBlox answers calls, records them, and has the assertions on what was posted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Never, TypeVar

from pytest_qbchat.each_fault.faults import Fault
from pytest_qbchat.explain import conversation, differences
from pytest_qbchat.explain import message_effects as effects
from pytest_qbchat.explain.field_matching import check_names, custom_fields, has_fields
from pytest_qbchat.explain.problems import Expectation
from pytest_qbchat.explain.record_list import Records
from pytest_qbchat.fake.backend import Backend
from pytest_qbchat.fake.declarations import Declarations
from pytest_qbchat.fake.message import Message
from pytest_qbchat.fake.user import User, inbox_of
from pytest_qbchat.intercept import Interception
from pytest_qbchat.service import models
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.endpoints.events import Events, Push
from pytest_qbchat.service.guessed_names import hinted
from pytest_qbchat.service.models import Blob, Dialog, Session, id_of

if TYPE_CHECKING:
    import respx

    from pytest_qbchat.each_fault.loop import Trial
    from pytest_qbchat.each_fault.options import FaultName

T = TypeVar("T")
R = TypeVar("R", Message, Push)


class FakeQuickBlox(Declarations):
    """A working QuickBlox in memory.

    It adopts unknown tokens, users and dialogs, and enforces QuickBlox's rules on known ones.
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
        self._backend = Backend(strict=strict, hosts=hosts, on_call=on_call)
        self._store = self._backend.store
        self._masked = self._backend.masked

    def __repr__(self) -> str:
        return f"<FakeQuickBlox: calls={len(self._backend.calls)} posted={len(self._backend.posted)}>"

    # Break

    @hinted
    def fail(
        self,
        what: int | Literal["timeout", "disconnect", "connect", "malformed", "empty"],
        *,
        times: int = 1,
        method: Literal["GET", "POST", "PUT", "DELETE", "PATCH"] | None = None,
        path: str | None = None,
        stored: bool | None = None,
        optional: bool = False,
    ) -> None:
        """Inject a fault into the next calls. `calls` contains these calls too.

        A test with a fixture of the plugin fails if no call meets the fault, unless it has a loop of `each_fault`.

        Several faults are applied in the order of their injection. The client raises its own exceptions.

        Args:
            what: An HTTP status from 400 to 599, with QuickBlox's error body; "timeout"; "disconnect", a connection
                that ends before the response; "connect", a connection that is never made, so that nothing is sent or
                stored; "malformed" or "empty", a response with a cut or an empty body. A "timeout" takes no time,
                except for clients that are served over the loopback interface (aiohttp, Tornado, niquests, the live
                server): these wait until their own timeout.
            times: The number of calls.
            method: Only calls with this method, in upper case.
            path: Only calls to this path, `/chat/Message.json`, or route, `/chat/Dialog/{id}`.
            stored: Whether the request takes effect although its response is lost. By default it does for "malformed"
                and "empty", and does not for other faults.
            optional: Whether the test passes although no call meets the fault.

        Raises:
            TypeError: `what` is neither a status nor a string.
            ValueError: The fault, the status or the route is unknown, or `times` is not 1 or greater.
        """
        self._backend.faults.append(Fault(what, times, method, path, stored, optional))

    def each_fault(
        self,
        *faults: int | FaultName,
        methods: Collection[str] | None = None,
        path: str | None = None,
        pairs: bool = False,
        only: str | None = None,
        expected: type[Exception] | tuple[type[Exception], ...] = (),
        reset: Callable[[], object] | None = None,
        limit: int = 500,
    ) -> Iterator[Trial]:
        """Try a fault at every call: `for trial in qbchat.each_fault(): with trial: ...`, then assertions.

        The first trial has no fault. Before each further one, the whole fake is set back to its state before the loop,
        and one call of the block gets one fault. A call is recognized by method, route, path, query and parameters, and
        repetitions by their number; a call whose content is new in each trial, by its route and number. Calls are
        numbered by arrival. Calls of threads, of concurrent tasks and through a loopback server are numbered by
        method, route and content. Routes of `qbchat.router` get no fault.

        The first failing trial ends the loop, and is named in the failure. To see all failing trials, put
        `with subtests.test(trial.fault):` around the body of the loop: `subtests` is a fixture of pytest 9 and of
        pytest-subtests.

        Args:
            *faults: A status, "timeout" or "disconnect", each also with "-stored": the request takes effect, or with
                "-lasting": every later call of that route fails too; "connect"; "malformed"; "empty". Default:
                "timeout-stored", "timeout", "disconnect", 401, 429, 503, "503-lasting", "401-lasting",
                "timeout-lasting". 401 expires the session.
            methods: Only calls with these methods, as in `["POST"]`.
            path: Only calls to this path or route, as for `fail`.
            pairs: Also try a second fault at each call that follows the first fault, retries too. Lasting faults are
                tried alone.
            only: The name of the trial to run, as a failure shows it: "2:timeout-stored", "1:503+2:timeout".
            expected: Exceptions of the code under test that it may raise for a fault. Exceptions of HTTP clients for
                the fault, and exceptions raised from them, are always expected.
            reset: Called before each trial but the first, to reset what the fake does not have, such as a database.
            limit: The maximum number of trials. If there are more, a `QuickBloxWarning` says so.

        Raises:
            TypeError: An argument is of another type.
            ValueError: A fault, method, path or name is unknown, or the limit is less than 2.
        """
        from pytest_qbchat.each_fault.loop import Loop  # noqa: PLC0415 - for the tests that use it
        from pytest_qbchat.each_fault.options import Options  # noqa: PLC0415 - for the tests that use it

        self._backend.has_trials = True
        return Loop(self._backend, Options(faults, methods, path, pairs, only, expected, reset, limit))

    @property
    def router(self) -> respx.Router:
        """A respx router in front of the fake, for routes that are not faked and for custom responses.

        Its routes take precedence, with every client. All other calls go to the fake. As respx does by default, a test
        with a fixture of the plugin fails if a route was never called, unless it has a loop of `each_fault`, or
        `@pytest.mark.qbchat(assert_all_called=False)`.
        """
        if self._backend.stubs is None:
            from pytest_qbchat.fake.respx_router import Stubs  # noqa: PLC0415 - respx is imported for the tests that use it

            self._backend.stubs = Stubs()
        return self._backend.stubs.router

    # Observe

    @property
    def trial(self) -> Trial | None:
        """The current trial of `each_fault`; None outside of its loop."""
        return self._backend.trial

    @property
    def posted(self) -> Records[Message]:
        """The messages that were sent through POST, oldest first, each with its original text."""
        reasons = partial(effects.why_none, self.calls, self._backend.hosts)
        posted = self._backend.posted
        return Records(posted, Message, "posted message", self._backend.failure, reasons, Message._as_posted)

    @property
    def pushed(self) -> Records[Push]:
        """The push notifications that were sent through POST /events.json, oldest first."""
        reasons = partial(effects.why_none, self.calls, self._backend.hosts, "push")
        return Records(self._store.part(Events).pushed, Push, "push", self._backend.failure, reasons)

    @property
    def messages(self) -> Records[Message]:
        """The whole history as it is now, oldest message first."""
        return self._records(Message, self._store.messages)

    @property
    def calls(self) -> Records[Call]:
        """Every call with its request and response, oldest first; refused calls too."""
        return self._backend.calls

    @property
    def users(self) -> Records[User]:
        """The users as they are now: declared, signed up and adopted."""
        return self._records(User, self._store.users)

    @property
    def sessions(self) -> Records[Session]:
        """The sessions as they are now, expired ones too: declared, created and adopted."""
        return self._records(Session, self._store.sessions)

    @property
    def dialogs(self) -> Records[Dialog]:
        """The dialogs as they are now: declared, created, adopted, and started by a message to a user."""
        return self._records(Dialog, self._store.dialogs)

    @property
    def blobs(self) -> Records[Blob]:
        """The files as they are now; those that were not uploaded yet have no `content`."""
        return self._records(Blob, self._store.blobs)

    def inbox(self, user: int | models.User) -> Records[Message]:
        """The messages with `send_to_chat` that the chat delivered to a user in real time, oldest first.

        Args:
            user: The user or its id.
        """
        return inbox_of(self._store, id_of(user))

    def transcript(self) -> str:
        """The conversation so far, with every call that QuickBlox did not accept; tokens and keys are masked."""
        return self._transcript(None)

    def forget_calls(self, keep: int = 0) -> None:
        """Forget all calls but the newest, what they posted and pushed, and all problems. The history is kept.

        Args:
            keep: The number of calls to keep.
        """
        self._backend.forget_calls(keep)

    # Assert

    def assert_posted(
        self, /, *positional: Never, times: int | None = None, at_least: int | None = None, **fields: Any
    ) -> Message:
        """Assert that exactly one message was posted, or another number of messages.

        Args:
            *positional: None; the fields have names.
            times: The number of such messages; one if omitted.
            at_least: The lowest number of such messages, in place of `times`.
            **fields: The fields that the message must have, with QuickBlox field names, custom fields too. The expected
                value is on the left of `==`; a compiled regular expression searches a string. Attachments are compared
                as a whole, as a list or in the form of a request. Only `ABSENT` matches an absent field.

        Returns:
            The message; the newest one if there are several.

        Raises:
            AssertionError: No message matches, or another number of messages.
            TypeError: A field is misspelt, or `times` or `at_least` is not a positive number, or both are given.
        """
        _refuse_positional("assert_posted", positional)
        return self._found(Message, self.posted, times, at_least, fields)

    def assert_pushed(
        self, *positional: Never, times: int | None = None, at_least: int | None = None, **fields: Any
    ) -> Push:
        """Assert that exactly one push notification was sent, or another number of them.

        Args:
            *positional: None; the fields have names.
            times: The number of such pushes; one if omitted.
            at_least: The lowest number of such pushes, in place of `times`.
            **fields: The fields that the push must have, compared as in `assert_posted`: `to`, a user or id among its
                receivers, or a list of all of them; `message`, the decoded text; `payload`; and those of the event:
                `environment`, `push_type`.

        Returns:
            The push; the newest one if there are several.

        Raises:
            AssertionError: No push matches, or another number of pushes.
            TypeError: A field is unknown, or `times` or `at_least` is not a positive number, or both are given.
        """
        _refuse_positional("assert_pushed", positional)
        return self._found(Push, self.pushed, times, at_least, fields)

    def _found(self, kind: type[R], posted: Records[R], times: Any, at_least: Any, fields: dict[str, Any]) -> R:
        """The newest of the expected messages or pushes."""
        verb, none = ("posted", "assert_not_posted(...)") if kind is Message else ("pushed", "pushed.where(...) == []")
        for name, given in (("times", times), ("at_least", at_least)):
            if given is not None and (type(given) is not int or given < 1):
                raise TypeError(f"invalid {name}={given!r}; expected 1 or greater; for none use {none}")
        if times is not None and at_least is not None:
            raise TypeError(f"assert_{verb}() takes times or at_least; omit one of them")
        check_names(fields, kind, posted, custom=False)  # the failure explains a custom field of another name
        found = [message for message in posted if has_fields(message, fields)]
        if not posted:
            text = differences.none_posted(fields, self.calls, self._backend.hosts, kind.__name__.lower())
        elif not found and "count" in fields and "count" not in custom_fields(posted):
            raise TypeError(f"no {kind.__name__.lower()} has a field 'count'; for their number use times=...")
        elif not found:
            text = differences.no_match(posted, fields, self.calls)
        elif (len(found) < at_least) if at_least else (len(found) != (times or 1)):
            text = differences.wrong_number(found, times, at_least, fields, self.calls)
        else:
            return found[-1]
        raise self._backend.failure(text)

    def wait_for_posted(
        self, /, *, within: float = 5, times: int | None = None, at_least: int | None = None, **fields: Any
    ) -> Message:
        """Wait until `assert_posted` passes, for a message of a thread, a browser or another process.

        Args:
            within: The highest number of seconds to wait.
            times: The number of such messages; one if omitted.
            at_least: The lowest number of such messages, in place of `times`.
            **fields: As for `assert_posted`, whose result this returns.

        Raises:
            AssertionError: `assert_posted` does not pass in time. The text is its text, with the time.
            TypeError: As for `assert_posted`, or `within` is not a number of seconds.
            RuntimeError: A task calls this, which would stop its event loop; use `wait_for_posted_async`.
        """
        return self._backend.wait(partial(self.assert_posted, times=times, at_least=at_least, **fields), within)

    async def wait_for_posted_async(
        self, /, *, within: float = 5, times: int | None = None, at_least: int | None = None, **fields: Any
    ) -> Message:
        """Wait in a task of asyncio or trio, while other tasks run; otherwise like `wait_for_posted`."""
        assertion = partial(self.assert_posted, times=times, at_least=at_least, **fields)
        return await self._backend.wait_async(assertion, within)

    def assert_not_posted(self, /, *positional: Never, within: float = 0, **fields: Any) -> None:
        """Assert that no message with these fields was posted.

        Args:
            *positional: None; the fields have names.
            within: Seconds to wait first, for a thread or another process that may still post; 0 for none.
            **fields: As for `assert_posted`, without a number; at least one.

        Raises:
            AssertionError: A message matches.
            TypeError: A field is misspelt, no field is given, or `within` is not a number of seconds.
            RuntimeError: A task waits, which would stop its event loop.
        """
        _refuse_positional("assert_not_posted", positional)
        if not fields:
            raise TypeError("assert_not_posted() needs a field; for no message at all use assert_nothing_posted()")
        if number := fields.keys() & {"times", "at_least"}:
            raise TypeError(f"assert_not_posted() does not take {min(number)}; use assert_posted({min(number)}=...)")
        if within:
            self._backend.wait(partial(self.assert_not_posted, **fields), within, until=False)
        elif found := self.posted.where(**fields):
            raise self._backend.failure(differences.unexpected(found, fields))

    def assert_nothing_posted(self, *, within: float = 0) -> None:
        """Assert that no message was posted at all.

        Args:
            within: Seconds to wait first, for a thread or another process that may still post; 0 for none.

        Raises:
            AssertionError: A message was posted.
            TypeError: `within` is not a number of seconds.
            RuntimeError: A task waits, which would stop its event loop.
        """
        if within:
            self._backend.wait(self.assert_nothing_posted, within, until=False)
        elif self._backend.posted:
            raise self._backend.failure(differences.unexpected(self.posted, {}))

    def expect_refused(self, method: str | None = None, path: str | None = None) -> Expectation:
        """Expect the fake to refuse a call to an unknown route in a `with` block.

        The `CallRefused` that the code under test gets does not leave the block, and does not fail the test.

        Args:
            method: The method of the call, in upper case; any if omitted.
            path: The path of the call within the API, `/data/Order.json`; any if omitted.

        Raises:
            AssertionError: No such call was refused.
            ValueError: The method is not in upper case.
        """
        return Expectation(self._backend.problems, method, path)

    # Serve

    def intercept(self) -> Interception[FakeQuickBlox]:
        """A context manager in which every supported HTTP client reaches this fake instead of QuickBlox.

        It returns this fake. On exit, a refused call that the test did not expect raises an AssertionError.
        """
        return Interception(self._backend, self)

    def _transcript(self, failure: BaseException | None) -> str:
        """The transcript, which names the calls that arrived after a failed assertion."""
        rendered = conversation.transcript(self._store, self.calls, getattr(failure, "calls_seen", None))
        hosts, faults = self._backend.hosts, self._backend.faults
        others = effects.why_none((), hosts) if hosts.others - {"127.0.0.1", "localhost"} and not self.calls else []
        return self._masked("\n".join([rendered, *faults.unused(), *others]))

    def _records(self, kind: type[T], records: Mapping[Any, Any]) -> Records[T]:
        with self._store.lock:
            return Records([*records.values()], kind, kind.__name__.lower(), self._backend.failure)


def _refuse_positional(method: str, values: tuple[object, ...]) -> None:
    if values:
        fields = f"**{values[0]!r}" if isinstance(values[0], Mapping) else f"message={values[0]!r}"
        raise TypeError(f"{method}() takes fields by name; use {method}({fields})")
