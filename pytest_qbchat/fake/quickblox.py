"""FakeQuickBlox: what a test holds. It answers the calls, observes them, and asserts what was posted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from difflib import get_close_matches
from math import inf
from typing import TYPE_CHECKING, Any, cast

from pytest_qbchat.exceptions import CallRefused, ConnectionFault
from pytest_qbchat.fake.arrange import QuickBlox
from pytest_qbchat.fake.faults import Fault, Faults, befall
from pytest_qbchat.fake.message import EditedMessage, Message
from pytest_qbchat.fake.records import Records
from pytest_qbchat.fake.user import User
from pytest_qbchat.intercept import Interception
from pytest_qbchat.intercept.hosts import Hosts
from pytest_qbchat.report import differences, explanations, transcript
from pytest_qbchat.report.call_site import warn
from pytest_qbchat.report.problems import Expectation, Problems, report
from pytest_qbchat.service import models, pitfalls
from pytest_qbchat.service.app import Service
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.models import Blob, Dialog, Session, id_of

if TYPE_CHECKING:
    import respx

    from pytest_qbchat.fake.router import Stubs
    from pytest_qbchat.service.exchange import Exchange
    from pytest_qbchat.service.wire import Request, Response


_UNITS = ("days", "hours", "microseconds", "milliseconds", "minutes", "seconds", "weeks")


class FakeQuickBlox(QuickBlox):
    """A working QuickBlox in memory.

    It adopts what it has never seen (tokens, users, dialogs) and enforces what it knows, as QuickBlox would.
    """

    def __init__(self, *, strict: bool = False, hosts: Iterable[str] = ()) -> None:
        """Make a fake that shares nothing with any other.

        Args:
            strict: Refuse unknown tokens, API keys, users and dialogs as QuickBlox would, in place of adopting them.
            hosts: Hosts or base URLs that are QuickBlox's besides `*.quickblox.com`: `chat.shop.example`,
                `https://gateway.shop.example:8443/quickblox`.

        Raises:
            ValueError: A host is malformed.
        """
        super().__init__(strict=strict)
        self.hosts = Hosts(hosts)
        self.problems = Problems()
        self._service = Service(self._store)
        self._faults = Faults(self._store.assume)
        self._calls: list[Call] = []
        self._unread: list[Call] = []  # whose secrets are not known yet: few of them are ever shown
        self._posted: list[Any] = []  # of Message, which the store makes as it was told to
        self._stubs: Stubs | None = None

    def __repr__(self) -> str:
        return f"<FakeQuickBlox: {len(self._posted)} posted in {len(self._calls)} calls>"

    # Break

    def fail(
        self,
        what: int | str,
        *,
        times: int = 1,
        method: str | None = None,
        path: str | None = None,
        stored: bool | None = None,
    ) -> None:
        """Let the next calls fail as they would on a bad day. The calls are in `calls` all the same.

        Several faults are used up in the order in which they were ordered. The client raises its own exceptions.

        Args:
            what: A status of HTTP from 400 on, in QuickBlox's words; "timeout"; "disconnect", a connection that ends
                before the answer; "malformed" or "empty", an answer whose body is cut or left out. A "timeout" takes no
                time, but for clients that are served over the loopback interface (aiohttp, Tornado, niquests, the live
                server): these wait as long as they are willing to.
            times: How many calls.
            method: Only calls with this method, in upper case.
            path: Only calls of this path, `/chat/Message.json`, or route, `/chat/Dialog/{id}`; uploads go to `/qbprod`.
            stored: Whether the request takes effect all the same, and only the answer is lost. Left out it does where
                the body of the answer is what is broken, and does not elsewhere.

        Raises:
            TypeError: What fails is neither a status nor a word.
            ValueError: There is no such fault, status or route, or `times` is no number from 1 on.
        """
        __tracebackhide__ = True
        self._faults.plan(what, times=times, method=method, path=path, stored=stored)

    def expire_sessions(self) -> None:
        """End every session so far: the next call with its token gets 401, as after two idle hours.

        So does one with a token that is seen for the first time, for it must be from before: what a login returns, and
        what `add_session` declares, is known.
        """
        with self._lock:
            self._store.adopts_tokens = False
            for session in self._store.sessions.values():
                session.expires_at = -inf

    def advance(self, **delta: float) -> None:
        """Move the fake's clock on. Nothing sleeps, and the clock of the code under test stays as it is.

        Args:
            **delta: As for `datetime.timedelta`: `hours=2`, `minutes=1`, `seconds=0.5`. A declared session that was not
                used yet stays fresh.

        Raises:
            TypeError: No time is given, or in another unit.
            ValueError: The time is negative.
        """
        __tracebackhide__ = True
        if not delta:
            raise TypeError("advance() moves nothing: write advance(hours=2)")
        if unknown := sorted(delta.keys() - _UNITS):
            meant = next(iter(get_close_matches(unknown[0], _UNITS)), f"one of {', '.join(_UNITS)}")
            raise TypeError(f"advance() has no unit {unknown[0]!r}: write {meant}")
        try:
            seconds = timedelta(**delta).total_seconds()
        except (OverflowError, ValueError) as error:
            raise ValueError(f"{error}: the clock cannot be moved on by that much") from None
        except TypeError as error:
            raise TypeError(f"{error}: advance() takes numbers, as in advance(hours=2)") from None
        if seconds < 0:
            raise ValueError(f"the clock cannot go back by {-seconds} seconds: freezegun or time-machine can do that")
        with self._lock:
            self._store.ahead += seconds

    @property
    def router(self) -> respx.Router:
        """A respx router in front of the fake: for routes that are not faked, and for answers of the test's own.

        What its routes match they answer, whichever client calls; everything else goes to the fake.
        """
        if self._stubs is None:
            from pytest_qbchat.fake.router import Stubs  # noqa: PLC0415 - respx is imported for the tests that use it

            self._stubs = Stubs()
        return self._stubs.router

    # Observe

    @property
    def posted(self) -> Records[Message]:
        """The messages that came through POST, oldest first, with the text that they came with."""
        return Records(self._posted, Message, "posted message", lambda: explanations.not_accepted(self._calls))

    @property
    def messages(self) -> Records[Message]:
        """The whole history as it is now, in the order in which the messages came."""
        with self._lock:
            return Records(cast("list[Message]", list(self._store.messages.values())), Message, "message")

    @property
    def calls(self) -> Records[Call]:
        """Every call with its request and response, oldest first; refused ones too."""
        return Records(self._calls, Call, "call")

    @property
    def users(self) -> Records[User]:
        """The users as they are now: declared, signed up and adopted."""
        with self._lock:
            return Records(cast("list[User]", list(self._store.users.values())), User, "user")

    @property
    def sessions(self) -> Records[Session]:
        """The sessions as they are now, the expired ones too: declared, created and adopted."""
        with self._lock:
            return Records(list(self._store.sessions.values()), Session, "session")

    @property
    def dialogs(self) -> Records[Dialog]:
        """The dialogs as they are now: declared, created, adopted, and begun by a message to a user."""
        with self._lock:
            return Records(list(self._store.dialogs.values()), Dialog, "dialog")

    @property
    def blobs(self) -> Records[Blob]:
        """The files as they are now: declared, with `content` once they were uploaded."""
        with self._lock:
            return Records(list(self._store.blobs.values()), Blob, "blob")

    def inbox(self, user: int | models.User) -> Records[Message]:
        """What the chat has delivered to a user in real time, oldest first: messages with `send_to_chat`.

        Args:
            user: The user or its id.
        """
        __tracebackhide__ = True
        return self._chat.inbox(id_of(user))

    def transcript(self) -> str:
        """The conversation as it stands, with every call that did not do what it should; tokens and keys masked."""
        rendered = transcript.render(self.dialogs, self.users, self.messages, self.posted, self.calls)
        return self._masked("\n".join([rendered, *self._faults.unused()]))

    # Assert

    def assert_posted(self, *, times: int | None = None, **fields: Any) -> Message:
        """Assert that a message was posted.

        Args:
            times: How many such messages there must be; None means at least one.
            **fields: What the message must have, named as QuickBlox names it, custom fields too. The expected value
                stands on the left of `==`; a compiled regular expression searches a string. Attachments are compared
                whole, as a list or in the form of a request. Nothing matches a field that is absent but `ABSENT`.

        Returns:
            The message; the newest one if there are several.

        Raises:
            AssertionError: There is no such message, or another number of them.
            TypeError: A field is misspelt, or `times` is no positive number.
        """
        __tracebackhide__ = True
        if times is not None and (type(times) is not int or times < 1):
            raise TypeError(f"times={times!r} is no number of messages; for none write assert_not_posted(...)")
        found = self.posted.where(**fields)
        if not found:
            raise AssertionError(self._masked(differences.no_match(self._posted, fields, self._calls)))
        if times is not None and len(found) != times:
            raise AssertionError(self._masked(differences.wrong_number(found, times, fields, self._calls)))
        return found[-1]

    def assert_not_posted(self, **fields: Any) -> None:
        """Assert that no message with these fields was posted.

        Args:
            **fields: As for `assert_posted`, but for `times`; at least one.

        Raises:
            AssertionError: There is such a message.
            TypeError: A field is misspelt, or there is none.
        """
        __tracebackhide__ = True
        if not fields:
            raise TypeError("assert_not_posted() names no field: write assert_nothing_posted()")
        if "times" in fields:
            raise TypeError("assert_not_posted() takes no times: write assert_posted(times=...)")
        if found := self.posted.where(**fields):
            raise AssertionError(self._masked(differences.unexpected(found, fields)))

    def assert_nothing_posted(self) -> None:
        """Assert that no message was posted at all.

        Raises:
            AssertionError: There is one.
        """
        __tracebackhide__ = True
        if self._posted:
            raise AssertionError(self._masked(differences.unexpected(self._posted, {})))

    def expect_refused(self, method: str | None = None, path: str | None = None) -> Expectation:
        """Expect the fake to refuse a call in a `with` block, for a route that it does not know.

        The `CallRefused` that is raised in the code under test does not leave the block, and does not fail the test.

        Args:
            method: Of the refused call, in upper case; any if left out.
            path: Of the refused call, within the API: `/events.json`; any if left out.

        Raises:
            AssertionError: No such call was refused.
        """
        __tracebackhide__ = True
        return self.problems.expect(method, path)

    # Serve

    def intercept(self) -> Interception[FakeQuickBlox]:
        """A context manager in which every supported HTTP client reaches this fake in place of QuickBlox.

        The context is this fake. On leaving, refused calls that nobody expected raise an AssertionError.
        """
        return Interception(self)

    def handle(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            CallRefused: The fake does not know the route. Noted, so that the test fails.
        """
        __tracebackhide__ = True
        call = self._arrived(request)
        if self._stubs is not None:
            call.stubbed = True
            call.response = self._stubs.answer(request)
        return call.response or self._serve(call)

    async def handle_async(self, request: Request) -> Response:
        """Answer a request of an asynchronous client, whose stubs may be coroutines; otherwise as `handle`."""
        __tracebackhide__ = True
        call = self._arrived(request)
        if self._stubs is not None:
            call.stubbed = True
            call.response = await self._stubs.answer_async(request)
        return call.response or self._serve(call)

    def refuse(self, reason: str, call: Call | None = None) -> CallRefused:
        """Note that a call was refused, and make the error to raise in the code under test.

        Args:
            reason: What happened and what to write instead.
            call: The call, if it reached the fake.
        """
        text = self._masked(reason)
        error = CallRefused(f"pytest-qbchat refused this call: {text}")
        self.problems.add(text, call=call, error=error)
        return error

    def raise_problems(self) -> None:
        """Fail for what the code under test caught and nobody has reported.

        Raises:
            AssertionError: There is something.
        """
        __tracebackhide__ = True
        if problems := self.problems.drain():
            raise AssertionError(report(problems))

    def _arrived(self, request: Request) -> Call:
        """Record a call before anything else can happen to it."""
        call = Call(request)
        self._calls.append(call)
        self._unread.append(call)
        return call

    def _serve(self, call: Call) -> Response:
        __tracebackhide__ = True
        call.stubbed = False
        fault: Fault | None = None
        with self._lock:
            if self._faults:
                fault = self._faults.take(call.request)
            if fault is None:
                exchange = self._service.handle(call.request)
            else:
                exchange = befall(fault, self._service, call.request)
                call.fault = str(fault.what)
            call.response = exchange.response
            call.reason = exchange.reason
            if exchange.message is not None:
                exchange.message.call = call
                self._posted.append(exchange.message)
            if exchange.edited:
                self._keep_as_posted(exchange.edited)
        if exchange.response is None and fault is None:
            stub = f"qbchat.router.{call.method.lower()}({call.request.prefix + call.path!r}).respond(...)"
            expectation = f"qbchat.expect_refused({call.method!r}, {call.path!r})"
            self._ended(call, exchange)
            raise self.refuse(f"{exchange.reason}\n  answer it with {stub}, or expect it with {expectation}", call)
        for text in pitfalls.find(exchange):
            masked = self._masked(text)
            call.warnings += (masked,)
            if warn(masked):
                self.problems.add(f"QuickBloxWarning: {masked}", call=call)
        self._ended(call, exchange)
        if exchange.response is None:
            raise ConnectionFault(call.fault, exchange.reason)
        return exchange.response

    def _keep_as_posted(self, edited: dict[models.Message, str | None]) -> None:
        """Let `posted` go on showing the texts that came through POST."""
        for place, posted in enumerate(self._posted):
            if posted in edited and not isinstance(posted, EditedMessage):
                self._posted[place] = EditedMessage(posted, edited[posted])

    def _ended(self, call: Call, exchange: Exchange) -> None:
        """What is known of a call when it was answered or refused, for a subclass that shows it."""

    def _masked(self, text: str) -> str:
        """A text fit to be shown, whatever call it may quote."""
        with self._lock:
            while self._unread:
                for secret in self._unread.pop().secrets():
                    self._store.secrets.add(secret)
            return self._store.secrets.mask(text)
