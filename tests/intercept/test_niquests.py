"""niquests, in an environment of its own: what it stands on takes the place of urllib3, for requests too."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from clients import ROOT, WITH_NIQUESTS
from support.offline import skip_if_offline

USING_IT = """
import asyncio
import random
from concurrent.futures import ThreadPoolExecutor

import niquests
import pytest
import requests
import urllib3

from pytest_qbchat import CallRefused, FakeQuickBlox, LiveServer

server = LiveServer(FakeQuickBlox())
server.start()
PROXY = server.url
URL = "https://api.quickblox.com/chat/Message.json"
HOW = {"json": {"recipient_id": 20, "message": "hi"}, "headers": {"QB-Token": "made-up-token"}}
session = niquests.Session()
pytestmark = pytest.mark.filterwarnings("ignore:http.*without encryption")


def test_urllib3_is_urllib3_future():
    assert hasattr(urllib3, "AsyncPoolManager")


@pytest.mark.parametrize("url", [URL, URL.replace("https", "http")])
@pytest.mark.parametrize("post", [niquests.post, session.post, requests.post])
def test_a_session_is_answered(qbchat, post, url):
    response = post(url, **HOW)
    assert (response.status_code, response.json()["message"]) == (201, "hi")
    assert qbchat.calls.one().request.url == url


def test_the_next_test_has_another_fake(qbchat):
    assert [session.post(URL, **HOW).status_code for _ in range(3)] == [201, 201, 201]
    qbchat.assert_posted(times=3)


def test_threads_and_tasks_get_the_same_trials_in_every_run(qbchat):
    def with_threads():
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda text: session.post(URL, json={"recipient_id": 7, "message": text}), shuffled()))

    def with_tasks():
        async def post(client, text):
            await asyncio.sleep(random.random() / 500)
            await client.post(URL, json={"recipient_id": 7, "message": text})

        async def post_all():
            async with niquests.AsyncSession() as client:
                await asyncio.gather(*(post(client, text) for text in shuffled()))

        asyncio.run(post_all())

    def shuffled():
        return random.sample(["Order #1", "Order #2", "Order #3"], 3)

    session = niquests.Session()
    session.headers["QB-Token"] = "made-up-token"
    for code in [with_threads, with_tasks] * 2:
        disturbed = []
        for trial in qbchat.each_fault(503):
            with trial:
                code()
            disturbed += [call.request.body.decode() for call in trial.calls if call.fault]
        assert ["#1" in disturbed[0], "#2" in disturbed[1], "#3" in disturbed[2]] == [True] * 3


def test_an_asynchronous_session_is_answered(qbchat):
    async def post():
        async with niquests.AsyncSession() as client:
            return [(await client.post(url, **HOW)).status_code for url in (URL, URL.replace("https", "http"))]

    assert asyncio.run(post()) == [201, 201]


@pytest.mark.parametrize("hosts", ["api.quickblox.com:192.0.2.1", "other.shop.example:192.0.2.1"])
def test_a_resolver_that_does_not_know_the_loopback_interface(qbchat, hosts):
    async def post():
        async with niquests.AsyncSession(resolver=f"in-memory://default?hosts={hosts}") as client:
            return (await client.post(URL, **HOW)).status_code

    with niquests.Session(resolver=f"in-memory://default?hosts={hosts}") as client:
        assert client.post(URL, **HOW).status_code == 201
    assert asyncio.run(post()) == 201


@pytest.mark.parametrize(
    ("what", "error"), [("timeout", niquests.ReadTimeout), ("disconnect", niquests.ConnectionError)]
)
def test_faults_have_its_own_classes(qbchat, what, error):
    qbchat.fail(what)
    with niquests.Session() as client, pytest.raises(error):
        client.post(URL, timeout=0.3, **HOW)


@pytest.mark.parametrize("url", [URL, URL.replace("https", "http")])
@pytest.mark.parametrize("post", [niquests.post, requests.post])
@pytest.mark.usefixtures("proxies")
def test_a_proxy_of_the_environment_is_not_asked(qbchat, post, url):
    assert post(url, **HOW).status_code == 201


@pytest.fixture
def proxies(monkeypatch):
    # Those of the environment, which niquests remembers for the whole process.
    niquests.utils.getproxies.cache_clear()
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:1")
    yield
    niquests.utils.getproxies.cache_clear()


@pytest.mark.parametrize("url", [URL, URL.replace("https", "http")])
@pytest.mark.parametrize("post", [niquests.post, requests.post])
def test_a_proxy_that_the_code_names_is_refused(qbchat, post, url):
    with pytest.raises(CallRefused, match="niquests tried to reach api.quickblox.com through a proxy, and the fake"):
        post(url, proxies=dict.fromkeys(("http", "https"), PROXY), **HOW)
    assert len(qbchat._backend.problems.drain()) == 1


@pytest.mark.qbchat(hosts=[f"{PROXY}/quickblox"])
@pytest.mark.parametrize("post", [niquests.post, requests.post])
def test_another_path_of_the_host_of_a_base_url_is_refused(qbchat, post):
    assert post(f"{PROXY}/quickblox/chat/Message.json", **HOW).status_code == 201
    with qbchat.expect_refused("POST", "/other"):
        response = post(f"{PROXY}/other", **HOW)
    assert response.status_code == 404
    assert "is outside of the base URL" in response.json()["message"]


def test_other_hosts_are_reached_through_a_proxy(qbchat):
    proxies = dict.fromkeys(("http", "https"), PROXY)
    with FakeQuickBlox().intercept():
        assert niquests.get("http://other.shop.example/session.json", proxies=proxies).status_code == 401
        with pytest.raises(niquests.exceptions.ProxyError):
            niquests.get("https://other.shop.example/", proxies=proxies)
    assert len(qbchat.calls) == 0


def test_other_hosts_are_left_alone(qbchat):
    async def get():
        async with niquests.AsyncSession() as client:
            await client.get("http://127.0.0.1:1/", timeout=1)

    for attempt in (lambda: niquests.get("http://127.0.0.1:1/", timeout=1), lambda: asyncio.run(get())):
        with pytest.raises(niquests.ConnectionError):
            attempt()
    assert len(qbchat.calls) == 0
"""


@pytest.mark.slow
@pytest.mark.long
def test_niquests_is_answered_and_follows_the_contract(tmp_path: Path) -> None:
    file = tmp_path / "test_using_niquests.py"
    file.write_text(USING_IT, encoding="utf-8")
    contract = ROOT / "tests" / "contract"
    command = [*WITH_NIQUESTS, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file), str(contract)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    result = subprocess.run(
        [*command, "-k", "niquests"], cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    skip_if_offline(result.stderr)
    assert result.returncode == 0, result.stdout + result.stderr
    assert " passed" in result.stdout
