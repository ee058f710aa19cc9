"""The live server as a program, for development and for end-to-end suites in other languages.

It prints each call, and answers requests that QuickBlox does not have: control requests, and the `GET /` of a browser.
Unless it listens beyond the loopback interface, only senders on this machine may send these, and no page of another
origin may. Each base URL `/spaces/NAME` has a fake of its own.
"""

from __future__ import annotations

import argparse
import errno
import os
import re
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from importlib.metadata import version
from io import TextIOWrapper
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_qbchat.exceptions import CallRefused, QuickBloxWarning
from pytest_qbchat.explain.message_effects import attachment_labels, reach, receipts, shortened
from pytest_qbchat.fake.quickblox import FakeQuickBlox
from pytest_qbchat.page.page import conversation, html
from pytest_qbchat.server import control
from pytest_qbchat.server.http11 import refusal
from pytest_qbchat.server.live_server import Server
from pytest_qbchat.server.seed import CONTROL_PREFIX, apply_seed, in_requests, read_json
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.masking import mask
from pytest_qbchat.service.models import Dialog, DialogType, Message
from pytest_qbchat.service.wire import Request, Response, printable

_LOOPBACK = "127.0.0.1"
_VERSION = f"pytest-qbchat {version('pytest-qbchat')}"
_ABOUT = f"this is {_VERSION}, a fake of the QuickBlox chat REST API; `pytest-qbchat --help` describes it"
_PLACE = re.compile(r"(?:/spaces/([^/]+))?((?:/.*)?)", re.DOTALL)
_MAX_SHOWN = 50  # dialogs, messages of each, and calls on the page
_MAX_CALLS = 1000  # the number of calls that are kept
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
            print(f"pytest-qbchat: {error}", file=sys.stderr)
            return _CANNOT_START


