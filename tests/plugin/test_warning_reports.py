"""Warnings of the fake in the terminal, and as errors."""

from __future__ import annotations

import pytest
from support.runs import PARALLEL, SEND


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


MISSPELT = "def test_it(qbchat):\n    assert send(sendToChat=1).status_code == 201\n    print('went on')\n"


@pytest.mark.parametrize(
    "args", [[], PARALLEL, pytest.param(["-Wdefault::DeprecationWarning"], marks=pytest.mark.long)], ids=" ".join
)
def test_a_warning_is_an_error_by_default(pytester: pytest.Pytester, args: list[str]) -> None:
    pytester.makepyfile(send=SEND, test_it=f"from send import *\n{MISSPELT}")
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-rA", *args)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["QuickBloxWarning: sendToChat: became a custom field*", "*went on"])


@pytest.mark.parametrize(
    "args",
    [
        ["-Wdefault"],
        pytest.param(["-Wignore::pytest_qbchat.QuickBloxWarning"], marks=pytest.mark.long),
        pytest.param(["-pno:warnings"], marks=pytest.mark.long),
    ],
)
def test_the_command_line_decides_about_a_warning(pytester: pytest.Pytester, args: list[str]) -> None:
    pytester.makepyfile(send=SEND, test_it=f"from send import *\n{MISSPELT}")
    pytester.runpytest_subprocess(*args).assert_outcomes(passed=1, warnings="-Wdefault" in args)


def test_the_project_and_the_test_decide_about_a_warning(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nfilterwarnings =\n    default::pytest_qbchat.QuickBloxWarning\n")
    marked = MISSPELT.replace("test_it", "test_error")
    mark = "@pytest.mark.filterwarnings('error::pytest_qbchat.QuickBloxWarning')\n"
    expected = "def test_warns(qbchat):\n    with pytest.warns(match='sendToChat'):\n        send(sendToChat=1)\n"
    pytester.makepyfile(send=SEND, test_it=f"import pytest\nfrom send import *\n{MISSPELT}\n{mark}{marked}\n{expected}")
    pytester.runpytest_subprocess().assert_outcomes(passed=2, failed=1, warnings=1)
