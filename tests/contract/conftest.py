"""The contract suite: what can differ from one client to the next is tested over every client."""

from __future__ import annotations

import pytest
from support.ways import WAYS, Side, World, into

from pytest_qbchat import FakeQuickBlox


@pytest.fixture(params=WAYS, ids=lambda way: way.name)
def world(request: pytest.FixtureRequest) -> World:
    """The fake and one of the ways to reach it: each test runs once for each way."""
    return into(request.param, request)


@pytest.fixture(params=["fake", "server"])
def side(request: pytest.FixtureRequest, qbchat: FakeQuickBlox) -> Side:
    """The fake, reached in place and through `qbchat_server`, which is the judge."""
    url = "http://api.quickblox.com" if request.param == "fake" else request.getfixturevalue("qbchat_server").url
    return Side(request.param, qbchat, url)
