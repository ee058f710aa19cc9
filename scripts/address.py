"""Enters the address of the repository for a package page: `uv run python scripts/address.py https://git.example/qbchat`.

It adds `[project.urls]` to pyproject.toml, and makes the links and pictures of README.md absolute.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_LINK = re.compile(r"(!?)(\[[^]]*])\((?!https?:)([^)]+)\)")


def enter(root: Path, address: str) -> None:
    """Change the two files of a checkout.

    Args:
        root: The checkout.
        address: The URL of the repository, without a trailing slash.
    """
    readme, project = root / "README.md", root / "pyproject.toml"
    links = _LINK.sub(
        lambda found: f"{found[1]}{found[2]}({address}/{'raw' if found[1] else 'blob'}/main/{found[3]})",
        readme.read_text(encoding="utf-8"),
    )
    readme.write_text(links, encoding="utf-8")
    pages = {"Repository": "", "Documentation": "/blob/main/docs/guide.md", "Changelog": "/blob/main/CHANGELOG.md"}
    urls = "".join(f'{name} = "{address}{path}"\n' for name, path in pages.items())
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace("[dependency-groups]", f"[project.urls]\n{urls}\n[dependency-groups]", 1), "utf-8")


if __name__ == "__main__":
    enter(Path(__file__).parents[1], sys.argv[1])
