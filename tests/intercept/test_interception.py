"""Which calls reach the fake, how the answers behave, and what happens to all other calls."""

from __future__ import annotations

import asyncio
import http.client
import inspect
import socket
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import wraps
from importlib import import_module, reload
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock, Mock

import aiohttp
import httpx
import httpx2
import pytest
import requests
import responses
import respx
import urllib3.connection
import wrapt
from support.elsewhere import another_server
from support.threads import busy_threads
from support.ways import DIALOG, OF_HTTPX, TLS, TOKEN, URL, World

from pytest_qbchat import CallRefused, FakeQuickBlox, QuickBloxTransport, intercept
from pytest_qbchat.intercept import patching
from pytest_qbchat.intercept.patching import Patch, Patcher, PatchPoint, patch_of

HEADERS = {"QB-Token": TOKEN}
BODY = {"chat_dialog_id": DIALOG, "message": "hi"}
made_at_import = httpx.Client(verify=TLS)
made_at_import_too = httpx2.Client(verify=TLS)


@pytest.fixture(scope="session", autouse=True)
def _close_clients() -> Iterator[None]:
    yield
    made_at_import.close()
    made_at_import_too.close()


# --- which calls ---


@pytest.mark.parametrize("client", [made_at_import, made_at_import_too], ids=["httpx", "httpx2"])
def test_a_client_made_at_import_is_intercepted(qbchat: FakeQuickBlox, client: Any) -> None:
    assert client.post(URL, json=BODY, headers=HEADERS).status_code == 201
    assert qbchat.posted.one() == BODY


@pytest.mark.parametrize(
    ("configured", "url"),
    [
        ("chat.shop.example", "https://chat.shop.example/chat/Message.json"),
        ("chat.shop.example", "http://chat.shop.example:8080/chat/Message.json"),
        ("Chat.Shop.Example:8080", "http://chat.shop.example:8080/chat/Message.json"),
        ("https://shop.example/tb/quickblox", "https://shop.example/tb/quickblox/chat/Message.json?x=1"),
        ("https://shop.example/tb/quickblox/", "http://shop.example/tb/quickblox/chat/Message.json"),
        ("http://[::1]:9000/qb", "http://[::1]:9000/qb/chat/Message.json"),
        ("https://shop.example:443/qb", "https://shop.example/qb/chat/Message.json"),
        ("http://shop.example:80", "http://shop.example/chat/Message.json"),
        ("shop.example.", "https://shop.example./chat/Message.json"),
        ("chät.example", "https://xn--cht-rla.example/chat/Message.json"),
        ("xn--cht-rla.example", "https://xn--cht-rla.example/chat/Message.json"),
    ],
)
def test_a_configured_host_is_intercepted(configured: str, url: str) -> None:
    with FakeQuickBlox(hosts=["unrelated.example", configured]).intercept() as fake:
        assert made_at_import.post(url, json=BODY, headers=HEADERS).status_code == 201
    call = fake.calls.one()
    assert (call.path, call.request.method) == ("/chat/Message.json", "POST")
    assert call.request.url == url


@pytest.mark.parametrize(
    ("configured", "url"),
    [
        ("chat.shop.example:8080", "http://chat.shop.example:8081/chat/Message.json"),
        ("chat.shop.example", "https://shop.example/chat/Message.json"),
        ("chat.shop.example", "https://quickblox.com.shop.example/chat/Message.json"),
        ("chat.shop.example", "https://notquickblox.com/chat/Message.json"),
    ],
)
def test_other_urls_are_not_intercepted(configured: str, url: str) -> None:
    with respx.mock() as router, FakeQuickBlox(hosts=[configured]).intercept() as fake:
        router.post(url).respond(202)
        assert made_at_import.post(url, json=BODY).status_code == 202
    assert len(fake.calls) == 0


def test_the_base_url_itself_is_not_let_through() -> None:
    with FakeQuickBlox(hosts=["https://shop.example/quickblox"]).intercept() as fake:
        with pytest.raises(CallRefused, match="the fake has no route GET ;"):
            made_at_import.get("https://shop.example/quickblox?x=/")
        fake._backend.problems.drain()


def test_another_scheme_is_the_librarys_to_refuse(qbchat: FakeQuickBlox) -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        made_at_import.post("htps://api.quickblox.com/chat/Message.json")
    assert len(qbchat.calls) == 0


