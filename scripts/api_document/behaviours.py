"""The behaviours that a docstring lists, one a paragraph, each with its labels: `documented(list-users): text`."""

from __future__ import annotations

import inspect
import re
from typing import Any, NamedTuple

_LABEL = r"(documented|observed|verified|assumed|by design)(?:\(([^()]*)\))?"
_PARAGRAPH = re.compile(rf"({_LABEL}(?:, {_LABEL})*): (.*)", re.DOTALL)


class Claim(NamedTuple):
    """A label and its source, which may end in a date; an assumption has none."""

    label: str
    source: str

    def __str__(self) -> str:
        return f"{self.label}({self.source})" if self.source else self.label


class Behaviour(NamedTuple):
    """What the service does, and how that is known."""

    claims: tuple[Claim, ...]
    text: str

    def concerns(self, parameter: str) -> bool:
        """Whether it is about a parameter."""
        return f"`{parameter}`" in self.text

    @property
    def of_reply(self) -> bool:
        """Whether it is about the reply."""
        return self.text.startswith(("the reply", "the status"))

    def as_dict(self) -> dict[str, str]:
        """For a document."""
        claims = ", ".join(map(str, self.claims))
        return {"known": claims, "text": self.text}


def behaviours(documented: Any) -> list[Behaviour]:
    """The behaviours in the docstring of an object."""
    found = []
    for paragraph in re.split(r"\n(?!    )", inspect.getdoc(documented) or ""):
        if match := _PARAGRAPH.fullmatch(" ".join(paragraph.split())):
            claims = tuple(Claim(*each) for each in re.findall(_LABEL, match[1]))
            found.append(Behaviour(claims, match[6]))
    return found


def summary(documented: Any) -> str:
    """The first line of the docstring; of a refusal, its cause."""
    first = (inspect.getdoc(documented) or "").partition("\n")[0]
    match = _PARAGRAPH.fullmatch(first)
    return first if match is None else match[6][0].upper() + match[6][1:]
