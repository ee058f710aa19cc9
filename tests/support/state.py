"""The whole state of a fake, read without the code that rewinds it."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Condition
from types import FunctionType, MethodType
from typing import Any

from pytest_qbchat import FakeQuickBlox, Trial
from pytest_qbchat.service.declaration import Route
from pytest_qbchat.service.masking import Secrets


def whole_state(fake: FakeQuickBlox) -> Any:
    """Every attribute of every object that the fake leads to, in order, and which of them are the same object.

    Secrets are left out: they stay known.
    """
    numbers: dict[int, int] = {}

    def read(each: Any) -> Any:  # noqa: PLR0911 - a case for each kind of object
        if each is None or isinstance(each, int | float | str | bytes):
            return each
        if isinstance(each, Trial):  # the one that asks
            return None
        if (
            isinstance(each, Condition | Secrets | Route | FunctionType | MethodType | BaseException | type)
            or "Lock" in type(each).__name__
        ):
            return type(each).__name__
        if isinstance(each, tuple | frozenset):  # equal ones may be one object in one process and two in another
            return [type(each).__name__, *map(read, sorted(each) if isinstance(each, frozenset) else each)]
        if id(each) in numbers:
            return f"object {numbers[id(each)]}"
        numbers[id(each)] = len(numbers)
        if isinstance(each, Mapping):
            return [type(each).__name__, *((read(name), read(value)) for name, value in each.items())]
        if isinstance(each, list):
            return [*map(read, each)]
        if isinstance(each, set):
            return sorted(map(repr, each))
        names = [name for base in type(each).__mro__ for name in getattr(base, "__slots__", ())]
        attributes = {name: getattr(each, name) for name in names if hasattr(each, name)} | getattr(
            each, "__dict__", {}
        )
        assert attributes or type(each).__module__.startswith("pytest_qbchat"), type(each)
        return {"class": type(each).__name__} | {name: read(value) for name, value in attributes.items()}

    return read(fake)
