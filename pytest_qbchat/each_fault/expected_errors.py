"""The errors of a trial: which of them an injected fault may cause, which fail the test, and their texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Any
from unittest import SkipTest

import pytest

from pytest_qbchat.each_fault.faults import BROKEN
from pytest_qbchat.explain.call_site import is_client_error

_STATUSES = range(400, 599)  # Tornado's 599 is a call without a response


def is_failure(error: BaseException) -> bool:
    """Whether an exception fails a test; others skip it or end the run."""
    others = pytest.skip.Exception | pytest.xfail.Exception | pytest.exit.Exception | SkipTest | KeyboardInterrupt
    return not isinstance(error, others)


def is_expected(error: BaseException, whats: Collection[int | str]) -> bool:
    """Whether an exception is one of a client for these faults, or was raised from one, or a group of such."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_expected(each, whats) for each in error.exceptions)
    if isinstance(error, json.JSONDecodeError) and any(what in BROKEN for what in whats):
        return True
    if is_client_error(error):
        status = _status_of(error)
        if status is not None:
            return status in whats
        # A client raises no ValueError for a response, but for a wrong URL, and no error of Python for a status.
        lost = not all(isinstance(what, int) for what in whats)
        return not isinstance(error, ValueError) and (lost or type(error).__module__ != "builtins")
    return error.__cause__ is not None and is_expected(error.__cause__, whats)


def _status_of(error: BaseException) -> int | None:
    """The error status that an exception of a client reports; None for a lost response."""
    response = getattr(error, "response", None)
    # The last attribute is deprecated in aiohttp, whose errors have the one before it.
    for holder, name in ((response, "status_code"), (error, "status"), (error, "code")):
        value = getattr(holder, name, None)
        if isinstance(value, int) and value in _STATUSES:
            return value
    return None


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
    """The text of an exception, whatever it does when asked."""
    try:
        return str(error)
    except Exception as reason:
        return f"its text cannot be shown ({type(reason).__name__})"
