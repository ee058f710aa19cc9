"""The exceptions that the code under test may raise in a trial, because its client raises them for the fault."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pytest_qbchat.each_fault.faults import BROKEN
from pytest_qbchat.exceptions import CallRefused

# What clients raise for a fault without a status. The first class of an exception that is listed here counts. An
# exception without a listed class, such as httpx.UnsupportedProtocol, is not raised for a fault. An exception that
# wraps another, as all exceptions of requests do, counts as the wrapped one.
_LOST = {
    "timeout": {
        "builtins.TimeoutError", "httpx.ReadTimeout", "httpcore.ReadTimeout", "urllib3.ReadTimeoutError",
        "aiohttp.ServerTimeoutError", "tornado.HTTPTimeoutError",
    },
    "disconnect": {
        "builtins.ConnectionError", "http.BadStatusLine", "http.IncompleteRead", "urllib3.ProtocolError",
        "httpx.RemoteProtocolError", "httpx.ReadError", "httpx.WriteError",
        "httpcore.RemoteProtocolError", "httpcore.ReadError", "httpcore.WriteError",
        "aiohttp.ServerDisconnectedError", "aiohttp.ClientOSError", "aiohttp.ClientPayloadError",
        "tornado.HTTPStreamClosedError", "tornado.StreamClosedError",
    },
    "connect": {
        "builtins.ConnectionRefusedError", "httpx.ConnectError", "httpcore.ConnectError", "urllib3.NewConnectionError",
    },
}  # fmt: skip
_PACKAGES = {
    *(name.partition(".")[0] for names in _LOST.values() for name in names),
    *("requests", "niquests", "urllib", "json", "simplejson", "orjson"),
}
_ALIASES = {"httpx2": "httpx", "httpcore2": "httpcore", "urllib3_future": "urllib3"}
_STATUSES = range(400, 599)  # Tornado's 599 is a call without a response


def is_expected(error: BaseException, whats: Collection[int | str], own: type[Exception] | tuple[Any, ...]) -> bool:
    """Whether the code may raise an exception after faults: its own, a client's for them, or one raised from those."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_expected(each, whats, own) for each in error.exceptions)
    if isinstance(error, own) or (not is_of_code(error) and _is_raised_for(error, whats)):
        return True
    return error.__cause__ is not None and is_expected(error.__cause__, whats, own)


def is_of_code(error: BaseException) -> bool:
    """Whether the class of an exception is the code's own, even if it derives from a client's; not an assertion."""
    own = _package(type(error)) not in _PACKAGES and isinstance(error, Exception)
    return own and not isinstance(error, AssertionError | CallRefused)


def _is_raised_for(error: BaseException, whats: Collection[int | str]) -> bool:
    """Whether a client raises an exception for one of these faults."""
    names = [f"{_package(cls)}.{cls.__name__}" for cls in type(error).__mro__]
    if any(name.endswith(".JSONDecodeError") for name in names):
        return any(what in BROKEN for what in whats)
    status = _status_of(error)
    if status is not None:
        return status in whats
    wrapped = [each for each in (getattr(error, "reason", None), *error.args) if isinstance(each, BaseException)]
    if wrapped:
        return _is_raised_for(wrapped[0], whats)
    if "urllib3.ResponseError" in names:  # after the last attempt of a urllib3.Retry
        return any(str(what) in str(error) for what in whats)
    return next((kind for name in names for kind in _LOST if name in _LOST[kind]), None) in whats


def _package(cls: type) -> str:
    package = cls.__module__.partition(".")[0]
    return _ALIASES.get(package, package)


def _status_of(error: BaseException) -> int | None:
    """The error status that an exception of a client reports; None for a lost response."""
    response = getattr(error, "response", None)
    # The errors of aiohttp have `status`; their `code` is deprecated.
    holders = ((response, "status_code"), (error, "status"), (error, "code"))
    values = (getattr(holder, name, None) for holder, name in holders)
    return next((value for value in values if isinstance(value, int) and value in _STATUSES), None)
