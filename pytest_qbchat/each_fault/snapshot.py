"""The rewind of the fake: a snapshot of a graph of objects, restored in place so that outside references stay valid."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from enum import Enum
from functools import cache, partial
from typing import Any

_PACKAGE = __name__.partition(".")[0]


class Block:
    """The block of a trial."""

    undone = False  # whether the fake was rewound after it


# The block that a task began in: tasks inherit it from the code that starts them.
NO_BLOCK = Block()
current_block: ContextVar[Block] = ContextVar("qbchat_block", default=NO_BLOCK)


class Snapshot:
    """The contents of every list, dict, set and object of this package that can be reached from an object, the root.

    `restore` puts the same contents back into the same objects. An object with a method `snapshot`, which returns a
    function that restores it, saves itself. Objects of other packages, functions, exceptions, and objects of the
    classes `kept` are not changed.
    """

    def __init__(self, root: object, *, kept: tuple[type, ...]) -> None:
        self._put_back: list[Callable[[], object]] = []
        seen: set[int] = set()
        waiting: list[Any] = [root]
        while waiting:
            each = waiting.pop()
            if id(each) in seen or isinstance(each, kept):
                continue
            seen.add(id(each))  # the saved contents keep the object, so that no other one gets its id
            if isinstance(each, list):
                contents = each[:]
                self._put_back.append(partial(each.__setitem__, slice(None), contents))
                waiting += contents
            elif isinstance(each, dict | set):
                self._put_back.append(partial(_refill, each, each.copy()))
                waiting += each.values() if isinstance(each, dict) else each
            elif isinstance(each, tuple | frozenset):
                waiting += each
            else:
                waiting += self._save_object(each, type(each))

    def restore(self) -> None:
        """Put the saved contents back. This can be repeated."""
        for put_back in self._put_back:
            put_back()

    def _save_object(self, each: Any, kind: Any) -> Iterable[Any]:
        """Save the slots of an object, and return the objects that it refers to."""
        if not _is_ours(kind):
            return []
        if hasattr(kind, "snapshot"):
            self._put_back.append(each.snapshot())
            return []
        slots = {name: getattr(each, name) for name in _slots(kind)}
        self._put_back.append(partial(_refill_slots, each, slots))
        return [*slots.values(), getattr(each, "__dict__", None)]


@cache
def _is_ours(cls: type) -> bool:
    """Whether objects of a class belong to the state: the class or one of its bases is of this package."""
    ours = any(base.__module__.partition(".")[0] == _PACKAGE for base in cls.__mro__)
    return ours and not issubclass(cls, Enum | BaseException)


@cache
def _slots(cls: type) -> list[str]:
    return [name for base in cls.__mro__ for name in vars(base).get("__slots__", ())]


def _refill(each: Any, contents: Any) -> None:
    each.clear()
    each.update(contents)


def _refill_slots(each: object, contents: dict[str, Any]) -> None:
    for name, value in contents.items():
        object.__setattr__(each, name, value)  # for frozen classes too
