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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_qbchat.cli.seed import apply_seed, read_seed
from pytest_qbchat.exceptions import CallRefused, QuickBloxWarning
from pytest_qbchat.fake.quickblox import FakeQuickBlox
from pytest_qbchat.intercept.server import LiveServer
from pytest_qbchat.report.explanations import attachment_labels, reach, receipts
from pytest_qbchat.service.models import Dialog, DialogType, Message
from pytest_qbchat.service.wire import Response, encode_json

if TYPE_CHECKING:
    from pytest_qbchat.service.calls import Call, Caller
    from pytest_qbchat.service.wire import Request

_PREFIX = "/_qbchat"
_OWN_REQUESTS = f"GET {_PREFIX}/state shows the state, and POST {_PREFIX}/reset goes back to the beginning"
_LONGEST_TEXT = 60  # of a message, in the line that shows it
_MOST_LINES = 20  # of users, and as many of tokens
_CANNOT_START = 2  # exit status
_TYPES = {DialogType.PUBLIC_GROUP: "public group", DialogType.GROUP: "group", DialogType.PRIVATE: "private dialog"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program until it is stopped; return the exit status: 0 when it was stopped, 2 if it could not start."""
    options = _parser().parse_args(argv)
    with _interruptible(), warnings.catch_warnings():
        warnings.simplefilter("ignore", QuickBloxWarning)  # each is printed below its call
        try:
            program = Program(options)
            with _listening(LiveServer(program, host=options.host, port=options.port)) as url:
                program.introduce(url)
                _wait()
        except KeyboardInterrupt:
            return 0
        except _StartError as error:
            print(f"pytest_qbchat: {error}", file=sys.stderr)
            return _CANNOT_START


class _StartError(Exception):
    """Why the program cannot start."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pytest_qbchat",
        description="A QuickBlox chat REST API in memory, on a port of this machine. Point a client's base URL at it.",
        epilog=f"{_OWN_REQUESTS}. Ctrl-C stops the server.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen at (default: %(default)s, this machine alone)")
    add("--port", type=_port, default=8089, help="port to listen at, 0 for any free one (default: %(default)s)")
    add("--strict", action="store_true", help="refuse undeclared tokens, API keys, users and dialogs")
    add("--seed", type=Path, metavar="FILE", help="JSON of users, sessions, dialogs and messages to begin with")
    group = parser.add_argument_group("credentials", "Declared ones are enforced; otherwise any is accepted.")
    group.add_argument("--application-id", type=int, metavar="ID", help="the application that sessions are for")
    group.add_argument("--auth-key", metavar="KEY", help="the authorization key of the application")
    group.add_argument("--auth-secret", metavar="SECRET", help="the authorization secret, which signs sessions")
    group.add_argument("--api-key", action="append", default=[], metavar="KEY", help="an API key; may be repeated")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:  # noqa: PLR2004 - 16 bits
        raise ValueError(text)
    return port


_port.__name__ = "port"  # as argparse calls it in its errors


