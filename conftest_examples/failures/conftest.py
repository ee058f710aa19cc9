from collections.abc import Iterator

import pytest
from freezegun import freeze_time


@pytest.fixture(autouse=True)
def monday_evening() -> Iterator[None]:
    """Stop the clock, so that message ids, which start with the time, are the same in every run."""
    with freeze_time("2019-09-09 20:30:15"):
        yield


@pytest.fixture
def dialog_id() -> str:
    """The dialog of the shop and a customer. The fake has not seen it before, and adopts it."""
    return "5d75327ba28f9a0f32cb0f99"
