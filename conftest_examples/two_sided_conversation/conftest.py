import pytest
from pytest_qbchat import Dialog, FakeQuickBlox, User


@pytest.fixture
def agent(qbchat: FakeQuickBlox) -> User:
    """The user that sends the messages of the code under test."""
    agent = qbchat.add_user(full_name="Hanna Helpful")
    qbchat.add_session("made-up-token-of-the-help-desk", agent)
    return agent


@pytest.fixture
def customer(qbchat: FakeQuickBlox) -> User:
    """The user that the test controls."""
    return qbchat.add_user(full_name="Carl Caller")


@pytest.fixture
def dialog(qbchat: FakeQuickBlox, agent: User, customer: User) -> Dialog:
    return qbchat.add_dialog(occupants_ids=[agent, customer], name="No dial tone")
