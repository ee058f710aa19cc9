"""niquests, which stands on urllib3-future: its calls are sent to the loopback server, like those of aiohttp.

The point is `connect()` of urllib3-future's connections, public there as in urllib3, whose place it takes unless it is
told not to. It speaks to the socket by itself and in more than one protocol, so it is given a real one, unencrypted.

What goes through a proxy that the code names, and a host of which only a path prefix is QuickBlox's, is not caught, but
refused at `set_tunnel()` and `putrequest()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_qbchat.intercept.guard import cannot_catch, only_a_path
from pytest_qbchat.intercept.loopback import LOOPBACK, port_of_server
from pytest_qbchat.intercept.patching import Function, PatchPoint, classes

if TYPE_CHECKING:
    from pytest_qbchat.intercept.patching import InterceptedFake


def patch_points() -> Iterator[PatchPoint]:
    """What to patch in urllib3-future, if it is installed."""
    for name in ("urllib3_future", "urllib3"):  # under one name or both, which are two modules then
        if not classes(f"{name}.backend.hface", "HfaceBackend"):
            continue
        plain, *encrypted = classes(f"{name}.connection", "HTTPConnection", "HTTPSConnection")
        plain_async, *encrypted_async = classes(
            f"{name}._async.connection", "AsyncHTTPConnection", "AsyncHTTPSConnection"
        )
        for connection in (plain, *encrypted):
            yield PatchPoint(connection, "connect", partial(_connect, plain))
        for connection in (plain_async, *encrypted_async):
            yield PatchPoint(connection, "connect", partial(_connect_async, plain_async))
        for connection in (plain, plain_async):
            yield PatchPoint(connection, "set_tunnel", _set_tunnel)
            yield PatchPoint(connection, "putrequest", _putrequest)


def _connect(plain: Any, function: Function, fakes: list[InterceptedFake]) -> Function:
    def connect(connection: Any) -> None:
        if not _ours(connection, fakes):
            function(connection)
            return
        host, port = connection.host, connection.port
        _redirect(connection, fakes)
        try:
            plain.connect(connection)
        finally:
            connection.host, connection.port = host, port

    return connect


def _connect_async(plain: Any, function: Function, fakes: list[InterceptedFake]) -> Function:
    async def connect(connection: Any) -> None:
        if not _ours(connection, fakes):
            await function(connection)
            return
        host, port = connection.host, connection.port
        _redirect(connection, fakes)
        try:
            await plain.connect(connection)
        finally:
            connection.host, connection.port = host, port

    return connect


def _set_tunnel(function: Function, fakes: list[InterceptedFake]) -> Function:
    def set_tunnel(connection: Any, host: str, port: int | None = None, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        for fake in fakes:
            if fake.hosts.covers_all(host, port):
                raise cannot_catch(fake, f"niquests was to reach {host} through a proxy")
        return function(connection, host, port, *args, **kwargs)

    return set_tunnel


def _putrequest(function: Function, fakes: list[InterceptedFake]) -> Function:
    def putrequest(connection: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        absolute = urlsplit(url) if url.startswith(("http://", "https://")) else None
        for fake in fakes:
            if absolute is not None:
                host, port = absolute.hostname or "", absolute.port
                if fake.hosts.prefix(host, port, absolute.path.encode()) is not None:
                    raise cannot_catch(fake, f"niquests was to reach {host} through a proxy")
            elif fake.hosts.prefix(connection.host.lower(), connection.port, url.encode()):
                raise only_a_path(fake, "niquests", connection.host)
        return function(connection, method, url, *args, **kwargs)

    return putrequest


def _ours(connection: Any, fakes: list[InterceptedFake]) -> bool:
    return any(fake.hosts.covers_all(connection.host, connection.port) for fake in fakes)


def _redirect(connection: Any, fakes: list[InterceptedFake]) -> None:
    encrypted = connection.default_port != _UNENCRYPTED
    connection.host, connection.port = LOOPBACK, port_of_server(fakes, encrypted=encrypted)
    connection.is_verified = True  # so that nobody is warned of a connection without TLS


_UNENCRYPTED = 80
