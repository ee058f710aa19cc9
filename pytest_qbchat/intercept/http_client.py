"""Intercepts http.client and what is built on it: urllib.request, and urllib3, which requests is built on.

The patch points are `connect()` of the connections, and `putrequest()`. A connection to QuickBlox gets a `FakeSocket`,
to which the library writes the bytes of its requests, and from which it reads the bytes of the responses. Everything
above is the library's: connections, pools, handlers, retries, redirects, streams, errors and responses.
"""

from __future__ import annotations

import _socket
import errno
import http.client
import io
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit
from weakref import ref

from h11 import RemoteProtocolError

from pytest_qbchat.exceptions import ConnectionFault, as_fault
from pytest_qbchat.intercept.patching import Function, PatchPoint, classes, fake_for_call, fake_for_host
from pytest_qbchat.server import http11
from pytest_qbchat.service.hosts import HTTPS_PORT, Url, origin
from pytest_qbchat.service.interface import Fake, record_refusal


def _patch_points(module: Any) -> Iterator[PatchPoint]:
    """The patch points of http.client or urllib3, but not those of urllib3-future in its place."""
    for connection in classes(module, "HTTPConnection", "HTTPSConnection"):
        if issubclass(connection, http.client.HTTPConnection):
            yield PatchPoint(connection, "connect", _connect)
        if connection is http.client.HTTPConnection:  # whose putrequest() all others call
            yield PatchPoint(connection, "putrequest", _putrequest)


LIBRARIES = dict.fromkeys(("http.client", "urllib3.connection"), _patch_points)


def _connect(function: Function, fakes: list[Fake]) -> Function:
    def connect(connection: Any) -> None:
        __tracebackhide__ = True
        if fake_for_host(fakes, *_destination(connection)) is None:
            function(connection)
        else:
            connection.sock = FakeSocket(connection, fakes)

    return connect


