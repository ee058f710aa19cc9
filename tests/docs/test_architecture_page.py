"""The page about the architecture names files, classes and functions that exist."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

import httpx
import pytest
from support.ways import TLS, TOKEN, URL

from pytest_qbchat import FakeQuickBlox

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
def test_what_the_page_names_exists(named: str) -> None:
    path, _, name = named.partition(":")
    assert found(path).exists()
    if name:
        assert name in definitions(ast.parse(found(path).read_text(encoding="utf-8")))


@pytest.mark.filterwarnings("ignore:sendToChat:pytest_qbchat.QuickBloxWarning")
def test_a_posted_message_walks_as_the_page_says(qbchat: FakeQuickBlox) -> None:
    walk = PAGE.partition("\n1. **Intercept.**")[2].partition("\n\n")[0]
    named = dict.fromkeys(re.findall(r"`([\w/]+\.py:[\w.]*\b[a-z_]+)`", walk))
    post = partial(httpx.post, headers={"QB-Token": TOKEN}, verify=TLS)
    assert qbchat.router.routes is not None

    with called() as first:
        post(URL, json={"recipient_id": 20, "message": "hi", "sendToChat": 1})
        with pytest.raises(AssertionError):
            qbchat.assert_posted(message="bye")
    with called() as others, qbchat.expect_refused():
        qbchat.fail("timeout")
        with pytest.raises(httpx.ReadTimeout):
            post(URL, json={"recipient_id": 20})
        post("https://api.quickblox.com/events.json")

    assert [name for name in named if name in first] == [name for name in first if name in named]
    assert named.keys() - first.keys() == {"each_fault/faults.py:apply_fault", "explain/problems.py:Problems.add"}
    assert named.keys() - first.keys() <= others.keys()


@contextmanager
def called() -> Iterator[dict[str, None]]:
    """The functions of the package that are called, in the order of their first calls; as the page names them."""
    names: dict[str, None] = {}

    def note(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(PACKAGE)):
            path = Path(code.co_filename).relative_to(PACKAGE).as_posix()
            names.setdefault(f"{path}:{code.co_qualname.partition('.<locals>')[0]}")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield names
    finally:
        sys.setprofile(before)


def test_the_page_names_every_folder_of_the_package() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/*.py")}
    assert {folder for folder in folders if f"{folder}/ " not in PAGE} == set()
    assert len(NAMED) >= 50
