"""Masking of tokens, API keys and passwords: the fake prints no more than their first characters."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable
from urllib.parse import quote

# CB-Token is the header of ConnectyCube, a sister product. Its clients are used with QuickBlox too.
_SECRET_HEADERS = {"qb-token", "cb-token", "authorization", "qb-account-key"}
_SECRET_PARAMETER = re.compile(
    r"((?:[?&;]|\[|%5B)(?:\w*_)?(?:token|password|secret)(?:\]|%5D)?=|/tokens/|\"token\":\")([^&;\s'\"/]+)",
    re.IGNORECASE,
)
_END_OF_WORD = re.compile(r"[\s'\",;:&)\]}>…]")
_SHOWN_LENGTH = 4
_SEARCHED_LENGTH = 8  # a shorter token may be an ordinary word in the texts of a test
_NOT_SECRET = ("password",)  # many tests use this word as a password; it is also the name of a parameter


def mask(secret: str) -> str:
    """The first characters of a secret and an ellipsis; of a short secret the ellipsis alone."""
    return f"{secret[:_SHOWN_LENGTH] if len(secret) >= _SEARCHED_LENGTH else ''}…"


def mask_header(name: str, value: str) -> str:
    """The value of a header, masked if it is a credential."""
    if name.strip().lower() not in _SECRET_HEADERS:
        return value
    scheme, space, key = value.partition(" ")
    return f"{scheme} {mask(key)}" if space else mask(value)


def mask_url(url: str) -> str:
    """A URL or another text, with the values of parameters named token, password or secret masked."""
    return _SECRET_PARAMETER.sub(lambda match: match[1] + mask(match[2]), url)


class Secrets:
    """Tokens, keys and passwords to be masked wherever a text has them. Short ones are left to the functions above.

    The time to mask a text depends on its length, not on the number of secrets.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._sorted: list[str] = []  # the same
        self._lengths: dict[str, set[int]] = {}  # of the secrets with the same beginning
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Add a secret, also as a repr or a URL has it. It stays after it has expired."""
        if len(secret) < _SEARCHED_LENGTH or secret.lower() in _NOT_SECRET:
            return
        for form in {secret, repr(secret)[1:-1], quote(secret, safe="", errors="replace")} - self._known:
            self._known.add(form)
            insort(self._sorted, form)
            self._lengths.setdefault(form[:_SEARCHED_LENGTH], set()).add(len(form))

    def mask(self, text: str) -> str:
        """The text with each secret masked, and each beginning of a secret that was cut off there."""
        pieces, done = [], 0
        for start in range(len(text) - _SEARCHED_LENGTH + 1):
            lengths = self._lengths.get(text[start : start + _SEARCHED_LENGTH])
            if lengths is None or start < done:
                continue
            end = self._end_of_secret(text, start, lengths) or self._end_of_cut_secret(text, start, max(lengths))
            if end:
                pieces += [text[done:start], mask(text[start:end])]
                done = end
        return mask_url("".join([*pieces, text[done:]]))

    def _end_of_secret(self, text: str, start: int, lengths: set[int]) -> int:
        """Where the longest secret at this place ends, and the rest of its word; 0 if there is no whole secret."""
        for length in sorted(lengths, reverse=True):
            if text[start : start + length] in self._known:
                end_of_word = _END_OF_WORD.search(text, start + length)
                return end_of_word.start() if end_of_word else len(text)
        return 0

    def _end_of_cut_secret(self, text: str, start: int, longest: int) -> int:
        """Where the text or a word ends that is the beginning of a secret; 0 if no secret begins like it."""
        ends = [match.start() for match in _END_OF_WORD.finditer(text, start + _SEARCHED_LENGTH, start + longest)]
        if len(text) < start + longest:
            ends.append(len(text))
        for end in reversed(ends):
            beginning = text[start:end]
            place = bisect_left(self._sorted, beginning)  # of the first secret that begins like that, if any does
            if place < len(self._sorted) and self._sorted[place].startswith(beginning):
                return end
        return 0
