"""What the tests share: the ways into the fake, and the documentation's own request."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from ways import WAYS, World

pytest_plugins = ["pytester"]

# A busy machine is no reason for a failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(params=WAYS, ids=lambda way: way.name)
def world(request: pytest.FixtureRequest) -> World:
    """The fake, and one of the ways to reach it: a contract test runs over all of them."""
    way = request.param
    if way.by_transport:
        transport = request.getfixturevalue("qbchat_transport")
        return World(transport.fake, lambda *args, **kwargs: way.send(*args, transport=transport, **kwargs))
    return World(request.getfixturevalue("qbchat"), way.send)
