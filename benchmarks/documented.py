"""The call that is measured: the documentation's own message, and what the fake answers to it."""

from __future__ import annotations

from typing import Any

import httpx

from pytest_qbchat import FakeQuickBlox, QuickBloxTransport

URL = "https://api.quickblox.com/chat/Message.json"
TOKEN = {"QB-Token": "made-up-token-of-the-benchmark"}
MESSAGE: dict[str, Any] = {
    "chat_dialog_id": "5d75327ba28f9a0f32cb0f99",
    "message": "look at this photos",
    "attachments": {"0": {"type": "image", "id": "47863"}, "1": {"type": "image", "id": "47864"}},
    "send_to_chat": 1,
    "markable": 1,
}


def _ask() -> httpx.Response:
    with httpx.Client(transport=QuickBloxTransport(FakeQuickBlox())) as client:
        return client.post(URL, json=MESSAGE, headers=TOKEN)


ANSWER = _ask()
CONTENT = ANSWER.content
HEADERS = ANSWER.headers.raw