class Program:
    """The request handler of the server: a fake, which a reset replaces by a new one."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._out = _Output()
        self._seed = {} if options.seed is None else _read(options.seed)
        self._fake = self._new_fake()

    def _new_fake(self) -> FakeQuickBlox:
        options = self._options
        fake = FakeQuickBlox(strict=options.strict, on_call=self._show_call)
        declared = {name: getattr(options, name) for name in ("application_id", "auth_key", "auth_secret")}
        try:
            for credential in [declared, *({"api_key": key} for key in options.api_key)]:
                if any(value is not None for value in credential.values()):
                    fake.credentials(**credential)
        except ValueError as error:
            raise _StartError(str(error)) from None
        try:
            apply_seed(fake, self._seed)
        except ValueError as error:
            raise _StartError(f"{options.seed}: {error}") from None
        return fake

    async def handle_async(self, request: Request) -> Response:
        """Answer a request."""
        path = f"{request.prefix}{request.path}"
        if path == _PREFIX or path.startswith(f"{_PREFIX}/"):
            response = self._own_response(request.method, path)
            self.heard(f"{request.method} {path} {response.status}")
            return response
        try:
            return await self._fake.handle_async(request)
        except CallRefused as refusal:
            return _response(404, {"code": None, "message": str(refusal).partition("\n")[0]})

    def heard(self, what: str) -> None:
        """Show what is not a call of the API."""
        self._print(f"{_clock()} {what}")

    def _own_response(self, method: str, path: str) -> Response:
        if (method, path) == ("POST", f"{_PREFIX}/reset"):
            self._fake = self._new_fake()
        elif (method, path) != ("GET", f"{_PREFIX}/state"):
            return _response(404, {"code": None, "message": f"there is no {method} {path}: {_OWN_REQUESTS}"})
        return _response(200, _state(self._fake))

    # What it prints

    def introduce(self, url: str) -> None:
        """Print where the server is, and what a client is configured with."""
        say = self._out.line
        say(f"QuickBlox is faked at {url}")
        for label, text in [*self._credentials(), *self._users(), *self._tokens()]:
            say(f"  {label:<15} {_printable(text)}")
        say(f"  {_OWN_REQUESTS}")
        say("Ctrl-C stops it. Each call:")

    def _credentials(self) -> Iterator[tuple[str, str]]:
        options = self._options
        undeclared = "none is accepted: declare one, or leave --strict out" if options.strict else "any is accepted"
        yield "application id", str(options.application_id or "any is accepted")
        yield "auth key", options.auth_key or "any is accepted"
        yield "auth secret", options.auth_secret or undeclared
        for key in sorted({*options.api_key}) or [undeclared]:
            yield "API key", key

    def _users(self) -> Iterator[tuple[str, str]]:
        users = [user for user in self._fake.users if user.login or user.email]
        for user in users[:_MOST_LINES]:
            names = [f"{name} {value}" for name in ("login", "email", "password") if (value := getattr(user, name))]
            yield "user", f"{self._person(user.id)}: {', '.join(names)}"
        yield from _rest(users)

    def _tokens(self) -> Iterator[tuple[str, str]]:
        sessions = self._fake.sessions
        for session in islice(sessions, _MOST_LINES):
            who = "the application" if session.user_id is None else self._person(session.user_id)
            yield "token", f"{session.token}: {who}"
        yield from _rest(sessions)

    def _show_call(self, call: Call) -> None:
        """Print a call, and forget it: the program may run for days."""
        line = f"{_clock()} {call.method} {call.path} {call.status or 404} by {self._caller(call.caller)}"
        if call.reason:
            line += f": {call.reason}"
        if call.message is not None and call.dialog is not None:
            line += f": {self._posted(call.message, call.dialog)}"
        for text in [line, *(f"  warning: {text}" for text in call.warnings)]:
            self._print(text)
        self._fake.forget_calls()

    def _print(self, text: str) -> None:
        self._out.line(_printable(self._fake.masked(text)))

    def _caller(self, caller: Caller) -> str:
        if caller.user_id is not None:
            return f"{'an API key for ' if caller.by_api_key else ''}{self._person(caller.user_id)}"
        if caller.by_api_key:
            return "an API key"
        return "nobody" if caller.session is None else "the application"

    def _posted(self, message: Message, dialog: Dialog) -> str:
        """The text of a message, its dialog, and the users that it reached."""
        text = message.message
        shown = repr(f"{text[:_LONGEST_TEXT]}…" if isinstance(text, str) and len(text) > _LONGEST_TEXT else text)
        name = f" {dialog.name!r}" if dialog.name else ""
        reached = reach(message)
        if message.sent_to_chat:
            reached += f", delivered to {', '.join(map(self._person, message.delivered_to)) or 'no known occupant'}"
        details = "; ".join([reached, receipts(message), *attachment_labels(message)])
        return f"{shown} to {_TYPES[dialog.type]} {dialog.id}{name}, {details}"

    def _person(self, id: int) -> str:
        names = [user.full_name for user in self._fake.users.where(id=id) if user.full_name]
        return " ".join([str(id), *names])


def _rest(records: Sequence[object]) -> Iterable[tuple[str, str]]:
    return [("", f"and {len(records) - _MOST_LINES} more")] if len(records) > _MOST_LINES else []


def _state(fake: FakeQuickBlox) -> dict[str, Any]:
    """The whole state as it is now, in QuickBlox's names."""
    return {
        "users": [user.as_dict() for user in fake.users],
        "sessions": [session.as_dict() for session in fake.sessions],
        "dialogs": [dialog.as_dict() for dialog in fake.dialogs],
        "messages": [message.as_dict(with_reactions=True) for message in fake.messages],
        "blobs": [blob.as_dict() for blob in fake.blobs],
    }


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
            # The unwritten rest would be tried again at the end of the process, and fail it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _printable(text: str) -> str:
    """A text without characters that move the cursor or begin another line."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _clock() -> str:
    return time.strftime("%H:%M:%S")


def _response(status: int, body: Any) -> Response:
    return Response(status, [(b"Content-Type", b"application/json; charset=utf-8")], encode_json(body).encode())


# Starting and stopping


def _read(path: Path) -> Any:
    try:
        return read_seed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _StartError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise _StartError(f"{path} is not JSON: {error}") from None


@contextmanager
def _listening(server: LiveServer) -> Iterator[str]:
    """A server at work, as its URL."""
    try:
        server.start()
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "the port is taken; write another --port, or 0 for any free one" if taken else error.strerror
        raise _StartError(f"cannot listen at {server.host}:{server.port}: {why}") from None
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let a signal that ends a program raise KeyboardInterrupt, also in the background of a shell."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, _interrupt) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _wait() -> NoReturn:
    """Wait for a signal. Windows does not interrupt an endless wait."""
    while True:
        threading.Event().wait(1)
