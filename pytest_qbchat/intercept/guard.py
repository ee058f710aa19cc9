"""No other library reaches a QuickBlox host while the fake is active.

A library without an interceptor has to resolve the host's name, so name resolution of these hosts is refused, and of
no others. Behind a proxy the proxy resolves: `http.client`, on which requests, urllib3 and urllib stand, is asked at
its own methods. Out of sight are connections made before, resolvers and event loops written in C (c-ares, uvloop),
pycurl, other libraries behind a proxy, and, for a base URL with a path prefix, all that is not built on `http.client`.
"""

from __future__ import annotations

import socket
from functools import partial
from http.client import HTTPConnection
from inspect import currentframe
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_qbchat.intercept.seams import Function, Seam
from pytest_qbchat.stack import OTHER_LIBRARIES, package_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_qbchat.intercept.hosts import Hosts
    from pytest_qbchat.intercept.receiver import Receiver


def seams() -> Iterator[Seam]:
    """What to patch in the standard library."""
    yield Seam(socket, "getaddrinfo", partial(_guarded, _resolved))
    yield Seam(socket, "gethostbyname", partial(_guarded, _resolved))
    yield Seam(socket, "gethostbyname_ex", partial(_guarded, _resolved))
    yield Seam(socket.socket, "connect", partial(_guarded, _connected))
    yield Seam(socket.socket, "connect_ex", partial(_guarded, _connected))
    yield Seam(HTTPConnection, "set_tunnel", partial(_guarded, _tunnelled))
    yield Seam(HTTPConnection, "putrequest", partial(_guarded, _requested))


def _guarded(target: Callable[..., str | None], function: Function, receivers: list[Receiver]) -> Function:
    """Refuse a call whose target is a QuickBlox host."""

    def guard(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        for fake in receivers:
            if host := target(fake.hosts, *args, **kwargs):
                raise fake.refuse(_refusal(host))
        return function(*args, **kwargs)

    return guard


def _resolved(hosts: Hosts, host: object = None, port: object = None, *_: object, **__: object) -> str | None:
    if not hosts.owns(host, port):
        return None
    return host.decode() if isinstance(host, bytes) else str(host)


def _connected(hosts: Hosts, _: socket.socket, address: object) -> str | None:
    return _resolved(hosts, *address[:2]) if isinstance(address, tuple) else None


def _tunnelled(hosts: Hosts, _: HTTPConnection, host: str, port: object = None, headers: object = None) -> str | None:
    name, _colon, digits = host.partition(":")
    return _resolved(hosts, name, port or digits)


def _requested(
    hosts: Hosts, connection: HTTPConnection, method: str, url: str | None, *_: object, **__: object
) -> str | None:
    host: str
    port: int | None
    host, port, target = connection.host, connection.port, url or "/"
    if target.startswith(("http://", "https://")):  # through a proxy; otherwise it is the path at the connection's host
        try:
            parts = urlsplit(target)
            host, port, target = parts.hostname or "", parts.port, parts.path
        except ValueError:  # no URL at all, which is for http.client to say
            return None
    return host if hosts.prefix(host.lower(), port, target.encode()) is not None else None


def _refusal(host: str) -> str:
    return (
        f"{_library()} tried to reach {host}; the fake answers httpx and httpx2 only, and lets no other library "
        "through to QuickBlox\n  make this call with httpx, or replace it in this test"
    )


def _library() -> str:
    """The library that made the call: the outermost on the stack, since requests stands on urllib3, and so on."""
    found = "something other than httpx"  # aiohttp resolves in a thread, where its own frames are not seen
    frame = currentframe()
    while frame is not None:
        package = package_of(frame)
        if package in OTHER_LIBRARIES:
            found = package
        frame = frame.f_back
    return found
