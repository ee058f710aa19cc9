"""Refusals that a test expects do not fail it."""

from __future__ import annotations

import pytest

from pytest_qbchat import FakeQuickBlox


@pytest.mark.parametrize(
    "test",
    [
        "with pytest.raises(pytest_qbchat.CallRefused):\n        httpx.get('https://api.quickblox.com/data/Order.json')",
        "with qbchat.expect_refused():\n        httpx.get('https://api.quickblox.com/data/Order.json')",
        "with qbchat.expect_refused('GET', '/data/Order.json'):\n"
        "        swallow(httpx.get, 'https://api.quickblox.com/data/Order.json')",
        "with qbchat.expect_refused(path='/data/Order.json'):\n"
        "        swallow(httpx.get, 'https://api.quickblox.com/data/Order.json')",
        "with qbchat.expect_refused(), pytest.warns(pytest_qbchat.QuickBloxWarning):\n"
        "        send(body=1); httpx.get('https://api.quickblox.com/data/Order.json')",
        "import socket\n    with qbchat.expect_refused():\n"
        "        socket.create_connection(('api.quickblox.com', 443))",
        "import urllib.request\n    with qbchat.expect_refused():\n"
        "        urllib.request.urlopen('https://api.quickblox.com/data/Order.json')",
        "qbchat.router.get('/data/Order.json').respond(json=[])\n    httpx.get('https://api.quickblox.com/data/Order.json')",
    ],
)
def test_an_expected_problem_does_not_fail_the_test(run, test: str) -> None:
    run(f"def test_it(qbchat):\n    {test}\n    assert len(qbchat.calls) <= 2\n").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("test", "line"),
    [
        ("with qbchat.expect_refused():\n        send()", "*the fake to refuse a call, but it refused nothing"),
        (
            "with qbchat.expect_refused('GET', '/a.json'):\n"
            "        swallow(httpx.get, 'https://api.quickblox.com/b.json')",
            "*expected the fake to refuse GET /a.json, but it refused GET /b.json",
        ),
        (
            "with qbchat.expect_refused('GET', '/a.json'):\n"
            "        swallow(httpx.get, 'https://api.quickblox.com/a.json')\n"
            "        swallow(httpx.get, 'https://api.quickblox.com/b.json')",
            "the fake has no route GET /b.json*",
        ),
        (
            "with qbchat.expect_refused('GET', '/a.json'):\n        swallow(httpx.get, 'https://api.quickblox.com/a.json')\n"
            "        import socket\n        swallow(socket.create_connection, ('api.quickblox.com', 443))",
            "something tried to reach api.quickblox.com*",
        ),
        (
            "with pytest_qbchat.FakeQuickBlox().intercept(), qbchat.expect_refused():\n"
            "        httpx.get('https://api.quickblox.com/a.json')",
            "*CallRefused*/a.json*",
        ),
        ("with qbchat.expect_refused():\n        assert 'this' == 'wins'", "*assert 'this' == 'wins'"),
        (
            "warnings.simplefilter('error')\n    with qbchat.expect_refused():\n        send(body=1)",
            "*expected the fake to refuse a call, but it refused POST /chat/Message.json",
        ),
    ],
)  # fmt: skip
def test_an_expectation_that_is_not_met_fails(run, test: str, line: str) -> None:
    result = run(f"def test_it(qbchat):\n    {test}\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([line])


def test_an_expectation_names_the_method_in_upper_case() -> None:
    with pytest.raises(ValueError, match="unknown method 'get'; expected 'GET'"):
        FakeQuickBlox().expect_refused("get", "/data/Order.json")


def test_a_retried_call_needs_only_its_last_refusal_expected(run) -> None:
    run(
        """
def retry():
    for attempt in range(3):
        try:
            return httpx.get("https://api.quickblox.com/a", verify=False)
        except Exception:
            if attempt == 2:
                raise

def test_it(qbchat):
    with pytest.raises(pytest_qbchat.CallRefused):
        retry()
"""
    ).assert_outcomes(passed=1)


def test_an_expected_refusal_may_come_in_a_group(run) -> None:
    run(
        """
import asyncio

async def gather(*paths):
    async with httpx.AsyncClient(verify=False) as client, asyncio.TaskGroup() as group:
        for path in paths:
            group.create_task(client.get("https://api.quickblox.com" + path))

def test_all(qbchat):
    with qbchat.expect_refused():
        asyncio.run(gather("/a", "/b"))

def test_one(qbchat):
    with pytest.raises(ExceptionGroup), qbchat.expect_refused("GET", "/a"):
        asyncio.run(gather("/a", "/b"))
"""
    ).assert_outcomes(passed=1, failed=1)


def test_a_generated_test_sees_a_refusal_that_it_expects(run) -> None:
    run(
        """
from hypothesis import given, settings, strategies

def make():
    def inner(qbchat):
        with pytest.raises(pytest_qbchat.CallRefused):
            httpx.get("https://api.quickblox.com/a", verify=False)
    return inner

test_made = make()

def test_outer(qbchat):
    @settings(max_examples=3, database=None)
    @given(strategies.integers())
    def test_outer(number):
        with pytest.raises(pytest_qbchat.CallRefused):
            httpx.get("https://api.quickblox.com/a", verify=False)
    test_outer()
"""
    ).assert_outcomes(passed=2)
