"""How thoroughly the suite looks: a short profile for everyday, a long one for continuous integration.

`QBCHAT_TESTS=long` chooses the long one. In the short one the random tests draw fewer examples, and tests marked as
`long` are left out of a run of the whole suite.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

LONG = os.environ.get("QBCHAT_TESTS") == "long"


def sized(short: int, long: int) -> int:
    """How many examples to draw in the profile that was chosen."""
    return long if LONG else short


def load() -> None:
    """Make the profiles of Hypothesis, and load the one that was chosen."""
    # A busy machine is no reason for a failure.
    settings.register_profile("long", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("short", settings.get_profile("long"), max_examples=10)
    settings.load_profile("long" if LONG else "short")
