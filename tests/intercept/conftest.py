"""What several tests of clients start from."""

from __future__ import annotations

import pytest
from support.posting import API
from support.ways import URL

from pytest_qbchat import FakeQuickBlox


@pytest.fixture(params=[URL, URL.replace("https", "http")], ids=["https", "http"])
def url(request: pytest.FixtureRequest) -> str:
    url: str = request.param
    return url


@pytest.fixture
def photo(qbchat: FakeQuickBlox) -> str:
    blob = qbchat.add_blob(b"photo" * 10_000, name="bumper.jpg", public=True)
    return f"{API}/blobs/{blob.uid}"
