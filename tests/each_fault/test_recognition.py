"""How the calls of a trial are recognized in the next one."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress

import httpx
from support.trials import MESSAGES, bodies_by_trial, post

from pytest_qbchat import FakeQuickBlox


def test_a_call_with_random_content_is_recognized_by_its_route(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        post(client, "one", key=str(uuid.uuid4()))
        post(client, "two")
        post(client, "three", key=str(uuid.uuid4()))
        client.post("/session.json", content=b"\xff" + uuid.uuid4().bytes)

    disturbed = []
    for trial in qbchat.each_fault(503):
        with trial, suppress(httpx.HTTPStatusError):
            code()
        disturbed.append([at for at, call in enumerate(trial.calls, 1) if call.fault])
    assert disturbed == [[], [1], [2], [3], [4]]


def test_a_further_repetition_of_a_call_gets_no_fault(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    def code() -> None:
        for text in ("one", "one", "two") if qbchat.trial and qbchat.trial.fault else ("one", "two"):
            client.post(MESSAGES, json={"recipient_id": 7, "message": text})

    found = bodies_by_trial(qbchat.each_fault(503), code)
    assert [json.loads(body)["message"] for [body] in [*found.values()][1:]] == ["one", "two"]


def test_an_upload_is_recognized_by_its_path(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    blob = client.post("/blobs.json", json={"blob": {"name": "a.jpg", "content_type": "image/jpeg"}}).json()["blob"]
    for trial in qbchat.each_fault(503):
        with trial:
            reply = client.post(f"/blobs/{blob['id']}/upload.json", files={"file": b"content"})
        assert reply.status_code != (201 if trial.fault else 503)