def test_hosts_is_a_list() -> None:
    with pytest.raises(
        TypeError, match=r"invalid hosts='chat.shop.example'; expected a list, hosts=\['chat\.shop\.example'\]"
    ):
        FakeQuickBlox(hosts="chat.shop.example")


@pytest.mark.parametrize("host", ["", "https://", "*.shop.example", "shop.example:port", "https://shop.example/?a=1"])
def test_a_malformed_host_is_the_tests_own_mistake(host: str) -> None:
    with pytest.raises(ValueError, match="invalid host or base URL"):
        FakeQuickBlox(hosts=[host])


def test_a_transport_serves_every_host_and_knows_the_prefixes() -> None:
    fake = FakeQuickBlox(hosts=["https://shop.example/quickblox"])
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        for url in ("https://shop.example/quickblox/chat/Message.json", "http://testserver/chat/Message.json"):
            assert client.post(url, json=BODY, headers=HEADERS).status_code == 201


def test_a_transport_patches_nothing(qbchat_transport: QuickBloxTransport) -> None:
    before = httpx.HTTPTransport.handle_request, socket.getaddrinfo
    with httpx2.Client(transport=qbchat_transport) as client:
        client.post(URL, json=BODY, headers=HEADERS)
    assert (httpx.HTTPTransport.handle_request, socket.getaddrinfo) == before
    assert qbchat_transport.fake.posted.one() == BODY


def test_the_fixtures_of_a_test_share_one_fake(qbchat: FakeQuickBlox, qbchat_transport: QuickBloxTransport) -> None:
    assert qbchat_transport.fake is qbchat


# --- how the answers behave ---


@pytest.mark.parametrize("world", OF_HTTPX, indirect=True, ids=lambda way: way.name)
def test_a_response_is_the_librarys_own(world: World) -> None:
    response = world.post(BODY)
    library = sys.modules[type(response).__module__.partition(".")[0]]
    assert type(response) is library.Response
    assert isinstance(response.elapsed, timedelta)
    assert response.is_success
    assert response.raise_for_status() is response


@pytest.mark.parametrize("world", OF_HTTPX, indirect=True, ids=lambda way: way.name)
def test_an_error_is_raised_for_its_status(world: World) -> None:
    response = world.post({"message": "hi"})
    library = sys.modules[type(response).__module__.partition(".")[0]]
    with pytest.raises(library.HTTPStatusError, match="422 Unprocessable"):
        response.raise_for_status()


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_an_answer_can_be_streamed(qbchat: FakeQuickBlox, library: Any) -> None:
    async def stream_async() -> bytes:
        async with library.AsyncClient(verify=TLS) as client, client.stream("POST", URL, json=BODY) as response:
            return b"".join([chunk async for chunk in response.aiter_bytes()])

    with library.stream("POST", URL, json=BODY, verify=TLS) as response:
        chunks = list(response.iter_bytes(chunk_size=7))
    assert len(chunks) > 1
    assert b"".join(chunks) == asyncio.run(stream_async()) == b'{"errors":{"base":["Token is required"]}}'


def test_a_streamed_request_is_read(qbchat: FakeQuickBlox) -> None:
    def sync_body() -> Iterator[bytes]:
        yield b'{"chat_dialog_id": "%s", ' % DIALOG.encode()
        yield b'"message": "hi"}'

    async def async_body() -> Any:
        for chunk in sync_body():
            yield chunk

    async def post() -> None:
        async with httpx.AsyncClient(verify=TLS) as client:
            await client.post(URL, content=async_body(), headers=HEADERS | {"Content-Type": "application/json"})

    made_at_import.post(URL, content=sync_body(), headers=HEADERS | {"Content-Type": "application/json"})
    asyncio.run(post())
    assert qbchat.posted == [BODY, BODY]


# --- many at a time ---


