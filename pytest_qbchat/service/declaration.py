"""The declaration of an endpoint: its path, and what it needs of a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pytest_qbchat.service.wire import Response

# An endpoint takes the store, the call, and the value of each {variable} in its path. It returns a status and a body
# (strings and bytes are sent unchanged, anything else as JSON), or a `Response` for calls outside the API.
Endpoint = Callable[..., tuple[int, Any] | Response]


class Route(NamedTuple):
    """A path of the API.

    Attributes:
        path: Without the suffix `.json`, which is optional throughout this API (documented with it, observed without).
        open: Whether the route needs neither a token nor an API key.
        raw: Whether the endpoint reads the body itself, which is neither JSON nor a plain form.
    """

    method: str
    path: str
    endpoint: Endpoint
    open: bool = False
    raw: bool = False

    def __str__(self) -> str:
        suffix = "" if self.raw or self.path.endswith(("/tokens", "/download", ".xml")) else ".json"
        return f"{self.method} {self.path}{suffix}"
