"""What a test gives to the fake, checked where it is given: a wrong type would only show in the code under test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def check_texts(**given: Any) -> None:
    """Whether each value is a text or None.

    Raises:
        TypeError: One is neither.
    """
    __tracebackhide__ = True
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name}={value!r}: write a text")


def listed(name: str, given: Any, example: str) -> list[Any]:
    """The items of a list, a tuple or another collection.

    Raises:
        TypeError: It is a single thing, a text among them.
    """
    __tracebackhide__ = True
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError(f"{name}={given!r}: write a list, {name}={example}")
    return list(given)
