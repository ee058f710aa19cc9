from typing import Any

import pytest
from pytest_qbchat import FakeQuickBlox, PayloadFactory


@pytest.fixture
def guest(qbchat: FakeQuickBlox, qbchat_factory: PayloadFactory) -> dict[str, Any]:
    """A guest as QuickBlox shows a user, under the route that the fake does not have."""
    payload = qbchat_factory.user_response()
    guest: dict[str, Any] = payload["user"]
    qbchat.router.get(f"/users/{guest['id']}.json").respond(json=payload)
    return guest
