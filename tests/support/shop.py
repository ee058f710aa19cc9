"""A shop that posts, and what a failed assertion about its messages says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from support.clock import freeze_time
from support.ways import DIALOG, TOKEN, URL

from pytest_qbchat import FakeQuickBlox, Message, QuickBloxTransport

FILE = {"type": "image", "id": "47863"}
SHIPPED = "Order #7 has shipped"


class Shop:
    """Code that posts, and the fake it posts to."""

    def __init__(self) -> None:
        self.fake = FakeQuickBlox()
        self.fake.add_session(TOKEN, 10)
        self.fake.add_dialog(DIALOG, occupants_ids=[10, 20, 30])

    def post(self, message: str | None = None, **fields: Any) -> Message:
        body = {"chat_dialog_id": DIALOG, "message": message} | fields
        with freeze_time("2019-09-09 20:30:15"), httpx.Client(transport=QuickBloxTransport(self.fake)) as client:
            self.fake.add_session(TOKEN, 10)
            client.post(URL, json=body, headers={"QB-Token": TOKEN})
        return self.fake.posted.last


def failure(assertion: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assertion(*args, **kwargs)
    return str(caught.value)


def origin(message: Message) -> str:
    """Where a message came from, as failures say it."""
    return f"from user {message.sender_id}, message {message.id} in dialog {message.chat_dialog_id}"
