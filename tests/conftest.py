"""What the tests share: the ways into the fake, and the documentation's own request."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from support.ways import WAYS, World

pytest_plugins = ["pytester"]

# A busy machine is no reason for a failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(params=WAYS, ids=lambda way: way.name)
def world(request: pytest.FixtureRequest) -> World:
    """The fake, and one of the ways to reach it: a contract test runs over all of them."""
    way = request.param
    source = request.getfixturevalue(way.fixture)
    if way.fixture == "qbchat_transport":
        return World(source.fake, partial(way.send, transport=source), way)
    if way.fixture == "qbchat_server":
        return World(source.fake, partial(way.send, at=source.url), way, source.url)
    return World(source, way.send, way)
