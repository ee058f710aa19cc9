"""The pytest plugin: fixtures, the marker, ini options, verification and report sections.

It imports only pytest and the standard library; fixtures import everything else when a test uses them.
"""

from __future__ import annotations

import sys
from types import FunctionType
from typing import TYPE_CHECKING

import pytest
from pluggy import HookimplMarker

# Not imported at run time, because pytest inspects every name of a plugin.
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    from pytest_qbchat.fake.httpx_transport import QuickBloxTransport
    from pytest_qbchat.fake.quickblox import FakeQuickBlox
    from pytest_qbchat.intercept.suite_guard import SuiteGuard
    from pytest_qbchat.payloads.factory import PayloadFactory
    from pytest_qbchat.server.live_server import EncryptedServer, LiveServer

_FAKE: pytest.StashKey[FakeQuickBlox] = pytest.StashKey()
_PUT_BACK: pytest.StashKey[Callable[[], object]] = pytest.StashKey()  # removes the trial from the text of a failure
_CALLING: pytest.StashKey[bool] = pytest.StashKey()  # in the stash while the test function runs
_GUARD: pytest.StashKey[SuiteGuard] = pytest.StashKey()
_configs: list[pytest.Config] = []  # the innermost run is the last
_checks: list[Callable[[str, tuple[Any, ...]], None]] = []  # none outside of a run
_SOCKET_EVENTS = frozenset(
    f"socket.{name}" for name in ("getaddrinfo", "gethostbyname", "gethostbyaddr", "connect", "sendto", "sendmsg")
)
_LOOP, _PROBLEMS = "pytest_qbchat.each_fault.loop", "pytest_qbchat.explain.problems"
_MARKER = (
    "qbchat(*, strict: bool, hosts: list[str], assert_all_called: bool, live: bool): strict=True refuses undeclared "
    "tokens, API keys, users and dialogs; hosts=[...] adds hosts that belong to QuickBlox; assert_all_called=False "
    "allows routes of qbchat.router that no call meets; live=True lets a test without the fixture call QuickBlox. "
    "The hosts of all markers are added. For any other argument, the nearest marker that has it counts."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini options, and the option for the page."""
    parser.getgroup("qbchat").addoption(
        "--qbchat-report", metavar="PATH", help="write an HTML page with the conversation of every test to PATH"
    )
    parser.addini("qbchat_hosts", "hosts or base URLs of QuickBlox, besides *.quickblox.com", type="linelist")
    parser.addini("qbchat_strict", "refuse undeclared tokens, API keys, users and dialogs", type="bool", default=False)
    parser.addini("qbchat_guard", "refuse calls to QuickBlox without the qbchat fixture", type="bool", default=True)


@HookimplMarker("inline_snapshot")
def customize(value: object) -> Any:
    """Let inline-snapshot write the fields of a record."""
    from pytest_qbchat.service.records import Record

    return value._fields if isinstance(value, Record) else None


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and guard the whole suite."""
    config.addinivalue_line("markers", _MARKER)
    # At the front, because the last matching filter counts: the project's own filters, -W and markers override this.
    config.getini("filterwarnings").insert(0, "error::pytest_qbchat.QuickBloxWarning")
    if config.getini("qbchat_guard") and config.getini("qbchat_hosts"):
        _guard_of(config)
    _configs.append(config)
    if config.option.qbchat_report is not None and not hasattr(config, "workerinput"):
        from pytest_qbchat.page.run_report import HtmlReport

        path = config.invocation_params.dir / config.option.qbchat_report
        config.pluginmanager.register(HtmlReport(path), "qbchat_report")


@pytest.hookimpl(trylast=True)  # pytest raises two thousand audit events when its session starts
def pytest_sessionstart(session: pytest.Session) -> None:
    """Guard everything from the collection to the end of the run."""
    if session.config.getini("qbchat_guard") and not _checks:
        # The interpreter keeps a hook, and everything that its globals refer to, until it exits; less exits faster.
        names = {"__name__": __name__, "_SOCKET_EVENTS": _SOCKET_EVENTS, "_checks": _checks}
        sys.addaudithook(FunctionType(_audit.__code__, names))
        _checks.append(check_address)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let calls to QuickBlox through again after the outermost run."""
    if config in _configs:  # else it has a malformed option
        _configs.remove(config)
    if not _configs:
        _checks.clear()


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse a call to QuickBlox outside of the fixture. It is short: every import calls it, and coverage misses it."""
    __tracebackhide__ = True
    if event in _SOCKET_EVENTS:
        for check in _checks:
            check(event, arguments)


def check_address(event: str, arguments: tuple[Any, ...]) -> None:
    """Ask the guard about an address that may belong to QuickBlox. For other addresses, import nothing."""
    __tracebackhide__ = True
    config = _configs[-1]
    if config.getini("qbchat_guard") and (_GUARD in config.stash or "quickblox" in str(arguments).lower()):
        item = _running[-1] if _running and _running[-1].config is config else None
        _guard_of(config).check(event, arguments, item)


def _guard_of(config: pytest.Config) -> SuiteGuard:
    if _GUARD not in config.stash:
        from pytest_qbchat.intercept.suite_guard import SuiteGuard

        try:
            config.stash[_GUARD] = SuiteGuard(config.getini("qbchat_hosts"))
        except ValueError as error:
            raise pytest.UsageError(f"qbchat_hosts: {error}") from None
    return config.stash[_GUARD]


@pytest.fixture
def qbchat() -> Iterator[FakeQuickBlox]:
    """A fake QuickBlox that answers the calls of every HTTP client; assert with qbchat.assert_posted(message="...")."""
    with _fake_of(_running[-1]).intercept() as fake:
        yield fake


@pytest.fixture
def qbchat_transport() -> QuickBloxTransport:
    """An httpx transport, sync and async, to the fake of the test, without patches. Assert on its `fake`."""
    from pytest_qbchat.fake.httpx_transport import QuickBloxTransport

    return QuickBloxTransport(_fake_of(_running[-1]))


@pytest.fixture
def qbchat_server() -> Iterator[LiveServer]:
    """A server on the loopback interface, with the state of `qbchat`, for other processes; `url` is its base URL."""
    from pytest_qbchat.server.live_server import LiveServer

    with LiveServer(_fake_of(_running[-1])) as server:
        yield server


@pytest.fixture
def qbchat_tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EncryptedServer]:
    """Like `qbchat_server`, for https; clients need its `ca_file` to trust its certificate. Needs trustme."""
    from pytest_qbchat.server.live_server import EncryptedServer

    try:
        encrypted = EncryptedServer(_fake_of(_running[-1]), tmp_path_factory.mktemp("qbchat"))
    except ImportError as error:
        pytest.fail(f"qbchat_tls_server needs trustme; use pip install 'pytest-qbchat[tls]' ({error})", pytrace=False)
    with encrypted as server:
        yield server


