"""Putting functions in the place of others, and taking them away without a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pytest_qbchat.intercept.receiver import Receiver

Function = Callable[..., Any]


@dataclass(slots=True, eq=False)
class Seam:
    """A public function of a library, as an attribute of a class or module.

    Attributes:
        owner: The class or module.
        name: The attribute.
        wrap: Makes the replacement of a function for the receivers of a list, which changes with time. To the function
            that was there it leaves what no receiver wants, and so everything once the list is empty: somebody may
            keep the replacement for longer.
    """

    owner: Any
    name: str
    wrap: Callable[[Function, list[Receiver]], Function]
    _wrapped: Function | None = None
    _replacement: Function | None = None

    def replacement(self, function: Function, receivers: list[Receiver]) -> Function:
        """What to put over a function; made once for as long as it is the same function."""
        if self._replacement is None or function is not self._wrapped:
            self._wrapped = function
            self._replacement = self.wrap(function, receivers)
            setattr(self._replacement, _OURS, (self._replacement, function))
        return self._replacement


# The attribute of a replacement that has itself and the function under it.
_OURS = "pytest_qbchat_replaces"


def _under(function: Function) -> Function | None:
    """The function under one of our replacements; None for any other.

    A mock object has every attribute, and a wrapper has copies of those of what it wraps.
    """
    mark: tuple[Function, Function] | None = getattr(function, _OURS, None)
    return mark[1] if isinstance(mark, tuple) and mark[0] is function else None


class _Patch(NamedTuple):
    seam: Seam
    function: Function
    replacement: Function
    inherited: bool


class Seams:
    """The seams of this process, shared by all receivers, since a patch belongs to the process.

    They are patched in layers: one for each receiver, and others where somebody has patched over ours since.
    """

    def __init__(self, seams: Iterable[Seam]) -> None:
        self._seams = list(seams)
        self._receivers: list[Receiver] = []
        self._layers: list[list[_Patch]] = []

    def enter(self, receiver: Receiver) -> None:
        """Let a receiver answer, before any that has been entered earlier."""
        self._receivers.insert(0, receiver)
        self.patch()

    def leave(self, receiver: Receiver) -> None:
        """Let a receiver answer no longer."""
        self.restore()
        self._receivers.remove(receiver)

    def patch(self) -> None:
        """Put a replacement over each function that is not one already."""
        layer: list[_Patch] = []
        self._layers.append(layer)
        for seam in self._seams:
            owner, name = seam.owner, seam.name
            function = getattr(owner, name)
            under = _under(function)
            if under is None:
                replacement = seam.replacement(function, self._receivers)
                layer.append(_Patch(seam, function, replacement, name not in vars(owner)))
                setattr(owner, name, replacement)
            elif not any(patch.replacement is function for layer in self._layers for patch in layer):
                # Put back by somebody who had patched over it, after it had been taken away: take it away with us.
                layer.append(_Patch(seam, under, function, inherited=False))

    def restore(self) -> None:
        """Undo the newest patch. What somebody else has put over it since stays in place."""
        for seam, function, replacement, inherited in reversed(self._layers.pop()):
            owner, name = seam.owner, seam.name
            if vars(owner).get(name) is not replacement:
                continue
            if inherited:
                delattr(owner, name)
            else:
                setattr(owner, name, function)
