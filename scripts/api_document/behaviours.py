"""The behaviours that a docstring lists, one a paragraph, each with its labels: `documented(list-users): text`."""

from __future__ import annotations

import inspect
import pkgutil
import re
from importlib import import_module
from typing import Any, NamedTuple

from pytest_qbchat.service import endpoints, errors

_LABEL = r"(documented|observed|verified|assumed|by design)(?:\(([^()]*)\))?"
_PARAGRAPH = re.compile(rf"({_LABEL}(?:, {_LABEL})*): (.*)", re.DOTALL)
# Where refusals are: those of several endpoints in `errors`, and those of one resource in its own file.
REFUSING = (
    errors,
    *(import_module(f"{endpoints.__name__}.{each.name}") for each in pkgutil.iter_modules(endpoints.__path__)),
)
# What the comments above the refusals say, by the names of the refusals.
_KNOWN = {
    name: text
    for module in REFUSING
    for text, name in re.findall(r"^#: (.+)\n(\w+) = (?:errors\.)?Refusal", inspect.getsource(module), re.MULTILINE)
}


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


def name_of(refusal: Any) -> str:
    """The name of a refusal in its module."""
    return next(name for module in REFUSING for name, each in vars(module).items() if each is refusal)


def described(documented: Any) -> str:
    """The docstring of an object, or the comment above a refusal."""
    if isinstance(documented, errors.Refusal):
        return _KNOWN[name_of(documented)]
    return inspect.getdoc(documented) or ""


def behaviours(documented: Any) -> list[Behaviour]:
    """The behaviours in the docstring of an object, or in the comment above a refusal."""
    found = []
    for paragraph in re.split(r"\n(?!    )", described(documented)):
        if match := _PARAGRAPH.fullmatch(" ".join(paragraph.split())):
            claims = tuple(Claim(*each) for each in re.findall(_LABEL, match[1]))
            found.append(Behaviour(claims, match[6]))
    return found


def summary(documented: Any) -> str:
    """The first line of the docstring; of a refusal, its cause."""
    first = described(documented).partition("\n")[0]
    match = _PARAGRAPH.fullmatch(first)
    return first if match is None else match[6][0].upper() + match[6][1:]
