"""Intercepts http.client and what is built on it: urllib.request, and with `urllib3.py` also urllib3 and requests.

The patch points are `connect()` of the connections, and `putrequest()`. A connection to QuickBlox gets a `FakeSocket`,
to which the library writes the bytes of its requests, and a class of responses that reads no bytes. Everything above is
the library's: handlers, redirects, streams, errors and responses. Timeouts and broken connections are errors that the
library makes of a failing socket.

Some hosts belong to QuickBlox only below a path prefix. `putrequest()` gets the path of a request. Until then no
connection to such a host is made.
"""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from weakref import WeakSet

from pytest_qbchat.exceptions import as_fault
from pytest_qbchat.intercept.hosts import HTTPS_PORT, origin
from pytest_qbchat.intercept.patching import (
    Function,
    InterceptedFake,
    PatchPoint,
    classes,
    fake_for_host,
    fake_for_url,
    record_refusal,
)
from pytest_qbchat.server import http11
from pytest_qbchat.service.wire import Response


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
        yield PatchPoint(connection, "connect", connect_to_fake)


LIBRARIES = {"http.client": _http_client}

_foreign_connections: WeakSet[Any] = WeakSet()  # the latest request of each was not for QuickBlox


def connect_to_fake(function: Function, fakes: list[InterceptedFake]) -> Function:
    """Replace `connect()` of a connection."""

    def connect(connection: Any) -> None:
        __tracebackhide__ = True
        host, port = _destination(connection)
        covered = fake_for_host(fakes, host, port) is not None or (
            connection not in _foreign_connections and any(fake.hosts.covers_part(host, port) for fake in fakes)
        )
        if covered:
            connection.sock = FakeSocket(connection, fakes)
        else:
            function(connection)

    return connect


def _putrequest(function: Function, fakes: list[InterceptedFake]) -> Function:
    def putrequest(connection: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        prepare(connection, url, fakes)
        return function(connection, method, url, *args, **kwargs)

    return putrequest


def prepare(connection: Any, url: str, fakes: list[InterceptedFake]) -> FakeSocket | None:
    """Give a connection the socket for its next request: a `FakeSocket` for QuickBlox, else None or a real one."""
    target = _target(connection, url or "/")
    intercepted = target is not None and fake_for_url(fakes, target.host, target.port, target.path) is not None
    sock = connection.sock
    if sock is not None and isinstance(sock, FakeSocket) is not intercepted:
        sock.close()  # closing the connection itself would make urllib3 forget the host of a tunnel
        connection.sock = sock = None
    if not intercepted:
        _foreign_connections.add(connection)
        return None
    _foreign_connections.discard(connection)
    if sock is None:
        connection.sock = sock = FakeSocket(connection, fakes)
    sock.target = target
    fake_socket: FakeSocket = sock
    return fake_socket


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
    scheme = "https" if connection.default_port == HTTPS_PORT else "http"
    return Target(scheme, host.lower(), port, url.encode())


class FakeSocket:
    """The socket of a connection to QuickBlox: requests are written to it, and its answers are taken.

    A request is answered when its last byte is written, whether or not the response is read.

    Attributes:
        target: The target of the latest request.
        options: How urllib3 wants the response of the latest request, if `urllib3.py` has sent it.
    """

    _watched: socket.socket | None = None

    def __init__(self, connection: Any, fakes: list[InterceptedFake]) -> None:
        """Make a socket for a connection, and set what urllib3 expects of it after connecting."""
        connection.is_verified = True  # otherwise urllib3 warns about a connection without TLS
        connection._has_connected_to_proxy = True  # otherwise urllib3 reports a timeout as one of a proxy
        if connection.response_class is http.client.HTTPResponse:
            connection.response_class = FakeResponse
        self._takes_bytes = connection.response_class is not FakeResponse
        self.target = _target(connection, "")
        self.options: dict[str, Any] | None = None
        self._timeout: float | None = connection.timeout
        self._fakes = fakes
        self._reader = http11.LenientReader()
        self._answer: Response | Exception | None = None

    def sendall(self, data: Any) -> None:
        """Add bytes of a request, and answer it if it is complete."""
        __tracebackhide__ = True
        if self._answer is not None:  # the rest of a request that was refused for its headers
            return
        try:
            request = self._reader.read(bytes(data))
        except http11.MalformedRequestError as error:
            self._reader = http11.LenientReader()
            self.reject(error)
        else:
            if request is not None:
                self.answer(*request)

    def answer(self, head: http11.Head, body: bytes) -> None:
        """Answer a request.

        An error is raised when the response is read, because that is when the library expects one of a socket.
        """
        __tracebackhide__ = True
        try:
            fake, prefix, target = self._destination()
            head = head._replace(target=target.path.decode("latin-1") or head.target)
            self._answer = fake.handle(http11.request(head, body, target.origin, prefix))
        except Exception as error:
            self._answer = _socket_error(error)

    def reject(self, error: http11.MalformedRequestError) -> None:
        """Answer a malformed request as the live server does, and fail the test."""
        with suppress(ConnectionResetError):
            fake, _, target = self._destination()
            record_refusal(fake, f"{target.origin} was sent what is not a request of HTTP/1.1: {error}")
        self._answer = http11.refusal(error.status, str(error))

    def take_answer(self) -> Response:
        """The response to the latest request. Raises the error of a socket if there is none."""
        __tracebackhide__ = True
        answer, self._answer = self._answer, None
        if answer is None:
            raise ConnectionResetError("the request is incomplete")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _destination(self) -> tuple[InterceptedFake, str, Target]:
        target = self.target
        found = None if target is None else fake_for_url(self._fakes, target.host, target.port, target.path)
        if target is None or found is None:
            raise ConnectionResetError("the fake QuickBlox of this connection has stopped")
        return *found, target

    def makefile(self, mode: str = "rb", buffering: int | None = None) -> io.BytesIO:
        """An empty file, for the constructor of a response; a class of the user's reads the response from it."""
        return io.BytesIO(http11.encode(self.take_answer(), "GET") if self._takes_bytes else b"")

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


class FakeResponse(http.client.HTTPResponse):
    """A response that takes the answer of a `FakeSocket`; with another socket it is an ordinary one."""

    def __init__(self, sock: Any, debuglevel: int = 0, method: str | None = None, url: str | None = None) -> None:
        super().__init__(sock, debuglevel, method, url)
        self._sock = sock
        self._method = method or ""
        self.raw_headers: list[tuple[str, str]] = []

    def begin(self) -> None:
        """Read status, headers and body."""
        __tracebackhide__ = True
        if not isinstance(self._sock, FakeSocket):
            super().begin()
            return
        answer = self._sock.take_answer()
        headers, body = http11.sent(answer, self._method)
        self.raw_headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        self.headers = self.msg = http.client.HTTPMessage()
        for name, value in self.raw_headers:
            self.msg[name] = value
        self.code = self.status = answer.status
        self.reason = http11.phrase(answer.status)
        self.version = 11
        self.chunked = self.will_close = False
        self.length = len(body)
        self.fp = io.BufferedReader(io.BytesIO(body))


def _socket_error(error: Exception) -> Exception:
    """The error that a socket raises for a fault; any other error stays what it is."""
    fault = as_fault(error)
    if fault is None:
        return error
    if fault.kind == "timeout":
        return TimeoutError(str(fault))
    return http.client.RemoteDisconnected("Remote end closed connection without response")
