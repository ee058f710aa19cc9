"""Finds the position of a call in the former trial. The faults are planned for these positions."""

from __future__ import annotations

import json
from typing import NamedTuple

from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Route
from pytest_qbchat.service.decoding import decode
from pytest_qbchat.service.errors import QuickBloxError


class SeenCall(NamedTuple):
    """A call of a trial, with what identifies it in later trials."""

    place: str  # its method and route
    content: str  # its path, query and parameters, whatever their order and encoding
    route: Route | None  # None for a call that gets no fault: it has no route, or a fault of `fail`
    call: Call

    @classmethod
    def of(cls, call: Call, route: Route | None, *, disturbed: bool) -> SeenCall:
        """Read a call. The body of an upload is not compared: its boundary is random."""
        content = ""
        if route is not None and not route.raw:
            try:
                content = json.dumps(decode(call.request), sort_keys=True)
            except QuickBloxError:
                content = repr(call.request.body)
        place = f"{call.method} {call.path if route is None else route.path}"
        return cls(place, f"{call.path} {content}", None if disturbed else route, call)

    def __str__(self) -> str:
        return f"{self.call.method} {self.call.path}"


class FormerCalls(list[SeenCall]):
    """The calls of the former trial. Each is recognized once."""

    def __init__(self, calls: list[SeenCall]) -> None:
        super().__init__(calls)
        self._left = list(range(len(calls)))

    def name(self, position: int) -> str:
        """A call in the text of a failure."""
        return f"call {position + 1} of {len(self)}, {self[position]}"

    def position(self, seen: SeenCall) -> int | None:
        """The position of a call in the former trial; None for a call that it did not have.

        New content means a time or a random id in it: such a call is taken for the next call to its route.
        """
        here = [at for at in self._left if self[at].place == seen.place]
        same = [at for at in here if self[at].content == seen.content]
        if not same and any(other[:2] == seen[:2] for other in self):
            return None  # a repetition that the former trial did not have
        position = next(iter(same or here), None)
        if position is not None:
            self._left.remove(position)
        return position
