"""The live server as a program, for development and for end-to-end suites in other languages.

It prints each call, and answers requests that QuickBlox does not have: `GET /_qbchat/state`, `POST /_qbchat/reset`,
`POST /_qbchat/fail`, and the `GET /` of a browser. Only senders on this machine may send these, and no page of another
origin.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from io import TextIOWrapper
from ipaddress import ip_address
from json import loads
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_qbchat.cli.seed import apply_seed, read_seed
from pytest_qbchat.exceptions import CallRefused, QuickBloxWarning
from pytest_qbchat.explain.message_effects import attachment_labels, reach, receipts, shortened
from pytest_qbchat.fake.quickblox import FakeQuickBlox
from pytest_qbchat.page.page import conversation, html
from pytest_qbchat.server.control import CONTROL_PREFIX, FAIL_PATH, inject_fault, is_control, refusal_of_page
from pytest_qbchat.server.http11 import JSON, refusal
from pytest_qbchat.server.live_server import Server
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.masking import mask
from pytest_qbchat.service.models import Caller, Dialog, DialogType, Message
from pytest_qbchat.service.wire import Request, Response, encode_json

_CONTROL_REQUESTS = (
    f"GET {CONTROL_PREFIX}/state shows the state, POST {CONTROL_PREFIX}/reset restores the initial one, "
    f"and POST {FAIL_PATH} injects a fault"
)
_LOOPBACK = "127.0.0.1"
_MAX_ROWS = 20  # of users, and of tokens
_MAX_SHOWN = 50  # dialogs, messages of each, and calls on the page
_CANNOT_START = 2  # exit status
_HTML = (b"Content-Type", b"text/html; charset=utf-8")
_TYPES = {DialogType.PUBLIC_GROUP: "public group", DialogType.GROUP: "group", DialogType.PRIVATE: "private dialog"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program until it is stopped. Return its exit status: 0, or 2 if it cannot start."""
    options = _parser().parse_args(argv)
    with ExitStack() as signals, warnings.catch_warnings():
        warnings.simplefilter("ignore", QuickBloxWarning)  # each is printed below its call
        for each in (signal.SIGINT, signal.SIGTERM):  # also in a background job of a shell, which ignores SIGINT
            signals.callback(signal.signal, each, signal.signal(each, signal.default_int_handler))
        try:
            with Program(options) as program:
                program.print_startup()
                while True:
                    time.sleep(1)  # Windows does not interrupt an endless wait
        except KeyboardInterrupt:
            return 0
        except _StartError as error:
            print(f"pytest_qbchat: {error}", file=sys.stderr)
            return _CANNOT_START


