"""The failure of a test: where its traceback ends, how a difference is shown."""

from __future__ import annotations

import re

import pytest

from pytest_qbchat import CallRefused
from pytest_qbchat.explain.problems import omit_frames


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
def test_declared(qbchat): qbchat.add_user("7")
def test_fault(qbchat): qbchat.fail("slow")
def test_trials(qbchat): next(qbchat.each_fault("slow"))
def test_attribute(qbchat): send(); qbchat.posted.last.text
def test_inbox(qbchat): qbchat.inbox("7")
""",
        assertion,
    )
    result.assert_outcomes(failed=24)
    frames = [line for line in result.stdout.lines if re.match(r"\S+\.py:\d+:", line)]
    assert len(frames) == 24
    assert all(line.startswith("test_") for line in frames)


@pytest.mark.parametrize(("option", "shown"), [("--tb=auto", 0), ("--full-trace", 2)])
def test_the_traceback_of_a_fake_without_the_fixture_ends_in_the_test_case(run, option: str, shown: int) -> None:
    result = run(
        """
import unittest
from pytest_qbchat import FakeQuickBlox

class TestChat(unittest.TestCase):
    def test_it(self):
        FakeQuickBlox().assert_posted(message="hi")
""",
        option,
    )
    result.assert_outcomes(failed=1)
    assert result.stdout.str().count("quickblox.py:") == shown


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


def test_a_refusal_without_code_under_test_is_shown_as_it_is() -> None:
    failure = pytest.ExceptionInfo.for_later()
    failure.fill_unfilled((CallRefused, CallRefused("refused"), None))  # type: ignore[arg-type]
    assert omit_frames(failure) is failure


def test_a_refusal_that_only_a_library_saw_keeps_its_traceback() -> None:
    library: dict[str, object] = {"__name__": "requests", "CallRefused": CallRefused}
    exec("try:\n    raise CallRefused('refused')\nexcept CallRefused as caught:\n    error = caught", library)
    refused = library["error"]
    assert isinstance(refused, CallRefused)
    before = refused.__traceback__
    omit_frames(pytest.ExceptionInfo.from_exception(refused))
    assert refused.__traceback__ is before


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


def test_a_wrong_host_is_named_if_the_client_raised(run) -> None:
    result = run("""
import socket
def test_lookup(qbchat): socket.getaddrinfo("api.quickblocks.invalid", 443)
def test_address(qbchat):
    with socket.socket() as one: one.connect(("127.0.0.1", 1))
""")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*no call reached the fake, but api.quickblocks.invalid was called"])
    result.stdout.no_fnmatch_line("*127.0.0.1 was called*")
