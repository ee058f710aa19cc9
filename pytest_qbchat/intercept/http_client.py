"""http.client, and all that stands on it: urllib.request, urllib3 and so requests.

The point is `connect()` of their connections, public in all of them, with `set_tunnel()` and `putrequest()` to know
where a connection behind a proxy leads. A connection to QuickBlox gets a line to the fake in place of a socket. Above
it nothing is touched: sessions and adapters, pools and retries, redirects, streams, decompression, errors and responses
are the library's own, and time-outs and broken connections are what it makes of a socket that fails.

Of a host of which only a path prefix is QuickBlox's, it is known when the path is; until then nobody connects to it.
"""

from __future__ import annotations

import io
import socket
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPSConnection
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from pytest_qbchat.exceptions import ConnectionFault
from pytest_qbchat.intercept import http11
from pytest_qbchat.intercept.patching import Function, PatchPoint, installed_classes

if TYPE_CHECKING:
    from pytest_qbchat.intercept.patching import InterceptedFake

_PORTS = {"http": 80, "https": 443}


class Target(NamedTuple):
    """Where a request goes, which behind a proxy is not where its connection goes."""

    scheme: str
    host: str
    port: int | None
    path: bytes

    @property
    def origin(self) -> str:
        """Scheme, host, and the port if it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port in (None, _PORTS[self.scheme]) else f":{self.port}")


def patch_points() -> Iterator[PatchPoint]:
    """What to patch in the standard library, and in urllib3 if it is installed."""
    yield PatchPoint(HTTPConnection, "set_tunnel", _set_tunnel)
    yield PatchPoint(HTTPConnection, "putrequest", _putrequest)
    for connection in (HTTPConnection, HTTPSConnection, *_of_urllib3()):
        yield PatchPoint(connection, "connect", _connect)


def _of_urllib3() -> list[Any]:
    found = installed_classes("urllib3.connection", "HTTPConnection", "HTTPSConnection")
    # urllib3-future in its place is without http.client.
    return [connection for connection in found if issubclass(connection, HTTPConnection)]


# The hosts behind proxies, by connection; and the connections whose request is somebody else's.
_tunnels: WeakKeyDictionary[Any, tuple[str, int | None]] = WeakKeyDictionary()
_elsewhere: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()


def _set_tunnel(function: Function, fakes: list[InterceptedFake]) -> Function:
    def set_tunnel(connection: Any, host: str, port: int | None = None, *args: Any, **kwargs: Any) -> Any:
        name, _, digits = host.partition(":")
        _tunnels[connection] = name, port or (int(digits) if digits.isdecimal() else None)
        return function(connection, host, port, *args, **kwargs)

    return set_tunnel


def _connect(function: Function, fakes: list[InterceptedFake]) -> Function:
    def connect(connection: Any) -> None:
        __tracebackhide__ = True
        if _may_be_ours(connection, fakes):
            connection.sock = _fake_socket(connection, fakes)
        else:
            function(connection)

    return connect


def _fake_socket(connection: Any, fakes: list[InterceptedFake]) -> FakeSocket:
    """A line for a connection, which is told what urllib3 wants to know of one."""
    connection.is_verified = True  # or it warns of a connection without TLS
    connection._has_connected_to_proxy = True  # or it takes a time-out for one of a proxy that was not reached
    return FakeSocket(connection, fakes)


def _may_be_ours(connection: Any, fakes: list[InterceptedFake]) -> bool:
    """Whether a connection leads to QuickBlox, as far as that is known before the request."""
    host, port = _tunnels.get(connection) or (connection.host, connection.port)
    return any(
        fake.hosts.covers_all(host, port) or (connection not in _elsewhere and fake.hosts.covers_part(host, port))
        for fake in fakes
    )


def _putrequest(function: Function, fakes: list[InterceptedFake]) -> Function:
    def putrequest(connection: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        target = _target(connection, url or "/")
        ours = target is not None and _answering(fakes, target) is not None
        line = connection.sock if isinstance(connection.sock, FakeSocket) else None
        if connection.sock is not None and (line is None) is ours:
            connection.sock.close()  # and not the connection itself: urllib3 forgets with it where a tunnel leads
            connection.sock = line = None
        if ours:
            _elsewhere.pop(connection, None)
            connection.sock = line = line or _fake_socket(connection, fakes)
            line.target = target
        else:
            _elsewhere[connection] = True
        return function(connection, method, url, *args, **kwargs)

    return putrequest


def _target(connection: Any, url: str) -> Target | None:
    """Where a request goes; None if that is no URL, which is for the library to say."""
    if url.startswith(("http://", "https://")):  # to a proxy that is to pass it on
        try:
            parts = urlsplit(url)
            path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
            return Target(parts.scheme, parts.hostname or "", parts.port, path.encode())
        except ValueError:
            return None
    host, port = _tunnels.get(connection) or (connection.host, connection.port)
    scheme = "https" if connection.default_port == _PORTS["https"] else "http"
    return Target(scheme, host.lower(), port, url.encode())


def _answering(fakes: list[InterceptedFake], target: Target) -> tuple[InterceptedFake, str] | None:
    """Whose request it is, and the prefix of its path."""
    for fake in fakes:
        prefix = fake.hosts.prefix(target.host, target.port, target.path)
        if prefix is not None:
            return fake, prefix
    return None


class FakeSocket:
    """What a connection to QuickBlox has in place of a socket: bytes go in, and the answer comes out."""

    def __init__(self, connection: Any, fakes: list[InterceptedFake]) -> None:
        self.target: Target | None = None
        self._fakes = fakes
        self._sent = bytearray()
        self._timeout: float | None = connection.timeout
        self._pair: tuple[socket.socket, socket.socket] | None = None

    def sendall(self, data: Any) -> None:
        """Take bytes of a request."""
        self._sent += data

    def makefile(self, mode: str = "rb", buffering: int | None = None) -> io.BufferedIOBase:
        """Answer the request that was sent, as a file to read the answer from.

        Errors come up when it is read: a response of `http.client` that got no file cannot even be closed.
        """
        __tracebackhide__ = True
        sent = bytes(self._sent)
        self._sent.clear()
        try:
            return io.BytesIO(self._answer(sent))
        except ConnectionFault as fault:
            return io.BufferedReader(_Broken(_as_socket_error(fault.kind == "timeout", str(fault))))
        except Exception as error:
            httpx = sys.modules.get("httpx")  # which a route of the test's own has raised
            if httpx is None or not isinstance(error, httpx.RequestError):
                return io.BufferedReader(_Broken(error))
            return io.BufferedReader(_Broken(_as_socket_error(isinstance(error, httpx.TimeoutException), str(error))))

    def _answer(self, sent: bytes) -> bytes:
        __tracebackhide__ = True
        reader = http11.Reader()
        reader.feed(sent)
        try:
            request = reader.request()
        except http11.MalformedRequestError as error:  # as the live server has it
            return http11.encode(http11.refusal(error.status, str(error)), "GET", b"close")
        target = self.target
        if target is None or request is None:
            raise ConnectionResetError("the request has no end, or no beginning")
        head, body = request
        answering = _answering(self._fakes, target)
        if answering is None:  # the fake has stopped, and the connection is older
            raise ConnectionResetError("the fake QuickBlox that this connection led to has stopped")
        fake, prefix = answering
        head = head._replace(target=target.path.decode("latin-1"))
        return http11.encode(fake.handle(http11.request(head, body, target.origin, prefix)), head.method)

    def getpeername(self) -> tuple[str, int | None]:
        """Where the connection leads, as far as the code knows."""
        return ("", None) if self.target is None else (self.target.host, self.target.port)

    def __getattr__(self, name: str) -> Any:
        """What else a socket has.

        Raises:
            AttributeError: There is no socket.
        """
        raise AttributeError(f"a connection to the fake QuickBlox has no socket, and so no {name!r}")

    def fileno(self) -> int:
        """A descriptor of a socket on which nothing arrives but its end: pools ask it whether a line is still good."""
        if self._pair is None:
            self._pair = socket.socketpair()
        if not self._fakes:  # as a server closes the connection
            self._pair[1].close()
        return self._pair[0].fileno()

    def settimeout(self, timeout: float | None) -> None:
        """Nothing takes time here."""
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        """What was set."""
        return self._timeout

    def setsockopt(self, *args: object) -> None:
        """There is no socket to set it on."""

    def shutdown(self, how: int) -> None:
        """Nothing is under way."""

    def close(self) -> None:
        """Let go of the descriptor."""
        for end in self._pair or ():
            end.close()
        self._pair = None

    def __del__(self) -> None:
        self.close()


class _Broken(io.RawIOBase):
    """A file that cannot be read."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        """Fail as a socket does, or be at the end."""
        if self._error is None:
            return 0
        raise self._error


def _as_socket_error(timed_out: bool, text: str) -> OSError | None:
    """The error of a socket; None for a connection that was closed before the answer."""
    return TimeoutError(text) if timed_out else None
