"""The plugin as a test author meets it: phases, marker, options, report sections, other plugins."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from support.profile import LONG

from pytest_qbchat import CallRefused, FakeQuickBlox
from pytest_qbchat.explain.problems import omit_library_frames

SEND = """
import httpx

URL = "https://api.quickblox.com/chat/Message.json"
DIALOG = "5d75327ba28f9a0f32cb0f99"
TOKEN = "made-up-token-of-the-shop"

def send(message="hi", **fields):
    body = {"chat_dialog_id": DIALOG, "message": message} | fields
    return httpx.post(URL, json=body, headers={"QB-Token": TOKEN}, verify=False)

def swallow(call, *args):
    try:
        call(*args)
    except Exception:
        pass
"""


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The arguments of a run in another process that has this plugin alone, which starts in a fifth of the time."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return ("-p", "pytest_qbchat.plugin")


# Each kind of run but the parallel one, which costs seconds: everyday one such run shows everything.
RUNS = [[], ["--assert=plain"], *([["-n1"]] if LONG else [])]


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


# --- fails once, in the call phase ---

SWALLOWED = {
    "unknown route": 'swallow(httpx.get, "https://api.quickblox.com/events.json")',
    "another library": 'import socket\n    swallow(socket.create_connection, ("api.quickblox.com", 443))',
    "warning as an error": "warnings.simplefilter('error')\n    swallow(lambda: send(sendToChat=1).raise_for_status())",
}


REPORTS = {
    "unknown route": "the fake does not cover push events, and has no route GET /events.json",
    "another library": "something tried to reach api.quickblox.com in a way that the fake does not intercept*",
    "warning as an error": "QuickBloxWarning: sendToChat: became a custom field*",
}


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
    result = run('def test_it(qbchat):\n    httpx.get("https://api.quickblox.com/events.json")\n')
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*CallRefused: the fake does not cover push events, and has no route GET /events.json",
            "E * if the call is right, answer it with qbchat.router.get('/events.json').respond(...), or expect it "
            "with qbchat.expect_refused('GET', '/events.json')",
            "*Captured qbchat call*",
            "GET /events.json was refused: the fake does not cover push events*",
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
            "GET /events.json was refused: *",
            "refused: something tried to reach api.quickblox.com*",
        ]
    )
    result.stdout.no_fnmatch_line("*test_it - Failed*")


@pytest.mark.parametrize(
    "test",
    [
        "with pytest.raises(pytest_qbchat.CallRefused):\n        httpx.get('https://api.quickblox.com/events.json')",
        "with qbchat.expect_refused():\n        httpx.get('https://api.quickblox.com/events.json')",
        "with qbchat.expect_refused('GET', '/events.json'):\n"
        "        swallow(httpx.get, 'https://api.quickblox.com/events.json')",
        "with qbchat.expect_refused(path='/events.json'):\n"
        "        swallow(httpx.get, 'https://api.quickblox.com/events.json')",
        "with qbchat.expect_refused(), pytest.warns(pytest_qbchat.QuickBloxWarning):\n"
        "        send(body=1); httpx.get('https://api.quickblox.com/events.json')",
        "import socket\n    with qbchat.expect_refused():\n"
        "        socket.create_connection(('api.quickblox.com', 443))",
        "import urllib.request\n    with qbchat.expect_refused():\n"
        "        urllib.request.urlopen('https://api.quickblox.com/events.json')",
        "qbchat.router.get('/events.json').respond(json=[])\n    httpx.get('https://api.quickblox.com/events.json')",
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
    swallow(httpx.Client(transport=qbchat_transport).get, "https://api.quickblox.com/events.json")
"""
    )
    result.assert_outcomes(failed=1)


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


def test_a_test_that_is_run_again_has_a_new_fake(run, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    for _ in range(2):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""
    )
    run(
        """
import gc, weakref

fakes = []

def test_it(qbchat, qbchat_transport):
    fakes.append(weakref.ref(qbchat))
    send()
    assert len(qbchat.posted) == 1
    gc.collect()
    assert [fake() for fake in fakes[:-1]] == [None] * (len(fakes) - 1)
"""
    ).assert_outcomes(passed=1)


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


