"""`qbchat.fail`: what QuickBlox and the network do on a bad day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from support.ways import DIALOG, TLS, TOKEN, World

from pytest_qbchat import FakeQuickBlox, QuickBloxWarning
from pytest_qbchat.service.masking import mask

API = "https://api.quickblox.com"
AUTHOR = {"QB-Token": TOKEN}
BODY = {"chat_dialog_id": DIALOG, "message": "hi"}


@pytest.fixture
def client(qbchat: FakeQuickBlox) -> Iterator[httpx.Client]:
    """One client, for what does not depend on the way into the fake."""
    with httpx.Client(verify=TLS, base_url=API, headers=AUTHOR) as client:
        yield client


def post(client: httpx.Client, **fields: Any) -> httpx.Response:
    return client.post("/chat/Message.json", json=BODY | fields)


# --- statuses ---


@pytest.mark.parametrize(
    ("status", "body", "line"),
    [
        (400, {"code": None, "message": "Bad request"}, "400 Bad Request"),
        (401, {"errors": {"base": ["Required session does not exist"]}}, "401 Unauthorized"),
        (
            403,
            {"errors": ["You don't have appropriate permissions to perform this operation"]},
            "403 Forbidden",
        ),
        (404, {"errors": ["The resource wasn't found"]}, "404 Not Found"),
        (422, {"errors": {"base": ["Unprocessable entity"]}}, "422 Unprocessable Entity"),
        (429, {"errors": ["Too Many Requests"]}, "429 Too Many Requests"),
        (500, {"status": "500", "error": "Internal Server Error"}, "500 Internal Server Error"),
        (502, {"errors": ["Bad Gateway"]}, "502 Bad Gateway"),
        (503, {"errors": ["Service Unavailable"]}, "503 Service Unavailable"),
        (504, {"errors": ["Gateway Timeout"]}, "504 Gateway Timeout"),
        (507, {"errors": ["Insufficient Storage"]}, "507 Insufficient Storage"),
    ],
)
def test_a_status_comes_in_quickbloxs_words(
    qbchat: FakeQuickBlox, client: httpx.Client, status: int, body: Any, line: str
) -> None:
    qbchat.fail(status)
    response = post(client)
    assert (response.status_code, response.json(), response.headers["Status"]) == (status, body, line)
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Retry-After" not in response.headers
    qbchat.assert_nothing_posted()


def test_a_fault_is_in_the_transcript(world: World) -> None:
    world.fake.fail("timeout", stored=True)
    world.fake.fail(503)
    with pytest.raises(world.way.timeout):
        world.post(BODY)
    world.post(BODY)
    assert world.fake.transcript().splitlines()[-2:] == [
        "POST /chat/Message.json failed: qbchat.fail('timeout'), stored",
        "POST /chat/Message.json failed: qbchat.fail(503), not stored",
    ]
    assert [repr(call) for call in world.fake.calls] == [
        "<Call POST /chat/Message.json: timeout>",
        "<Call POST /chat/Message.json: 503>",
    ]


def test_a_message_that_is_missed_is_explained_by_the_fault(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.fail(429, times=2)
    post(client)
    post(client)
    with pytest.raises(AssertionError, match=r"POST /chat/Message.json failed: qbchat.fail\(429\), not stored"):
        qbchat.assert_posted(message="hi")


# --- what an answer looks like ---


@pytest.mark.parametrize("length", range(40))
def test_an_answer_is_cut_between_characters(qbchat: FakeQuickBlox, client: httpx.Client, length: int) -> None:
    qbchat.fail("malformed")
    content = post(client, message="👋" * 40 + "x" * length).content
    assert content.decode().startswith('{"_id":')  # UnicodeDecodeError is no JSONDecodeError, and may go uncaught


def test_an_empty_answer_is_malformed_too(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.fail("malformed", path="/session.json", method="DELETE")
    response = client.delete("/session.json")
    assert (response.status_code, response.text) == (200, "{")


def test_a_broken_answer_keeps_its_headers(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    photo = bytes(reversed(range(256)))
    blob = qbchat.add_blob(photo, name="bumper.jpg", content_type="image/jpeg", public=True)
    qbchat.fail("malformed", path="/qbprod/{uid}")
    response = client.get(f"/blobs/{blob.uid}", follow_redirects=True)
    assert (response.headers["Content-Type"], response.content) == ("image/jpeg", photo[:128])


def test_a_refusal_can_be_malformed(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.add_session(TOKEN, None)
    qbchat.fail("malformed")
    response = post(client)
    assert response.status_code == 422
    assert response.text == '{"errors":{"base":["Fo'
    assert qbchat.calls.one().reason == (
        f"qbchat.fail('malformed'), request refused: the token {mask(TOKEN)} belongs to an "
        "application session; log in a user"
    )


@pytest.mark.parametrize("status", [429, 503])
def test_only_429_has_a_retry_after_header(qbchat: FakeQuickBlox, client: httpx.Client, status: int) -> None:
    qbchat.assume(retry_after=30)
    qbchat.fail(status)
    assert post(client).headers.get("Retry-After") == ("30" if status == 429 else None)


def test_a_status_may_hide_that_the_message_was_stored(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.fail(504, stored=True)
    assert post(client).status_code == 504
    assert qbchat.posted.one().call.fault == "504"
    assert qbchat.calls.one().reason == "qbchat.fail(504), stored"


def test_a_mistake_is_warned_of_if_the_message_was_stored(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.fail(504, stored=True)
    with pytest.warns(QuickBloxWarning, match="sendToChat"):
        post(client, sendToChat=1)
    qbchat.fail(504)
    post(client, sendToChat=1)
    assert [bool(call.warnings) for call in qbchat.calls] == [True, False]


# --- which calls ---


def test_several_faults_apply_in_the_order_of_injection(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.fail(429, times=2)
    qbchat.fail("empty")
    qbchat.fail(503)
    assert [post(client).status_code for _ in range(5)] == [429, 429, 201, 503, 201]
    assert [call.fault for call in qbchat.calls] == ["429", "429", "empty", "503", ""]


def test_a_fault_for_another_route_does_not_delay_one_that_fits(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.fail(503, path="/blobs")
    qbchat.fail(429)
    assert post(client).status_code == 429
    assert [client.get("/blobs.json").status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("path", ["/chat/Message.json", "/chat/Message"])
def test_a_fault_for_one_route_leaves_the_others_alone(qbchat: FakeQuickBlox, client: httpx.Client, path: str) -> None:
    qbchat.fail(503, method="POST", path=path)
    others = [
        client.get("/chat/Message.json", params={"chat_dialog_id": DIALOG}),
        client.get("/chat/Message/unread.json"),
        client.get("/chat/Dialog.json"),
    ]
    assert [response.status_code for response in others] == [200] * 3
    assert client.post("/chat/Message", json=BODY).status_code == 503
    assert post(client).status_code == 201


@pytest.mark.parametrize("path", ["/chat/Dialog/{id}", "/chat/Dialog/{ids}", "/chat/Dialog/{dialog_id}.json"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_fault_is_for_all_ids_of_a_route_whatever_they_are_called(
    qbchat: FakeQuickBlox, client: httpx.Client, path: str, method: str
) -> None:
    dialogs = [qbchat.add_dialog(occupants_ids=[10]) for _ in range(2)]
    qbchat.add_session(TOKEN, 10)
    qbchat.fail(503, path=path, times=2)
    assert client.get(f"/chat/Dialog/{dialogs[0].id}/notifications.json").status_code == 200
    urls = [f"/chat/Dialog/{dialog.id}.json" for dialog in (*dialogs, dialogs[0])]
    assert [client.request(method, url).status_code for url in urls] == [503, 503, 200]


def test_a_fault_may_be_for_one_id(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.add_session(TOKEN, 10)
    well, ill = (qbchat.add_dialog(occupants_ids=[10]) for _ in range(2))
    qbchat.fail(500, path=f"/chat/Dialog/{ill.id}.json")
    assert client.get(f"/chat/Dialog/{well.id}.json").status_code == 200
    assert client.get(f"/chat/Dialog/{ill.id}").status_code == 500


def test_a_fault_may_be_for_one_method(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.fail(500, method="GET", times=2)
    assert post(client).status_code == 201
    assert client.get("/chat/Dialog.json").status_code == 500
    assert client.get("/session.json").status_code == 500


def test_an_upload_can_fail(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    body = {"blob": {"name": "a", "content_type": "text/plain"}}
    address = client.post("/blobs.json", json=body).json()["blob"]["blob_object_access"]["params"]
    qbchat.fail(503, path="/blobs/{id}/upload")
    form: dict[str, Any] = {"data": dict(parse_qsl(urlsplit(address).query)), "files": {"file": b"hello"}}
    assert [client.post(address, **form).status_code for _ in range(2)] == [503, 201]
    assert qbchat.blobs.one().content == b"hello"


def test_a_fault_does_not_apply_to_another_host(qbchat: FakeQuickBlox) -> None:
    qbchat.fail("timeout", optional=True)
    transport = httpx.MockTransport(lambda _: httpx.Response(204))
    with httpx.Client(transport=transport) as client:
        assert client.get("https://elsewhere.example/").status_code == 204
    assert len(qbchat.calls) == 0


# --- what a test says of the code that had to live with it ---


def retrying(client: httpx.Client, *texts: str) -> None:
    """Post each text until it is accepted, as a careless client does."""
    for text in texts:
        for _ in range(3):
            try:
                if post(client, message=text).is_success:
                    break
            except httpx.TransportError:
                continue


def test_a_retry_posts_exactly_once(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.fail(503, times=2)
    retrying(client, "Order #7 has shipped")
    qbchat.assert_posted(message="Order #7 has shipped", times=1)
    assert [call.status for call in qbchat.calls] == [503, 503, 201]


def test_a_lost_answer_makes_a_careless_retry_post_twice(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.fail("timeout", stored=True)
    retrying(client, "Order #7 has shipped")
    qbchat.assert_posted(message="Order #7 has shipped", times=2)
    with pytest.raises(AssertionError, match="2 messages with message='Order #7 has shipped' were posted, expected 1"):
        qbchat.assert_posted(message="Order #7 has shipped", times=1)


def test_giving_up_posts_nothing(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.fail("disconnect", times=3)
    retrying(client, "Order #7 has shipped")
    qbchat.assert_nothing_posted()
    assert [call.fault for call in qbchat.calls] == ["disconnect"] * 3


def test_the_retry_decides_the_order_of_the_messages(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.fail(503, times=3)
    retrying(client, "packed", "shipped")
    retrying(client, "packed")
    assert [message.message for message in qbchat.posted] == ["shipped", "packed"]


# --- what is no fault ---


@pytest.mark.parametrize(
    ("kwargs", "error", "text"),
    [
        ({"what": 200}, ValueError, "unknown error status 200; expected an HTTP status from 400 to 599"),
        ({"what": 399}, ValueError, "unknown error status 399"),
        ({"what": 499}, ValueError, "unknown error status 499"),
        ({"what": 600}, ValueError, "unknown error status 600"),
        (
            {"what": "time-out"},
            ValueError,
            "unknown fault 'time-out'; expected a status, or one of 'timeout', 'disconnect'",
        ),
        ({"what": "503"}, ValueError, "unknown fault '503'; expected 503$"),
        (
            {"what": "connect", "stored": True},
            ValueError,
            r"fail\('connect'\) makes no connection, so the",
        ),
        (
            {"what": True},
            TypeError,
            "unknown fault True; expected a status, or one of 'timeout', 'disconnect', 'connect', 'malformed'",
        ),
        ({"what": None}, TypeError, "unknown fault None"),
        ({"what": 5.5}, TypeError, "unknown fault 5.5"),
        ({"what": 503, "times": 0}, ValueError, "invalid times=0; expected 1 or greater"),
        ({"what": 503, "times": True}, ValueError, "invalid times=True"),
        ({"what": 503, "times": "2"}, ValueError, "invalid times='2'"),
        (
            {"what": "empty", "stored": False},
            ValueError,
            r"fail\('empty'\) breaks the response of a request that took effect; omit stored",
        ),
        (
            {"what": 503, "method": "post"},
            ValueError,
            "unknown method 'post'; expected 'POST'",
        ),
        (
            {"what": 503, "path": "/chat/Mesage.json"},
            ValueError,
            "the fake has no route for /chat/Mesage.json; use '/chat/Message'",
        ),
        (
            {"what": 503, "method": "PUT", "path": "/account_settings"},
            ValueError,
            "the fake has no route PUT /account_settings$",
        ),
        ({"what": 503, "path": "/data/Customer.json"}, ValueError, "the fake has no route for /data/Customer.json$"),
    ],
)
def test_an_unknown_fault_is_refused(
    qbchat: FakeQuickBlox, client: httpx.Client, kwargs: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        qbchat.fail(**kwargs)
    assert post(client).status_code == 201


@pytest.mark.parametrize("what", ["malformed", "empty"])
def test_a_broken_answer_may_be_declared_as_stored(qbchat: FakeQuickBlox, client: httpx.Client, what: str) -> None:
    qbchat.fail(what, stored=True)
    post(client)
    assert len(qbchat.posted) == 1


def test_the_transcript_names_faults_that_were_not_used() -> None:
    fake = FakeQuickBlox()
    fake.fail(503, times=2)
    fake.fail("timeout", path="/users")
    assert fake.transcript().splitlines() == [
        "nothing was posted",
        "unused fault: qbchat.fail(503), 2 calls left",
        "unused fault: qbchat.fail('timeout', path='/users'), 1 call left",
    ]


def test_a_slash_at_the_end_of_a_path_makes_no_difference(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.fail(503, path="/chat/Message.json/", times=3)
    for path in ("/chat/Message.json/", "/chat/Message.json", "/chat/Message/"):
        assert client.post(path, json={"chat_dialog_id": DIALOG}).status_code == 503


def test_a_fault_with_a_url_in_place_of_a_path_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the fake has no route POST https://.*; use '/chat/Message\.json'$"):
        FakeQuickBlox().fail(503, method="POST", path="https://api.quickblox.com/chat/Message.json")


@pytest.mark.parametrize("stored", [None, False])
def test_a_connection_that_is_never_made_stores_nothing(
    qbchat: FakeQuickBlox, client: httpx.Client, stored: bool | None
) -> None:
    qbchat.fail("connect", stored=stored)
    with pytest.raises(httpx.TransportError):
        post(client)
    assert [call.fault for call in qbchat.calls] == ["connect"]
    assert qbchat.posted == []
    assert post(client).status_code == 201
