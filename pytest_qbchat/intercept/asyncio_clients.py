"""Sends the calls of aiohttp and Tornado's client to a server on the loopback interface.

These libraries have no public function that can be replaced to answer a whole request. Instead, their connections to
QuickBlox lead to the loopback server. They are unencrypted, because that server has no certificate for the host.
Requests, responses, sessions, pools and errors are the library's. The patch points are public:

- `connect()` of aiohttp's connectors, which gets the request;
- `connect()` of Tornado's `TCPClient`, which gets the host.

A request of aiohttp through a proxy that the code names is refused. Tornado's client uses proxies only with pycurl.
"""

from __future__ import annotations

from typing import Any

from pytest_qbchat.intercept.guard import refuse_proxy
from pytest_qbchat.intercept.loopback_servers import loopback_address
from pytest_qbchat.intercept.patching import Function, fake_for_call, points_at
from pytest_qbchat.service.interface import Fake


def _connect_aiohttp(function: Function, fakes: list[Fake]) -> Function:
    async def connect(connector: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        url = request.url
        fake = fake_for_call(fakes, url.host, url.port)
        if fake is None:
            return await function(connector, request, *args, **kwargs)
        if request.proxy is not None:
            raise refuse_proxy(fake, "aiohttp", url.host)
        # The connector reads from the request where to connect. The session sends it with its own URL afterwards.
        address = loopback_address(fakes, url.host, url.port, encrypted=url.scheme in ("https", "wss"))
        request.url = url.build(scheme="http", host=address[0], port=address[1])
        try:
            return await function(connector, request, *args, **kwargs)
        finally:
            request.url = url

    return connect


def _connect_tornado(function: Function, fakes: list[Fake]) -> Function:
    async def connect(client: Any, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if fake_for_call(fakes, host, port) is not None:
            encrypted = kwargs.pop("ssl_options", None) is not None
            address = loopback_address(fakes, host, port, encrypted=encrypted)
            return await function(client, *address, *args, **kwargs)
        return await function(client, host, port, *args, **kwargs)

    return connect


LIBRARIES = {
    "aiohttp.connector": points_at("connect", _connect_aiohttp, "BaseConnector"),
    "tornado.tcpclient": points_at("connect", _connect_tornado, "TCPClient"),
}
