"""The public API as its users' type checkers see it. Checked, not run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_type

import httpx
import respx

from pytest_qbchat import (
    Call,
    CallRefused,
    Dialog,
    DialogType,
    EncryptedServer,
    Expectation,
    FakeQuickBlox,
    FaultName,
    LiveServer,
    Message,
    PayloadFactory,
    QuickBloxTransport,
    QuickBloxWarning,
    Records,
    Request,
    Response,
    Session,
    Trial,
    User,
)


def arrange(qbchat: FakeQuickBlox) -> None:
    anna = assert_type(qbchat.add_user(full_name="Anna Example"), User)
    assert_type(qbchat.add_session("made-up-token", anna), Session)
    assert_type(qbchat.add_session("made-up-app-token", None), Session)
    dialog = assert_type(qbchat.add_dialog(occupants_ids=[anna, 20], type=2, name="Team"), Dialog)
    assert_type(qbchat.add_message(dialog, anna, "hi", markable=1, order=7), Message)
    qbchat.add_credentials(api_key="made-up-key")
    assert_type(qbchat.router, respx.Router)
    assert_type(qbchat.add_dialog(occupants_ids=[anna, 20], type="private").type, DialogType)
    qbchat.add_dialog(occupants_ids=[anna, 20], type="party")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    qbchat.add_user(name="Anna")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    qbchat.advance(2)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    qbchat.advance(hours=2)
    qbchat.credentials(api_key="made-up-key")  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue]


def observe(qbchat: FakeQuickBlox) -> None:
    assert_type(qbchat.posted, Records[Message])
    assert_type(qbchat.messages.last, Message)
    assert_type(qbchat.calls.one(), Call)
    assert_type(qbchat.users[0], User)
    assert_type(qbchat.dialogs[:1], Records[Dialog])
    assert_type(qbchat.sessions.where(user_id=10), Records[Session])
    for message in qbchat.posted:
        assert_type(message.message, str | None)
        assert_type(message.attachments, list[dict[str, Any]])
        assert_type(message.custom, Mapping[str, Any])
        assert_type(message.delivered_to, tuple[int, ...])
        assert_type(message.sent_to_chat, bool)
        assert_type(message.call, Call | None)
        assert_type(message.delivered_ids, list[int])
        message.txt  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue] # noqa: B018


def look_at_calls(qbchat: FakeQuickBlox, call: Call) -> None:
    assert_type(qbchat.calls.first, Call)
    assert_type(call.request, Request)
    assert_type(call.request.headers["QB-Token"], str)
    assert_type(call.response, Response | None)
    assert call.response is not None
    assert_type(call.response.status, int)
    assert_type(call.response.json(), Any)
    call.body  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue] # noqa: B018
    call.response.text  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue] # noqa: B018
    qbchat.users[0].name  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue] # noqa: B018
    qbchat.dialogs[0].occupants  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue] # noqa: B018
    qbchat.posted.all  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue] # noqa: B018


async def wait(qbchat: FakeQuickBlox) -> None:
    assert_type(await qbchat.wait_for_posted_async(message="hi", within=0.5, times=1), Message)


def ask(qbchat: FakeQuickBlox, anna: User) -> None:
    message = assert_type(qbchat.assert_posted(message="hi", times=1, order=7), Message)
    message.assert_sent_to_chat()
    message.assert_attachments({"type": "image"}, {"id": "1"})
    message.assert_delivered_to(anna, 20)
    assert_type(qbchat.wait_for_posted(message="hi", within=0.5, at_least=1), Message)
    qbchat.assert_not_posted(message="ho")
    qbchat.assert_not_posted(message="ho", within=0.5)
    qbchat.assert_nothing_posted(within=1)
    refusal = assert_type(qbchat.expect_refused("GET", "/data/Order.json"), Expectation)
    with refusal:
        pass


def arrange_faults(qbchat: FakeQuickBlox) -> None:
    qbchat.fail("timeout", stored=True, method="POST")
    qbchat.fail(503)
    qbchat.fail("time-out")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    qbchat.assume(need_user_status=403, true_is_one=True)
    qbchat.assume(need_user_status="403")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    qbchat.assert_posted("hi")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def serve() -> None:
    with FakeQuickBlox(strict=True, hosts=["chat.shop.example"]).intercept() as qbchat:
        assert_type(qbchat, FakeQuickBlox)
    httpx.Client(transport=QuickBloxTransport(qbchat))
    httpx.AsyncClient(transport=QuickBloxTransport(qbchat))


def serve_encrypted(qbchat_tls_server: EncryptedServer, qbchat_server: LiveServer) -> None:
    assert_type(qbchat_tls_server.url, str)
    assert_type(qbchat_server.url, str)


def make(factory: PayloadFactory) -> None:
    assert_type(factory.message(attachments=2), dict[str, Any])
    assert_type(factory.conversation(), list[dict[str, Any]])


ERRORS: tuple[type[Exception], type[Warning]] = (CallRefused, QuickBloxWarning)


def trials(qbchat: FakeQuickBlox) -> None:
    for trial in qbchat.each_fault("timeout-stored", 503, methods=["POST"], pairs=True, expected=KeyError, limit=9):
        assert_type(trial, Trial)
        with trial as current:
            assert_type(current, Trial)
        assert_type(trial.fault, str | None)
        assert_type(trial.error, Exception | None)
        assert_type(trial.recovered, bool)
        assert_type(trial.calls, Records[Call])


def misspelt_trials(qbchat: FakeQuickBlox) -> None:
    fault: FaultName = "503-lasting"
    qbchat.each_fault(fault, 401, "timeout", "429-stored", "connect-lasting")
    qbchat.each_fault("timeuot")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
