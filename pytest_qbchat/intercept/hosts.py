"""The URLs that belong to QuickBlox."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import urlsplit

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


@dataclass(slots=True, frozen=True)
class _Base:
    """A host or base URL that the user configured. It covers both schemes."""

    host: str
    port: int | None
    prefix: bytes

    def matches(self, host: str, port: int | None) -> bool:
        """Whether this is the base of a host, and of its port if one was configured. Clients omit default ports."""
        return host == self.host and (self.port in (None, port) or (port is None and self.port in PORTS.values()))


class Hosts:
    """`*.quickblox.com` and the configured hosts.

    Attributes:
        others: Hosts that were called and do not belong to QuickBlox, for the failure of a test.
    """

    def __init__(self, extra: Iterable[str] = ()) -> None:
        """Parse host names and base URLs: `chat.shop.example`, `localhost:8080`, `https://shop.example/quickblox`.

        Raises:
            TypeError: The argument is a single string.
            ValueError: A host is malformed.
        """
        if isinstance(extra, str):
            raise TypeError(f"invalid hosts={extra!r}; expected a list, hosts=[{extra!r}]")
        self._bases = [_parse(each) for each in extra]
        self.others: set[str] = set()

    @property
    def names(self) -> list[str]:
        """The hosts that belong to QuickBlox as a whole, without ports, for `NO_PROXY`."""
        return [_DOMAIN, *(base.host for base in self._bases if not base.prefix)]

    def prefix(self, host: str, port: int | None, target: bytes) -> str | None:
        """The path prefix below which a URL belongs to QuickBlox; None if the URL does not belong to it.

        The target is the path and query as sent.
        """
        host = _normal(host)
        if host.endswith(_DOMAIN):
            return ""
        for base in self._bases:
            if base.matches(host, port) and (target.partition(b"?")[0] + b"/").startswith(base.prefix + b"/"):
                return base.prefix.decode()
        return None

    def note_other(self, host: str) -> None:
        """Note that another host was called; a few are enough."""
        if len(self.others) < _MAX_OTHERS:
            self.others.add(host)

    def serves_http(self, host: str, port: int) -> bool:
        """Whether a port of a host that belongs to QuickBlox is for HTTP. XMPP has others at `*.quickblox.com`."""
        return port in PORTS.values() or not _normal(host).endswith(_DOMAIN)

    def covers_part(self, host: str, port: int | None) -> bool:
        """Whether a host belongs to QuickBlox as a whole or below a path prefix."""
        host = _normal(host)
        return host.endswith(_DOMAIN) or any(base.matches(host, port) for base in self._bases)

    def covers_all(self, host: object, port: object) -> bool:
        """Whether a host belongs to QuickBlox as a whole, not only below a path prefix.

        Args:
            host: A name as a string or bytes. No other value belongs to QuickBlox.
            port: A number or its digits. Any other value means an unknown port.
        """
        if isinstance(host, bytes | bytearray):
            host = host.decode("ascii", "replace")
        if not isinstance(host, str):
            return False
        host = _normal(host)
        number = int(port) if isinstance(port, int) or (isinstance(port, str) and port.isdecimal()) else None
        return host.endswith(_DOMAIN) or any(base.matches(host, number) and not base.prefix for base in self._bases)


def _normal(host: str) -> str:
    """A host in lower case, as a name service gets it. Clients accept several forms of an address of IPv6."""
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
        raise ValueError(
            f"invalid host or base URL {text!r}; expected 'chat.shop.example' or 'https://shop.example/quickblox'"
        )
    return _Base(host, port, parts.path.rstrip("/").encode())
