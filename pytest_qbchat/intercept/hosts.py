"""Which URLs are QuickBlox's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

# The default pair of hosts, and the convention for enterprise customers: `api<name>.quickblox.com` (documented).
_DOMAIN = ".quickblox.com"
_USUAL_PORTS = (80, 443)


@dataclass(slots=True, frozen=True)
class _Base:
    """A host or base URL that the user configured. The scheme does not matter: both are covered."""

    host: str
    port: int | None
    prefix: bytes

    def matches(self, host: str, port: int | None) -> bool:
        """Whether it is this host, and this port if one was configured. Clients leave the usual ones out."""
        return host == self.host and (self.port in (None, port) or (port is None and self.port in _USUAL_PORTS))


class Hosts:
    """`*.quickblox.com`, and what the user configured."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        """Read the configured hosts.

        Args:
            extra: Host names or base URLs: `chat.shop.example`, `localhost:8080`, `https://shop.example/quickblox`.

        Raises:
            TypeError: It is a single text.
            ValueError: One of them is malformed.
        """
        if isinstance(extra, str):
            raise TypeError(f"hosts is a list: write hosts=[{extra!r}]")
        self._bases = [_parse(each) for each in extra]

    @property
    def names(self) -> list[str]:
        """The hosts that belong to QuickBlox as a whole, as `NO_PROXY` names hosts: clients ask it without the port."""
        return [_DOMAIN, *(base.host for base in self._bases if not base.prefix)]

    def prefix(self, host: str, port: int | None, target: bytes) -> str | None:
        """The path prefix under which a URL is QuickBlox's, or None if it is somebody else's.

        Args:
            host: In lower case.
            port: None if the URL names none.
            target: Path and query, as they are sent.
        """
        if host.endswith(_DOMAIN):
            return ""
        for base in self._bases:
            if base.matches(host, port) and (target.partition(b"?")[0] + b"/").startswith(base.prefix + b"/"):
                return base.prefix.decode()
        return self.prefix(host[:-1], port, target) if host.endswith(".") else None

    def covers_part(self, host: str, port: int | None) -> bool:
        """Whether a host belongs to QuickBlox as a whole or in part."""
        name = host.lower().rstrip(".")
        return name.endswith(_DOMAIN) or any(base.matches(name, port) for base in self._bases)

    def covers_all(self, host: object, port: object) -> bool:
        """Whether a host belongs to QuickBlox as a whole, so that nobody has to connect to it.

        A host of which only a path prefix is QuickBlox's serves others too.

        Args:
            host: What is about to be resolved: text, bytes, or None.
            port: A number, its digits, or anything else if it is not known.
        """
        if isinstance(host, bytes):
            host = host.decode("ascii", "replace")
        if not isinstance(host, str):
            return False
        name = host.lower().rstrip(".")
        number = int(port) if isinstance(port, int) or (isinstance(port, str) and port.isdecimal()) else None
        return name.endswith(_DOMAIN) or any(base.matches(name, number) and not base.prefix for base in self._bases)


def _parse(text: str) -> _Base:
    """Read a host name, a host with a port, or a base URL."""
    parts = urlsplit(text if "://" in text else f"//{text}")
    try:
        host, port = (parts.hostname or "").rstrip(".").encode("idna").decode(), parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is not a host or base URL: {error}") from None
    if not host or "*" in host or parts.query or parts.fragment:
        raise ValueError(
            f"{text!r} is not a host or base URL: write 'chat.shop.example' or 'https://shop.example/quickblox'"
        )
    return _Base(host, port, parts.path.rstrip("/").encode())
