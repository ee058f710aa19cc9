"""A fault that no call meets, and a route that was never called, fail the test."""

from __future__ import annotations

import json

import httpx

from pytest_qbchat import LiveServer


def test_a_fault_that_no_call_meets_fails_the_test(run) -> None:
    result = run(
        """
def test_missed(qbchat):
    qbchat.fail(503, method="PUT", path="/chat/Dialog/{id}.json")
    send("hi")

def test_no_call(qbchat):
    qbchat.fail("timeout")

def test_met_once(qbchat):
    qbchat.fail(503, times=9)
    send("hi")

def test_optional(qbchat):
    qbchat.fail(503, optional=True)

def test_failing_otherwise(qbchat):
    qbchat.fail(503)
    assert not qbchat

def test_skipped(qbchat):
    qbchat.fail(503)
    pytest.skip("later")
""",
    )
    result.assert_outcomes(passed=2, failed=3, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "no call met qbchat.fail(503, method='PUT', path='/chat/Dialog/{}'); calls: POST /chat/Message.json",
            "  inject it before the call that it is for, or allow it with optional=True",
            "no call met qbchat.fail('timeout'); calls: none",
        ]
    )


def test_a_route_that_was_never_called_fails_the_test(run) -> None:
    run(
        """
def test_missed(qbchat):
    qbchat.router.get("/data/Customer/7.json").respond(json={})

def test_called(qbchat):
    qbchat.router.get("/data/Customer/7.json").respond(json={})
    httpx.get("https://api.quickblox.com/data/Customer/7.json")

@pytest.mark.qbchat(assert_all_called=False)
class TestLoose:
    def test_loose(self, qbchat):
        qbchat.router.get("/data/Customer/7.json").respond(json={})

    @pytest.mark.qbchat(assert_all_called=True)
    def test_nearest(self, qbchat):
        qbchat.router.get("/data/Customer/8.json").respond(json={})
""",
    ).assert_outcomes(passed=2, failed=2)


def test_the_trials_of_a_loop_need_not_meet_every_fault_and_route(run) -> None:
    run(
        """
def test_it(qbchat):
    qbchat.router.get("/data/Customer/7.json").respond(json={})
    qbchat.fail(503, method="PUT")
    for trial in qbchat.each_fault("timeout"):
        with trial:
            send("hi")
""",
    ).assert_outcomes(passed=1)


def test_an_invalid_argument_of_the_marker_is_refused(run) -> None:
    result = run("@pytest.mark.qbchat(assert_all_called='no')\ndef test_it(qbchat):\n    pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*@pytest.mark.qbchat does not take assert_all_called='no'; use*"])


def test_another_process_may_inject_an_optional_fault(qbchat_server: LiveServer) -> None:
    fault = {"what": 503, "optional": True}
    assert httpx.post(f"{qbchat_server.url}/_qbchat/fail", content=json.dumps(fault)).status_code == 204