def test_threads_lose_nothing(qbchat: FakeQuickBlox) -> None:
    texts = [f"{thread}-{number}" for thread in range(8) for number in range(60)]
    with busy_threads(8) as pool:
        replies = list(pool.map(lambda text: _post_text(made_at_import, text), texts))
    assert [reply["message"] for reply in replies] == texts
    assert sorted(message.message or "" for message in qbchat.posted) == sorted(texts)
    assert len({reply["_id"] for reply in replies}) == len(texts)
    assert [message.id for message in qbchat.posted] == sorted(reply["_id"] for reply in replies)
    assert len(qbchat.calls) == len(texts)
    assert len(qbchat.dialogs) == len(qbchat.users) == 1


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_tasks_lose_nothing(qbchat: FakeQuickBlox, library: Any) -> None:
    async def broadcast() -> list[Any]:
        async with library.AsyncClient(verify=TLS) as client:
            return await asyncio.gather(
                *(client.post(URL, json=BODY | {"message": str(number)}, headers=HEADERS) for number in range(200))
            )

    replies = asyncio.run(broadcast())
    assert [reply.json()["message"] for reply in replies] == [str(number) for number in range(200)]
    assert {message.message for message in qbchat.posted} == {str(number) for number in range(200)}


def _post_text(client: Any, text: str) -> Any:
    return client.post(URL, json=BODY | {"message": text}, headers=HEADERS).json()


# --- other hosts, and other mocks ---


def test_other_hosts_are_reached_as_before(qbchat: FakeQuickBlox) -> None:
    async def get_async(url: str) -> str:
        async with httpx.AsyncClient(verify=TLS) as client:
            return (await client.get(url)).text

    async def get_aiohttp(url: str) -> str:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return await response.text()

    with another_server() as url:
        assert made_at_import.get(url).text == "another server"
        assert made_at_import_too.get(url).text == "another server"
        assert asyncio.run(get_async(url)) == "another server"
        assert requests.get(url, timeout=5).text == "another server"
        assert urllib.request.urlopen(url).read() == b"another server"
        assert asyncio.run(get_aiohttp(url)) == "another server"
    assert len(qbchat.calls) == 0


@pytest.mark.all_plugins
@pytest.mark.parametrize("order", ["qbchat, respx_mock, httpx_mock", "respx_mock, qbchat, httpx_mock"])
def test_beside_other_mocks_in_either_order(pytester: pytest.Pytester, order: str) -> None:
    pytester.makepyfile(
        f"""
        import httpx, pytest, requests, responses

        URL = "{URL}"

        def test_httpx_mock({order.replace("respx_mock, ", "").replace(", respx_mock", "")}):
            httpx_mock.add_response(url="https://other.example/", text="pytest-httpx")
            assert httpx.get("https://other.example/").text == "pytest-httpx"
            assert httpx.post(URL, json={{"message": "hi"}}).status_code == 401
            assert len(qbchat.calls) == 1

        def test_respx({order.replace(", httpx_mock", "")}):
            respx_mock.get("https://other.example/").respond(text="respx")
            assert httpx.get("https://other.example/").text == "respx"
            assert httpx.post(URL, json={{"message": "hi"}}).status_code == 401
            assert len(qbchat.calls) == 1

        @responses.activate
        def test_responses(qbchat):
            responses.get("https://other.example/", body="responses")
            assert requests.get("https://other.example/").text == "responses"
            assert httpx.post(URL, json={{"message": "hi"}}).status_code == 401

        def test_the_functions_of_httpx_are_restored():
            assert httpx.HTTPTransport.handle_request.__module__.startswith("httpx.")
            assert httpx.AsyncHTTPTransport.handle_async_request.__module__.startswith("httpx.")
        """
    )
    pytester.runpytest("-p", "no:randomly", "-W", "error").assert_outcomes(passed=4)


def test_nested_fakes_restore_a_function_that_its_class_inherits(monkeypatch: pytest.MonkeyPatch) -> None:
    if "sendto" in vars(socket.socket):  # pytest-socket may have left one behind
        monkeypatch.delattr(socket.socket, "sendto")
    with FakeQuickBlox().intercept():
        patched = vars(socket.socket)["sendto"]
        with FakeQuickBlox().intercept():
            assert vars(socket.socket)["sendto"] is patched
        assert vars(socket.socket)["sendto"] is patched
    assert "sendto" not in vars(socket.socket)


@pytest.mark.parametrize("stub", [ModuleType, lambda name: MagicMock(__name__=name)], ids=["empty", "mock"])
def test_a_stub_without_the_expected_class_is_not_patched(stub: Callable[[str], Any]) -> None:
    with FakeQuickBlox().intercept():
        libraries = intercept._patcher()._libraries
    assert len(libraries) >= 12
    for name, patch_points in libraries:
        assert list(patch_points(stub(name))) == []


