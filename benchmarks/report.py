"""Results as Markdown, each with its aim and whether it was met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Aim(NamedTuple):
    """A ratio that should not be exceeded.

    Attributes:
        what: What was compared with what.
        limit: The largest good ratio.
        ratio: The one that was measured.
    """

    what: str
    limit: float
    ratio: float

    def __str__(self) -> str:
        verdict = "met" if round(self.ratio, 3) <= self.limit else "**missed**"
        return f"- {self.what}: aim at most {self.limit:.2f}, measured {self.ratio:.3f}, {verdict}"


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]], aims: Iterable[Aim] = ()) -> str:
    """A titled table, names on the left and figures on the right, with its aims below."""
    lines = [
        f"## {title}",
        "",
        _line(header),
        _line(["---", *("---:" for _ in header[1:])]),
        *map(_line, rows),
    ]
    verdicts = [str(aim) for aim in aims]
    return "\n".join([*lines, *(["", *verdicts] if verdicts else []), ""])


def micro(seconds: float) -> str:
    """Seconds as microseconds."""
    return f"{seconds * 1e6:,.1f}" if seconds < 1e-5 else f"{seconds * 1e6:,.0f}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
