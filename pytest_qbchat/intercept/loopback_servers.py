"""Servers on the loopback interface, for libraries without a function that answers a whole request.

There is one server for each destination, because the connections are unencrypted and a request need not name its host.
The first call to a destination starts its server. It runs until the process ends, because sessions keep addresses and
connections longer than one test. While no fake answers the host, its requests get a closed connection.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_qbchat.intercept.patching import fake_for_host
from pytest_qbchat.service.hosts import HTTPS_PORT, Url, origin
from pytest_qbchat.service.interface import Fake

if TYPE_CHECKING:
    from pytest_qbchat.server.live_server import LocalServer

# The keys are the id of the list of active fakes, one for each process, and the origin of the requests.
_servers: dict[tuple[int, str], LocalServer] = {}


def loopback_address(fakes: list[Fake], host: str, port: int, *, encrypted: bool) -> tuple[str, int]:
    """The host and port of the server for a destination. Starts the server if it is not running yet."""
    scheme = "https" if encrypted or port == HTTPS_PORT else "http"
    key = id(fakes), origin(scheme, host, port)
    if key not in _servers:
        from pytest_qbchat.server.live_server import LocalServer  # noqa: PLC0415 - it imports asyncio

        server = LocalServer(partial(fake_for_host, fakes, host, port), Url(scheme, host, port, ""))
        server.start()
        _servers.setdefault(key, server)  # of two threads, only one keeps its server
    return _servers[key].host, _servers[key].port


def is_loopback_server(address: object) -> bool:
    """Whether one of the servers has this address."""
    return any((server.host, server.port) == address for server in list(_servers.values()))
