"""One TLS context for all transports with default trust while a fake is active, and only then."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import certifi
import httpx
import httpx2
import pytest
from support.elsewhere import another_server
from support.ways import TLS, TOKEN, URL

from pytest_qbchat import FakeQuickBlox, LiveServer
from pytest_qbchat.server.certificate import Certificate

HEADERS = {"QB-Token": TOKEN}
LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[ssl.SSLContext]:
    """The contexts that are made, whoever makes them."""
    contexts: list[ssl.SSLContext] = []
    make = ssl.create_default_context

    def count(*args: Any, **kwargs: Any) -> ssl.SSLContext:
        contexts.append(make(*args, **kwargs))
        return contexts[-1]

    monkeypatch.setattr(ssl, "create_default_context", count)
    return contexts


def context_of(transport: Any) -> ssl.SSLContext:
    context: ssl.SSLContext = transport._pool._ssl_context
    return context


@LIBRARIES
def test_calls_share_one_context(qbchat: FakeQuickBlox, library: Any, made: list[ssl.SSLContext]) -> None:
    async def post() -> int:
        async with library.AsyncClient() as client:
            return int((await client.post(URL, json={"recipient_id": 2}, headers=HEADERS)).status_code)

    for _ in range(3):
        assert library.post(URL, json={"recipient_id": 2}, headers=HEADERS).status_code == 201
        with library.Client() as client:
            assert client.post(URL, json={"recipient_id": 2}, headers=HEADERS).status_code == 201
        assert asyncio.run(post()) == 201
    assert len(made) <= 1  # none if another test has needed it before


@LIBRARIES
def test_clients_without_an_active_fake_get_contexts_of_their_own(library: Any) -> None:
    one, another = library.HTTPTransport(), library.AsyncHTTPTransport()
    assert context_of(one) is not context_of(another)


@LIBRARIES
@pytest.mark.usefixtures("qbchat")
def test_the_context_depends_on_what_a_client_may_change(library: Any) -> None:
    contexts = [
        context_of(transport)
        for transport in (
            library.HTTPTransport(),
            library.AsyncHTTPTransport(trust_env=True),
            library.HTTPTransport(trust_env=False),
            library.HTTPTransport(http2=True),
            library.HTTPTransport(verify=TLS),
            library.HTTPTransport(False),
        )
    ]
    assert contexts[0] is contexts[1]
    assert len({id(context) for context in contexts}) == 5
    assert contexts[4] is TLS
    assert contexts[5].verify_mode is ssl.CERT_NONE


@LIBRARIES
@pytest.mark.usefixtures("qbchat")
def test_the_context_depends_on_the_certificates_of_the_environment(
    library: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "ca.pem"
    file.write_bytes(Path(certifi.where()).read_bytes())
    before, without = context_of(library.HTTPTransport()), context_of(library.HTTPTransport(trust_env=False))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    configured = context_of(library.HTTPTransport())
    assert configured is context_of(library.HTTPTransport()) is not before
    assert context_of(library.HTTPTransport(trust_env=False)) is without
    file.write_bytes(file.read_bytes() + b"\n")
    assert context_of(library.HTTPTransport()) is not configured
    file.unlink()
    with pytest.raises(OSError, match="No such file"):
        library.HTTPTransport()
    monkeypatch.setenv("SSL_CERT_FILE", "")
    assert context_of(library.HTTPTransport()) is before


@pytest.mark.parametrize("verify", [lambda certificate: ssl.create_default_context(cafile=certificate), str])
def test_other_servers_are_trusted_as_before(
    qbchat: FakeQuickBlox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verify: Callable[[str], Any]
) -> None:
    certificate = Certificate(tmp_path)
    with LiveServer(FakeQuickBlox(), tls=certificate.context) as server, another_server() as plain:
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            httpx.get(f"{server.url}/session.json")
        if verify is str:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate.ca_file))
            assert httpx.get(f"{server.url}/session.json").status_code == 401
        else:
            assert httpx.get(f"{server.url}/session.json", verify=verify(certificate.ca_file)).status_code == 401
        assert httpx.get(plain).text == "another server"
    assert len(qbchat.calls) == 0
