"""Beside other mocks, network blocks, clocks and green threads, each started before and after the first fake."""

from __future__ import annotations

import textwrap

# What a run within this process imports for the first time is another module in the next one.
import httpcore2  # noqa: F401
import httpx2  # noqa: F401
import pytest
import vcr  # noqa: F401

pytestmark = pytest.mark.all_plugins

SEND = """
import asyncio, socket, urllib.request

import aiohttp, httpx, httpx2, pytest, requests

from pytest_qbchat import CallRefused

URL = "https://api.quickblox.com/chat/Message.json"
HOW = {"json": {"recipient_id": 20, "message": "hi"}, "headers": {"QB-Token": "made-up-token-of-the-shop"}}


def by_requests():
    with requests.Session() as session:
        assert [session.post(URL, **HOW).status_code for _ in range(3)] == [201, 201, 201]


def by_httpx():
    assert httpx.post(URL, **HOW).status_code == 201
    assert httpx2.post(URL, **HOW).status_code == 201


def by_async_httpx():
    async def post():
        async with httpx.AsyncClient() as client:
            return (await client.post(URL, **HOW)).status_code

    assert asyncio.run(post()) == 201


def by_aiohttp():
    async def post():
        async with aiohttp.ClientSession() as session, session.post(URL, **HOW) as response:
            return response.status

    assert asyncio.run(post()) == 201


def by_urllib():
    with pytest.raises(urllib.request.HTTPError, match="401"):
        urllib.request.urlopen(URL, b"{}")


def by_every_client():
    for post in (by_requests, by_httpx, by_async_httpx, by_aiohttp, by_urllib):
        post()


def connect(address):
    with socket.socket() as sock:
        sock.connect(address)


def refused(qbchat, reach):
    with pytest.raises((CallRefused, socket.gaierror), match="tried to reach"):
        reach()
    assert len(qbchat._backend.problems.drain()) == 1
"""


def run(pytester: pytest.Pytester, test: str, *arguments: str, alone: bool = False) -> pytest.RunResult:
    """Run a test file that can import the sending code, in an order that it chose."""
    pytester.makepyfile(send=SEND)
    pytester.makepyfile("from send import *\n\n" + textwrap.dedent(test))
    options = ("-p", "no:randomly", "-p", "no:cacheprovider", *arguments)
    return pytester.runpytest_subprocess(*options) if alone else pytester.runpytest_inprocess(*options)


# --- vcrpy ---

VCR = """
import vcr


@pytest.fixture
def cassette(tmp_path):
    with vcr.use_cassette(str(tmp_path / "tape.yaml"), record_mode="none", ignore_hosts=["api.quickblox.com"]):
        yield
"""


def test_vcrpy_that_ignores_quickblox_in_either_order(pytester: pytest.Pytester) -> None:
    test = """
        def test_cassette_first(cassette, qbchat):
            by_every_client()

        def test_qbchat_alone(qbchat):
            by_every_client()

        def test_qbchat_first(qbchat, cassette):
            by_every_client()

        def test_a_cassette_in_the_test(qbchat, tmp_path):
            with vcr.use_cassette(str(tmp_path / "tape.yaml"), ignore_hosts=["api.quickblox.com"]):
                by_every_client()
    """
    run(pytester, VCR + textwrap.dedent(test)).assert_outcomes(passed=4)


def test_vcrpy_records_what_the_fake_answers(pytester: pytest.Pytester) -> None:
    test = """
        import vcr

        def test_it(qbchat, tmp_path):
            tape = tmp_path / "tape.yaml"
            with vcr.use_cassette(str(tape)):
                by_httpx()
                by_requests()
            assert len(qbchat.posted) == 5
            assert "api.quickblox.com" in tape.read_text()
    """
    run(pytester, test).assert_outcomes(passed=1)


# --- pyfakefs ---

# It begins to watch imports in its fixture, and interrupts that for each report.
FAKE_FILES = """
import sys
import pytest
import pytest_qbchat


class Finder:
    def __init__(self):
        self.seen = []

    def find_spec(self, name, path=None, target=None):
        self.seen.append(name)

    def begin(self):
        sys.meta_path.insert(0, self)

    def end(self):
        del sys.meta_path[0]
        for name in self.seen:
            sys.modules.pop(name, None)


@pytest.fixture
def fs(request):
    finder = request.config.finder = Finder()
    finder.begin()
    yield
    finder.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    finder = getattr(item.config, "finder", None)
    if call.when == "setup" and finder:
        finder.end()
        finder.begin()
    return (yield)
"""


