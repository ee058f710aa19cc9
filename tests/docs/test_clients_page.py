"""The table of what holds for each client is up to date."""

from __future__ import annotations

import clients
import pytest

pytestmark = pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")


@pytest.mark.slow
@pytest.mark.long  # all of tests/contract does the same in the short profile, but for niquests
def test_the_page_is_up_to_date() -> None:
    page = clients.PAGE.read_text(encoding="utf-8")
    assert page == clients.page(), "run: uv run python scripts/clients.py"
    assert "differ" not in page
