"""The live server as a program, for development and for end-to-end suites in other languages.

It shows each call as it happens, and answers two requests of its own under a prefix that QuickBlox does not have:
`GET /_qbchat/state` and `POST /_qbchat/reset`.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_qbchat.cli.state import saved as state
from pytest_qbchat.exceptions import CallRefused, QuickBloxWarning
from pytest_qbchat.fake.quickblox import FakeQuickBlox
from pytest_qbchat.intercept.server import LiveServer
from pytest_qbchat.report.explanations import attachment_labels, reach, receipts
from pytest_qbchat.service.models import Dialog, DialogType, Message
from pytest_qbchat.service.wire import Response, encode_json

if TYPE_CHECKING:
    from pytest_qbchat.service.authentication import Caller
    from pytest_qbchat.service.calls import Call
    from pytest_qbchat.service.exchange import Exchange
    from pytest_qbchat.service.wire import Request

_PORT = 8089
_PREFIX = "/_qbchat"
_RESERVED = f"GET {_PREFIX}/state shows the state, and POST {_PREFIX}/reset goes back to the beginning"
_JSON = (b"Content-Type", b"application/json; charset=utf-8")
_LONGEST_TEXT = 60  # of a message, in the line that shows it
_MOST_USERS = 20  # whose logins are printed, and as many tokens
_FAILED, _MISUSED = 1, 2  # exit statuses
_TYPES = {DialogType.PUBLIC_GROUP: "public group", DialogType.GROUP: "group", DialogType.PRIVATE: "private dialog"}

Say = Callable[[str], None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program until it is stopped.

    Args:
        argv: The arguments; those of the process if left out.

    Returns:
        The exit status: 0 when it was stopped, 1 if the state could not be saved, 2 if it could not start.
    """
    options = _parser().parse_args(argv)
    program: Program | None = None
    with _interruptible(), warnings.catch_warnings():
        warnings.simplefilter("ignore", QuickBloxWarning)  # each is printed below its call
        try:
            program = Program(options)
            with _listening(LiveServer(program, host=options.host, port=options.port)) as url:
                program.introduce(url)
                _wait()
        except KeyboardInterrupt:
            return 0 if program is None else program.finish()
        except _StartError as error:
            print(f"pytest_qbchat: {error}", file=sys.stderr)
            return _MISUSED


