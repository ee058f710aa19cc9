"""The table of what holds for each client is up to date."""

from __future__ import annotations

import clients
import pytest

pytestmark = pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")


def test_the_page_is_up_to_date() -> None:
    page = clients.page()
    assert clients.PAGE.read_text(encoding="utf-8") == page, "run: uv run python scripts/clients.py"
    assert "differ" not in page
