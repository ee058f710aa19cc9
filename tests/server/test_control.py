"""`POST /_qbchat/fail`: faults for clients of the live server that are not written in Python."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
import requests
from support.ways import TLS, TOKEN

from pytest_qbchat import FakeQuickBlox, LiveServer

FAIL = "/_qbchat/fail"


@pytest.fixture
def client(qbchat: FakeQuickBlox, qbchat_server: LiveServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=qbchat_server.url, headers={"QB-Token": TOKEN}, verify=TLS) as client:
        yield client


def test_a_fault_is_injected_and_is_no_call(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    fault = {"what": "disconnect", "stored": True, "times": 1, "method": "POST", "path": "/chat/Message.json"}
    reply = client.post(FAIL, json=fault)
    assert (reply.status_code, reply.content) == (204, b"")
    assert qbchat.calls == []
    assert client.get("/chat/Dialog.json").status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/chat/Message.json", json={"recipient_id": 7, "message": "hi"})
    assert qbchat.posted.one() == {"message": "hi"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", 'expected a JSON object with what, such as {"what": "timeout", "stored": true}'),
        (b"what=503", "expected a JSON object with what"),
        (b"[]", "expected a JSON object with what"),
        (b"{}", "expected a JSON object with what"),
        (b"\xff", "expected a JSON object with what"),
        (b"[" * 200_000, "expected a JSON object with what"),
        (b'{"what": 503, "path": "/\\ud800"}', "the fake has no route for /?"),
        (b'{"what": "time-out"}', "unknown fault 'time-out'; expected a status, or one of 'timeout', 'disconnect'"),
        (b'{"what": true}', "unknown fault True; expected a status"),
        (b'{"what": 503, "time": 2}', "unknown member 'time'; expected times"),
        (b'{"what": 503, "zzz": 2}', "unknown member 'zzz'; expected one of what, times, method, path, stored"),
        (b'{"what": 503, "times": 0}', "invalid times=0; expected 1 or greater"),
        (b'{"what": 503, "path": 7}', 'invalid path 7; omit it, or see {"what": "timeout", "stored": true}'),
        (b'{"what": 503, "stored": null}', "invalid stored null; omit it"),
        (b'{"what": 503, "method": "post"}', "unknown method 'post'; expected 'POST'"),
        (b'{"what": 503, "path": "/chat/Mesage.json"}', "the fake has no route for /chat/Mesage.json; use"),
    ],
)
def test_a_wrong_request_gets_400_with_what_to_write(
    qbchat: FakeQuickBlox, client: httpx.Client, body: bytes, text: str
) -> None:
    reply = client.post(FAIL, content=body)
    assert reply.status_code == 400
    assert reply.json()["message"].startswith(text)
    assert qbchat.transcript() == "nothing was posted"


def test_a_page_of_another_origin_cannot_inject_a_fault(client: httpx.Client) -> None:
    reply = client.post(FAIL, json={"what": 503}, headers={"Origin": "https://shop.example"})
    assert reply.status_code == 403
    assert client.get("/chat/Dialog.json").status_code == 200


@pytest.mark.parametrize("library", [httpx, requests])
def test_quickblox_itself_has_no_such_request(qbchat: FakeQuickBlox, library: object) -> None:
    with qbchat.expect_refused("POST", FAIL):
        library.post(f"https://api.quickblox.com{FAIL}", json={"what": 503})  # type: ignore[attr-defined]


def test_each_fault_reaches_another_process(qbchat: FakeQuickBlox, qbchat_server: LiveServer) -> None:
    url = f"{qbchat_server.url}/chat/Message.json"
    code = f"import urllib.request as r; r.urlopen(r.Request({url!r}, b'recipient_id=7', {{'QB-Token': {TOKEN!r}}}))"
    statuses = []
    for trial in qbchat.each_fault("disconnect-stored", 503):
        with trial:
            statuses.append(
                subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL, check=False).returncode
            )
        assert len(qbchat.posted) == (0 if trial.fault == "1:503" else 1)
    assert statuses == [0, 1, 1]
