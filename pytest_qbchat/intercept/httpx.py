"""httpx and httpx2: one interceptor for both, which takes the module as its parameter.

The point is `HTTPTransport.handle_request` and its asynchronous twin: public, the same in both libraries, shared by
module functions and clients, and looked up at each call, so that a client made earlier is caught as well. Custom
transports are left alone, and so is `respx.mock(using="httpx")`, which patches a private method above this point.

A response is made of a byte stream and not of content that is read already, so that `.elapsed`, `stream()` and
`iter_bytes()` work as with a real one.
"""

from __future__ import annotations

from functools import cache, lru_cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import httpx

from pytest_qbchat.exceptions import ConnectionFault
from pytest_qbchat.intercept.patching import Function, PatchPoint, installed_classes
from pytest_qbchat.service.wire import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_qbchat.intercept.patching import InterceptedFake
    from pytest_qbchat.service.wire import Response

LIBRARIES = ("httpx", "httpx2")


@cache
def installed() -> list[Any]:
    """The modules of the family that are installed, imported: code under test may import them later.

    `httpx2.alias_httpx()` can make two names one module, which is listed once.
    """
    modules = [import_module(name) for name in LIBRARIES if installed_classes(name, "HTTPTransport")]
    return list({id(module.HTTPTransport): module for module in modules}.values())


def patch_points() -> Iterator[PatchPoint]:
    """What to patch in each installed library."""
    for module in installed():
        yield PatchPoint(module.HTTPTransport, "handle_request", partial(_sync, module))
        yield PatchPoint(module.AsyncHTTPTransport, "handle_async_request", partial(_async, module))


def _sync(module: Any, function: Function, fakes: list[InterceptedFake]) -> Function:
    def handle_request(transport: Any, request: Any) -> Any:
        __tracebackhide__ = True
        for fake in fakes:
            prefix = prefix_of(fake, request)
            if prefix is not None:
                return answer(module, fake, request, prefix)
        return function(transport, request)

    return handle_request


def _async(module: Any, function: Function, fakes: list[InterceptedFake]) -> Function:
    async def handle_async_request(transport: Any, request: Any) -> Any:
        __tracebackhide__ = True
        for fake in fakes:
            prefix = prefix_of(fake, request)
            if prefix is not None:
                return await answer_async(module, fake, request, prefix)
        return await function(transport, request)

    return handle_async_request


def prefix_of(fake: InterceptedFake, request: Any) -> str | None:
    """The path prefix of a request that is for QuickBlox; None for any other, which no other scheme can be."""
    url = request.url
    prefix = fake.hosts.prefix(url.raw_host.decode("ascii"), url.port, url.raw_path)
    return prefix if url.scheme in ("http", "https") else None


def answer(module: Any, fake: InterceptedFake, request: Any, prefix: str) -> Any:
    """Answer a request of a synchronous client.

    Args:
        module: The library, which the response and any error are made from.
        fake: Who answers.
        request: The library's request.
        prefix: What its path has before that of the API.
    """
    __tracebackhide__ = True
    try:
        return _response(module, fake.handle(_request(request, request.read(), prefix)))
    except Exception as error:
        twin = client_exception(module, error)
        if twin is None:
            raise
        raise twin(str(error), request=request) from error


async def answer_async(module: Any, fake: InterceptedFake, request: Any, prefix: str) -> Any:
    """Answer a request of an asynchronous client; otherwise as `answer`."""
    __tracebackhide__ = True
    try:
        return _response(module, await fake.handle_async(_request(request, await request.aread(), prefix)))
    except Exception as error:
        twin = client_exception(module, error)
        if twin is None:
            raise
        raise twin(str(error), request=request) from error


def _request(request: Any, body: bytes, prefix: str) -> Request:
    url = request.url
    path, query = _target(url.raw_path, len(prefix))
    return Request(
        request.method, _origin(url.scheme, url.host, url.port), prefix, path, query, request.headers.raw, body
    )


# Most calls of a test go to the same few URLs, whose texts are kept once.
@lru_cache(maxsize=16)
def _origin(scheme: str, host: str, port: int | None) -> str:
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" if port is None else f"{scheme}://{host}:{port}"


@lru_cache(maxsize=256)
def _target(raw_path: bytes, prefixed: int) -> tuple[str, str]:
    path, _, query = raw_path.decode("ascii").partition("?")
    return path[prefixed:], query


def _response(module: Any, response: Response) -> Any:
    return module.Response(response.status, headers=response.raw_headers, stream=module.ByteStream(response.body))


# What httpx raises when an answer does not come in time, and when the connection ends before it.
_FAULTS = {"timeout": "ReadTimeout", "disconnect": "RemoteProtocolError"}


def client_exception(module: Any, error: Exception) -> Any:
    """The error class of the client's own library.

    For a fault that the test ordered, and for the error of httpx that a respx route raised in a client of httpx2.
    """
    if isinstance(error, ConnectionFault):
        return getattr(module, _FAULTS[error.kind])
    if not isinstance(error, httpx.RequestError) or isinstance(error, module.RequestError):
        return None
    return getattr(module, type(error).__name__, module.RequestError)
