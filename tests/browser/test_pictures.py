"""The pictures of the documentation show what pytest and the page show."""

from __future__ import annotations

from typing import Any


def test_the_pictures_are_up_to_date(chromium: Any) -> None:
    import pictures

    for name, picture in pictures.pictures(chromium):
        kept = pictures.digest_in((pictures.FOLDER / name).read_bytes())
        assert kept == picture.digest, f"{name}: run uv run --group browser python scripts/pictures.py"
