"""The guard of the suite, `qbchat_guard`: calls of tests without the fixture, and of code outside of the tests."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import requests
from support.runs import PARALLEL

from pytest_qbchat import CallRefused, plugin
from pytest_qbchat.explain import call_site

OUTSIDE = "code outside of the tests called POST https://api.quickblox.com/chat/Message.json without the qbchat fixture"


def test_the_suite_guard_refuses_a_call_of_a_test_without_the_fixture_by_name(run) -> None:
    result = run("def test_it():\n    send()\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E * this test called POST https://api.quickblox.com/chat/Message.json without the qbchat fixture",
            "E * take the fixture qbchat in this test, or mark it with @pytest.mark.qbchat(live=True) if it *",
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
        qbchat_hosts="chat.shop.example",
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "E * this test called smtp.quickblox.com without the qbchat fixture",
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
            pass

    asyncio.run(post())

def test_shared(shared):
    assert send().status_code == 201
""",
    ).assert_outcomes(passed=6, failed=1)


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
    )
    result.stdout.fnmatch_lines(["*1 passed*"])
    result.stderr.fnmatch_lines([f"Exit: {OUTSIDE}", "  called at *send.py:*"])
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
    )
    result.stderr.fnmatch_lines([f"Exit: {OUTSIDE}"])
    assert result.ret == pytest.ExitCode.INTERRUPTED


@pytest.mark.parametrize("call", ["send()", "swallow(send)"])
def test_the_suite_guard_fails_the_collection_of_a_module_that_calls_when_it_is_imported(run, call: str) -> None:
    result = run(f"{call}\n\ndef test_it():\n    pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ERROR collecting*", f"*{OUTSIDE}"])


