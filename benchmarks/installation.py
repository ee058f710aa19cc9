"""An installation of a few distributions and what they depend on, made of links to those that are installed here.

No index is asked, and nothing else that this environment has can be seen from it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

CHECKOUT = Path(__file__).resolve().parent.parent


def install(folder: Path, name: str) -> None:
    """Link a distribution, and all that it needs, into a folder."""
    folder.mkdir()
    for distribution in _needed(name):
        tops = {file.parts[0] for file in distribution.files or () if file.suffix != ".pth"}
        for top in tops - {"..", "__pycache__"}:
            (folder / top).symlink_to(str(distribution.locate_file(top)))
    if name == "pytest-qbchat" and not (folder / "pytest_qbchat").exists():  # of an editable one the path is installed
        (folder / "pytest_qbchat").symlink_to(CHECKOUT / "pytest_qbchat")


def python(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The command and the environment of an interpreter that sees such an installation and no other."""
    bytecode = folder.with_name("bytecode")  # also where the machine's own setting is to write none
    return [sys.executable, "-S"], {"PYTHONPATH": str(folder), "PYTHONPYCACHEPREFIX": str(bytecode)}


def _needed(name: str) -> Iterable[metadata.Distribution]:
    found: dict[str, metadata.Distribution] = {}
    wanted = [name]
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = metadata.distribution(name)
            requirements = map(Requirement, found[name].requires or ())
            wanted += [each.name for each in requirements if not each.marker or each.marker.evaluate({"extra": ""})]
    return found.values()
