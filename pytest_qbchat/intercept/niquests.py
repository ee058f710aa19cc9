"""niquests, which stands on urllib3-future: its calls are sent to the loopback server, like those of aiohttp.

The seam is `connect()` of urllib3-future's connections, public there as in urllib3, whose place it takes unless it is
told not to. It speaks to the socket by itself and in more than one protocol, so it is given a real one, unencrypted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pytest_qbchat.intercept.loopback import LOOPBACK, port_of_server
from pytest_qbchat.intercept.seams import Function, Seam

if TYPE_CHECKING:
    from pytest_qbchat.intercept.receiver import Receiver


def seams() -> Iterator[Seam]:
    """What to patch in urllib3-future, if it is installed."""
    if find_spec("urllib3_future"):
        # Under one name or both, which are two modules then.
        names = [name for name in ("urllib3_future", "urllib3") if find_spec(f"{name}.backend.hface")]
        for name in names:
            module = import_module(f"{name}.connection")
            for connection in (module.HTTPConnection, module.HTTPSConnection):
                yield Seam(connection, "connect", partial(_connect, module.HTTPConnection))
            module = import_module(f"{name}._async.connection")
            for connection in (module.AsyncHTTPConnection, module.AsyncHTTPSConnection):
                yield Seam(connection, "connect", partial(_connect_async, module.AsyncHTTPConnection))


def _connect(plain: Any, function: Function, receivers: list[Receiver]) -> Function:
    def connect(connection: Any) -> None:
        if not _ours(connection, receivers):
            function(connection)
            return
        host, port = connection.host, connection.port
        _redirect(connection, receivers)
        try:
            plain.connect(connection)
        finally:
            connection.host, connection.port = host, port

    return connect


def _connect_async(plain: Any, function: Function, receivers: list[Receiver]) -> Function:
    async def connect(connection: Any) -> None:
        if not _ours(connection, receivers):
            await function(connection)
            return
        host, port = connection.host, connection.port
        _redirect(connection, receivers)
        try:
            await plain.connect(connection)
        finally:
            connection.host, connection.port = host, port

    return connect


def _ours(connection: Any, receivers: list[Receiver]) -> bool:
    return any(fake.hosts.owns(connection.host, connection.port) for fake in receivers)


def _redirect(connection: Any, receivers: list[Receiver]) -> None:
    encrypted = connection.default_port != _UNENCRYPTED
    connection.host, connection.port = LOOPBACK, port_of_server(receivers, encrypted=encrypted)
    connection.is_verified = True  # so that nobody is warned of a connection without TLS


_UNENCRYPTED = 80