def test_nested_fakes_unwind(qbchat: FakeQuickBlox) -> None:
    with FakeQuickBlox().intercept() as inner:
        made_at_import.post(URL, json=BODY, headers=HEADERS)
    made_at_import.post(URL, json=BODY, headers=HEADERS)
    assert (len(inner.calls), len(qbchat.calls)) == (1, 1)


PATCH_POINTS: list[tuple[Any, str]] = [
    (httpx.HTTPTransport, "handle_request"),
    (httpx.AsyncHTTPTransport, "handle_async_request"),
    (httpx2.HTTPTransport, "handle_request"),
    (httpx2.AsyncHTTPTransport, "handle_async_request"),
    (socket.socket, "connect"),
    (socket.socket, "connect_ex"),
    (socket.socket, "sendto"),
    (http.client.HTTPConnection, "putrequest"),
    (http.client.HTTPConnection, "connect"),
    (http.client.HTTPSConnection, "connect"),
    (urllib3.connection.HTTPConnection, "connect"),
    (urllib3.connection.HTTPSConnection, "connect"),
    (httpx.HTTPTransport, "__init__"),
    (httpx2.AsyncHTTPTransport, "__init__"),
    (aiohttp.BaseConnector, "connect"),
    (urllib.request, "getproxies_environment"),
    (asyncio.BaseEventLoop, "getaddrinfo"),
]


def test_the_patches_leave_no_trace() -> None:
    before = [vars(owner).get(name) for owner, name in PATCH_POINTS]
    with FakeQuickBlox().intercept():
        during = [vars(owner).get(name) for owner, name in PATCH_POINTS]
    assert [vars(owner).get(name) for owner, name in PATCH_POINTS] == before
    assert all(patched is not original for patched, original in zip(during, before, strict=True))


class Unpatchable(type):
    """Classes that refuse new attributes, and forget those that they have."""

    def __setattr__(cls, name: str, value: object) -> None:
        raise TypeError("this class cannot be patched")


def _patcher_with(point: PatchPoint, monkeypatch: pytest.MonkeyPatch) -> Patcher:
    """The patcher of the process, with one more patch point in the middle."""
    with FakeQuickBlox().intercept():
        patcher: Patcher = intercept._patcher()
    middle = len(patcher._points) // 2
    monkeypatch.setattr(patcher, "_points", [*patcher._points[:middle], point, *patcher._points[middle:]])
    return patcher


def test_entering_that_fails_half_way_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = Unpatchable("Owner", (), {"call": len})
    patcher = _patcher_with(PatchPoint(owner, "call", lambda *_: Mock()), monkeypatch)
    before = [vars(owner).get(name) for owner, name in PATCH_POINTS]

    with pytest.raises(TypeError, match="this class cannot be patched"), FakeQuickBlox().intercept():
        pass
    assert [vars(owner).get(name) for owner, name in PATCH_POINTS] == before
    assert (patcher.fakes, patcher._layers) == ([], [])

    monkeypatch.undo()
    with FakeQuickBlox().intercept() as fake:
        made_at_import.post(URL, json=BODY, headers=HEADERS)
    assert len(fake.calls) == 1


def test_leaving_that_fails_half_way_undoes_all_other_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    class Owner:
        call = len

    patcher = _patcher_with(PatchPoint(Owner, "call", lambda *_: Mock()), monkeypatch)
    before = [vars(owner).get(name) for owner, name in PATCH_POINTS]

    def undo_or_fail(patch: Patch) -> None:
        if patch.point.owner is Owner:
            raise TypeError("this class cannot be restored")
        undo(patch)

    undo = patching.Patch.undo
    monkeypatch.setattr(patching.Patch, "undo", undo_or_fail)
    with pytest.raises(TypeError, match="this class cannot be restored"), FakeQuickBlox().intercept():
        pass
    assert [vars(owner).get(name) for owner, name in PATCH_POINTS] == before
    assert (patcher.fakes, patcher._layers) == ([], [])


def test_a_method_that_its_class_inherits_at_times_is_restored_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):  # pytest-socket leaves such an attribute behind
        with FakeQuickBlox().intercept():
            pass
        before = vars(socket.socket).get("sendto")
        monkeypatch.setattr(socket.socket, "sendto", socket.socket.sendto)
    assert (before, vars(socket.socket)["sendto"]) == (socket.socket.sendto, socket.socket.sendto)


