"""The contract suite: what can differ from one client to the next is tested over every client."""

from __future__ import annotations

import pytest
from support.ways import WAYS, World, into


@pytest.fixture(params=WAYS, ids=lambda way: way.name)
def world(request: pytest.FixtureRequest) -> World:
    """The fake and one of the ways to reach it: each test runs once for each way."""
    return into(request.param, request)
