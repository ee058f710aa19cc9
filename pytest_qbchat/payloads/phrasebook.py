"""Realistic texts, one phrasebook per locale.

`texts/<locale>.json` contains single messages, threads of several turns, dialog names and people, all with slots such
as `{name}`, and the values for the slots. Everything is made up; links use domains reserved by RFC 2606.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, TypeVar

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
    """The texts of one locale.

    Attributes:
        messages: Single messages.
        dialogs: Names of group dialogs.
        threads: Conversations, each a series of turns `(speaker, text)`. Speaker 0 is the customer (slot `name`),
            speaker 1 is the agent (slot `agent`).
    """

    def __init__(self, texts: Mapping[str, Any]) -> None:
        self.slots: dict[str, Sequence[object]] = {**texts["slots"], **_NUMBERS}
        self._first_names = tuple(texts["first_names"].items())
        self._last_names = tuple(texts["last_names"].items())
        self._full_name: str = texts["full_name"]
        self._phone: str = texts["phone"]
        self.messages: Sequence[str] = texts["messages"]
        self.dialogs: Sequence[str] = texts["dialogs"]
        self.threads = [
            [(turn % 2, text) for turn, said in enumerate(thread) for text in said] for thread in texts["threads"]
        ]

    def message(self, random: Random) -> str:
        """A single message."""
        return self.fill(random, pick(random, self.messages))

    def dialog_name(self, random: Random) -> str:
        """The name of a group dialog."""
        return self.fill(random, pick(random, self.dialogs))

    def person(self, random: Random) -> Person:
        """A person. Logins are rarely equal."""
        first, first_ascii = pick(random, self._first_names)
        last, last_ascii = pick(random, self._last_names)
        login = f"{first_ascii}.{last_ascii}{pick(random, _NUMBERS['order'])}"
        return Person(self._full_name.format(first=first, last=last), login, self.fill(random, self._phone))

    def conversation(self, random: Random) -> Iterator[tuple[int, str]]:
        """The turns of an endless conversation, `(speaker, text)`, one topic after the other."""
        cast = {slot: pick(random, self.slots[slot]) for slot in _CAST}
        topic = int(random.random() * len(self.threads))
        while True:
            values = _Values(random, self.slots)
            values.update(cast)
            for speaker, text in self.threads[topic % len(self.threads)]:
                yield speaker, text.format_map(values)
            topic += 1

    def fill(self, random: Random, text: str) -> str:
        """The text with a value in each slot; a slot that occurs twice gets the same value twice."""
        return text.format_map(_Values(random, self.slots))


class _Values(dict[str, object]):
    """The values of the slots of a text, each drawn when it is first needed."""

    def __init__(self, random: Random, slots: Mapping[str, Sequence[object]]) -> None:
        super().__init__()
        self._random = random
        self._slots = slots

    def __missing__(self, slot: str) -> object:
        value = self[slot] = pick(self._random, self._slots[slot])
        return value


def pick(random: Random, values: Sequence[T]) -> T:
    """One of the values. It always draws one number, and is several times faster than `random.choice`."""
    return values[int(random.random() * len(values))]


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
