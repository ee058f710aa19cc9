"""The README's blocks: each is run, and what it shows is compared with what is printed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]
TOML = [text for language, text in BLOCKS if language == "toml"]
SHOP, TEST_SHOP = PYTHON[:2]
PRELUDE = (
    "import re\nfrom unittest.mock import ANY\nimport httpx\nimport pytest\nfrom shop import announce_shipment\n\n"
)


@pytest.fixture
def shop(pytester: pytest.Pytester) -> pytest.Pytester:
    """An empty project with the code of the first example."""
    (pytester.path / "shop.py").write_text(SHOP, encoding="utf-8")
    return pytester


def test_the_first_example_works_in_an_empty_project(shop: pytest.Pytester) -> None:
    assert SHOP.startswith("# shop.py\n")
    assert TEST_SHOP.startswith("# test_shop.py\n")
    (shop.path / "test_shop.py").write_text(TEST_SHOP, encoding="utf-8")
    shop.runpytest_subprocess("-W", "error").assert_outcomes(passed=1)


@pytest.mark.parametrize("block", PYTHON[2:], ids=lambda block: block.splitlines()[0][:40])
def test_a_block_of_python_runs(
    shop: pytest.Pytester, run_project: Callable[..., pytest.RunResult], block: str
) -> None:
    if not block.startswith("def test_"):
        body = "announce_shipment(7, dialog)\nannounce_shipment(7, dialog)\n" + block
        block = 'def test_block(qbchat, dialog="5d75327ba28f9a0f32cb0f99"):\n' + textwrap.indent(body, "    ")
    shop.makepyfile(test_block=PRELUDE + block)
    run_project("-W", "error").assert_outcomes(passed=1)


def test_a_silent_mistake_fails_unless_the_filter_makes_it_a_warning(
    shop: pytest.Pytester, run_project: Callable[..., pytest.RunResult]
) -> None:
    shop.makepyfile(
        test_flag="""
        import httpx

        def test_flag(qbchat):
            url = "https://api.quickblox.com/chat/Message.json"
            assert httpx.post(url, json={"recipient_id": 1, "sendToChat": 1}, headers={"QB-Token": "x"}).is_success
        """
    )
    run_project().assert_outcomes(failed=1)
    shop.makepyprojecttoml(TOML[0])
    run_project().assert_outcomes(passed=1, warnings=1)


def test_the_guard_names_the_call_of_a_test_without_the_fixture(
    shop: pytest.Pytester, run_project: Callable[..., pytest.RunResult]
) -> None:
    shop.makepyfile(f"{PRELUDE}def test_it():\n    announce_shipment(7, '5d75327ba28f9a0f32cb0f99')\n")
    result = run_project()
    result.assert_outcomes(failed=1)
    [quoted] = re.findall(r'"(this test called .*?)"', README.replace("\n", " "))
    result.stdout.fnmatch_lines([f"E *{quoted}"])


def test_the_commands_are_the_ones_that_continuous_integration_runs() -> None:
    commands = re.findall(r"^\$ (python3 -m venv .*)$", README, flags=re.MULTILINE)
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    examples, suite = commands
    assert f"\n{suite}\n" in script
    assert examples.removeprefix(suite.removesuffix("pytest")) == "pytest conftest_examples"
    assert '"pytest", "conftest_examples")\n' in (ROOT / "noxfile.py").read_text(encoding="utf-8")


# What each row of the table is, in the results of the benchmarks.
MEASURED = {
    "a run of 200 tests that call `httpx.post`": r"`httpx\.post` once\n.*?against pytest-httpx: .*? measured (\S+),",
    "a posted message, `httpx.Client`": r"\*\*`qbchat`\*\* against pytest-httpx, callback: .*? measured (\S+),",
    "a run that has the plugin and does not use it": r"installation with `-p no:qbchat`: .*? measured (\S+),",
}


def test_the_measurements_are_those_of_the_benchmarks() -> None:
    measured = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    table = README.partition("<!-- benchmark -->\n")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:3]] for row in table.splitlines()[2:]]
    assert [label for label, _ in rows] == list(MEASURED)
    for label, shown in rows:
        found = re.search(MEASURED[label], measured, flags=re.DOTALL)
        assert found is not None, label
        ratios = shown.split(" to ")
        digits = len(ratios[0].partition(".")[2])
        assert ratios == sorted(f"{float(ratio):.{digits}f}" for ratio in found.groups()), label
