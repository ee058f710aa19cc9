"""Tokens and API keys are shown by their first characters only, wherever the fake prints them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

_SECRET_HEADERS = {"qb-token", "cb-token", "authorization", "qb-account-key"}
_SECRET_PARAMETER = re.compile(
    r"((?:[?&;]|\[|%5B)(?:\w*_)?(?:token|password|secret)(?:\]|%5D)?=|/tokens/|\"token\":\")([^&;\s'\"/]+)",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[\s'\",;:&)\]}>…]")  # where a search for the rest of a secret stops
_SHOWN = 4
# A shorter token may well be a word of the test's own text, which a search for it would tear apart.
_LONG_ENOUGH_TO_SEARCH = 8


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
        self._alike: dict[str, list[str]] = {}  # those that begin with the same letters, in alphabetical order
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Know one more, for good: what it opened may be shown when it is dead."""
        if len(secret) >= _LONG_ENOUGH_TO_SEARCH:
            alike = self._alike.setdefault(secret[:_LONG_ENOUGH_TO_SEARCH], [])
            place = bisect_left(alike, secret)
            if alike[place : place + 1] != [secret]:
                alike.insert(place, secret)

    def mask(self, text: str) -> str:
        """A text in which each secret is masked, wherever it stands, also where it is cut off."""
        pieces, done = [], 0
        for start in range(len(text) - _LONG_ENOUGH_TO_SEARCH + 1):
            alike = self._alike.get(text[start : start + _LONG_ENOUGH_TO_SEARCH])
            if alike and start >= done and (length := _length_of_secret(text[start:], alike)):
                pieces += [text[done:start], mask(text[start : start + length])]
                done = start + length
        return mask_url("".join([*pieces, text[done:]]))


def _length_of_secret(text: str, alike: list[str]) -> int:
    """How much of a text is a secret, the whole word if it goes on after one, or the beginning of one; 0 for none.

    Another word that merely begins alike is none.
    """
    place = bisect_right(alike, text)
    cut = max(_shared(text, secret) for secret in alike[max(place - 1, 0) : place + 1])
    begun = text
    while place:
        if begun.startswith(secret := alike[place - 1]):
            return len(secret) + _length_of_word(text[len(secret) :])
        begun = begun[: _shared(begun, secret)]  # of which a shorter secret may be the beginning
        place = bisect_right(alike, begun)
    return cut if _length_of_word(text[cut:]) == 0 else 0


def _shared(one: str, other: str) -> int:
    """With how many letters both begin."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)


def _length_of_word(text: str) -> int:
    end = _ENDS.search(text)
    return end.start() if end else len(text)