@respx.mock
def test_a_replacement_that_somebody_kept_is_inert() -> None:
    respx.get(URL).respond(418)
    with FakeQuickBlox().intercept() as fake:
        kept = httpx.HTTPTransport.handle_request
        kept_async = httpx.AsyncHTTPTransport.handle_async_request
        resolve = socket.gethostbyname

    async def get() -> int:
        async with httpx.AsyncClient(verify=TLS) as client:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", kept_async)
                return (await client.get(URL)).status_code

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.HTTPTransport, "handle_request", kept)
        assert made_at_import.get(URL).status_code == 418
    assert asyncio.run(get()) == 418
    assert resolve("localhost") == "127.0.0.1"
    assert len(fake.calls) == 0


def test_a_patch_put_over_ours_and_kept_stays() -> None:
    original = httpx.HTTPTransport.handle_request
    try:
        with FakeQuickBlox().intercept():
            httpx.HTTPTransport.handle_request = over = lambda *_: httpx.Response(418)  # type: ignore[method-assign]
        assert httpx.HTTPTransport.handle_request is over
    finally:
        httpx.HTTPTransport.handle_request = original  # type: ignore[method-assign]


def test_a_replacement_that_somebody_put_back_goes_with_the_next_fake() -> None:
    original = httpx.HTTPTransport.handle_request
    for _ in range(3):
        with pytest.MonkeyPatch.context() as outlives, FakeQuickBlox().intercept():
            outlives.setattr(httpx.HTTPTransport, "handle_request", lambda *_: httpx.Response(418))
        left = httpx.HTTPTransport.handle_request
        patch = patch_of(left)
        assert patch is not None
        assert patch.original is original
    with FakeQuickBlox().intercept() as fake:
        made_at_import.post(URL, json=BODY, headers=HEADERS)
    assert httpx.HTTPTransport.handle_request is original
    assert len(fake.calls) == 1


def test_a_mock_with_the_attributes_of_a_replacement_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    mock = Mock(return_value=httpx.Response(418))
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", mock)
    with FakeQuickBlox().intercept() as fake:
        made_at_import.post(URL, json=BODY, headers=HEADERS)
        with pytest.MonkeyPatch.context() as over:
            wrapped = wraps(httpx.HTTPTransport.handle_request)(lambda *_: httpx.Response(418))
            del wrapped.__wrapped__  # so that it is not taken for a wrapper either, which calls what it replaces
            over.setattr(httpx.HTTPTransport, "handle_request", wrapped)
            with FakeQuickBlox().intercept() as inner:
                made_at_import.post(URL, json=BODY, headers=HEADERS)
    assert (len(fake.calls), len(inner.calls), mock.called) == (1, 1, False)
    assert httpx.HTTPTransport.handle_request is mock


def test_two_names_of_one_library_are_patched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", httpx)  # as after httpx2.alias_httpx()
    with FakeQuickBlox().intercept() as fake:
        made_at_import.post(URL, json=BODY, headers=HEADERS)
    assert len(fake.calls) == 1
    assert patch_of(httpx.HTTPTransport.handle_request) is None


# --- libraries that are imported later ---


