"""What the tests share: a way into the fake, and how thoroughly the random tests look."""

from __future__ import annotations

import pytest
from support import profile
from support.ways import DEFAULT, World, into

pytest_plugins = ["pytester"]

profile.load()


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """The fake and one way to reach it, an `httpx.Client`, or the way that the test is parametrized with."""
    return into(getattr(request, "param", DEFAULT), request)
