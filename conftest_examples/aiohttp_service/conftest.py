import pytest
from pytest_qbchat import FakeQuickBlox, User

from ferries import TOKEN

NAMES = ["Ada Aboard", "Ben Berth", "Cora Cabin", "Dan Deck", "Eve Engine", "Finn Funnel", "Gwen Gangway", "Hal Helm"]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait between attempts."""
    monkeypatch.setattr("ferries.PAUSE", 0)


@pytest.fixture
def passengers(qbchat: FakeQuickBlox) -> list[User]:
    return [qbchat.add_user(full_name=name) for name in NAMES]


@pytest.fixture
def dialogs(qbchat: FakeQuickBlox, passengers: list[User]) -> list[str]:
    """One dialog for each passenger, with the harbour."""
    harbour = qbchat.add_user(full_name="The Harbour")
    qbchat.add_session(TOKEN, harbour)
    return [qbchat.add_dialog(occupants_ids=[harbour, passenger]).id for passenger in passengers]
