"""Custom routes in front of the fake, with respx."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import tee
from typing import Any, cast

import httpx
import respx
from respx.models import AllMockedAssertionError, PassThrough

from pytest_qbchat.intercept.patching import passing_through
from pytest_qbchat.service.wire import Request, Response


class Stubs:
    """A respx router. The fake answers requests that no route matches, and requests marked `pass_through()`.

    If the marked request is outside of the base URL, it goes to the network.
    """

    def __init__(self) -> None:
        self.router = respx.Router(assert_all_called=False)

    def uncalled(self) -> list[str]:
        """The routes that no call has matched."""
        return [repr(route) for route in self.router.routes if not route.called]

    def snapshot(self) -> Callable[[], None]:
        """A function that restores the routes, their calls and their remaining side effects, each time it is called."""
        # respx would copy an iterator by reading it to its end, and an endless iterator has none.
        routes = [route for route in self.router.routes if isinstance(route.side_effect, Iterator)]
        left: list[Any] = [route.side_effect for route in routes]

        def save() -> None:
            for route in routes:
                route.side_effect = None
            self.router.snapshot()
            for position, route in enumerate(routes):
                route.side_effect, left[position] = tee(left[position])

        def restore() -> None:
            self.router.rollback()
            save()

        save()
        return restore

    def answer(self, request: Request) -> Response | None:
        """The response of a route, or None. If the route's side effect raises an error, so does this."""
        try:
            response = self.router.handler(_to_httpx(request))
        except AllMockedAssertionError:
            return None
        except PassThrough:
            return _passed_through(request) if request.outside else None
        return _from_httpx(response, b"".join(cast("httpx.SyncByteStream", response.stream)))

    async def answer_async(self, request: Request) -> Response | None:
        """Like `answer`, for an asynchronous client. A route's side effect may be a coroutine function."""
        try:
            response = await self.router.async_handler(_to_httpx(request))
        except AllMockedAssertionError:
            return None
        except PassThrough:
            return await asyncio.to_thread(_passed_through, request) if request.outside else None
        if isinstance(response.stream, httpx.SyncByteStream):
            return _from_httpx(response, b"".join(response.stream))
        return _from_httpx(response, b"".join([chunk async for chunk in response.stream]))


def _passed_through(request: Request) -> Response:
    """The response of the real host. httpx sends the request, for any client."""
    with passing_through(), httpx.Client() as client:
        response = client.send(_to_httpx(request), stream=True)
        return _from_httpx(response, b"".join(response.iter_raw()))


def _to_httpx(request: Request) -> httpx.Request:
    # A stream, because httpx adds headers such as Content-Length to other content.
    body = httpx.ByteStream(request.body)
    copy = httpx.Request(request.method, request.url, headers=request.raw_headers, stream=body)
    copy.read()
    return copy


def _from_httpx(response: httpx.Response, body: bytes) -> Response:
    return Response(response.status_code, response.headers.raw, body)
