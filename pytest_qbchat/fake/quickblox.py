"""FakeQuickBlox: the object that a test holds. It answers calls, records them, and asserts what was posted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from pytest_qbchat.exceptions import CallRefused, ConnectionFault
from pytest_qbchat.fake.arrange import Arrange
from pytest_qbchat.fake.faults import Faults, apply_fault
from pytest_qbchat.fake.message import Message, PostedMessages
from pytest_qbchat.fake.records import Records
from pytest_qbchat.fake.user import User
from pytest_qbchat.intercept import Interception
from pytest_qbchat.intercept.hosts import Hosts
from pytest_qbchat.report import differences, explanations, transcript
from pytest_qbchat.report.call_site import warn
from pytest_qbchat.report.problems import Expectation, Problems, report
from pytest_qbchat.service import models
from pytest_qbchat.service.app import Service
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.models import Blob, Dialog, DialogType, Session, id_of
from pytest_qbchat.service.realtime import Realtime
from pytest_qbchat.service.spelling import closest_name
from pytest_qbchat.service.store import Store

if TYPE_CHECKING:
    import respx

    from pytest_qbchat.fake.router import Stubs
    from pytest_qbchat.service.wire import Request, Response

_UNITS = ("days", "hours", "microseconds", "milliseconds", "minutes", "seconds", "weeks")


class FakeQuickBlox:
    """A working QuickBlox in memory.

    It adopts unknown tokens, users and dialogs, and enforces what it knows, as QuickBlox would.

    Attributes:
        hosts: The hosts that belong to QuickBlox.
        problems: What must fail the test although the code under test caught it.
    """

    def __init__(
        self, *, strict: bool = False, hosts: Iterable[str] = (), on_call: Callable[[Call], None] | None = None
    ) -> None:
        """Make a fake that shares nothing with any other.

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
        self._store = Store(strict=strict, message_class=Message, new_user=self._new_user)
        self._service = Service(self._store)
        self._realtime = Realtime(self._store)
        self._arrange = Arrange(self._store)
        self._faults = Faults(self._store.assume)
        self._on_call = on_call
        self._calls: list[Call] = []
        self._unscanned_calls: list[Call] = []  # for secrets: few calls are ever shown
        self._posted: list[Message] = []
        self._stubs: Stubs | None = None

    def __repr__(self) -> str:
        return f"<FakeQuickBlox: {len(self._posted)} posted in {len(self._calls)} calls>"

    # Arrange

    def add_user(
        self,
        id: int | None = None,
        *,
        full_name: str | None = None,
        login: str | None = None,
        email: str | None = None,
        password: str | None = None,
        phone: str | None = None,
        external_user_id: str | int | None = None,
        custom_data: str | None = None,
        tags: Iterable[str] = (),
    ) -> User:
        """Declare a user. The returned handle plays the other side of a conversation.

        Args:
            id: The user id; a new one if left out.
            full_name: The name that others see.
            login: The login.
            email: The e-mail address.
            password: The password that a login must have; the first one that comes if left out.
            phone: The telephone number.
            external_user_id: The id that the code under test knows the user by.
            custom_data: A text of the application's own, often JSON.
            tags: `user_tags` in replies.

        Raises:
            TypeError: A value is of another type.
            ValueError: The id, the login or another unique key was declared before.
        """
        __tracebackhide__ = True
        return self._arrange.add_user(
            id,
            full_name=full_name,
            login=login,
            email=email,
            password=password,
            phone=phone,
            external_user_id=external_user_id,
            custom_data=custom_data,
            tags=tags,
        )

    def add_session(self, token: str, user: int | models.User | None) -> Session:
        """Declare the user of a token. The session expires two hours after its last call (`session.expires_at`).

        The two hours begin with its first call, so that a test may arrange the past with a frozen clock or `advance()`.

        Args:
            token: The text that the code under test sends as `QB-Token`.
            user: The user or its id; None for an application session, which may not post (422 "Need user").

        Raises:
            TypeError: The token or the user is of another type.
        """
        __tracebackhide__ = True
        return self._arrange.add_session(token, user)

    def add_dialog(
        self,
        id: str | None = None,
        *,
        occupants_ids: Iterable[int | models.User],
        type: int = DialogType.GROUP,
        name: str | None = None,
    ) -> Dialog:
        """Declare a dialog. Only its occupants may post to it, and others get 403.

        A dialog that was adopted before keeps its messages.

        Args:
            id: 24 hexadecimal digits; a new id if left out.
            occupants_ids: Users or their ids. The first is the owner.
            type: 1 public group, where anybody may post; 2 group; 3 private.
            name: The name of a group.

        Raises:
            TypeError: The name is not a text, or the occupants are not a list of users.
            ValueError: The id is malformed or declared already, the type is unknown, or the occupants do not suit it.
        """
        __tracebackhide__ = True
        return self._arrange.add_dialog(id, occupants_ids=occupants_ids, type=type, name=name)

    def add_message(
        self, dialog: Dialog | str, sender: int | models.User, message: str | None = None, **fields: Any
    ) -> Message:
        """Put a message into the history, as if it had been there before the test. It is not in `posted`.

        Args:
            dialog: A dialog that `add_dialog` returned, or its id.
            sender: An occupant, or its id.
            message: The text.
            **fields: Further fields of a request: `attachments`, `markable`, `send_to_chat`, custom fields.

        Raises:
            TypeError: A field is misspelt, or is set by the server.
            ValueError: The dialog is unknown, or the sender is not an occupant.
        """
        __tracebackhide__ = True
        to = self._realtime.dialog(dialog)
        return cast("Message", self._realtime.send(id_of(sender), to, {"message": message, **fields}))

    def add_blob(
        self,
        content: bytes,
        *,
        name: str,
        content_type: str = "application/octet-stream",
        user: int | models.User | None = None,
        public: bool = False,
    ) -> Blob:
        """Put an uploaded file into the content module.

        Args:
            content: The bytes.
            name: The file name.
            content_type: The MIME type.
            user: The owner; if left out there is none, and only an API key may change the file.
            public: Whether it can be downloaded without a token.

        Raises:
            TypeError: A value is of another type.
        """
        __tracebackhide__ = True
        return self._arrange.add_blob(content, name=name, content_type=content_type, user=user, public=public)

    def credentials(
        self,
        *,
        api_key: str | None = None,
        application_id: int | None = None,
        auth_key: str | None = None,
        auth_secret: str | None = None,
    ) -> None:
        """Declare credentials of the application, as its dashboard shows them. Declared ones are enforced.

        Args:
            api_key: The text after `ApiKey ` in the Authorization header. Any other key gets 401 from now on.
            application_id: A session for another application is refused (422 "Unexpected signature").
            auth_key: The authorization key, likewise.
            auth_secret: The authorization secret. Every session must be signed with it, and a wrong signature is
                explained by a `QuickBloxWarning`.

        Raises:
            TypeError: Nothing is declared, or a value is of another type.
            ValueError: The key is empty or starts with `ApiKey `, or the secret is empty.
        """
        __tracebackhide__ = True
        self._arrange.credentials(
            api_key=api_key, application_id=application_id, auth_key=auth_key, auth_secret=auth_secret
        )

    def assume(self, **assumptions: Any) -> None:
        """Choose otherwise where QuickBlox's behaviour is unknown outside QuickBlox.

        Args:
            **assumptions: Named and explained in `pytest_qbchat.service.assumptions.Assumptions`.

        Raises:
            TypeError: An assumption is unknown, or a value does not suit it. Nothing is changed then.
        """
        __tracebackhide__ = True
        self._arrange.assume(**assumptions)

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
        """Inject a fault into the next calls. They are in `calls` all the same.

        Several faults are used up in the order of their injection. The client raises its own exceptions.

        Args:
            what: An HTTP status from 400 on, answered in QuickBlox's words; "timeout"; "disconnect", a connection that
                ends before the answer; "malformed" or "empty", an answer whose body is cut or left out. A "timeout"
                takes no time, except for clients that are served over the loopback interface (aiohttp, Tornado,
                niquests, the live server): these wait until their own time-out.
            times: The number of calls.
            method: Only calls with this method, in upper case.
            path: Only calls of this path, `/chat/Message.json`, or route, `/chat/Dialog/{id}`; uploads go to `/qbprod`.
            stored: Whether the request takes effect all the same, and only the answer is lost. By default it does for
                "malformed" and "empty", and does not for the others.

        Raises:
            TypeError: `what` is neither a status nor a word.
            ValueError: The fault, the status or the route is unknown, or `times` is not a number from 1 on.
        """
        __tracebackhide__ = True
        self._faults.inject(what, times=times, method=method, path=path, stored=stored)

    def expire_sessions(self) -> None:
        """End every session so far: the next call with its token gets 401, as after two idle hours.

        A token that is seen for the first time afterwards gets 401 too, since it must be older. Tokens that a login
        returns, or that `add_session` declares, are valid.
        """
        self._store.expire_sessions()

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
            meant = closest_name(unknown[0], _UNITS) or f"one of {', '.join(_UNITS)}"
            raise TypeError(f"unknown unit {unknown[0]!r}; expected {meant}")
        try:
            seconds = timedelta(**delta).total_seconds()
        except (OverflowError, ValueError) as error:
            raise ValueError(f"{error}: the clock cannot be moved on by that much") from None
        except TypeError as error:
            raise TypeError(f"{error}: advance() takes numbers, as in advance(hours=2)") from None
        if seconds < 0:
            raise ValueError(f"the clock cannot go back by {-seconds} seconds: freezegun or time-machine can do that")
        self._store.advance(seconds)

    @property
    def router(self) -> respx.Router:
        """A respx router in front of the fake, for routes that are not faked and for answers of the test's own.

        Its routes win, whichever client calls; every other call goes to the fake.
        """
        if self._stubs is None:
            from pytest_qbchat.fake.router import Stubs  # noqa: PLC0415 - respx is imported for the tests that use it

            self._stubs = Stubs()
        return self._stubs.router

    # Observe

    @property
    def posted(self) -> Records[Message]:
        """The messages that came through POST, oldest first, each with the text that it was posted with."""
        posted = PostedMessages(self._posted)
        return Records(posted, Message, "posted message", lambda: explanations.not_accepted(self._calls))

    @property
    def messages(self) -> Records[Message]:
        """The whole history as it is now, in the order in which the messages came."""
        with self._store.lock:
            return Records(cast("list[Message]", list(self._store.messages.values())), Message, "message")

    @property
    def calls(self) -> Records[Call]:
        """Every call with its request and response, oldest first; refused ones too."""
        return Records(self._calls, Call, "call")

    @property
    def users(self) -> Records[User]:
        """The users as they are now: declared, signed up and adopted."""
        with self._store.lock:
            return Records(cast("list[User]", list(self._store.users.values())), User, "user")

    @property
    def sessions(self) -> Records[Session]:
        """The sessions as they are now, the expired ones too: declared, created and adopted."""
        with self._store.lock:
            return Records(list(self._store.sessions.values()), Session, "session")

    @property
    def dialogs(self) -> Records[Dialog]:
        """The dialogs as they are now: declared, created, adopted, and begun by a message to a user."""
        with self._store.lock:
            return Records(list(self._store.dialogs.values()), Dialog, "dialog")

    @property
    def blobs(self) -> Records[Blob]:
        """The files as they are now: declared, with `content` once they were uploaded."""
        with self._store.lock:
            return Records(list(self._store.blobs.values()), Blob, "blob")

    def inbox(self, user: int | models.User) -> Records[Message]:
        """The messages that the chat delivered to a user in real time, oldest first: those with `send_to_chat`.

        Args:
            user: The user or its id.
        """
        __tracebackhide__ = True
        user_id = id_of(user)
        inbox = cast("list[Message]", self._realtime.inbox(user_id))
        return Records(inbox, Message, f"message in the inbox of user {user_id}")

    def transcript(self) -> str:
        """The conversation as it stands, with every call that did not do what it should; tokens and keys masked."""
        rendered = transcript.render(self.dialogs, self.users, self.posted, self.calls)
        return self.masked("\n".join([rendered, *self._faults.unused()]))

    # Assert

    def assert_posted(self, *, times: int | None = None, **fields: Any) -> Message:
        """Assert that a message was posted.

        Args:
            times: The number of such messages; None means at least one.
            **fields: The fields that the message must have, in QuickBlox's names, custom fields too. The expected value
                stands on the left of `==`; a compiled regular expression searches a string. Attachments are compared
                whole, as a list or in the form of a request. Only `ABSENT` matches a field that is absent.

        Returns:
            The message; the newest one if there are several.

        Raises:
            AssertionError: There is no such message, or another number of them.
            TypeError: A field is misspelt, or `times` is not a positive number.
        """
        __tracebackhide__ = True
        if times is not None and (type(times) is not int or times < 1):
            raise TypeError(
                f"invalid times={times!r}; expected a number from 1 on; for none use assert_not_posted(...)"
            )
        found = self.posted.where(**fields)
        if not found:
            raise AssertionError(self.masked(differences.no_match(self.posted, fields, self._calls)))
        if times is not None and len(found) != times:
            raise AssertionError(self.masked(differences.wrong_number(found, times, fields, self._calls)))
        return found[-1]

    def assert_not_posted(self, **fields: Any) -> None:
        """Assert that no message with these fields was posted.

        Args:
            **fields: As for `assert_posted`, without `times`; at least one.

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
            raise AssertionError(self.masked(differences.unexpected(found, fields)))

    def assert_nothing_posted(self) -> None:
        """Assert that no message was posted at all.

        Raises:
            AssertionError: There is one.
        """
        __tracebackhide__ = True
        if self._posted:
            raise AssertionError(self.masked(differences.unexpected(self.posted, {})))

    def expect_refused(self, method: str | None = None, path: str | None = None) -> Expectation:
        """Expect the fake to refuse a call in a `with` block, for a route that it does not know.

        The `CallRefused` that is raised in the code under test does not leave the block, and does not fail the test.

        Args:
            method: The method of the call, in upper case; any if left out.
            path: The path of the call, within the API: `/events.json`; any if left out.

        Raises:
            AssertionError: No such call was refused.
        """
        __tracebackhide__ = True
        return self.problems.expect(method, path)

    # Serve

    def intercept(self) -> Interception[FakeQuickBlox]:
        """A context manager in which every supported HTTP client reaches this fake instead of QuickBlox.

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
            call.stubbed = True  # also if the route raises an error
            call.response = self._stubs.answer(request)
            call.stubbed = call.response is not None
        return call.response or self._serve(call)

    async def handle_async(self, request: Request) -> Response:
        """Answer a request of an asynchronous client, whose stubs may be coroutines; otherwise as `handle`."""
        __tracebackhide__ = True
        call = self._arrived(request)
        if self._stubs is not None:
            call.stubbed = True
            call.response = await self._stubs.answer_async(request)
            call.stubbed = call.response is not None
        return call.response or self._serve(call)

    def refuse(self, reason: str, call: Call | None = None) -> CallRefused:
        """Note that a call was refused, and make the error to raise in the code under test."""
        text = self.masked(reason)
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

    def masked(self, text: str) -> str:
        """A text in which every token, key and password that the fake has seen is masked."""
        with self._store.lock:
            while self._unscanned_calls:
                for secret in self._unscanned_calls.pop().secrets():
                    self._store.secrets.add(secret)
            return self._store.secrets.mask(text)

    def forget_calls(self) -> None:
        """Forget the calls, the posted messages and the problems so far. The state stays: users, dialogs, history."""
        self.masked("")  # which learns the secrets of the calls
        for message in self._posted:
            message.call = None
        self._calls.clear()
        self._posted.clear()
        self.problems.drain()

    def _new_user(self, id: int, **fields: Any) -> User:
        user = User(id, **fields)
        user._realtime = self._realtime
        return user

    def _arrived(self, request: Request) -> Call:
        """Record a call before anything else can happen to it."""
        call = Call(request)
        self._calls.append(call)
        self._unscanned_calls.append(call)
        return call

    def _serve(self, call: Call) -> Response:
        """Let the service answer, and record, warn and raise what comes of it."""
        __tracebackhide__ = True
        with self._store.lock:
            fault = self._faults.pop_matching(call.request)
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

    def _emit_warnings(self, call: Call) -> None:
        call.warnings = tuple(map(self.masked, call.warnings))
        for text in call.warnings:
            if warn(text):
                self.problems.add(f"QuickBloxWarning: {text}", call=call)

    def _refusal(self, call: Call) -> CallRefused:
        stub = f"qbchat.router.{call.method.lower()}({call.request.prefix + call.path!r}).respond(...)"
        expectation = f"qbchat.expect_refused({call.method!r}, {call.path!r})"
        return self.refuse(f"{call.reason}\n  answer it with {stub}, or expect it with {expectation}", call)
