"""A problem that the code under test swallowed fails the test once, in the phase in which it arose."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from support.runs import REPORTS, RUNS, SWALLOWED


@pytest.mark.parametrize("mistake", SWALLOWED)
@pytest.mark.parametrize("args", RUNS, ids=" ".join)
def test_a_swallowed_problem_fails_the_test_once(run, mistake: str, args: list[str]) -> None:
    result = run(f"def test_it(qbchat):\n    {SWALLOWED[mistake]}\n", *args)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*_ test_it _*", REPORTS[mistake], "  called at *send.py:*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*plugin.py*")


@pytest.mark.parametrize("mistake", SWALLOWED)
def test_one_line_of_a_swallowed_problem_shows_the_code_that_called(run, mistake: str) -> None:
    result = run(f"def test_it(qbchat):\n    {SWALLOWED[mistake]}\n", "--tb=line")
    result.stdout.re_match_lines([rf".*send\.py:\d+: Failed: {re.escape(REPORTS[mistake].rstrip('*'))}"])


def test_a_raised_refusal_fails_the_test_once(run) -> None:
    result = run('def test_it(qbchat):\n    httpx.get("https://api.quickblox.com/data/Order.json")\n')
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*CallRefused: the fake does not cover custom objects, and has no route GET /data/Order.json",
            "E * if the call is right, answer it with qbchat.router.get('/data/Order.json').respond(...), or expect it "
            "with qbchat.expect_refused('GET', '/data/Order.json')",
            "*Captured qbchat call*",
            "GET /data/Order.json was refused: the fake does not cover custom objects*",
        ]
    )
    result.stdout.no_fnmatch_line("*fake.py*")


def test_a_failure_of_the_test_is_reported_with_the_problems_below_it(run) -> None:
    result = run(
        f"""
def test_it(qbchat):
    {SWALLOWED["another library"]}
    {SWALLOWED["unknown route"]}
    assert False, "genuine"
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*AssertionError: genuine",
            "*Captured qbchat call*",
            "GET /data/Order.json was refused: *",
            "refused: something tried to reach api.quickblox.com*",
        ]
    )
    result.stdout.no_fnmatch_line("*test_it - Failed*")


def test_a_problem_in_a_fixture_is_reported_wherever_it_arises(run) -> None:
    result = run(
        """
@pytest.fixture
def before(qbchat):
    swallow(httpx.get, "https://api.quickblox.com/before.json")

@pytest.fixture
def after(qbchat):
    yield
    swallow(httpx.get, "https://api.quickblox.com/after.json")

def test_before(before): pass
def test_after(after): pass
"""
    )
    result.assert_outcomes(failed=1, passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_after*", "*the fake has no route GET /after.json*"])


def test_a_problem_of_a_client_with_the_transport_fails_as_well(run) -> None:
    result = run(
        """
def test_it(qbchat_transport):
    swallow(httpx.Client(transport=qbchat_transport).get, "https://api.quickblox.com/data/Order.json")
"""
    )
    result.assert_outcomes(failed=1)


def test_a_problem_after_the_transport_has_been_used_is_reported(run) -> None:
    result = run(
        """
@pytest.fixture
def client(qbchat_transport):
    with httpx.Client(transport=qbchat_transport) as client:
        yield client
        swallow(client.get, "https://api.quickblox.com/late")

def test_it(client): pass
"""
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the fake has no route GET /late*"])


def test_methods_of_classes_count_as_tests(run) -> None:
    run(
        """
import unittest

class TestPlain:
    @pytest.mark.parametrize("path", ["/a", "/b"])
    def test_it(self, qbchat, path):
        with pytest.raises(pytest_qbchat.CallRefused):
            httpx.get("https://api.quickblox.com" + path)

class TestUnit(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _qbchat(self, qbchat):
        self.qbchat = qbchat

    def test_it(self):
        with self.assertRaises(pytest_qbchat.CallRefused):
            httpx.get("https://api.quickblox.com/a")

    def test_that_it_fails(self):
        swallow(httpx.get, "https://api.quickblox.com/a")
"""
    ).assert_outcomes(passed=3, failed=1)


def test_a_refusal_without_a_traceback_is_swallowed_all_the_same(run) -> None:
    run(
        """
def test_it(qbchat):
    def careless():
        try:
            httpx.get("https://api.quickblox.com/a", verify=False)
        except Exception as error:
            error.with_traceback(None)
    careless()
"""
    ).assert_outcomes(failed=1)


def test_a_refusal_in_the_thread_of_a_library_fails_a_unittest_too(run) -> None:
    result = run(
        """
import socket, unittest
from concurrent.futures import ThreadPoolExecutor

@pytest.mark.usefixtures("qbchat")
class TestIt(unittest.TestCase):
    def test_it(self):
        with ThreadPoolExecutor(1) as pool:
            swallow(pool.submit(socket.gethostbyname, "api.quickblox.com").result)
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*something tried to reach api.quickblox.com*"])


def test_a_skipped_test_with_a_problem_fails(run) -> None:
    result = run(
        """
def test_careless(qbchat):
    swallow(httpx.get, "https://api.quickblox.com/a")
    pytest.skip("no reason")

def test_careful(qbchat):
    pytest.skip("no reason")
"""
    )
    result.assert_outcomes(failed=1, skipped=1)


@pytest.mark.parametrize("ini", [{}, {"qbchat_guard": "true"}], ids=["fixture", "guard"])
@pytest.mark.parametrize("where", ["fixture", "test"])
@pytest.mark.parametrize(("end", "outcome"), [("skip", "failed"), ("xfail", "xfailed")])
def test_a_swallowed_refusal_fails_a_skipped_test_but_not_an_xfail_one(
    run, ini: dict[str, str], where: str, end: str, outcome: str
) -> None:
    use = "" if ini else "qbchat"
    bodies = {where: f'swallow(httpx.get, "https://api.quickblox.com/data/Order.json"); pytest.{end}("no")'}
    result = run(
        f"""
@pytest.fixture
def before({use}):
    {bodies.get("fixture", "pass")}

def test_it(before):
    {bodies.get("test", "pass")}
""",
        **ini,
    )
    assert result.parseoutcomes() == {"errors" if (where, outcome) == ("fixture", "failed") else outcome: 1}


def test_an_error_of_a_stubbed_route_fails_the_test_over_the_loopback_server(
    pytester: pytest.Pytester, run_project: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile(
        """
        import asyncio
        import aiohttp

        def test_it(qbchat):
            qbchat.router.get("/data/Stay.json").mock(side_effect=KeyError("room"))

            async def get():
                async with aiohttp.ClientSession() as session:
                    await session.get("https://api.quickblox.com/data/Stay.json")

            try:
                asyncio.run(get())
            except aiohttp.ClientError:
                pass
        """
    )
    result = run_project()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*a route of qbchat.router raised KeyError: 'room'*"])
