"""The examples: each runs alone and wherever it is copied to, and all of them together, as the README says."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "conftest_examples"

# What becomes of all tests of an example.
OUTCOMES = {
    "aiohttp_service": "passed",
    "another_process": "passed",
    "async_broadcast": "passed",
    "customer_host": "passed",
    "django_project": "passed",
    "failures": "xfailed",
    "fastapi_service": "passed",
    "fault_at_every_call": "passed",
    "first_message": "passed",
    "injected_transport": "passed",
    "retry_after_lost_answer": "passed",
    "session_lost_half_way": "passed",
    "signal_handler": "passed",
    "stubbed_route": "passed",
    "token_refresh": "passed",
    "two_sided_conversation": "passed",
    "upload_then_send": "passed",
    "uploaded_attachments": "passed",
    "whole_program": "passed",
}

# The library without which the tests of an example are skipped.
NEEDS = {"django_project": "django", "fastapi_service": "fastapi"}

# The transcript of a message, each with the example that it is from.
POSTED = {
    "first_message": """\
dialog 5d75327ba28f9a0f32cb0f99 (group, adopted on first sight), occupants 96830001
  96830001: "Zoë, it's order #7 & crêpes + tea. OK?"
    sent to chat, delivered to no known occupant; markable; no attachments
""",
    "uploaded_attachments": """\
: 'This is what I saw'
    sent to chat, delivered to 96830002 Finn Flatless, 96830003 Rosa Roofless; not markable; \
image 47863, video https://files.agency.example/tour.mp4, audio 47864
""",
    "async_broadcast": """\
  96830001 Weather Office: 'Gale force 9 from noon'
    sent to chat, delivered to 96830003 Harbour Master of Birchport; not markable; no attachments
    severity: 'amber'
""",
    "customer_host": "POST /chat/Message.json was answered 401: the API key made…#4903 was not declared",
    "django_project": """\
  96830002 The Bookshop: '“Emma” has shipped'
    sent to chat, delivered to 96830001 Rita Reader; not markable; no attachments
""",
    "fastapi_service": """\
  96830002 The Clinic: 'Your appointment is at 9:30'
    sent to chat, delivered to 96830001 Pat Patient; not markable; no attachments
""",
    "injected_transport": """\
  96830001 Dana Driver: 'I am at the gate'
    sent to chat, delivered to 96830002 Pia Passenger; markable; no attachments
  96830002 Pia Passenger: 'Two minutes!'
    sent to chat, delivered to 96830001 Dana Driver; markable; no attachments
""",
    "stubbed_route": """\
  96830001: 'Welcome, room 12 is ready!'
    sent to chat, delivered to 7; not markable; no attachments
""",
    "token_refresh": ": the session of the token deca…#87b0 expired two hours after its last call",
    "upload_then_send": """\
: 'Somebody backed into my car'
    sent to chat, delivered to 96830001 Olga Office; not markable; image 1151000002
""",
    "two_sided_conversation": """\
  96830001 Hanna Helpful: 'Have you tried another socket?'
    sent to chat, delivered to 96830002 Carl Caller; markable; no attachments
  96830002 Carl Caller: 'Which one?'
    sent to chat, delivered to 96830001 Hanna Helpful; not markable; no attachments
""",
    "retry_after_lost_answer": "POST /chat/Message.json failed: qbchat.fail('timeout'), stored",
    "fault_at_every_call": """\
: 'Your reservation 17 is confirmed'
    sent to chat, delivered to 96830001 Vera Visitor; not markable; no attachments
    reservation: 17
""",
    "session_lost_half_way": """\
: 'Our garden opens on Sunday'
    sent to chat, delivered to 96830004 Cem Subscriber; not markable; no attachments
""",
    "signal_handler": """\
  96830002 The Workshop: 'Repair #7 is finished'
    sent to chat, delivered to 96830001 Bianca Bicyclist; markable; no attachments
    repair: 7
  96830002 The Workshop: 'Here is your invoice'
    sent to chat, delivered to 96830001 Bianca Bicyclist; not markable; file invoice-7
    repair: 7
""",
    "aiohttp_service": """\
  96830009 The Harbour: 'The ferry has come'
    sent to chat, delivered to 96830001 Ada Aboard; not markable; no attachments
    ferry: 'Seagull'
""",
    "another_process": """\
  96830002 Vending Machine 12: 'Slot B4 is empty'
    sent to chat, delivered to 96830001 Otto Operator; not markable; no attachments
    slot: 'B4'
""",
    "whole_program": """\
  96830001 The Travel Agency: 'Booked! Your train leaves at 9:00'
    sent to chat, delivered to 96830002 Tilda Traveller; markable; file 1151000003
""",
}


def copied(pytester: pytest.Pytester, source: Path) -> None:
    """Copy examples to where nothing else is: no settings of this project, and no byte code that names its folders."""
    shutil.copytree(source, pytester.path, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)


def test_every_example_is_listed() -> None:
    assert {path.parent.name for path in EXAMPLES.glob("*/conftest.py")} == OUTCOMES.keys()
    index = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\[(\w+)\]\(\1/test_\w+\.py\)", index)) == sorted(OUTCOMES)


@pytest.mark.long
@pytest.mark.parametrize(("name", "outcome"), OUTCOMES.items())
def test_an_example_runs_alone_without_the_plugins_of_respx_and_faker(
    pytester: pytest.Pytester, run_project: Callable[..., pytest.RunResult], name: str, outcome: str
) -> None:
    copied(pytester, EXAMPLES / name)

    run = pytester.runpytest_subprocess if name in NEEDS else run_project  # Django sets the time zone of its process
    result = run("-W", "error", "-rP", "-p", "no:randomly", "-p", "no:respx", "-p", "no:faker")

    assert result.ret == pytest.ExitCode.OK
    if needed := NEEDS.get(name):
        pytest.importorskip(needed)
    assert result.parseoutcomes().keys() == {outcome}
    assert POSTED.get(name, "") in result.stdout.str()


def test_every_failure_is_shown_on_request(
    pytester: pytest.Pytester, run_project: Callable[..., pytest.RunResult]
) -> None:
    copied(pytester, EXAMPLES / "failures")

    result = run_project("--runxfail")

    outcomes = result.parseoutcomes()
    assert outcomes.keys() == {"failed"}
    assert result.stdout.str().count("Captured qbchat call") == outcomes["failed"]


@pytest.mark.slow
@pytest.mark.long
def test_all_examples_in_one_session_print_one_screen(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("-c", EXAMPLES / "pytest.ini", "-p", "no:cacheprovider", EXAMPLES)

    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes().keys() == {*OUTCOMES.values()}
    result.stdout.fnmatch_lines(
        [
            "=* posted in first_message/test_shop.py::test_the_customer_is_notified *=",
            '  96830002 The Shop: "Zoë, it\'s order #7 & crêpes + tea. OK?"',
            "=* how a test fails: failures/test_failures.py::test_forgotten_send_to_chat *=",
            "E         write send_to_chat=1 in the request",
            f"=* {len(OUTCOMES)} of {len(OUTCOMES)} examples passed *=",
            "conftest_examples/README.md *",
        ]
    )
    assert len(result.outlines) <= 40