class _StartError(Exception):
    """The program cannot start."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pytest-qbchat",
        description="A QuickBlox chat REST API in memory, on a port of this machine. Point a client's base URL at it.",
        epilog=f"{control.KNOWN}. Each option can be given in the environment too: QBCHAT_PORT for --port. "
        "Ctrl-C stops the server. `pytest-qbchat openapi` describes the API.",
    )
    parser.add_argument("--version", action="version", version=_VERSION)
    add = partial(_add_option, parser)
    add("--host", help=f"address to listen on (default: {_LOOPBACK}, this machine only)")
    names = "a further host name in control requests, and without --host in all; may be repeated (with --host: any)"
    add("--allow-host", action="append", default=[], metavar="NAME", help=names)
    add("--port", type=_port, default=8089, help="port to listen on, 0 for any free port (default: %(default)s)")
    add("--strict", action="store_true", help="refuse undeclared tokens, API keys, users and dialogs")
    add("--seed", type=Path, metavar="FILE", help="JSON file with the initial users, sessions, dialogs and messages")
    group = parser.add_argument_group(
        "credentials", "Declared ones are enforced; without --strict, others are accepted."
    )
    add = partial(_add_option, group)
    add("--application-id", type=int, metavar="ID", help="the application id of sessions")
    add("--auth-key", metavar="KEY", help="the authorization key of the application")
    add("--auth-secret", metavar="SECRET", help="the authorization secret, which signs sessions")
    add("--api-key", action="append", default=[], metavar="KEY", help="an API key; may be repeated")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:  # noqa: PLR2004 - 16 bits
        raise argparse.ArgumentTypeError(f"invalid port {text!r}; expected a number from 0 to 65535")
    return int(text)


def _add_option(group: Any, option: str, **settings: Any) -> None:
    """Add an option whose default is in the environment: `QBCHAT_PORT` for --port; commas separate a list."""
    given = os.environ.get(f"QBCHAT_{option[2:].replace('-', '_').upper()}", "")
    if given and (settings.get("action") != "store_true" or given.lower() not in ("0", "false", "no", "off")):
        settings["default"] = given.split(",") if settings.get("action") == "append" else given
    group.add_argument(option, **settings)


class Program(Server):
    """The server with a fake for each space, which a reset replaces. The space "" has no `/spaces/` in its URL."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(host=options.host or _LOOPBACK, port=options.port)
        self._options = options
        self._seed = {} if options.seed is None else _read(options.seed)
        self._fakes = {"": self._new_fake("")}

    def _new_fake(self, space: str) -> FakeQuickBlox:
        options = self._options
        fake = FakeQuickBlox(strict=options.strict, on_call=partial(self._show_call, space))
        declared = {name: getattr(options, name) for name in ("application_id", "auth_key", "auth_secret")}
        try:
            for credential in [declared, *({"api_key": key} for key in options.api_key)]:
                if any(value is not None for value in credential.values()):
                    fake.add_credentials(**credential)
        except ValueError as error:
            raise _StartError(in_requests(str(error))) from None
        try:
            apply_seed(fake, self._seed)
        except ValueError as error:
            raise _StartError(f"{options.seed}: {error}") from None
        return fake

    def _fake(self, space: str) -> FakeQuickBlox:
        if space not in self._fakes:
            self._fakes[space] = self._new_fake(space)
        return self._fakes[space]

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
        path, of_control = f"{request.prefix}{request.path}", control.control_name(request)
        space, inside = _PLACE.fullmatch(path).groups("")  # type: ignore[union-attr] # every path matches
        at_root = request.method == "GET" and inside in ("", "/")
        for_page = at_root and "text/html" in request.headers.get("Accept", "")
        if reason := self._refusal_of_sender(request, of_control is not None or for_page):
            response = refusal(403, reason)
        elif request.prefix == "/spaces":
            response = refusal(400, f"a space cannot have the name {space!r}, which is a part of the API")
        elif of_control is not None:
            response = await self._control_response(request, space, of_control)
        elif for_page:
            return self._page(request, self._fake(space))
        elif at_root:
            response = refusal(404, f"{_ABOUT}; {control.KNOWN}")
        else:
            try:
                return await self._fake(space)._backend.handle_async(request)
            except CallRefused as refused:
                return refusal(404, refused.text.partition("\n")[0])
        self.log(f"{request.method} {path} {response.status}")
        return response

    def log(self, line: str) -> None:
        """Print a line about a request."""
        _print_line(printable(self._fake("")._backend.masked(f"{time.strftime('%H:%M:%S')} {line}")))

    def _refusal_of_sender(self, request: Request, of_control: bool) -> str:
        """Why the sender may not call; empty if it may.

        A web page can send requests to this machine, even under a host name of its owner that resolves to this machine.
        """
        authority, names = request.origin.partition("://")[2], [name.lower() for name in self._options.allow_host]
        host = urlsplit(f"//{authority}").hostname or ""
        is_known = _is_loopback(host) or host in names or not (names or _is_loopback(self.host))
        if not is_known and (of_control or self._options.host is None):
            remedy = f"use {_LOOPBACK} or localhost, or start with --allow-host {host}"
            return f"the host {authority!r} is not this machine; {remedy}"
        return control.refusal_of_page(request) if of_control else ""

    async def _control_response(self, request: Request, space: str, name: str) -> Response:
        def reset() -> FakeQuickBlox:
            self._fakes[space] = self._new_fake(space)
            return self._fakes[space]

        if (forgotten := self._fake(space)._backend.forgotten) and "assert_" in name:
            reason = f"the server has forgotten {forgotten} calls, since it keeps {_MAX_CALLS}"
            return refusal(400, f"{reason}; send POST {CONTROL_PREFIX}/reset before each test")
        return await control.answer(self._fake(space), request, reset)

    def _page(self, request: Request, fake: FakeQuickBlox) -> Response:
        """The conversations as a page, which reloads them every two seconds."""
        shown = conversation(fake._backend.store, fake.calls[-_MAX_SHOWN:], _MAX_SHOWN)
        forgotten = fake._backend.forgotten + max(0, len(fake.calls) - _MAX_SHOWN)
        state = {**shown, "forgotten": forgotten, "failures": [], "spaces": [name for name in self._fakes if name]}
        page = html(f"The fake QuickBlox at {request.url.partition('?')[0].rstrip('/')}", [state], live=True)
        return Response(200, [_HTML, (b"Cache-Control", b"no-store")], page.encode())

    def print_startup(self) -> None:
        """Print the URL and the declared credentials."""
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # whatever the encoding of the terminal
        _print_line(f"The fake QuickBlox listens on {self.url}")
        if not _is_loopback(self.host):
            _print_line("  warning: every machine that can reach this address can read and change the fake")
        for name in ("application_id", "auth_key", "auth_secret", "api_key"):
            given = getattr(self._options, name)
            for value in given if isinstance(given, list) else filter(None, [given]):
                _print_line(f"  {name.replace('_', ' '):<15} {value if isinstance(value, int) else mask(value)}")
        _print_line(f"  {control.KNOWN}")
        _print_line("  A browser at this address shows the conversations.")
        _print_line("Press Ctrl-C to stop. Calls:")

    def _show_call(self, space: str, call: Call) -> None:
        """Print a call, and forget old ones, because the program may run for days."""
        fake = self._fakes[space]
        status = call.status or (f"no response ({call.fault})" if call.fault else 404)
        path = f"{call.request.prefix if space else ''}{call.path}"
        line = f"{call.method} {path} {status}{_caller(fake, call)}"
        if call.reason:
            line += f": {call.reason}"
        if call.message is not None and call.dialog is not None:
            line += f": {_posted(fake, call.message, call.dialog)}"
        self.log(fake._backend.masked(in_requests(line)))
        for text in call.warnings:
            _print_line(printable(fake._backend.masked(f"  warning: {in_requests(text)}")))
        fake.forget_calls(keep=_MAX_CALLS)


def _caller(fake: FakeQuickBlox, call: Call) -> str:
    """Who made a call, as part of its line; empty if the fake did not read its credentials."""
    user_id, session, by_api_key = call.caller.user_id, call.caller.session, call.caller.by_api_key
    if user_id is not None:
        return f" by {'an API key for ' if by_api_key else ''}{_person(fake, user_id)}"
    if by_api_key or session is not None:
        return " by an API key" if by_api_key else " by the application"
    return " by an unauthenticated client" if call.status == HTTPStatus.UNAUTHORIZED and not call.fault else ""


def _posted(fake: FakeQuickBlox, message: Message, dialog: Dialog) -> str:
    """The text of a message, its dialog, and the users to whom it was delivered."""
    name, delivery = f" {dialog.name!r}" if dialog.name else "", reach(message)
    if message.sent_to_chat:
        others = ", ".join(_person(fake, user_id) for user_id in message.delivered_to)
        delivery += f", delivered to {others or 'no known occupant'}"
    details = "; ".join([delivery, receipts(message), *attachment_labels(message)])
    return f"{shortened(message.message)} to {_TYPES[dialog.type]} {dialog.id}{name}, {details}"


def _person(fake: FakeQuickBlox, id: int) -> str:
    return " ".join([str(id), *(user.full_name for user in fake.users.where(id=id) if user.full_name)])


def _print_line(text: str) -> None:
    """Print a line without buffering. Do not fail if the reader has closed the pipe."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Python flushes the buffer at exit; that would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_loopback(host: str) -> bool:
    """Whether a host is a name or an address of this machine alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _read(path: Path) -> Any:
    try:
        return read_json(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise _StartError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise _StartError(f"{path} is not JSON: {error}") from None