@pytest.fixture
def qbchat_factory(request: pytest.FixtureRequest) -> PayloadFactory:
    """A factory for realistic QuickBlox payloads, seeded by Faker's `faker` fixture."""
    from pytest_qbchat.payloads.factory import PayloadFactory

    try:
        return PayloadFactory(request.getfixturevalue("faker"))
    except pytest.FixtureLookupError:  # with -p no:faker
        return PayloadFactory()


# The current test is the last one; a test that runs pytest in its own process is below it. A `request` argument would
# take nearly as long as the rest of the fixture.
_running: list[pytest.Item] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Record which test is running, and import the fake before fixtures run.

    pyfakefs makes Python forget every module that is imported while it is active.
    """
    if any(name.startswith("qbchat") for name in getattr(item, "fixturenames", ())):
        sys.modules["pytest_qbchat"].FakeQuickBlox  # noqa: B018 - the package imports it faster than pytest would
    _running.append(item)
    try:
        return (yield)
    finally:
        _running.pop()


def _fake_of(item: pytest.Item) -> FakeQuickBlox:
    """The fake of a test. All fixtures of the test share it."""
    if _FAKE not in item.stash:
        from pytest_qbchat.fake.quickblox import FakeQuickBlox

        try:
            item.stash[_FAKE] = FakeQuickBlox(**_settings(item))
        except ValueError as error:
            pytest.fail(f"qbchat_hosts or @pytest.mark.qbchat: {error}", pytrace=False)
        item.addfinalizer(item.stash[_FAKE]._backend.raise_problems)
    fake: FakeQuickBlox = item.stash[_FAKE]
    return fake


def _settings(item: pytest.Item) -> dict[str, Any]:
    """The arguments of the fake. The nearest marker with `strict` overrides the ini option; hosts are added."""
    hosts: list[str] = list(item.config.getini("qbchat_hosts"))
    for marker in item.iter_markers("qbchat"):
        _check_marker(marker)
        hosts += marker.kwargs.get("hosts", [])
    strict = _nearest(item, "strict")
    return {"strict": item.config.getini("qbchat_strict") if strict is None else strict, "hosts": hosts}


def _nearest(item: pytest.Item, name: str) -> bool | None:
    values = (marker.kwargs.get(name) for marker in item.iter_markers("qbchat"))
    return next((value for value in values if value is not None), None)


def _check_marker(marker: pytest.Mark) -> None:
    flag, hosts = bool | None, list | tuple | set
    kinds: dict[str, Any] = {"strict": flag, "hosts": hosts, "assert_all_called": flag, "live": flag}
    invalid = [*map(repr, marker.args), *sorted(marker.kwargs.keys() - kinds)]
    given = [(name, value, kinds.get(name, object)) for name, value in marker.kwargs.items()]
    invalid += [f"{name}={value!r}" for name, value, kind in given if not isinstance(value, kind)]
    if invalid:
        example = "@pytest.mark.qbchat(strict=True, hosts=['chat.shop.example'])"
        pytest.fail(f"@pytest.mark.qbchat does not take {', '.join(invalid)}; use {example}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Give the fake precedence over other mocks during the test, and fail for caught problems."""
    intercept = sys.modules.get("pytest_qbchat.intercept")
    repatched = intercept is not None and intercept.repatch()
    if _LOOP in sys.modules:
        sys.modules[_LOOP].current_trial.clear()  # left by an earlier test
    item.stash[_CALLING] = True
    call_site = sys.modules["pytest_qbchat.explain.call_site"] if _FAKE in item.stash else None
    if call_site is not None:
        call_site.note_threads("")
    try:
        result = yield
    finally:
        del item.stash[_CALLING]
        if call_site is not None:
            call_site.note_threads(item.nodeid)
        if intercept is not None and repatched:
            intercept.undo_repatch()
    if _FAKE in item.stash:
        backend = item.stash[_FAKE]._backend
        backend.note_unmet(routes=_nearest(item, "assert_all_called") is not False)
        backend.problems.fail_unreported(item)
    elif any(mark.name == "qbchat" and mark.kwargs.keys() - {"live"} for mark in item.own_markers):
        unused = "@pytest.mark.qbchat has no effect: this test takes no fixture of pytest-qbchat"
        pytest.fail(f"{unused}; add the argument qbchat, or remove the marker", pytrace=False)
    return result


