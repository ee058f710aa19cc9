"""Intercepts httpx and httpx2; the module is a parameter.

The patch points are `HTTPTransport.handle_request` and its asynchronous counterpart. They are public and the same in
both libraries. Module functions and clients look them up at each call, so existing clients are intercepted too. Custom
transports are not patched. `respx.mock(using="httpx")` patches a private method above these points and still works.

A response gets a byte stream instead of content, so that `.elapsed`, `stream()` and `iter_bytes()` work.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from pytest_qbchat.exceptions import ConnectionFault, fault_errors
from pytest_qbchat.intercept.hosts import origin
from pytest_qbchat.intercept.patching import Function, InterceptedFake, PatchPoint, classes, fake_for_url
from pytest_qbchat.service.wire import Request, Response, path_and_query


def patch_points(module: Any) -> Iterator[PatchPoint]:
    """The patch points in a library, which is httpx or httpx2."""
    for transport in classes(module, "HTTPTransport"):
        yield PatchPoint(transport, "handle_request", partial(_sync, module))
    for transport in classes(module, "AsyncHTTPTransport"):
        yield PatchPoint(transport, "handle_async_request", partial(_async, module))


LIBRARIES = dict.fromkeys(("httpx", "httpx2"), patch_points)


def _sync(module: Any, function: Function, fakes: list[InterceptedFake]) -> Function:
    def handle_request(transport: Any, request: Any) -> Any:
        __tracebackhide__ = True
        found = fake_for_request(fakes, request)
        return function(transport, request) if found is None else answer(module, request, *found)

    return handle_request


def _async(module: Any, function: Function, fakes: list[InterceptedFake]) -> Function:
    async def handle_async_request(transport: Any, request: Any) -> Any:
        __tracebackhide__ = True
        found = fake_for_request(fakes, request)
        return await (function(transport, request) if found is None else answer_async(module, request, *found))

    return handle_async_request


def fake_for_request(fakes: list[InterceptedFake], request: Any) -> tuple[InterceptedFake, str] | None:
    """The first fake that answers a request, with the path prefix of its API."""
    url = request.url
    if url.scheme not in ("http", "https"):
        return None
    return fake_for_url(fakes, url.raw_host.decode("ascii"), url.port, url.raw_path)


def _request(request: Any, body: bytes, prefix: str) -> Request:
    url = request.url
    base = origin(url.scheme, url.raw_host.decode("ascii"), url.port)
    path, query = path_and_query(url.raw_path.decode("ascii"), prefix)
    return Request(request.method, base, prefix, path, query, request.headers.raw, body)


def answer(module: Any, request: Any, fake: InterceptedFake, prefix: str) -> Any:
    """Answer a request of a synchronous client."""
    __tracebackhide__ = True
    try:
        return _response(module, fake.handle(_request(request, request.read(), prefix)))
    except fault_errors() as error:
        if isinstance(error, module.RequestError):  # as a respx route raised it
            raise
        raise _client_exception(module, error, request) from error


async def answer_async(module: Any, request: Any, fake: InterceptedFake, prefix: str) -> Any:
    """Answer a request of an asynchronous client."""
    __tracebackhide__ = True
    try:
        return _response(module, await fake.handle_async(_request(request, await request.aread(), prefix)))
    except fault_errors() as error:
        if isinstance(error, module.RequestError):  # as a respx route raised it
            raise
        raise _client_exception(module, error, request) from error


def _response(module: Any, response: Response) -> Any:
    return module.Response(response.status, headers=response.raw_headers, stream=module.ByteStream(response.body))


def _client_exception(module: Any, error: Exception, request: Any) -> Exception:
    """The error of the client's library for a fault, or for an error of httpx that a respx route raised."""
    if isinstance(error, ConnectionFault):
        kind = module.ReadTimeout if error.kind == "timeout" else module.RemoteProtocolError
    else:
        kind = getattr(module, type(error).__name__, module.RequestError)
    exception: Exception = kind(str(error), request=request)
    return exception