def test_without_the_terminal_reporter(pytester: pytest.Pytester, alone: tuple[str, ...]) -> None:
    pytester.makepyfile("def test_it(qbchat): pass")
    assert pytester.runpytest_subprocess(*alone, "-p", "no:terminal").ret == 0


# --- warnings ---


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


# --- the report ---

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
    for pattern, line in zip(SECTION, lines[start:], strict=False):
        assert _fits(line, pattern)
    assert "made-up-token" not in "\n".join(lines[start:])
    assert "made-up-other" not in "\n".join(lines[start:])


def _fits(line: str, pattern: str) -> bool:
    from fnmatch import fnmatch

    return fnmatch(line, pattern.replace("??????????????????????????", "*"))


def test_a_parallel_run_shows_swallowed_mistakes_and_the_conversation(run, alone: tuple[str, ...]) -> None:
    tests = [f"def test_{number}(qbchat):\n    {mistake}\n" for number, mistake in enumerate(SWALLOWED.values())]
    result = run("\n".join([*tests, FAILING.replace("OUTCOME", "assert False")]), *alone, "-p", "xdist", "-n1")
    result.assert_outcomes(failed=len(tests) + 1)
    for report in REPORTS.values():
        result.stdout.fnmatch_lines([report])
    result.stdout.fnmatch_lines([line.replace("??????????????????????????", "*") for line in SECTION])
    result.stdout.no_fnmatch_line("*plugin.py*")


@pytest.mark.parametrize("option", ["-rP", "-rA"])
def test_a_passing_test_shows_the_conversation_when_pytest_is_asked_for_output(run, option: str) -> None:
    result = run(FAILING.replace("OUTCOME", "pass"), option)
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(SECTION[:4])


def test_a_passing_test_shows_nothing_otherwise(run) -> None:
    run("def test_it(qbchat):\n    send()\n").stdout.no_fnmatch_line("*qbchat call*")


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


def test_without_any_message_the_section_says_so(run) -> None:
    result = run("def test_it(qbchat):\n    assert False\n")
    result.stdout.fnmatch_lines(["*Captured qbchat call*", "nothing was posted"])


@pytest.mark.parametrize("assertion", ["--assert=rewrite", "--assert=plain"])
def test_the_traceback_ends_in_the_test(run, assertion: str) -> None:
    result = run(
        """
def test_posted(qbchat): qbchat.assert_posted(message="hi")
def test_misspelt(qbchat): qbchat.assert_posted(mesage="hi")
def test_number(qbchat): qbchat.assert_posted(times=0)
def test_not_posted(qbchat): send(); qbchat.assert_not_posted(message="hi")
def test_no_field(qbchat): qbchat.assert_not_posted()
def test_nothing_posted(qbchat): send(); qbchat.assert_nothing_posted()
def test_last(qbchat): qbchat.posted.last
def test_one(qbchat): qbchat.posted.one()
def test_sent(qbchat): send(); qbchat.posted.last.assert_sent_to_chat()
def test_history(qbchat): send(send_to_chat=1); qbchat.posted.last.assert_history_only()
def test_markable(qbchat): send(); qbchat.posted.last.assert_markable()
def test_not_markable(qbchat): send(markable=1); qbchat.posted.last.assert_not_markable()
def test_attachments(qbchat): send(); qbchat.posted.last.assert_attachments({"id": "1"})
def test_no_names(qbchat): send(); qbchat.posted.last.assert_attachments()
def test_no_attachments(qbchat): send(attachments=[{"type": "image"}]); qbchat.posted.last.assert_no_attachments()
def test_delivered(qbchat): send(); qbchat.posted.last.assert_delivered_to(1)
def test_read(qbchat): send(); qbchat.posted.last.assert_read_by(1)
def test_nobody(qbchat): send(); qbchat.posted.last.assert_read_by()
def test_refused(qbchat):
    with qbchat.expect_refused(): pass
""",
        assertion,
    )
    result.assert_outcomes(failed=19)
    frames = [line for line in result.stdout.lines if re.match(r"\S+\.py:\d+:", line)]
    assert len(frames) == 19
    assert all(line.startswith("test_") for line in frames)


