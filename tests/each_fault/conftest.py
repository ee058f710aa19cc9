"""A client in this process, and a project whose tests have loops."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

import httpx
import pytest
from support.trials import API
from support.ways import TLS, TOKEN

from pytest_qbchat import FakeQuickBlox


@pytest.fixture
def client(qbchat: FakeQuickBlox) -> Iterator[httpx.Client]:
    with httpx.Client(verify=TLS, base_url=API, headers={"QB-Token": TOKEN}) as client:
        yield client


PROJECT = """
    import httpx
    import pytest

    URL = "https://api.quickblox.com/chat/Message.json"
    TOKEN = {"QB-Token": "made-up-token-of-the-shop"}

    def post(order, **fields):
        body = {"recipient_id": 7, "message": f"Order #{order} has shipped", "send_to_chat": 1}
        httpx.post(URL, json=body | fields, headers=TOKEN).raise_for_status()

    def retry(order):
        try:
            post(order)
        except httpx.TransportError:
            post(order)

    @pytest.fixture
    def trials(qbchat):
        return qbchat.each_fault("timeout-stored", 503)
"""


@pytest.fixture
def run_test(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Runs tests of the project."""

    def run(test: str, *options: str, in_process: bool = True) -> pytest.RunResult:
        pytester.makepyfile(test_it=textwrap.dedent(PROJECT) + textwrap.dedent(test))
        runner = pytester.runpytest_inprocess if in_process else pytester.runpytest_subprocess
        return runner("-p", "no:randomly", "-p", "no:cacheprovider", *options)

    return run
