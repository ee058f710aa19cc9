"""A live server on the loopback interface, for clients that no interceptor catches: other processes, other languages.

One thread with a separate event loop serves all connections, which are kept alive. Any input gets a response or a
closed connection, never an internal error of the server.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from h11 import RemoteProtocolError

from pytest_qbchat.exceptions import CallRefused, ConnectionFault
from pytest_qbchat.server import control, http11
from pytest_qbchat.server.http11 import Head, RequestReader, destination, split_target
from pytest_qbchat.service.hosts import Url, origin
from pytest_qbchat.service.interface import Fake, fault_of, record_refusal
from pytest_qbchat.service.routes import ROUTES, UNSUPPORTED, find
from pytest_qbchat.service.wire import Request, Response

_BACKLOG = 1024
_PIECE = 1024 * 1024  # bytes
_MAX_PAUSE = 60  # seconds within a request, as in nginx
_ANY_ORIGIN = (b"Access-Control-Allow-Origin", b"*")
_ROOTS = {route.path.split("/")[1] for route in ROUTES} | {path.split("/")[1] for path in UNSUPPORTED}


class Server(ABC):
    """A server that listens in a separate thread. It has the attributes of `LiveServer`."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.host = host
        self.port = port
        self._tls = tls
        self.connections: set[asyncio.WriteTransport] = set()
        self._thread: threading.Thread | None = None

    @abstractmethod
    async def answer(self, request: Request) -> Response:
        """Answer a request."""

    def request(self, head: Head, body: bytes) -> Request:
        """The request for a head and a decoded body. Raises RemoteProtocolError for a malformed host or target."""
        host, target = destination(head)
        prefix = _prefix(head.method, target)
        path, _, query = target.removeprefix(prefix).partition("?")
        return Request(head.method, f"{self._scheme}://{host}", prefix, path, query, head.headers, body)

    def log(self, line: str) -> None:  # noqa: B027 - most servers print nothing
        """Print a line about a request that is not a call of the API."""

    def refuse(self, reason: str) -> None:
        """Record a problem, which fails the test if there is one."""
        self.log(reason)

    def report_malformed(self, error: RemoteProtocolError) -> None:
        """Note a request that cannot be answered."""
        self.log(f"malformed request {error.error_status_hint}: {error}")

    @property
    def _scheme(self) -> str:
        return "https" if self._tls else "http"

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self._scheme}://{host}:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start to listen. The server is ready when this returns. Raises OSError if it cannot listen there."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listening = socket.create_server((self.host, self.port), family=family, backlog=_BACKLOG)
        ready = threading.Event()
        thread = threading.Thread(target=self._run, args=[listening, ready], name="qbchat-server", daemon=True)
        thread.start()
        self.host, self.port = listening.getsockname()[:2]
        self._thread = thread
        ready.wait()

    def stop(self) -> None:
        """Close all connections, and end the thread."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
            self._thread = None

    def _run(self, listening: socket.socket, ready: threading.Event) -> None:
        # A loop of this class, whatever the event loop policy of the code under test is. At the end the runner
        # cancels unfinished responses and TLS handshakes.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._serve(listening, ready))

    async def _serve(self, listening: socket.socket, ready: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        converse = self._converse
        server = await asyncio.start_server(converse, sock=listening, ssl=self._tls, backlog=_BACKLOG, limit=_PIECE)
        ready.set()
        await self._stopping.wait()
        self._loop.remove_reader(listening)
        for _ in range(4):  # iterations of the loop, after which an accepted socket is a connection that can be closed
            await asyncio.sleep(0)
        server.close()
        for transport in list(self.connections):
            transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection one after the other."""
        self.connections.add(writer.transport)
        with suppress(OSError, asyncio.CancelledError):  # the client is gone; the server stops
            try:
                await self._answer_all(reader, writer)
            except RemoteProtocolError as error:
                self.report_malformed(error)
                response = http11.refusal(error.error_status_hint, str(error), _ANY_ORIGIN)
                writer.write(http11.encode(response, "GET", is_last=True))
                # The client should close the connection first. If the server closed it while the client still sends,
                # such as a body that is too large, the system could drop the response before the client reads it.
                if writer.can_write_eof():  # not with TLS
                    writer.write_eof()
                await _discard(reader)
            except ConnectionFault as fault:
                if fault.kind == "timeout":
                    await _discard(reader)
        self.connections.discard(writer.transport)
        writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests, data = RequestReader(), b""
        while True:
            request = requests.read(data)
            if request is None:
                if requests.expects_continue:
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                data = await _piece(reader, requests)
                if not data:
                    return
            else:
                head, body = request
                writer.write(http11.encode(await self._response(head, body), head.method, is_last=head.is_last))
                await writer.drain()
                if head.is_last:
                    return
                data = b""

    async def _response(self, head: Head, body: bytes) -> Response:
        request = self.request(head, body)
        from_page = "Origin" in request.headers and control.control_name(request) is None
        if request.method == "OPTIONS" and from_page:
            self.log(f"OPTIONS {request.prefix}{request.path} 200: preflight request of a browser")
            return _with_cors(request, Response(200, [], b""))
        try:
            response = await self.answer(request)
        except CallRefused as refusal:
            response = http11.refusal(404, refusal.text)
        except (ConnectionFault, asyncio.CancelledError):
            raise
        except BaseException as error:  # from a custom route, perhaps by pytest.fail()
            raise fault_of(error, self.refuse) from error
        return _with_cors(request, response) if from_page else response


