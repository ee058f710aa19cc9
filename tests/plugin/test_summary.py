"""The line at the end of a run."""

from __future__ import annotations

import pytest
from support.runs import MISSED, PARALLEL


@pytest.mark.parametrize("args", [[], PARALLEL, ["-q"]], ids=" ".join)
def test_the_summary_says_what_was_posted(run, args: list[str]) -> None:
    result = run(MISSED, *args)
    result.stdout.fnmatch_lines(["qbchat: 2 messages posted, 1 call not accepted, 1 warning in 3 tests"])


def test_a_test_that_calls_nothing_is_not_counted(run) -> None:
    result = run("def test_it(qbchat):\n    pass\n")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("qbchat:*")


def test_the_summary_of_a_single_test_has_no_zeros(run) -> None:
    result = run("def test_it(qbchat):\n    send('hi')\n")
    result.stdout.fnmatch_lines(["qbchat: 1 message posted in 1 test"])


def test_a_run_without_the_fake_has_no_summary(run) -> None:
    result = run("def test_it():\n    pass\n")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*qbchat:*")


def test_a_subtest_is_not_counted_as_a_test(run) -> None:
    result = run(
        """
def test_it(qbchat, subtests):
    for number in range(3):
        with subtests.test(number=number):
            send()
"""
    )
    if "subtests" in result.stdout.str() and "fixture 'subtests' not found" in result.stdout.str():
        pytest.skip("this pytest has no subtests")
    result.stdout.fnmatch_lines(["qbchat: 3 messages posted in 1 test"])
