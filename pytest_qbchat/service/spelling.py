"""Which known name was meant by a wrong one. Names are compared without case, spaces, hyphens and underscores."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

# Other words for a field that people expect to work.
_SYNONYMS = {
    "attachment": "attachments", "file": "attachments", "files": "attachments", "media": "attachments",
    "dialog_id": "chat_dialog_id", "dialogId": "chat_dialog_id", "dialog": "chat_dialog_id",
    "chat_dialog": "chat_dialog_id", "recipient": "recipient_id", "text": "message",
}  # fmt: skip
_LONG_WORD = 6  # letters; shorter words have too many neighbours: read, lead, ready


def closest_name(name: str, known: Iterable[str], cutoff: float = 0.7) -> str | None:
    """The known name most like a name that is certainly wrong; None if no name is like it."""
    names = {_plain(each): each for each in known}
    return next((names[plain] for plain in get_close_matches(_plain(name), names, n=1, cutoff=cutoff)), None)


def misspelt(name: str, known: Iterable[str]) -> str | None:
    """The known name that differs by its case, or by one letter if it is long; None if the name may be right.

    A custom field may be called `message_id` or `recipient_name`, so a much longer name is another name.
    """
    letters = len(_plain(name))
    if letters < _LONG_WORD:
        return closest_name(name, known, cutoff=1)
    alike = [each for each in known if abs(len(_plain(each)) - letters) <= 1]
    return closest_name(name, alike, cutoff=(letters - 1) / letters)  # one letter is wrong, or two changed places


def similar_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that was misspelt, or that the name is a synonym of; None if the name may be right."""
    names = set(known)
    meant = _SYNONYMS.get(name)
    return meant if meant in names else misspelt(name, names)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()