def test_comparisons_are_explained(run) -> None:
    result = run(
        """
def test_message(qbchat):
    send("hi")
    assert qbchat.posted.last == {"message": "ho", "markable": 1}

def test_empty(qbchat):
    send("hi")
    assert {} == qbchat.posted.last

def test_records(qbchat):
    send("one"); send("two"); send("three")
    assert qbchat.posted == [{"message": "one"}, {"message": "2"}]

def test_fewer(qbchat):
    send("one")
    assert [{"message": "one"}, {"message": "two"}] == qbchat.posted

def test_other_items(qbchat):
    send("one")
    assert qbchat.calls == [1]

def test_none_of_ours(qbchat):
    send("one")
    assert qbchat.posted.last == "one"
"""
    )
    result.assert_outcomes(failed=6)
    result.stdout.fnmatch_lines(
        [
            "E       *assert message 'hi' differs in message, markable",
            "E           - expected, + posted",
            "E           - message    'ho'",
            "E           + message    'hi'",
            "E           - markable   1",
            "E           + markable   absent: receivers send no receipts",
            "E       *assert message 'hi' == {}",
            "E         an empty dict has no fields to compare",
            "E       *assert found 3, expected 2",
            "E         [[]1[]] message 'two' differs in message",
            "E           - expected, + posted",
            "E           - message   '2'",
            "E           + message   'two'",
            "E         [[]2[]] not expected: <Message 'three' (history only, not markable), * in dialog *>",
            "E       *assert found 1, expected 2",
            "E         [[]1[]] missing: {'message': 'two'}",
            "E       *assert [[]0[]] <Call POST /chat/Message.json: 201> is not 1",
            "E       *assert <Message *> == 'one'",
        ]
    )


def test_other_comparisons_are_left_to_pytest(run) -> None:
    result = run("def test_it():\n    assert [1] == [2]\n\ndef test_that(qbchat):\n    assert 1 != 1\n")
    result.stdout.fnmatch_lines(["E       assert *1* == *2*", "E       assert 1 != 1"])


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


# --- marker and options ---


def test_the_nearest_strict_counts_and_hosts_add_up(run) -> None:
    run(
        """
def status(url=URL):
    return httpx.post(url, json={"chat_dialog_id": DIALOG}, headers={"QB-Token": TOKEN}).status_code

def test_ini(qbchat):
    assert status() == 401
    assert status("http://ini.example/chat/Message.json") == 401
    assert status("http://second.example:8080/qb/chat/Message.json") == 401

@pytest.mark.qbchat(strict=False)
def test_marker(qbchat):
    assert status() == 201

@pytest.mark.qbchat(strict=True, hosts=["class.example"])
class TestLevels:
    def test_inherited(self, qbchat):
        assert status("http://class.example/chat/Message.json") == 401

    @pytest.mark.qbchat(hosts=["test.example"])
    def test_hosts_only(self, qbchat):
        assert status("http://test.example/chat/Message.json") == 401
        assert status("http://class.example/chat/Message.json") == 401
        assert status("http://ini.example/chat/Message.json") == 401

    @pytest.mark.qbchat(strict=False)
    def test_nearest(self, qbchat):
        assert status("http://class.example/chat/Message.json") == 201
""",
        qbchat_strict="true",
        qbchat_hosts="\n  ini.example\n  http://second.example:8080/qb",
    ).assert_outcomes(passed=5)


