"""Tokens and API keys are shown by their first characters only, wherever the fake prints them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

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


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """A text in which each of these secrets is masked, wherever it stands, also where it is cut off.

    Args:
        text: What is about to be shown.
        secrets: Tokens and keys. Short ones are left to `mask_header` and `mask_url`.
    """
    return Secrets(secrets).mask(text)


class Secrets:
    """All tokens, keys and passwords that came up. To mask a text takes time by its length, not by their number."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._by_beginning: dict[str, set[str]] = {}
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Know one more, for good: what it opened may be shown when it is dead."""
        if len(secret) >= _LONG_ENOUGH_TO_SEARCH:
            self._by_beginning.setdefault(secret[:_LONG_ENOUGH_TO_SEARCH], set()).add(secret)

    def mask(self, text: str) -> str:
        """A text in which each secret is masked, wherever it stands, also where it is cut off."""
        windows = range(len(text) - _LONG_ENOUGH_TO_SEARCH + 1)
        for beginning in self._by_beginning.keys() & {text[at : at + _LONG_ENOUGH_TO_SEARCH] for at in windows}:
            secrets = self._by_beginning[beginning]
            for secret in secrets:
                if _ENDS.search(secret):
                    text = text.replace(secret, mask(secret))  # blanks and all
            text = re.sub(rf"{re.escape(beginning)}(?:(?!{_ENDS.pattern}).)*", _masked_if_among(secrets), text)
        return mask_url(text)


def _masked_if_among(secrets: set[str]) -> Callable[[re.Match[str]], str]:
    """Mask what is a secret or the beginning of one, or goes on after one, and no other word that begins alike."""

    def masked(match: re.Match[str]) -> str:
        word = match[0]
        if word in secrets or any(secret.startswith(word) or word.startswith(secret) for secret in secrets):
            return mask(word)
        return word

    return masked