@pytest.mark.long
def test_pyfakefs_in_either_order_does_not_separate_a_warning_from_its_class(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(FAKE_FILES)
    test = """
        import pytest_qbchat

        def misspelt():
            with pytest.warns(pytest_qbchat.QuickBloxWarning):
                httpx.post(URL, json={"recipient_id": 20, "sendToChat": 1}, headers={"QB-Token": "made-up"})

        def test_fs_first(fs, qbchat):
            misspelt()

        def test_qbchat_first(qbchat, fs):
            misspelt()

        def test_qbchat_alone(qbchat):
            misspelt()

        def test_fs_alone(fs):
            pass
    """
    run(pytester, test, "-p", "no:xdist", "--qbchat-report=page.html", alone=True).assert_outcomes(passed=4)


# --- pytest-socket ---


def test_pytest_socket_in_either_order(pytester: pytest.Pytester) -> None:
    test = """
        @pytest.mark.disable_socket
        def test_blocked_first(qbchat):
            by_requests()
            by_httpx()

        @pytest.mark.enable_socket
        def test_a_fake_in_a_test_that_may_use_sockets(qbchat):
            by_every_client()
            refused(qbchat, lambda: connect(("api.quickblox.com", 443)))

        @pytest.mark.enable_socket
        def test_a_test_without_a_fake_may_connect():
            with socket.create_server(("127.0.0.1", 0)) as listening:
                socket.create_connection(listening.getsockname()).close()

        @pytest.mark.allow_hosts(["127.0.0.1"])
        def test_a_fake_beside_allowed_hosts(qbchat):
            by_every_client()
            refused(qbchat, lambda: socket.create_connection(("api.quickblox.com", 443)))
            with pytest.raises(RuntimeError, match="allowed"):
                connect(("127.0.0.2", 9))

        def test_a_test_without_a_fake_is_blocked():
            with pytest.raises(RuntimeError, match="tried to use socket"):
                socket.socket()
    """
    run(pytester, test, "--disable-socket", "-W", "ignore").assert_outcomes(passed=5)


# --- responses, requests-mock, pytest-httpx, respx ---


@pytest.mark.parametrize("order", [pytest.param("qbchat, mocks", marks=pytest.mark.long), "mocks, qbchat"])
def test_mocks_of_requests_that_pass_quickblox_on(pytester: pytest.Pytester, order: str) -> None:
    test = f"""
        import requests_mock as adapters, responses

        @pytest.fixture
        def mocks():
            with responses.RequestsMock() as mocked:
                mocked.add_passthru("https://api.quickblox.com")
                mocked.get("https://other.example/", body="responses")
                yield

        @pytest.fixture
        def adapter():
            with adapters.Mocker() as mocked:
                mocked.register_uri("POST", URL, real_http=True)
                mocked.get("https://other.example/", text="requests-mock")
                yield

        def test_responses({order}):
            by_every_client()
            assert requests.get("https://other.example/").text == "responses"

        def test_requests_mock({order.replace("mocks", "adapter")}):
            by_every_client()
            assert requests.get("https://other.example/").text == "requests-mock"

        def test_neither(qbchat):
            by_every_client()
    """
    run(pytester, test).assert_outcomes(passed=3)


@pytest.mark.parametrize("order", ["qbchat, {}", pytest.param("{}, qbchat", marks=pytest.mark.long)])
def test_mocks_of_httpx(pytester: pytest.Pytester, order: str) -> None:
    test = f"""
        def test_pytest_httpx({order.format("httpx_mock")}):
            by_every_client()
            httpx_mock.add_response(url="https://other.example/", text="pytest-httpx")
            assert httpx.get("https://other.example/").text == "pytest-httpx"

        def test_respx({order.format("respx_mock")}):
            by_every_client()
            respx_mock.get("https://other.example/").respond(text="respx")
            assert httpx.get("https://other.example/").text == "respx"

        def test_neither(qbchat):
            by_every_client()
    """
    run(pytester, test).assert_outcomes(passed=3)


# --- clocks ---


@pytest.mark.parametrize(
    ("clock", "order"),
    [
        ("freezegun.freeze_time", "qbchat, clock"),
        pytest.param("freezegun.freeze_time", "clock, qbchat", marks=pytest.mark.long),
        pytest.param("time_machine.travel", "qbchat, clock", marks=pytest.mark.long),
        ("time_machine.travel", "clock, qbchat"),
    ],
)
def test_clocks(pytester: pytest.Pytester, clock: str, order: str) -> None:
    test = f"""
        import freezegun, time_machine

        @pytest.fixture
        def clock():
            with {clock}("2019-09-08 12:00:00", tick=False):
                yield

        def test_it({order}):
            by_every_client()
            assert {{message.created_at for message in qbchat.posted}} == {{"2019-09-08T12:00:00Z"}}

        def test_without_a_clock(qbchat):
            by_every_client()
            assert qbchat.posted.last.date_sent > 1_700_000_000
    """
    run(pytester, test).assert_outcomes(passed=2)


# --- green threads and reactors, which change their process for good ---


@pytest.mark.slow
@pytest.mark.parametrize("patched", [pytest.param("before", marks=pytest.mark.long), "after"])
def test_gevent_patched_before_and_after_the_first_fake(pytester: pytest.Pytester, patched: str) -> None:
    test = """
        import gevent

        def test_first(qbchat):
            by_requests()
            by_httpx()
            refused(qbchat, lambda: socket.create_connection(("api.quickblox.com", 443)))

        def test_patch():
            gevent.monkey.patch_all()

        def test_patched(qbchat):
            by_requests()
            by_httpx()
            jobs = [gevent.spawn(by_requests) for _ in range(5)]
            gevent.joinall(jobs, raise_error=True)
            for reach in (socket.create_connection, connect):
                refused(qbchat, lambda: reach(("api.quickblox.com", 443)))
            refused(qbchat, lambda: socket.gethostbyname("api.quickblox.com"))
            assert len(qbchat.posted) == 3 + 2 + 15

        def test_other_hosts(qbchat):
            with socket.create_server(("127.0.0.1", 0)) as listening:
                socket.create_connection(listening.getsockname()).close()

        def test_the_server(qbchat_server):
            assert httpx.post(f"{qbchat_server.url}/chat/Message.json", **HOW).status_code == 201
    """
    pytester.makeconftest("import gevent.monkey\n" + ("gevent.monkey.patch_all()" if patched == "before" else ""))
    run(pytester, test, "-W", "ignore", alone=True).assert_outcomes(passed=5)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("patched", ["before", "after"])
def test_eventlet_patched_before_and_after_the_first_fake(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, patched: str
) -> None:
    # urllib3 fails with AttributeError on its second request when eventlet removes select.poll() after its first one.
    posts = "by_requests(); by_httpx()" if patched == "before" else "by_httpx()"
    test = f"""
        import eventlet

        def test_first(qbchat):
            {posts}

        def test_patch():
            eventlet.monkey_patch()

        def test_patched(qbchat):
            {posts}
            jobs = [eventlet.spawn(by_httpx) for _ in range(5)]
            assert [job.wait() for job in jobs] == [None] * 5
            refused(qbchat, lambda: connect(("api.quickblox.com", 443)))
    """
    pytester.makeconftest("import eventlet\n" + ("eventlet.monkey_patch()" if patched == "before" else ""))
    monkeypatch.setenv("EVENTLET_NO_GREENDNS", "yes")  # otherwise eventlet asks a name server itself
    run(pytester, test, "-W", "ignore", alone=True).assert_outcomes(passed=3)


@pytest.mark.slow
@pytest.mark.long
def test_twisted_is_refused_and_does_not_wait(pytester: pytest.Pytester) -> None:
    test = """
        from twisted.internet import reactor
        from twisted.web.client import Agent

        def test_it(qbchat):
            results = []
            agent = Agent(reactor).request(b"GET", b"http://api.quickblox.com/session.json")
            agent.addBoth(lambda result: (results.append(result), reactor.stop()))
            reactor.callLater(20, lambda: reactor.running and reactor.stop())
            with qbchat.expect_refused():
                reactor.run()
            assert "DNS lookup failed" in str(results[0].value)
    """
    run(pytester, test, "-W", "ignore", alone=True).assert_outcomes(passed=1)
