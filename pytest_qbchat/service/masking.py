"""Masking of tokens, keys and passwords: `made…#5f2c`, their first characters and a fingerprint.

Secrets that the fake knows are replaced everywhere in a text. Other values are replaced if the name of their field or
header says that they are secret. The time grows only with the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from json import dumps
from threading import RLock
from typing import Any
from urllib.parse import unquote, unquote_plus
from zlib import crc32

_SECRET_NAME = re.compile(
    r"(?i:token|secret|password|passwd|passphrase|pass|pwd|(?:api|auth|account|access|private)[_-]?key|authorization|"
    r"cookie)(?i:s?)(?![a-z]|[_-]?(?i:type|count|limit|hint|name|id|expir))"
)
_HINTS = ("token", "secret", "pass", "pwd", "key", "authorization", "cookie", "%")  # a name that is secret has one
# A name, its quote, and the separator before the value. A name may have percent signs or brackets: `user[password]=`.
_FIELD = re.compile(r"(?<![\w%.\[\]-])([\w%.\[\]-]++)\\*+['\"]?+([ \t]*+[:=][ \t]*+|[ \t]{2,}+|/)")
_QUOTE = re.compile(r"\\*+['\"]")
_NUMBER = re.compile(r"-?\d[\w.+-]*+")
_WORD_OF_URL = re.compile(r"(?!\.\.\.)[^\s&;'\"]++")
_BRACKET = re.compile(r"""[\[\]{}]|"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?""", re.DOTALL)  # or a string
_PART = re.compile(  # of a multipart form: its headers, and its value
    r"^(Content-Disposition:[^\n]*+\n(?:[^\r\n]++\r?\n){0,5}+\r?\n)(.*?)(?=\r?\n--|\Z)", re.IGNORECASE | re.M | re.S
)
_PART_NAME = re.compile(r"\bname=\"?([^\";\r\n]*)", re.IGNORECASE)
_ENCODED = re.compile(r"[^\s&=?'\"<>]++")
_MASKED = re.compile(r"[^…]{0,4}…(?:#[0-9a-f]{4})?")
_SHOWN_LENGTH = 4
_MIN_SECRET_LENGTH = 8  # a shorter token may be an ordinary word in the output of a test
# Many tests use "password" as a password, and it is the name of a parameter; a `push_token` has the other two.
_NOT_SECRET = ("password", "development", "production")


def mask(secret: str) -> str:
    """The first characters of a secret, an ellipsis and a fingerprint that distinguishes two secrets.

    A short secret has no first characters. A masked secret is returned unchanged.
    """
    if _MASKED.fullmatch(secret):
        return secret
    start = secret[:_SHOWN_LENGTH] if len(secret) >= _MIN_SECRET_LENGTH else ""
    return f"{start}…#{crc32(secret.encode(errors='surrogatepass')) & 0xFFFF:04x}"


@lru_cache(maxsize=256)
def names_secret(name: str) -> bool:
    """Whether a field or header of this name is a credential."""
    return _SECRET_NAME.search(unquote(name)) is not None


def may_name_secret(text: str) -> bool:
    """Whether a text may contain the name of a credential. The check is quick, because most texts contain none."""
    lowered = text.lower()
    return any(hint in lowered for hint in _HINTS)


