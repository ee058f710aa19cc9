"""The direction of imports: each folder knows those below it, and no two files need each other."""

from __future__ import annotations

import ast
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "pytest_qbchat"
# Each folder may import those below it, itself and `exceptions`.
ORDER = ["cli", "fake", "each_fault", "intercept", "server", "page", "explain", "payloads", "service"]
FOLDERS = set(ORDER)
FILES = {"__init__", "__main__", "plugin", "exceptions"}
ALLOWED = {
    **{folder: set(ORDER[position + 1 :]) for position, folder in enumerate(ORDER)},
    "service": set(),
    "exceptions": set(),
    "__init__": FOLDERS,
    "__main__": FOLDERS,
    "plugin": FOLDERS,
}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_name(path): path for path in sorted((ROOT / PACKAGE).rglob("*.py"))}


def _imported(module: str, path: Path) -> set[str]:
    """All that a module imports, wherever in the file and for whatever purpose, each as a full dotted name."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            source = ".".join(filter(None, [base, node.module]))
            names |= {f"{source}.{alias.name}" for alias in node.names}
    return names


def _module(name: str) -> str | None:
    """The module of the package that a dotted name is, or is in."""
    while name:
        if name in MODULES:
            return name
        name = name.rpartition(".")[0]
    return None


@cache
def imports() -> dict[str, set[str]]:
    """What each module imports. Each worker collects this file, and only one needs it."""
    return {module: _imported(module, path) for module, path in MODULES.items()}


@cache
def internal() -> dict[str, set[str]]:
    """The modules of the package that each module imports."""
    return {
        module: {target for name in names if (target := _module(name)) is not None and target != module}
        for module, names in imports().items()
    }


def _part(module: str) -> str:
    """The folder of a module, or the module itself where it is in the root of the package."""
    return [*module.split("."), "__init__"][1]


def test_the_root_of_the_package_holds_the_folders_of_the_order_and_four_files() -> None:
    root = ROOT / PACKAGE
    assert {path.stem for path in root.glob("*.py")} == FILES
    assert {path.parent.name for path in root.glob("*/*.py")} == FOLDERS


@pytest.mark.parametrize("part", ALLOWED)
def test_a_folder_imports_only_what_is_below_it(part: str) -> None:
    allowed = ALLOWED[part] | {part, "exceptions"}
    assert [
        f"{module} imports {target}"
        for module, targets in internal().items()
        for target in sorted(targets)
        if _part(module) == part and target != PACKAGE and _part(target) not in allowed
    ] == []


def test_modules_import_the_public_names_from_where_they_are_defined() -> None:
    """The root imports every folder, so a module that imports from it imports what is above it."""
    assert [module for module, targets in internal().items() if PACKAGE in targets] == []


def test_the_service_imports_the_standard_library_alone() -> None:
    assert [
        f"{module} imports {name}"
        for module, names in imports().items()
        for name in sorted(names)
        if _part(module) == "service" and name.partition(".")[0] not in sys.stdlib_module_names | {PACKAGE}
    ] == []


def test_imports_form_no_circle() -> None:
    """Type-only imports count: two files that name each other's types cannot be read one after the other."""
    circles = []
    graph = {module: sorted(targets) for module, targets in internal().items()}
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = error.args[1][::-1]
            circles.append(" -> ".join(circle))
            graph[circle[0]].remove(circle[1])
        else:
            break
    assert circles == []
