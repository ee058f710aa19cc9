"""Sends the calls of niquests, which is built on urllib3-future, to the loopback server.

The patch point is `connect()` of urllib3-future's connections, which is public. urllib3-future replaces urllib3 by
default. Its connections need a real socket, because they support several protocols. They get an unencrypted one to the
loopback server. `set_tunnel()` and `putrequest()` refuse requests through a proxy that the code names.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from pytest_qbchat.intercept.guard import refuse_proxy
from pytest_qbchat.intercept.loopback_servers import loopback_address
from pytest_qbchat.intercept.patching import Function, PatchPoint, classes, fake_for_call, fake_for_host
from pytest_qbchat.service.hosts import HTTPS_PORT
from pytest_qbchat.service.interface import Fake


def _patch_points(prefix: str, module: Any) -> Iterator[PatchPoint]:
    connections = classes(module, f"{prefix}HTTPConnection", f"{prefix}HTTPSConnection")
    if not connections[1:] or not any(base.__name__.endswith("HfaceBackend") for base in connections[0].__mro__):
        return  # a stub, or urllib3 itself
    plain = connections[0]
    for connection in connections:
        yield PatchPoint(connection, "connect", partial(_connect_async if prefix else _connect, plain))
    yield PatchPoint(plain, "set_tunnel", _set_tunnel)
    yield PatchPoint(plain, "putrequest", _putrequest)


LIBRARIES = {
    **dict.fromkeys(("urllib3_future.connection", "urllib3.connection"), partial(_patch_points, "")),
    **dict.fromkeys(("urllib3_future._async.connection", "urllib3._async.connection"), partial(_patch_points, "Async")),
}


def _connect(plain: Any, function: Function, fakes: list[Fake]) -> Function:
    def connect(connection: Any) -> None:
        if fake_for_host(fakes, connection.host, connection.port) is None:
            function(connection)
        else:
            with _redirected(connection, plain, fakes):
                plain.connect(connection)

    return connect


def _connect_async(plain: Any, function: Function, fakes: list[Fake]) -> Function:
    async def connect(connection: Any) -> None:
        if fake_for_host(fakes, connection.host, connection.port) is None:
            await function(connection)
        else:
            with _redirected(connection, plain, fakes):
                await plain.connect(connection)

    return connect


@contextmanager
def _redirected(connection: Any, plain: Any, fakes: list[Fake]) -> Iterator[None]:
    """Let a connection connect to the loopback server."""
    host, port, resolver = connection.host, connection.port, connection._resolver
    encrypted = connection.default_port == HTTPS_PORT
    connection.host, connection.port = loopback_address(fakes, host, port, encrypted=encrypted)
    connection._resolver = plain(host)._resolver  # of the system; another one may not know localhost
    connection.is_verified = True  # otherwise urllib3-future warns about a connection without TLS
    try:
        yield
    finally:
        connection.host, connection.port, connection._resolver = host, port, resolver


def _set_tunnel(function: Function, fakes: list[Fake]) -> Function:
    def set_tunnel(connection: Any, host: str, port: int | None = None, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        fake = fake_for_host(fakes, host, port)
        if fake is not None:
            raise refuse_proxy(fake, "niquests", host)
        return function(connection, host, port, *args, **kwargs)

    return set_tunnel


def _putrequest(function: Function, fakes: list[Fake]) -> Function:
    def putrequest(connection: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if url[:8].lower().startswith(("http://", "https://")):  # for a proxy
            parts = urlsplit(url)
            fake = fake_for_call(fakes, parts.hostname or "", parts.port)
            if fake is not None:
                raise refuse_proxy(fake, "niquests", parts.hostname)
        return function(connection, method, url, *args, **kwargs)

    return putrequest
