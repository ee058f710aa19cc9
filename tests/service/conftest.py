"""What the tests of the chat's endpoints share."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from support.chat_api import Api
from support.ways import TLS

from pytest_qbchat import FakeQuickBlox


@pytest.fixture
def api(qbchat: FakeQuickBlox) -> Iterator[Api]:
    """A client of the chat API that sends the token of any user: `api("GET", "Dialog", by=ANNA)`."""
    with httpx.Client(verify=TLS) as client:
        yield Api(qbchat, client)
