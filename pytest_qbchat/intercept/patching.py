"""Putting functions in the place of others, and taking them away without a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pytest_qbchat.intercept.hosts import Hosts
    from pytest_qbchat.service.wire import Request, Response

Function = Callable[..., Any]


class InterceptedFake(Protocol):
    """Whoever answers the calls that were caught.

    Attributes:
        hosts: Which URLs to catch.
    """

    hosts: Hosts

    def handle(self, request: Request) -> Response:
        """Answer a request."""
        ...

    async def handle_async(self, request: Request) -> Response:
        """Answer a request of an asynchronous client."""
        ...

    def refuse(self, reason: str) -> Exception:
        """Note a call that is not let through, and make the error to raise."""
        ...

    def raise_problems(self) -> None:
        """Raise what has to fail and was not reported yet."""
        ...


@dataclass(slots=True, eq=False)
class Patch:
    """A replacement, and the function that it is put over.

    Attributes:
        function: What was there.
        replacement: What is there now.
        inherited: Whether the owner had the function from a base class.
        on: Whether a layer has it.
    """

    function: Function
    replacement: Function
    inherited: bool
    on: bool = False


@dataclass(slots=True, eq=False)
class PatchPoint:
    """A public function of a library, as an attribute of a class or module.

    Attributes:
        owner: The class or module.
        name: The attribute.
        wrap: Makes the replacement of a function for the fakes of a list, which changes with time. To the function
            that was there it leaves what no fake wants, and so everything once the list is empty: somebody may
            keep the replacement for longer.
        last: The newest patch, which serves again for as long as it is the same function.
    """

    owner: Any
    name: str
    wrap: Callable[[Function, list[InterceptedFake]], Function]
    last: Patch | None = None

    def patch(self, function: Function, fakes: list[InterceptedFake]) -> Patch:
        """Put a replacement over a function."""
        patch = self.last
        if patch is None or function is not patch.function:
            replacement = self.wrap(function, fakes)
            self.last = patch = Patch(function, replacement, self.name not in vars(self.owner))
            setattr(replacement, _OURS, patch)
        setattr(self.owner, self.name, patch.replacement)
        patch.on = True
        return patch

    def restore(self, patch: Patch) -> None:
        """Put the function back, unless somebody else has put another over ours since."""
        patch.on = False
        if getattr(self.owner, self.name) is patch.replacement:
            if patch.inherited:
                delattr(self.owner, self.name)
            else:
                setattr(self.owner, self.name, patch.function)


def classes(module: str, *names: str) -> list[type]:
    """Those classes of a module that there are: none of a library that is not installed, is broken, or is a stub."""
    try:
        found = import_module(module)
    except Exception:
        return []
    return [each for name in names if isinstance(each := getattr(found, name, None), type)]


# The attribute of a replacement that tells how it came to be where it is.
_OURS = "pytest_qbchat_patch"


def patch_of(function: Function) -> Patch | None:
    """The patch by which one of our replacements came; None for any other function.

    A mock object has every attribute, and a wrapper has copies of those of what it wraps.
    """
    patch = getattr(function, _OURS, None)
    return patch if isinstance(patch, Patch) and patch.replacement is function else None


class Patcher:
    """The patch_points of this process, shared by all fakes, since a patch belongs to the process.

    They are patched in layers: one for each fake, and others where somebody has patched over ours since.
    """

    def __init__(self, patch_points: Iterable[PatchPoint]) -> None:
        self._patcher = list(patch_points)
        self._fakes: list[InterceptedFake] = []
        self._layers: list[list[tuple[PatchPoint, Patch]]] = []

    def enter(self, fake: InterceptedFake) -> None:
        """Let a fake answer, before any that has been entered earlier."""
        self._fakes.insert(0, fake)
        self.patch()

    def leave(self, fake: InterceptedFake) -> None:
        """Let a fake answer no longer."""
        self.restore()
        self._fakes.remove(fake)

    def patch(self) -> None:
        """Put a replacement over each function that is not one already."""
        layer: list[tuple[PatchPoint, Patch]] = []
        for point in self._patcher:
            function = getattr(point.owner, point.name)
            last = point.last
            # When a test begins it nearly always is our newest replacement, which need not be searched for its mark.
            ours = last if last is not None and last.replacement is function else patch_of(function)
            if ours is None:
                layer.append((point, point.patch(function, self._fakes)))
            elif not ours.on:
                # Put back by somebody who had patched over it, after it had been taken away: take it away with us.
                ours.on = True
                layer.append((point, ours))
        self._layers.append(layer)

    def restore(self) -> None:
        """Undo the newest layer."""
        for point, patch in reversed(self._layers.pop()):
            point.restore(patch)
