"""Hints for wrong names in a test: first from a table of likely guesses, then the most similar name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from pytest_qbchat.service.spelling import closest_name, similar_name

F = TypeVar("F", bound=Callable[..., Any])
_FORGET = ".forget_calls() to forget what was posted; each test has a new fake"
# What to write in place of an attribute or argument, by class or method.
_OTHER_NAMES = {
    "FakeQuickBlox": {
        "assert_sent": ".assert_posted(...)", "clear": _FORGET, "credentials": ".add_credentials()", "reset": _FORGET,
    },
    "Records": {"all": "list(...) of it, or compare it with a list"},
    "User": {"name": ".full_name", "token": ".token of the session that qbchat.add_session(token, user) returned"},
    "Dialog": {"_id": ".id", "occupants": ".occupants_ids"},
    "Message": {
        "_id": ".id", "assert_attachment": ".assert_attachments({...})", "assert_read": ".assert_read_by(user)",
        "body": ".message", "content": ".message", "delivered": ".delivered_ids", "read_by": ".read_ids"},
    "Call": {
        "body": ".request.body", "headers": ".request.headers", "json": ".params of the request, or .response.json()",
        "status_code": ".status", "url": ".request.url"},
    "Response": {"content": ".body", "status_code": ".status", "text": ".body"},
    "add_user": {"name": "full_name=..."}, "add_dialog": {"occupants": "occupants_ids=[...]"},
    "fail": {"count": "times=...", "status": "fail(503)"},
}  # fmt: skip


class Hinted:
    """A class that says what to write for an attribute that it does not have."""

    __slots__ = ()

    if not TYPE_CHECKING:  # for a type checker, every name would exist

        def __getattr__(self, name: str) -> NoReturn:
            __tracebackhide__ = True
            raise AttributeError(f"{_kind(self)} has no attribute {name!r}{hint_for(self, name)}")


def hint_for(record: Any, name: str) -> str:
    """What to write for an attribute that a record does not have: `; use .message`, or nothing."""
    write = _OTHER_NAMES.get(_kind(record), {}).get(name, "")
    if not write and not name.startswith("_"):  # `copy` asks for such names of an empty object
        known = [each for each in dir(type(record)) if not each.startswith("_")]
        custom = record.custom if "custom" in known and name not in known else ()
        similar = similar_name(name, known) or (None if name in custom else closest_name(name, known))
        write = f".{similar}" if similar else f".custom[{name!r}]" if name in custom else ""
    return write and f"; use {write}"


def hinted(method: F) -> F:
    """Let a method say what to write for an argument that it does not have."""
    code, name = cast("Any", method).__code__, method.__name__
    known = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]

    @wraps(method)
    def checked(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        for given in kwargs.keys() - {*known}:
            write = _OTHER_NAMES[name].get(given) or closest_name(given, known) or f"one of {', '.join(known)}"
            raise TypeError(f"{name}() has no argument {given!r}; use {write}")
        return method(*args, **kwargs)

    return cast("F", checked)


def _kind(record: object) -> str:
    """The name of the first class of an object that is in the table, else of its own class."""
    return next(
        (base.__name__ for base in type(record).__mro__ if base.__name__ in _OTHER_NAMES), type(record).__name__
    )
