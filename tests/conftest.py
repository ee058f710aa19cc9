"""What the tests share: a way into the fake, and how thoroughly the random tests look."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import profile
from support.declared_replies import declared_replies  # noqa: F401 - checks every reply
from support.ways import DEFAULT, PLAIN_HTTP, World, into, repeated

pytest_plugins = ["pytester"]

TESTS = Path(__file__).parent
profile.load()

# The workers and the other processes of the suite import the same libraries again and again. Without byte code on the
# disk each of them would compile those first, which takes longer than most of what is tested.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run the whole suite on all cores, in the short profile without the tests marked as long.

    What the command line names runs in one process, unless -n says otherwise.
    """
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if whole and not profile.LONG:  # in each worker too: xdist gives them the command line alone
        config.option.markexpr = config.option.markexpr or "not long"
    if whole and not hasattr(config, "workerinput") and getattr(config.option, "numprocesses", 0) is None:
        config.option.numprocesses = "auto"
        config.option.dist = "worksteal"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the slow tests first, so that no worker is left with one of them at the end.

    Of the tests with every client and several cases, those that repeat a client and a case belong to the long profile.
    What is compared with a server, and tests of interception, may call QuickBlox without encryption.
    """
    for item in repeated(items):
        item.add_marker(pytest.mark.long)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for item in items:
        if item.path.parent.name == "intercept" or "side" in getattr(item, "fixturenames", ()):
            item.add_marker(PLAIN_HTTP)


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """The fake and one way to reach it, an `httpx.Client`, or the way that the test is parametrized with."""
    return into(getattr(request, "param", DEFAULT), request)


@pytest.fixture
def pytester(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> pytest.Pytester:
    """The fixture of pytest. Its runs have this plugin and xdist alone, unless the test is marked otherwise.

    pytest would look for the plugins of all installed packages again in each run, which takes longer than the run.
    """
    if request.node.get_closest_marker("all_plugins") is None:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        monkeypatch.setenv("PYTEST_ADDOPTS", "-p qbchat -p xdist")
    return pytester


@pytest.fixture
def run_project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Run pytest on the project in the folder of `pytester`, in this process: another one takes a second to start."""

    def run(*arguments: Any) -> pytest.RunResult:
        with monkeypatch.context() as hidden:
            for name, module in list(sys.modules.items()):  # a project may have a file of the same name
                if name.startswith(("test_", "conftest")) and Path(module.__file__ or "").is_relative_to(TESTS):
                    hidden.delitem(sys.modules, name)
            return pytester.runpytest_inprocess(*arguments)

    return run
