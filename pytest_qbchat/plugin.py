"""The pytest plugin: fixtures, the marker, ini options, verification and report sections.

It imports only pytest and the standard library; fixtures import everything else when a test uses them.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_qbchat.fake.httpx_transport import QuickBloxTransport
    from pytest_qbchat.fake.quickblox import FakeQuickBlox
    from pytest_qbchat.intercept import Interception
    from pytest_qbchat.intercept.certificate import Certificate
    from pytest_qbchat.intercept.server import EncryptedServer, LiveServer
    from pytest_qbchat.payloads.factory import PayloadFactory
    from pytest_qbchat.report.problems import Problem, Problems

_FAKE: pytest.StashKey[FakeQuickBlox] = pytest.StashKey()
_INTERCEPTION: pytest.StashKey[Interception[FakeQuickBlox]] = pytest.StashKey()
_MARKER = (
    "qbchat(*, strict: bool, hosts: list[str]): strict=True refuses undeclared tokens, API keys, users and dialogs; "
    "hosts=[...] adds hosts that belong to QuickBlox. The nearest marker sets strict; the hosts of all markers count."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini options."""
    parser.addini("qbchat_hosts", "hosts or base URLs of QuickBlox, besides *.quickblox.com", type="linelist")
    parser.addini("qbchat_strict", "refuse undeclared tokens, API keys, users and dialogs", type="bool", default=False)
    parser.addini("qbchat_guard", "refuse calls to QuickBlox in tests without the qbchat fixture", type="bool")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and guard the whole suite if that is configured."""
    config.addinivalue_line("markers", _MARKER)
    if config.getini("qbchat_guard"):
        config.pluginmanager.register(_SuiteGuardHooks(config), "qbchat_guard")


@pytest.fixture
def qbchat() -> Iterator[FakeQuickBlox]:
    """A fake QuickBlox that answers the calls of every HTTP client; assert with qbchat.assert_posted(message="...")."""
    item = _running[-1]
    fake = _fake_of(item)
    interception = item.stash[_INTERCEPTION] = fake.intercept()
    try:
        with interception:
            yield fake
    finally:
        del item.stash[_INTERCEPTION]


@pytest.fixture
def qbchat_transport() -> QuickBloxTransport:
    """An httpx transport, sync and async, to the fake of the test, without patches. Assert on its `fake`."""
    from pytest_qbchat.fake.httpx_transport import QuickBloxTransport

    return QuickBloxTransport(_fake_of(_running[-1]))


@pytest.fixture
def qbchat_server() -> Iterator[LiveServer]:
    """A server on the loopback interface, with the state of `qbchat`, for other processes; `url` is its base URL."""
    from pytest_qbchat.intercept.server import LiveServer

    with LiveServer(_fake_of(_running[-1])) as server:
        yield server


@pytest.fixture
def qbchat_tls_server(_qbchat_certificate: Certificate) -> Iterator[EncryptedServer]:
    """Like `qbchat_server`, for https; clients need its `ca_file` to trust its certificate. Needs trustme."""
    from pytest_qbchat.intercept.server import EncryptedServer

    with EncryptedServer(_fake_of(_running[-1]), _qbchat_certificate) as server:
        yield server


@pytest.fixture(scope="session")
def _qbchat_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """The certificate of the servers for https."""
    from pytest_qbchat.intercept.certificate import Certificate

    try:
        return Certificate(tmp_path_factory.mktemp("qbchat"))
    except ImportError as error:
        pytest.fail(
            f"qbchat_tls_server needs trustme; use pip install 'pytest-qbchat[tls]' ({error})",
            pytrace=False,
        )


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
    """Record which test is running."""
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
        item.addfinalizer(partial(_forget, item))
    fake: FakeQuickBlox = item.stash[_FAKE]
    return fake


def _forget(item: pytest.Item) -> None:
    """Remove the fake, because pytest keeps the test until its session ends and may run it again."""
    fake = item.stash[_FAKE]
    del item.stash[_FAKE]
    fake.raise_problems()


def _settings(item: pytest.Item) -> dict[str, Any]:
    """The arguments of the fake. The nearest marker with `strict` overrides the ini option; hosts are added."""
    strict: bool | None = None
    hosts: list[str] = list(item.config.getini("qbchat_hosts"))
    for marker in item.iter_markers("qbchat"):
        _check_marker(marker)
        hosts += marker.kwargs.get("hosts", [])
        if strict is None:
            strict = marker.kwargs.get("strict")
    return {"strict": item.config.getini("qbchat_strict") if strict is None else strict, "hosts": hosts}


def _check_marker(marker: pytest.Mark) -> None:
    invalid = [*map(repr, marker.args), *sorted(marker.kwargs.keys() - {"strict", "hosts"})]
    hosts, strict = marker.kwargs.get("hosts", []), marker.kwargs.get("strict")
    if not isinstance(hosts, list | tuple | set):
        invalid.append(f"hosts={hosts!r}")
    if strict not in (None, True, False):
        invalid.append(f"strict={strict!r}")
    if invalid:
        example = "@pytest.mark.qbchat(strict=True, hosts=['chat.shop.example'])"
        pytest.fail(f"@pytest.mark.qbchat does not take {', '.join(invalid)}; use {example}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Give the fake precedence over other mocks during the test, then fail the test for caught problems."""
    interception = item.stash.get(_INTERCEPTION, None)
    if interception is not None:
        interception.repatch()
    try:
        result = yield
    except pytest.skip.Exception:
        _verify(item)
        raise
    finally:
        if interception is not None:
            interception.undo_repatch()
    _verify(item)
    return result


