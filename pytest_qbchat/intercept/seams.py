"""Putting functions in the place of others, and taking them away without a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

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
        inherited: Whether the owner has the function from a base class.
    """

    owner: Any
    name: str
    wrap: Callable[[Function, list[Receiver]], Function]
    inherited: bool = False
    _wrapped: Function | None = None
    _replacement: Function | None = None

    def __post_init__(self) -> None:
        self.inherited = self.name not in vars(self.owner)

    def replacement(self, function: Function, receivers: list[Receiver]) -> Function:
        """What to put over a function; made once for as long as it is the same function."""
        if self._replacement is None or function is not self._wrapped:
            self._wrapped = function
            self._replacement = self.wrap(function, receivers)
        return self._replacement


class Seams:
    """The seams of this process, shared by all receivers, since a patch belongs to the process.

    They are patched in layers: one for each receiver, and others where somebody has patched over ours since.
    """

    def __init__(self, seams: Iterable[Seam]) -> None:
        self._seams = list(seams)
        self._receivers: list[Receiver] = []
        self._layers: list[list[tuple[Seam, Function, Function]]] = []

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
        ours = {replacement for layer in self._layers for _, _, replacement in layer}
        layer: list[tuple[Seam, Function, Function]] = []
        self._layers.append(layer)
        for seam in self._seams:
            function = getattr(seam.owner, seam.name)
            if function not in ours:
                replacement = seam.replacement(function, self._receivers)
                setattr(seam.owner, seam.name, replacement)
                layer.append((seam, function, replacement))

    def restore(self) -> None:
        """Undo the newest patch. What somebody else has put over it since stays in place."""
        for seam, function, replacement in reversed(self._layers.pop()):
            if vars(seam.owner).get(seam.name) is not replacement:
                continue
            if seam.inherited:
                delattr(seam.owner, seam.name)
            else:
                setattr(seam.owner, seam.name, function)
