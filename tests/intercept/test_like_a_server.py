"""requests, urllib3, urllib and http.client get from the fake what they get from a server on the loopback interface."""

from __future__ import annotations

import gzip
import http.client
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx
import pytest
import requests
import urllib3
from urllib3.util.retry import Retry

from pytest_qbchat import FakeQuickBlox

API = "http://api.quickblox.com"
COOKIES = [("Content-Type", "text/plain"), ("Set-Cookie", "shop=7"), ("Set-Cookie", "order=8")]
ANSWERS: dict[str, tuple[int, list[tuple[str, str]], bytes]] = {
    "/users/text.json": (200, COOKIES, b"hello\nworld\n" * 3),
    "/users/moved.json": (302, [("Location", "/users/text.json")], b""),
    "/users/packed.json": (200, [("Content-Encoding", "gzip")], gzip.compress(b"x" * 1000, mtime=0)),
    "/users/none.json": (204, [], b""),
    "/users/large.json": (200, [], b"0123456789" * 5000),
    "/users/empty.json": (200, [], b""),
    "/users/busy.json": (200, [], b"done"),
}


def answer(path: str, number: int) -> tuple[int, list[tuple[str, str]], bytes]:
    """The response to a call. A busy path answers the third call."""
    if path == "/users/busy.json" and number < 3:
        return 503, [("Retry-After", "0")], b"later"
    return ANSWERS[path]


class Handler(BaseHTTPRequestHandler):
    """Answers as the routes of the fake do."""

    protocol_version = "HTTP/1.1"
    numbers: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.numbers[self.path] += 1
        status, headers, body = answer(self.path, self.numbers[self.path])
        self.send_response_only(status)
        for header in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(*header)
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """A server that is silent about clients that go away in the middle."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with Server(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


@pytest.fixture
def fake() -> Iterator[FakeQuickBlox]:
    with FakeQuickBlox().intercept() as fake:
        numbers: Counter[str] = Counter()

        def respond(request: httpx.Request) -> httpx.Response:
            numbers[request.url.path] += 1
            status, headers, body = answer(request.url.path, numbers[request.url.path])
            return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))

        fake.router.route(path__in=list(ANSWERS)).mock(side_effect=respond)
        yield fake


# --- what is compared ---


def _shown(response: requests.Response) -> object:
    raw = response.raw
    return (
        response.status_code, response.reason, response.content, sorted(response.cookies.items()), response.encoding,
        [each.status_code for each in response.history], raw.version, raw.reason, raw.closed, raw.tell(),
    )  # fmt: skip


def _get(path: str, **options: Any) -> Callable[[str], object]:
    return lambda base: _shown(requests.get(f"{base}/users/{path}.json", timeout=5, **options))


def _streamed(read: Callable[[requests.Response], object], path: str) -> Callable[[str], object]:
    def stream(base: str) -> object:
        with requests.get(f"{base}/users/{path}.json", timeout=5, stream=True) as response:
            return read(response), response.raw.closed

    return stream


def _half_read(base: str) -> object:
    with requests.Session() as session:
        half = session.get(f"{base}/users/large.json", timeout=5, stream=True)
        beginning = half.raw.read(10)
        half.close()
        return beginning, _shown(session.get(f"{base}/users/text.json", timeout=5))


def _retried(base: str) -> object:
    with requests.Session() as session:
        retries = Retry(5, status_forcelist=[503], backoff_factor=0)
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
        response = session.get(f"{base}/users/busy.json", timeout=5)
        return response.text, [each.status for each in response.raw.retries.history]


def _urllib3(read: Callable[[Any], object], path: str, method: str = "GET", **options: Any) -> Callable[[str], object]:
    def request(base: str) -> object:
        with urllib3.PoolManager(num_pools=1) as pool:
            response = pool.request(method, f"{base}/users/{path}.json", **options)
            seen = read(response)
            cookies = response.headers.getlist("Set-Cookie")
            return seen, response.status, response.reason, response.version, cookies, response.closed

    return request


def _http_client(base: str) -> object:
    with closing(http.client.HTTPConnection(base.partition("://")[2])) as line:
        seen: list[object] = []
        for _ in range(2):
            line.request("GET", "/users/text.json")
            response = line.getresponse()
            seen += [response.status, response.reason, response.version, response.read1(4), response.peek(3)[:3]]
            buffer = bytearray(4)
            seen += [response.readline(), response.read(2), response.readinto(buffer), buffer]
            seen += [response.getheader("set-cookie"), response.msg.get_all("Set-Cookie"), response.length]
            seen += [response.read(), response.read(), response.isclosed(), response.closed]
        line.request("GET", "/users/large.json")
        response = line.getresponse()
        seen += [list(response), response.read()]
        for method, path in (("HEAD", "text"), ("GET", "none"), ("GET", "empty")):
            line.request(method, f"/users/{path}.json")
            response = line.getresponse()
            seen += [response.length, response.read(), response.getheader("Content-Type"), response.will_close]
        return seen


def _urllib(base: str) -> object:
    with urllib.request.urlopen(f"{base}/users/moved.json") as response:
        return response.status, response.read(), response.info().get_all("Set-Cookie"), response.url.removeprefix(base)


SCENARIOS: dict[str, Callable[[str], object]] = {
    **{path: _get(path) for path in ("text", "moved", "packed", "none", "large", "empty")},
    "not followed": _get("moved", allow_redirects=False),
    "uploaded": lambda base: _shown(requests.post(f"{base}/users/text.json", files={"file": b"abc"}, timeout=5)),
    "head": lambda base: _shown(requests.head(f"{base}/users/text.json", timeout=5)),
    "chunks": _streamed(lambda response: [*response.iter_content(7000)], "large"),
    "lines": _streamed(lambda response: [*response.iter_lines()], "text"),
    "raw": _streamed(lambda response: [response.raw.read(5), response.raw.readline(), response.raw.read()], "text"),
    "raw and packed": _streamed(lambda response: response.raw.read(), "packed"),
    "raw and unpacked": _streamed(lambda response: response.raw.read(decode_content=True), "packed"),
    "unread": _streamed(lambda _: None, "large"),
    "half read": _half_read,
    "retried": _retried,
    "urllib3": _urllib3(lambda response: response.data, "text"),
    "urllib3, moved": _urllib3(lambda response: response.data, "moved"),
    "urllib3, head": _urllib3(lambda response: response.data, "text", "HEAD"),
    "urllib3, body": _urllib3(
        lambda response: response.data, "text", "POST", body=b"{}", headers={"User-Agent": "shop"}
    ),
    "urllib3, stream": _urllib3(lambda response: [*response.stream(20000)], "large", preload_content=False),
    "urllib3, read": _urllib3(lambda response: [response.read(3), response.read()], "text", preload_content=False),
    "urllib3, lines": _urllib3(list, "text", preload_content=False),
    "http.client": _http_client,
    "urllib.request": _urllib,
}


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_client_gets_what_a_server_sends(server: str, scenario: str) -> None:
    Handler.numbers.clear()
    assert SCENARIOS[scenario](API) == SCENARIOS[scenario](server)
