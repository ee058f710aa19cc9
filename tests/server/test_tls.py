"""The live server for https."""

from __future__ import annotations

import ssl
import urllib.request
from typing import Any

import httpx
import pytest
import requests
from support.connections import BODY, HEADERS, PATH, PATIENCE, Line, held, post, posting

from pytest_qbchat import FakeQuickBlox, LiveServer


def test_clients_that_trust_the_authority_reach_the_server_by_tls(
    qbchat_tls_server: Any, qbchat: FakeQuickBlox, qbchat_server: LiveServer
) -> None:
    url, context = qbchat_tls_server.url + PATH, ssl.create_default_context(cafile=qbchat_tls_server.ca_file)
    assert url == f"https://127.0.0.1:{qbchat_tls_server.port}{PATH}"
    with httpx.Client(verify=context) as client:
        assert client.post(url, content=BODY, headers=HEADERS).status_code == 201
    with requests.Session() as session:
        by_name = url.replace("127.0.0.1", "localhost")
        answer = session.post(by_name, data=BODY, headers=HEADERS, verify=qbchat_tls_server.ca_file, timeout=PATIENCE)
        assert answer.status_code == 201
    with urllib.request.urlopen(urllib.request.Request(url, BODY, HEADERS), context=context) as response:
        assert response.status == 201
    assert post(qbchat_server).status_code == 201
    assert len(qbchat.posted) == 4
    assert qbchat.calls[0].request.url == url


def test_a_client_without_the_ca_does_not_trust_the_server(qbchat_tls_server: Any) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        post(qbchat_tls_server)
    with httpx.Client(verify=ssl.create_default_context(cafile=qbchat_tls_server.ca_file)) as client:
        assert client.post(qbchat_tls_server.url + PATH, content=BODY, headers=HEADERS).status_code == 201


def test_a_tls_connection_is_kept_refused_and_closed_like_any_other(qbchat_tls_server: Any) -> None:
    trusting = ssl.create_default_context(cafile=qbchat_tls_server.ca_file)
    with Line(qbchat_tls_server, trusting) as line:
        line.send(posting("one") + posting("two"))
        assert [line.answer().status, line.answer().status] == [201, 201]
        line.send(b"nonsense\r\n\r\n" + b"a" * 100_000)
        assert line.answer().status == 400
    with Line(qbchat_tls_server, trusting) as line:
        line.send(posting("three", b"Connection: close"))
        assert line.answer().status == 201
        assert line.rest() == b""
    assert held(qbchat_tls_server).connections == 0


def test_a_client_that_never_begins_to_encrypt_is_closed_at_the_end(qbchat_tls_server: Any) -> None:
    with Line(qbchat_tls_server) as silent:
        with Line(qbchat_tls_server) as plain:
            plain.send(posting())
            assert b"HTTP" not in plain.rest()
        qbchat_tls_server.stop()
        assert silent.rest() == b""


def test_without_trustme_the_fixture_says_what_to_install(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "trustme", None)
    result = run("def test_it(qbchat_tls_server):\n    pass\n\ndef test_plain(qbchat_server):\n    pass\n")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["*qbchat_tls_server needs trustme; use pip install 'pytest-qbchat*"])
    result.stdout.no_fnmatch_line("*Traceback*")
