"""The jobs of a back end, with the mistakes that can be made in each, and the changes that are none."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

JOBS = Path(__file__).parent / "jobs"
GENERIC = "generic"
# What answers the calls of code that uses this library, apart from this product. aioresponses 0.7.9 does not work with
# aiohttp 3.14, so code that uses aiohttp is tested with this product alone.
STUBS: dict[str, tuple[str, ...]] = {"requests": ("responses",), "httpx": ("respx", "pytest_httpx"), "aiohttp": ()}


class Edit(NamedTuple):
    """A change of the code of a job.

    Attributes:
        job: The name of the job.
        name: What was done.
        source: Where the mistake was seen; None if the code is as correct afterwards.
        fault: Whether the mistake shows only while QuickBlox does not answer, is busy or out of order, or has ended the
            session.
        code: The code with the change.
    """

    job: str
    name: str
    source: str | None
    fault: bool
    code: str

    @property
    def is_mistake(self) -> bool:
        """Whether the code is wrong with it."""
        return self.source is not None

    @property
    def key(self) -> str:
        """How it is called in a list of all."""
        return f"{self.job}: {self.name}"


class Job(NamedTuple):
    """A job of a back end, in a folder of its own: its code, its tests and `edits.toml`.

    Attributes:
        name: The name of its folder and of its module.
        library: The HTTP client that the code uses.
        code: The code as it should be.
        edits: The mistakes and the correct variants.
    """

    name: str
    library: str
    code: str
    edits: list[Edit]

    @property
    def stubs(self) -> tuple[str, ...]:
        """The other tools that can answer its calls."""
        return STUBS[self.library]

    def test(self, file: str) -> str:
        """The text of one of its test files."""
        return (JOBS / self.name / f"test_{file}.py").read_text(encoding="utf-8")


def load_jobs(names: list[str]) -> list[Job]:
    """The named jobs, or all of them.

    Raises:
        ValueError: An edit does not apply exactly once, or two edits have one name.
    """
    folders = [folder for folder in sorted(JOBS.iterdir()) if folder.is_dir()]
    return [_load(folder) for folder in folders if not names or folder.name in names]


def _load(folder: Path) -> Job:
    name = folder.name
    code = (folder / f"{name}.py").read_text(encoding="utf-8")
    given = tomllib.loads((folder / "edits.toml").read_text(encoding="utf-8"))
    edits = [*_edits(name, code, given["mistake"], mistakes=True)]
    edits += _edits(name, code, given["correct"], mistakes=False)
    names = [edit.name for edit in edits]
    for each in names:
        if names.count(each) > 1:
            raise ValueError(f"{name}: two edits are called {each!r}")
    return Job(name, given["library"], code, edits)


def _edits(job: str, code: str, given: list[dict[str, Any]], *, mistakes: bool) -> Iterator[Edit]:
    for each in given:
        changed = code
        for change in each.get("changes", [each]):
            found = changed.count(change["old"])
            if found != 1:
                raise ValueError(f"{job}: the old text of {each['name']!r} occurs {found} times: {change['old']!r}")
            changed = changed.replace(change["old"], change["new"])
        if changed == code:
            raise ValueError(f"{job}: {each['name']!r} changes nothing")
        compile(changed, f"{job}: {each['name']}", "exec")
        yield Edit(job, each["name"], each["source"] if mistakes else None, each.get("fault", False), changed)
