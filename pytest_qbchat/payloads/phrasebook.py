"""Realistic texts, one phrasebook per locale.

`texts/<locale>.json` contains single messages, threads of several turns, dialog names and people, all with slots such
as `{name}`, and the values for the slots. Everything is made up; links use domains reserved by RFC 2606.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from random import Random

T = TypeVar("T")

_TEXTS = Path(__file__).with_name("texts")
_FALLBACK = "en_US"

# Slots with numbers, the same in every locale.
_NUMBERS = {
    "order": range(10_000, 100_000),
    "code": range(100_000, 1_000_000),
    "n2": range(10, 100),
    "n3": range(100, 1_000),
    "n4": range(1_000, 10_000),
}

# Slots with the same value in all topics of a conversation.
_CAST = ("name", "agent", "company")


class Person(NamedTuple):
    """A made-up person: the name in the script of the locale, and an ASCII login made from it."""

    full_name: str
    login: str
    phone: str


class Phrasebook:
    """The texts of one locale, parsed once so that filling their slots is fast.

    Attributes:
        messages: Single messages.
        dialogs: Names of group dialogs.
        threads: Conversations, each a series of turns `(speaker, line)`. Speaker 0 is the customer (slot `name`),
            speaker 1 is the agent (slot `agent`).
    """

    def __init__(self, texts: Mapping[str, Any]) -> None:
        self._slots: dict[str, Sequence[object]] = {**texts["slots"], **_NUMBERS}
        self._first_names = tuple(texts["first_names"].items())
        self._last_names = tuple(texts["last_names"].items())
        self._full_name: str = texts["full_name"]
        self._phone = self._line(texts["phone"])
        self.messages = tuple(map(self._line, texts["messages"]))
        self.dialogs = tuple(map(self._line, texts["dialogs"]))
        self.threads = tuple(
            tuple((turn % 2, self._line(text)) for turn, said in enumerate(thread) for text in said)
            for thread in texts["threads"]
        )

    def message(self, random: Random) -> str:
        """A single message."""
        return pick(random, self.messages).fill(random)

    def dialog_name(self, random: Random) -> str:
        """The name of a group dialog."""
        return pick(random, self.dialogs).fill(random)

    def person(self, random: Random) -> Person:
        """A person. Logins are rarely equal."""
        first, first_ascii = pick(random, self._first_names)
        last, last_ascii = pick(random, self._last_names)
        return Person(
            full_name=self._full_name.format(first=first, last=last),
            login=f"{first_ascii}.{last_ascii}{pick(random, _NUMBERS['order'])}",
            phone=self._phone.fill(random),
        )

    def conversation(self, random: Random) -> Iterator[tuple[int, str]]:
        """The turns of an endless conversation, `(speaker, text)`, one topic after the other."""
        cast = {slot: pick(random, self._slots[slot]) for slot in _CAST}
        topic = int(random.random() * len(self.threads))
        while True:
            facts = {slot: pick(random, values) for slot, values in self._slots.items()} | cast
            for speaker, line in self.threads[topic % len(self.threads)]:
                yield speaker, line.pattern.format_map(facts)
            topic += 1

    def _line(self, pattern: str) -> Line:
        used = dict.fromkeys(slot for _, slot, _, _ in Formatter().parse(pattern) if slot)
        return Line(pattern, tuple((slot, self._slots[slot]) for slot in used))


class Line(NamedTuple):
    """A text with slots, and the values that each slot can take."""

    pattern: str
    slots: tuple[tuple[str, Sequence[object]], ...]

    def fill(self, random: Random) -> str:
        """The text with a value in each slot; a slot that occurs twice gets the same value twice."""
        return self.pattern.format_map({slot: pick(random, values) for slot, values in self.slots})


def pick(random: Random, values: Sequence[T]) -> T:
    """One of the values: one draw for any number of values, and several times faster than `random.choice`."""
    return values[int(random.random() * len(values))]


@cache
def available() -> tuple[str, ...]:
    """The locales with separate texts, in alphabetical order."""
    return tuple(sorted(path.stem for path in _TEXTS.glob("*.json")))


@cache
def phrasebook(locale: str) -> Phrasebook:
    """The phrasebook of a locale, or of its language (`"de_DE"` for `"de_AT"`), or the English one."""
    if locale in available():
        return Phrasebook(json.loads((_TEXTS / f"{locale}.json").read_text(encoding="utf-8")))
    language = locale.partition("_")[0]
    return phrasebook(next((other for other in available() if other.partition("_")[0] == language), _FALLBACK))
