"""Sends the calls of aiohttp, Tornado's client and asyncio's streams to a server on the loopback interface.

These libraries have no public function that can be replaced to answer a whole request. Instead, their connections to
QuickBlox lead to the loopback server. They are unencrypted, because that server has no certificate for the host.
Requests, responses, sessions, pools, streams and errors are the library's. The patch points are public:

- `connect()` of aiohttp's connectors, which gets the request;
- `connect()` of Tornado's `TCPClient`, which gets the host;
- `create_connection()` of asyncio's event loops, which gets the host, and `start_tls()`: asyncio's streams use both.

These functions do not get the path. With aiohttp and Tornado's client, a request to a host that belongs to QuickBlox
only below a path prefix is refused; such a request on asyncio's streams is not intercepted. A request of aiohttp
through a proxy that the code names is refused too. Tornado's client uses proxies only with pycurl. Streams to ports of
`*.quickblox.com` that are not those of HTTP are refused, because its chat, XMPP, has such ports.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from pytest_qbchat.intercept.guard import refuse_library, refuse_path_prefix, refuse_proxy
from pytest_qbchat.intercept.hosts import HTTPS_PORT, PORTS
from pytest_qbchat.intercept.loopback_servers import is_loopback_server, loopback_address
from pytest_qbchat.intercept.patching import (
    Function,
    InterceptedFake,
    PatchPoint,
    classes,
    fake_for_host,
    fake_for_url,
)


def _event_loops(module: Any) -> Iterator[PatchPoint]:
    for loop in classes(module, "BaseEventLoop"):
        yield PatchPoint(loop, "create_connection", _create_connection)
        yield PatchPoint(loop, "start_tls", _start_tls)


def _aiohttp(module: Any) -> Iterator[PatchPoint]:
    for connector in classes(module, "BaseConnector"):
        yield PatchPoint(connector, "connect", _connect_aiohttp)


def _tornado_connections(module: Any) -> Iterator[PatchPoint]:
    for client in classes(module, "TCPClient"):
        yield PatchPoint(client, "connect", _connect_tornado)


def _tornado_clients(module: Any) -> Iterator[PatchPoint]:
    for client in classes(module, "AsyncHTTPClient"):
        yield PatchPoint(client, "fetch", _fetch_tornado)


LIBRARIES = {
    "asyncio.base_events": _event_loops,
    "aiohttp.connector": _aiohttp,
    "tornado.tcpclient": _tornado_connections,
    "tornado.httpclient": _tornado_clients,
}


def _connect_aiohttp(function: Function, fakes: list[InterceptedFake]) -> Function:
    async def connect(connector: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        url = request.url
        found = fake_for_url(fakes, url.host, url.port, url.raw_path.encode())
        if found is None:
            return await function(connector, request, *args, **kwargs)
        fake = found[0]
        if request.proxy is not None:
            raise refuse_proxy(fake, "aiohttp", url.host)
        if not fake.hosts.covers_all(url.host, url.port):
            raise refuse_path_prefix(fake, "aiohttp", url.host)
        # The connector reads from the request where to connect. The session sends it with its own URL afterwards.
        address = loopback_address(fakes, url.host, url.port, encrypted=url.scheme in ("https", "wss"))
        request.url = url.build(scheme="http", host=address[0], port=address[1])
        try:
            return await function(connector, request, *args, **kwargs)
        finally:
            request.url = url

    return connect


def _connect_tornado(function: Function, fakes: list[InterceptedFake]) -> Function:
    async def connect(client: Any, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if fake_for_host(fakes, host, port) is not None:
            encrypted = kwargs.pop("ssl_options", None) is not None
            address = loopback_address(fakes, host, port, encrypted=encrypted)
            return await function(client, *address, *args, **kwargs)
        return await function(client, host, port, *args, **kwargs)

    return connect


def _fetch_tornado(function: Function, fakes: list[InterceptedFake]) -> Function:
    def fetch(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        with suppress(ValueError):  # Tornado itself reports a malformed URL
            url = urlsplit(str(getattr(request, "url", request)))
            found = fake_for_url(fakes, url.hostname or "", url.port, url.path.encode())
            if found is not None and found[1]:
                raise refuse_path_prefix(found[0], "Tornado", url.hostname)
        return function(client, request, *args, **kwargs)

    return fetch


def _create_connection(function: Function, fakes: list[InterceptedFake]) -> Function:
    def create_connection(loop: Any, protocol_factory: Any, host: Any = None, port: Any = None, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        sock = kwargs.get("sock")
        name: Any = host if sock is None else kwargs.get("server_hostname")
        fake = fake_for_host(fakes, name, port)
        if fake is not None:
            number = PORTS.get(port) or int(port or HTTPS_PORT)
            if not fake.hosts.serves_http(name, number):
                raise refuse_library(fake, name)
            if sock is not None:
                sock.close()
            host, port = loopback_address(fakes, name, number, encrypted=bool(kwargs.get("ssl")))
            omitted = ("sock", "ssl", "server_hostname", "ssl_handshake_timeout", "ssl_shutdown_timeout")
            kwargs = {name: value for name, value in kwargs.items() if name not in omitted}
        return function(loop, protocol_factory, host, port, **kwargs)

    return create_connection


def _start_tls(function: Function, fakes: list[InterceptedFake]) -> Function:
    async def start_tls(loop: Any, transport: Any, *args: Any, **kwargs: Any) -> Any:
        if is_loopback_server(transport.get_extra_info("peername")):  # the connection stays unencrypted
            return transport
        return await function(loop, transport, *args, **kwargs)

    return start_tls
