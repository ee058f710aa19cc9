"""The report of a failing trial: its name, what did not run, and what to write."""

from __future__ import annotations

from collections.abc import Callable

import pytest

RunTest = Callable[..., pytest.RunResult]

ALONE = 'run it alone: qbchat.each_fault(only="1:timeout-stored")'
ALL = "see all failures: with subtests.test(trial.fault): around the body of the loop"
LOST = "with the answer to call 1 of 1, POST /chat/Message.json, lost after storage"


def errors(result: pytest.RunResult) -> list[str]:
    """The lines of the errors that tests fail with, at 80 columns."""
    lines = [line.removeprefix("E").strip() for line in result.outlines if line.startswith("E  ")]
    return [line.removeprefix("AssertionError: ") for line in lines]  # which pytest 8 leaves out before an assert


# --- the first failing trial ends the loop ---


def test_a_plain_assert_is_reported_with_its_trial(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat):
            for trial in qbchat.each_fault("timeout", "timeout-stored", 503, 429):
                with trial:
                    retry(7)
                number = len(qbchat.posted)
                assert number != 2
        """
    )
    result.assert_outcomes(failed=1)
    assert errors(result) == [f"{LOST}: assert 2 != 2", "2 of 5 trials did not run", ALONE, ALL]
    result.stdout.fnmatch_lines(
        ["*Captured qbchat call*", "POST /chat/Message.json failed: qbchat.each_fault('timeout-stored'), stored"]
    )


def test_the_last_trial_says_only_how_to_run_it_alone(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat):
            for trial in qbchat.each_fault("timeout-stored", limit=2):
                with trial:
                    retry(7)
                qbchat.assert_posted(message="Order #7 has shipped", times=1)
        """
    )
    lines = errors(result)
    assert lines[0] == f"{LOST}: 2 messages with message='Order #7 has shipped' were posted, expected 1"
    assert lines[-1] == ALONE
    assert not any("did not run" in line for line in lines)


