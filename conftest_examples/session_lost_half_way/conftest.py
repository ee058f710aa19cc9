import pytest
from pytest_qbchat import FakeQuickBlox, User

from newsletter import SECRET


@pytest.fixture
def subscribers(qbchat: FakeQuickBlox) -> list[User]:
    """Three subscribers, and the account of the newsletter."""
    qbchat.add_credentials(application_id=76730, auth_key="made-up-key", auth_secret=SECRET)
    qbchat.add_user(full_name="The Newsletter", login="newsletter", password="made-up-password")
    return [qbchat.add_user(full_name=f"{name} Subscriber") for name in ("Ann", "Ben", "Cem")]
