"""How many mistakes in code that calls QuickBlox a test finds: `python -m benchmarks.detection`.

With the names of jobs, only those. `--check` runs no more than the floors need, and fails below one; `--write` puts the
tables into the documents that have a place for them.
"""

from __future__ import annotations

import re
import sys
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.detection.catalogue import load_jobs
from benchmarks.detection.figures import EACH_FAULT, PLAIN, Figures
from benchmarks.detection.runs import NONE, run

_ROOT = Path(__file__).parents[2]
_DOCUMENTS = ("README.md", "benchmarks/README.md")
# What this product must find, as shares of the mistakes. No correct variant may alarm.
_FLOORS = {"caught": 0.78, "caught with each_fault": 0.94, "caught with no assertion": 0.44}


def main(arguments: list[str]) -> None:
    options = {each for each in arguments if each.startswith("--")}
    if unknown := options - {"--check", "--write"}:
        sys.exit(f"unknown option {min(unknown)}; expected --check or --write")
    names = [each for each in arguments if each not in options]
    if names and options:
        sys.exit(f"{min(options)} is for all jobs")
    if len(options) > 1:
        sys.exit("--check makes no tables that --write could put into the documents")
    jobs = load_jobs(names)
    if unknown := set(names) - {job.name for job in jobs}:
        sys.exit(f"unknown job {min(unknown)}")
    if "--check" in options:
        figures = Figures(jobs, run(jobs, floors_only=True))
        print(survivors(figures))
        sys.exit("\n".join(below(figures)) or None)  # an empty text would be a failure
    figures = Figures(jobs, run(jobs))
    blocks = {"detection": table(figures), "faults": faults(figures), "survivors": survivors(figures)}
    print("\n\n".join([*blocks.values(), _warnings(figures), _each_fault(figures)]))
    if "--write" in options:
        for document in _DOCUMENTS:
            _write(_ROOT / document, blocks)


def table(figures: Figures) -> str:
    """The table of all ways of testing."""
    lines = [
        "| tested with | mistakes | caught | if the author believes it | with no assertion | false alarms |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in figures.rows():
        alarms = f"{row.alarms.part} of {row.alarms.whole}"
        lines.append(
            f"| {row.name} | {row.caught.whole} | {row.caught} | {row.believed} | {row.unasserted} | {alarms} |"
        )
    return "\n".join(lines)


def faults(figures: Figures) -> str:
    """The table of mistakes that show only in a fault, and of all others."""
    lines = ["| caught of the mistakes | that need no fault | that need one |", "| --- | ---: | ---: |"]
    for name, without, needed in figures.by_fault():
        lines.append(f"| {name} | {without} of {without.whole} | {needed} of {needed.whole} |")
    return "\n".join(lines)


def survivors(figures: Figures) -> str:
    """The mistakes that survive, and the correct variants that alarm, by the reason of each."""
    reasons = tomllib.loads((Path(__file__).parent / "survivors.toml").read_text(encoding="utf-8"))
    by_reason: dict[str, list[str]] = {}
    for edit in [*figures.survivors(EACH_FAULT), *figures.alarms(EACH_FAULT)]:
        reason = reasons.get(edit.job, {}).get(edit.name, "no reason is known yet")
        by_reason.setdefault(reason, []).append(f"`{edit.key}`")
    lines = [f"- {', '.join(keys)}: {reason}" for reason, keys in by_reason.items()]
    wrapped = partial(textwrap.fill, width=120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(map(wrapped, lines)) or "- none"


def _warnings(figures: Figures) -> str:
    caught, warned, survived = figures.by_warnings()
    return f"If warnings stay warnings, {caught} are caught, {warned} warned of, and {survived} survive."


def _each_fault(figures: Figures) -> str:
    found = [edit.key for edit in figures.survivors(PLAIN) if figures.caught(edit, EACH_FAULT)]
    return "\n".join(["Found by `each_fault` alone:", *(f"- {key}" for key in found)])


def below(figures: Figures) -> Iterator[str]:
    """The floors that are not reached, and the correct variants that alarm."""
    reached = (figures.share(PLAIN), figures.share(EACH_FAULT), figures.share(PLAIN, NONE))
    for (what, floor), share in zip(_FLOORS.items(), reached, strict=True):
        if share.ratio < floor:
            yield f"{what}: {share.ratio:.1%}, below the floor of {floor:.1%}"
    for edit in figures.alarms(EACH_FAULT):
        yield f"a correct variant alarms: {edit.key}"


def _write(document: Path, blocks: dict[str, str]) -> None:
    """Fill the blocks of a document: what stands between `<!-- name -->` and the next empty line."""
    text = document.read_text(encoding="utf-8")
    for name, block in blocks.items():
        text = re.sub(rf"(<!-- {name} -->\n).*?(?=\n\n)", _after_marker(block), text, flags=re.DOTALL)
    document.write_text(text, encoding="utf-8")


def _after_marker(block: str) -> Callable[[re.Match[str]], str]:
    return lambda marker: marker[1] + block


if __name__ == "__main__":
    main(sys.argv[1:])
