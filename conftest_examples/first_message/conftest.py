import pytest
from pytest_qbchat import FakeQuickBlox, User

from shop import QUICKBLOX_TOKEN, Order


@pytest.fixture
def customer(qbchat: FakeQuickBlox) -> User:
    return qbchat.add_user(full_name="Cleo Customer")


@pytest.fixture
def order(qbchat: FakeQuickBlox, customer: User) -> Order:
    """An order, with a dialog between its customer and the shop."""
    shop = qbchat.add_user(full_name="The Shop")
    qbchat.add_session(QUICKBLOX_TOKEN, shop)
    dialog = qbchat.add_dialog(occupants_ids=[shop, customer])
    return Order(7, dialog.id)
