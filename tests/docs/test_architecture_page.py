"""The page about the architecture names files, classes and functions that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pytest_qbchat"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/.]+/|[\w/.]+\.(?:py|md)(?::[\w.]+)?)`", PAGE)))


def found(path: str) -> Path:
    """A file or folder of the project, or of the package."""
    return next((there for base in (ROOT, PACKAGE) if (there := base / path).exists()), ROOT / path)


def definitions(node: ast.AST, prefix: str = "") -> Iterator[str]:
    """The functions and classes of a file, methods with the class in front."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield prefix + child.name
            yield from definitions(child, f"{prefix}{child.name}.")


@pytest.mark.parametrize("named", NAMED)
def test_each_name_on_the_page_exists(named: str) -> None:
    path, _, name = named.partition(":")
    assert found(path).exists()
    if name:
        assert name in definitions(ast.parse(found(path).read_text(encoding="utf-8")))


def test_the_page_names_every_folder_of_the_package() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/*.py")}
    assert {folder for folder in folders if f"{folder}/ " not in PAGE} == set()
    assert len(NAMED) >= 50