class _StartError(Exception):
    """The program cannot start."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pytest_qbchat",
        description="A QuickBlox chat REST API in memory, on a port of this machine. Point a client's base URL at it.",
        epilog=f"{_CONTROL_REQUESTS}. Ctrl-C stops the server. `python -m pytest_qbchat openapi` describes the API.",
    )
    add = parser.add_argument
    add("--host", help=f"address to listen on (default: {_LOOPBACK}, this machine only)")
    add("--port", type=_port, default=8089, help="port to listen on, 0 for any free port (default: %(default)s)")
    add("--strict", action="store_true", help="refuse undeclared tokens, API keys, users and dialogs")
    add("--seed", type=Path, metavar="FILE", help="JSON file with the initial users, sessions, dialogs and messages")
    group = parser.add_argument_group(
        "credentials", "Declared ones are enforced; without --strict, others are accepted."
    )
    group.add_argument("--application-id", type=int, metavar="ID", help="the application id of sessions")
    group.add_argument("--auth-key", metavar="KEY", help="the authorization key of the application")
    group.add_argument("--auth-secret", metavar="SECRET", help="the authorization secret, which signs sessions")
    group.add_argument("--api-key", action="append", default=[], metavar="KEY", help="an API key; may be repeated")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:  # noqa: PLR2004 - 16 bits
        raise argparse.ArgumentTypeError(f"invalid port {text!r}; expected a number from 0 to 65535")
    return int(text)


class Program(Server):
    """The server with a fake, which a reset replaces."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(host=options.host or _LOOPBACK, port=options.port)
        self._options = options
        self._seed = {} if options.seed is None else _read(options.seed)
        self._fake = self._new_fake()
        self._calls = 0

    def _new_fake(self) -> FakeQuickBlox:
        options = self._options
        fake = FakeQuickBlox(strict=options.strict, on_call=self._show_call)
        declared = {name: getattr(options, name) for name in ("application_id", "auth_key", "auth_secret")}
        try:
            for credential in [declared, *({"api_key": key} for key in options.api_key)]:
                if any(value is not None for value in credential.values()):
                    fake.add_credentials(**credential)
        except ValueError as error:
            raise _StartError(str(error)) from None
        try:
            apply_seed(fake, self._seed)
        except ValueError as error:
            raise _StartError(f"{options.seed}: {error}") from None
        return fake

    def start(self) -> None:
        """Start to listen."""
        try:
            super().start()
        except OSError as error:
            in_use = error.errno == errno.EADDRINUSE
            reason = "the port is in use; use another --port, or 0 for any free port" if in_use else error.strerror
            raise _StartError(f"cannot listen on {self.host}:{self.port}: {reason}") from None

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        path = f"{request.prefix}{request.path}"
        if reason := self._refusal_of_sender(request, path):
            response = refusal(403, reason)
        elif _is_for_page(request):
            return self._page(request)
        elif is_control(path):
            response = self._control_response(request, path)
        else:
            try:
                return await self._fake._backend.handle_async(request)
            except CallRefused as refused:
                return refusal(404, refused.text.partition("\n")[0])
        self.log(f"{request.method} {path} {response.status}")
        return response

    def log(self, line: str) -> None:
        """Print a line about a request."""
        self._print(f"{time.strftime('%H:%M:%S')} {line}")

    def _refusal_of_sender(self, request: Request, path: str) -> str:
        """Why the sender may not call; empty if it may.

        A web page can send requests to this machine, also under a name of its own that it lets resolve to this machine.
        """
        authority = request.origin.partition("://")[2]
        on_loopback = _is_loopback(urlsplit(f"//{authority}").hostname or "")
        control = is_control(path) or _is_for_page(request)
        if not on_loopback and (control or self._options.host is None):
            return f"the host {authority!r} is not this machine; use {_LOOPBACK} or localhost, or start with --host"
        return refusal_of_page(request) if control else ""

    def _control_response(self, request: Request, path: str) -> Response:
        method = request.method
        if (method, path) == ("POST", FAIL_PATH):
            return inject_fault(self._fake.fail, request)
        if (method, path) == ("POST", f"{CONTROL_PREFIX}/reset"):
            self._fake = self._new_fake()
            self._calls = 0
        elif (method, path) != ("GET", f"{CONTROL_PREFIX}/state"):
            return refusal(404, f"unknown request {method} {path}; {_CONTROL_REQUESTS}")
        return Response(200, [JSON], self._fake._backend.masked(encode_json(_state(self._fake))).encode())

    def _page(self, request: Request) -> Response:
        """The conversations as a page, which asks for it again and again."""
        forgotten = self._calls - len(self._fake.calls)
        shown = conversation(self._fake._backend.store, self._fake.calls, _MAX_SHOWN)
        state = {**shown, "forgotten": forgotten, "failures": []}
        page = html(f"The fake QuickBlox at {request.origin}", [state], live=True)
        return Response(200, [_HTML, (b"Cache-Control", b"no-store")], page.encode())

    # Output

    def print_startup(self) -> None:
        """Print the URL, the accepted credentials, users and tokens."""
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # whatever the encoding of the terminal
        _print_line(f"The fake QuickBlox listens on {self.url}")
        if not _is_loopback(self.host):
            _print_line("  warning: every machine that can reach this address can read and change the fake")
        tokens = [
            f"{mask(session.token)}: {'the application' if session.user_id is None else self._person(session.user_id)}"
            for session in self._fake.sessions
        ]
        for label, text in [*self._credentials(), *_rows("user", [*self._users()]), *_rows("token", tokens)]:
            _print_line(f"  {label:<15} {_printable(text)}")
        _print_line(f"  {_CONTROL_REQUESTS}")
        _print_line("  A browser at this address shows the conversations.")
        _print_line("Press Ctrl-C to stop. Calls:")

    def _credentials(self) -> Iterator[tuple[str, str]]:
        options = self._options
        undeclared = "none is accepted; declare one, or omit --strict" if options.strict else "any is accepted"
        yield "application id", str(options.application_id or "any is accepted")
        yield "auth key", mask(options.auth_key) if options.auth_key else "any is accepted"
        yield "auth secret", undeclared if options.auth_secret is None else mask(options.auth_secret)
        for key in map(mask, sorted({*options.api_key})) if options.api_key else [undeclared]:
            yield "API key", key

    def _users(self) -> Iterator[str]:
        for user in self._fake.users:
            names = [f"{name} {value}" for name in ("login", "email") if (value := getattr(user, name))]
            if names and user.password:
                names.append(f"password {mask(user.password)}")
            if names:
                yield f"{self._person(user.id)}: {', '.join(names)}"

    def _show_call(self, call: Call) -> None:
        """Print a call, and forget old ones, because the program may run for days."""
        line = f"{call.method} {call.path} {call.status or 404} by {self._caller(call.caller)}"
        if call.reason:
            line += f": {call.reason}"
        if call.message is not None and call.dialog is not None:
            line += f": {self._posted(call.message, call.dialog)}"
        self.log(line)
        for text in call.warnings:
            self._print(f"  warning: {text}")
        self._calls += 1
        self._fake.forget_calls(keep=_MAX_SHOWN)

    def _print(self, text: str) -> None:
        _print_line(_printable(self._fake._backend.masked(text)))

    def _caller(self, caller: Caller) -> str:
        if caller.user_id is not None:
            return f"{'an API key for ' if caller.by_api_key else ''}{self._person(caller.user_id)}"
        if caller.by_api_key:
            return "an API key"
        return "an unauthenticated client" if caller.session is None else "the application"

    def _posted(self, message: Message, dialog: Dialog) -> str:
        """The text of a message, its dialog, and the users to whom it was delivered."""
        name = f" {dialog.name!r}" if dialog.name else ""
        delivery = reach(message)
        if message.sent_to_chat:
            delivery += f", delivered to {', '.join(map(self._person, message.delivered_to)) or 'no known occupant'}"
        details = "; ".join([delivery, receipts(message), *attachment_labels(message)])
        return f"{shortened(message.message)} to {_TYPES[dialog.type]} {dialog.id}{name}, {details}"

    def _person(self, id: int) -> str:
        return " ".join([str(id), *(user.full_name for user in self._fake.users.where(id=id) if user.full_name)])


