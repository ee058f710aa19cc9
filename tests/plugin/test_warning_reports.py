"""Warnings of the fake in the terminal, and as errors."""

from __future__ import annotations


def test_a_warning_is_shown_and_points_at_the_sender(run) -> None:
    result = run("def test_it(qbchat):\n    assert send(sendToChat=1).status_code == 201\n")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*send.py:9: QuickBloxWarning: sendToChat: became a custom field*"])


def test_a_warning_as_an_error_disturbs_no_call(run) -> None:
    result = run(
        "def test_it(qbchat):\n    assert send(sendToChat=1).status_code == 201\n    print('went on')\n",
        filterwarnings="error::pytest_qbchat.QuickBloxWarning",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["QuickBloxWarning: sendToChat: became a custom field*", "  called at send.py:9", "went on"]
    )


def test_a_repeated_mistake_is_reported_once(run) -> None:
    result = run(
        "def test_it(qbchat):\n    send(body=1)\n    send(body=1)\n", "-Werror::pytest_qbchat.QuickBloxWarning"
    )
    assert result.stdout.str().count("\nQuickBloxWarning: body") == 1
