"""Tokens and API keys are shown by their first characters only, wherever the fake prints them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from urllib.parse import quote

# The second is that of ConnectyCube, a sister product, whose clients are used with QuickBlox too.
_SECRET_HEADERS = {"qb-token", "cb-token", "authorization", "qb-account-key"}
_SECRET_PARAMETER = re.compile(
    r"((?:[?&;]|\[|%5B)(?:\w*_)?(?:token|password|secret)(?:\]|%5D)?=|/tokens/|\"token\":\")([^&;\s'\"/]+)",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[\s'\",;:&)\]}>…]")  # where a search for the rest of a secret stops
_SHOWN = 4
# A shorter token may well be a word of the test's own text, which a search for it would tear apart.
_LONG_ENOUGH_TO_SEARCH = 8
_WORDS = ("password",)  # which is no secret, though many a test has it as one


def mask(secret: str) -> str:
    """The first characters of a secret, or nothing of a short one, and an ellipsis."""
    return f"{secret[:_SHOWN] if len(secret) >= _LONG_ENOUGH_TO_SEARCH else ''}…"


def mask_header(name: str, value: str) -> str:
    """The value of a header, masked if it is a credential."""
    if name.strip().lower() not in _SECRET_HEADERS:
        return value
    scheme, space, key = value.partition(" ")
    return f"{scheme} {mask(key)}" if space else mask(value)


def mask_url(url: str) -> str:
    """A URL or another text in which each token, password and secret is masked that is named so."""
    return _SECRET_PARAMETER.sub(lambda match: match[1] + mask(match[2]), url)


class Secrets:
    """Tokens, keys and passwords. To mask a text takes time by its length, not by their number.

    Short ones are left to `mask_header` and `mask_url`.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._longest = 0
        self._alike: dict[str, list[str]] = {}  # those that begin with the same letters, in alphabetical order
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Know one more, for good: what it opened may be shown when it is dead."""
        if len(secret) < _LONG_ENOUGH_TO_SEARCH or secret.lower() in _WORDS:
            return
        for shown in {secret, repr(secret)[1:-1], quote(secret, safe="", errors="replace")}:
            alike = self._alike.setdefault(shown[:_LONG_ENOUGH_TO_SEARCH], [])
            place = bisect_left(alike, shown)
            if alike[place : place + 1] != [shown]:
                alike.insert(place, shown)
                self._longest = max(self._longest, len(shown))

    def mask(self, text: str) -> str:
        """A text in which each secret is masked, wherever it stands, also where it is cut off."""
        pieces, done = [], 0
        for start in range(len(text) - _LONG_ENOUGH_TO_SEARCH + 1):
            alike = self._alike.get(text[start : start + _LONG_ENOUGH_TO_SEARCH])
            if alike and start >= done and (end := _end_of_secret(text, start, alike, self._longest)):
                pieces += [text[done:start], mask(text[start:end])]
                done = end
        return mask_url("".join([*pieces, text[done:]]))


def _end_of_secret(text: str, start: int, alike: list[str], longest: int) -> int:
    """Where a secret ends, with the word that goes on after it, or the beginning of one; 0 if there is none.

    Another word that merely begins alike is none.
    """
    begun = text[start : start + longest]
    place = bisect_right(alike, begun)
    cut = start + max(_shared(begun, secret) for secret in alike[max(place - 1, 0) : place + 1])
    while place:
        if begun.startswith(secret := alike[place - 1]):
            end = _ENDS.search(text, start + len(secret))
            return end.start() if end else len(text)
        begun = begun[: _shared(begun, secret)]  # of which a shorter secret may be the beginning
        place = bisect_right(alike, begun)
    return cut if cut == len(text) or _ENDS.match(text, cut) else 0


def _shared(one: str, other: str) -> int:
    """With how many letters both begin."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)
