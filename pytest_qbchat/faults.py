"""A bad day at QuickBlox, as a test orders it: refusals, lost answers and broken ones, each for so many calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_qbchat.matching import similar_name
from pytest_qbchat.service.errors import by_status
from pytest_qbchat.service.routes import ROUTES, find

if TYPE_CHECKING:
    from pytest_qbchat.service.exchange import Exchange
    from pytest_qbchat.service.routes import Service
    from pytest_qbchat.service.wire import Request

LOST = ("timeout", "disconnect")
BROKEN = ("malformed", "empty")
_LOWEST_STATUS, _HIGHEST_STATUS = 400, 599


@dataclass(slots=True, eq=False)
class Fault:
    """What happens to the next calls.

    Attributes:
        what: A status, "timeout", "disconnect", "malformed" or "empty".
        left: How many calls it is still for.
        method: Of these calls; None for any.
        path: Of these calls, without `.json`, or that of their route; None for any.
        stored: Whether the request takes effect all the same.
    """

    what: int | str
    left: int
    method: str | None
    path: str | None
    stored: bool

    def concerns(self, request: Request) -> bool:
        """Whether it is for a request."""
        if self.method not in (None, request.method):
            return False
        path = request.path.removesuffix(".json")
        route, _ = find(request.method, path)
        return route is not None and self.path in (None, path, route.path)


class Faults:
    """The faults that a test has ordered, in that order."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []

    def plan(self, what: int | str, *, times: int, method: str | None, path: str | None, stored: bool | None) -> None:
        """Order a fault; see `FakeQuickBlox.fail`."""
        _check(what, times, stored)
        if path is not None:
            path = _known_path(method, path)
        self._planned.append(Fault(what, times, method, path, what in BROKEN if stored is None else stored))

    def take(self, request: Request) -> Fault | None:
        """The fault that a request meets; one of its times is used up."""
        for fault in self._planned:
            if fault.concerns(request):
                fault.left -= 1
                if not fault.left:
                    self._planned.remove(fault)
                return fault
        return None

    def __bool__(self) -> bool:
        return bool(self._planned)


def befall(fault: Fault, service: Service, request: Request) -> Exchange:
    """Answer a request as a fault has it: in the exchange there is no response where the connection failed."""
    exchange = service.handle(request) if fault.stored else service.begin(request)
    answered = exchange.response
    exchange.response = None
    exchange.reason = f"qbchat.fail({fault.what!r}), {'stored' if fault.stored else 'not stored'}"
    if isinstance(fault.what, int):
        refusal = by_status(fault.what)
        exchange.response = service.respond(exchange, refusal.status, refusal.body)
        if fault.what == _TOO_MANY and service.store.assume.retry_after is not None:
            exchange.response.raw_headers.append((b"Retry-After", b"%d" % service.store.assume.retry_after))
    elif answered is not None and fault.what in BROKEN:
        # Half a body is no JSON any more; what was empty anyway gets a bracket that nobody closes.
        broken = answered.body[: len(answered.body) // 2] or b"{"
        exchange.response = service.respond(
            exchange, answered.status, broken.decode(errors="ignore") if fault.what == "malformed" else ""
        )
    return exchange


_TOO_MANY = 429


def _check(what: int | str, times: int, stored: bool | None) -> None:
    """Refuse what is no fault."""
    if isinstance(what, bool) or not isinstance(what, int | str):
        raise TypeError(f"{what!r} is no fault: write a status, or one of {', '.join(map(repr, LOST + BROKEN))}")
    if isinstance(what, int) and not _LOWEST_STATUS <= what <= _HIGHEST_STATUS:
        raise ValueError(f"{what} is no status of a failure: write one from {_LOWEST_STATUS} to {_HIGHEST_STATUS}")
    if isinstance(what, str) and what not in LOST + BROKEN:
        known = ", ".join(map(repr, LOST + BROKEN))
        raise ValueError(f"{what!r} is no fault: write a status, or one of {known}")
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise ValueError(f"times={times!r} is no number of calls: write one from 1 on")
    if what in BROKEN and stored is False:
        raise ValueError(f"fail({what!r}) breaks an answer, so the request took effect: leave stored out")


def _known_path(method: str | None, path: str) -> str:
    """The path without suffix, of a route that the fake has."""
    wanted = path.removesuffix(".json")
    methods = [method] if method else ["GET", "POST", "PUT", "DELETE", "PATCH"]
    templates = {route.path for route in ROUTES if route.method in methods}
    if wanted in templates or any(find(each, wanted)[0] for each in methods):
        return wanted
    meant = similar_name(wanted, templates)
    raise ValueError(f"the fake has no route {method or 'for'} {path}{f': write {meant!r}' if meant else ''}")
