"""niquests, in an environment of its own: what it stands on takes the place of urllib3, for requests too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
USING_IT = """
import asyncio

import niquests
import pytest
import requests
import urllib3

URL = "https://api.quickblox.com/chat/Message.json"
HOW = {"json": {"recipient_id": 20, "message": "hi"}, "headers": {"QB-Token": "made-up-token"}}
session = niquests.Session()


def test_urllib3_is_another_one():
    assert hasattr(urllib3, "AsyncPoolManager")


@pytest.mark.parametrize("url", [URL, URL.replace("https", "http")])
@pytest.mark.parametrize("post", [niquests.post, session.post, requests.post])
def test_it_is_answered(qbchat, post, url):
    response = post(url, **HOW)
    assert (response.status_code, response.json()["message"]) == (201, "hi")
    assert qbchat.calls.one().request.url == url


def test_the_next_test_has_another_fake(qbchat):
    assert [session.post(URL, **HOW).status_code for _ in range(3)] == [201, 201, 201]
    qbchat.assert_posted(times=3)


def test_it_is_answered_asynchronously(qbchat):
    async def post():
        async with niquests.AsyncSession() as client:
            return [(await client.post(url, **HOW)).status_code for url in (URL, URL.replace("https", "http"))]

    assert asyncio.run(post()) == [201, 201]


@pytest.mark.parametrize(
    ("what", "error"), [("timeout", niquests.ReadTimeout), ("disconnect", niquests.ConnectionError)]
)
def test_faults_have_its_own_classes(qbchat, what, error):
    qbchat.fail(what)
    with niquests.Session() as client, pytest.raises(error):
        client.post(URL, timeout=0.3, **HOW)


def test_other_hosts_are_left_alone(qbchat):
    async def get():
        async with niquests.AsyncSession() as client:
            await client.get("http://127.0.0.1:1/", timeout=1)

    for attempt in (lambda: niquests.get("http://127.0.0.1:1/", timeout=1), lambda: asyncio.run(get())):
        with pytest.raises(niquests.ConnectionError):
            attempt()
    assert len(qbchat.calls) == 0
"""


def test_niquests_is_answered(tmp_path: Path) -> None:
    file = tmp_path / "test_using_niquests.py"
    file.write_text(USING_IT, encoding="utf-8")
    environment = ["run", "--isolated", "--no-default-groups", "--group", "test", "--with", "niquests"]
    command = [sys.executable, "-m", "uv", *environment, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", file]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert " passed" in result.stdout