@pytest.fixture
def imported_anew(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Imports a module as if it had not been imported in this process; the earlier one returns after the test."""

    def again(name: str) -> ModuleType:
        parent, _, attribute = name.rpartition(".")
        monkeypatch.setattr(sys.modules[parent], attribute, sys.modules[name])
        monkeypatch.delitem(sys.modules, name)
        return import_module(name)

    return again


def test_a_library_that_is_imported_later_is_patched_until_the_fake_stops(
    imported_anew: Callable[[str], ModuleType],
) -> None:
    hooks = list(sys.meta_path)
    with FakeQuickBlox().intercept():
        connector = imported_anew("aiohttp.connector").BaseConnector
        assert connector is not aiohttp.BaseConnector
        patch = patch_of(connector.connect)
        assert patch is not None
        with FakeQuickBlox().intercept():
            assert connector.connect is patch.replacement
        assert connector.connect is patch.replacement
    assert connector.connect is patch.original
    assert sys.meta_path == hooks


def test_a_library_that_is_imported_later_keeps_its_own_loader(imported_anew: Callable[[str], ModuleType]) -> None:
    with FakeQuickBlox().intercept():
        module = imported_anew("aiohttp.connector")
    assert isinstance(module.__loader__, SourceFileLoader)
    assert "class BaseConnector" in inspect.getsource(module)


def test_a_library_whose_import_ends_after_the_fake_stopped_is_not_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "aiohttp.connector")
    with FakeQuickBlox().intercept():
        spec = find_spec("aiohttp.connector")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["aiohttp.connector"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert patch_of(module.BaseConnector.connect) is None


def test_a_library_that_is_reloaded_is_patched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BaseConnector", "TCPConnector"):
        monkeypatch.setattr(sys.modules["aiohttp.connector"], name, getattr(aiohttp, name))
    with FakeQuickBlox().intercept():
        reloaded = reload(sys.modules["aiohttp.connector"])
        assert reloaded.BaseConnector is not aiohttp.BaseConnector
        assert patch_of(reloaded.BaseConnector.connect) is not None


def test_a_hook_of_wrapt_and_old_finders_work_beside_ours(
    imported_anew: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Old:
        """A finder without `find_spec`, which Python skips."""

    notified: list[str] = []
    wrapt.register_post_import_hook(lambda module: notified.append(module.__name__), "aiohttp.connector")
    notified.clear()  # it may be imported already
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Old()])
    with FakeQuickBlox().intercept():
        module = imported_anew("aiohttp.connector")
        assert patch_of(module.BaseConnector.connect) is not None


def test_a_finder_before_ours_may_hide_a_library(
    imported_anew: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finder:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name == "aiohttp.connector":
                raise ModuleNotFoundError("hidden by the test")

    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with FakeQuickBlox().intercept(), pytest.raises(ModuleNotFoundError, match="hidden by the test"):
        imported_anew("aiohttp.connector")


def test_a_test_may_restore_the_finders_itself() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "meta_path", list(sys.meta_path))
        with FakeQuickBlox().intercept():
            patch.undo()


def test_a_library_that_is_not_installed_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "httpcore2", raising=False)
    with FakeQuickBlox().intercept(), pytest.raises(ModuleNotFoundError):
        import_module("httpcore2")


# --- the guard ---


def test_the_guard_covers_configured_hosts_at_their_ports() -> None:
    with another_server() as url:
        port = int(url.rpartition(":")[2])
        with FakeQuickBlox(hosts=["https://shop.example/quickblox", "whole.example"]).intercept() as fake:
            for name in ("whole.example", "WHOLE.example.", "shop.example"):
                with pytest.raises(CallRefused, match=rf"something tried to reach {name}"):
                    socket.create_connection((name, 443))
            fake._backend.problems.drain()
        with FakeQuickBlox(hosts=[f"localhost:{port + 1}"]).intercept() as fake:
            socket.create_connection(("localhost", port)).close()
            with pytest.raises(CallRefused, match="something tried to reach localhost"):
                socket.create_connection(("localhost", str(port + 1)))  # type: ignore[arg-type]
            fake._backend.problems.drain()


def test_a_folder_that_is_gone_hides_no_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with FakeQuickBlox().intercept() as fake:
        with pytest.raises(CallRefused):
            made_at_import.get("https://api.quickblox.com/data/Order.json")
        [problem] = fake._backend.problems.drain()
    assert f"called at {__file__}:" in problem.text


def test_the_guard_lets_other_addresses_pass() -> None:
    with FakeQuickBlox().intercept(), socket.socket() as listening, socket.socket() as calling:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        calling.connect(listening.getsockname())
        assert socket.getaddrinfo(None, 80)
        if hasattr(socket, "AF_UNIX"):
            with socket.socket(socket.AF_UNIX) as local, pytest.raises(OSError, match="No such file"):
                local.connect("/nonexistent/made-up.sock")


def test_responses_that_answers_for_quickblox_is_not_in_the_guards_way(qbchat: FakeQuickBlox) -> None:
    with responses.RequestsMock() as mock:
        mock.post(URL, status=418)
        assert requests.post(URL, json={}, timeout=5).status_code == 418


# --- without pytest ---


def test_without_pytest_a_refused_call_fails_at_the_end_of_the_block() -> None:
    def careless() -> None:
        with FakeQuickBlox().intercept(), suppress(CallRefused):
            made_at_import.get("https://api.quickblox.com/data/Order.json")

    with pytest.raises(AssertionError, match=r"has no route GET /data/Order\.json"):
        careless()


def test_without_pytest_a_genuine_error_wins() -> None:
    with pytest.raises(CallRefused), FakeQuickBlox().intercept():
        made_at_import.get("https://api.quickblox.com/data/Order.json")
