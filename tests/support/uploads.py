"""Uploads as a client prepares them."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit


def split(address: str) -> tuple[str, dict[str, str]]:
    """The address of an upload as a client reads it: where to post, and the fields before the file."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}{parts.path}", dict(parse_qsl(parts.query, keep_blank_values=True))
