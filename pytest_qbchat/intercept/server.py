"""A live server on the loopback interface, for clients that no interceptor catches: other processes, other languages.

One thread with an event loop of its own serves all connections, which stay open between requests. Whatever comes in
gets an answer or a closed connection, never an error of the server's own.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pytest_qbchat.exceptions import CallRefused, ConnectionFault
from pytest_qbchat.intercept import http11
from pytest_qbchat.intercept.http11 import Head, MalformedRequestError, Reader
from pytest_qbchat.service.routes import OUTSIDE, ROUTES, find
from pytest_qbchat.service.wire import Response

if TYPE_CHECKING:
    from typing import Self

    from pytest_qbchat.intercept.certificate import Certificate
    from pytest_qbchat.service.wire import Request

_ROOTS = {route.path.split("/")[1] for route in ROUTES} | {path.split("/")[1] for path in OUTSIDE}
# Turns of the loop until a socket that was accepted has become a connection, which can be closed.
_UNTIL_CONNECTED = 4
_BACKLOG = 1024
_CLOSE_TIMEOUT = 10.0  # seconds
_OF_ANY_ORIGIN = (b"Access-Control-Allow-Origin", b"*")


class RequestHandler(Protocol):
    """Whoever answers the requests of a server."""

    async def handle_async(self, request: Request) -> Response:
        """Answer a request."""
        ...


@runtime_checkable
class ProblemSink(Protocol):
    """Whoever notes what went wrong, so that the test fails."""

    def refuse(self, reason: str) -> CallRefused:
        """Note it, and make the error to raise."""
        ...


@runtime_checkable
class CallLog(Protocol):
    """Whoever shows what came in, also what is no request of the API."""

    def heard(self, what: str) -> None:
        """Show it."""
        ...


class LiveServer:
    """A server with the state of a fake: `with LiveServer(fake) as server: ... server.url`.

    Attributes:
        fake: The fake behind it.
        host: Where it listens.
        port: Where it listens; chosen by the system unless one was asked for.
    """

    def __init__(
        self,
        fake: RequestHandler,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        scheme: str | None = None,
    ) -> None:
        """Make a server that does not listen yet.

        Args:
            fake: Who answers.
            host: Which address to listen at.
            port: Which port to listen at; 0 for any that is free.
            tls: A context with a certificate, for https.
            scheme: What the clients take it for, if that is something else than what it is.
        """
        self.fake = fake
        self.host = host
        self.port = port
        self._tls = tls
        self._scheme = scheme or ("https" if tls else "http")
        self._connections: set[_Connection] = set()
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen. When this returns, the server answers.

        Raises:
            OSError: The address cannot be listened at.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listening = socket.create_server((self.host, self.port), family=family, backlog=_BACKLOG)
        ready = threading.Event()
        thread = threading.Thread(target=self._run, args=[listening, ready], name="qbchat-server", daemon=True)
        try:
            thread.start()
        except BaseException:
            listening.close()
            raise
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
        # The loop is of the standard library, whatever the policy of the code under test makes. What is still under way
        # at the end, an answer or the beginning of an encryption, is cancelled by the runner.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._serve(listening, ready))

    async def _serve(self, listening: socket.socket, ready: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(self._connection, sock=listening, ssl=self._tls, backlog=_BACKLOG)
        ready.set()
        await self._stopping.wait()
        self._loop.remove_reader(listening)
        for _ in range(_UNTIL_CONNECTED):
            await asyncio.sleep(0)
        server.close()
        for connection in list(self._connections):
            connection.abort()

    def _connection(self) -> _Connection:
        return _Connection(self.fake, self._scheme, self._connections)


class EncryptedServer(LiveServer):
    """A server for https, with a certificate made for it.

    Attributes:
        ca_file: The path of the certificate of the authority that vouches for it, for clients to trust.
    """

    def __init__(self, fake: RequestHandler, certificate: Certificate) -> None:
        """Make a server that does not listen yet.

        Args:
            fake: Who answers.
            certificate: The certificate.
        """
        super().__init__(fake, tls=certificate.context)
        self.ca_file = certificate.ca_file


class _Connection(asyncio.Protocol):
    """One connection, and the requests that come over it one after the other."""

    _transport: asyncio.Transport

    def __init__(self, fake: RequestHandler, scheme: str, connections: set[_Connection]) -> None:
        self._fake = fake
        self._scheme = scheme
        self._connections = connections
        self._reader = Reader()
        self._answering: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._ended = False  # the client sends no more
        self._discarding = False  # what it sends is not read any more
        self._lingering: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where the answers go."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - as TCP and TLS have it
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a client that has gone."""
        self._connections.discard(self)
        if self._answering is not None:
            self._answering.cancel()
        if self._lingering is not None:
            self._lingering.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what came in, and answer the request that it completes."""
        if self._discarding:
            return
        self._reader.feed(data)
        if self._answering is None:
            self._next()
        elif len(self._reader) > http11.LARGEST_HEAD:  # a client that does not wait for answers has to
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Answer a client that sends no more and still listens; of the others TLS can tell nothing."""
        self._ended = True
        return self._answering is not None and not self._discarding and self._transport.can_write_eof()

    def pause_writing(self) -> None:
        """Let a client take its answers before it gets more of them."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self._writable.set()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def _next(self) -> None:
        try:
            request = self._reader.request()
        except MalformedRequestError as error:
            self._give_up(error)
            return
        if request is not None:
            self._answering = asyncio.get_running_loop().create_task(self._answer(*request))
        elif self._ended:
            self._transport.close()
        else:
            self._transport.resume_reading()
            if self._reader.expects_continue:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _give_up(self, error: MalformedRequestError) -> None:
        """Say what is wrong, and read no more requests.

        The connection is not closed before the client does it: what it still sends, such as the rest of a body that is
        too large, would have the system take back an answer that the client has not read yet.
        """
        if isinstance(self._fake, CallLog):
            self._fake.heard(f"what is no request got {error.status}: {error}")
        answer = http11.refusal(error.status, str(error), _OF_ANY_ORIGIN)
        self._transport.write(http11.encode(answer, "GET", b"close"))
        if self._transport.can_write_eof():
            with suppress(OSError):  # the client has gone already
                self._transport.write_eof()
        self._ignore()
        self._lingering = asyncio.get_running_loop().call_later(_CLOSE_TIMEOUT, self._transport.close)

    def _ignore(self) -> None:
        """Read on, to see the client go, and drop what it says."""
        self._discarding = True
        self._reader = Reader()
        self._transport.resume_reading()

    async def _answer(self, head: Head, body: bytes) -> None:
        try:
            response = await self._response(head, body)
        except MalformedRequestError as error:
            self._give_up(error)
            return
        except ConnectionFault as fault:
            if fault.kind == "timeout" and not self._ended:  # the answer never comes, and it is the client that ends it
                self._ignore()
            else:
                self._transport.close()
            return
        self._transport.write(http11.encode(_with_cors(head, response), head.method, head.connection))
        if head.connection == b"close":
            self._transport.close()
            return
        await self._writable.wait()
        self._answering = None
        self._next()

    async def _response(self, head: Head, body: bytes) -> Response:
        host, target = http11.destination(head)
        if head.method == "OPTIONS" and head.header(b"origin") is not None:  # a browser asks first
            if isinstance(self._fake, CallLog):
                self._fake.heard(f"OPTIONS {head.target} 200: a browser asks first")
            return Response(200, [], b"")
        head = head._replace(target=target)
        request = http11.request(head, body, f"{self._scheme}://{host}", _prefix(head.method, target))
        try:
            return await self._fake.handle_async(request)
        except CallRefused as refusal:
            return http11.refusal(404, str(refusal))
        except (ConnectionFault, asyncio.CancelledError):
            raise
        except BaseException as error:  # which a route of the test's own has raised, perhaps pytest.fail()
            raise self._fault(error) from error

    def _fault(self, error: BaseException) -> ConnectionFault:
        """What the client sees of an error. One that is no connection's is of use to the test alone."""
        import httpx  # noqa: PLC0415 - whoever has routes of their own has imported it already

        if not isinstance(error, httpx.RequestError | OSError) and isinstance(self._fake, ProblemSink):
            with suppress(CallRefused):  # raised, for only then it is known as one that came up nowhere
                raise self._fake.refuse(f"a route of qbchat.router raised {type(error).__name__}: {error}")
        timed_out = isinstance(error, httpx.TimeoutException | TimeoutError)
        return ConnectionFault("timeout" if timed_out else "disconnect", str(error))


def _prefix(method: str, target: str) -> str:
    """What stands before the path of the API: a base URL may have a path of its own."""
    segments = target.partition("?")[0].removesuffix(".json").split("/")
    starts = [position for position, segment in enumerate(segments) if segment in _ROOTS]
    for start in starts:
        if find(method, "/".join(["", *segments[start:]]))[0] is not None:
            return "/".join(segments[:start])
    return "/".join(segments[: starts[0]]) if starts else ""


def _with_cors(head: Head, response: Response) -> Response:
    """The headers that let a page of any origin read the answer: the first is observed, the others are assumed."""
    if head.header(b"origin") is None or "Access-Control-Allow-Origin" in response.headers:
        return response
    headers = [*response.raw_headers, _OF_ANY_ORIGIN]
    if head.method == "OPTIONS":
        headers += [
            (b"Access-Control-Allow-Methods", b"GET, POST, PUT, DELETE, OPTIONS, PATCH"),
            (b"Access-Control-Allow-Headers", head.header(b"access-control-request-headers") or b"*"),
            (b"Access-Control-Max-Age", b"86400"),
        ]
    else:
        headers.append((b"Access-Control-Expose-Headers", b"QB-Token-ExpirationDate"))
    return Response(response.status, headers, response.body)
