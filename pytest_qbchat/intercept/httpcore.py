"""Intercepts httpcore, which httpx is built on, and httpcore2; the module is a parameter.

The patch points are `ConnectionPool.handle_request` and its asynchronous counterpart, which are public and which the
pools for proxies inherit. Calls of httpx arrive here only while another mock goes past its transports: vcrpy calls
the transport that it found when it was imported.
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
    """The patch points in a library, which is httpcore or httpcore2."""
    for pool in classes(module, "ConnectionPool"):
        yield PatchPoint(pool, "handle_request", partial(_sync, module))
    for pool in classes(module, "AsyncConnectionPool"):
        yield PatchPoint(pool, "handle_async_request", partial(_async, module))


LIBRARIES = dict.fromkeys(("httpcore", "httpcore2"), patch_points)


def _sync(module: Any, function: Function, fakes: list[InterceptedFake]) -> Function:
    def handle_request(pool: Any, request: Any) -> Any:
        __tracebackhide__ = True
        found = _fake_for_request(fakes, request)
        if found is None:
            return function(pool, request)
        fake, prefix = found
        try:
            return _response(module, fake.handle(_request(request, b"".join(request.stream), prefix)))
        except fault_errors() as error:
            raise _client_exception(module, error) from error

    return handle_request


def _async(module: Any, function: Function, fakes: list[InterceptedFake]) -> Function:
    async def handle_async_request(pool: Any, request: Any) -> Any:
        __tracebackhide__ = True
        found = _fake_for_request(fakes, request)
        if found is None:
            return await function(pool, request)
        fake, prefix = found
        try:
            body = b"".join([chunk async for chunk in request.stream])
            return _response(module, await fake.handle_async(_request(request, body, prefix)))
        except fault_errors() as error:
            raise _client_exception(module, error) from error

    return handle_async_request


def _fake_for_request(fakes: list[InterceptedFake], request: Any) -> tuple[InterceptedFake, str] | None:
    url = request.url
    if url.scheme not in (b"http", b"https"):
        return None
    return fake_for_url(fakes, url.host.decode("ascii"), url.port, url.target)


def _request(request: Any, body: bytes, prefix: str) -> Request:
    url = request.url
    base = origin(url.scheme.decode(), url.host.decode("ascii"), url.port)
    path, query = path_and_query(url.target.decode("ascii"), prefix)
    return Request(request.method.decode(), base, prefix, path, query, request.headers, body)


def _response(module: Any, response: Response) -> Any:
    return module.Response(response.status, headers=list(response.raw_headers), content=response.body)


def _client_exception(module: Any, error: Exception) -> Exception:
    """The error of the library for a fault, or for an error of httpx that a respx route raises."""
    if isinstance(error, ConnectionFault):
        kind = module.ReadTimeout if error.kind == "timeout" else module.RemoteProtocolError
    else:
        kind = getattr(module, type(error).__name__, module.ConnectError)
    exception: Exception = kind(str(error))
    return exception
