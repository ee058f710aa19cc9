"""The README's blocks: each is run, and what it shows is compared with what is printed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]
SHOP, TEST_SHOP = PYTHON
ADDOPTS, FILTER = ("".join(re.findall(rf"`({name} = .*?)`", README)) for name in ("addopts", "filterwarnings"))
INI = "[tool.pytest.ini_options]\n"
MAX_LINES = 150


@pytest.fixture
def shop(pytester: pytest.Pytester) -> pytest.Pytester:
    """An empty project with the code of the first example."""
    (pytester.path / "shop.py").write_text(SHOP, encoding="utf-8")
    return pytester


def test_the_first_example_works_in_an_empty_project(shop: pytest.Pytester) -> None:
    assert SHOP.startswith("# shop.py\n")
    assert TEST_SHOP.startswith("# test_shop.py\n")
    (shop.path / "test_shop.py").write_text(TEST_SHOP, encoding="utf-8")
    shop.makepyprojecttoml(INI + ADDOPTS)
    shop.runpytest_subprocess("-W", "error").assert_outcomes(passed=1)


def test_the_front_page_of_the_site_has_the_same_example_and_names_django_and_fastapi() -> None:
    front = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"```python\n(.*?)```", front, flags=re.DOTALL) == PYTHON
    assert {"recipes.md#django", "recipes.md#fastapi"} <= set(re.findall(r"\]\((.+?)\)", front))


def test_the_readme_is_short_and_installs_before_it_shows_code() -> None:
    assert len(README.splitlines()) <= MAX_LINES
    assert README.index("$ pip install pytest-qbchat") < README.index("```python")
    assert "CPU" not in README.partition("\n## ")[0]


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
    shop.makepyprojecttoml(INI + FILTER)
    run_project().assert_outcomes(passed=1, warnings=1)


def test_the_guard_names_the_call_of_a_test_without_the_fixture(
    shop: pytest.Pytester, run_project: Callable[..., pytest.RunResult]
) -> None:
    shop.makepyfile(
        """
        from shop import announce_shipment

        def test_it():
            announce_shipment(7, "5d75327ba28f9a0f32cb0f99")
        """
    )
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
    "a posted message, `requests.Session`": r"\*\*`qbchat`\*\* against responses, callback: .*? measured (\S+),",
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


def test_the_table_of_found_mistakes_is_that_of_the_benchmarks() -> None:
    measured = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    shown, source = (text.partition("<!-- detection -->\n")[2].partition("\n\n")[0] for text in (README, measured))
    assert shown == source


def test_the_price_of_installing_is_that_of_the_benchmarks() -> None:
    measured = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    first = (ROOT / "docs" / "guide" / "first-test.md").read_text(encoding="utf-8")
    row = r"\| {} \| \d+ \| (\S+) \|"
    [all_plugins] = re.findall(row.format("pytest-qbchat and all plugins of its dependencies"), measured)
    [blocked] = re.findall(row.format(r"\*\*pytest-qbchat\*\*"), measured)
    assert f"{float(all_plugins):.2f} times" in README
    assert f"{float(all_plugins):.2f} times" in first
    assert f"{float(blocked):.2f} times" in first
