"""Runs of pytest on a test file that sends."""

from __future__ import annotations

import pytest
from support.runs import SEND


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The arguments of a run in another process that has this plugin alone, which starts in a fifth of the time."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return ("-p", "qbchat")


@pytest.fixture
def run(pytester: pytest.Pytester):
    """Run a test file that can import the sending code."""
    pytester.makepyfile(send=SEND)

    def run(test: str, *args: str, **ini: str) -> pytest.RunResult:
        if ini:
            pytester.makeini("[pytest]\n" + "\n".join(f"{name} = {value}" for name, value in ini.items()))
        pytester.makepyfile(f"import httpx, pytest, pytest_qbchat, warnings\nfrom send import *\n{test}")
        # The outer run may turn warnings into errors, and its filters reach into this one.
        shown = [] if "filterwarnings" in ini else ["-Walways::pytest_qbchat.QuickBloxWarning"]
        return pytester.runpytest("-p", "no:randomly", *shown, *args)

    return run
