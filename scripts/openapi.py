"""Writes pytest_qbchat/openapi.json from the declarations of the endpoints: `uv run python scripts/openapi.py`."""

from __future__ import annotations

from pathlib import Path

from api_document.document import as_text

FILE = Path(__file__).parents[1] / "pytest_qbchat" / "openapi.json"

if __name__ == "__main__":
    FILE.write_text(as_text(), encoding="utf-8")
