"""Intercepts httpx and httpx2, and httpcore and httpcore2 below them; the module is a parameter.

The patch points are `handle_request` of httpx's `HTTPTransport` and of httpcore's `ConnectionPool`, from which the
pools for proxies inherit, and their asynchronous counterparts. They are public and the same in all four libraries.
Module functions and clients look them up at each call, so existing clients are intercepted too. Custom transports are
not patched. `respx.mock(using="httpx")` patches a private method above these points and still works.

A call of httpx arrives at httpcore only if a wrapper of other code, such as an instrumentation, is around the library's
own `handle_request`: the wrapper runs, and the call is answered below it. A mock that replaces that function is not
called. vcrpy calls the function that it found when it was imported, so its calls arrive at httpcore too.

A response gets a byte stream instead of content, so that `.elapsed`, `stream()` and `iter_bytes()` work.

The constructors of httpx's transports are patched too, to make a TLS context when it is first needed. Making one takes
20 ms, which is most of a test that calls `httpx.post`, and no call to QuickBlox uses it. The library itself makes the
context, one for each transport, so code can use and change it as usual. A transport with `verify` or `cert` of its own
gets its context at once.
"""

from __future__ import annotations

import inspect
import ssl
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

from pytest_qbchat.exceptions import ConnectionFault, fault_errors
from pytest_qbchat.intercept.patching import Function, PatchPoint, classes, fake_for_call, patch_of
from pytest_qbchat.server import http11
from pytest_qbchat.service.hosts import PORTS, Url
from pytest_qbchat.service.interface import Fake
from pytest_qbchat.service.wire import Request, Response


def patch_points(module: Any) -> Iterator[PatchPoint]:
    """The patch points in one of the libraries."""
    for owner in classes(module, "HTTPTransport", "ConnectionPool"):
        yield PatchPoint(owner, "handle_request", partial(_sync, module))
    for owner in classes(module, "AsyncHTTPTransport", "AsyncConnectionPool"):
        yield PatchPoint(owner, "handle_async_request", partial(_async, module))
    for owner in classes(module, "HTTPTransport", "AsyncHTTPTransport"):
        yield PatchPoint(owner, "__init__", partial(_constructor, module))


LIBRARIES = dict.fromkeys(("httpx", "httpx2", "httpcore", "httpcore2"), patch_points)


def _sync(module: Any, function: Function, fakes: list[Fake]) -> Function:
    wrapped = _is_wrapper(module, function)

    def handle_request(transport: Any, request: Any) -> Any:
        __tracebackhide__ = True
        fake = None if wrapped else _fake_for_request(fakes, request)
        return function(transport, request) if fake is None else answer(module, request, fake, _retries(transport))

    return handle_request


def _async(module: Any, function: Function, fakes: list[Fake]) -> Function:
    wrapped = _is_wrapper(module, function)

    async def handle_async_request(transport: Any, request: Any) -> Any:
        __tracebackhide__ = True
        fake = None if wrapped else _fake_for_request(fakes, request)
        if fake is None:
            return await function(transport, request)
        return await answer_async(module, request, fake, _retries(transport))

    return handle_async_request


def _constructor(module: Any, function: Function, fakes: list[Fake]) -> Function:
    def construct(transport: Any, *args: Any, **kwargs: Any) -> None:
        # The library's clients use keywords.
        default = not args and kwargs.get("verify", True) is True and kwargs.get("cert") is None
        if fakes and default:
            make = partial(module.create_ssl_context, trust_env=kwargs.get("trust_env", True))
            kwargs["verify"] = LazyContext(make)
        function(transport, *args, **kwargs)

    return construct


class LazyContext:
    """Stands for a context that is made when any attribute of it is read or set."""

    def __init__(self, make: Callable[[], ssl.SSLContext]) -> None:
        object.__setattr__(self, "_made", cache(make))

    # Libraries check that it is a context.
    __class__ = property(lambda _: ssl.SSLContext)  # pyright: ignore[reportIncompatibleMethodOverride]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._made(), name, value)


def answer(module: Any, request: Any, fake: Fake, retries: int = 0) -> Any:
    """Answer a request of a synchronous client, which tries to connect again up to `retries` times."""
    __tracebackhide__ = True
    sent = _request(request, b"".join(request.stream), fake)
    outcome: Response | Exception | None = None
    while outcome is None:
        try:
            outcome = fake.handle(sent)
        except fault_errors() as error:
            outcome, retries = _client_error(module, error, request, retries, fake), retries - 1
    for event in _events(request, outcome):
        request.extensions["trace"](*event)
    return _response(module, outcome, sent.method)


