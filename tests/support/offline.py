"""What needs a package index is skipped where there is none, but not in the long profile."""

from __future__ import annotations

import re

import pytest
from support.profile import LONG


def skip_if_offline(errors: str) -> None:
    """Skip the test if these errors of uv are due to the network."""
    if not LONG and re.search(r"dns error|connect error|error sending request|connectivity is disabled", errors):
        pytest.skip("needs a package index, which cannot be reached")
