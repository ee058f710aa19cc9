"""Which name was meant by another."""

from __future__ import annotations

import re
from collections.abc import Iterable


def similar_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that was meant: spelt in another case, with one slip of the finger, or by a common other word."""
    names = set(known)
    meant = _SYNONYMS.get(name)
    if meant in names:
        return meant
    return misspelt(name, names)


def misspelt(name: str, known: Iterable[str]) -> str | None:
    """The known name that was spelt in another case, or with one slip of the finger."""
    plain = _plain(name)
    return next((each for each in sorted(known) if _nearly(plain, _plain(each))), None)


# Other words for a field that people expect to work.
_SYNONYMS = {
    "attachment": "attachments", "file": "attachments", "files": "attachments", "media": "attachments",
    "dialog_id": "chat_dialog_id", "dialogId": "chat_dialog_id", "dialog": "chat_dialog_id",
    "chat_dialog": "chat_dialog_id", "recipient": "recipient_id", "text": "message",
}  # fmt: skip


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()


def _nearly(one: str, other: str) -> bool:
    """Whether two words are equal, or long and equal but for one letter, or for two that changed places."""
    if one == other:
        return True
    if min(len(one), len(other)) < _LONG_WORD:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    left, right = one[start:], other[start:]
    too_many, too_few, wrong = left[1:] == right, left == right[1:], left[1:] == right[1:]
    return too_many or too_few or wrong or (left[:2] == right[1::-1] and left[2:] == right[2:])


_LONG_WORD = 6  # shorter ones have too many neighbours: read, lead, ready
