"""Suggestions for a wrong name. Case, spaces, hyphens and underscores are not compared.

- `closest_name` is for a name that is certainly wrong, such as an unknown argument.
- `misspelt` is for a name that may be right, such as that of a custom field: only slips of typing count.
- `slip_of` is for names that were made up, such as those of two custom fields.
- `similar_name` is `misspelt` plus synonyms, such as `text` for `message`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

# Wrong names that people expect to work, and what to write. Each text begins with the name of a parameter.
_SYNONYMS = {
    "admin_ids": "push_all={'admin_ids': [...]}", "attachment": "attachments", "chat_dialog": "chat_dialog_id",
    "dialog": "chat_dialog_id", "dialogId": "chat_dialog_id", "dialog_id": "chat_dialog_id",
    "dialog_ids": "chat_dialog_ids", "file": "attachments", "files": "attachments",
    "forced": "force", "limit": "per_page", "media": "attachments", "msg": "message",
    "occupants_ids": "push_all={'occupants_ids': [...]}", "offset": "skip", "order": "sort_asc or sort_desc",
    "page": "skip", "per_page": "limit", "read": "mark_as_read", "recipient": "recipient_id", "sender": "sender_id",
    "tags": "tag_list", "text": "message", "user_tags": "tag_list",
}  # fmt: skip
_LONG_NAME = 6  # letters; shorter names resemble too many words: read, lead, ready


def closest_name(name: str, known: Iterable[str], cutoff: float = 0.7) -> str | None:
    """The known name that is most similar to a wrong one; None if none is similar."""
    names = {_plain(each): each for each in known}
    return next((names[plain] for plain in get_close_matches(_plain(name), names, n=1, cutoff=cutoff)), None)


def misspelt(name: str, known: Iterable[str]) -> str | None:
    """The known name that differs only in case, or in one letter if it is long; None if the name may be right.

    The lengths differ by one at most: `message_id` and `recipient_name` are valid names of custom fields.
    """
    letters = len(_plain(name))
    if letters < _LONG_NAME:
        return closest_name(name, known, cutoff=1)
    candidates = [each for each in known if abs(len(_plain(each)) - letters) <= 1]
    return closest_name(name, candidates, cutoff=(letters - 1) / letters)  # one wrong letter, or two swapped


def slip_of(name: str, known: Iterable[str]) -> str | None:
    """The known name that differs only in case, or in one letter too many, too few or swapped with its neighbour.

    For made-up names of any length: `misspelt` would not find `ordr` for `order`. Names with another letter in one
    place, `line_a` and `line_b`, or that differ in their first letter or a digit, count as different names.
    """
    return next((each for each in known if _is_slip(_plain(name), _plain(each))), None)


def _is_slip(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) == len(longer):
        differing = [at for at in range(len(one)) if one[at] != other[at]]
        return not differing or (sorted(one) == sorted(other) and differing == [differing[0], differing[0] + 1])
    missing = (at for at in range(1, len(longer)) if not longer[at].isdigit())
    return len(longer) - len(shorter) == 1 and any(longer[:at] + longer[at + 1 :] == shorter for at in missing)


def similar_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that a name misspells or is a synonym of; None if the name may be right."""
    names = set(known)
    synonym = _SYNONYMS.get(name, "")
    return synonym if re.split(r"\W", synonym)[0] in names else misspelt(name, names)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()
