"""The recipes: every block of docs/recipes.md is run, each section in a project of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(?:(?:#|//) (\S+\.\w+)\n)?(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
COMMON, *PARTS = PAGE.split("\n## ")
SHOP = [(name, text) for _, name, text in BLOCK.findall(COMMON)]
SECTIONS = {part.partition("\n")[0]: BLOCK.findall(part) for part in PARTS}
NEEDS = {"FastAPI": "fastapi", "Retries": "tenacity"}
# The sections whose tests run in this process; each of the others has a test below.
WITH_PYTEST = ["FastAPI", "Retries", "Threads", "Waiting", "Typing", "From respx, responses or pytest-httpx"]

# These stand for the others in the short profile.
IN_SHORT = {"Retries", "Threads"}


def write(folder: Path, title: str) -> None:
    for name, text in [*SHOP, *((name, text) for _, name, text in SECTIONS[title])]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def run(folder: Path, *command: str, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_every_section_is_run() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert {title for title in SECTIONS if f'"{title}"' not in here} == set()
    assert [name for name, _ in SHOP] == ["shop.py"]
    fences = len(re.findall(r"^\s*(?:```|~~~)", PAGE, flags=re.MULTILINE))
    assert fences == 2 * (len(SHOP) + sum(map(len, SECTIONS.values())))


@pytest.mark.all_plugins
@pytest.mark.parametrize(
    "title",
    [title if title in IN_SHORT else pytest.param(title, marks=pytest.mark.long) for title in WITH_PYTEST],
)
def test_the_tests_of_a_section_pass(
    pytester: pytest.Pytester, run_project: Callable[..., pytest.RunResult], title: str
) -> None:
    if title in NEEDS:
        pytest.importorskip(NEEDS[title])
    write(pytester.path, title)
    tests = sum(text.count("\ndef test_") for _, _, text in SECTIONS[title])
    assert tests
    run_project("-W", "error", "-p", "no:randomly").assert_outcomes(passed=tests)


@pytest.mark.long
def test_the_typed_test_passes_mypy(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    write(tmp_path, "Typing")
    run(tmp_path, sys.executable, "-m", "mypy", "--strict", "test_typed.py")


@pytest.mark.long
def test_the_django_tests_pass(tmp_path: Path) -> None:
    pytest.importorskip("django")
    write(tmp_path, "Django")
    assert "Ran 1 test" in run(tmp_path, sys.executable, "-m", "django", "test", "--settings=settings", PYTHONPATH=".")


@pytest.mark.long
def test_the_celery_tests_pass(tmp_path: Path) -> None:
    pytest.importorskip("celery")
    write(tmp_path, "Celery")
    assert "2 passed" in run(tmp_path, sys.executable, "-m", "pytest", "-W", "error", "-p", "no:randomly")


def test_the_unittest_tests_pass(tmp_path: Path) -> None:
    write(tmp_path, "unittest")
    assert "Ran 1 test" in run(tmp_path, sys.executable, "-m", "unittest", "unittest_shop")


@pytest.mark.parametrize("title", ["Docker Compose", pytest.param("Continuous integration", marks=pytest.mark.long)])
def test_the_options_in_a_configuration_exist(title: str) -> None:
    [(_, _, text)] = SECTIONS[title]
    assert yaml.safe_load(text)
    module = "pytest_qbchat" if "-m pytest_qbchat" in text else "pytest"
    options = set(re.findall(r" (--[\w-]+)", text))
    assert options
    assert options <= set(re.findall(r"--[\w-]+", run(ROOT, sys.executable, "-m", module, "--help")))


@pytest.fixture
def program() -> Iterator[str]:
    """The URL of `python -m pytest_qbchat`."""
    command = [sys.executable, "-u", "-m", "pytest_qbchat", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()


def test_the_commands_of_curl_succeed(program: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    [(_, _, text)] = SECTIONS["curl"]
    commands = text.replace("http://127.0.0.1:8089", program).replace("$ ", "").splitlines()
    replies = [json.loads(run(ROOT, "sh", "-c", command)) for command in commands]
    assert replies[0]["message"] == "Hello"
    assert replies[1]["total_entries"] == len(replies[3]["dialogs"]) == 1
    assert replies[2]["delivered_to"] == [7]
    assert replies[4]["messages"] == []


@pytest.mark.long
def test_the_test_for_jest_passes(tmp_path: Path, program: str) -> None:
    """In Node.js alone: its own functions stand for those of Jest."""
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    write(tmp_path, "Jest")
    (tmp_path / "jest.js").write_text(
        """
        const { test, beforeEach } = require("node:test");
        const assert = require("node:assert");
        const expect = (value) => ({ toEqual: (expected) => assert.deepStrictEqual(value, expected) });
        Object.assign(globalThis, { test, beforeEach, expect });
        """,
        encoding="utf-8",
    )
    output = run(tmp_path, "node", "--require", "./jest.js", "shipment.test.js", QUICKBLOX_URL=program)
    assert "# pass 1" in output
