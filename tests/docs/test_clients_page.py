"""The table of what holds for each client is up to date."""

from __future__ import annotations

import subprocess

import clients
import pytest
from support.offline import skip_if_offline

pytestmark = pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")


@pytest.mark.slow
@pytest.mark.long  # all of tests/contract does the same in the short profile, but for niquests
def test_the_page_is_up_to_date() -> None:
    try:
        expected = clients.page()
    except subprocess.CalledProcessError as error:  # niquests is installed for it
        skip_if_offline(error.stderr)
        raise
    page = clients.PAGE.read_text(encoding="utf-8")
    assert page == expected, "run: uv run python scripts/clients.py"
    assert "differ" not in page
