"""The TLS context of a transport of httpx: made for it alone, by the library, when it is first needed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from support.elsewhere import another_server
from support.ways import TLS, TOKEN, URL

from pytest_qbchat import FakeQuickBlox
from pytest_qbchat.intercept.httpx import LazyContext
from pytest_qbchat.server.live_server import EncryptedServer

HEADERS = {"QB-Token": TOKEN}
LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])


@pytest.fixture(autouse=True)
def _no_certificates_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"):
        monkeypatch.delenv(name, raising=False)


def context_of(transport: Any) -> Any:
    return transport._pool._ssl_context


def is_lazy(context: object) -> bool:
    return type(context) is LazyContext


@LIBRARIES
def test_a_call_to_quickblox_makes_no_context(
    qbchat: FakeQuickBlox, library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def post() -> int:
        async with library.AsyncClient() as client:
            return int((await client.post(URL, json={"recipient_id": 2}, headers=HEADERS)).status_code)

    monkeypatch.setattr(library, "create_ssl_context", pytest.fail)
    assert library.post(URL, json={"recipient_id": 2}, headers=HEADERS).status_code == 201
    with library.Client() as client:
        assert client.post(URL, json={"recipient_id": 2}, headers=HEADERS).status_code == 201
    assert asyncio.run(post()) == 201
    assert len(qbchat.posted) == 3


@LIBRARIES
def test_a_context_is_what_the_library_makes_without_a_fake(library: Any) -> None:
    made = library.create_ssl_context()
    with FakeQuickBlox().intercept():
        lazy = context_of(library.HTTPTransport())
        assert is_lazy(lazy)
        assert isinstance(lazy, ssl.SSLContext)
        for name in ("verify_mode", "verify_flags", "check_hostname", "options", "minimum_version", "protocol"):
            assert getattr(lazy, name) == getattr(made, name)
        assert lazy.get_ca_certs() == made.get_ca_certs()
    assert type(lazy.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="shop.example").context) is type(made)


@LIBRARIES
@pytest.mark.usefixtures("qbchat")
def test_a_change_to_the_context_of_one_client_is_unknown_to_others(library: Any) -> None:
    one, another = context_of(library.HTTPTransport()), context_of(library.AsyncHTTPTransport())
    one.check_hostname = False
    one.verify_mode = ssl.CERT_NONE
    assert (one.verify_mode, another.verify_mode) == (ssl.CERT_NONE, ssl.CERT_REQUIRED)


@LIBRARIES
def test_a_transport_without_an_active_fake_gets_its_context_at_once(library: Any) -> None:
    assert not is_lazy(context_of(library.HTTPTransport()))


@LIBRARIES
@pytest.mark.usefixtures("qbchat")
def test_a_transport_gets_the_context_that_it_asks_for(library: Any) -> None:
    assert context_of(library.HTTPTransport(verify=TLS)) is TLS
    assert context_of(library.HTTPTransport(False)).verify_mode is ssl.CERT_NONE
    assert is_lazy(context_of(library.HTTPTransport(trust_env=False, http2=True)))


@pytest.mark.parametrize("verify", [lambda certificate: ssl.create_default_context(cafile=certificate), str])
def test_other_servers_are_trusted_as_before(
    qbchat: FakeQuickBlox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verify: Callable[[str], Any]
) -> None:
    async def get(url: str) -> int:
        async with httpx.AsyncClient() as client:
            context_of(client._transport).load_verify_locations(server.ca_file)
            return (await client.get(url)).status_code

    with EncryptedServer(FakeQuickBlox(), tmp_path) as server, another_server() as plain:
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            httpx.get(f"{server.url}/session.json")
        assert asyncio.run(get(f"{server.url}/session.json")) == 401
        if verify is str:
            monkeypatch.setenv("SSL_CERT_FILE", server.ca_file)
            assert httpx.get(f"{server.url}/session.json").status_code == 401
        else:
            assert httpx.get(f"{server.url}/session.json", verify=verify(server.ca_file)).status_code == 401
        assert httpx.get(plain).text == "another server"
    assert len(qbchat.calls) == 0