def secrets_in(value: Any, *, named: bool = False) -> Iterator[str]:
    """The values of credentials in decoded parameters, at any depth. `named` says that the value is one."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from secrets_in(each, named=named or names_secret(name))
    elif isinstance(value, list):
        for each in value:
            yield from secrets_in(each, named=named)
    elif named and isinstance(value, str | int):
        yield str(value)


def mask_header(name: str, value: str) -> str:
    """The value of a header, masked if it is a credential."""
    if not names_secret(name):
        return value
    scheme, space, key = value.partition(" ")
    return f"{scheme} {mask(key)}" if space and "=" not in scheme else mask(value)


def mask_fields(text: str) -> str:
    """A text with the values of credentials masked, by their names in a URL, a form, JSON, a repr or a failure."""
    if not may_name_secret(text):
        return text
    text = _PART.sub(_mask_part, text)
    pieces, done = [], 0
    for field in _FIELD.finditer(text):
        name, separator = field[1], field[2].strip()
        is_field = separator != "/" or name.endswith("tokens")  # a path ends with `/tokens/{token}`
        if field.start() >= done and is_field and names_secret(name):
            start, end, masked = _masked_value(text, field.end(), separator)
            pieces += [text[done:start], masked]
            done = end
    return "".join([*pieces, text[done:]])


def _mask_part(part: re.Match[str]) -> str:
    name = _PART_NAME.search(part[1])
    return f"{part[1]}{mask(part[2])}" if name and names_secret(name[1]) else part[0]


def _masked_value(text: str, start: int, separator: str) -> tuple[int, int, str]:
    """The start and end of a value, and its masked form. A list or an object is masked as a whole."""
    if quote := _QUOTE.match(text, start):
        start = quote.end()
        # The search finds at least the end of the text.
        end = re.compile(rf"(?<!\\){re.escape(quote[0])}|\n|\Z").search(text, start).start()  # type: ignore[union-attr]
    elif text[start : start + 1] in ("[", "{"):
        end = _end_of_brackets(text, start)
        return start + 1, end, "…" if text[start + 1 : end].strip() else text[start + 1 : end]
    else:
        value = (_WORD_OF_URL if separator in ("=", "/") else _NUMBER).match(text, start)
        end = value.end() if value else start
    return start, end, mask(text[start:end]) if end > start else ""


def _end_of_brackets(text: str, start: int) -> int:
    """The position of the bracket that closes the one at the start; the end of the text if it was cut off."""
    depth = 0
    for each in _BRACKET.finditer(text, start):
        depth += (each[0] in "[{") - (each[0] in "]}")
        if not depth:
            return each.start()
    return len(text)


class Secrets:
    """Tokens, keys and passwords that are masked in any string. Short ones are masked by their names alone.

    Two indexes make the time to mask a string independent of the number of secrets: `_lengths` has the lengths of the
    secrets that begin with the same eight characters, and `_known` the secret for each of its forms.

    Attributes:
        find_new: Finds more secrets when a text is masked, since most tests mask none.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = RLock()
        self.find_new: Callable[[], Iterable[str]] = tuple
        self._known: dict[str, str] = {}
        self._lengths: dict[str, list[int]] = {}
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Add a secret, and its forms in a repr and in JSON."""
        if len(secret) < _MIN_SECRET_LENGTH or secret.lower() in _NOT_SECRET:
            return
        in_json = {dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
        for form in {secret, repr(secret)[1:-1], *in_json} - self._known.keys():
            with self._lock:
                start = form[:_MIN_SECRET_LENGTH]
                self._known[form] = secret
                self._lengths[start] = sorted({*self._lengths.get(start, ()), len(form)}, reverse=True)

    def mask(self, text: str) -> str:
        """Mask each secret in a string, even if it is percent-encoded or cut off by an ellipsis."""
        with self._lock:
            for secret in self.find_new():
                self.add(secret)
            masked = self._replace(text)
            if "%" in masked or "+" in masked:
                masked = _ENCODED.sub(self._mask_encoded, masked)
        return mask_fields(masked)

    def _mask_encoded(self, word: re.Match[str]) -> str:
        for decode in (unquote, unquote_plus):
            decoded = decode(word[0])
            if (masked := self._replace(decoded)) != decoded:
                return masked
        return word[0]

    def _replace(self, text: str) -> str:
        few = _MIN_SECRET_LENGTH * len(self._lengths) < len(text)
        if few and not any(start in text for start in self._lengths):  # faster than what follows
            return text
        pieces, done = [], 0
        for start in range(len(text) - _MIN_SECRET_LENGTH + 1):
            lengths = self._lengths.get(text[start : start + _MIN_SECRET_LENGTH])
            if lengths is not None and start >= done and (found := self._secret(text, start, lengths)):
                end, masked = found
                pieces += [text[done:start], masked]
                done = end
        return "".join([*pieces, text[done:]])

    def _secret(self, text: str, start: int, lengths: list[int]) -> tuple[int, str] | None:
        """The end of the secret that begins at this position, and its masked form; None if none begins there."""
        for length in lengths:
            secret = self._known.get(text[start : start + length])
            if secret is not None:
                return start + length, mask(secret)
        end = text.find("…", start, start + lengths[0])  # a failure text has cut the secret off
        return None if end < 0 else (end + 1, f"{text[start : start + _SHOWN_LENGTH]}…")
