"""A bad day at QuickBlox, as a test orders it: refusals, lost answers and broken ones, each for so many calls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_qbchat.service.errors import by_status
from pytest_qbchat.service.routes import ROUTES, bare, find
from pytest_qbchat.service.spelling import similar_name
from pytest_qbchat.service.wire import Response

if TYPE_CHECKING:
    from pytest_qbchat.service.app import Service
    from pytest_qbchat.service.assumptions import Assumptions
    from pytest_qbchat.service.exchange import Exchange
    from pytest_qbchat.service.wire import Request

LOST = ("timeout", "disconnect")
BROKEN = ("malformed", "empty")
_STATUSES = {status.value for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST}
_VARIABLE = re.compile(r"\{\w+\}")


@dataclass(slots=True, eq=False)
class Fault:
    """What happens to the next calls.

    Attributes:
        what: A status, "timeout", "disconnect", "malformed" or "empty".
        left: How many calls it is still for.
        method: Of these calls; None for any.
        path: Of these calls, without `.json`, or that of their route with {} for what varies; None for any.
        stored: Whether the request takes effect all the same.
    """

    what: int | str
    left: int
    method: str | None
    path: str | None
    stored: bool

    def __str__(self) -> str:
        of = {"method": self.method, "path": self.path}
        return f"qbchat.fail({', '.join([repr(self.what), *(f'{key}={it!r}' for key, it in of.items() if it)])})"

    def concerns(self, method: str, path: str, template: str) -> bool:
        """Whether it is for a call, of which the path and that of its route are given."""
        return self.method in (None, method) and self.path in (None, path, template)


class Faults:
    """The faults that a test has ordered, in that order."""

    def __init__(self, assume: Assumptions) -> None:
        self._planned: list[Fault] = []
        self._assume = assume

    def plan(self, what: int | str, *, times: int, method: str | None, path: str | None, stored: bool | None) -> None:
        """Order a fault; see `FakeQuickBlox.fail`."""
        __tracebackhide__ = True
        _check(what, times, stored)
        if method is not None and method not in _METHODS:
            meant = repr(method.upper()) if method.upper() in _METHODS else f"one of {', '.join(sorted(_METHODS))}"
            raise ValueError(f"{method!r} is no method of a route: write {meant}")
        if path is not None:
            path = _known_path(method, path)
        self._planned.append(Fault(what, times, method, path, what in BROKEN if stored is None else stored))

    def take(self, request: Request) -> Fault | None:
        """The fault that a request meets; one of its times is used up. A route that is not there meets none."""
        path = bare(request.path)
        route, _ = find(request.method, path)
        if route is None or (route.guessed and not self._assume.guessed_routes):
            return None
        for fault in self._planned:
            if fault.concerns(request.method, path, _template(route.path)):
                fault.left -= 1
                if not fault.left:
                    self._planned.remove(fault)
                return fault
        return None

    def unused(self) -> list[str]:
        """The faults that no call has met yet, a line for each."""
        return [
            f"{fault} is still waiting for {fault.left} call{'s' if fault.left > 1 else ''}" for fault in self._planned
        ]

    def __bool__(self) -> bool:
        return bool(self._planned)


def befall(fault: Fault, service: Service, request: Request) -> Exchange:
    """Answer a request as a fault has it: in the exchange there is no response where the connection failed."""
    exchange = service.handle(request) if fault.stored else service.begin(request)
    answered = exchange.response
    exchange.response = None
    effect = "stored" if fault.stored else "not stored"
    if exchange.reason:
        effect = f"refused all the same: {exchange.reason}"
    exchange.reason = f"qbchat.fail({fault.what!r}), {effect}"
    if isinstance(fault.what, int):
        refusal = by_status(fault.what)
        seconds = service.store.assume.retry_after if fault.what == _TOO_MANY else None
        retry_after = () if seconds is None else ((b"Retry-After", b"%d" % seconds),)
        exchange.response = service.respond(exchange, refusal.status, refusal.body, *retry_after)
    elif answered is not None and fault.what in BROKEN:
        exchange.response = _broken(answered, empty=fault.what == "empty")
    return exchange


_TOO_MANY = 429
_METHODS = {route.method for route in ROUTES}


def _broken(answered: Response, *, empty: bool) -> Response:
    """An answer whose body is left out or cut."""
    # Half a body is no JSON any more; what was empty anyway gets a bracket that nobody closes.
    body = b"" if empty else answered.body[: len(answered.body) // 2] or b"{"
    if b"json" in dict(answered.raw_headers).get(b"Content-Type", b""):
        body = body.decode(errors="ignore").encode()  # cut between characters, so that it fails as JSON and not earlier
    headers = [(name, value) for name, value in answered.raw_headers if name != b"Content-Length"]
    return Response(answered.status, [*headers, (b"Content-Length", b"%d" % len(body))], body)


def _template(path: str) -> str:
    """The path of a route, whatever its variables are called."""
    return _VARIABLE.sub("{}", path)


def _check(what: int | str, times: int, stored: bool | None) -> None:
    """Refuse what is no fault."""
    __tracebackhide__ = True
    if isinstance(what, bool) or not isinstance(what, int | str):
        raise TypeError(f"{what!r} is no fault: write a status, or one of {', '.join(map(repr, LOST + BROKEN))}")
    if isinstance(what, int) and what not in _STATUSES:
        raise ValueError(f"{what} is no status of a failure: write one from 400 to 599 that HTTP has, such as 503")
    if isinstance(what, str) and what not in LOST + BROKEN:
        known = what if what.isdecimal() else f"a status, or one of {', '.join(map(repr, LOST + BROKEN))}"
        raise ValueError(f"{what!r} is no fault: write {known}")
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise ValueError(f"times={times!r} is no number of calls: write one from 1 on")
    if what in BROKEN and stored is False:
        raise ValueError(f"fail({what!r}) breaks an answer, so the request took effect: leave stored out")


def _known_path(method: str | None, path: str) -> str:
    """The path without suffix, of a route that the fake has."""
    __tracebackhide__ = True
    wanted = bare(path)
    methods = [method] if method else sorted(_METHODS)
    templates = {route.path for route in ROUTES if route.method in methods}
    if _template(wanted) in map(_template, templates):
        return _template(wanted)
    if any(find(each, wanted)[0] for each in methods):
        return wanted
    meant = urlsplit(path).path if "://" in path else similar_name(wanted, templates)
    raise ValueError(f"the fake has no route {method or 'for'} {path}{f': write {meant!r}' if meant else ''}")
