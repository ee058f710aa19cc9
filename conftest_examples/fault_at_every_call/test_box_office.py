"""A fault at every call: which of them makes the code send a message twice, or not at all?

The loop runs the code once without a fault, then once for each fault at each call, always from the state before the
loop. No test names a fault: the naive retry is found to send a duplicate, and the careful one is not.
"""

import pytest

from box_office import confirm, confirm_naively

RESERVATIONS = [17, 18]


def assert_told_once(qbchat, trial):
    """Nobody is told twice; everybody is told if the code came through."""
    for reservation in RESERVATIONS:
        times = len(qbchat.posted.where(reservation=reservation))
        assert times <= 1, f"reservation {reservation} was confirmed {times} times"
        assert times == 1 or trial.error, f"reservation {reservation} was not confirmed"


def test_the_naive_retry_is_found_to_send_a_duplicate(qbchat, dialog):
    with pytest.raises(AssertionError, match="17 was confirmed 2 times"):
        confirm_each(qbchat, dialog, confirm_naively)

    assert str(qbchat.trial) == "with the answer to call 1 of 2, POST /chat/Message.json, lost after storage"


def test_the_careful_retry_sends_each_message_once(qbchat, dialog):
    assert confirm_each(qbchat, dialog, confirm) == 19


def confirm_each(qbchat, dialog, confirm):
    trials = 0
    for trial in qbchat.each_fault():
        with trial:
            confirm(dialog.id, RESERVATIONS)
        assert_told_once(qbchat, trial)
        trials += 1
    return trials


def test_the_careful_retry_does_not_send_a_duplicate_after_two_faults_either(qbchat, dialog, visitor):
    inbox = visitor.inbox
    for trial in qbchat.each_fault("timeout-stored", "timeout", 503, pairs=True):
        with trial:
            confirm(dialog.id, RESERVATIONS)
        assert_told_once(qbchat, trial)
        assert len(inbox) == len(qbchat.posted)


def test_most_faults_are_recovered_from(qbchat, dialog):
    recovered = []
    for trial in qbchat.each_fault(methods=["POST"]):
        with trial:
            confirm(dialog.id, RESERVATIONS)
        if trial.recovered:
            recovered.append(trial.fault)

    faults = ["timeout-stored", "timeout", "disconnect", "429", "503"]  # after a 401, a new session would be needed
    assert recovered == [f"{call}:{fault}" for call in (1, 2) for fault in faults]
