"""What the projects that the tests of the plugin run have in common."""

from __future__ import annotations

import pytest

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

SWALLOWED = {
    "unknown route": 'swallow(httpx.get, "https://api.quickblox.com/data/Order.json")',
    "another library": 'import socket\n    swallow(socket.create_connection, ("api.quickblox.com", 443))',
    "warning as an error": "warnings.simplefilter('error')\n    swallow(lambda: send(sendToChat=1).raise_for_status())",
}

REPORTS = {
    "unknown route": "the fake does not cover custom objects, and has no route GET /data/Order.json",
    "another library": "something tried to reach api.quickblox.com in a way that the fake does not intercept*",
    "warning as an error": "QuickBloxWarning: sendToChat: became a custom field*",
}

MISSED = """
def test_missed(qbchat):
    send("hi", sendToChat=1)
    qbchat.assert_posted(message="ho")

def test_refused(qbchat):
    swallow(httpx.get, "https://api.quickblox.com/data/Order.json")

def test_passed(qbchat):
    send("fine")

def test_without():
    pass
"""

# A parallel run costs seconds: in the short profile one such run shows everything.
PARALLEL = pytest.param(["-n1"], marks=pytest.mark.long)
RUNS = [[], ["--assert=plain"], PARALLEL]
