"""Putting functions in the place of others, and taking them away without a trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Function = Callable[..., Any]


class Seam(NamedTuple):
    """A public function of a library, as an attribute of a class or module.

    Attributes:
        owner: The class or module.
        name: The attribute.
        wrap: Makes the replacement from the function that was there, to which it leaves what is not QuickBlox's, and
            everything once the seams are not active any more.
    """

    owner: Any
    name: str
    wrap: Callable[[Function, Seams], Function]


class _Patch(NamedTuple):
    seam: Seam
    before: Function
    replacement: Function
    inherited: bool


class Seams:
    """Seams that are patched and restored together, layer on layer.

    Attributes:
        active: Whether they are patched. Somebody may keep a replacement for longer, and then it must do nothing.
    """

    def __init__(self, seams: Sequence[Seam]) -> None:
        self.active = False
        self._seams = seams
        self._layers: list[list[_Patch]] = []

    def patch(self) -> None:
        """Put a replacement over each function that is not one already."""
        ours = {id(patch.replacement) for layer in self._layers for patch in layer}
        layer: list[_Patch] = []
        self._layers.append(layer)
        self.active = True
        for seam in self._seams:
            owner, name, wrap = seam
            before = getattr(owner, name)
            if id(before) not in ours:
                patch = _Patch(seam, before, wrap(before, self), name not in vars(owner))
                setattr(owner, name, patch.replacement)
                layer.append(patch)

    def restore(self) -> None:
        """Undo the newest patch. What somebody else has put over it since stays in place."""
        for seam, before, replacement, inherited in reversed(self._layers.pop()):
            owner, name, _ = seam
            if vars(owner).get(name) is not replacement:
                continue
            if inherited:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
        self.active = bool(self._layers)
