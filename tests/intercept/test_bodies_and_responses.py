"""Bodies, responses, redirects and downloads are those of each library."""

from __future__ import annotations

import gc
import gzip
import http.client
import json
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import aiohttp.abc
import pytest
import requests
import requests.adapters
import urllib3
from support.posting import API, BODY, HEADERS, in_aiohttp, status_of
from support.ways import URL

from pytest_qbchat import FakeQuickBlox
from pytest_qbchat.intercept.http_client import FakeSocket


def test_a_response_has_the_class_of_each_library(qbchat: FakeQuickBlox) -> None:
    async def classes(session: aiohttp.ClientSession) -> type:
        async with session.get(URL) as response:
            return type(response)

    answer = requests.get(URL, timeout=5)
    assert type(answer) is requests.Response
    assert answer.elapsed.total_seconds() > 0
    assert answer.reason == "Unauthorized"
    assert answer.url == URL
    assert type(answer.raw) is type(urllib3.request("GET", URL)) is urllib3.HTTPResponse
    assert in_aiohttp(classes) is aiohttp.ClientResponse


def test_redirects_are_followed(qbchat: FakeQuickBlox, photo: str) -> None:
    async def download(session: aiohttp.ClientSession) -> tuple[int, bytes]:
        async with session.get(photo) as response:
            return len(response.history), await response.read()

    content = b"photo" * 10_000
    answer = requests.get(photo, timeout=5)
    assert ([each.status_code for each in answer.history], answer.content) == ([301], content)
    assert urllib3.request("GET", photo).data == content
    with urllib.request.urlopen(photo) as response:
        assert response.read() == content
        assert response.url != photo
    assert in_aiohttp(download) == (1, content)
    assert len(qbchat.calls) == 8


def test_answers_can_be_streamed(qbchat: FakeQuickBlox, photo: str) -> None:
    async def download(session: aiohttp.ClientSession) -> list[bytes]:
        async with session.get(photo) as response:
            return [chunk async for chunk in response.content.iter_chunked(1000)]

    with requests.get(photo, stream=True, timeout=5) as answer:
        by_requests = list(answer.iter_content(chunk_size=1000))
    response = urllib3.request("GET", photo, preload_content=False)
    by_urllib3 = list(response.stream(1000))
    response.release_conn()
    for chunks in (by_requests, by_urllib3, in_aiohttp(download)):
        assert len(chunks) >= 50
        assert b"".join(chunks) == b"photo" * 10_000


def pieces() -> Iterator[bytes]:
    text = json.dumps(BODY).encode()
    yield text[:7]
    yield text[7:]


def test_bodies_can_be_streamed(qbchat: FakeQuickBlox) -> None:
    async def post(session: aiohttp.ClientSession) -> int:
        async def body() -> Any:
            for piece in pieces():
                yield piece

        async with session.post(URL, data=body(), headers=headers) as response:
            return response.status

    headers = HEADERS | {"Content-Type": "application/json"}
    assert requests.post(URL, data=pieces(), headers=headers, timeout=5).status_code == 201
    assert urllib3.request("POST", URL, body=pieces(), headers=headers).status == 201
    with urllib.request.urlopen(urllib.request.Request(URL, pieces(), headers)) as response:
        assert response.status == 201
    assert in_aiohttp(post) == 201
    assert qbchat.posted == [BODY] * 4
    assert [call.request.headers["Transfer-Encoding"] for call in qbchat.calls] == ["chunked"] * 4


def test_files_can_be_uploaded(qbchat: FakeQuickBlox) -> None:
    body = {"blob": {"name": "a.txt", "content_type": "text/plain"}}
    blob = requests.post(f"{API}/blobs.json", json=body, headers=HEADERS, timeout=5).json()["blob"]
    address, _, query = blob["blob_object_access"]["params"].partition("?")
    sent = requests.post(address, data=dict(parse_qsl(query)), files={"file": ("a.txt", b"hello")}, timeout=5)
    assert sent.status_code == 201
    assert qbchat.blobs.one().content == b"hello"


def test_a_compressed_response_is_decoded_by_each_library(qbchat: FakeQuickBlox) -> None:
    async def get(session: aiohttp.ClientSession) -> str:
        async with session.get(f"{API}/data/Stay.json") as response:
            return await response.text()

    squeezed = gzip.compress(b"squeezed")
    qbchat.router.get("/data/Stay.json").respond(content=squeezed, headers={"Content-Encoding": "gzip"})
    assert requests.get(f"{API}/data/Stay.json", timeout=5).text == "squeezed"
    assert urllib3.request("GET", f"{API}/data/Stay.json").data == b"squeezed"
    with urllib.request.urlopen(f"{API}/data/Stay.json") as response:
        assert response.read() == squeezed  # as it does with any server
    assert in_aiohttp(get) == "squeezed"


def test_an_answer_to_head_has_no_body(qbchat: FakeQuickBlox) -> None:
    qbchat.router.head("/data/Stay.json").respond(headers={"Content-Length": "7", "X-Mine": "yes"})
    qbchat.router.get("/data/Stay.json").respond(text="seven..")
    with requests.Session() as session:
        for method, content in (("HEAD", b""), ("GET", b"seven.."), ("HEAD", b"")):
            answer = session.request(method, f"{API}/data/Stay.json", timeout=5)
            assert (answer.content, answer.headers["Content-Length"]) == (content, "7")


def test_a_client_that_waits_for_100_continue_is_answered(qbchat: FakeQuickBlox) -> None:
    async def post(session: aiohttp.ClientSession) -> int:
        return await status_of(session, expect100=True)

    answer = requests.post(URL, json=BODY, headers=HEADERS | {"Expect": "100-continue"}, timeout=5)
    assert [answer.status_code, in_aiohttp(post)] == [201, 201]
    assert qbchat.posted == [BODY] * 2


@pytest.mark.filterwarnings("error")
def test_a_client_leaves_no_resource_that_python_warns_of() -> None:
    async def insecure(session: aiohttp.ClientSession) -> int:
        return await status_of(session, ssl=False)

    with FakeQuickBlox().intercept() as fake:
        session = requests.Session()
        for _ in range(2):
            assert session.post(URL, json=BODY, headers=HEADERS, timeout=5).status_code == 201
        session.close()
        requests.post(URL, json=BODY, headers=HEADERS, timeout=5)
        assert in_aiohttp(insecure) == 201
        lonely = FakeSocket(http.client.HTTPSConnection("api.quickblox.com"), [fake])
        assert lonely.fileno() > 0
        del session, lonely
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            gc.collect()
    assert [warning for warning in caught if issubclass(warning.category, ResourceWarning)] == []
    assert len(fake.calls) == 4


def test_requests_keeps_the_cookies_of_a_response(qbchat: FakeQuickBlox) -> None:
    qbchat.router.get("/users/7.json").respond(headers={"Set-Cookie": "shop=7"})
    with requests.Session() as session:
        session.get(f"{API}/users/7.json", timeout=5)
        assert session.cookies["shop"] == "7"