async def answer_async(module: Any, request: Any, fake: Fake, retries: int = 0) -> Any:
    """Answer a request of an asynchronous client."""
    __tracebackhide__ = True
    sent = _request(request, b"".join([chunk async for chunk in request.stream]), fake)
    import asyncio  # noqa: PLC0415 - for asynchronous calls alone

    # Let other tasks run, as a client that waits for a server does, so that a race between tasks shows.
    trio = sys.modules.get("trio")
    await (trio.lowlevel.checkpoint() if trio is not None and trio.lowlevel.in_trio_task() else asyncio.sleep(0))
    outcome: Response | Exception | None = None
    while outcome is None:
        try:
            outcome = await fake.handle_async(sent)
        except fault_errors() as error:
            outcome, retries = _client_error(module, error, request, retries, fake), retries - 1
    for event in _events(request, outcome):
        await request.extensions["trace"](*event)
    return _response(module, outcome, sent.method)


def _fake_for_request(fakes: list[Fake], request: Any) -> Fake | None:
    scheme, host, port, _ = _url(request)
    return fake_for_call(fakes, host, port) if scheme in PORTS else None


def _is_wrapper(module: Any, function: Function) -> bool:
    """Whether a function is a wrapper of other code around the function of httpx or its replacement."""
    inner = inspect.unwrap(function)
    ours = patch_of(inner) is not None or inner.__module__.partition(".")[0] == module.__name__
    return _is_httpx(module) and inner is not function and ours


def _retries(transport: Any) -> int:
    """How often a transport tries again to connect. It has no public attribute."""
    retries: int = getattr(getattr(transport, "_pool", transport), "_retries", 0)
    return retries


def _events(request: Any, outcome: Response | Exception) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events for the extension `trace`, as on a connection that is already open."""
    if "trace" not in request.extensions:
        return
    sent = {"http11.send_request_headers": None, "http11.send_request_body": None}
    closed = {"http11.response_closed": None}
    steps: dict[str, object]
    if not isinstance(outcome, Exception):
        head = b"HTTP/1.1", outcome.status, http11.phrase(outcome.status), list(outcome.raw_headers)
        steps = {**sent, "http11.receive_response_headers": head, "http11.receive_response_body": None, **closed}
    elif type(outcome).__name__ in _CONNECT_ERRORS:
        steps = {"connection.connect_tcp": outcome}
    else:
        steps = {**sent, "http11.receive_response_headers": outcome, **closed}
    for name, result in steps.items():
        yield f"{name}.started", {"request": request}
        if isinstance(result, Exception):
            yield f"{name}.failed", {"exception": result}
        else:
            yield f"{name}.complete", {"return_value": result}


# The differences between httpx and httpcore


def _is_httpx(module: Any) -> bool:
    return hasattr(module, "HTTPTransport")


def _url(request: Any) -> Url:
    url = request.url
    if isinstance(url.scheme, str):
        return Url(url.scheme, url.raw_host.decode("ascii"), url.port, url.raw_path.decode("ascii"))
    return Url(url.scheme.decode(), url.host.decode("ascii"), url.port, url.target.decode("ascii"))


def _request(request: Any, body: bytes, fake: Fake) -> Request:
    headers = getattr(request.headers, "raw", request.headers)
    return fake.hosts.request(_text(request.method), _url(request), headers, body)


def _text(method: str | bytes) -> str:
    return method if isinstance(method, str) else method.decode()


def _response(module: Any, outcome: Response | Exception, method: str) -> Any:
    """The response of the library, or raise its error."""
    __tracebackhide__ = True
    if isinstance(outcome, Exception):
        raise outcome
    headers, body = http11.sent(outcome, method)
    content = {"stream": module.ByteStream(body)} if _is_httpx(module) else {"content": body}
    extensions = {"http_version": b"HTTP/1.1", "reason_phrase": http11.phrase(outcome.status)}
    return module.Response(outcome.status, headers=headers, extensions=extensions, **content)


def _client_error(module: Any, error: Exception, request: Any, retries: int, fake: Fake) -> Any:
    """The error of the client's library for a fault, or for an error of httpx that a respx route raised.

    None if the connection failed and the client tries again.
    """
    name = _ERRORS[error.kind] if isinstance(error, ConnectionFault) else type(error).__name__
    if retries > 0 and name in _CONNECT_ERRORS:
        return None
    if name == "ReadTimeout" and request.extensions.get("timeout", {}).get("read") is None:
        fake.note_missing_timeout(_text(request.method))
    if _is_httpx(module) and isinstance(error, module.RequestError):
        return error
    more = {"request": request} if _is_httpx(module) else {}
    failure = getattr(module, name, module.NetworkError)(str(error), **more)
    failure.__cause__ = error
    return failure


_ERRORS = {
    "timeout": "ReadTimeout", "disconnect": "RemoteProtocolError", "connect": "ConnectError",
    "connect timeout": "ConnectTimeout",
}  # fmt: skip
_CONNECT_ERRORS = ("ConnectError", "ConnectTimeout")