def test_pairs_that_are_not_counted_yet_are_told(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat):
            for trial in qbchat.each_fault("timeout-stored", pairs=True):
                with trial:
                    retry(7)
                assert not trial.fault
        """
    )
    assert errors(result)[-3:] == ["0 or more of 2 or more trials did not run", ALONE, ALL]


@pytest.mark.parametrize("within", ["    ", ""], ids=["in the block", "after the block"])
def test_any_failure_is_reported_with_its_trial(run_test: RunTest, within: str) -> None:
    """An exception whose text cannot be changed gets a note for its report."""
    result = run_test(
        f"""
        import asyncio

        class Odd(Exception):
            def __str__(self):
                raise RuntimeError("no text")

        class Fixed(Exception):
            args = property(lambda self: ())

            def __str__(self):
                return "fixed"

            def __setattr__(self, name, value):
                if name != "__traceback__":  # which pytest sets
                    raise TypeError("fixed")

        @pytest.mark.parametrize("error", [
            ValueError("boom"), KeyError("boom"), SystemExit("boom"), asyncio.CancelledError("boom"),
            pytest.fail.Exception("boom"), OSError(2, "boom"), Fixed(), Odd(),
        ])
        def test_it(qbchat, trials, error):
            for trial in trials:
                with trial:
                    retry(7)
                {within}if trial.fault:
                {within}    raise error
        """
    )
    result.assert_outcomes(failed=8)
    more = ["1 of 3 trials did not run", ALONE, ALL]

    def expected(name: str) -> list[str]:
        return [f"if the code may raise it: qbchat.each_fault(expected={name})"] if within else []

    assert errors(result) == [
        *(f"ValueError: {LOST}: boom", *more),
        *(f"KeyError: {LOST}: 'boom'", *more),
        *(f"SystemExit: {LOST}: boom", *more),
        *(f"asyncio.exceptions.CancelledError: {LOST}: boom", *more),
        *(f"Failed: {LOST}: boom", *more),
        *("FileNotFoundError: [Errno 2] boom", f"{LOST}: [Errno 2] boom", *more),
        *("test_it.Fixed: fixed", f"{LOST}: fixed", *expected("Fixed"), *more),
        *(
            "test_it.Odd: <exception str() failed>",
            f"{LOST}: its text cannot be shown (RuntimeError)",
            *expected("Odd"),
            *more,
        ),
    ]


@pytest.mark.parametrize(
    ("statement", "outcome"),
    [
        ("pytest.skip('as it is')", "skipped"),
        ("pytest.xfail('as it is')", "xfailed"),
        ("raise unittest.SkipTest('as it is')", "skipped"),
    ],
)
def test_an_exception_that_is_no_failure_keeps_its_text(run_test: RunTest, statement: str, outcome: str) -> None:
    result = run_test(
        f"""
        import unittest

        def test_it(qbchat, trials):
            for trial in trials:
                with trial:
                    retry(7)
                if trial.fault:
                    {statement}
        """,
        "-rsx",
    )
    result.assert_outcomes(**{outcome: 1})
    result.stdout.fnmatch_lines([f"{outcome[:-2].upper().removesuffix('P')}* as it is"])


@pytest.mark.parametrize(
    "end", ["raise KeyboardInterrupt", pytest.param("pytest.exit('enough')", marks=pytest.mark.long)]
)
def test_a_run_can_be_interrupted_in_a_trial(pytester: pytest.Pytester, run_test: RunTest, end: str) -> None:
    result = run_test(
        f"""
        def test_it(qbchat, trials):
            for trial in trials:
                with trial:
                    retry(7)
                if trial.fault:
                    {end}
        """,
        in_process=False,
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes()


def test_an_expected_failure_is_the_exception_that_was_raised(run_test: RunTest) -> None:
    result = run_test(
        """
        def loop(qbchat):
            for trial in qbchat.each_fault(503):
                with trial:
                    try:
                        post(7)
                    except httpx.HTTPStatusError:
                        raise KeyError("code") from None

        @pytest.mark.xfail(raises=KeyError, strict=True)
        def test_xfail(qbchat):
            loop(qbchat)

        def test_raises(qbchat):
            with pytest.raises(KeyError, match="^'code'$"):
                loop(qbchat)
        """
    )
    result.assert_outcomes(xfailed=1, passed=1)


def test_an_error_before_the_fault_is_reported_with_a_reset(run_test: RunTest) -> None:
    """The rewound fake adopts the token that the code has kept as that of a new user, who gets 403."""
    result = run_test(
        """
        import time

        kept = {}

        def send(dialog):
            if not kept:
                body = {"application_id": 1, "auth_key": "k", "nonce": 1, "signature": "s"}
                body |= {"timestamp": int(time.time()), "user": {"login": "shop", "password": "made-up-password"}}
                session = httpx.post("https://api.quickblox.com/session.json", json=body).raise_for_status().json()
                kept["QB-Token"] = session["session"]["token"]
            httpx.post(URL, json={"chat_dialog_id": dialog.id, "message": "hi"}, headers=kept).raise_for_status()

        def test_it(qbchat):
            shop = qbchat.add_user(login="shop", password="made-up-password")
            dialog = qbchat.add_dialog(occupants_ids=[shop, qbchat.add_user()])
            for trial in qbchat.each_fault(503):
                with trial:
                    send(dialog)
        """
    )
    result.assert_outcomes(failed=1)
    lines = errors(result)
    place = "without the fault at call 1 of 2, POST /session.json: Client error '403 Forbidden'"
    assert any(line.startswith(f"httpx.HTTPStatusError: {place}") for line in lines)
    assert "reset what the code keeps, such as a token or a task: qbchat.each_fault(reset=...)" in lines


def test_a_failure_after_the_loop_names_no_trial(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat, trials):
            for trial in trials:
                with trial:
                    retry(7)
            assert False
        """
    )
    assert errors(result) == ["assert False"]


def test_a_failure_of_the_next_test_names_no_trial(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_that_leaves_its_loop(trials):
            for trial in trials:
                with trial:
                    retry(7)
                if trial.fault:
                    break

        def test_it():
            assert False
        """
    )
    result.assert_outcomes(passed=1, failed=1)
    assert errors(result) == ["assert False"]


def test_a_refused_call_that_the_code_catches_fails_its_trial(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat):
            for trial in qbchat.each_fault(503, 429):
                with trial:
                    if trial.fault:
                        with pytest.raises(Exception, match="does not cover"):
                            httpx.get("https://api.quickblox.com/data/Order.json", headers=TOKEN)
                    post(7)
        """
    )
    result.assert_outcomes(failed=1)
    lines = errors(result)
    assert lines[0].startswith("with call 1 of 1, POST /chat/Message.json, answered 503: the fake does not cover ")
    assert "httpx.HTTPStatusError" not in result.stdout.str()
    assert lines[-3] == "1 of 3 trials did not run"


@pytest.mark.parametrize("scope", ["module", "session"])
def test_a_fake_of_a_wider_scope_names_its_trial(run_test: RunTest, scope: str) -> None:
    result = run_test(
        f"""
        from pytest_qbchat import FakeQuickBlox

        @pytest.fixture(scope="{scope}")
        def fake():
            with FakeQuickBlox().intercept() as fake:
                yield fake

        def test_it(fake):
            for trial in fake.each_fault("timeout-stored", 503):
                with trial:
                    retry(7)
                assert not trial.fault, "of the trial"

        def test_another_one(fake):
            assert False, "of its own"
        """
    )
    result.assert_outcomes(failed=2)
    lines = [line for line in errors(result) if not line.startswith(("assert", "+"))]
    assert lines == [f"{LOST}: of the trial", "1 of 3 trials did not run", ALONE, ALL, "of its own"]