class _StartError(Exception):
    """Why the program cannot start."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pytest_qbchat",
        description="A QuickBlox chat REST API in memory, on a port of this machine. Point a client's base URL at it.",
        epilog=f"{_RESERVED}. Ctrl-C stops the server.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen at (default: %(default)s, this machine alone)")
    add("--port", type=_port, default=_PORT, help="port to listen at, 0 for any that is free (default: %(default)s)")
    add("--strict", action="store_true", help="refuse tokens, API keys, users and dialogs that nobody declared")
    files = parser.add_argument_group("state")
    files.add_argument("--seed", type=Path, metavar="FILE", help="JSON of users, dialogs and messages to begin with")
    files.add_argument("--state", type=Path, metavar="FILE", help="JSON to go on with, if it is there; saved on exit")
    group = parser.add_argument_group("credentials", "What is declared is enforced; without them any will do.")
    group.add_argument("--application-id", type=int, metavar="ID", help="the application that sessions are for")
    group.add_argument("--auth-key", metavar="KEY", help="the authorization key of the application")
    group.add_argument("--auth-secret", metavar="SECRET", help="the authorization secret, which signs sessions")
    group.add_argument("--api-key", action="append", default=[], metavar="KEY", help="an API key; may be repeated")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= _LARGEST_PORT:
        raise ValueError(text)
    return port


_port.__name__ = "port"  # as argparse calls it in its errors
_LARGEST_PORT = 65535


class Program:
    """What answers the server: a fake, which a reset replaces by a new one."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._out = _Output()
        self._seed = None if options.seed is None else _read(options.seed)
        saved = _saved(options.state)
        self._fake = self._new(self._seed if saved is None else saved, options.seed if saved is None else options.state)

    def _new(self, given: Any, source: Path | None) -> _ShownQuickBlox:
        fake = _ShownQuickBlox(self._out.line, strict=self._options.strict)
        try:
            fake.load({} if given is None else given)
        except (ValueError, RecursionError) as error:
            raise _StartError(f"{source}: {error}") from None
        names = ("application_id", "auth_key", "auth_secret")
        declared = [{"api_key": key} for key in self._options.api_key]
        declared += [{name: value} for name in names if (value := getattr(self._options, name)) is not None]
        try:
            for each in declared:
                fake.credentials(**each)
        except ValueError as error:
            raise _StartError(str(error)) from None
        return fake

    async def handle_async(self, request: Request) -> Response:
        """Answer a request."""
        path = f"{request.prefix}{request.path}"
        if path == _PREFIX or path.startswith(f"{_PREFIX}/"):
            response = self._reserved(request.method, path)
            self.heard(f"{request.method} {path} {response.status}")
            return response
        try:
            return await self._fake.handle_async(request)
        except CallRefused as refusal:
            return _response(404, {"code": None, "message": str(refusal).partition("\n")[0]})

    def heard(self, what: str) -> None:
        """Show what is no call of the API."""
        self._fake.show(f"{_clock()} {what}")

    def _reserved(self, method: str, path: str) -> Response:
        wanted = (method, path.removeprefix(_PREFIX))
        if wanted == ("POST", "/reset"):
            self._fake = self._new(self._seed, self._options.seed)
        elif wanted != ("GET", "/state"):
            return _response(404, {"code": None, "message": f"there is no {method} {path}: {_RESERVED}"})
        return _response(200, self._fake.dump())

    def introduce(self, url: str) -> None:
        """Print where the server is, and what a client is configured with."""
        say = self._out.line
        say(f"QuickBlox is faked at {url}")
        for text in self._fake.credentials_known():
            say(f"  {text}")
        say(f"  {_RESERVED}")
        say("Ctrl-C stops it. Each call:")

    def finish(self) -> int:
        """Save the state, if that is wanted. Returns the exit status."""
        path = self._options.state
        if path is not None:
            try:
                _write(path.resolve(), state.to_json(self._fake.dump()))
            except OSError as error:
                print(f"pytest_qbchat: {path} was not saved: {error.strerror}", file=sys.stderr)
                return _FAILED
            self._out.line(f"saved {path}")
        return 0


