"""Injected faults: error statuses, lost responses and broken responses, each for a number of calls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from pytest_qbchat.explain.reports import count
from pytest_qbchat.service.app import Service
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Route
from pytest_qbchat.service.errors import by_status
from pytest_qbchat.service.routes import ROUTES, find, without_suffix
from pytest_qbchat.service.spelling import closest_name
from pytest_qbchat.service.wire import Request, Response

LOST = ("timeout", "disconnect", "connect")
BROKEN = ("malformed", "empty")
_STATUSES = {status.value for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST}
_VARIABLE = re.compile(r"\{\w+\}")


@dataclass(slots=True, eq=False)
class Fault:
    """A fault that is applied to the next calls, made of the arguments of `FakeQuickBlox.fail`."""

    what: int | str  # a status, or one of LOST and BROKEN
    left: int  # the remaining number of calls
    method: str | None  # None for any
    path: str | None  # without `.json`, or a route with {} for its variables; None for any
    stored: bool | None  # whether the request takes effect although its response is lost
    optional: bool = False  # whether a test passes if no call meets it
    source: str = ""  # what injected it, other than `fail`
    met: bool = False  # whether a call has met it

    def __post_init__(self) -> None:
        check_fault(self.what)
        if isinstance(self.left, bool) or not isinstance(self.left, int) or self.left < 1:
            raise ValueError(f"invalid times={self.left!r}; expected 1 or greater")
        if self.what in BROKEN and self.stored is False:
            raise ValueError(f"fail({self.what!r}) breaks the response of a request that took effect; omit stored")
        if self.what == "connect" and self.stored:
            raise ValueError("fail('connect') makes no connection, so the request cannot take effect; omit stored")
        if self.method is not None:
            check_method(self.method)
        if self.path is not None:
            self.path = known_path(self.method, self.path)
        if self.stored is None:
            self.stored = self.what in BROKEN

    def __str__(self) -> str:
        only = {"method": self.method, "path": self.path}
        return f"qbchat.fail({', '.join([repr(self.what), *(f'{name}={it!r}' for name, it in only.items() if it)])})"


class Faults(list[Fault]):
    """The unused faults of a test, in the order of their injection."""

    def pop_matching(self, request: Request) -> Fault | None:
        """Count down and return the fault for a request. A request for an unknown route gets none."""
        if not self or (route := self.route_of(request)) is None:
            return None
        for fault in self:
            if fault.method in (None, request.method) and is_at(request, route, fault.path):
                fault.left -= 1
                fault.met = True
                if not fault.left:
                    self.remove(fault)
                return fault
        return None

    def route_of(self, request: Request) -> Route | None:
        """The route of a request; None for a route that the fake does not have."""
        return None if request.outside else find(request.method, without_suffix(request.path))[0]

    def unmet(self) -> list[str]:
        """The faults that no call has met although it should, as the test wrote them."""
        return [str(fault) for fault in self if not (fault.met or fault.optional)]

    def unused(self) -> list[str]:
        """A line for each unused fault."""
        return [f"unused fault: {fault}, {count(fault.left, 'call')} left" for fault in self]


def apply_fault(fault: Fault, service: Service, call: Call) -> None:
    """Answer a call with a fault. After a fault in `LOST`, the call has no response."""
    if fault.stored:
        service.handle(call)
    else:
        call.now = service.store.now()
    call.fault = str(fault.what)
    stored = call.response
    call.response = None
    effect = "stored" if fault.stored else "not stored"
    if call.reason:
        effect = f"request refused: {call.reason}"
    call.reason = f"{fault.source or f'qbchat.fail({fault.what!r})'}, {effect}"
    if isinstance(fault.what, int):
        refusal = by_status(fault.what)
        seconds = service.store.assume.retry_after if fault.what == HTTPStatus.TOO_MANY_REQUESTS else None
        retry_after = () if seconds is None else ((b"Retry-After", b"%d" % seconds),)
        call.response = service.respond(call, refusal.status, refusal.body, *retry_after)
    elif stored is not None and fault.what in BROKEN:
        call.response = _broken(stored, empty=fault.what == "empty")


_METHODS = {route.method for route in ROUTES}


def _broken(response: Response, *, empty: bool) -> Response:
    # Half a body is not JSON. An empty body is replaced by an open brace, which is not JSON either.
    body = b"" if empty else response.body[: len(response.body) // 2] or b"{"
    if b"json" in dict(response.raw_headers).get(b"Content-Type", b""):
        body = body.decode(errors="ignore").encode()  # cut between characters, so that it fails as JSON
    headers = [(name, value) for name, value in response.raw_headers if name != b"Content-Length"]
    return Response(response.status, [*headers, (b"Content-Length", b"%d" % len(body))], body)


def _template(path: str) -> str:
    return _VARIABLE.sub("{}", path)


def check_fault(what: int | str) -> None:
    """Raise for an unknown fault."""
    known = f"a status, or one of {', '.join(map(repr, LOST + BROKEN))}"
    if isinstance(what, bool) or not isinstance(what, int | str):
        raise TypeError(f"unknown fault {what!r}; expected {known}")
    if isinstance(what, int) and what not in _STATUSES:
        raise ValueError(f"unknown error status {what}; expected an HTTP status from 400 to 599, such as 503")
    if isinstance(what, str) and what not in LOST + BROKEN:
        raise ValueError(f"unknown fault {what!r}; expected {what if what.isdecimal() else known}")


def check_method(method: str) -> None:
    """Raise ValueError for a method that no route has."""
    if method not in _METHODS:
        known = f"one of {', '.join(sorted(_METHODS))}"
        suggestion = repr(method.upper()) if method.upper() in _METHODS else known
        raise ValueError(f"unknown method {method!r}; expected {suggestion}")


def is_at(request: Request, route: Route, path: str | None) -> bool:
    """Whether a request matches a path or route from `known_path`; None matches any request."""
    return path in (None, without_suffix(request.path), _template(route.path))


def known_path(method: str | None, path: str) -> str:
    """The path without its suffix, or the template of a route. Raises ValueError if the fake has neither."""
    wanted = without_suffix(path)
    methods = [method] if method else sorted(_METHODS)
    templates = {route.path for route in ROUTES if route.method in methods}
    if _template(wanted) in map(_template, templates):
        return _template(wanted)
    if any(find(each, wanted)[0] for each in methods):
        return wanted
    suggestion = urlsplit(path).path if "://" in path else closest_name(wanted, templates)
    hint = f"; use {suggestion!r}" if suggestion else ""
    raise ValueError(f"the fake has no route {method or 'for'} {path}{hint}")
