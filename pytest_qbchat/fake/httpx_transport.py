"""An httpx transport that sends every request of its client to the fake, without patches."""

from __future__ import annotations

import os
import sys
from typing import Any

import httpx

from pytest_qbchat.exceptions import CallRefused
from pytest_qbchat.fake.backend import Backend
from pytest_qbchat.fake.quickblox import FakeQuickBlox
from pytest_qbchat.intercept.httpx import answer, answer_async


class QuickBloxTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport for httpx and httpx2, for synchronous and asynchronous clients.

    Use it as `httpx.Client(transport=qbchat_transport)`.

    Attributes:
        fake: The fake that answers.
    """

    def __init__(self, fake: FakeQuickBlox) -> None:
        self.fake = fake
        self._process = os.getpid()

    def handle_request(self, request: Any) -> Any:
        """Answer a request to any host."""
        return answer(_library(request), request, self._backend())

    async def handle_async_request(self, request: Any) -> Any:
        """Answer a request of an asynchronous client to any host."""
        return await answer_async(_library(request), request, self._backend())

    def _backend(self) -> Backend:
        if os.getpid() != self._process:  # which has a copy of the fake
            raise CallRefused("qbchat_transport does not answer a forked process; take the fixture qbchat")
        return self.fake._backend


def _library(request: Any) -> Any:
    """The library of a request: httpx or httpx2."""
    return sys.modules[type(request).__module__.partition(".")[0]]
