"""Injected faults: refusals, lost answers and broken answers, each for a number of calls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_qbchat.service.errors import by_status
from pytest_qbchat.service.routes import ROUTES, find, without_suffix
from pytest_qbchat.service.spelling import closest_name
from pytest_qbchat.service.wire import Response

if TYPE_CHECKING:
    from pytest_qbchat.service.app import Service
    from pytest_qbchat.service.assumptions import Assumptions
    from pytest_qbchat.service.calls import Call
    from pytest_qbchat.service.wire import Request

LOST = ("timeout", "disconnect")
BROKEN = ("malformed", "empty")
_STATUSES = {status.value for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST}
_VARIABLE = re.compile(r"\{\w+\}")


@dataclass(slots=True, eq=False)
class Fault:
    """A fault that is applied to the next calls.

    Attributes:
        what: A status, "timeout", "disconnect", "malformed" or "empty".
        left: The number of calls that it is still to be applied to.
        method: Only to calls with this method; None for any.
        path: Only to calls with this path, without `.json`, or to this route, with {} for its variables; None for any.
        stored: Whether the request takes effect all the same.
    """

    what: int | str
    left: int
    method: str | None
    path: str | None
    stored: bool

    def __str__(self) -> str:
        only = {"method": self.method, "path": self.path}
        return f"qbchat.fail({', '.join([repr(self.what), *(f'{name}={it!r}' for name, it in only.items() if it)])})"


class Faults:
    """The faults that a test has injected and that are not used up, in the order of their injection."""

    def __init__(self, assume: Assumptions) -> None:
        self._faults: list[Fault] = []
        self._assume = assume

    def inject(self, what: int | str, *, times: int, method: str | None, path: str | None, stored: bool | None) -> None:
        """Add a fault; see `FakeQuickBlox.fail`."""
        __tracebackhide__ = True
        _check(what, times, stored)
        if method is not None and method not in _METHODS:
            meant = repr(method.upper()) if method.upper() in _METHODS else f"one of {', '.join(sorted(_METHODS))}"
            raise ValueError(f"unknown method {method!r}; expected {meant}")
        if path is not None:
            path = _known_path(method, path)
        self._faults.append(Fault(what, times, method, path, what in BROKEN if stored is None else stored))

    def pop_matching(self, request: Request) -> Fault | None:
        """The fault to apply to a request; one of its times is used up. A request for an unknown route gets none."""
        if not self._faults:
            return None
        path = without_suffix(request.path)
        route, _ = find(request.method, path)
        if route is None or (route.guessed and not self._assume.guessed_routes):
            return None
        for fault in self._faults:
            if fault.method in (None, request.method) and fault.path in (None, path, _template(route.path)):
                fault.left -= 1
                if not fault.left:
                    self._faults.remove(fault)
                return fault
        return None

    def unused(self) -> list[str]:
        """The faults that are not used up, a line for each."""
        return [
            f"{fault} is still waiting for {fault.left} call{'s' if fault.left > 1 else ''}" for fault in self._faults
        ]


def apply_fault(fault: Fault, service: Service, call: Call) -> None:
    """Answer a call with a fault. It has no response afterwards if the connection failed."""
    if fault.stored:
        service.handle(call)
    else:
        service.prepare(call)
    call.fault = str(fault.what)
    stored = call.response
    call.response = None
    effect = "stored" if fault.stored else "not stored"
    if call.reason:
        effect = f"refused all the same: {call.reason}"
    call.reason = f"qbchat.fail({fault.what!r}), {effect}"
    if isinstance(fault.what, int):
        refusal = by_status(fault.what)
        seconds = service.store.assume.retry_after if fault.what == HTTPStatus.TOO_MANY_REQUESTS else None
        retry_after = () if seconds is None else ((b"Retry-After", b"%d" % seconds),)
        call.response = service.respond(call, refusal.status, refusal.body, *retry_after)
    elif stored is not None and fault.what in BROKEN:
        call.response = _broken(stored, empty=fault.what == "empty")


_METHODS = {route.method for route in ROUTES}


def _broken(answered: Response, *, empty: bool) -> Response:
    """An answer whose body is left out or cut."""
    # Half a body is not JSON any more; an empty one gets an open bracket.
    body = b"" if empty else answered.body[: len(answered.body) // 2] or b"{"
    if b"json" in dict(answered.raw_headers).get(b"Content-Type", b""):
        body = body.decode(errors="ignore").encode()  # cut between characters, so that it fails as JSON
    headers = [(name, value) for name, value in answered.raw_headers if name != b"Content-Length"]
    return Response(answered.status, [*headers, (b"Content-Length", b"%d" % len(body))], body)


def _template(path: str) -> str:
    """The path of a route, without the names of its variables."""
    return _VARIABLE.sub("{}", path)


def _check(what: int | str, times: int, stored: bool | None) -> None:
    """Refuse an impossible fault."""
    __tracebackhide__ = True
    known = f"a status, or one of {', '.join(map(repr, LOST + BROKEN))}"
    if isinstance(what, bool) or not isinstance(what, int | str):
        raise TypeError(f"unknown fault {what!r}; expected {known}")
    if isinstance(what, int) and what not in _STATUSES:
        raise ValueError(f"unknown status {what} of a failure; expected an HTTP status from 400 to 599, such as 503")
    if isinstance(what, str) and what not in LOST + BROKEN:
        raise ValueError(f"unknown fault {what!r}; expected {what if what.isdecimal() else known}")
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise ValueError(f"invalid times={times!r}; expected a number from 1 on")
    if what in BROKEN and stored is False:
        raise ValueError(f"fail({what!r}) breaks an answer, so the request took effect: leave stored out")


def _known_path(method: str | None, path: str) -> str:
    """The path without suffix, of a route that the fake has."""
    __tracebackhide__ = True
    wanted = without_suffix(path)
    methods = [method] if method else sorted(_METHODS)
    templates = {route.path for route in ROUTES if route.method in methods}
    if _template(wanted) in map(_template, templates):
        return _template(wanted)
    if any(find(each, wanted)[0] for each in methods):
        return wanted
    meant = urlsplit(path).path if "://" in path else closest_name(wanted, templates)
    raise ValueError(f"the fake has no route {method or 'for'} {path}{f'; write {meant!r}' if meant else ''}")
