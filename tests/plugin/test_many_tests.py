"""Many tests in a row, each with another end, leave nothing behind."""

from __future__ import annotations

import pytest
from support.profile import sized

ENDINGS = """
import asyncio, gc, os, socket, threading
import aiohttp, requests
from pytest_qbchat import intercept
from pytest_qbchat.intercept.patching import patch_of

KEPT = []  # clients that outlive their test


def of_the_process():
    patcher = intercept._patcher()
    gc.collect()
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "patched": [point.name for point in patcher._points if patch_of(getattr(point.owner, point.name))],
        "fakes": list(patcher.fakes),
        "layers": len(patcher._layers),
    }


@pytest.fixture
def broken_before(qbchat):
    raise RuntimeError("set-up")


@pytest.fixture
def broken_after(qbchat):
    yield
    raise RuntimeError("tear-down")


def by_every_client():
    send()
    with requests.Session() as session:
        session.get(URL)
        session.get(URL)
    KEPT.append(requests.Session())
    KEPT[-1].get(URL)
    KEPT[-1].get(URL)
    del KEPT[:-2]

    async def get():
        async with aiohttp.ClientSession() as session, session.get(URL):
            pass

    asyncio.run(get())


def passing(qbchat): pass
def failing(qbchat): assert False
def skipped(qbchat): pytest.skip("here")
def xfailed(qbchat): pytest.xfail("here")
def left(qbchat): raise SystemExit(3)
def refused(qbchat): httpx.get("https://api.quickblox.com/data/Order.json", verify=False)
def swallowed(qbchat): swallow(refused, qbchat)
def reached(qbchat): socket.create_connection(("api.quickblox.com", 443))
def faulty(qbchat):
    qbchat.fail("timeout")
    send()
def nested(qbchat):
    with pytest_qbchat.FakeQuickBlox().intercept():
        send()
        raise ValueError

WAYS = [passing, failing, skipped, xfailed, left, refused, swallowed, reached, faulty, nested]

def test_before(qbchat):
    by_every_client()
    by_every_client()

def test_baseline():
    global BASELINE
    BASELINE = of_the_process()

@pytest.mark.parametrize("number", range(TIMES))
@pytest.mark.parametrize("end", WAYS)
def test_function(qbchat, end, number):
    by_every_client()
    end(qbchat)

@pytest.mark.parametrize("number", range(TIMES))
def test_setup(broken_before, number): pass

@pytest.mark.parametrize("number", range(TIMES))
def test_teardown(broken_after, number):
    by_every_client()

@pytest.mark.parametrize("number", range(20))
def test_server(qbchat, qbchat_server, number):
    httpx.get(f"{qbchat_server.url}/session.json", verify=False)
    assert number % 2

def test_end():
    by_now = of_the_process()
    assert by_now == BASELINE, (by_now, BASELINE)
    assert (by_now["patched"], by_now["fakes"], by_now["layers"]) == ([], [], 0)
"""


TIMES = sized(4, 20)  # 260 tests in the long profile


@pytest.mark.slow
def test_many_tests_leave_no_descriptor_thread_patch_or_receiver_behind(run) -> None:
    result = run(ENDINGS.replace("TIMES", str(TIMES)), "--tb=no", "-q", "-W", "ignore")
    # A test that ends in its set-up or tear-down is an error; in the latter case it has passed before.
    result.assert_outcomes(
        passed=3 + TIMES + TIMES + 10, failed=7 * TIMES + 10, skipped=TIMES, xfailed=TIMES, errors=2 * TIMES
    )
