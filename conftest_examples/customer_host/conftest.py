import pytest
from pytest_qbchat import Dialog, FakeQuickBlox, User

KEY = "made-up-key-of-the-clinic"


@pytest.fixture(autouse=True)
def clinic(qbchat: FakeQuickBlox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configure the same API key in the clinic's environment and in the fake."""
    monkeypatch.setenv("CLINIC_CHAT_KEY", KEY)
    monkeypatch.delenv("CLINIC_CHAT_URL", raising=False)
    qbchat.add_credentials(api_key=KEY)


@pytest.fixture
def doctor(qbchat: FakeQuickBlox) -> User:
    return qbchat.add_user(full_name="Dr Dora Doctor")


@pytest.fixture
def patient(qbchat: FakeQuickBlox) -> User:
    return qbchat.add_user(full_name="Paul Patient")


@pytest.fixture
def dialog(qbchat: FakeQuickBlox, doctor: User, patient: User) -> Dialog:
    return qbchat.add_dialog(occupants_ids=[doctor, patient])
