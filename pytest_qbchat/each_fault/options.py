"""The arguments of `each_fault`, and the names of its faults and trials."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from pytest_qbchat.each_fault.faults import BROKEN, check_fault, check_method, is_at, known_path
from pytest_qbchat.service.declaration import Route
from pytest_qbchat.service.spelling import closest_name
from pytest_qbchat.service.wire import Request

_STORED, _LASTING = "-stored", "-lasting"
_DEFAULT = (
    "timeout-stored", "timeout", "disconnect", 401, 429, 503, "503-lasting", "401-lasting", "timeout-lasting",
)  # fmt: skip
# For type checkers. At run time, any error status may have a suffix; without a suffix it is a number.
FaultName = Literal[
    "timeout", "disconnect", "connect", "timeout-stored", "disconnect-stored", "timeout-lasting", "disconnect-lasting",
    "connect-lasting", "malformed", "empty",
    "400-stored", "400-lasting", "401-stored", "401-lasting", "403-stored", "403-lasting", "404-stored", "404-lasting",
    "408-stored", "408-lasting", "409-stored", "409-lasting", "422-stored", "422-lasting", "429-stored", "429-lasting",
    "500-stored", "500-lasting", "502-stored", "502-lasting", "503-stored", "503-lasting", "504-stored", "504-lasting",
]  # fmt: skip
_NAMES = [name for name in get_args(FaultName) if not name[0].isdecimal()]
_PART = re.compile(r"([1-9]\d*):([\w-]+)")
_MIN_LIMIT = 2
_MAX_FAULTS = 2  # in a trial


class Kind(NamedTuple):
    """A fault that is injected."""

    what: int | str  # as for `FakeQuickBlox.fail`
    stored: bool  # whether the request takes effect
    lasting: bool = False  # whether every later call of that route fails too

    def __str__(self) -> str:
        stored = _STORED if self.stored and self.what not in BROKEN else ""
        return f"{self.what}{stored}{_LASTING if self.lasting else ''}"

    def at(self, call: str) -> str:
        """What happened at a call, for the text of a failure."""
        after = " after storage" if self.stored else " before storage"
        if self.lasting:
            call += " and every later call of that route,"
        if self.what == "connect":
            return f"{call} not connected"
        if isinstance(self.what, int):
            return f"{call} answered {self.what}{after if self.stored else ''}"
        if self.what in BROKEN:
            return f"the answer to {call} {self.what}"
        verb = "lost" if self.what == "timeout" else "cut off"
        return f"the answer to {call} {verb}{after}" if self.stored else f"{call} {verb}{after}"


@dataclass
class Options:
    """The arguments of `FakeQuickBlox.each_fault`. A wrong one raises TypeError or ValueError."""

    faults: tuple[int | str, ...]
    methods: Collection[str] | None
    path: str | None
    pairs: bool
    only: str | None
    expected: type[Exception] | tuple[type[Exception], ...]
    reset: Callable[[], object] | None
    limit: int

    def __post_init__(self) -> None:
        methods, reset, limit = self.methods, self.reset, self.limit
        if isinstance(methods, str) or not isinstance(methods, Collection | None):
            raise TypeError(f"invalid methods={methods!r}; expected a list, methods=['POST']")
        for method in methods or ():
            check_method(method)
        classes = self.expected if isinstance(self.expected, tuple) else (self.expected,)
        if not all(isinstance(each, type) and issubclass(each, Exception) for each in classes):
            raise TypeError(f"invalid expected={self.expected!r}; expected an exception class, or a tuple of such")
        if reset is not None and not callable(reset):
            raise TypeError(f"invalid reset={reset!r}; expected a function without arguments")
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < _MIN_LIMIT:
            raise ValueError(f"invalid limit={limit!r}; expected 2 or greater, since the first trial has no fault")
        self.kinds = tuple(dict.fromkeys(map(_kind, self.faults or _DEFAULT)))
        self.path = None if self.path is None else known_path(None, self.path)
        self.parts = () if self.only is None else _parts(self.only)  # its call numbers and faults

    def selects(self, request: Request, route: Route) -> bool:
        """Whether a fault is injected into a call."""
        return (self.methods is None or request.method in self.methods) and is_at(request, route, self.path)


def _kind(fault: int | str) -> Kind:
    if not isinstance(fault, str):
        check_fault(fault)
        return Kind(fault, stored=False)
    what = fault.removesuffix(_STORED).removesuffix(_LASTING)
    lasting = fault.endswith(_LASTING)
    if what.isdecimal() and fault in (f"{what}{_STORED}", f"{what}{_LASTING}"):
        check_fault(int(what))
        return Kind(int(what), not lasting, lasting)
    if fault not in _NAMES:
        near = closest_name(fault, _NAMES)
        known = repr(near) if near else f"a status, or one of {', '.join(map(repr, _NAMES))}"
        raise ValueError(f"unknown fault {fault!r}; expected {fault if fault.isdecimal() else known}")
    return Kind(what, fault.endswith(_STORED) or what in BROKEN, lasting)


def _parts(only: str) -> tuple[tuple[int, Kind], ...]:
    """The numbers of calls and the faults in the name of a trial: `2:timeout-stored`, `1:503+2:timeout`."""
    found = [_PART.fullmatch(part) for part in str(only).split("+")]
    if len(found) > _MAX_FAULTS or not all(found):
        raise ValueError(f"invalid only={only!r}; expected the name of a trial, '2:timeout-stored' or '1:503+2:401'")
    pairs = [(int(match[1]), match[2]) for match in found if match]
    return tuple((number, _kind(int(fault) if fault.isdecimal() else fault)) for number, fault in pairs)
