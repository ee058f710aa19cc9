"""What a client sees of the fake in place is what it sees of a live server."""

from __future__ import annotations

import socket
from typing import Any
from unittest.mock import Mock

import pytest
import requests
from support.ways import DIALOG, TOKEN, Side

BODY = {"chat_dialog_id": DIALOG, "message": "hi"}
HEADERS = {"QB-Token": TOKEN}


@pytest.mark.parametrize("replacement", [lambda *_: None, Mock()], ids=["function", "mock"])
def test_a_session_without_the_class_of_sockets_reaches_the_fake(
    side: Side, monkeypatch: pytest.MonkeyPatch, replacement: Any
) -> None:
    with requests.Session() as session:
        if side.name == "server":  # which needs one
            assert session.post(f"{side.url}/chat/Message.json", json=BODY, headers=HEADERS, timeout=5).ok
        monkeypatch.setattr(socket, "socket", replacement)
        for _ in range(2):
            assert session.post(f"{side.url}/chat/Message.json", json=BODY, headers=HEADERS, timeout=5).ok
        monkeypatch.undo()
