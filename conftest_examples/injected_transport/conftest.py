from collections.abc import Iterator

import pytest
from pytest_qbchat import FakeQuickBlox, QuickBloxTransport, User

from rides import RideChat


@pytest.fixture
def quickblox(qbchat_transport: QuickBloxTransport) -> FakeQuickBlox:
    """The fake that answers the transport's requests."""
    return qbchat_transport.fake


@pytest.fixture
def driver(quickblox: FakeQuickBlox) -> User:
    driver = quickblox.add_user(full_name="Dana Driver")
    quickblox.add_session("made-up-token-of-the-driver", driver)
    return driver


@pytest.fixture
def passenger(quickblox: FakeQuickBlox) -> User:
    passenger = quickblox.add_user(full_name="Pia Passenger")
    quickblox.add_session("made-up-token-of-the-passenger", passenger)
    return passenger


@pytest.fixture
def drivers_chat(qbchat_transport: QuickBloxTransport, driver: User) -> Iterator[RideChat]:
    with RideChat("made-up-token-of-the-driver", transport=qbchat_transport) as chat:
        yield chat


@pytest.fixture
def passengers_chat(qbchat_transport: QuickBloxTransport, passenger: User) -> Iterator[RideChat]:
    with RideChat("made-up-token-of-the-passenger", transport=qbchat_transport) as chat:
        yield chat
