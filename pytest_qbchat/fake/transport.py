"""A transport for clients that take one: nothing is patched, and every request of that client reaches the fake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from pytest_qbchat.intercept.httpx import answer, answer_async, fake_for_request, installed

if TYPE_CHECKING:
    from pytest_qbchat.fake.quickblox import FakeQuickBlox


class QuickBloxTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Serves httpx and httpx2, synchronous and asynchronous clients: `httpx.Client(transport=qbchat_transport)`.

    Attributes:
        fake: The fake behind it, to observe and assert on.
    """

    def __init__(self, fake: FakeQuickBlox) -> None:
        self.fake = fake

    def handle_request(self, request: Any) -> Any:
        """Answer a request, whatever its host."""
        return answer(self._library(request), request, self.fake, self._prefix(request))

    async def handle_async_request(self, request: Any) -> Any:
        """Answer a request of an asynchronous client, whatever its host."""
        return await answer_async(self._library(request), request, self.fake, self._prefix(request))

    def _library(self, request: Any) -> Any:
        """The library whose request it is."""
        return next(module for module in installed() if isinstance(request, module.Request))

    def _prefix(self, request: Any) -> str:
        """The path prefix of the API; none if the host is not QuickBlox's."""
        found = fake_for_request([self.fake], request)
        return found[1] if found else ""
