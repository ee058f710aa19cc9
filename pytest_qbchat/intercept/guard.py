"""Refuses every call to QuickBlox that no interceptor catches.

Such a call has to resolve a QuickBlox host, or to connect or send to it. CPython raises an audit event for each of
these, for any caller, and a hook that raises an error refuses the call. Unlike a patch, the hook also works for a
library that imported a function earlier. Hooks cannot be removed, so this one does nothing without an active fake.
Methods of sockets that take a name look it up before their event, so they are patched too.

`getproxies_environment()`, which aiohttp and niquests call, excludes QuickBlox hosts from the proxies of the
environment. The guard does not see earlier connections, and resolvers that ask a name server themselves (c-ares,
dnspython) or that are written in C (uvloop, pycurl). For libraries without an interceptor, it does not see requests
through a proxy.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from functools import partial
from inspect import currentframe
from traceback import walk_stack
from typing import Any, NoReturn

from pytest_qbchat.exceptions import CallRefused
from pytest_qbchat.explain.call_site import OTHER_LIBRARIES, in_thread_of_library, package_of
from pytest_qbchat.intercept.loopback_servers import is_loopback_server
from pytest_qbchat.intercept.patching import Function, PatchPoint, classes, fake_for_call, fake_for_host, points_at
from pytest_qbchat.service.interface import Fake

Address = tuple[object, object]  # host and port
_ADDRESS = re.compile(r"None|[\d.]*|.*:.*")


def _address(given: object) -> Address:
    """The host and port of a socket address."""
    return (given[0], given[1]) if isinstance(given, tuple) and len(given) > 1 else (None, None)


# The address in the arguments of each audit event.
EVENTS: dict[str, Callable[..., Address]] = {
    "socket.getaddrinfo": lambda host, port, *_: (host, port),
    "socket.gethostbyname": lambda host: (host, None),
    "socket.gethostbyaddr": lambda host: (host, None),
    "socket.connect": lambda _, address: _address(address),
    "socket.sendto": lambda _, address: _address(address),
    "socket.sendmsg": lambda _, address: _address(address),
}


def audit(fakes: list[Fake], event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse the call of an audit event if it names a QuickBlox host.

    Coverage does not measure a hook, and debuggers do not step into it.
    """
    __tracebackhide__ = True
    if fakes and event in EVENTS:  # `fakes` first: EVENTS is None when the process ends
        _refuse_quickblox(fakes, *EVENTS[event](*arguments))
    elif fakes and event in ("subprocess.Popen", "os.posix_spawn", "os.system"):
        for fake in fakes:
            fake.hosts.processes = True


def _sockets(module: Any) -> Iterator[PatchPoint]:
    for sockets in classes(module, "socket"):
        for method in {"connect", "connect_ex", "sendto", "sendmsg"} & {*dir(sockets)}:  # Windows has no sendmsg
            yield PatchPoint(sockets, method, partial(_guarded, lambda *args: _address(args[-1])))


def _guarded(address_of: Callable[..., Address], function: Function, fakes: list[Fake]) -> Function:
    """Refuse a call whose arguments name a QuickBlox host."""

    def guard(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        _refuse_quickblox(fakes, *address_of(*args, **kwargs))
        return function(*args, **kwargs)

    return guard


def _refuse_quickblox(fakes: list[Fake], host: object, port: object) -> None:
    __tracebackhide__ = True
    named = not _ADDRESS.fullmatch(str(host))  # the host of an address was noted when it was looked up
    fake = (fake_for_call if named else fake_for_host)(fakes, host, port)
    if fake is None or is_loopback_server((host, port)):
        return
    text = (
        f"{_library()} tried to reach {host.decode() if isinstance(host, bytes) else host} in a way that the fake does "
        "not intercept\n  no call to QuickBlox is let through: make this call with httpx, httpx2, httpcore, requests, "
        "urllib3, urllib, http.client, aiohttp, niquests or Tornado's client, send it to the url of qbchat_server, or "
        "replace it in this test"
    )
    raise_refusal(fake.refuse(text))


def raise_refusal(error: Exception) -> NoReturn:
    """Raise a refusal in the code that resolves a host, connects or sends."""
    __tracebackhide__ = True
    try:
        raise error  # adds a traceback; unittest takes an error without one for an error that the test has seen
    except CallRefused as refusal:
        if in_thread_of_library():  # Twisted would wait forever after an error that resolvers do not raise
            raise socket.gaierror(socket.EAI_FAIL, refusal.text) from refusal
        raise


def _getproxies(function: Function, fakes: list[Fake]) -> Function:
    def getproxies_environment() -> dict[str, str]:
        proxies: dict[str, str] = function()
        if fakes and proxies.get("no") != "*":  # even without proxies: niquests remembers earlier ones
            excluded = [host for fake in fakes for host in fake.hosts.names]
            proxies["no"] = ",".join(filter(None, [proxies.get("no"), *excluded]))
        return proxies

    return getproxies_environment


def _noting(function: Function, fakes: list[Fake]) -> Function:
    """A process that multiprocessing spawns, or asks its fork server for, raises no audit event."""

    def get_preparation_data(name: str) -> Any:
        audit(fakes, "subprocess.Popen", ())
        return function(name)

    return get_preparation_data


# The loop calls socket.getaddrinfo() in a thread, where the calling library is not on the stack.
_by_loop = partial(_guarded, lambda _, host, port, **__: (host, port))
LIBRARIES = {
    "socket": _sockets,
    "asyncio.base_events": points_at("getaddrinfo", _by_loop, "BaseEventLoop"),
    "urllib.request": points_at("getproxies_environment", _getproxies),
    "multiprocessing.spawn": points_at("get_preparation_data", _noting),
}


def _library() -> str:
    """The library that made the call: the outermost one on the stack."""
    packages = [package_of(frame) for frame, _ in walk_stack(currentframe())]
    return next((package for package in reversed(packages) if package in OTHER_LIBRARIES), "something")


def refuse_proxy(fake: Fake, library: str, host: object) -> Exception:
    """Refuse a request through a proxy that the code names."""
    return fake.refuse(
        f"{library} tried to reach {host} through a proxy, and the fake cannot intercept this call\n  send it to the "
        "url of qbchat_server, or use no proxy in this test"
    )
