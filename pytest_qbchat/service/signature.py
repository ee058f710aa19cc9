"""The signature of a session: what is signed, with what, and what went wrong if it does not fit."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from pytest_qbchat.service.wire import as_text

_DIGESTS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_SECRET = re.compile(r"(password|secret|token)\]?$")
HIDDEN = "…"


def is_right(params: dict[str, Any], secret: str) -> bool:
    """Whether the `signature` fits the other parameters: HMAC-SHA1 (documented) or HMAC-SHA256 (observed)."""
    given = params.get("signature")
    return isinstance(given, str) and any(
        hmac.compare_digest(signed.encode(), given.encode()) for signed in _signed(string_to_sign(params), secret)
    )


def string_to_sign(params: dict[str, Any], *, hide: bool = False) -> str:
    """All other parameters as `name=value`, sorted by name and joined by `&`, nothing escaped (documented).

    What is no text in JSON is signed as JSON has it, `true` or `5`, and null as nothing (assumed).
    """
    pairs = sorted(_flat(params))
    return _joined([(name, HIDDEN if hide and _SECRET.search(name) else value) for name, value in pairs])


def mistake(params: dict[str, Any], secret: str) -> str:
    """What a wrong signature signed instead, if it is one of the usual mistakes; else empty."""
    given = str(params.get("signature"))
    pairs = list(_flat(params))
    ordered = sorted(pairs)
    tried = {
        "it signs the parameters in the order sent; sort them by name": pairs,
        "it leaves the user's parameters out; sign user[login] and user[password] too": [
            pair for pair in ordered if "[" not in pair[0]
        ],
    }
    if any(given.lower() == each for each in _signed(string_to_sign(params), secret)):
        return "it is in upper case; write lower-case hexadecimal digits"
    for said, these in tried.items():
        if given in _signed(_joined(these), secret):
            return said
    for encode in (quote, quote_plus):
        encoded = [(name, encode(value, safe="")) for name, value in ordered]
        both = [(encode(name, safe=""), value) for name, value in encoded]
        if given in _signed(_joined(encoded), secret) + _signed(_joined(both), secret):
            return "it signs percent-encoded values; sign them as they are"
    return ""


def _signed(text: str, secret: str) -> list[str]:
    return [hmac.new(secret.encode(), text.encode(), digest).hexdigest() for digest in _DIGESTS.values()]


def _joined(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)


def _flat(params: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each parameter with its bracketed name, but for the signature."""
    for name, value in params.items():
        full = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, dict):
            yield from _flat(value, full)
        elif full != "signature":
            yield full, "" if value is None else as_text(value)
