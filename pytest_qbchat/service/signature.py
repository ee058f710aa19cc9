"""The signature of a session: the string to sign, and the mistake in a wrong signature."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from pytest_qbchat.service.masking import names_secret
from pytest_qbchat.service.wire import as_text

_HIDDEN = "…"


def is_valid(params: dict[str, Any], secret: str) -> bool:
    """Whether `signature` signs the other parameters, with HMAC-SHA1 (documented) or HMAC-SHA256 (observed)."""
    given = params.get("signature")
    return isinstance(given, str) and any(
        hmac.compare_digest(valid.encode(), given.encode()) for valid in _signatures(string_to_sign(params), secret)
    )


def string_to_sign(params: dict[str, Any], *, hide: bool = False) -> str:
    """All parameters except the signature as `name=value`, sorted, joined by `&` and not escaped (documented).

    JSON values are signed as JSON, such as `true` or `5`, and null as an empty string (assumed). With `hide`, secrets
    are replaced by an ellipsis.
    """
    pairs = sorted(_flatten(params))
    return _join([(name, _HIDDEN if hide and names_secret(name) else value) for name, value in pairs])


def diagnose(params: dict[str, Any], secret: str) -> str:
    """The mistake in a wrong signature if it is a common one, else an empty string."""
    given, pairs = str(params.get("signature")), list(_flatten(params))

    def signs(pairs: list[tuple[str, str]]) -> bool:
        return given in _signatures(_join(pairs), secret)

    if given.lower() in _signatures(string_to_sign(params), secret):
        return "it is in upper case; write lower-case hexadecimal digits"
    if signs(pairs):
        return "it signs the parameters in the order sent; sort them by name"
    pairs.sort()
    if signs([pair for pair in pairs if "[" not in pair[0]]):
        return "it omits the user's parameters; sign user[login] and user[password] too"
    for encode in (quote, quote_plus):
        encoded = [(name, encode(value, safe="")) for name, value in pairs]
        if signs(encoded) or signs([(encode(name, safe=""), value) for name, value in encoded]):
            return "it signs percent-encoded values; sign them as they are"
    return ""


def _signatures(text: str, secret: str) -> list[str]:
    return [hmac.new(secret.encode(), text.encode(), digest).hexdigest() for digest in (hashlib.sha1, hashlib.sha256)]


def _join(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)


def _flatten(params: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each parameter except the signature, with its name; a nested one is named `user[login]`."""
    for name, value in params.items():
        full = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, dict):
            yield from _flatten(value, full)
        elif full != "signature":
            yield full, "" if value is None else as_text(value)
