import pytest
from pytest_qbchat import FakeQuickBlox, User

from storm_warning import TOKEN


@pytest.fixture
def weather_office(qbchat: FakeQuickBlox) -> User:
    office = qbchat.add_user(full_name="Weather Office")
    qbchat.add_session(TOKEN, office)
    return office


@pytest.fixture
def harbours(qbchat: FakeQuickBlox, weather_office: User) -> list[str]:
    """One dialog for each harbour, with its harbour master and the weather office."""
    names = ["Ashhaven", "Birchport", "Cedarcliff", "Dunquay", "Elmbay", "Fernmouth"]
    masters = [qbchat.add_user(full_name=f"Harbour Master of {name}") for name in names]
    return [qbchat.add_dialog(occupants_ids=[master, weather_office]).id for master in masters]


@pytest.fixture
def foreign_harbour(qbchat: FakeQuickBlox, weather_office: User) -> str:
    """A dialog without the weather office."""
    return qbchat.add_dialog(occupants_ids=[qbchat.add_user(), qbchat.add_user()]).id
