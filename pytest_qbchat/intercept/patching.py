"""Replaces functions of HTTP libraries while a fake is active, and restores the originals.

How it works:

- A *patch point* is a public function of a library, as an attribute of a class or module. Each interceptor lists the
  patch points of a module, and is asked once the module is imported. Importing all installed libraries would take
  longer than most test runs, so an import hook asks for those that the code under test imports later.
- A *patch* is a replacement at a patch point. It asks the list of active fakes, the newest first, which one owns the
  host of a call, and calls the function that it replaced if none does. So a replacement that other code has kept is
  harmless after its fake has gone.
- A *layer* is what one `enter` or `patch` had to replace: every function that is not an active replacement. The first
  fake replaces all of them, a nested fake usually none. Other mocks may replace functions in between. `patch` then puts
  another replacement on top of theirs, which passes all other calls on to them, and `restore` removes it before they
  restore their own.
- `undo` puts the original back only if the replacement is still there. Other code that has replaced it since may put it
  back later: it is harmless then, and the next layer takes it over. A function that a class inherits is deleted from
  the class rather than set to the inherited one.
- A patch is kept at its point and used again as long as the function below it stays the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass
from functools import partial
from importlib.machinery import BuiltinImporter, ModuleSpec
from types import ModuleType
from typing import Any

from pytest_qbchat.service.interface import Fake

Function = Callable[..., Any]
Wrapper = Callable[[Function, list[Fake]], Function]

_passing_through: ContextVar[bool] = ContextVar("qbchat_passing_through", default=False)


@contextmanager
def passing_through() -> Iterator[None]:
    """A block whose calls reach the network, whatever their host."""
    token = _passing_through.set(True)
    try:
        yield
    finally:
        _passing_through.reset(token)


def fake_for_host(fakes: list[Fake], host: object, port: object) -> Fake | None:
    """The first fake that owns a host; arguments as for `Hosts.own`."""
    if _passing_through.get():
        return None
    return next((fake for fake in fakes if fake.hosts.own(host, port)), None)


def fake_for_call(fakes: list[Fake], host: object, port: object) -> Fake | None:
    """The fake that answers a call. The failure of a test names other hosts that were called."""
    found = fake_for_host(fakes, host, port)
    for fake in fakes if found is None else ():
        fake.hosts.note_other(host)
    return found


@dataclass(slots=True, eq=False)
class PatchPoint:
    """A public function of a library, as an attribute of a class or module."""

    owner: Any
    name: str
    wrap: Wrapper  # makes the replacement; the list of active fakes changes
    latest: Patch | None = None  # reused from test to test: wrapping all functions takes longer than the rest


@dataclass(slots=True, eq=False)
class Patch:
    """A replacement at a patch point."""

    point: PatchPoint
    original: Function
    replacement: Function
    inherited: bool = False  # whether the owner inherits the original from a base class
    active: bool = False  # whether the patch was applied and not yet undone

    def undo(self) -> None:
        """Restore the original, unless another patch is on top of this one."""
        self.active = False
        owner, name = self.point.owner, self.point.name
        if getattr(owner, name) is not self.replacement:
            return
        if self.inherited:
            delattr(owner, name)
        else:
            setattr(owner, name, self.original)


# Makes the patch points of a module of a library.
PatchPoints = Callable[[Any], Iterator[PatchPoint]]


def classes(module: ModuleType, *names: str) -> list[type]:
    """The existing classes of a module; none if it is broken, or replaced by a stub.

    The classes are the library's own, even while another mock has replaced them in the module.
    """
    return [each for name in names if (each := _own_class(module, name)) is not None]


def points_at(name: str, wrap: Wrapper, *owners: str) -> PatchPoints:
    """The patch points of a function of a module, or of a method of its classes; none in a module that is a stub."""

    def found(module: Any) -> Iterator[PatchPoint]:
        own = classes(module, *owners) if owners else [module]
        return (PatchPoint(each, name, wrap) for each in own if owners or name in vars(each))

    return found


def _own_class(module: ModuleType, name: str) -> type | None:
    current = getattr(module, name, None)
    if not isinstance(current, type):
        return None
    if current.__module__ == module.__name__:
        return current
    wanted = module.__name__, name
    return next((each for each in _subclasses(object) if (each.__module__, each.__qualname__) == wanted), current)


def _subclasses(base: type) -> Iterator[type]:
    each: type
    for each in type.__subclasses__(base):
        yield each
        yield from _subclasses(each)


# The attribute of a replacement that holds its patch.
_PATCH = "pytest_qbchat_patch"


def patch_of(function: Function) -> Patch | None:
    """The patch of a replacement; None for any other function.

    Mock objects have every attribute, and `functools.wraps` copies attributes, so the replacement must match too.
    """
    patch = getattr(function, _PATCH, None)
    return patch if isinstance(patch, Patch) and patch.replacement is function else None


class Patcher:
    """Patches a process for any number of fakes."""

    def __init__(self, libraries: Sequence[tuple[str, PatchPoints]]) -> None:
        self._libraries = libraries
        self._known: set[tuple[ModuleType, PatchPoints]] = set()  # modules whose patch points are known
        self._points: list[PatchPoint] = []
        self.fakes: list[Fake] = []  # the newest first
        self._layers: list[ExitStack] = []

    def enter(self, fake: Fake) -> None:
        """Let a fake answer before those that were entered earlier. If this fails, everything is as before."""
        self._find_points()
        self.patch()  # which changes nothing until there is a fake
        self.fakes.insert(0, fake)
        if len(self.fakes) == 1:
            # Before the finders of Python, but not at the front: pyfakefs removes what it finds there.
            first = sys.meta_path.index(BuiltinImporter) if BuiltinImporter in sys.meta_path else 0
            sys.meta_path.insert(first, self)

    def leave(self, fake: Fake) -> None:
        """Remove a fake and the newest layer."""
        self.fakes.remove(fake)
        if not self.fakes and self in sys.meta_path:  # a test may restore an earlier list
            sys.meta_path.remove(self)
        self.restore()

    def patch(self) -> None:
        """Replace every function that is not an active replacement already, or none if one cannot be replaced."""
        with ExitStack() as layer:
            self._apply(self._points, layer)
            self._layers.append(layer.pop_all())

    def _find_points(self) -> list[PatchPoint]:
        """The patch points of modules that were imported since the last call."""
        found: list[PatchPoint] = []
        for name, patch_points in self._libraries:
            module = sys.modules.get(name)
            if module is not None and (module, patch_points) not in self._known:
                points = list(patch_points(module))
                if points:
                    self._known.add((module, patch_points))
                    found += points
        self._points += found
        return found

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Find a library for Python with a loader that also patches it: a copy of its own loader."""
        if name not in {library for library, _ in self._libraries}:
            return None
        finders = [each for each in sys.meta_path if each is not self and hasattr(each, "find_spec")]
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in finders)), None)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            loader: Any = spec.loader
            spec.loader = copy(loader)
            spec.loader.exec_module = partial(self._import, loader)  # type: ignore[method-assign]  # of the copy
        return spec

    def _import(self, loader: Any, module: Any) -> None:
        """Patch a module that the code under test imports or reloads, until the last fake is left."""
        module.__spec__.loader = module.__loader__ = loader
        loader.exec_module(module)
        self._known = {each for each in self._known if each[0] is not module}
        points = self._find_points()
        if self.fakes:
            self._apply(points, self._layers[0])

    def _apply(self, points: list[PatchPoint], layer: ExitStack) -> None:
        for point in points:
            owner, name, patch = point.owner, point.name, point.latest
            function = getattr(owner, name)
            if patch is None or not (function is patch.original or function is patch.replacement):
                patch = patch_of(function) or self._wrap(point, function)
            if function is not patch.replacement:
                patch.inherited = name not in vars(owner)
                setattr(owner, name, patch.replacement)
            if not patch.active:  # new, or restored by another mock after it was undone
                patch.active = True
                layer.callback(patch.undo)

    def _wrap(self, point: PatchPoint, original: Function) -> Patch:
        patch = point.latest = Patch(point, original, point.wrap(original, self.fakes))
        setattr(patch.replacement, _PATCH, patch)
        return patch

    def restore(self) -> None:
        """Undo the newest layer, as a whole even if one of its patches cannot be undone."""
        self._layers.pop().close()
