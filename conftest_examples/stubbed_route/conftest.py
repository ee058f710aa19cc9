import pytest
from pytest_qbchat import FakeQuickBlox

GUEST = 7


@pytest.fixture
def stay(qbchat: FakeQuickBlox) -> None:
    """Respond with the guest's stay in QuickBlox's format for custom objects, which the fake does not cover."""
    stays = {"class_name": "Stay", "skip": 0, "limit": 100, "items": [{"guest_id": GUEST, "room": 12}]}
    qbchat.router.get("/data/Stay.json", params={"guest_id": GUEST}).respond(json=stays)
