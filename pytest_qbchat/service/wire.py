"""Requests and responses, independent of any HTTP library."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pytest_qbchat.service.guessed_names import Hinted
from pytest_qbchat.service.masking import mask_fields, mask_header

MAX_BODY_SIZE = 128 * 1024 * 1024  # bytes, of a request
Header = tuple[bytes, bytes]
RawHeaders = Sequence[Header]

# QuickBlox sends JSON without spaces and without escaping non-ASCII characters (observed in transcripts).
# Values from a request cannot contain themselves, so the check for circular references is off.
encode_json = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def as_text(value: Any) -> str:
    """A string unchanged; any other value as JSON (assumed)."""
    return value if isinstance(value, str) else encode_json(value)


def printable(text: str) -> str:
    """Escape the characters that move the cursor or start another line."""
    return text if text.isprintable() else "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


class Headers(Mapping[str, str]):
    """Headers in the order sent. The look-up ignores case, and the repr masks tokens and keys."""

    def __init__(self, raw: RawHeaders) -> None:
        self.raw = raw
        self._values = {key.lower(): value for key, value in raw}  # the last of several values counts, as in QuickBlox

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower().encode("latin-1", "replace")].decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        return (key.decode("latin-1") for key, _ in self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def __repr__(self) -> str:
        return repr({name: mask_header(name, value) for name, value in self.items()})


_headers = lru_cache(maxsize=100)(Headers)  # equal ones are kept once: a test may hold 100,000 requests


@dataclass(slots=True, eq=False)
class Request(Hinted):
    """One request, as a client sent it.

    Attributes:
        method: In upper case.
        origin: Scheme, host and port if it is not the default one: `https://api.quickblox.com`.
        prefix: The path prefix of a configured base URL, else empty: `/tb/quickblox`.
        path: The path within the API, not percent-decoded: `/chat/Message.json`.
        query: The query string without the question mark.
        raw_headers: Name and value as bytes, in the order sent.
        outside: The base URL that owns the host, if the path is outside of it; else empty.
    """

    method: str
    origin: str
    prefix: str
    path: str
    query: str
    raw_headers: RawHeaders
    body: bytes
    outside: str = ""

    @property
    def base(self) -> str:
        """The base URL of the API, which is the origin and the prefix."""
        return f"{self.origin}{self.prefix}"

    @property
    def url(self) -> str:
        """The whole URL."""
        query = f"?{self.query}" if self.query else ""
        return f"{self.base}{self.path}{query}"

    @property
    def headers(self) -> Headers:
        """The headers by name, in any case; only their repr is masked."""
        return _headers(tuple(self.raw_headers))

    def __repr__(self) -> str:
        return f"<Request {self.method} {mask_fields(self.url)}>"


class Response(Hinted):
    """The response of the fake, or of a stub in the test.

    Attributes:
        raw_headers: Name and value as bytes, in the order sent.
    """

    def __init__(self, status: int, raw_headers: RawHeaders, body: bytes) -> None:
        self.status = status
        self.raw_headers = raw_headers
        self.body = body

    @property
    def headers(self) -> Headers:
        """The headers by name, in any case."""
        return Headers(self.raw_headers)

    def json(self) -> Any:
        """The decoded body.

        Raises:
            ValueError: The body is not JSON.
        """
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"<Response {self.status} {mask_fields(self.body.decode(errors='replace'))}>"
