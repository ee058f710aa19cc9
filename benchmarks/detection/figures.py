"""What the results come to: how many mistakes each way of testing finds, and how often it alarms without one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from benchmarks.detection.catalogue import GENERIC, Edit, Job
from benchmarks.detection.runs import ALL, BELIEVED, NONE, OURS, Results, Way

# For each way of testing in the table, the files of its tests; a mistake is caught if one of them fails.
Files = tuple[tuple[str, str], ...]
PLAIN: Files = ((OURS, "qbchat"),)
EACH_FAULT: Files = ((OURS, "qbchat"), (OURS, "each_fault"))
NAMES = {"respx": "respx", "pytest_httpx": "pytest-httpx", "responses": "responses"}


class Share(NamedTuple):
    """How many of all."""

    part: int
    whole: int

    @property
    def ratio(self) -> float:
        """From 0 to 1."""
        return self.part / self.whole if self.whole else 0.0

    def __str__(self) -> str:
        return f"{self.ratio:.1%}".replace("%", " %")


class Row(NamedTuple):
    """One way of testing, with its figures.

    Attributes:
        caught: With all assertions.
        believed: With the assertions on the request left out, of the mistakes that one can believe: not generic ones.
        unasserted: With no assertion.
        alarms: Correct variants for which a test fails.
    """

    name: str
    caught: Share
    believed: Share
    unasserted: Share
    alarms: Share


class Figures:
    """The figures of a run."""

    def __init__(self, jobs: list[Job], results: Results) -> None:
        self.jobs = jobs
        self._results = results

    def rows(self) -> Iterator[Row]:
        """This product with and without `each_fault`, then each stub, and this product on the jobs of the stub."""
        yield self.row("`qbchat`", PLAIN)
        yield self.row("`qbchat` and `each_fault`", EACH_FAULT)
        for stub, name in NAMES.items():
            jobs = [job for job in self.jobs if stub in job.stubs]
            if any((job.name, "", Way(stub, stub)) in self._results for job in jobs):
                yield self.row(name, ((stub, stub),), jobs)
                yield self.row("`qbchat` on the same jobs", PLAIN, jobs)

    def row(self, name: str, files: Files, jobs: list[Job] | None = None) -> Row:
        """The figures of one way of testing, on some jobs or all."""
        edits = [edit for job in jobs or self.jobs for edit in job.edits]
        mistakes = [edit for edit in edits if edit.is_mistake]
        return Row(
            name,
            self._share(mistakes, files, ALL),
            self._share([edit for edit in mistakes if edit.source != GENERIC], files, BELIEVED),
            self._share(mistakes, files, NONE),
            self._share([edit for edit in edits if not edit.is_mistake], files, ALL),
        )

    def share(self, files: Files, assertions: str = ALL) -> Share:
        """How many of all mistakes are caught."""
        return self._share(self.mistakes(), files, assertions)

    def by_fault(self) -> Iterator[tuple[str, Share, Share]]:
        """For each tool, how many are caught of the mistakes that show without a fault, and of those that need one."""
        stubs = [(name, ((stub, stub),)) for stub, name in NAMES.items()]
        for name, files in (("`qbchat`", PLAIN), ("`qbchat` and `each_fault`", EACH_FAULT), *stubs):
            mistakes = [edit for edit in self.mistakes() if (edit.job, "", Way(*files[0])) in self._results]
            if mistakes:
                without = self._share((edit for edit in mistakes if not edit.fault), files, ALL)
                yield name, without, self._share((edit for edit in mistakes if edit.fault), files, ALL)

    def caught(self, edit: Edit, files: Files, assertions: str = ALL) -> bool:
        """Whether a test fails for an edit."""
        return any(self._results[edit.job, edit.name, Way(*file, assertions)].failure for file in files)

    def by_warnings(self) -> tuple[Share, Share, Share]:
        """How many mistakes are caught, warned of, and survive if a `QuickBloxWarning` stays a warning."""
        way = Way(OURS, "qbchat", warnings="always")
        found = [self._results[edit.job, edit.name, way] for edit in self.mistakes()]
        caught = sum(bool(each.failure) for each in found)
        warned = sum(bool(each.warning) and not each.failure for each in found)
        whole = len(found)
        return Share(caught, whole), Share(warned, whole), Share(whole - caught - warned, whole)

    def mistakes(self) -> list[Edit]:
        """All mistakes."""
        return [edit for job in self.jobs for edit in job.edits if edit.is_mistake]

    def survivors(self, files: Files) -> list[Edit]:
        """The mistakes that no test finds."""
        return [edit for edit in self.mistakes() if not self.caught(edit, files)]

    def alarms(self, files: Files) -> list[Edit]:
        """The correct variants for which a test fails."""
        edits = (edit for job in self.jobs for edit in job.edits)
        return [edit for edit in edits if not edit.is_mistake and self.caught(edit, files)]

    def _share(self, edits: Iterable[Edit], files: Files, assertions: str) -> Share:
        found = [self.caught(edit, files, assertions) for edit in edits]
        return Share(sum(found), len(found))
