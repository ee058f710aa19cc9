import pytest
from pytest_qbchat import Dialog, FakeQuickBlox, User


@pytest.fixture
def visitor(qbchat: FakeQuickBlox) -> User:
    return qbchat.add_user(full_name="Vera Visitor")


@pytest.fixture
def dialog(qbchat: FakeQuickBlox, visitor: User) -> Dialog:
    """The dialog of the box office and a visitor."""
    office = qbchat.add_user(full_name="The Box Office")
    qbchat.add_session("made-up-token-of-the-box-office", office)
    return qbchat.add_dialog(occupants_ids=[office, visitor])
