"""`requests` in a signal handler and in a worker thread, with a session that is created when its module is imported.

The tests call neither the handler nor the worker: they save a repair, as a view would. They do not sleep, but wait
until the queue of the worker is empty. The worker catches all exceptions, but `qbchat.calls` still has every call with
its response, and a call that the fake refuses fails the test unless the test expects it.
"""

import pytest
import requests

from notifications import send_greeting, send_invoice
from tasks import later, waiting


def test_the_customer_hears_that_the_repair_is_finished(qbchat, repair, customer):
    repair.finished = True
    repair.save()

    message = qbchat.assert_posted(message="Repair #7 is finished")
    message.assert_delivered_to(customer)
    message.assert_markable()


def test_nothing_is_said_of_a_repair_that_is_not_finished(qbchat, repair):
    repair.save()
    waiting.join()

    qbchat.assert_nothing_posted()


def test_the_worker_sends_the_invoice(qbchat, repair, customer):
    repair.finished = True
    repair.save()
    waiting.join()

    assert [message.message for message in customer.inbox] == ["Repair #7 is finished", "Here is your invoice"]
    qbchat.posted.last.assert_attachments({"type": "file", "id": "invoice-7"})


def test_a_busy_service_is_asked_again_by_the_adapter(qbchat, repair):
    qbchat.fail(503, times=2)
    repair.finished = True
    repair.save()

    assert [call.status for call in qbchat.calls][:3] == [503, 503, 201]
    qbchat.assert_posted(message="Repair #7 is finished")


def test_a_message_whose_answer_was_lost_is_not_sent_again(qbchat, repair):
    qbchat.fail("timeout", stored=True)
    repair.finished = True

    with pytest.raises(requests.ReadTimeout):
        repair.save()
    waiting.join()
    assert qbchat.posted.one() == {"message": "Repair #7 is finished"}


def test_what_the_worker_swallows_is_on_record(qbchat, repair, caplog):
    qbchat.expire_sessions()
    later(send_invoice, repair)
    waiting.join()

    assert "the task send_invoice failed" in caplog.text
    assert qbchat.calls.one().status == 401
    assert "expire_sessions" in qbchat.calls.one().reason


def test_a_call_that_the_fake_refuses_would_fail_the_test(qbchat, repair):
    with qbchat.expect_refused("GET", "/data/Bicycle/7.json"):  # without this line, the test would fail
        later(send_greeting, repair)
        waiting.join()

    qbchat.assert_nothing_posted()


def test_a_call_outside_the_fake_can_be_answered(qbchat, repair, customer):
    qbchat.router.get("/data/Bicycle/7.json").respond(json={"owner": "Bianca"})
    later(send_greeting, repair)
    waiting.join()

    assert customer.inbox.one() == {"message": "Good morning, Bianca!"}
