import pytest
from pytest_qbchat import FakeQuickBlox, User

from pharmacy import Account, PharmacyChat


@pytest.fixture
def account(qbchat: FakeQuickBlox) -> Account:
    """The account of the pharmacy, declared in the fake, which then refuses all other credentials."""
    account = Account(76730, "made-up-key", "made-up-secret", "pharmacy", "made-up-password")
    qbchat.add_credentials(
        application_id=account.application_id,
        auth_key=account.auth_key,
        auth_secret=account.auth_secret,
    )
    qbchat.add_user(full_name="The Pharmacy", login=account.login, password=account.password)
    return account


@pytest.fixture
def chat(account: Account) -> PharmacyChat:
    return PharmacyChat(account)


@pytest.fixture
def patient(qbchat: FakeQuickBlox) -> User:
    return qbchat.add_user(full_name="Paula Patient")
