"""Intercepts httpx and httpx2, and httpcore and httpcore2 below them; the module is a parameter.

The patch points are `handle_request` of httpx's `HTTPTransport` and of httpcore's `ConnectionPool`, from which the
pools for proxies inherit, and their asynchronous counterparts. They are public and the same in all four libraries.
Module functions and clients look them up at each call, so existing clients are intercepted too. Custom transports are
not patched. `respx.mock(using="httpx")` patches a private method above these points and still works.

Calls of httpx arrive at httpcore only while another mock goes past its transports: vcrpy calls the transport that it
found when it was imported.

A response gets a byte stream instead of content, so that `.elapsed`, `stream()` and `iter_bytes()` work.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from pytest_qbchat.exceptions import ConnectionFault, fault_errors
from pytest_qbchat.intercept.patching import Function, PatchPoint, classes, fake_for_call
from pytest_qbchat.service.hosts import PORTS, Url
from pytest_qbchat.service.interface import Fake
from pytest_qbchat.service.wire import Request, Response


def patch_points(module: Any) -> Iterator[PatchPoint]:
    """The patch points in one of the libraries."""
    for owner in classes(module, "HTTPTransport", "ConnectionPool"):
        yield PatchPoint(owner, "handle_request", partial(_sync, module))
    for owner in classes(module, "AsyncHTTPTransport", "AsyncConnectionPool"):
        yield PatchPoint(owner, "handle_async_request", partial(_async, module))


LIBRARIES = dict.fromkeys(("httpx", "httpx2", "httpcore", "httpcore2"), patch_points)


def _sync(module: Any, function: Function, fakes: list[Fake]) -> Function:
    def handle_request(transport: Any, request: Any) -> Any:
        __tracebackhide__ = True
        fake = _fake_for_request(fakes, request)
        return function(transport, request) if fake is None else answer(module, request, fake)

    return handle_request


def _async(module: Any, function: Function, fakes: list[Fake]) -> Function:
    async def handle_async_request(transport: Any, request: Any) -> Any:
        __tracebackhide__ = True
        fake = _fake_for_request(fakes, request)
        return await (function(transport, request) if fake is None else answer_async(module, request, fake))

    return handle_async_request


def answer(module: Any, request: Any, fake: Fake) -> Any:
    """Answer a request of a synchronous client."""
    __tracebackhide__ = True
    try:
        return _response(module, fake.handle(_request(request, b"".join(request.stream), fake)))
    except fault_errors() as error:
        if isinstance(error, _own_errors(module)):  # as a respx route raised it
            raise
        raise _client_error(module, error, request) from error


async def answer_async(module: Any, request: Any, fake: Fake) -> Any:
    """Answer a request of an asynchronous client."""
    __tracebackhide__ = True
    try:
        body = b"".join([chunk async for chunk in request.stream])
        return _response(module, await fake.handle_async(_request(request, body, fake)))
    except fault_errors() as error:
        if isinstance(error, _own_errors(module)):  # as a respx route raised it
            raise
        raise _client_error(module, error, request) from error


def _fake_for_request(fakes: list[Fake], request: Any) -> Fake | None:
    scheme, host, port, _ = _url(request)
    return fake_for_call(fakes, host, port) if scheme in PORTS else None


# The differences between httpx and httpcore


def _is_httpx(module: Any) -> bool:
    return hasattr(module, "HTTPTransport")


def _url(request: Any) -> Url:
    url = request.url
    if isinstance(url.scheme, str):
        return Url(url.scheme, url.raw_host.decode("ascii"), url.port, url.raw_path.decode("ascii"))
    return Url(url.scheme.decode(), url.host.decode("ascii"), url.port, url.target.decode("ascii"))


def _request(request: Any, body: bytes, fake: Fake) -> Request:
    if isinstance(request.method, str):
        return fake.hosts.request(request.method, _url(request), request.headers.raw, body)
    return fake.hosts.request(request.method.decode(), _url(request), request.headers, body)


def _response(module: Any, response: Response) -> Any:
    content = {"stream": module.ByteStream(response.body)} if _is_httpx(module) else {"content": response.body}
    return module.Response(response.status, headers=list(response.raw_headers), **content)


def _own_errors(module: Any) -> tuple[type[Exception], ...]:
    return (module.RequestError,) if _is_httpx(module) else ()


def _client_error(module: Any, error: Exception, request: Any) -> Exception:
    """The error of the client's library for a fault, or for an error of httpx that a respx route raised."""
    if isinstance(error, ConnectionFault):
        name = "ReadTimeout" if error.kind == "timeout" else "RemoteProtocolError"
    else:
        name = type(error).__name__
    kind = getattr(module, name, module.TransportError if _is_httpx(module) else module.NetworkError)
    exception: Exception = kind(str(error), request=request) if _is_httpx(module) else kind(str(error))
    return exception