@pytest.mark.parametrize(
    ("marker", "text"),
    [
        ("'strict'", "@pytest.mark.qbchat does not take 'strict'; use @pytest.mark.qbchat(strict=True, hosts=*"),
        ("host='x'", "@pytest.mark.qbchat does not take host; use *"),
        ("hosts='shop.example'", "@pytest.mark.qbchat does not take hosts='shop.example'; use *"),
        ("strict='no'", "@pytest.mark.qbchat does not take strict='no'; use *"),
        ("hosts=['*']", "qbchat_hosts or @pytest.mark.qbchat: invalid host or base URL '[*]'; expected *"),
    ],
)
def test_a_wrong_marker_says_what_to_write(run, marker: str, text: str) -> None:
    result = run(f"@pytest.mark.qbchat({marker})\ndef test_it(qbchat): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([text])
    result.stdout.no_fnmatch_line("*plugin.py*")


def test_the_plugin_describes_itself(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.qbchat([*], strict: bool, hosts: list[[]str[]]): *"])
    result = pytester.runpytest("--fixtures")
    for fixture in ("qbchat", "qbchat_transport", "qbchat_factory"):
        result.stdout.fnmatch_lines([f"{fixture} -- *"])
    result = pytester.runpytest("--help")
    result.stdout.fnmatch_lines(["*qbchat_hosts (linelist)*", "*qbchat_strict (bool)*", "*qbchat_guard (bool)*"])


# --- factories ---


def test_the_factory_is_seeded_by_the_faker_fixture(run) -> None:
    run(
        """
@pytest.fixture
def faker_seed(): return 7

first = []

def test_one(qbchat_factory, faker):
    first.append(qbchat_factory.message())

def test_two(qbchat_factory):
    assert qbchat_factory.message() == first[0]

def test_accepted(qbchat, qbchat_factory):
    httpx.post(URL, json=qbchat_factory.message(), headers={"QB-Token": TOKEN}).raise_for_status()
"""
    ).assert_outcomes(passed=3)


# --- costs nothing, needs nothing ---

HEAVY = [
    "httpx",
    "httpx2",
    "respx",
    "faker",
    "http.client",
    "ssl",
    "asyncio",
    "unittest.mock",
    "pytest_qbchat.fake.quickblox",
]


def test_a_run_that_does_not_use_the_plugin_imports_nothing_for_it(
    pytester: pytest.Pytester, alone: tuple[str, ...]
) -> None:
    pytester.makepyfile(
        f"""
        import sys

        def test_it():
            assert "pytest_qbchat.plugin" in sys.modules
            assert [name for name in {HEAVY} if name in sys.modules] == []
            assert [name for name in sys.modules if name.startswith("pytest_qbchat")] == [
                "pytest_qbchat", "pytest_qbchat.plugin"
            ]
        """
    )
    pytester.runpytest_subprocess(*alone).assert_outcomes(passed=1)


def test_without_the_plugins_of_respx_and_faker(
    pytester: pytest.Pytester, run_project: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile(send=SEND)
    pytester.makepyfile(
        """
        import httpx
        from send import *

        def test_it(qbchat, qbchat_factory):
            qbchat.router.get("/users/1.json").respond(json={"user": {"id": 1}})
            assert httpx.get("https://api.quickblox.com/users/1.json").json() == {"user": {"id": 1}}
            send(**qbchat_factory.message(without="chat_dialog_id"))
            qbchat.posted.one().assert_sent_to_chat()
        """
    )
    run_project("-p", "no:respx", "-p", "no:faker", "-W", "error").assert_outcomes(passed=1)


def test_the_plugin_can_be_blocked(pytester: pytest.Pytester, run_project: Callable[..., pytest.RunResult]) -> None:
    pytester.makepyfile("def test_it(qbchat): pass")
    result = run_project("-p", "no:qbchat")
    result.stdout.fnmatch_lines(["*fixture 'qbchat' not found*"])


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        "import sys, pytest_qbchat; assert [m for m in sys.modules if m.startswith('pytest_qbchat.')] == []; "
        "pytest_qbchat.QuickBloxWarning; assert 'httpx' not in sys.modules; "
        "assert set(pytest_qbchat.__all__) == set(pytest_qbchat._MODULES); "
        "[getattr(pytest_qbchat, name) for name in pytest_qbchat.__all__]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_that_the_package_does_not_have() -> None:
    import pytest_qbchat

    with pytest.raises(AttributeError, match="module 'pytest_qbchat' has no attribute 'qbchat'"):
        _ = pytest_qbchat.qbchat


def test_a_conversation_that_cannot_be_shown_stops_no_other_test(
    pytester: pytest.Pytester, run_project: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile(
        """
        def test_broken(qbchat, monkeypatch):
            monkeypatch.setattr(type(qbchat), "transcript", lambda fake: 1 / 0)
            assert False

        def test_other(qbchat):
            pass
        """
    )
    result = run_project("-p", "no:randomly")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_an_expectation_names_the_method_in_upper_case() -> None:
    with pytest.raises(ValueError, match="unknown method 'get'; expected 'GET'"):
        FakeQuickBlox().expect_refused("get", "/events.json")


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


# --- where reports are read ---

MISSED = """
def test_missed(qbchat):
    send("hi", sendToChat=1)
    qbchat.assert_posted(message="ho")

def test_refused(qbchat):
    swallow(httpx.get, "https://api.quickblox.com/events.json")

def test_passed(qbchat):
    send("fine")

def test_without():
    pass
"""


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


@pytest.mark.parametrize("args", [[], ["-n1"]], ids=" ".join)
def test_the_conversation_reaches_junit_xml_once(run, pytester: pytest.Pytester, args: list[str]) -> None:
    run(MISSED, "--junitxml=report.xml", *args).assert_outcomes(passed=2, failed=2, warnings=1)
    cases = ElementTree.parse(pytester.path / "report.xml").iter("testcase")
    texts = {case.get("name"): "".join(case.itertext()) for case in cases}
    assert texts["test_missed"].count("history only; not markable; no attachments") == 1
    assert texts["test_refused"].count("GET /events.json was refused: the fake does not cover push events") == 1
    assert "history only" not in texts["test_passed"]


RED, GREEN = "\x1b[1m\x1b[31m", "\x1b[1m\x1b[32m"


@pytest.mark.parametrize("args", [[], ["-n1"], ["--tb=short"], ["-vv"]], ids=" ".join)
def test_a_difference_has_the_colours_of_pytest(run, pytester: pytest.Pytester, args: list[str]) -> None:
    """Its text has none, for reports in files."""
    compared = """
def test_expected(qbchat):
    send("hi")
    qbchat.assert_posted(message="ho")

def test_equal(qbchat):
    send("hi")
    assert qbchat.posted.one() == {"message": "ho"}

def test_number(qbchat):
    send("hi")
    assert len(qbchat.posted) == 2
"""
    result = run(compared, "--color=yes", "--junitxml=report.xml", *args)
    lines = [line.partition("E ") for line in result.outlines if "E  " in line]
    colours = {(text.strip("\x1b[0m").split()[0], colour) for colour, _, text in lines}
    assert {("-", RED), ("+", GREEN)} <= colours
    where = [colour for colour, _, text in lines if text.lstrip().startswith("+  where")]
    assert where == [RED]
    assert "x1B" not in (pytester.path / "report.xml").read_text()


@pytest.mark.parametrize("args", [[], ["-n1"], ["-q"]], ids=" ".join)
def test_the_summary_says_what_was_posted(run, args: list[str]) -> None:
    result = run(MISSED, *args)
    result.stdout.fnmatch_lines(["qbchat: 2 messages posted, 1 call not accepted, 1 warning in 3 tests"])


def test_a_test_that_calls_nothing_is_not_counted(run) -> None:
    run("def test_it(qbchat):\n    pass\n").stdout.no_fnmatch_line("qbchat:*")


def test_the_summary_of_a_single_test_has_no_zeros(run) -> None:
    result = run("def test_it(qbchat):\n    send('hi')\n")
    result.stdout.fnmatch_lines(["qbchat: 1 message posted in 1 test"])


def test_a_run_without_the_fake_has_no_summary(run) -> None:
    run("def test_it():\n    pass\n").stdout.no_fnmatch_line("*qbchat:*")


@pytest.mark.parametrize("client", ["httpx", "requests", "urllib.request"])
def test_a_refusal_is_shown_at_the_line_of_the_code_under_test(run, client: str) -> None:
    call = {"urllib.request": "urllib.request.urlopen"}.get(client, f"{client}.get")
    result = run(
        f"""
import {client}

def customer():
    return {call}("https://api.quickblox.com/data/Customer/7.json")

def test_it(qbchat):
    customer()
"""
    )
    result.stdout.fnmatch_lines([">   *customer()", "*return *", "E   * the fake does not cover custom objects, *"])
    result.stdout.no_fnmatch_line("*site-packages*")
    result.stdout.no_fnmatch_line("*lib/python*")


@pytest.mark.parametrize("raised", ["RuntimeError('wrapped') from error", "ExceptionGroup('several', [error])"])
def test_a_refusal_in_another_error_is_shown_without_the_library(run, raised: str) -> None:
    result = run(
        f"""
import requests

def test_it(qbchat):
    try:
        requests.get("https://api.quickblox.com/data/Customer/7.json")
    except Exception as error:
        raise {raised}
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*site-packages*")


@pytest.mark.parametrize("ini", [{}, {"qbchat_guard": "true"}], ids=["fixture", "guard"])
@pytest.mark.parametrize("where", ["fixture", "test"])
@pytest.mark.parametrize(("end", "outcome"), [("skip", "failed"), ("xfail", "xfailed")])
def test_a_swallowed_refusal_fails_a_skipped_test_but_not_an_xfail_one(
    run, ini: dict[str, str], where: str, end: str, outcome: str
) -> None:
    use = "" if ini else "qbchat"
    bodies = {where: f'swallow(httpx.get, "https://api.quickblox.com/events.json"); pytest.{end}("no")'}
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


def test_a_refusal_without_code_under_test_is_shown_as_it_is() -> None:
    failure = pytest.ExceptionInfo.for_later()
    failure.fill_unfilled((CallRefused, CallRefused("refused"), None))  # type: ignore[arg-type]
    assert omit_library_frames(failure) is failure


def test_a_refusal_that_only_a_library_saw_keeps_its_traceback() -> None:
    library: dict[str, object] = {"__name__": "requests", "CallRefused": CallRefused}
    exec("try:\n    raise CallRefused('refused')\nexcept CallRefused as caught:\n    error = caught", library)
    refused = library["error"]
    assert isinstance(refused, CallRefused)
    before = refused.__traceback__
    omit_library_frames(pytest.ExceptionInfo.from_exception(refused))
    assert refused.__traceback__ is before


# --- the guard of the whole suite ---


def test_the_suite_guard_refuses_a_call_of_a_test_without_the_fixture_by_name(run) -> None:
    result = run("def test_it():\n    send()\n", qbchat_guard="true")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E * this test called POST https://api.quickblox.com/chat/Message.json without the qbchat fixture",
            "E * use the qbchat fixture in this test, or replace the code that makes the call",
        ]
    )
    result.stdout.no_fnmatch_line("*suite_guard.py*")


def test_the_suite_guard_fails_the_phase_in_which_the_code_swallowed_the_refusal(run) -> None:
    result = run(
        """
import pytest

@pytest.fixture
def before():
    swallow(send)

@pytest.fixture
def after():
    yield
    swallow(send)

def test_setup(before, qbchat):
    pass

def test_call():
    swallow(send)

def test_both():
    swallow(send)
    assert False, "genuine"

def test_teardown(after):
    pass

def test_clean():
    pass
""",
        qbchat_guard="true",
    )
    result.assert_outcomes(failed=2, errors=2, passed=2)
    text = "this test called POST https://api.quickblox.com/chat/Message.json without the qbchat fixture"
    assert result.stdout.str().count(f"\n{text}\n") == 4
    result.stdout.fnmatch_lines(["*AssertionError: genuine", "*Captured qbchat call*", text])


def test_the_suite_guard_refuses_libraries_without_an_interceptor_and_configured_hosts(run) -> None:
    result = run(
        """
import smtplib

def test_smtp():
    smtplib.SMTP("smtp.quickblox.com")

def test_configured():
    httpx.get("https://chat.shop.example/session.json", verify=False)
""",
        qbchat_guard="true",
        qbchat_hosts="chat.shop.example",
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "E * this test called QuickBlox without the qbchat fixture: smtplib tried to reach smtp.quickblox.com in *",
            "E * this test called GET https://chat.shop.example/session.json without the qbchat fixture",
        ]
    )


def test_the_suite_guard_leaves_every_fake_and_every_other_host_alone(run) -> None:
    run(
        """
import asyncio, socket
import aiohttp

@pytest.fixture(scope="session")
def shared():
    with pytest_qbchat.FakeQuickBlox().intercept() as fake:
        yield fake

def test_fixture(qbchat):
    assert send().status_code == 201

def test_own_fake():
    with pytest_qbchat.FakeQuickBlox().intercept():
        assert send().status_code == 201

def test_transport(qbchat_transport):
    assert httpx.Client(transport=qbchat_transport, verify=False).get(URL).status_code == 401

def test_other_hosts():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        socket.create_connection(listening.getsockname()).close()

def test_expected():
    with pytest.raises(pytest_qbchat.CallRefused):
        send()

def test_asynchronous():
    async def post():
        async with aiohttp.ClientSession() as session, session.get(URL) as response:
            assert "without the qbchat fixture" in (await response.json())["message"]

    asyncio.run(post())

def test_shared(shared):
    assert send().status_code == 201
""",
        qbchat_guard="true",
    ).assert_outcomes(passed=6, failed=1)


OUTSIDE = "code outside of the tests called POST https://api.quickblox.com/chat/Message.json without the qbchat fixture"


def test_the_suite_guard_lasts_until_wide_fixtures_are_torn_down_after_an_exit(run) -> None:
    result = run(
        """
import pytest

@pytest.fixture(scope="session")
def dialog():
    yield
    swallow(send)

def test_passed(dialog):
    pass

def test_exit():
    pytest.exit("stop", returncode=0)
""",
        qbchat_guard="true",
    )
    result.stdout.fnmatch_lines(["*= calls to QuickBlox outside of the tests =*", OUTSIDE, "  called at *send.py:*"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_the_suite_guard_keeps_the_exit_status_of_a_run_that_was_stopped(run) -> None:
    result = run(
        """
import pytest

@pytest.fixture(scope="session")
def dialog():
    yield
    swallow(send)

def test_exit(dialog):
    pytest.exit("stop")
""",
        qbchat_guard="true",
    )
    result.stdout.fnmatch_lines([OUTSIDE])
    assert result.ret == pytest.ExitCode.INTERRUPTED


@pytest.mark.parametrize("call", ["send()", "swallow(send)"])
def test_the_suite_guard_fails_the_collection_of_a_module_that_calls_when_it_is_imported(run, call: str) -> None:
    result = run(f"{call}\n\ndef test_it():\n    pass\n", qbchat_guard="true")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ERROR collecting*", f"*{OUTSIDE}"])
    result.stdout.no_fnmatch_line("*calls to QuickBlox outside of the tests*")


@pytest.mark.parametrize("args", [[], ["-n1"]], ids=" ".join)
def test_the_suite_guard_blames_no_test_for_a_call_between_two_tests(
    run, pytester: pytest.Pytester, args: list[str]
) -> None:
    pytester.makeconftest("from send import *\n\ndef pytest_runtest_logfinish():\n    swallow(send)\n")
    result = run("def test_one():\n    pass\n\ndef test_two():\n    pass\n", *args, qbchat_guard="true")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*= calls to QuickBlox outside of the tests =*", "*without the qbchat fixture"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_the_suite_guard_masks_the_token_of_the_refused_call(run) -> None:
    result = run(
        """
def test_it():
    token = "made-up-token-of-another-shop"
    httpx.get(f"https://api.quickblox.com/session/{token}.json", headers={"QB-Token": token})
""",
        "--tb=line",
        qbchat_guard="true",
    )
    result.stdout.fnmatch_lines(["*this test called GET https://api.quickblox.com/session/made?#* without *"])
    result.stdout.no_fnmatch_line("*made-up-token*")


def test_the_suite_guard_reports_a_malformed_host(run) -> None:
    result = run("def test_it():\n    pass\n", qbchat_guard="true", qbchat_hosts="*.shop.example")
    result.stderr.fnmatch_lines(["*qbchat_hosts: invalid host or base URL '?.shop.example'*"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_a_suite_without_the_guard_imports_nothing_and_patches_nothing(run, alone: tuple[str, ...]) -> None:
    run(
        """
import sys

def test_it():
    assert "pytest_qbchat.intercept" not in sys.modules
""",
        *alone,
    )


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


# --- 500 tests in a row ---

ENDINGS = """
import asyncio, gc, os, socket, threading
import aiohttp, requests
from pytest_qbchat import intercept
from pytest_qbchat.intercept.patching import patch_of

KEPT = []  # clients that outlive their test


def of_the_process():
    patcher = intercept._patcher()
    gc.collect()
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "patched": [point.name for point in patcher._points if patch_of(getattr(point.owner, point.name))],
        "fakes": list(patcher.fakes),
        "layers": len(patcher._layers),
    }


@pytest.fixture
def broken_before(qbchat):
    raise RuntimeError("set-up")


@pytest.fixture
def broken_after(qbchat):
    yield
    raise RuntimeError("tear-down")


def by_every_client():
    send()
    with requests.Session() as session:
        session.get(URL)
        session.get(URL)
    KEPT.append(requests.Session())
    KEPT[-1].get(URL)
    KEPT[-1].get(URL)
    del KEPT[:-2]

    async def get():
        async with aiohttp.ClientSession() as session, session.get(URL):
            pass

    asyncio.run(get())


def passing(qbchat): pass
def failing(qbchat): assert False
def skipped(qbchat): pytest.skip("here")
def xfailed(qbchat): pytest.xfail("here")
def left(qbchat): raise SystemExit(3)
def refused(qbchat): httpx.get("https://api.quickblox.com/events.json", verify=False)
def swallowed(qbchat): swallow(refused, qbchat)
def reached(qbchat): socket.create_connection(("api.quickblox.com", 443))
def faulty(qbchat):
    qbchat.fail("timeout")
    send()
def nested(qbchat):
    with pytest_qbchat.FakeQuickBlox().intercept():
        send()
        raise ValueError

WAYS = [passing, failing, skipped, xfailed, left, refused, swallowed, reached, faulty, nested]

def test_before(qbchat):
    by_every_client()
    by_every_client()

def test_baseline():
    global BASELINE
    BASELINE = of_the_process()

@pytest.mark.parametrize("number", range(40))
@pytest.mark.parametrize("end", WAYS)
def test_function(qbchat, end, number):
    by_every_client()
    end(qbchat)

@pytest.mark.parametrize("number", range(40))
def test_setup(broken_before, number): pass

@pytest.mark.parametrize("number", range(40))
def test_teardown(broken_after, number):
    by_every_client()

@pytest.mark.parametrize("number", range(20))
def test_server(qbchat, qbchat_server, number):
    httpx.get(f"{qbchat_server.url}/session.json", verify=False)
    assert number % 2

def test_end():
    by_now = of_the_process()
    assert by_now == BASELINE, (by_now, BASELINE)
    assert (by_now["patched"], by_now["fakes"], by_now["layers"]) == ([], [], 0)
"""


@pytest.mark.slow
def test_500_tests_leave_no_descriptor_thread_patch_or_receiver_behind(run) -> None:
    result = run(ENDINGS, "--tb=no", "-q", "-W", "ignore")
    # A test that ends in its set-up or tear-down is an error; in the latter case it has passed before.
    result.assert_outcomes(passed=3 + 40 + 40 + 10, failed=7 * 40 + 10, skipped=40, xfailed=40, errors=80)
