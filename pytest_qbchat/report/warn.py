"""Emitting a QuickBloxWarning where the code under test stands."""

from __future__ import annotations

import warnings

from pytest_qbchat.exceptions import QuickBloxWarning
from pytest_qbchat.report.call_site import level


def warn(text: str) -> bool:
    """Emit a warning, without ever disturbing the call that caused it.

    Returns:
        Whether the filters of the test turn the warning into an error.
    """
    try:
        warnings.warn(QuickBloxWarning(text), stacklevel=level())
    except QuickBloxWarning:
        return True
    return False
