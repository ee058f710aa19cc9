"""The conversation in the report of a test: terminal, JUnit XML, other plugins."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from support.runs import MISSED, PARALLEL, REPORTS, RUNS, SWALLOWED

FAILING = """
def test_it(qbchat):
    anna, bert = qbchat.add_user(10), qbchat.add_user(20)
    qbchat.add_session(TOKEN, anna)
    qbchat.add_dialog(DIALOG, occupants_ids=[anna, bert])
    qbchat.add_dialog("5d75327ba28f9a0f32cb0f98", occupants_ids=[bert])
    send("hi", send_to_chat=1, markable=1, attachments={"0": {"type": "image", "id": "1"}}, order=7)
    send("ho", sendToChat=1)
    send(chat_dialog_id="5d75327ba28f9a0f32cb0f98")
    httpx.post(URL, json={"chat_dialog_id": "5d75327ba28f9a0f32cb0f97"}, headers={"QB-Token": "made-up-other-token"})
    httpx.post(URL, json={"recipient_id": 20, "send_to_chat": 1, "note": TOKEN}, headers={"QB-Token": TOKEN})
    OUTCOME
"""

SECTION = [
    "*Captured qbchat call*",
    "dialog 5d75327ba28f9a0f32cb0f99 (group), occupants 10, 20",
    "  10: 'hi'",
    "    sent to chat, delivered to 20; markable; image 1",
    "    order: 7",
    "  10: 'ho'",
    "    history only; not markable; no attachments",
    "    sendToChat: 1",
    "dialog 5d75327ba28f9a0f32cb0f97 (group, adopted on first sight), occupants 96830001",
    "  96830001: None",
    "    history only; not markable; no attachments",
    "dialog ?????????????????????????? (private), occupants 10, 20",
    "  10: None",
    "    sent to chat, delivered to 20; not markable; no attachments",
    "    note: 'made…#f229'",
    "warning: sendToChat: became a custom field*",
    "POST /chat/Message.json was answered 403: user 10 is not among the occupants [[]20[]] of*",
]


@pytest.mark.parametrize("args", RUNS, ids=" ".join)
def test_a_failing_test_shows_the_conversation(run, args: list[str]) -> None:
    result = run(FAILING.replace("OUTCOME", "assert False"), *args)
    result.assert_outcomes(failed=1, warnings=1)
    lines = result.stdout.str().splitlines()
    start = next(i for i, line in enumerate(lines) if "Captured qbchat call" in line)
    for pattern, line in zip(SECTION, lines[start : start + len(SECTION)], strict=True):
        assert _fits(line, pattern)
    assert "made-up-token" not in "\n".join(lines[start:])
    assert "made-up-other" not in "\n".join(lines[start:])


def _fits(line: str, pattern: str) -> bool:
    from fnmatch import fnmatch

    return fnmatch(line, pattern.replace("??????????????????????????", "*"))


def test_a_parallel_run_shows_swallowed_mistakes_and_the_conversation(run) -> None:
    tests = [f"def test_{number}(qbchat):\n    {mistake}\n" for number, mistake in enumerate(SWALLOWED.values())]
    result = run("\n".join([*tests, FAILING.replace("OUTCOME", "assert False")]), "-n1")
    result.assert_outcomes(failed=len(tests) + 1)
    for report in REPORTS.values():
        result.stdout.fnmatch_lines([report])
    result.stdout.fnmatch_lines([line.replace("??????????????????????????", "*") for line in SECTION])
    result.stdout.no_fnmatch_line("*plugin.py*")


def test_a_failure_in_a_fixture_shows_the_conversation(run) -> None:
    result = run(
        """
@pytest.fixture
def prepared(qbchat):
    send("hi")
    qbchat.assert_posted(message="ho")

def test_it(prepared): pass
"""
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*Captured qbchat setup*", "  96830001: 'hi'"])


@pytest.mark.parametrize("option", ["-rP", "-rA"])
def test_a_passing_test_shows_the_conversation_when_pytest_is_asked_for_output(run, option: str) -> None:
    result = run(FAILING.replace("OUTCOME", "pass"), option)
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(SECTION[:4])


def test_a_passing_test_shows_nothing_otherwise(run) -> None:
    result = run("def test_it(qbchat):\n    send()\n")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*qbchat call*")


def test_the_conversation_has_names_and_an_end(run) -> None:
    result = run(
        """
def test_it(qbchat):
    sam = qbchat.add_user(10, full_name="Sam Support")
    qbchat.add_session(TOKEN, sam)
    qbchat.add_dialog(DIALOG, occupants_ids=[sam, 20], name="Orders")
    for number in range(25):
        send(str(number), sendToChat=1)
    assert False
"""
    )
    result.stdout.fnmatch_lines(
        [
            f"dialog {'5d75327ba28f9a0f32cb0f99'} 'Orders' (group), occupants 10 Sam Support, 20",
            "  (5 earlier messages)",
            "  10 Sam Support: '5'",
            "  10 Sam Support: '24'",
            "warning: sendToChat: * (25 times)",
        ]
    )


def test_a_failure_without_any_message_says_nothing_was_posted(run) -> None:
    result = run("def test_it(qbchat):\n    assert False\n")
    result.stdout.fnmatch_lines(["*Captured qbchat call*", "nothing was posted"])


def test_secrets_in_locals_and_reprs_are_masked(run) -> None:
    result = run(
        """
import logging

def test_it(qbchat):
    send("made-up-token-of-the-shop")
    headers = {"authorization": "ApiKey made-up-api-key-1", "on-behalf-of": "1"}
    httpx.post(URL + "?token=made-up-token-three&x=1", headers=headers)
    call, session, message = qbchat.calls[0], qbchat.sessions[0], qbchat.posted[0]
    request, secret = qbchat.calls[1].request, qbchat.calls[1].request.headers
    assert session == 1 and call and message and request and secret
""",
        "--showlocals",
    )
    section = result.stdout.str().partition("Captured qbchat call")[2]
    values = [line for line in result.stdout.lines if line.startswith(("call ", "session ", "request ", "secret "))]
    assert len(values) == 4
    for text in [section, *values]:
        assert "made-up-" not in text
    assert any("made…" in value for value in values)


@pytest.mark.parametrize("order", ["tryfirst=True", "trylast=False"])
def test_a_plugin_that_reads_the_text_of_a_failure_finds_the_conversation(
    run, pytester: pytest.Pytester, order: str
) -> None:
    """Allure reads it in a wrapper of its own."""
    pytester.makeconftest(
        f"""
        import pytest

        @pytest.hookimpl(hookwrapper=True, {order})
        def pytest_runtest_makereport():
            outcome = yield
            if (report := outcome.get_result()).failed:
                print("read", report.longreprtext.count("Captured qbchat call"))
        """
    )
    result = run("def test_it(qbchat):\n    send()\n    qbchat.assert_posted(message='ho')", "-s")
    result.stdout.fnmatch_lines(["*read 1"])


@pytest.mark.parametrize("args", [[], PARALLEL], ids=" ".join)
def test_the_conversation_reaches_junit_xml_once(run, pytester: pytest.Pytester, args: list[str]) -> None:
    run(MISSED, "--junitxml=report.xml", *args).assert_outcomes(passed=2, failed=2, warnings=1)
    cases = ElementTree.parse(pytester.path / "report.xml").iter("testcase")
    texts = {case.get("name"): "".join(case.itertext()) for case in cases}
    assert texts["test_missed"].count("history only; not markable; no attachments") == 1
    assert texts["test_refused"].count("GET /data/Order.json was refused: the fake does not cover custom objects") == 1
    assert "history only" not in texts["test_passed"]
