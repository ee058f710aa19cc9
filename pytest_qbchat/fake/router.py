"""Routes of the test's own, in front of the fake and in the language of respx."""

from __future__ import annotations

from typing import cast

import httpx
import respx
from respx.models import AllMockedAssertionError, PassThrough

from pytest_qbchat.service.wire import Request, Response


class Stubs:
    """A respx router and the way through it.

    A request that no route matches, or one marked `pass_through()`, goes on to the fake.
    """

    def __init__(self) -> None:
        self.router = respx.Router(assert_all_called=False)

    def answer(self, request: Request) -> Response | None:
        """What a route answers, or None. Raises what the route's side effect raises."""
        try:
            response = self.router.handler(_to_httpx(request))
        except (AllMockedAssertionError, PassThrough):
            return None
        return _from_httpx(response, b"".join(cast("httpx.SyncByteStream", response.stream)))

    async def answer_async(self, request: Request) -> Response | None:
        """The same for an asynchronous client, whose side effects may be coroutines."""
        try:
            response = await self.router.async_handler(_to_httpx(request))
        except (AllMockedAssertionError, PassThrough):
            return None
        if isinstance(response.stream, httpx.SyncByteStream):
            return _from_httpx(response, b"".join(response.stream))
        return _from_httpx(response, b"".join([chunk async for chunk in response.stream]))


def _to_httpx(request: Request) -> httpx.Request:
    # As a stream, since content would be measured, labelled and encoded anew.
    body = httpx.ByteStream(request.body)
    copy = httpx.Request(request.method, request.url, headers=request.raw_headers, stream=body)
    copy.read()
    return copy


def _from_httpx(response: httpx.Response, body: bytes) -> Response:
    return Response(response.status_code, response.headers.raw, body)
