"""Control requests, by which tests that are not written in Python ask and drive a live server."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from threading import Timer
from typing import Any

import httpx
import pytest
import requests
from support.ways import TLS, TOKEN

from pytest_qbchat import FakeQuickBlox, LiveServer
from pytest_qbchat.service.masking import mask

FAIL = "/_qbchat/fail"


DIALOG = "5d75327ba28f9a0f32cb0f99"


@contextmanager
def later(client: httpx.Client, **fields: Any) -> Iterator[None]:
    """Post a message a moment after the block has begun."""
    timer = Timer(0.1, post, [client], fields)
    timer.start()
    yield
    timer.join()


def post(client: httpx.Client, **fields: Any) -> None:
    body = {"recipient_id": 7, "message": "hi", "send_to_chat": 1, **fields}
    assert client.post("/chat/Message.json", json=body).status_code == 201


def ask(client: httpx.Client, name: str, **fields: Any) -> httpx.Response:
    return client.post(f"/_qbchat/{name}", json=fields)


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
        (b"what=503", "expected a JSON object"),
        (b"[]", "expected a JSON object"),
        (b"{}", "expected a JSON object with what"),
        (b"\xff", "expected a JSON object"),
        (b"[" * 200_000, "expected a JSON object"),
        (b'{"what": 503, "path": "/\\ud800"}', "expected a JSON object"),
        (b'{"what": "time-out"}', "unknown fault 'time-out'; expected a status, or one of 'timeout', 'disconnect'"),
        (b'{"what": true}', "unknown fault True; expected a status"),
        (b'{"what": 503, "time": 2}', "fail() has no argument 'time'; use times"),
        (b'{"what": 503, "zzz": 2}', "fail() has no argument 'zzz'; use one of what, times, method, path, stored"),
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


# --- what was sent ---


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
def test_the_state_says_what_was_sent_and_to_whom(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    shop, customer = qbchat.add_user(7), qbchat.add_user(8)
    qbchat.add_session(TOKEN, shop)
    qbchat.add_dialog(DIALOG, occupants_ids=[shop, customer])
    qbchat.add_message(DIALOG, customer, "before")
    for flags in ({"send_to_chat": 1, "markable": 1}, {"send_to_chat": True}, {"sendToChat": 1}):
        post(client, **{"chat_dialog_id": DIALOG, "send_to_chat": None, **flags})
    customer.read()
    client.get("/data/Order.json")
    qbchat.expire_sessions()
    client.get("/users.json")
    state = client.get("/_qbchat/state").json()
    seen = ("send_to_chat", "markable", "sent_to_chat", "delivered_to", "read_by", "posted")
    assert [tuple(message[name] for name in seen) for message in state["messages"]] == [
        (None, None, False, [], [], False),
        (1, 1, True, [8], [8], True),
        (True, None, False, [], [], True),
        (None, None, False, [], [], True),
    ]
    assert [message["warnings"][:1] for message in state["messages"][2:]] == [
        [qbchat.calls[1].warnings[0]],
        [qbchat.calls[2].warnings[0]],
    ]
    assert state["calls"][0] == {"method": "POST", "path": "/chat/Message.json", "status": 201, "reason": ""}
    assert [call["status"] for call in state["calls"]] == [201, 201, 201, None, 401]
    assert state["calls"][-1]["reason"].endswith("was ended by POST /_qbchat/expire_sessions")
    qbchat._backend.problems.drain()


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
def test_the_state_stays_json_whatever_is_masked(client: httpx.Client) -> None:
    post(client, tokens=["made-up", {"password": 7, "active": True}], password=None, order={"key": "made-up"})
    [message] = client.get("/_qbchat/messages").json()
    assert message["tokens"] == [mask("made-up"), {"password": mask("7"), "active": True}]
    assert message["order"] == {"key": "made-up"}


def test_an_assertion_passes_with_the_message(client: httpx.Client) -> None:
    post(client, order=7)
    reply = ask(client, "assert_posted", message="hi", order=7)
    assert reply.status_code == 200
    assert (reply.json()["message"], reply.json()["order"], reply.json()["delivered_to"]) == ("hi", 7, [7])
    post(client)
    assert ask(client, "assert_posted", times=2).status_code == 200
    assert ask(client, "assert_posted", at_least=1).status_code == 200
    assert ask(client, "assert_not_posted", message="ho").status_code == 204


def test_an_assertion_on_pushes_passes_with_the_push(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    customer = qbchat.add_user(full_name="Zoë O'Neill")
    refused = ask(client, "assert_pushed", to=customer.id)
    assert (refused.status_code, refused.json()["message"].partition(":")[0]) == (
        409,
        f"no push with to={customer.id} was sent",
    )
    customer.subscribe()
    text = "It's on its way & due at 5"
    event = {"notification_type": "push", "environment": "production", "user": {"ids": [customer.id]}}
    event["message"] = base64.b64encode(text.encode()).decode()
    assert client.post("/events.json", json={"event": event}, headers={"QB-Token": TOKEN}).status_code == 201
    push = ask(client, "assert_pushed", to=customer.id, message=text).json()
    assert (push["to"], push["message"], push["environment"]) == ([customer.id], text, "production")


def test_a_failing_assertion_names_requests_in_place_of_calls_in_python(client: httpx.Client) -> None:
    assert ask(client, "expire_sessions").status_code == 204
    client.post("/chat/Message.json", json={"recipient_id": 7, "message": "hi"})
    text = ask(client, "assert_posted").json()["message"]
    assert "POST /_qbchat/expire_sessions" in text
    assert "qbchat." not in text


def test_a_failing_assertion_is_the_text_of_the_one_in_python(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    assert ask(client, "assert_nothing_posted").status_code == 204
    post(client, message=f"my token is {TOKEN}")
    for name, fields in (
        ("assert_posted", {"message": "my token"}),
        ("assert_posted", {"times": 2}),
        ("assert_not_posted", {"send_to_chat": 1}),
        ("assert_nothing_posted", {}),
    ):
        with pytest.raises(AssertionError) as failure:
            getattr(qbchat, name)(**fields)
        reply = ask(client, name, **fields)
        assert (reply.status_code, reply.json()) == (409, {"message": str(failure.value)})
        text = client.post(f"/_qbchat/{name}", json=fields, headers={"Accept": "text/plain"})
        assert (text.status_code, text.text) == (409, str(failure.value))
        assert text.headers["content-type"] == "text/plain; charset=utf-8"
        assert TOKEN not in text.text


@pytest.mark.parametrize(
    ("name", "body", "text"),
    [
        ("assert_posted", {"sendToChat": 1}, "a message has no field 'sendToChat'; use send_to_chat"),
        ("assert_posted", {"times": 0}, "invalid times=0; expected 1 or greater"),
        ("assert_posted", {"within": "5"}, "invalid within='5'; expected a number of seconds"),
        ("assert_not_posted", {}, "assert_not_posted() needs a field"),
        ("assert_nothing_posted", [], "expected a JSON object"),
        ("advance", {"hour": 2}, "unknown unit 'hour'; expected hours"),
        ("advance", {"hours": 1e300}, "Python int too large"),
        ("advance", {"hours": -1}, "advance() cannot set the clock back"),
        ("assume", {"need_user": 1}, "unknown assumption 'need_user'; expected need_user_status"),
        ("add", {"user": []}, "unknown key 'user'; expected users"),
        ("add", {"users": [{"id": -1}]}, "users[0]: invalid id -1; expected a number of 1 or greater"),
        ("reset", {}, "unknown request POST /_qbchat/reset; control requests below /_qbchat/: GET health"),
    ],
)
def test_a_mistake_in_a_request_is_named(client: httpx.Client, name: str, body: Any, text: str) -> None:
    reply = client.post(f"/_qbchat/{name}", json=body)
    assert reply.status_code == (404 if name == "reset" else 400)
    assert reply.json()["message"].startswith(text)


def test_a_message_is_waited_for(client: httpx.Client) -> None:
    with later(client):
        assert ask(client, "assert_posted", message="hi", within=30).json()["message"] == "hi"
    with later(client, message="ho"):
        assert client.get("/_qbchat/messages?message=ho&wait=30").json()[0]["message"] == "ho"
    with later(client, message="too late"):
        reply = ask(client, "assert_not_posted", message="too late", within=30)
        assert reply.json()["message"].startswith("1 message with message='too late' was posted, expected none")


def test_an_assertion_waits_for_a_message_that_does_not_come(client: httpx.Client) -> None:
    reply = ask(client, "assert_posted", message="hi", within=0.01)
    assert reply.json()["message"].endswith("\n  waited 0.01 s")
    assert ask(client, "assert_nothing_posted", within=0.01).status_code == 204
    assert client.get("/_qbchat/messages?wait=0.01").json() == []


def test_messages_are_listed_by_their_fields_as_text(client: httpx.Client) -> None:
    post(client, order=7)
    post(client, message="ho", send_to_chat=0)

    def listed(query: str) -> list[str]:
        return [message["message"] for message in client.get(f"/_qbchat/messages?{query}").json()]

    queries = ["", "order=7", "send_to_chat=0", "sent_to_chat=true", "markable=null&posted=true", "message=h"]
    assert [listed(query) for query in queries] == [["hi", "ho"], ["hi"], ["ho"], ["hi"], ["hi", "ho"], []]
    reply = client.get("/_qbchat/messages?sendToChat=1")
    assert (reply.status_code, reply.json()["message"]) == (
        400,
        "a message has no field 'sendToChat'; use send_to_chat",
    )
    assert client.get("/_qbchat/messages?wait=soon").status_code == 400


# --- what is driven ---


def test_the_state_is_changed_by_control_requests(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    users = [{"id": 7, "password": "made-up-password"}, {"id": 8}]
    dialog = {"_id": DIALOG, "occupants_ids": [7, 8]}
    message = {"chat_dialog_id": DIALOG, "sender_id": 8, "message": "Hello"}
    added = ask(
        client, "add", users=users, sessions=[{"token": TOKEN, "user_id": 7}], dialogs=[dialog], messages=[message]
    )
    assert added.status_code == 200
    assert (added.json()["messages"][0]["message"], added.json()["users"][1]["id"]) == ("Hello", 8)
    assert TOKEN not in added.text
    assert client.get("/users.json").status_code == 200
    assert ask(client, "advance", hours=1, seconds=0.5).status_code == 204
    assert client.get("/users.json").status_code == 200
    assert ask(client, "expire_sessions").status_code == 204
    assert client.get("/users.json").status_code == 401
    assert ask(client, "assume", need_user_status=403).status_code == 204
    assert qbchat.messages.one().sender_id == 8


def test_the_health_and_the_document_of_a_server_can_be_read(client: httpx.Client) -> None:
    assert client.get("/_qbchat/health").json() == {"status": "ok", "version": version("pytest-qbchat")}
    assert "/chat/Message.json" in client.get("/_qbchat/openapi.json").json()["paths"]
