"""aiohttp, Tornado's client, and whatever else connects through asyncio: their calls are sent to a loopback server.

These libraries have no public seam at which a whole request could be answered. So where they connect to a QuickBlox
host they are given the address of a server of ours, and the encryption, which that server has no certificate for, is
left out. Requests, responses, sessions, pools, streams and errors are the library's own. The seams are public:

- `getaddrinfo()` of asyncio's event loops, which says where a host is, to aiohttp too;
- `resolve()` of the resolver that aiohttp has if aiodns is installed;
- `create_connection()` of asyncio's event loops, which encrypts: also the way of asyncio's own streams;
- `connect()` of Tornado's `TCPClient`;
- `getproxies_environment()` of `urllib.request`, which aiohttp asks whether a host is to be reached through a proxy.

A host of which only a path prefix is QuickBlox's cannot be told apart here, nor what goes to a proxy that the code
itself names. `connect()` of aiohttp's connectors sees both, `fetch()` of Tornado's client the former (a proxy is no
matter of it, unless with pycurl), and they are refused there. Who makes requests out of streams is left alone.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_qbchat.intercept.loopback import LOOPBACK, port_of_server
from pytest_qbchat.intercept.seams import Function, Seam

if TYPE_CHECKING:
    from pytest_qbchat.intercept.receiver import Receiver

_UNENCRYPTED = ("80", "http")


def seams() -> Iterator[Seam]:
    """What to patch in the standard library, and in the libraries that are installed."""
    yield Seam(asyncio.BaseEventLoop, "create_connection", _create_connection)
    yield Seam(asyncio.BaseEventLoop, "getaddrinfo", _getaddrinfo)
    if find_spec("aiohttp"):
        yield Seam(import_module("urllib.request"), "getproxies_environment", _getproxies)
        yield Seam(import_module("aiohttp").BaseConnector, "connect", _connect_aiohttp)
        if find_spec("aiodns"):
            yield Seam(import_module("aiohttp.resolver").AsyncResolver, "resolve", _resolve)
    if find_spec("tornado"):
        yield Seam(import_module("tornado.tcpclient").TCPClient, "connect", _connect)
        yield Seam(import_module("tornado.httpclient").AsyncHTTPClient, "fetch", _fetch)


def _getaddrinfo(function: Function, receivers: list[Receiver]) -> Function:
    async def getaddrinfo(loop: Any, host: Any, port: Any, **kwargs: Any) -> Any:
        if not _ours(receivers, host, port):
            return await function(loop, host, port, **kwargs)
        address = _address(receivers, encrypted=str(port) not in _UNENCRYPTED)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]

    return getaddrinfo


def _resolve(function: Function, receivers: list[Receiver]) -> Function:
    async def resolve(resolver: Any, host: str, port: int = 0, *args: Any, **kwargs: Any) -> Any:
        if not _ours(receivers, host, port):
            return await function(resolver, host, port, *args, **kwargs)
        address = _address(receivers, encrypted=str(port) not in _UNENCRYPTED)
        return [
            {
                "hostname": host,
                "host": address[0],
                "port": address[1],
                "family": socket.AF_INET,
                "proto": socket.IPPROTO_TCP,
                "flags": socket.AI_NUMERICHOST,
            }
        ]

    return resolve


def _create_connection(function: Function, receivers: list[Receiver]) -> Function:
    async def create_connection(
        loop: Any, protocol_factory: Any, host: Any = None, port: Any = None, **kwargs: Any
    ) -> Any:
        sock, encrypted = kwargs.get("sock"), bool(kwargs.get("ssl"))
        if _ours(receivers, host, port):
            host, port = _address(receivers, encrypted=encrypted)
            kwargs = _without_encryption(kwargs)
        elif sock is not None and (_is_given(sock) or _ours(receivers, kwargs.get("server_hostname"), None)):
            kwargs = _without_encryption(kwargs)
            address = _address(receivers, encrypted=encrypted)
            if sock.getpeername() != address:  # the port had told nothing, or a resolver of its own had been asked
                kwargs.pop("sock").close()
                host, port = address
        return await function(loop, protocol_factory, host, port, **kwargs)

    return create_connection


def _getproxies(function: Function, receivers: list[Receiver]) -> Function:
    def getproxies_environment() -> dict[str, str]:
        proxies: dict[str, str] = function()
        if proxies and receivers and proxies.get("no") != "*":
            direct = [host for fake in receivers for host in fake.hosts.names]
            proxies["no"] = ",".join(filter(None, [proxies.get("no"), *direct]))
        return proxies

    return getproxies_environment


def _connect_aiohttp(function: Function, receivers: list[Receiver]) -> Function:
    async def connect(connector: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        url = request.url
        for fake in receivers:
            if fake.hosts.prefix(url.host.lower(), url.port, url.raw_path.encode()) is None:
                continue
            if request.proxy is not None:
                raise fake.refuse(
                    f"aiohttp was to reach {url.host} through a proxy, where the fake cannot catch it\n{_HELP}"
                )
            if not fake.hosts.owns(url.host, url.port):
                raise _only_a_path(fake, "aiohttp", url.host)
        return await function(connector, request, *args, **kwargs)

    return connect


_HELP = "  send this call to the url of qbchat_server, or give QuickBlox a host of its own and no proxy in this test"


def _only_a_path(fake: Receiver, library: str, host: str) -> Exception:
    return fake.refuse(f"{library} was to reach {host}, of which only a path is QuickBlox's\n{_HELP}")


def _fetch(function: Function, receivers: list[Receiver]) -> Function:
    def fetch(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        with suppress(ValueError):  # a malformed URL is Tornado's matter
            url = urlsplit(str(getattr(request, "url", request)))
            for fake in receivers:
                if url.hostname and fake.hosts.prefix(url.hostname, url.port, url.path.encode()):
                    raise _only_a_path(fake, "Tornado", url.hostname)
        return function(client, request, *args, **kwargs)

    return fetch


def _connect(function: Function, receivers: list[Receiver]) -> Function:
    async def connect(client: Any, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if not _ours(receivers, host, port):
            return await function(client, host, port, *args, **kwargs)
        encrypted = kwargs.pop("ssl_options", None) is not None
        return await function(client, *_address(receivers, encrypted=encrypted), **kwargs)

    return connect


# The addresses of our servers that resolvers were given.
_given: set[tuple[str, int]] = set()


def _address(receivers: list[Receiver], *, encrypted: bool) -> tuple[str, int]:
    address = LOOPBACK, port_of_server(receivers, encrypted=encrypted)
    _given.add(address)
    return address


def _is_given(sock: socket.socket) -> bool:
    return bool(_given) and sock.family == socket.AF_INET and sock.getpeername() in _given


def _without_encryption(kwargs: dict[str, Any]) -> dict[str, Any]:
    left_out = ("ssl", "server_hostname", "ssl_handshake_timeout", "ssl_shutdown_timeout")
    return {name: value for name, value in kwargs.items() if name not in left_out}


def _ours(receivers: list[Receiver], host: Any, port: Any) -> bool:
    return any(fake.hosts.owns(host, port) for fake in receivers)
