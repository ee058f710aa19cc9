"""The URLs that belong to QuickBlox."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import urlsplit

from pytest_qbchat.service.wire import RawHeaders, Request

# The default hosts, and the hosts of enterprise customers: `api<name>.quickblox.com` (documented).
_DOMAIN = ".quickblox.com"
HTTPS_PORT = 443
_MAX_OTHERS = 5
PORTS = {"http": 80, "https": HTTPS_PORT}


@lru_cache
def origin(scheme: str, host: str, port: int | None) -> str:
    """Scheme, host, and the port unless it is the default one: `https://api.quickblox.com`."""
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" + ("" if port in (None, PORTS[scheme]) else f":{port}")


class Url(NamedTuple):
    """The URL of a request, in parts. The target is the path and query as sent."""

    scheme: str
    host: str
    port: int | None
    target: str


@dataclass(slots=True, frozen=True)
class _Base:
    """A host or base URL that the user configured. It owns its host, and its port if it has one, for both schemes."""

    host: str
    port: int | None
    prefix: str

    def owns(self, host: str, port: int | None) -> bool:
        """Whether a host and port belong to this base URL. Clients omit default ports."""
        return host == self.host and (self.port in (None, port) or (port is None and self.port in PORTS.values()))


_QUICKBLOX = _Base(f"*{_DOMAIN}", None, "")


class Hosts:
    """`*.quickblox.com` and the configured hosts.

    Attributes:
        others: Hosts that were called and do not belong to QuickBlox, for the failure of a test.
        processes: Whether a process was started that does not inherit the interceptors.
    """

    processes = False

    def __init__(self, extra: Iterable[str] = ()) -> None:
        """Parse host names and base URLs: `chat.shop.example`, `localhost:8080`, `https://shop.example/quickblox`."""
        if isinstance(extra, str):
            raise TypeError(f"invalid hosts={extra!r}; expected a list, hosts=[{extra!r}]")
        self._bases = [_parse(each) for each in extra]
        self.others: set[str] = set()

    @property
    def names(self) -> list[str]:
        """The hosts without ports, for `NO_PROXY`."""
        return [_DOMAIN, *(base.host for base in self._bases)]

    def own(self, host: object, port: object) -> bool:
        """Whether a host, a string or bytes, belongs to QuickBlox. A port that is not a number counts as unknown."""
        if isinstance(host, bytes | bytearray):
            host = host.decode("ascii", "replace")
        if not isinstance(host, str):
            return False
        number = int(port) if isinstance(port, int) or (isinstance(port, str) and port.isdecimal()) else None
        return bool(self._owners(host, number))

    def request(self, method: str, url: Url, headers: RawHeaders, body: bytes) -> Request:
        """A request for the fake: its path is without the path of the base URL that owns its host."""
        base = origin(url.scheme, url.host, url.port)
        owners = [owner.prefix for owner in self._owners(url.host, url.port)] or [""]  # a transport gets any host
        path, _, query = url.target.partition("?")
        prefix = next((prefix for prefix in owners if f"{path}/".startswith(f"{prefix}/")), None)
        outside = "" if prefix is not None else " or ".join(f"{base}{each}" for each in owners)
        prefix = prefix or ""
        return Request(method, base, prefix, path.removeprefix(prefix), query, headers, body, outside)

    def note_other(self, host: object) -> None:
        """Note that another host was called; a few are enough."""
        if isinstance(host, str) and len(self.others) < _MAX_OTHERS:
            self.others.add(host)

    def _owners(self, host: str, port: int | None) -> list[_Base]:
        host = _normal(host)
        return [_QUICKBLOX] if host.endswith(_DOMAIN) else [base for base in self._bases if base.owns(host, port)]


def _normal(host: str) -> str:
    """A host in lower case and ASCII. An IPv6 address, which has several forms, gets its shortest one."""
    with suppress(ValueError):
        if not host.isascii():
            host = host.encode("idna").decode()
        if ":" in host:
            return IPv6Address(host).compressed
    return host.lower().rstrip(".")


def _parse(text: str) -> _Base:
    parts = urlsplit(text if "://" in text else f"//{text}")
    try:
        host, port = _normal((parts.hostname or "").encode("idna").decode()), parts.port
    except ValueError as error:
        raise ValueError(f"invalid host or base URL {text!r}: {error}") from None
    if not host or "*" in host or parts.query or parts.fragment:
        expected = "'chat.shop.example' or 'https://shop.example/quickblox'"
        raise ValueError(f"invalid host or base URL {text!r}; expected {expected}")
    return _Base(host, port, parts.path.rstrip("/"))
