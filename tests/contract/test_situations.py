"""Situations in which code uses httpx, requests or aiohttp: the fake in place gives what the live server gives."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from typing import Any
from unittest.mock import patch

import aiohttp
import httpx
import pytest
import requests
import requests.adapters
import urllib3
from support.ways import TLS

from pytest_qbchat import FakeQuickBlox, LiveServer

LARGE = b"0123456789" * 5000
ANSWERS: dict[str, dict[str, Any]] = {
    "/users/text.json": {"text": "hello\nworld\n" * 3, "headers": [("Set-Cookie", "shop=7"), ("Set-Cookie", "a=8")]},
    "/users/moved.json": {"status_code": 302, "headers": [("Location", "/users/text.json")]},
    "/users/kept.json": {"status_code": 307, "headers": [("Location", "/users/text.json")]},
    "/users/loop.json": {"status_code": 302, "headers": [("Location", "/users/loop.json")]},
    "/users/packed.json": {"content": gzip.compress(b"x" * 1000, mtime=0), "headers": [("Content-Encoding", "gzip")]},
    "/users/none.json": {"status_code": 204},
    "/users/large.json": {"content": LARGE},
    "/users/latin.json": {"content": b"caf\xe9", "headers": [("Content-Type", "text/plain; charset=latin-1")]},
    "/users/same.json": {"status_code": 304},
    "/users/odd.json": {"status_code": 299, "text": "odd"},
    "/users/auth.json": {"status_code": 401, "headers": [("WWW-Authenticate", 'Basic realm="shop"')]},
}
NAMES = [path.removeprefix("/users/").removesuffix(".json") for path in ANSWERS if "loop" not in path]
Situation = Callable[[str], object]


def arrange(fake: FakeQuickBlox) -> None:
    """Routes for all situations."""
    for path, answer in ANSWERS.items():
        status = answer.get("status_code", 200)
        content = {name: answer[name] for name in ("text", "content") if name in answer}
        fake.router.route(path=path).respond(status, headers=answer.get("headers"), **content)
    fake.router.route(path="/users/echo.json").mock(side_effect=echo)
    fake.router.route(path="/users/busy.json").mock(
        side_effect=[httpx.Response(503, headers={"Retry-After": "0"})] * 2 + [httpx.Response(200, text="done")]
    )


def echo(request: httpx.Request) -> httpx.Response:
    sent = {name.lower() for name, _ in request.headers.raw} - {b"host", b"user-agent"}
    cookie, auth = request.headers.get("Cookie", ""), request.headers.get("Authorization", "")
    shown = [request.method, request.url.query.decode(), sorted(name.decode() for name in sent), cookie, auth]
    body = request.content if b"boundary" not in request.headers.get("Content-Type", "").encode() else b""
    return httpx.Response(200, json=[*shown, body.decode("latin-1")])


# --- httpx ---


def shown(response: httpx.Response) -> object:
    headers = {name: value for name, value in response.headers.items() if name != "date"}
    return (
        response.status_code, response.reason_phrase, response.http_version, response.content, headers,
        response.encoding, sorted(response.cookies.items()), [each.status_code for each in response.history],
        response.is_closed, response.is_stream_consumed, response.num_bytes_downloaded, response.elapsed.days,
        response.url.path, sorted(set(response.extensions) - {"network_stream"}), response.next_request is None,
    )  # fmt: skip


def by_httpx(use: Callable[[httpx.Client], object], **options: Any) -> Situation:
    def run(url: str) -> object:
        with httpx.Client(base_url=f"{url}/users", verify=TLS, **options) as client:
            return use(client)

    return run


def by_async_httpx(use: Callable[[httpx.AsyncClient], Any], **options: Any) -> Situation:
    async def run(url: str) -> object:
        async with httpx.AsyncClient(base_url=f"{url}/users", verify=TLS, **options) as client:
            return await use(client)

    return lambda url: asyncio.run(run(url))


def get(path: str, method: str = "GET", **options: Any) -> Callable[[httpx.Client], object]:
    return lambda client: shown(client.request(method, f"/{path}.json", **options))


def get_async(path: str, method: str = "GET", **options: Any) -> Callable[[httpx.AsyncClient], Any]:
    async def request(client: httpx.AsyncClient) -> object:
        return shown(await client.request(method, f"/{path}.json", **options))

    return request


def raised(use: Callable[[Any], object]) -> Callable[[Any], object]:
    def run(client: Any) -> object:
        try:
            return use(client)
        except Exception as error:
            return type(error)

    return run


def stream(read: Callable[[httpx.Response], object], path: str = "large") -> Callable[[httpx.Client], object]:
    def run(client: httpx.Client) -> object:
        with client.stream("GET", f"/{path}.json") as response:
            seen = read(response), response.is_closed, response.is_stream_consumed
        return seen, response.is_closed, response.num_bytes_downloaded

    return run


async def stream_async(client: httpx.AsyncClient) -> object:
    async with client.stream("GET", "/large.json") as response:
        chunks = [len(chunk) async for chunk in response.aiter_bytes(7000)]
    return chunks, response.is_closed


async def abandoned(client: httpx.AsyncClient) -> object:
    async with client.stream("GET", "/large.json") as response:
        pass
    return response.is_closed, shown(await client.get("/text.json"))


async def cancelled(client: httpx.AsyncClient) -> object:
    task = asyncio.create_task(client.get("/text.json"))
    task.cancel()
    outcome = await asyncio.gather(task, return_exceptions=True)
    return type(outcome[0]), shown(await client.get("/text.json"))


async def at_once(client: httpx.AsyncClient) -> object:
    responses = await asyncio.gather(*(client.get("/echo.json", params={"n": number}) for number in range(20)))
    return [response.json()[1] for response in responses]


def hooks(client: httpx.Client) -> object:
    seen: list[object] = []
    client.event_hooks = {
        "request": [lambda request: seen.append((request.method, request.url.path))],
        "response": [lambda response: seen.append((response.status_code, response.is_closed, len(response.read())))],
    }
    client.get("/moved.json", follow_redirects=True)
    return seen


class Signing(httpx.Auth):
    requires_request_body = True
    requires_response_body = True

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        request.headers["Authorization"] = f"Signed {len(request.content)}"
        response = yield request
        request.headers["Authorization"] = f"Again {len(response.content)}"
        yield request


def cookies(client: httpx.Client) -> object:
    client.get("/text.json")
    return sorted(client.cookies.items()), client.get("/echo.json").json()


def generated(client: httpx.Client) -> object:
    return shown(client.post("/echo.json", content=iter([b"a", b"b"])))


def followed(client: httpx.Client) -> object:
    response = client.get("/moved.json")
    seen = [response.has_redirect_location, response.next_request is not None]
    assert response.next_request is not None
    return seen, shown(client.send(response.next_request))


HTTPX: dict[str, Situation] = {
    **{f"httpx {name}": by_httpx(get(name)) for name in NAMES},
    **{f"async httpx {name}": by_async_httpx(get_async(name)) for name in NAMES},
    **{f"httpx {method}": by_httpx(get("echo", method)) for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS")},
    "httpx head": by_httpx(get("text", "HEAD")),
    "httpx redirect followed": by_httpx(get("moved", follow_redirects=True)),
    "httpx redirect of a post followed": by_httpx(get("moved", "POST", json={}, follow_redirects=True)),
    "httpx redirect kept": by_httpx(get("kept", "POST", content=b"{}", follow_redirects=True)),
    "httpx redirect by hand": by_httpx(followed),
    "httpx too many redirects": by_httpx(raised(get("loop", follow_redirects=True)), max_redirects=3),
    "httpx json": by_httpx(get("echo", "POST", json={"a": [1, None, "é"]})),
    "httpx form": by_httpx(get("echo", "POST", data={"a": "1", "b": ["2", "3"]})),
    "httpx upload": by_httpx(get("echo", "POST", files={"file": ("a.txt", b"abc")}, data={"a": "1"})),
    "httpx content": by_httpx(get("echo", "POST", content=b"\xff\x00")),
    "httpx generator": by_httpx(generated),
    "httpx params": by_httpx(get("echo", params={"a": "1 2", "b": ["x", "y"]})),
    "httpx own headers": by_httpx(get("echo", headers=[("X-A", "1"), ("x-a", "2")])),
    "httpx basic auth": by_httpx(get("echo", auth=("shop", "made-up"))),
    "httpx auth flow": by_httpx(get("echo", "POST", content=b"{}", auth=Signing())),
    "httpx digest auth refused": by_httpx(get("auth", auth=httpx.DigestAuth("shop", "made-up"))),
    "httpx cookies": by_httpx(cookies),
    "httpx cookie of the request": by_httpx(get("echo"), cookies={"shop": "7"}),
    "httpx jar": by_httpx(get("echo"), cookies=CookieJar()),
    "httpx event hooks": by_httpx(hooks),
    "httpx bytes": by_httpx(stream(lambda response: [len(chunk) for chunk in response.iter_bytes(7000)])),
    "httpx raw": by_httpx(stream(lambda response: len(b"".join(response.iter_raw())), "packed")),
    "httpx text": by_httpx(stream(lambda response: "".join(response.iter_text()), "latin")),
    "httpx lines": by_httpx(stream(lambda response: [*response.iter_lines()], "text")),
    "httpx read in a stream": by_httpx(stream(lambda response: len(response.read()))),
    "httpx not read": by_httpx(stream(raised(lambda response: response.content))),
    "httpx read twice": by_httpx(stream(raised(lambda response: [*response.iter_raw(), *response.iter_raw()]))),
    "httpx raise for status": by_httpx(raised(lambda client: client.get("/auth.json").raise_for_status())),
    "httpx no json": by_httpx(raised(lambda client: client.get("/text.json").json())),
    "httpx one connection": by_httpx(lambda client: [client.get("/text.json").status_code for _ in range(9)],
                                     limits=httpx.Limits(max_connections=1)),
    "async httpx stream": by_async_httpx(stream_async),
    "async httpx abandoned": by_async_httpx(abandoned),
    "async httpx cancelled": by_async_httpx(cancelled),
    "async httpx at once": by_async_httpx(at_once),
    "async httpx one connection": by_async_httpx(at_once, limits=httpx.Limits(max_connections=1)),
}  # fmt: skip


# --- requests and aiohttp ---


def by_requests(method: str, path: str, retries: int = 0, **options: Any) -> Situation:
    def run(url: str) -> object:
        with requests.Session() as session:
            retry = urllib3.Retry(retries, status_forcelist=[503], backoff_factor=0, allowed_methods=None)
            session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
            response = session.request(method, f"{url}/users/{path}.json", timeout=5, **options)
            history = [each.status_code for each in response.history]
            return response.status_code, response.reason, response.content, response.encoding, history, [
                *sorted(session.cookies.items()), response.raw.version, response.raw.closed, response.request.method
            ]  # fmt: skip

    return run


def by_aiohttp(method: str, path: str, *, trust_env: bool = False, **options: Any) -> Situation:
    async def run(url: str) -> object:
        async with (
            aiohttp.ClientSession(trust_env=trust_env) as session,
            session.request(method, f"{url}/users/{path}.json", **options) as response,
        ):
            history = [each.status for each in response.history]
            return response.status, response.reason, await response.read(), response.charset, history, response.version

    return lambda url: asyncio.run(run(url))


OTHERS: dict[str, Situation] = {
    "requests retried": by_requests("GET", "busy", retries=5),
    "requests redirect": by_requests("POST", "moved", json={}),
    "requests redirect kept": by_requests("POST", "kept", data=b"{}"),
    "requests upload": by_requests("POST", "echo", files={"file": b"abc"}),
    "requests auth": by_requests("GET", "echo", auth=("shop", "made-up")),
    "requests cookies": by_requests("GET", "text"),
    "aiohttp redirect": by_aiohttp("GET", "moved"),
    "aiohttp form": by_aiohttp("POST", "echo", data={"a": "1"}),
    "aiohttp packed": by_aiohttp("GET", "packed"),
    "aiohttp head": by_aiohttp("HEAD", "text"),
}


def behind_proxies(situation: Situation) -> Situation:
    """A situation in an environment whose proxies answer nothing, and which excludes the live server from them."""
    proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}

    def run(url: str) -> object:
        with patch.dict(os.environ, proxies | {name.lower(): value for name, value in proxies.items()}):
            return situation(url)

    return run


PROXIES: dict[str, Situation] = {
    "httpx proxies of the environment": behind_proxies(by_httpx(get("text"))),
    "async httpx proxies of the environment": behind_proxies(by_async_httpx(get_async("text"))),
    "requests proxies of the environment": behind_proxies(by_requests("GET", "text")),
    "aiohttp proxies of the environment": behind_proxies(by_aiohttp("GET", "text", trust_env=True)),
}
SITUATIONS = HTTPX | OTHERS | PROXIES


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_situation_is_the_same_with_the_fake_and_the_live_server(situation: str) -> None:
    seen = []
    for url in ("http://api.quickblox.com", ""):
        fake = FakeQuickBlox()
        arrange(fake)
        with fake.intercept(), LiveServer(fake) as server:
            outcome = SITUATIONS[situation](url or server.url)
        seen.append((outcome, [(call.method, call.path, len(call.request.body)) for call in fake.calls]))
    assert seen[0] == seen[1]
    assert seen[0][1]


def test_the_list_has_at_least_sixty_situations() -> None:
    assert len(SITUATIONS) >= 60
