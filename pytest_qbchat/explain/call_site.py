"""Finds the line of the code under test that made a call, for error texts and warnings."""

from __future__ import annotations

import inspect
import threading
import warnings
from contextlib import suppress
from pathlib import Path
from traceback import walk_stack
from types import FrameType
from typing import NamedTuple

from pytest_qbchat.exceptions import QuickBloxWarning

# The libraries that a refusal can name as the caller.
OTHER_LIBRARIES = {
    "requests", "niquests", "aiohttp", "tornado", "urllib3", "urllib", "httpcore", "httpcore2", "http", "anyio",
    "trio", "twisted", "gevent", "eventlet", "websockets", "smtplib",
}  # fmt: skip
_CLIENTS = OTHER_LIBRARIES | {"httpx", "httpx2", "socket", "ssl"}
# Packages whose frames lie between the code under test and the fake.
_BETWEEN = _CLIENTS | {"pytest_qbchat", "contextlib"}
_CONCURRENCY = {"asyncio", "threading", "concurrent"}


def note_threads(test: str) -> None:
    """Note on each running thread the test in which it began, unless that is noted already; empty for no test."""
    for thread in threading.enumerate():
        vars(thread).setdefault("qbchat_began_in", test)


def began_in() -> str:
    """The test, now over, whose function started this thread; empty for any other thread."""
    return getattr(threading.current_thread(), "qbchat_began_in", "")


class Place(NamedTuple):
    """A line of the code under test."""

    path: Path
    line: int

    def __str__(self) -> str:
        path = self.path
        with suppress(OSError, ValueError):  # the current folder was deleted, or does not contain the file
            path = path.relative_to(Path.cwd())
        return f"  called at {path}:{self.line}"


def called_at() -> Place | None:
    """The line of the call; None if the code under test is not on the stack of this thread."""
    frame, _ = _code_under_test()
    if frame is None or package_of(frame) in _CONCURRENCY:
        return None
    return Place(Path(frame.f_code.co_filename), frame.f_lineno)


def in_thread_of_library() -> bool:
    """Whether only libraries are on the stack of this thread: one of them started it, perhaps to resolve a host."""
    return all(package_of(frame) in _BETWEEN | _CONCURRENCY for frame, _ in walk_stack(inspect.currentframe()))


def warn(text: str) -> bool:
    """Emit a `QuickBloxWarning` at the line of the call. Return whether a filter makes it an error; do not raise it."""
    _, stacklevel = _code_under_test()
    try:
        warnings.warn(QuickBloxWarning(text), stacklevel=stacklevel)
    except QuickBloxWarning:
        return True
    return False


def is_between(frame: FrameType) -> bool:
    """Whether a frame lies between the code under test and the fake."""
    return package_of(frame) in _BETWEEN


def package_of(frame: FrameType) -> str:
    """The top-level package of the code that a frame runs."""
    name: str = frame.f_globals.get("__name__", "")
    return name.partition(".")[0]


def _code_under_test() -> tuple[FrameType | None, int]:
    """The frame of the code under test, and its distance from this function."""
    stack = [frame for frame, _ in walk_stack(inspect.currentframe())]
    return next(((frame, at) for at, frame in enumerate(stack) if not is_between(frame)), (None, len(stack)))
