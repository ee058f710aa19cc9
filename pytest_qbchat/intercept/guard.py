"""Refuses every call to QuickBlox that no interceptor catches.

Such a call has to resolve a QuickBlox host or connect to it. The functions of the standard library that do this refuse
these hosts. `getproxies_environment()`, which aiohttp and niquests call, excludes these hosts from the proxies of the
environment. The guard does not see earlier connections, resolvers and event loops written in C (c-ares, uvloop), and
pycurl. For libraries without an interceptor, it does not see requests through a proxy, or to a host that belongs to
QuickBlox only below a path prefix.
"""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from inspect import currentframe
from typing import Any

from pytest_qbchat.intercept.loopback_servers import is_loopback_server
from pytest_qbchat.intercept.patching import Function, InterceptedFake, PatchPoint, fake_for_host
from pytest_qbchat.report.call_site import OTHER_LIBRARIES, package_of


def patch_points() -> Iterator[PatchPoint]:
    """The patch points in the standard library."""
    for function in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        yield PatchPoint(socket, function, partial(_guarded, lambda host=None, port=None, *_, **__: (host, port)))
    for method in ("connect", "connect_ex"):
        yield PatchPoint(socket.socket, method, partial(_guarded, _address_of_connect))
    # The loop calls socket.getaddrinfo() in a thread, where the calling library is not on the stack.
    yield PatchPoint(asyncio.BaseEventLoop, "getaddrinfo", partial(_guarded, lambda _, host, port, **__: (host, port)))
    yield PatchPoint(urllib.request, "getproxies_environment", _getproxies)


def _address_of_connect(_: socket.socket, address: object) -> tuple[object, object]:
    if not isinstance(address, tuple) or len(address) < 2 or is_loopback_server(address):  # noqa: PLR2004 - host, port
        return None, None
    return address[0], address[1]


def _guarded(
    address_of: Callable[..., tuple[object, object]], function: Function, fakes: list[InterceptedFake]
) -> Function:
    """Refuse a call whose arguments name a QuickBlox host."""

    def guard(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        host, port = address_of(*args, **kwargs)
        fake = fake_for_host(fakes, host, port)
        if fake is not None:
            name = host.decode() if isinstance(host, bytes) else host
            raise fake.refuse(
                f"{_library()} tried to reach {name} in a way that the fake does not intercept, and no call to "
                "QuickBlox is let through\n  make this call with httpx, httpx2, requests, urllib3, urllib, "
                "http.client, aiohttp, niquests or Tornado's client, send it to the url of qbchat_server, or "
                "replace it in this test"
            )
        return function(*args, **kwargs)

    return guard


def _getproxies(function: Function, fakes: list[InterceptedFake]) -> Function:
    def getproxies_environment() -> dict[str, str]:
        proxies: dict[str, str] = function()
        if fakes and proxies.get("no") != "*":  # also without proxies: niquests remembers earlier ones
            excluded = [host for fake in fakes for host in fake.hosts.names]
            proxies["no"] = ",".join(filter(None, [proxies.get("no"), *excluded]))
        return proxies

    return getproxies_environment


def _library() -> str:
    """The library that made the call: the outermost one on the stack."""
    found = "something"
    frame = currentframe()
    while frame is not None:
        package = package_of(frame)
        if package in OTHER_LIBRARIES:
            found = package
        frame = frame.f_back
    return found


def refuse_path_prefix(fake: InterceptedFake, library: str, host: str | None) -> Exception:
    """Refuse a request to a host that belongs to QuickBlox only below a path prefix."""
    return fake.refuse(
        f"{library} tried to reach {host}, where only one path belongs to QuickBlox, and the fake cannot intercept a "
        "part of a host\n  send this call to the url of qbchat_server, or configure a separate host for QuickBlox"
    )


def refuse_proxy(fake: InterceptedFake, library: str, host: str) -> Exception:
    """Refuse a request through a proxy that the code names."""
    return fake.refuse(
        f"{library} tried to reach {host} through a proxy, and the fake cannot intercept this call\n  send it to the "
        "url of qbchat_server, or use no proxy in this test"
    )
