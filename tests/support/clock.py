"""A clock that stands still, for the tests of the service.

freezegun looks through every loaded module each time that it starts, some twenty milliseconds for a suite that has
loaded every HTTP client. The fake reads `time.time()` and nothing else, so here that function alone is replaced. That
freezegun itself governs the fake is tested in `test_clock`.
"""

from __future__ import annotations

import time
from contextlib import ContextDecorator
from datetime import UTC, datetime
from typing import Self
from unittest.mock import patch


class freeze_time(ContextDecorator):  # noqa: N801  # it is used in place of freezegun's
    """Let `time.time()` stand still at a time, given in UTC."""

    def __init__(self, at: str | datetime) -> None:
        self.at = datetime.fromisoformat(at) if isinstance(at, str) else at

    def __enter__(self) -> Self:
        self.now = self.at.replace(tzinfo=UTC).timestamp()
        self._patch = patch.object(time, "time", lambda: self.now)
        self._patch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.stop()

    def tick(self, seconds: float) -> None:
        """Move the clock on, or back."""
        self.now += seconds
