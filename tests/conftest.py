"""What the tests share: a way into the fake, and how thoroughly the random tests look."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support import profile
from support.ways import DEFAULT, World, into

pytest_plugins = ["pytester"]

profile.load()


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """The fake and one way to reach it, an `httpx.Client`, or the way that the test is parametrized with."""
    return into(getattr(request, "param", DEFAULT), request)


@pytest.fixture
def run_project(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Run pytest on the project in the folder of `pytester`: in this process, or alone in the long profile."""
    return pytester.runpytest_subprocess if profile.LONG else pytester.runpytest_inprocess
