"""Intercepts http.client and the libraries that are built on it: urllib.request, urllib3, requests.

The patch points are `connect()` of their connections, public in all of them, and `putrequest()`. A connection to
QuickBlox gets a `FakeSocket` that leads to the fake. Everything above the socket is the library's: sessions, adapters,
pools, retries, redirects, streams, decompression, errors and responses. Timeouts and broken connections are errors that
the library makes of a failing socket.

Some hosts belong to QuickBlox only below a path prefix. `putrequest()` gets the path of a request. Until then no
connection to such a host is made.
"""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from weakref import WeakSet

import httpx

from pytest_qbchat.exceptions import ConnectionFault
from pytest_qbchat.intercept import http11
from pytest_qbchat.intercept.hosts import origin
from pytest_qbchat.intercept.patching import (
    Function,
    InterceptedFake,
    PatchPoint,
    classes,
    fake_for_host,
    fake_for_url,
)

_HTTPS_PORT = 443


class Target(NamedTuple):
    """The URL of a request. With a proxy, its connection leads to another host."""

    scheme: str
    host: str
    port: int | None
    path: bytes

    @property
    def origin(self) -> str:
        """Scheme, host, and the port unless it is the default one."""
        return origin(self.scheme, self.host, self.port)


def _http_client(module: Any) -> Iterator[PatchPoint]:
    for connection in classes(module, "HTTPConnection"):
        yield PatchPoint(connection, "putrequest", _putrequest)
    for connection in classes(module, "HTTPConnection", "HTTPSConnection"):
        yield PatchPoint(connection, "connect", _connect)


def _urllib3(module: Any) -> Iterator[PatchPoint]:
    for connection in classes(module, "HTTPConnection", "HTTPSConnection"):
        if issubclass(connection, http.client.HTTPConnection):  # not with urllib3-future in place of urllib3
            yield PatchPoint(connection, "connect", _connect)


LIBRARIES = {"http.client": _http_client, "urllib3.connection": _urllib3}

_foreign_connections: WeakSet[Any] = WeakSet()  # the latest request of each was not for QuickBlox


def _connect(function: Function, fakes: list[InterceptedFake]) -> Function:
    def connect(connection: Any) -> None:
        __tracebackhide__ = True
        host, port = _destination(connection)
        covered = fake_for_host(fakes, host, port) is not None or (
            connection not in _foreign_connections and any(fake.hosts.covers_part(host, port) for fake in fakes)
        )
        if covered:
            connection.sock = _fake_socket(connection, fakes)
        else:
            function(connection)

    return connect


