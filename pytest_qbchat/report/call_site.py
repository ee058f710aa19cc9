"""Where the code under test stands when it calls the fake."""

from __future__ import annotations

import inspect
from contextlib import suppress
from pathlib import Path
from types import FrameType

# Libraries that the fake does not intercept, and that have to be told apart.
OTHER_LIBRARIES = {
    "requests", "niquests", "aiohttp", "tornado", "urllib3", "urllib", "httpcore", "httpcore2", "http", "anyio",
}  # fmt: skip
# Whose frames lie between the code under test and the fake.
_BETWEEN = OTHER_LIBRARIES | {"pytest_qbchat", "httpx", "httpx2", "socket", "ssl", "contextlib"}


def called_at() -> str:
    """Where the code under test called, as a line of text; empty if it is on no stack of this thread."""
    frame = _code_under_test()[0]
    if frame is None or package_of(frame) in ("asyncio", "threading", "concurrent"):
        return ""
    path = Path(frame.f_code.co_filename)
    with suppress(OSError, ValueError):  # the current folder is gone, or is another one
        path = path.relative_to(Path.cwd())
    return f"  called at {path}:{frame.f_lineno}"


def level() -> int:
    """The `stacklevel` by which the caller of this function warns of the code under test."""
    return _code_under_test()[1] - 1


def package_of(frame: FrameType) -> str:
    """The top-level package whose code a frame runs."""
    name: str = frame.f_globals.get("__name__", "")
    return name.partition(".")[0]


def _code_under_test() -> tuple[FrameType | None, int]:
    """The frame of the code under test, and how many frames up it is."""
    frame = inspect.currentframe()
    up = 0
    while frame is not None and package_of(frame) in _BETWEEN:
        frame = frame.f_back
        up += 1
    return frame, up
