"""No other library reaches a QuickBlox host while the fake is active.

A library without an interceptor has to resolve the host's name, so name resolution of these hosts is refused, and of
no others. Proxies of the environment are not for these hosts: that is said where aiohttp and niquests ask, at
`getproxies_environment()` of `urllib.request`. Out of sight are connections made before, resolvers and event loops
written in C (c-ares, uvloop), pycurl, what a library without an interceptor sends through a proxy, and what it sends to
a base URL with a path prefix.
"""

from __future__ import annotations

import socket
import urllib.request
from functools import partial
from inspect import currentframe
from typing import TYPE_CHECKING, Any

from pytest_qbchat.intercept.loopback import PLACEHOLDER_IP
from pytest_qbchat.intercept.patching import Function, PatchPoint
from pytest_qbchat.report.call_site import OTHER_LIBRARIES, package_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_qbchat.intercept.hosts import Hosts
    from pytest_qbchat.intercept.patching import InterceptedFake


def patch_points() -> Iterator[PatchPoint]:
    """What to patch in the standard library."""
    yield PatchPoint(socket, "getaddrinfo", partial(_guarded, _resolved))
    yield PatchPoint(socket, "gethostbyname", partial(_guarded, _resolved))
    yield PatchPoint(socket, "gethostbyname_ex", partial(_guarded, _resolved))
    yield PatchPoint(socket.socket, "connect", partial(_guarded, _connected))
    yield PatchPoint(socket.socket, "connect_ex", partial(_guarded, _connected))
    yield PatchPoint(urllib.request, "getproxies_environment", _getproxies)


def _guarded(target: Callable[..., str | None], function: Function, fakes: list[InterceptedFake]) -> Function:
    """Refuse a call whose target is a QuickBlox host."""

    def guard(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        for fake in fakes:
            if host := target(fake.hosts, *args, **kwargs):
                raise fake.refuse(_refusal(host))
        return function(*args, **kwargs)

    return guard


def _resolved(hosts: Hosts, host: object = None, port: object = None, *_: object, **__: object) -> str | None:
    if not hosts.covers_all(host, port):
        return None
    return host.decode() if isinstance(host, bytes) else str(host)


def _connected(hosts: Hosts, _: socket.socket, address: object) -> str | None:
    if not isinstance(address, tuple) or not address:
        return None
    return "QuickBlox" if address[0] == PLACEHOLDER_IP else _resolved(hosts, *address[:2])


def _getproxies(function: Function, fakes: list[InterceptedFake]) -> Function:
    def getproxies_environment() -> dict[str, str]:
        proxies: dict[str, str] = function()
        if fakes and proxies.get("no") != "*":  # also without proxies: niquests remembers those that there were
            direct = [host for fake in fakes for host in fake.hosts.names]
            proxies["no"] = ",".join(filter(None, [proxies.get("no"), *direct]))
        return proxies

    return getproxies_environment


def _refusal(host: str) -> str:
    return (
        f"{_library()} tried to reach {host} by a way that leads past the fake, and nothing is let through to "
        "QuickBlox\n  make this call with httpx, httpx2, requests, urllib3, urllib, http.client, aiohttp, niquests or "
        "Tornado's client, send it to the url of qbchat_server, or replace it in this test"
    )


def _library() -> str:
    """The library that made the call: the outermost on the stack, since many stand on another."""
    found = "something"
    frame = currentframe()
    while frame is not None:
        package = package_of(frame)
        if package in OTHER_LIBRARIES:
            found = package
        frame = frame.f_back
    return found


def cannot_catch(fake: InterceptedFake, what: str) -> Exception:
    """The refusal of what would lead past the fake."""
    return fake.refuse(
        f"{what}, where the fake cannot catch it\n  send this call to the url of qbchat_server, or give QuickBlox a "
        "host of its own, no proxy and asyncio's own event loop in this test"
    )


def only_a_path(fake: InterceptedFake, library: str, host: str) -> Exception:
    """The refusal of a host that is not all QuickBlox's."""
    return cannot_catch(fake, f"{library} was to reach {host}, of which only a path is QuickBlox's")
