import pytest
from pytest_qbchat import Dialog, FakeQuickBlox, User


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait between attempts."""
    monkeypatch.setattr("deliveries.PAUSE", 0)


@pytest.fixture
def recipient(qbchat: FakeQuickBlox) -> User:
    return qbchat.add_user(full_name="Rita Recipient")


@pytest.fixture
def dialog(qbchat: FakeQuickBlox, recipient: User) -> Dialog:
    """The dialog of the courier and the recipient of a parcel."""
    courier = qbchat.add_user(full_name="Curt Courier")
    qbchat.add_session("made-up-token-of-the-courier", courier)
    return qbchat.add_dialog(occupants_ids=[courier, recipient])
