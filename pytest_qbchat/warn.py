"""Emitting a QuickBloxWarning where the code under test stands."""

from __future__ import annotations

import inspect
import warnings

from pytest_qbchat.errors import QuickBloxWarning

# Whose frames lie between the code under test and here.
_BETWEEN = {"pytest_qbchat", "httpx", "httpx2", "contextlib"}


def warn(text: str) -> bool:
    """Emit a warning, without ever disturbing the call that caused it.

    Returns:
        Whether the filters of the test turn the warning into an error.
    """
    try:
        warnings.warn(QuickBloxWarning(text), stacklevel=_frames_up())
    except QuickBloxWarning:
        return True
    return False


def _frames_up() -> int:
    """The stack level of the code under test, seen from `warn`."""
    frame = inspect.currentframe()
    level = 0
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _BETWEEN:
        frame = frame.f_back
        level += 1
    return level