def test_a_secret_in_the_text_of_a_failure_is_masked(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(trials):
            for trial in trials:
                with trial:
                    retry(7)
                if trial.fault:
                    pytest.fail(TOKEN["QB-Token"])
        """
    )
    assert errors(result)[0].startswith(f"Failed: {LOST}: made")
    assert "made-up-token-of-the-shop" not in errors(result)[0]


def test_a_test_case_of_unittest_names_its_trial(run_test: RunTest) -> None:
    result = run_test(
        """
        import unittest

        class OrdersTest(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _fake(self, qbchat):
                self.qbchat = qbchat

            def test_it(self):
                for trial in self.qbchat.each_fault("timeout-stored", "timeout", 503):
                    with trial:
                        retry(7)
                    self.assertEqual(len(self.qbchat.posted), 1)

            def test_without_a_loop(self):
                self.fail("of its own")
        """
    )
    result.assert_outcomes(failed=2)
    assert errors(result) == [f"{LOST}: 2 != 1", "2 of 4 trials did not run", ALONE, ALL, "of its own"]


def test_the_failing_example_of_hypothesis_names_its_trial(run_test: RunTest) -> None:
    result = run_test(
        """
        from hypothesis import HealthCheck, Phase, given, settings, strategies

        @settings(phases=[Phase.generate], suppress_health_check=[*HealthCheck], database=None)
        @given(strategies.just(7))
        def test_it(qbchat, number):
            for trial in qbchat.each_fault("timeout-stored", 503):
                with trial:
                    retry(number)
                assert not trial.fault
        """
    )
    result.assert_outcomes(failed=1)
    assert errors(result)[0].startswith(LOST)
    assert "1 of 3 trials did not run" in errors(result)


# --- all failing trials, as subtests ---

subtests = pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="subtests came with pytest 9")
FOUR_FAIL = """
    def test_it(qbchat, subtests):
        seen = []
        for trial in qbchat.each_fault("timeout-stored", 503):
            with subtests.test(trial.fault):
                with trial:
                    retry(7)
                    retry(8)
                    if trial.fault == "2:timeout-stored":
                        raise ValueError("boom")
                seen.append(trial)
                number = len(qbchat.posted)
                assert number == 2
        assert len(seen) == 4
"""


@subtests
def test_each_failing_trial_is_a_subtest_with_its_conversation(run_test: RunTest) -> None:
    result = run_test(FOUR_FAIL)
    result.assert_outcomes(failed=5)
    lost = "POST /chat/Message.json failed: qbchat.each_fault('timeout-stored'), stored"
    refused = "POST /chat/Message.json failed: qbchat.each_fault(503), not stored"
    found = [
        line for line in result.outlines if line.startswith(("POST", "____")) or (line[:1] == "E" and "call " in line)
    ]
    assert [line.strip("_ E") for line in found] == [
        "test_it [1:timeout-stored]",
        "AssertionError: with the answer to call 1 of 2, POST /chat/Message.json, lost after storage: assert 3 == 2",
        lost,
        "test_it [1:503]",
        "AssertionError: with call 1 of 2, POST /chat/Message.json, answered 503: assert 0 == 2",
        refused,
        "test_it [2:timeout-stored]",
        "ValueError: with the answer to call 2 of 2, POST /chat/Message.json, lost after storage: boom",
        lost,
        "test_it [2:503]",
        "AssertionError: with call 2 of 2, POST /chat/Message.json, answered 503: assert 1 == 2",
        refused,
        "test_it",
    ]
    lines = errors(result)
    assert [line for line in lines if line.startswith("run it alone")] == [
        f'run it alone: qbchat.each_fault(only="{name}")'
        for name in ("1:timeout-stored", "1:503", "2:timeout-stored", "2:503")
    ]
    assert not any("did not run" in line or "see all" in line for line in lines)
    result.stdout.fnmatch_lines(["SUBFAILED[[]1:503] * - AssertionError: with call *"])


@subtests
def test_a_run_that_ends_at_the_first_failure_says_what_did_not_run(run_test: RunTest) -> None:
    result = run_test(FOUR_FAIL, "-x")
    assert errors(result)[-3] == "3 of 5 trials did not run"


@subtests
def test_a_refused_call_fails_each_of_its_subtests(run_test: RunTest) -> None:
    result = run_test(
        """
        def test_it(qbchat, subtests):
            for trial in qbchat.each_fault(503, 429):
                with subtests.test(trial.fault), trial:
                    if trial.fault:
                        with pytest.raises(Exception, match="does not cover"):
                            httpx.get("https://api.quickblox.com/data/Order.json", headers=TOKEN)
                    post(7)
        """
    )
    found = [line for line in errors(result) if "the fake does not cover" in line]
    assert [line.partition(": ")[0] for line in found[:2]] == [
        "with call 1 of 1, POST /chat/Message.json, answered 503",
        "with call 1 of 1, POST /chat/Message.json, answered 429",
    ]


@subtests
def test_an_exception_that_is_raised_in_several_trials_does_not_collect_their_names(run_test: RunTest) -> None:
    result = run_test(
        """
        ERRORS = [ValueError("changed"), OSError(2, "noted")]

        @pytest.mark.parametrize("error", ERRORS)
        def test_it(qbchat, subtests, error):
            for trial in qbchat.each_fault("timeout-stored", 503, 429):
                with subtests.test(trial.fault):
                    with trial:
                        retry(7)
                    if trial.fault:
                        raise error

        def test_errors():
            assert [str(error) for error in ERRORS] == ["changed", "[Errno 2] noted"]
            assert [getattr(error, "__notes__", []) for error in ERRORS] == [[], []]
        """
    )
    lines = errors(result)
    for text in ("changed", "noted"):
        named = [line for line in lines if line.endswith(text) and "call 1" in line]
        assert len(named) == 3
        assert all(line.count("call 1 of 1") == 1 for line in named)
    assert result.parseoutcomes()["passed"] == 1


@pytest.mark.all_plugins
def test_a_loop_in_a_coroutine_names_its_trial(run_test: RunTest) -> None:
    result = run_test(
        """
        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.anyio
        async def test_it(qbchat, anyio_backend):
            async with httpx.AsyncClient(headers=TOKEN) as client:
                for trial in qbchat.each_fault("timeout", 503):
                    with trial:
                        (await client.post(URL, json={"recipient_id": 7, "message": "hi"})).raise_for_status()
                    assert len(qbchat.posted) == 1
        """
    )
    result.assert_outcomes(failed=1)
    assert errors(result)[0].startswith("with call 1 of 1, POST /chat/Message.json, lost before storage: assert 0 == 1")


@pytest.mark.parametrize("suite", ["TestCase", "IsolatedAsyncioTestCase"])
def test_a_subtest_of_unittest_names_its_trial(run_test: RunTest, suite: str) -> None:
    result = run_test(
        f"""
        import unittest

        class OrdersTest(unittest.{suite}):
            @pytest.fixture(autouse=True)
            def _fake(self, qbchat):
                self.qbchat = qbchat

            def test_it(self):
                seen = []
                for trial in self.qbchat.each_fault("timeout-stored", "timeout", 503):
                    with self.subTest(trial.fault):
                        with trial:
                            retry(7)
                        seen.append(trial)
                        self.assertEqual(len(self.qbchat.posted), 1)
                self.assertEqual(len(seen), 4)
        """
    )
    if hasattr(pytest, "Subtests"):
        result.assert_outcomes(failed=2, passed=1)  # pytest lets the TestCase itself pass
        refused = "with call 1 of 1, POST /chat/Message.json, answered 503: 0 != 1"
        assert errors(result) == [f"{LOST}: 2 != 1", ALONE, refused, 'run it alone: qbchat.each_fault(only="1:503")']
        result.stdout.fnmatch_lines(["SUBFAILED[[]1:timeout-stored] *", "SUBFAILED[[]1:503] *"])
    else:
        result.assert_outcomes(failed=1)


@subtests
def test_a_pair_runs_although_its_first_fault_alone_fails(run_test: RunTest) -> None:
    result = run_test(
        """
        seen = []

        def test_it(qbchat, subtests):
            for trial in qbchat.each_fault(only="1:503+2:503"):
                with subtests.test(trial.fault):
                    with trial as current:
                        for order in (7, 8):
                            httpx.post(URL, json={"recipient_id": order, "message": "hi"}, headers=TOKEN)
                    seen.append(current.fault)
                    assert trial.fault != "1:503"

        def test_seen():
            assert seen == [None, "1:503", "1:503+2:503"]
        """
    )
    result.assert_outcomes(failed=2, passed=1)


@subtests
def test_a_trial_without_its_fault_has_no_pairs(run_test: RunTest) -> None:
    result = run_test(
        """
        seen = []

        def test_it(qbchat, subtests):
            for trial in qbchat.each_fault(503, pairs=True):
                with subtests.test(trial.fault), trial:
                    seen.append(trial.fault)
                    if trial.fault != "1:503":
                        post(7)
                    httpx.get("https://api.quickblox.com/chat/Dialog.json", headers=TOKEN)

        def test_seen():
            assert seen == [None, "1:503", "2:503"]
        """
    )
    result.assert_outcomes(failed=2, passed=1)
