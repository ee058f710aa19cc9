"""Common mistakes of code and tests, those before and beside the fixture included: each failure says what to do."""

from __future__ import annotations

import pytest

# The test file, and what its report says to do.
MISTAKES = {
    "the fixture is forgotten": (
        "def test_it():\n    send()",
        "take the fixture qbchat in this test, or mark it with @pytest.mark.qbchat(live=True)",
    ),
    "the fixture is forgotten and the error swallowed": (
        "def test_it():\n    swallow(send)",
        "take the fixture qbchat in this test, or mark it with @pytest.mark.qbchat(live=True)",
    ),
    "the module calls while it is imported": (
        "send()\ndef test_it(qbchat):\n    pass",
        "make the call in a test that takes the fixture qbchat",
    ),
    "the call is that of a subprocess": (
        """
import subprocess, sys

def test_it(qbchat):
    subprocess.run([sys.executable, "-c", "pass  # the program under test"], check=True)
    qbchat.assert_posted(message="hi")
""",
        "qbchat_server",
    ),
    "the host is another one": (
        """
def test_it(qbchat):
    swallow(lambda: httpx.post("http://127.0.0.1:9/chat/Message.json", json={}))
    qbchat.assert_posted(message="hi")
""",
        "qbchat_hosts",
    ),
    "a fixture has a wider scope": (
        """
@pytest.fixture(scope="module")
def shop(qbchat):
    return qbchat.add_user()

def test_it(shop):
    pass
""",
        "for a wider scope make a fake of its own: with FakeQuickBlox().intercept() as qbchat: yield qbchat",
    ),
    "the test is a method of a TestCase": (
        """
import unittest

class Test(unittest.TestCase):
    def test_it(self, qbchat):
        send()
""",
        "methods of a TestCase get it from an autouse fixture: def _fake(self, qbchat): self.qbchat = qbchat",
    ),
    "the token has a slip": (
        """
def test_it(qbchat):
    qbchat.add_session(f"{TOKEN}s", qbchat.add_user(full_name="Sam Shop"))
    qbchat.add_dialog(DIALOG, occupants_ids=[qbchat.users[0], 8])
    send()
    qbchat.assert_posted(message="hi")
""",
        "it differs only slightly from the declared token",
    ),
    "the id of the dialog has a slip": (
        """
def test_it(qbchat):
    customer = qbchat.add_user()
    qbchat.add_dialog(DIALOG[:-1] + "8", occupants_ids=[customer, 8])
    send(send_to_chat=1)
    customer.inbox.one()
""",
        "post to the declared dialog 5d75327ba28f9a0f32cb0f98",
    ),
    "the session has expired": (
        "def test_it(qbchat):\n    qbchat.expire_sessions()\n    send()\n    qbchat.assert_posted()",
        "log in, or declare it with qbchat.add_session(token, user)",
    ),
    "a flag is missing": (
        "def test_it(qbchat):\n    send()\n    qbchat.assert_posted(send_to_chat=1)",
        "write send_to_chat=1 in the request",
    ),
    "a flag is misspelt": (
        "def test_it(qbchat):\n    send(sendToChat=1)",
        "write send_to_chat",
    ),
    "the coroutine is not awaited": (
        """
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_it(qbchat):
    async def announce():
        send()
    announce()
    qbchat.assert_posted()
""",
        "await",
    ),
    "the test does not wait for a thread": (
        """
import threading

def test_it(qbchat):
    thread = threading.Timer(0.2, send)
    thread.start()
    try:
        qbchat.assert_posted(message="hi")
    finally:
        thread.join()
""",
        "arrived after the assertion: the test did not wait for it",
    ),
    "the assertion has another name": (
        "def test_it(qbchat):\n    send()\n    qbchat.assert_sent(message='hi')",
        "use .assert_posted(...)",
    ),
    "the field has another name": (
        "def test_it(qbchat):\n    send()\n    qbchat.assert_posted(text='hi')",
        "use message",
    ),
    "the route is misspelt and the error swallowed": (
        "def test_it(qbchat):\n    swallow(httpx.post, URL.replace('Message', 'Mesage'))",
        "the nearest is POST /chat/Message.json",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_common_mistake_fails_and_the_failure_says_what_to_do(run, mistake: str) -> None:
    test, advice = MISTAKES[mistake]
    result = run(test, "-Werror::pytest_qbchat.QuickBloxWarning")
    assert result.ret != 0
    assert advice in result.stdout.str()