# The innermost wrapper, so that the hooks of Allure and others find the conversation in the report.
@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the conversation to the report of a failing phase, and with -rP or -rA to that of a passing test."""
    used = _FAKE in item.stash
    guard = item.config.stash.get(_GUARD, None)
    report = yield
    if _PUT_BACK in item.stash:
        item.stash[_PUT_BACK]()
        del item.stash[_PUT_BACK]
    if report.failed and not used:
        _point_to_fixture(report, item)
    if guard is not None:
        guard.complete(report, item, None if call.excinfo is None else call.excinfo.value)
    on_page = item.config.option.qbchat_report is not None
    if used and (call.excinfo is not None or call.when == "call" or on_page):
        from pytest_qbchat.explain.problems import fail_skipped, point_to_call
        from pytest_qbchat.explain.reports import add_conversation, count_calls

        if call.excinfo is not None:
            point_to_call(report, call.excinfo.value)
        fake, backend = item.stash[_FAKE], item.stash[_FAKE]._backend
        fail_skipped(report, backend.problems, item)
        if on_page:
            from pytest_qbchat.page.run_report import add_page

            add_page(report, backend.store, backend.calls)
        count_calls(report, fake.calls)
        passed_shown = not {"P", "A"}.isdisjoint(getattr(item.config.option, "reportchars", ""))
        if not report.passed or (passed_shown and call.when == "call"):
            transcript = fake._transcript(call.excinfo and call.excinfo.value)
            add_conversation(report, transcript, backend.problems)
    if used and call.when == "teardown":  # pytest keeps the test until its session ends, and may run it again
        del item.stash[_FAKE]
    return report


def _point_to_fixture(report: pytest.TestReport, item: pytest.Item) -> None:
    """Add advice to a failure that suggests that the test needs the fixture."""
    text, advice = report.longreprtext, ""
    if "ScopeMismatch" in text and "scoped fixture qbchat" in text:
        advice = "for a wider scope make a fake of its own: with FakeQuickBlox().intercept() as qbchat: yield qbchat"
    elif "missing 1 required positional argument: 'qbchat'" in text:
        advice = "methods of a TestCase get it from an autouse fixture: def _fake(self, qbchat): self.qbchat = qbchat"
    elif ".quickblox.com" in text and not item.config.getini("qbchat_guard") and not _nearest(item, "live"):
        advice = (
            "the failure names a host of QuickBlox, and qbchat_guard is false; take the fixture qbchat in this test"
        )
    report.sections += [("qbchat", advice)] if advice else []


# Not a wrapper: wrappers run before pytest knows the failure of a TestCase.
@pytest.hookimpl(specname="pytest_runtest_makereport")
def pytest_qbchat_point_out(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """End the traceback at the line of the test, and name the trial, even for a fake from a user's fixture."""
    if call.excinfo is not None and _PROBLEMS in sys.modules and not item.config.getoption("fulltrace", False):
        call.excinfo = sys.modules[_PROBLEMS].omit_frames(call.excinfo)
    if call.when == "call" and call.excinfo is not None and _LOOP in sys.modules:
        item.stash[_PUT_BACK] = sys.modules[_LOOP].name_trial(call.excinfo.value, ended=_CALLING not in item.stash)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail the collection of a module that called QuickBlox when it was imported."""
    report = yield
    if _GUARD in collector.config.stash:
        collector.config.stash[_GUARD].complete_collection(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)  # after the summary
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Fail the run for calls that were refused after the last test."""
    yield
    if _GUARD in session.config.stash:
        session.config.stash[_GUARD].finish(session)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what the tests posted, if any used the fake."""
    if reports := [each for group in terminalreporter.stats.values() for each in group if hasattr(each, "qbchat")]:
        from pytest_qbchat.explain.reports import summary

        terminalreporter.line(summary(reports))


@pytest.hookimpl(tryfirst=True)  # before pytest-clarity, which does not know the fields
def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain `message == {...}` and `qbchat.posted == [...]` by the fields that differ."""
    if "pytest_qbchat.fake.quickblox" not in sys.modules or op != "==":
        return None
    from pytest_qbchat.fake.assertrepr import explain

    return explain(left, right)
