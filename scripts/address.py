"""Enters the address of the repository for a package page: `uv run python scripts/address.py https://git.example/qbchat`.

It adds `[project.urls]` to pyproject.toml, and makes the links and pictures of README.md absolute. An address that was
entered before is replaced.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_ENTERED = re.compile(r'\[project\.urls\]\nRepository = "(.*)"\n(?:.+\n)*\n')
_LINK = re.compile(r"(!?)(\[[^]]*])\((?!https?:)([^)]+)\)")


def enter(root: Path, address: str) -> None:
    """Change the two files of a checkout.

    Args:
        root: The checkout.
        address: The URL of the repository.
    """
    address = address.rstrip("/")
    readme, project = root / "README.md", root / "pyproject.toml"
    page, text = readme.read_text(encoding="utf-8"), project.read_text(encoding="utf-8")
    if before := _ENTERED.search(text):
        text = text.replace(before[0], "")
        page = re.sub(rf"\({re.escape(before[1])}/(?:raw|blob)/main/", "(", page)
    page = _LINK.sub(
        lambda found: f"{found[1]}{found[2]}({address}/{'raw' if found[1] else 'blob'}/main/{found[3]})", page
    )
    readme.write_text(page, encoding="utf-8")
    pages = {"Repository": "", "Documentation": "/blob/main/docs/guide.md", "Changelog": "/blob/main/CHANGELOG.md"}
    urls = "".join(f'{name} = "{address}{path}"\n' for name, path in pages.items())
    project.write_text(text.replace("[dependency-groups]", f"[project.urls]\n{urls}\n[dependency-groups]", 1), "utf-8")


if __name__ == "__main__":
    enter(Path(__file__).parents[1], sys.argv[1])
