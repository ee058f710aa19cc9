"""Servers on the loopback interface, for libraries without a function that answers a whole request.

There is one server for http and one for https, because connections to both are unencrypted and a request does not
contain the scheme. The first call starts a server. It runs until the process ends, because sessions keep addresses and
connections longer than one test. While no fake answers a host, its requests get a closed connection.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from pytest_qbchat.exceptions import ConnectionFault
from pytest_qbchat.intercept.patching import InterceptedFake, fake_for_host
from pytest_qbchat.service.wire import Request, Response

if TYPE_CHECKING:
    from pytest_qbchat.intercept.server import LocalServer

# The keys are the id of the list of active fakes, one for each process, and whether the code asked for encryption.
_servers: dict[tuple[int, bool], LocalServer] = {}
_starting = Lock()


def loopback_address(fakes: list[InterceptedFake], *, encrypted: bool) -> tuple[str, int]:
    """The host and port of the server for https or http. Starts the server if it is not running yet."""
    key = id(fakes), encrypted
    with _starting:
        if key not in _servers:
            from pytest_qbchat.intercept.server import LocalServer  # noqa: PLC0415 - with asyncio, for the calls that need it

            server = LocalServer(_Dispatcher(fakes), "https" if encrypted else "http")
            server.start()
            _servers[key] = server
        return _servers[key].host, _servers[key].port


def is_loopback_server(address: object) -> bool:
    """Whether an address is that of one of the servers."""
    return any((server.host, server.port) == address for server in list(_servers.values()))


class _Dispatcher:
    """Passes each request to the fake that answers its host."""

    def __init__(self, fakes: list[InterceptedFake]) -> None:
        self._fakes = fakes

    async def handle_async(self, request: Request) -> Response:
        host, _, port = request.origin.partition("://")[2].partition(":")
        fake = fake_for_host(self._fakes, host, port)
        if fake is None:
            raise ConnectionFault("disconnect", "no fake answers this host")
        return await fake.handle_async(request)

    def refuse(self, reason: str) -> Exception:
        """Record an error of a custom route, with the newest fake."""
        return self._fakes[0].refuse(reason)