@pytest.mark.parametrize("args", [[], PARALLEL], ids=" ".join)
def test_a_call_between_two_tests_fails_the_second_with_its_origin(
    run, pytester: pytest.Pytester, args: list[str]
) -> None:
    pytester.makeconftest("from send import *\n\ndef pytest_runtest_logfinish():\n    swallow(send)\n")
    result = run("def test_one():\n    pass\n\ndef test_two():\n    pass\n", *args)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at setup of test_two*", "*without the qbchat fixture", "  called at *"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_call_by_a_thread_of_an_earlier_test_fails_the_run_and_no_test(run) -> None:
    result = run(
        """
import threading

go, gone = threading.Event(), threading.Event()

def test_starts_a_thread(qbchat):
    def announce():
        go.wait(10)
        swallow(send)
        gone.set()
    threading.Thread(target=announce).start()

def test_without_the_fixture():
    go.set()
    assert gone.wait(10)
"""
    )
    result.assert_outcomes(passed=2)
    origin = "a thread that began in *.py::test_starts_a_thread"
    result.stderr.fnmatch_lines(
        [f"Exit: {origin} called POST https://*/chat/Message.json", "  let that test wait for its thread"]
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_the_conversation_names_the_earlier_test_of_a_thread(run) -> None:
    result = run(
        """
import threading

go, gone = threading.Event(), threading.Event()

def announce():
    go.wait(10)
    send()
    gone.set()

@pytest.fixture
def announcer():
    threading.Thread(target=announce).start()

def test_starts_a_thread(qbchat):
    threading.Thread(target=announce).start()

def test_has_its_own_thread(qbchat, announcer):
    send()
    go.set()
    assert gone.wait(10)
    qbchat.assert_nothing_posted()
"""
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["POST /chat/Message.json came from a thread that began in *::test_starts_a_thread"])


def test_the_suite_guard_masks_the_token_of_the_refused_call(run) -> None:
    result = run(
        """
def test_it():
    httpx.get("https://api.quickblox.com/session.json?token=made-up-token-of-another-shop")
""",
        "--tb=line",
    )
    result.stdout.fnmatch_lines(
        ["*this test called GET https://api.quickblox.com/session.json?token=made?#* without *"]
    )
    result.stdout.no_fnmatch_line("*made-up-token*")


def test_the_suite_guard_reports_a_malformed_host(run) -> None:
    result = run("def test_it():\n    pass\n", qbchat_hosts="*.shop.example")
    result.stderr.fnmatch_lines(["*qbchat_hosts: invalid host or base URL '?.shop.example'*"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_a_test_marked_as_live_reaches_the_network(run) -> None:
    result = run(
        """
import sys

@pytest.mark.qbchat(live=True)
def test_live():
    sys.audit("socket.gethostbyname", "api.quickblox.com")

def test_not_live():
    with pytest.raises(pytest_qbchat.CallRefused):
        sys.audit("socket.gethostbyname", "api.quickblox.com")

@pytest.mark.qbchat(live=True)
class TestNearestMarker:
    @pytest.mark.qbchat(live=False)
    def test_not_live(self):
        test_not_live()

    @pytest.mark.qbchat(live=None)
    def test_live(self):
        test_live()
"""
    )
    result.assert_outcomes(passed=4)


@pytest.mark.parametrize("ini", ["false", "true"])
def test_the_guard_can_be_switched_off(run, ini: str) -> None:
    result = run(
        """
import sys

def test_it():
    try:
        sys.audit("socket.gethostbyname", "api.quickblox.com")
        refused = False
    except pytest_qbchat.CallRefused:
        refused = True
    assert not refused
""",
        qbchat_guard=ini,
    )
    result.assert_outcomes(**({"failed": 1} if ini == "true" else {"passed": 1}))


@pytest.mark.parametrize("marker", ["strict=True", "hosts=['chat.shop.example']"])
def test_a_marker_on_a_test_without_a_fixture_of_the_plugin_is_an_error(run, marker: str) -> None:
    result = run(
        f"""
@pytest.mark.qbchat({marker})
def test_it():
    pass

class TestAll:
    pytestmark = pytest.mark.qbchat({marker})

    def test_without(self):
        pass
"""
    )
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["@pytest.mark.qbchat has no effect: *; add the argument qbchat, or remove the marker"])


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        (
            "urllib.request.urlopen('https://api.quickblox.com/session.json')",
            "GET https://api.quickblox.com/session.json",
        ),
        (
            "requests.Session().get('https://api.quickblox.com/a?token=made-up-token-7')",
            "GET *quickblox.com/a[?]token=made?#*",
        ),
        (
            "httpx.Client(base_url='https://api.quickblox.com').delete('/session.json')",
            "DELETE *quickblox.com/session.json",
        ),
        ("http.client.HTTPSConnection('api.quickblox.com').request('GET', '/session.json')", "api.quickblox.com"),
        ("socket.create_connection(('api.quickblox.com', 443))", "api.quickblox.com"),
    ],
    ids=["urllib", "requests", "httpx", "http.client", "socket"],
)
def test_the_suite_guard_shows_the_call_as_far_as_the_client_knows_it(run, call: str, shown: str) -> None:
    result = run(f"import http.client, requests, socket, urllib.request\n\ndef test_it():\n    {call}\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E * this test called {shown} without the qbchat fixture"])


# --- called by hand: coverage does not see an audit hook ---


def test_the_hook_refuses_an_address_of_quickblox_alone() -> None:
    plugin._audit("open", ("api.quickblox.com",))
    plugin._audit("socket.gethostbyname", ("shop.example",))
    for _ in range(2):
        with pytest.raises(CallRefused, match=r"this test called api\.quickblox\.com without the qbchat fixture"):
            plugin._audit("socket.gethostbyname", ("api.quickblox.com",))


def test_the_hook_lets_every_call_through_without_the_guard(run) -> None:
    call = "plugin._audit('socket.gethostbyname', ('api.quickblox.com',))"
    test = f"from pytest_qbchat import plugin\n\ndef test_it():\n    {call}\n"
    run(test, qbchat_guard="false").assert_outcomes(passed=1)


@pytest.mark.qbchat(live=True)
def test_the_hook_lets_a_live_test_through() -> None:
    plugin._audit("socket.gethostbyname", ("api.quickblox.com",))


