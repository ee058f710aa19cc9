"""The text of an exception that fails a trial. It is changed while pytest makes the report, and put back afterwards."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any
from unittest import SkipTest

import pytest


def is_failure(error: BaseException) -> bool:
    """Whether an exception fails a test; others skip it or end the run."""
    others = pytest.skip.Exception | pytest.xfail.Exception | pytest.exit.Exception | SkipTest | KeyboardInterrupt
    return not isinstance(error, others)


def change_text(error: Any, text: str) -> Callable[[], None]:
    """Change the text of an exception; if its class does not allow that, add a note. Returns a function to undo it."""
    former = {"args": error.args, "__notes__": getattr(error, "__notes__", [])}
    changed: dict[str, Any] = {"args": (_Text(text), *error.args[1:])}
    if isinstance(error, pytest.fail.Exception):
        former["msg"], changed["msg"] = error.msg, text
    put_back = partial(_set, error, former)
    _set(error, changed)
    if text not in text_of(error):
        put_back()
        _set(error, {"__notes__": [*former["__notes__"], text]})
    return put_back


class _Text(str):
    """A text that a KeyError shows without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def _set(error: BaseException, values: dict[str, Any]) -> None:
    for name, value in values.items():
        with suppress(AttributeError):  # a property
            BaseException.__setattr__(error, name, value)  # for frozen classes too


def text_of(error: BaseException) -> str:
    """The text of an exception, even if its `__str__` raises another one."""
    try:
        return str(error)
    except Exception as reason:
        return f"its text cannot be shown ({type(reason).__name__})"
