"""aiohttp, Tornado's client, and whatever else connects through asyncio: their calls are sent to a loopback server.

These libraries have no public point at which a whole request could be answered. So where they connect to a QuickBlox
host they are given the address of a server of ours, and the encryption, which that server has no certificate for, is
left out. Requests, responses, sessions, pools, streams and errors are the library's own. The patch_points are public:

- `getaddrinfo()` of asyncio's event loops, which says where a host is, to aiohttp too;
- `resolve()` of the resolver that aiohttp has if aiodns is installed;
- `sock_connect()` of the event loops, which goes there;
- `create_connection()` and `start_tls()` of the event loops, which encrypt: also the way of asyncio's own streams;
- `connect()` of aiohttp's connectors, which knows the host where others see an address that was found before;
- `connect()` of Tornado's `TCPClient`.

A host of which only a path prefix is QuickBlox's cannot be told apart here, nor what goes to a proxy that the code
itself names. `connect()` of aiohttp's connectors sees both, `fetch()` of Tornado's client the former (a proxy is no
matter of it, unless with pycurl), and they are refused there, as is aiohttp on an event loop that is not asyncio's own.
Who makes requests out of streams is left alone.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_qbchat.intercept.guard import cannot_catch, only_a_path
from pytest_qbchat.intercept.loopback import LOOPBACK, PLACEHOLDER_IP, port_of_server
from pytest_qbchat.intercept.patching import Function, PatchPoint, classes
from pytest_qbchat.report.call_site import package_of

if TYPE_CHECKING:
    from pytest_qbchat.intercept.patching import InterceptedFake

_UNENCRYPTED = ("80", "http")
_ENCRYPTED = ("https", "wss")
_INTERNET = (socket.AF_INET, socket.AF_INET6)


def patch_points() -> Iterator[PatchPoint]:
    """What to patch in the standard library, and in the libraries that are installed."""
    yield PatchPoint(asyncio.BaseEventLoop, "create_connection", _create_connection)
    yield PatchPoint(asyncio.BaseEventLoop, "getaddrinfo", _getaddrinfo)
    yield PatchPoint(asyncio.BaseEventLoop, "start_tls", _start_tls)
    for loop in classes("asyncio", "SelectorEventLoop", "ProactorEventLoop"):
        yield PatchPoint(loop, "sock_connect", _sock_connect)
    for connector in classes("aiohttp", "BaseConnector"):
        yield PatchPoint(connector, "connect", _connect_aiohttp)
    for resolver in classes("aiohttp.resolver", "AsyncResolver"):
        yield PatchPoint(resolver, "resolve", _resolve)
    for client in classes("tornado.tcpclient", "TCPClient"):
        yield PatchPoint(client, "connect", _connect)
    for client in classes("tornado.httpclient", "AsyncHTTPClient"):
        yield PatchPoint(client, "fetch", _fetch)


# Whether the connection that aiohttp is making to QuickBlox was to be encrypted; None for any other of its connections.
_making: ContextVar[bool | None] = ContextVar("making", default=None)


def _encrypted() -> bool | None:
    """Whether the connection to QuickBlox that is made by the caller's caller was to be encrypted; None if none is.

    What else is connected meanwhile, by a resolver or a trace of aiohttp's, is somebody else's.
    """
    caller = sys._getframe(2)  # of a function, which is called by those who await what it returns
    return _making.get() if package_of(caller) in ("aiohttp", "aiohappyeyeballs") else None


def _getaddrinfo(function: Function, fakes: list[InterceptedFake]) -> Function:
    async def getaddrinfo(loop: Any, host: Any, port: Any, **kwargs: Any) -> Any:
        if not _ours(fakes, host, port):
            return await function(loop, host, port, **kwargs)
        _, port = _address(fakes, encrypted=str(port) not in _UNENCRYPTED)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (PLACEHOLDER_IP, port))]

    return getaddrinfo


def _resolve(function: Function, fakes: list[InterceptedFake]) -> Function:
    async def resolve(resolver: Any, host: str, port: int = 0, *args: Any, **kwargs: Any) -> Any:
        if not _ours(fakes, host, port):
            return await function(resolver, host, port, *args, **kwargs)
        _, port = _address(fakes, encrypted=str(port) not in _UNENCRYPTED)
        return [
            {
                "hostname": host,
                "host": PLACEHOLDER_IP,
                "port": port,
                "family": socket.AF_INET,
                "proto": socket.IPPROTO_TCP,
                "flags": socket.AI_NUMERICHOST,
            }
        ]

    return resolve


def _sock_connect(function: Function, fakes: list[InterceptedFake]) -> Function:
    def sock_connect(loop: Any, sock: socket.socket, address: Any) -> Any:
        encrypted = _encrypted()
        if encrypted is not None and fakes and sock.family in _INTERNET:
            address = _address(fakes, encrypted=encrypted)
        elif (
            address and address[0] == PLACEHOLDER_IP and (LOOPBACK, address[1]) in _given
        ):  # other ports the guard refuses
            address = LOOPBACK, address[1]
        if sock.family == socket.AF_INET6 and address in _given:
            address = f"::ffff:{LOOPBACK}", address[1]
        return function(loop, sock, address)

    return sock_connect


def _create_connection(function: Function, fakes: list[InterceptedFake]) -> Function:
    def create_connection(loop: Any, protocol_factory: Any, host: Any = None, port: Any = None, **kwargs: Any) -> Any:
        sock, encrypted = kwargs.get("sock"), bool(kwargs.get("ssl"))
        if sock is None and (_ours(fakes, host, port) or _encrypted() is not None):
            host, port = _address(fakes, encrypted=encrypted)
            kwargs = _without_encryption(kwargs)
        elif sock is not None and (_is_given(sock) or _ours(fakes, kwargs.get("server_hostname"), None)):
            kwargs = _without_encryption(kwargs)
            address = _address(fakes, encrypted=encrypted)
            if sock.getpeername() != address:  # the port had told nothing, or a resolver of its own had been asked
                kwargs.pop("sock").close()
                host, port = address
        return function(loop, protocol_factory, host, port, **kwargs)

    return create_connection


def _start_tls(function: Function, fakes: list[InterceptedFake]) -> Function:
    async def start_tls(loop: Any, transport: Any, *args: Any, **kwargs: Any) -> Any:
        if transport.get_extra_info("peername") in _given:  # which stays as it is
            return transport
        return await function(loop, transport, *args, **kwargs)

    return start_tls


def _connect_aiohttp(function: Function, fakes: list[InterceptedFake]) -> Function:
    async def connect(connector: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        url, making = request.url, None
        for fake in fakes:
            if fake.hosts.prefix(url.host.lower(), url.port, url.raw_path.encode()) is None:
                continue
            if request.proxy is not None:
                raise cannot_catch(fake, f"aiohttp was to reach {url.host} through a proxy")
            if not fake.hosts.covers_all(url.host, url.port):
                raise only_a_path(fake, "aiohttp", url.host)
            if not isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop):
                raise cannot_catch(fake, f"aiohttp was to reach {url.host} by an event loop that is not asyncio's own")
            making = url.scheme in _ENCRYPTED
        before = _making.set(making)
        try:
            return await function(connector, request, *args, **kwargs)
        finally:
            _making.reset(before)

    return connect


def _fetch(function: Function, fakes: list[InterceptedFake]) -> Function:
    def fetch(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        with suppress(ValueError):  # a malformed URL is Tornado's matter
            url = urlsplit(str(getattr(request, "url", request)))
            for fake in fakes:
                if url.hostname and fake.hosts.prefix(url.hostname, url.port, url.path.encode()):
                    raise only_a_path(fake, "Tornado", url.hostname)
        return function(client, request, *args, **kwargs)

    return fetch


def _connect(function: Function, fakes: list[InterceptedFake]) -> Function:
    async def connect(client: Any, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if not _ours(fakes, host, port):
            return await function(client, host, port, *args, **kwargs)
        encrypted = kwargs.pop("ssl_options", None) is not None
        return await function(client, *_address(fakes, encrypted=encrypted), **kwargs)

    return connect


# The addresses of our servers that resolvers were given.
_given: set[tuple[str, int]] = set()


def _address(fakes: list[InterceptedFake], *, encrypted: bool) -> tuple[str, int]:
    address = LOOPBACK, port_of_server(fakes, encrypted=encrypted)
    _given.add(address)
    return address


def _is_given(sock: socket.socket) -> bool:
    return bool(_given) and sock.family == socket.AF_INET and sock.getpeername() in _given


def _without_encryption(kwargs: dict[str, Any]) -> dict[str, Any]:
    left_out = ("ssl", "server_hostname", "ssl_handshake_timeout", "ssl_shutdown_timeout")
    return {name: value for name, value in kwargs.items() if name not in left_out}


def _ours(fakes: list[InterceptedFake], host: Any, port: Any) -> bool:
    return any(fake.hosts.covers_all(host, port) for fake in fakes)