async def _piece(reader: asyncio.StreamReader, requests: RequestReader) -> bytes:
    """The next bytes; none at the end of the connection."""
    try:
        async with asyncio.timeout(_MAX_PAUSE if requests.has_begun else None):
            return await reader.read(_PIECE)
    except TimeoutError:
        raise RemoteProtocolError(f"the rest of the request did not come within {_MAX_PAUSE} s", 408) from None


async def _discard(reader: asyncio.StreamReader) -> None:
    """Drop the data that a client still sends, until it closes the connection."""
    while await reader.read(_PIECE):
        pass


class LiveServer(Server):
    """A server with the state of a fake: `with LiveServer(fake) as server: ... server.url`.

    Attributes:
        fake: The fake that answers.
        host: The address that the server listens on.
        port: The port that the server listens on. If it is 0, the system chooses a port at the start.
    """

    def __init__(self, fake: Any, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """Create a server that does not listen yet.

        Args:
            fake: The `FakeQuickBlox` that answers.
            host: The address to listen on.
            port: The port to listen on; 0 for any free port.
            tls: A context with a certificate, for https.
        """
        super().__init__(host=host, port=port, tls=tls)
        self.fake = fake

    async def answer(self, request: Request) -> Response:
        """Answer a request, or a control request."""
        if control.control_name(request) is not None:
            return await control.answer(self.fake, request)
        backend: Fake = self.fake._backend
        return await backend.handle_async(request)

    def refuse(self, reason: str) -> None:
        """Record a problem that fails the test."""
        record_refusal(self.fake._backend, reason)


class LocalServer(Server):
    """A server for clients in this process, whose unencrypted connections lead to another host."""

    def __init__(self, fake: Callable[[], Fake | None], url: Url) -> None:
        """Create a server for a destination; the function returns the fake that answers at the moment, if any."""
        super().__init__()
        self._find = fake
        self._url = url

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        return await self._fake().handle_async(request)

    def request(self, head: Head, body: bytes) -> Request:
        """The request for a head and a decoded body, whatever host the head names."""
        url = self._url._replace(target=split_target(head.target)[1])
        return self._fake().hosts.request(head.method, url, head.headers, body)

    def refuse(self, reason: str) -> None:
        """Record a problem that fails the test."""
        with suppress(ConnectionFault):
            record_refusal(self._fake(), reason)

    def report_malformed(self, error: RemoteProtocolError) -> None:
        """Fail the test: its code does not use HTTP, and no call is recorded for it."""
        at = origin(self._url.scheme, self._url.host, self._url.port)
        self.refuse(f"{at} received data that is not an HTTP/1.1 request: {error}")

    def _fake(self) -> Fake:
        if (fake := self._find()) is None:
            raise ConnectionFault("disconnect", "no fake answers this host")
        return fake


class EncryptedServer(LiveServer):
    """A server for https on the loopback interface.

    Attributes:
        ca_file: The path of the CA certificate, which clients have to trust.
    """

    def __init__(self, fake: Any, folder: Path) -> None:
        """Create a server that does not listen yet, and write the CA certificate into a folder.

        Raises:
            ImportError: trustme is not installed.
        """
        import trustme  # noqa: PLC0415 - an extra

        authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost", "127.0.0.1", "::1").configure_cert(context)
        super().__init__(fake, tls=context)
        self.ca_file = str(folder / "ca.pem")
        authority.cert_pem.write_to_path(self.ca_file)


def _prefix(method: str, target: str) -> str:
    """The part of a path before the API's path. The base URL of a client may have such a prefix."""
    segments = target.partition("?")[0].removesuffix(".json").split("/")
    starts = [position for position, segment in enumerate(segments) if segment in _ROOTS]
    for start in starts:
        if find(method, "/".join(["", *segments[start:]]))[0] is not None:
            return "/".join(segments[:start])
    return "/".join(segments[: starts[0]]) if starts else ""


def _with_cors(request: Request, response: Response) -> Response:
    """Add headers that let a page of any origin read the response. The first is observed, the others are assumed."""
    if "Access-Control-Allow-Origin" in response.headers:
        return response
    headers = [*response.raw_headers, _ANY_ORIGIN]
    if request.method == "OPTIONS":
        allowed = request.headers.get("Access-Control-Request-Headers", "*")
        headers += [
            (b"Access-Control-Allow-Methods", b"GET, POST, PUT, DELETE, OPTIONS, PATCH"),
            (b"Access-Control-Allow-Headers", allowed.encode("latin-1")),
            (b"Access-Control-Max-Age", b"86400"),
        ]
    else:
        headers.append((b"Access-Control-Expose-Headers", b"QB-Token-ExpirationDate"))
    return Response(response.status, headers, response.body)