def _putrequest(function: Function, fakes: list[Fake]) -> Function:
    def putrequest(connection: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        _prepare(connection, url, fakes)
        return function(connection, method, url, *args, **kwargs)

    return putrequest


def _prepare(connection: Any, url: str, fakes: list[Fake]) -> None:
    """Give a connection the socket for its next request: a `FakeSocket` for QuickBlox, else None or a real one."""
    target = _target(connection, url or "/")
    intercepted = fake_for_call(fakes, target.host, target.port) is not None
    if connection.sock is not None and isinstance(connection.sock, FakeSocket) is not intercepted:
        connection.sock.close()  # closing the connection itself would make urllib3 forget the host of a tunnel
        connection.sock = None
    if intercepted:
        connection.sock = connection.sock or FakeSocket(connection, fakes)
        connection.sock.target = target


def _destination(connection: Any) -> tuple[str, int | None]:
    """The host and port of the requests. A tunnel has no public attribute; urllib3 reads the same."""
    if connection._tunnel_host:
        return connection._tunnel_host, connection._tunnel_port
    return connection.host, connection.port


def _target(connection: Any, url: str) -> Url:
    """The URL of a request."""
    if url[:8].lower().startswith(("http://", "https://")):  # for a proxy
        parts = urlsplit(url)
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        return Url(parts.scheme, parts.hostname or "", parts.port, path)
    host, port = _destination(connection)
    return Url("https" if connection.default_port == HTTPS_PORT else "http", host.lower(), port, url)


class FakeSocket:
    """The socket of a connection to QuickBlox. A request, to `target`, is answered when its last byte is written."""

    _watched: _socket.socket | None = None

    def __init__(self, connection: Any, fakes: list[Fake]) -> None:
        """Make a socket for a connection, and set what urllib3 expects of it after connecting."""
        # urllib3 warns about a connection that does not verify certificates.
        connection.is_verified = getattr(connection, "cert_reqs", None) in (None, ssl.CERT_REQUIRED, "CERT_REQUIRED")
        connection._has_connected_to_proxy = True  # otherwise urllib3 blames a proxy for a timeout
        self.target = _target(connection, "")
        self._connection = ref(connection)
        self._timeout: float | None = connection.timeout  # http.client has an object for the default
        self._method = ""
        self._fakes = fakes
        self._reader = http11.RequestReader()
        self._answer: bytes | Exception | None = None

    def sendall(self, data: Any) -> None:
        """Add bytes of a request, and answer it if it is complete.

        An error is raised when the response is read, because the library expects the errors of a socket there. Only
        the error of a connection that was never made is raised at once.
        """
        __tracebackhide__ = True
        if self._answer is not None:  # the rest of a request that was refused for its headers
            return
        try:
            request = self._reader.read(bytes(data))
            if request is not None:
                self._answer = self._answer_to(*request)
        except RemoteProtocolError as error:
            self._answer = self._refusal(error)
        except Exception as error:
            if (fault := as_fault(error)) is None:
                self._answer = error
            elif fault.kind.startswith("connect"):
                raise _connect_error(self._connection(), fault) from error
            else:  # http.client raises the error of a disconnect for an empty response
                self._answer = TimeoutError(str(fault)) if fault.kind == "timeout" else b""

    def _answer_to(self, head: http11.Head, body: bytes) -> bytes:
        __tracebackhide__ = True
        self._method = head.method
        fake, target = self._destination()
        target = target._replace(target=target.target or head.target)
        return http11.encode(fake.handle(fake.hosts.request(head.method, target, head.headers, body)), head.method)

    def _refusal(self, error: RemoteProtocolError) -> bytes:
        """Refuse a malformed request as the live server does, and fail the test."""
        with suppress(ConnectionResetError):
            fake, target = self._destination()
            at = origin(target.scheme, target.host, target.port)
            record_refusal(fake, f"{at} received data that is not an HTTP/1.1 request: {error}")
        self._reader = http11.RequestReader()
        return http11.encode(http11.refusal(error.error_status_hint, str(error)), "GET")

    def _destination(self) -> tuple[Fake, Url]:
        fake = fake_for_host(self._fakes, self.target.host, self.target.port)
        if fake is None:
            raise ConnectionResetError("the fake QuickBlox of this connection has stopped")
        return fake, self.target

    def makefile(self, mode: str = "rb", buffering: int | None = None) -> io.BufferedIOBase:
        """The response to the latest request, as a file. If there is an error, the first read raises it.

        Raising it here would leave an unfinished response, about which Python 3.13 warns.
        """
        answer, self._answer = self._answer, None
        timeout = self._timeout if isinstance(self._timeout, int | float) else socket.getdefaulttimeout()
        if isinstance(answer, TimeoutError) and timeout is None:
            self._destination()[0].note_missing_timeout(self._method)
        return io.BufferedReader(_Failing(answer) if isinstance(answer, Exception) else io.BytesIO(answer or b""))

    def getpeername(self) -> tuple[str, int | None]:
        """The host and port of the latest request."""
        return self.target.host, self.target.port

    def fileno(self) -> int:
        """A descriptor that becomes readable when the fake stops: pools use it to detect closed connections."""
        if self._watched is None:
            # The class in C, because pytest-socket, gevent and others replace the class in Python.
            self._watched = _socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._watched.bind(("127.0.0.1", 0))
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


class _Failing(io.RawIOBase):
    """A file that raises the error of a socket when it is read."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        raise self._error


def _connect_error(connection: Any, fault: ConnectionFault) -> Any:
    """The error of the library for a connection that was never made."""
    timed_out = fault.kind == "connect timeout"
    urllib3: Any = sys.modules.get("urllib3")
    if urllib3 is None or not isinstance(connection, urllib3.connection.HTTPConnection):
        return TimeoutError(str(fault)) if timed_out else ConnectionRefusedError(errno.ECONNREFUSED, str(fault))
    if timed_out:
        return urllib3.exceptions.ConnectTimeoutError(connection, f"Connection timed out: {fault}")
    return urllib3.exceptions.NewConnectionError(connection, f"Failed to establish a new connection: {fault}")
