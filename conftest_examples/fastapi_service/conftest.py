import pytest
from pytest_qbchat import Dialog, FakeQuickBlox, User


@pytest.fixture
def patient(qbchat: FakeQuickBlox) -> User:
    return qbchat.add_user(full_name="Pat Patient")


@pytest.fixture
def dialog(qbchat: FakeQuickBlox, patient: User) -> Dialog:
    """The dialog of the clinic and a patient."""
    clinic = qbchat.add_user(full_name="The Clinic")
    qbchat.add_session("made-up-token-of-the-clinic", clinic)
    return qbchat.add_dialog(occupants_ids=[clinic, patient])