def _rows(label: str, texts: list[str]) -> list[tuple[str, str]]:
    """Labelled texts, or the first of them and the number of the others."""
    rest = [("", f"and {len(texts) - _MAX_ROWS} more")] if len(texts) > _MAX_ROWS else []
    return [(label, text) for text in texts[:_MAX_ROWS]] + rest


def _state(fake: FakeQuickBlox) -> dict[str, Any]:
    """The whole state, with QuickBlox field names."""
    parts = ("users", "sessions", "dialogs", "blobs")
    state = {part: [each.as_dict() for each in getattr(fake, part)] for part in parts}
    return {**state, "messages": [loads(message._as_json(with_reactions=True)) for message in fake.messages]}


def _print_line(text: str) -> None:
    """Print a line without buffering, also after a reader has closed the pipe."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Python flushes the buffer at exit; that would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _printable(text: str) -> str:
    """Escape the characters that move the cursor or start another line."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _is_for_page(request: Request) -> bool:
    """Whether a browser asks for the page of the program. A client of the API does not accept HTML."""
    return (request.method, request.path) == ("GET", "/") and "text/html" in request.headers.get("Accept", "")


def _is_loopback(host: str) -> bool:
    """Whether a host is a name or an address of this machine alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


# Starting and stopping


def _read(path: Path) -> Any:
    try:
        return read_seed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _StartError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise _StartError(f"{path} is not JSON: {error}") from None
