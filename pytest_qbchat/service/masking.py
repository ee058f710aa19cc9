"""Masking of tokens, API keys and passwords: `made…#5f2c`, their first characters and a fingerprint."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from json import dumps
from threading import RLock
from urllib.parse import quote
from zlib import crc32

# CB-Token is the header of ConnectyCube, a sister product. Its clients are used with QuickBlox too.
SECRET_HEADERS = {
    "qb-token", "cb-token", "authorization", "proxy-authorization", "qb-account-key",
    "cookie", "set-cookie", "x-api-key",
}  # fmt: skip
_NAME = r"[\w-]*(?:token|pass|passwd|password|secret|api_?key)"
# A parameter in a URL or a form, also as `user[password]=`, and a field in JSON or in the repr of a dict.
_SECRET_PARAMETER = re.compile(
    rf"((?:[?&;]|\[|%5B){_NAME}(?:\]|%5D)?(?:(?:\[|%5B)\w*(?:\]|%5D))*=|/tokens/)([^&;\s'\"/]+)", re.IGNORECASE
)
_SECRET_FIELD = re.compile(rf"(\\?['\"]{_NAME}\\?['\"]: ?\\?['\"])([^'\"\\]+)", re.IGNORECASE)
_SECRET_PART = re.compile(rf'(name="[^"]*{_NAME}[^"]*"\r?\n\r?\n)([^\r\n]+)', re.IGNORECASE)  # of a multipart form
_MASKED = re.compile(r"[^…]{0,4}…(?:#[0-9a-f]{4})?")
_PERCENT = re.compile("%[0-9A-F]{2}")
_END_OF_WORD = re.compile(r"[\s'\",;:&)\]}>…]")
_SHOWN_LENGTH = 4
_MIN_SECRET_LENGTH = 8  # a shorter token may be an ordinary word in the output of a test
_NOT_SECRET = ("password",)  # many tests use this word as a password; it is also the name of a parameter


def mask(secret: str) -> str:
    """The first characters of a secret, an ellipsis and a fingerprint, which tells two secrets apart.

    A short secret has no first characters. A masked secret is returned unchanged.
    """
    if _MASKED.fullmatch(secret):
        return secret
    start = secret[:_SHOWN_LENGTH] if len(secret) >= _MIN_SECRET_LENGTH else ""
    return f"{start}…#{crc32(secret.encode(errors='surrogatepass')) & 0xFFFF:04x}"


def mask_header(name: str, value: str) -> str:
    """The value of a header, masked if it is a credential."""
    if name.strip().lower() not in SECRET_HEADERS:
        return value
    scheme, space, key = value.partition(" ")
    return f"{scheme} {mask(key)}" if space and "=" not in scheme else mask(value)


def mask_url(url: str) -> str:
    """A URL or another string, with the values of parameters and fields named token, password or secret masked."""
    for secret in (_SECRET_PARAMETER, _SECRET_FIELD, _SECRET_PART):
        url = secret.sub(lambda match: match[1] + mask(match[2]), url)
    return url


def _lower_digits(quoted: str) -> str:
    """A percent-encoded string with digits as some clients write them: `%c3`."""
    return _PERCENT.sub(lambda match: match[0].lower(), quoted)


class Secrets:
    """Tokens, keys and passwords that are masked in any string. Short ones are masked only in parameters and headers.

    Three indexes make the time to mask a string independent of the number of secrets. For the secret `decade0012ab`
    and the string "token decade0012…":

    - `_lengths` maps the first eight characters, "decade00", to the lengths of the secrets that begin with them, so
      one look-up at each position of the string tells whether a secret may begin there.
    - `_known` maps whole secrets, as they are and in other forms, to the secrets as they are: is the string of such a
      length at this position one of them?
    - `_sorted` finds secrets that were cut off, like "decade0012" here: the first secret that is not smaller than this
      beginning starts with it, or no secret does.

    Attributes:
        find_new: Finds more secrets when a text is masked, since most tests mask none.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = RLock()
        self.find_new: Callable[[], Iterable[str]] = tuple
        self._known: dict[str, str] = {}
        self._sorted: list[str] = []
        self._lengths: dict[str, set[int]] = {}
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Add a secret, and its forms in a repr, in a URL and in JSON."""
        if len(secret) < _MIN_SECRET_LENGTH or secret.lower() in _NOT_SECRET:
            return
        quoted = quote(secret, safe="", errors="replace")
        in_json = {dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
        for form in {secret, repr(secret)[1:-1], quoted, _lower_digits(quoted), *in_json} - self._known.keys():
            with self._lock:
                self._known[form] = secret
                insort(self._sorted, form)
                self._lengths.setdefault(form[:_MIN_SECRET_LENGTH], set()).add(len(form))

    def mask(self, text: str) -> str:
        """Mask each secret in a string, and each beginning of a secret at the end of a word or of the string."""
        with self._lock:
            for secret in self.find_new():
                self.add(secret)
            return self._mask(text)

    def _mask(self, text: str) -> str:
        pieces, done = [], 0
        for start in range(len(text) - _MIN_SECRET_LENGTH + 1):
            lengths = self._lengths.get(text[start : start + _MIN_SECRET_LENGTH])
            if lengths is None or start < done:
                continue
            end, masked = self._secret(text, start, lengths) or self._cut_secret(text, start, max(lengths))
            if end:
                pieces += [text[done:start], masked]
                done = end
        return mask_url("".join([*pieces, text[done:]]))

    def _secret(self, text: str, start: int, lengths: set[int]) -> tuple[int, str] | None:
        """The end of the word that begins with a secret at this position, and the masked secret; None if none does."""
        for length in sorted(lengths, reverse=True):
            secret = self._known.get(text[start : start + length])
            if secret is not None:
                end_of_word = _END_OF_WORD.search(text, start + length)
                return end_of_word.start() if end_of_word else len(text), mask(secret)
        return None

    def _cut_secret(self, text: str, start: int, longest: int) -> tuple[int, str]:
        """The end of a word, or of the string, that is the beginning of a secret, and what to show; 0 if there is none.

        It has no fingerprint, because several secrets may have the same beginning.
        """
        shown = f"{text[start : start + _SHOWN_LENGTH]}…"
        ends = [match.start() for match in _END_OF_WORD.finditer(text, start + _MIN_SECRET_LENGTH, start + longest)]
        if len(text) < start + longest:
            ends.append(len(text))
        for end in reversed(ends):
            beginning = text[start:end]
            index = bisect_left(self._sorted, beginning)
            if index < len(self._sorted) and self._sorted[index].startswith(beginning):
                return end, shown
        return 0, shown
