"""`qbchat.router`: routes of the test's own, in front of the fake and in the language of respx."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import httpx2
import pytest
import respx
from support.ways import TLS

from pytest_qbchat import FakeQuickBlox


def test_compressed_and_streamed_answers(qbchat: FakeQuickBlox) -> None:
    import gzip

    def chunks() -> Any:
        yield b"one "
        yield b"two"

    qbchat.router.get("/gzip").respond(content=gzip.compress(b"squeezed"), headers={"Content-Encoding": "gzip"})
    qbchat.router.get("/stream").mock(return_value=httpx.Response(200, content=chunks()))
    assert httpx2.get("https://api.quickblox.com/gzip", verify=TLS).text == "squeezed"
    assert httpx2.get("https://api.quickblox.com/stream", verify=TLS).text == "one two"


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_an_asynchronous_route(qbchat: FakeQuickBlox, library: Any) -> None:
    async def body() -> Any:
        yield b"in "
        yield b"pieces"

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        return (
            httpx.Response(200, content=body()) if request.url.path == "/pieces" else httpx.Response(200, text="whole")
        )

    async def get(*paths: str) -> list[str]:
        async with library.AsyncClient(verify=TLS) as client:
            return [(await client.get(f"https://api.quickblox.com{path}")).text for path in paths]

    qbchat.router.get(path__in=["/pieces", "/whole"]).mock(side_effect=answer)
    assert asyncio.run(get("/pieces", "/whole")) == ["in pieces", "whole"]


def test_the_router_is_made_on_first_use(qbchat: FakeQuickBlox) -> None:
    assert isinstance(qbchat.router, respx.Router)
    assert qbchat.router is qbchat.router
