"""A live server, and a connection to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.connections import Line

from pytest_qbchat import FakeQuickBlox, LiveServer

CLIENT = """
import json, pytest, urllib.error, urllib.request

def send(server, path="/chat/Message.json", **fields):
    body = json.dumps({"chat_dialog_id": "5d75327ba28f9a0f32cb0f99", "message": "hi"} | fields).encode()
    headers = {"QB-Token": "made-up-token-of-the-shop", "Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(server.url + path, body, headers)) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        return 0, type(error).__name__
"""


@pytest.fixture
def line(qbchat_server: LiveServer) -> Iterator[Line]:
    with Line(qbchat_server) as line:
        yield line


@pytest.fixture
def server() -> Iterator[LiveServer]:
    """A server of which nobody asks afterwards what was refused."""
    with LiveServer(FakeQuickBlox()) as server:
        yield server


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Run tests that call the server."""

    def run(tests: str, *args: str, fixtures: str = "") -> pytest.RunResult:
        pytester.makepyfile(CLIENT + tests)
        shown = ["-Walways::pytest_qbchat.QuickBloxWarning"]
        return pytester.runpytest("-p", "no:randomly", *shown, *args)

    return run
