"""The table of what holds for each client is up to date."""

from __future__ import annotations

import clients
import pytest
from support.profile import LONG

pytestmark = pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")


@pytest.mark.slow
def test_the_page_is_up_to_date() -> None:
    page = clients.PAGE.read_text(encoding="utf-8")
    if LONG:
        assert page == clients.page(), "run: uv run python scripts/clients.py"
    else:  # without niquests, which needs an environment of its own
        written = page.splitlines()
        assert [row for row in clients.rows() if row not in written] == [], "run: uv run python scripts/clients.py"
    assert "differ" not in page