class _ShownQuickBlox(FakeQuickBlox):
    """A fake that shows its calls as they happen, and forgets them: it may run for days."""

    def __init__(self, say: Say, *, strict: bool) -> None:
        super().__init__(strict=strict)
        self._say = say

    def load(self, given: Any) -> None:
        state.load(self._store, given)

    def dump(self) -> dict[str, Any]:
        with self._lock:
            return state.dump(self._store)

    def credentials_known(self) -> Iterator[str]:
        """A line for each of what a client is configured with."""
        application = self._store.application
        declared = {
            "application id": application.id,
            "auth key": application.auth_key,
            "auth secret": application.auth_secret,
        }
        needed = "none is good: declare one, or leave --strict out" if self._store.strict else "any is good"
        for name, value in declared.items():
            unknown = needed if name == "auth secret" else "any is good"
            yield f"{name:<15} {unknown if value is None else _printable(str(value))}"
        for key in sorted(application.api_keys) or [needed]:
            yield f"{'API key':<15} {_printable(key)}"
        users = [user for user in self._store.users.values() if user.login or user.email]
        for user in users[:_MOST_USERS]:
            names = [f"{name} {value}" for name in ("login", "email", "password") if (value := getattr(user, name))]
            yield f"{'user':<15} {_printable(self._person(user.id))}: {_printable(', '.join(names))}"
        if len(users) > _MOST_USERS:
            yield f"{'':<15} and {len(users) - _MOST_USERS} more"
        sessions = [session for session in self._store.sessions.values() if session.expires_at > self._store.now()]
        for session in sessions[:_MOST_USERS]:
            who = "the application" if session.user_id is None else self._person(session.user_id)
            yield f"{'token':<15} {_printable(session.token)}: {_printable(who)}"
        if len(sessions) > _MOST_USERS:
            yield f"{'':<15} and {len(sessions) - _MOST_USERS} more"

    def _ended(self, call: Call, exchange: Exchange) -> None:
        lines = [f"{_clock()} {call.method} {call.path} {call.status or 404} by {self._who(exchange.caller)}"]
        if call.reason:
            lines[0] += f": {call.reason}"
        if exchange.message is not None and exchange.dialog is not None:
            lines[0] += f": {self._what(exchange.message, exchange.dialog)}"
            exchange.message.call = None
        for text in lines + [f"  warning: {text}" for text in call.warnings]:
            self.show(text)
        self._calls.clear()
        self._posted.clear()
        self.problems.drain()

    def show(self, text: str) -> None:
        """Print a line, with what is secret masked."""
        self._say(_printable(self._masked(text)))

    def _who(self, caller: Caller) -> str:
        if caller.user_id is not None:
            return f"{'an API key for ' if caller.by_api_key else ''}{self._person(caller.user_id)}"
        if caller.by_api_key:
            return "an API key"
        return "nobody" if caller.session is None else "the application"

    def _what(self, message: Message, dialog: Dialog) -> str:
        """What was posted where, and to whom it went."""
        text = message.message
        shown = repr(f"{text[:_LONGEST_TEXT]}…" if isinstance(text, str) and len(text) > _LONGEST_TEXT else text)
        name = f" {dialog.name!r}" if dialog.name else ""
        reached = reach(message)
        if message.sent_to_chat:
            reached += f", delivered to {', '.join(map(self._person, message.delivered_to)) or 'no known occupant'}"
        details = "; ".join([reached, receipts(message), *attachment_labels(message)])
        return f"{shown} to {_TYPES[dialog.type]} {dialog.id}{name}, {details}"

    def _person(self, id: int) -> str:
        user = self._store.users.get(id)
        return f"{id} {user.full_name}" if user is not None and user.full_name else f"{id}"


class _Output:
    """Standard output, a line at a time, for as long as anybody reads it."""

    def __init__(self) -> None:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # whatever the encoding of the terminal

    def line(self, text: str) -> None:
        """Print a line at once."""
        try:
            print(text, flush=True)
        except BrokenPipeError:
            # What cannot be written would be tried again at the end of the process, and fail it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _printable(text: str) -> str:
    """A text without what moves the cursor or begins another line."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _clock() -> str:
    return time.strftime("%H:%M:%S")


def _response(status: int, body: Any) -> Response:
    return Response(status, [_JSON], encode_json(body).encode())


# Files


def _saved(path: Path | None) -> Any:
    """The state that an earlier run has saved, if there is one."""
    if path is None:
        return None
    if not path.resolve().parent.is_dir():
        raise _StartError(f"{path}: there is no such folder to save the state in")
    return _read(path) if path.exists() else None


def _read(path: Path) -> Any:
    try:
        return state.from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _StartError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise _StartError(f"{path} is not JSON: {error}") from None


def _write(path: Path, text: str) -> None:
    """Replace a file by another one, or leave it as it is."""
    written = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        written.write_text(text, encoding="utf-8")
        written.replace(path)
    finally:
        with suppress(FileNotFoundError):
            written.unlink()


# Starting and stopping


@contextmanager
def _listening(server: LiveServer) -> Iterator[str]:
    """A server at work, as its URL."""
    try:
        server.start()
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "the port is taken; write another --port, or 0 for any that is free" if taken else error.strerror
        raise _StartError(f"cannot listen at {server.host}:{server.port}: {why}") from None
    try:
        yield server.url
    finally:
        server.stop()


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let the first signal that ends a program raise KeyboardInterrupt, also in the background of a shell.

    Further ones count for nothing: what is being saved is saved whole.
    """
    before = [signal.signal(each, _interrupt) for each in _SIGNALS]
    try:
        yield
    finally:
        for each, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(each, handler)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _wait() -> NoReturn:
    """Wait for a signal. Windows does not interrupt what waits for ever."""
    while True:
        threading.Event().wait(1)