def test_the_guard_says_what_to_do_outside_of_the_tests(pytestconfig: pytest.Config) -> None:
    guard = plugin._guard_of(pytestconfig)
    remedy = r"\n  make the call in a test that takes the fixture qbchat$"
    with pytest.raises(CallRefused, match=rf"^code outside of the tests called api\.quickblox\.com .*{remedy}"):
        guard.check("socket.gethostbyname", ("api.quickblox.com",), None)


def test_the_hook_names_the_earlier_test_of_a_thread(pytestconfig: pytest.Config) -> None:
    class Loud(threading.Thread):
        def run(self) -> None:
            again.wait(10)
            with pytest.raises(CallRefused, match=r"^a thread that began in tests/test_a.py::test_it called api\."):
                plugin._audit("socket.gethostbyname", ("api.quickblox.com",))
            refused.set()

    again, refused = threading.Event(), threading.Event()
    thread = Loud()
    call_site.note_threads("")
    thread.start()
    call_site.note_threads("tests/test_a.py::test_it")
    again.set()
    thread.join()
    assert refused.is_set()
    assert len(pytestconfig.stash[plugin._GUARD]._late.drain()) == 1


def test_the_hook_leaves_an_active_fake_to_its_own(qbchat: object) -> None:
    plugin._audit("socket.gethostbyname", ("api.quickblox.com",))


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        (lambda: urllib.request.urlopen("https://api.quickblox.com/session.json"), "GET https://api.quickblox.com/s"),
        (lambda: requests.get("https://api.quickblox.com/a", timeout=5), "GET https://api.quickblox.com/a"),
        (lambda: httpx.get("https://api.quickblox.com/a", verify=False), "GET https://api.quickblox.com/a"),
        (lambda: socket.create_connection(("api.quickblox.com", 443)), "api.quickblox.com"),
    ],
)
def test_the_refusal_shows_what_the_client_on_the_stack_knows(
    monkeypatch: pytest.MonkeyPatch, call: Callable[[], Any], shown: str
) -> None:
    def look_up(host: object, port: object, *args: object, **kwargs: object) -> None:
        plugin.check_address("socket.getaddrinfo", (host, port))

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(CallRefused, match=f"this test called {shown}"):
        call()


def test_a_refusal_that_was_swallowed_leaves_an_expected_failure_as_it_is(run) -> None:
    result = run("@pytest.mark.xfail\ndef test_it():\n    swallow(send)\n    assert False\n")
    result.assert_outcomes(xfailed=1)


def test_a_failure_that_names_quickblox_says_how_to_get_the_fake_if_the_guard_is_off(run) -> None:
    test = """
def fail(): raise OSError("cannot resolve api.quickblox.com")
def test_forgotten(): fail()
@pytest.mark.qbchat(live=True)
def test_live(): fail()
def test_other(): assert 1 == 2
def test_skipped(): pytest.skip("api.quickblox.com")
def test_with(qbchat): fail()
"""
    advice = "the failure names a host of QuickBlox, and qbchat_guard is false; take the fixture qbchat in this test"
    off = run(test, qbchat_guard="false")
    off.assert_outcomes(failed=4, skipped=1)
    assert off.stdout.str().count(advice) == 1
    on = run(test, qbchat_guard="true")
    on.assert_outcomes(failed=4, skipped=1)
    assert advice not in on.stdout.str()


def test_a_fixture_of_a_wider_scope_is_told_how_to_make_a_fake(run) -> None:
    result = run(
        """
@pytest.fixture(scope="session")
def shop(qbchat): pass
@pytest.fixture(scope="session")
def other(tmp_path): pass
def test_shop(shop): pass
def test_other(other): pass
"""
    )
    result.assert_outcomes(errors=2)
    advice = "for a wider scope make a fake of its own: with FakeQuickBlox().intercept() as qbchat: yield qbchat"
    assert result.stdout.str().count(advice) == 1