def _verify(item: pytest.Item) -> None:
    if _FAKE in item.stash:
        _fail_for(item.stash[_FAKE].problems, item)


def _fail_for(problems: Problems, item: pytest.Item) -> None:
    """Fail the test for problems whose exceptions did not reach its function."""
    if unreported := problems.pop_unreported(item):
        pytest.fail(_texts(unreported), pytrace=False)


def _texts(problems: list[Problem]) -> str:
    from pytest_qbchat.report.problems import report

    return report(problems)


class _SuiteGuardHooks:
    """Hooks that refuse calls to QuickBlox from the collection to the end; the fakes of fixtures take precedence."""

    def __init__(self, config: pytest.Config) -> None:
        from pytest_qbchat.intercept import Interception
        from pytest_qbchat.intercept.suite_guard import SuiteGuard

        try:
            self._guard = SuiteGuard(config.getini("qbchat_hosts"))
        except ValueError as error:
            raise pytest.UsageError(f"qbchat_hosts: {error}") from None
        self._interception = Interception(self._guard)
        self._interception.__enter__()
        self._outside: list[str] = []  # the refused calls outside of the tests

    def pytest_unconfigure(self) -> None:
        """Let calls through again."""
        self._guard.problems.drain()
        self._interception.__exit__(None, None, None)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Fail the collection of a module that called QuickBlox when it was imported."""
        report = yield
        if (problems := self._guard.problems.drain()) and report.passed:
            report.outcome, report.longrepr = "failed", _texts(problems)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Generator[None, Any, Any]:
        """Blame no test for a call that was refused before it."""
        self._collect_outside()
        self._guard.caller = "this test"
        try:
            return (yield)
        finally:
            self._guard.caller = "code outside of the tests"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Fail a phase of a test for refused calls whose exceptions the code under test caught."""
        result = yield
        _fail_for(self._guard.problems, item)
        return result

    pytest_runtest_setup = pytest_runtest_teardown = pytest_runtest_call

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Show the refused calls that did not fail the phase themselves."""
        if call.excinfo is not None and (problems := self._guard.problems.pop_unreported(item)):
            item.add_report_section(call.when, "qbchat", _texts(problems))

    @pytest.hookimpl(wrapper=True, trylast=True)  # after the teardown of wide fixtures, before the summary
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Fail the run for calls that were refused outside of the tests."""
        yield
        self._collect_outside()
        if not self._outside:
            return
        if hasattr(session.config, "workeroutput"):  # a worker of pytest-xdist
            session.config.workeroutput["qbchat_outside"] = self._outside
        elif session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Collect the calls of a worker of pytest-xdist."""
        self._outside += getattr(node, "workeroutput", {}).get("qbchat_outside", [])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the calls that were refused outside of the tests."""
        if self._outside:
            terminalreporter.section("calls to QuickBlox outside of the tests", red=True)
            for text in self._outside:
                terminalreporter.line(text)

    def _collect_outside(self) -> None:
        if problems := self._guard.problems.drain():
            self._outside.append(_texts(problems))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Show the conversation in the report of a failing phase, and with -rP or -rA of a passing test."""
    shown = call.excinfo is not None or (call.when == "call" and _shows_passed(item.config))
    if not shown or _FAKE not in item.stash:
        return
    fake = item.stash[_FAKE]
    # The transcript does not show problems without a call.
    others = [f"refused: {problem.text}" for problem in fake.problems.drain() if problem.call is None]
    try:
        conversation = fake.transcript()
    except Exception as error:
        conversation = f"the conversation cannot be shown: {error!r}"
    item.add_report_section(call.when, "qbchat", "\n".join([conversation, *others]))


def _shows_passed(config: pytest.Config) -> bool:
    return not {"P", "A"}.isdisjoint(getattr(config.option, "reportchars", ""))


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain `message == {...}` and `qbchat.posted == [...]` by the fields that differ."""
    if "pytest_qbchat.fake.quickblox" not in sys.modules or op != "==":
        return None
    from pytest_qbchat.fake.assertrepr import explain

    return explain(left, right)
