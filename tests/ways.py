"""Every way in which a client can reach the fake, behind one function: `send(method, url, **what httpx takes)`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import httpx2

from pytest_qbchat import FakeQuickBlox

TLS = ssl.create_default_context()  # made once: it costs more than everything else here together
URL = "https://api.quickblox.com/chat/Message.json"
DIALOG = "5d75327ba28f9a0f32cb0f99"
TOKEN = "made-up-token-of-the-shop"
# The documentation's own request, and its reply without what differs from call to call.
DOCUMENTED = {
    "chat_dialog_id": DIALOG,
    "message": "look at this photos",
    "attachments": {"0": {"type": "image", "id": "47863"}, "1": {"type": "image", "id": "47864"}},
    "send_to_chat": 1,
    "markable": 1,
}
DOCUMENTED_REPLY = (
    '{{"_id":"{id}","attachments":[{{"type":"image","id":"47863"}},{{"type":"image","id":"47864"}}],'
    '"chat_dialog_id":"5d75327ba28f9a0f32cb0f99","created_at":null,"date_sent":{date_sent},"delivered_ids":[],'
    '"markable":1,"message":"look at this photos","read_ids":[],"recipient_id":0,"sender_id":{sender_id},'
    '"updated_at":null,"read":0}}'
)


@dataclass(frozen=True)
class Way:
    name: str
    send: Callable[..., Any]
    by_transport: bool = False


@dataclass(frozen=True)
class World:
    """The fake and a way into it."""

    fake: FakeQuickBlox
    send: Callable[..., Any]

    def post(self, json: Any = None, *, token: str | None = TOKEN, **kwargs: Any) -> Any:
        """Post a message, with a token unless it is None."""
        headers = kwargs.pop("headers", {}) | ({} if token is None else {"QB-Token": token})
        return self.send("POST", kwargs.pop("url", URL), json=json, headers=headers, **kwargs)


def _functions(library: Any) -> Callable[..., Any]:
    return lambda method, url, **kwargs: library.request(method, url, verify=TLS, **kwargs)


def _client(library: Any) -> Callable[..., Any]:
    def send(method: str, url: str, *, transport: Any = None, **kwargs: Any) -> Any:
        with library.Client(verify=TLS, transport=transport) as client:
            return client.request(method, url, **kwargs)

    return send


def _async_client(library: Any) -> Callable[..., Any]:
    def send(method: str, url: str, *, transport: Any = None, **kwargs: Any) -> Any:
        async def request() -> Any:
            async with library.AsyncClient(verify=TLS, transport=transport) as client:
                return await client.request(method, url, **kwargs)

        return asyncio.run(request())

    return send


WAYS = [
    way
    for library in (httpx, httpx2)
    for way in (
        Way(f"{library.__name__} functions", _functions(library)),
        Way(f"{library.__name__} client", _client(library)),
        Way(f"{library.__name__} async client", _async_client(library)),
        Way(f"{library.__name__} client with transport", _client(library), by_transport=True),
        Way(f"{library.__name__} async client with transport", _async_client(library), by_transport=True),
    )
]
