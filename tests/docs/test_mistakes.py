"""The page of mistakes shows what pytest prints."""

from __future__ import annotations

import re

import mistakes
import pytest


@pytest.mark.long
def test_the_page_is_up_to_date_and_no_first_line_stands_for_two_mistakes() -> None:
    page = mistakes.page()
    assert mistakes.PAGE.read_text(encoding="utf-8") == page, "run: uv run python scripts/mistakes.py"
    first_lines = re.findall(r"^```text\n(.*)$", page, flags=re.MULTILINE)
    assert len(first_lines) == len(set(first_lines)) == len(mistakes.MISTAKES) >= 30
