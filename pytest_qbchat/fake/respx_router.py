"""Custom routes in front of the fake, with respx."""

from __future__ import annotations

from typing import cast

import httpx
import respx
from respx.models import AllMockedAssertionError, PassThrough

from pytest_qbchat.service.wire import Request, Response


class Stubs:
    """A respx router. The fake answers requests that no route matches, and requests marked `pass_through()`."""

    def __init__(self) -> None:
        self.router = respx.Router(assert_all_called=False)

    def answer(self, request: Request) -> Response | None:
        """The response of a route, or None. If the route's side effect raises an error, so does this."""
        try:
            response = self.router.handler(_to_httpx(request))
        except (AllMockedAssertionError, PassThrough):
            return None
        return _from_httpx(response, b"".join(cast("httpx.SyncByteStream", response.stream)))

    async def answer_async(self, request: Request) -> Response | None:
        """Like `answer`, for an asynchronous client. A route's side effect may be a coroutine function."""
        try:
            response = await self.router.async_handler(_to_httpx(request))
        except (AllMockedAssertionError, PassThrough):
            return None
        if isinstance(response.stream, httpx.SyncByteStream):
            return _from_httpx(response, b"".join(response.stream))
        return _from_httpx(response, b"".join([chunk async for chunk in response.stream]))


def _to_httpx(request: Request) -> httpx.Request:
    # A stream, because httpx adds headers such as Content-Length to other content.
    body = httpx.ByteStream(request.body)
    copy = httpx.Request(request.method, request.url, headers=request.raw_headers, stream=body)
    copy.read()
    return copy


def _from_httpx(response: httpx.Response, body: bytes) -> Response:
    return Response(response.status_code, response.headers.raw, body)
