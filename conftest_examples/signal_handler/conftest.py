from collections.abc import Iterator

import pytest
from pytest_qbchat import FakeQuickBlox, User

from notifications import TOKEN
from repairs import Repair
from tasks import waiting


@pytest.fixture(autouse=True)
def no_work_is_left(qbchat: FakeQuickBlox) -> Iterator[None]:
    """Finish the queued tasks of a test before its fake is removed."""
    yield
    waiting.join()


@pytest.fixture
def customer(qbchat: FakeQuickBlox) -> User:
    return qbchat.add_user(full_name="Bianca Bicyclist")


@pytest.fixture
def repair(qbchat: FakeQuickBlox, customer: User) -> Repair:
    """A repair, with a dialog between its customer and the workshop."""
    workshop = qbchat.add_user(full_name="The Workshop")
    qbchat.add_session(TOKEN, workshop)
    return Repair(7, qbchat.add_dialog(occupants_ids=[workshop, customer]).id)
