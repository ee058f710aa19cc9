"""A program that runs in a separate process: here it is in Python, but it could be in any language.

`qbchat_server.url` is the base URL for the program, and `qbchat` has the same state as the server. The tests run the
program, act as the operator in the dialog, and make the same assertions as for code in the test process.
"""

import pytest


def test_the_operator_hears_of_an_empty_slot(qbchat, vending_machine, operator):
    assert vending_machine("B4").returncode == 0

    message = qbchat.assert_posted(message="Slot B4 is empty", slot="B4")
    message.assert_sent_to_chat()
    message.assert_delivered_to(operator)


def test_the_machine_shows_what_the_operator_writes(vending_machine, dialog, operator):
    operator.send(dialog, "Cold drinks are on their way")

    assert vending_machine().stdout == "Cold drinks are on their way\n"


def test_the_machine_has_a_welcome_as_long_as_there_is_no_news(qbchat, vending_machine):
    assert vending_machine().stdout == "Welcome!\n"
    assert qbchat.calls.one().status == 200


def test_what_one_run_has_posted_the_next_one_reads(vending_machine):
    vending_machine("B4")

    assert vending_machine().stdout == "Slot B4 is empty\n"


def test_a_machine_with_an_old_token_says_so(qbchat, vending_machine):
    qbchat.expire_sessions()

    assert vending_machine("B4").stderr == "out of order: 401\n"
    qbchat.assert_nothing_posted()


@pytest.mark.parametrize("status", [429, 503])
def test_a_machine_does_not_survive_a_busy_day(qbchat, vending_machine, status):
    qbchat.fail(status)

    assert vending_machine("B4").stderr == f"out of order: {status}\n"
    assert qbchat.calls.one().status == status


def test_a_base_url_may_have_a_path(qbchat, qbchat_server, vending_machine):
    vending_machine("B4", VENDING_CHAT_URL=f"{qbchat_server.url}/gateway/quickblox")

    qbchat.assert_posted(slot="B4")
    assert qbchat.calls.one().path == "/chat/Message.json"
