"""The guide: one project that grows block by block, page by page. Each block is run, and every link leads on."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in ("README.md", "CHANGELOG.md"))]
DOCUMENTS += [
    ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md", "conftest_examples/README.md")
]
# In the order of the site: a page may use what the pages before it have written.
PAGES = re.findall(r"^(guide/.+)$", (DOCS / "index.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
MAX_LINES = 250
RUN_BY_THE_READER = {"console"}


class Block(NamedTuple):
    """A fenced block, and the file that it is a part of."""

    language: str
    file: str
    text: str


@dataclass
class Section:
    """What a section has the reader write, on top of what the sections before it have left."""

    page: str
    title: str
    blocks: list[Block]
    before: list[Block] = field(repr=False)

    @property
    def python(self) -> list[Block]:
        return [block for block in self.blocks if block.language == "python"]

    @property
    def tests(self) -> list[str]:
        """The files with tests."""
        return sorted({block.file for block in self.python if block.file.startswith("test_")})

    @property
    def scripts(self) -> list[str]:
        """The files that are run by themselves."""
        return [block.file for block in self.python if "__main__" in block.text]

    def number_of_tests(self) -> int:
        """The tests in its files, with those that earlier sections wrote there."""
        texts = [block.text for block in [*self.before, *self.python] if block.file in self.tests]
        return sum(len(re.findall(r"^ *(?:async )?def test_", text, flags=re.MULTILINE)) for text in texts)

    def write(self, folder: Path) -> None:
        """The project as it is at the end of the section. A block of a file that is there already is more of it."""
        for block in [*self.before, *self.python]:
            with (folder / block.file).open("a", encoding="utf-8") as file:
                file.write(f"{block.text}\n\n")
        settings = [block.text for block in self.blocks if block.language == "toml"]
        (folder / "pyproject.toml").write_text("\n".join(settings) or "[tool.pytest.ini_options]\n", encoding="utf-8")


def sections() -> Iterator[Section]:
    """The sections with the blocks of each."""
    before: list[Block] = []
    for page in PAGES:
        for part in _text(page).split("\n## ")[1:]:
            fences = re.findall(r"^```(\w*)\n(.*?)^```$", part, flags=re.DOTALL | re.MULTILINE)
            blocks = [Block(language, _file(text), text) for language, text in fences]
            section = Section(page, part.partition("\n")[0], blocks, before)
            before = [*before, *section.python]
            yield section


def _text(page: str) -> str:
    return (DOCS / f"{page}.md").read_text(encoding="utf-8")


def _file(text: str) -> str:
    named = re.match(r"# (\w+\.py)\n", text)
    return named[1] if named else ""


SECTIONS = list(sections())
WITH_BLOCKS = [section for section in SECTIONS if section.blocks]


def _id(section: Section) -> str:
    return f"{section.page}: {section.title}"


# The tests of the first section of a page: in the short profile they stand for those of the page.
FIRST = {section.page: section for section in reversed(WITH_BLOCKS) if section.tests}
by_title = pytest.mark.parametrize("section", WITH_BLOCKS, ids=_id)


@pytest.mark.parametrize(
    "section",
    [
        pytest.param(section, id=_id(section), marks=[] if section is FIRST.get(section.page) else [pytest.mark.long])
        for section in WITH_BLOCKS
    ],
)
@pytest.mark.all_plugins
def test_the_tests_of_a_section_pass(
    pytester: pytest.Pytester, run_project: Callable[..., pytest.RunResult], section: Section
) -> None:
    section.write(pytester.path)
    files = [pytester.path / name for name in section.tests]  # with the blocks of earlier sections
    if not hasattr(pytest, "Subtests") and any("subtests" in file.read_text(encoding="utf-8") for file in files):
        pytest.skip("subtests came with pytest 9")

    result = run_project("-W", "error", "-p", "no:randomly", *section.tests)

    if section.tests:
        result.assert_outcomes(passed=section.number_of_tests())
    else:
        assert section.scripts


@pytest.mark.parametrize("section", [section for section in SECTIONS if section.scripts], ids=_id)
def test_the_scripts_of_a_section_run(tmp_path: Path, section: Section) -> None:
    section.write(tmp_path)
    for script in section.scripts:
        command = [sys.executable, "-W", "error", script]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert "Zoë, it's order #7 & crêpes + tea. OK?" in done.stdout


@by_title
def test_every_block_of_a_section_is_run(section: Section) -> None:
    """Each is a file with tests or a script, or is imported or started by one, or is what pytest reads by itself."""
    run = {*section.tests, *section.scripts}
    used = "\n".join(block.text for block in section.python if block.file in run)
    imported = {f"{module}.py" for module in re.findall(r"^(?:from|import) (\w+)", used, flags=re.MULTILINE)}
    started = set(re.findall(r'sys\.executable, "(\w+\.py)"', used))
    for block in section.blocks:
        if block.language == "python":
            assert block.file in run | imported | started | {"conftest.py"}, block.text
        else:
            assert block.language in RUN_BY_THE_READER | {"toml"}, block.text
    assert run, "a section shows at least one thing that can be run"


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_is_in_a_section(page: str) -> None:
    """A fence that is indented or closed badly would be overlooked."""
    fences = len(re.findall(r"^\s*(?:```|~~~)", _text(page), flags=re.MULTILINE))
    assert fences == 2 * sum(len(section.blocks) for section in SECTIONS if section.page == page)


def test_every_page_is_on_the_site_and_in_the_index_of_the_guide_and_is_short() -> None:
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.glob("guide/*.md")}
    assert sorted(PAGES) == sorted(pages)
    assert pages == set(re.findall(r"\((guide/[\w-]+)\.md[)#]", _text("guide")))
    assert {page: lines for page in PAGES if (lines := len(_text(page).splitlines())) > MAX_LINES} == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.relative_to(ROOT).as_posix())
def test_prose_is_wrapped(document: Path) -> None:
    """Tables, headings, pictures of a terminal and lists of addresses may have longer lines."""
    text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert [line for line in text.splitlines() if len(line) > 120 and not line.startswith(("|", "#"))] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.relative_to(ROOT).as_posix())
def test_every_link_of_a_document_has_a_target(document: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    for target in targets:
        path, _, anchor = target.partition("#")
        there = (document.parent / path).resolve() if path else document
        assert there.exists(), target
        assert there.is_relative_to(ROOT), target
        if anchor:
            assert anchor in _anchors(there), target


def _anchors(document: Path) -> set[str]:
    """The headings of a document as a link writes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