def _putrequest(function: Function, fakes: list[InterceptedFake]) -> Function:
    def putrequest(connection: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        target = _target(connection, url or "/")
        intercepted = target is not None and _fake_for_target(fakes, target) is not None
        sock = connection.sock
        if sock is not None and isinstance(sock, FakeSocket) is not intercepted:
            sock.close()  # closing the connection itself would make urllib3 forget the host of a tunnel
            connection.sock = sock = None
        if intercepted:
            _foreign_connections.discard(connection)
            connection.sock = sock = sock or _fake_socket(connection, fakes)
            sock.target = target
        else:
            _foreign_connections.add(connection)
        return function(connection, method, url, *args, **kwargs)

    return putrequest


def _destination(connection: Any) -> tuple[str, int | None]:
    """The host and port of the requests. A tunnel has no public attribute; urllib3 reads the same."""
    if connection._tunnel_host:
        return connection._tunnel_host, connection._tunnel_port
    return connection.host, connection.port


def _target(connection: Any, url: str) -> Target | None:
    """The target of a request; None for a malformed URL, which the library reports."""
    if url[:8].lower().startswith(("http://", "https://")):  # for a proxy
        try:
            parts = urlsplit(url)
            path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
            return Target(parts.scheme, parts.hostname or "", parts.port, path.encode())
        except ValueError:
            return None
    host, port = _destination(connection)
    scheme = "https" if connection.default_port == _HTTPS_PORT else "http"
    return Target(scheme, host.lower(), port, url.encode())


def _fake_for_target(fakes: list[InterceptedFake], target: Target) -> tuple[InterceptedFake, str] | None:
    return fake_for_url(fakes, target.host, target.port, target.path)


def _fake_socket(connection: Any, fakes: list[InterceptedFake]) -> FakeSocket:
    """A new socket for a connection, with the attributes that urllib3 expects after connecting."""
    connection.is_verified = True  # otherwise urllib3 warns about a connection without TLS
    connection._has_connected_to_proxy = True  # otherwise urllib3 reports a timeout as one of a proxy
    return FakeSocket(connection.timeout, fakes)


class FakeSocket:
    """The socket of a connection to QuickBlox: requests are written to it, responses are read from it.

    A request is answered when its last byte is written, whether or not the response is read.

    Attributes:
        target: The target of the latest request.
    """

    def __init__(self, timeout: float | None, fakes: list[InterceptedFake]) -> None:
        self.target: Target | None = None
        self._timeout = timeout
        self._fakes = fakes
        self._reader = http11.LenientReader()
        self._response: io.BufferedIOBase | None = None
        self._watched: socket.socket | None = None

    def sendall(self, data: Any) -> None:
        """Add bytes of a request, and answer it if it is complete.

        Errors are raised when the response is read, because a response of `http.client` without a file cannot be
        closed.
        """
        __tracebackhide__ = True
        if self._response is not None:  # the rest of a request that was refused for its headers
            return
        try:
            answer = self._answer(bytes(data))
        except Exception as error:
            self._response = io.BufferedReader(_BrokenFile(_socket_error(error)))
        else:
            self._response = None if answer is None else io.BytesIO(answer)

    def makefile(self, mode: str = "rb", buffering: int | None = None) -> io.BufferedIOBase:
        """The response to the request that was sent, as a file."""
        response, self._response = self._response, None
        if response is None:
            return io.BufferedReader(_BrokenFile(ConnectionResetError("the request is incomplete")))
        return response

    def _answer(self, data: bytes) -> bytes | None:
        __tracebackhide__ = True
        try:
            request = self._reader.read(data)
        except http11.MalformedRequestError as error:  # as in the live server
            self._reader = http11.LenientReader()
            return http11.encode(http11.refusal(error.status, str(error)), "GET", b"close")
        if request is None:
            return None
        target = self.target
        found = None if target is None else _fake_for_target(self._fakes, target)
        if target is None or found is None:
            raise ConnectionResetError("the fake QuickBlox of this connection has stopped")
        fake, prefix = found
        head, body = request
        head = head._replace(target=target.path.decode("latin-1"))
        return http11.encode(fake.handle(http11.request(head, body, target.origin, prefix)), head.method)

    def getpeername(self) -> tuple[str, int | None]:
        """The host and port of the latest request."""
        return ("", None) if self.target is None else (self.target.host, self.target.port)

    def __getattr__(self, name: str) -> Any:
        """Explain that an attribute of real sockets is missing.

        Raises:
            AttributeError: Always.
        """
        raise AttributeError(f"a connection to the fake QuickBlox has no socket, and therefore no {name!r}")

    def fileno(self) -> int:
        """A descriptor that becomes readable when the fake stops: pools use it to detect closed connections."""
        if self._watched is None:
            # The socket class of the standard library, also while pytest-socket or gevent have replaced it.
            [sockets] = classes(socket, "socket")
            watched: socket.socket = sockets(socket.AF_INET, socket.SOCK_DGRAM)
            watched.bind(("127.0.0.1", 0))
            self._watched = watched
        if not self._fakes:  # like a server that closes the connection
            self._watched.sendto(b"closed", self._watched.getsockname())
        return self._watched.fileno()

    def settimeout(self, timeout: float | None) -> None:
        """Store the timeout. It never expires."""
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        """The stored timeout."""
        return self._timeout

    def setsockopt(self, *args: object) -> None:
        """Ignore the option."""

    def shutdown(self, how: int) -> None:
        """Do nothing, because no data is in transit."""

    def close(self) -> None:
        """Close the descriptor."""
        if self._watched is not None:
            self._watched.close()
        self._watched = None

    def __del__(self) -> None:
        self.close()


class _BrokenFile(io.RawIOBase):
    """A file that raises an error when it is read, or is empty if there is no error."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        if self._error is None:
            return 0
        raise self._error


def _socket_error(error: Exception) -> Exception | None:
    """The error that a socket raises for a fault; None for a connection that was closed before the response.

    The errors of httpx count as faults, because a respx route raises them. Other errors stay what they are.
    """
    if isinstance(error, ConnectionFault):
        timed_out = error.kind == "timeout"
    elif isinstance(error, httpx.RequestError):
        timed_out = isinstance(error, httpx.TimeoutException)
    else:
        return error
    return TimeoutError(str(error)) if timed_out else None
