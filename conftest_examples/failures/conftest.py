from collections.abc import Iterator

import pytest
from freezegun import freeze_time


@pytest.fixture(autouse=True)
def monday_evening() -> Iterator[None]:
    """Ids of messages begin with the time, so that a stopped clock keeps what is printed the same."""
    with freeze_time("2019-09-09 20:30:15"):
        yield


@pytest.fixture
def dialog_id() -> str:
    """Where the shop and a customer talk. The fake has not seen it before, and adopts it."""
    return "5d75327ba28f9a0f32cb0f99"
