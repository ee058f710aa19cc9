"""What pytest sees: fixtures, the marker, ini options, verification and report sections.

Imports pytest and the standard library alone; everything else is imported when a fixture asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_qbchat.fake.quickblox import FakeQuickBlox
    from pytest_qbchat.fake.transport import QuickBloxTransport
    from pytest_qbchat.intercept import Interception
    from pytest_qbchat.intercept.certificate import Certificate
    from pytest_qbchat.intercept.server import EncryptedServer, LiveServer
    from pytest_qbchat.payloads.factory import PayloadFactory

_FAKE: pytest.StashKey[FakeQuickBlox] = pytest.StashKey()
_INTERCEPTION: pytest.StashKey[Interception[FakeQuickBlox]] = pytest.StashKey()
_MARKER = (
    "qbchat(*, strict: bool, hosts: list[str]): strict=True refuses what the test did not declare, hosts=[...] are "
    "QuickBlox's too. The nearest marker's strict counts; hosts add up."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini options."""
    parser.addini("qbchat_hosts", "hosts or base URLs that are QuickBlox's, besides *.quickblox.com", type="linelist")
    parser.addini(
        "qbchat_strict", "refuse unknown tokens, users and dialogs, and adopt none", type="bool", default=False
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _MARKER)


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
    """An httpx transport, sync and async, to the fake of the test; patches nothing. Assert on its `fake`."""
    from pytest_qbchat.fake.transport import QuickBloxTransport

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
            f"qbchat_tls_server makes its certificate with trustme: pip install 'pytest-qbchat[tls]' ({error})",
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


# The test that runs now, above those in whose process it runs. Asking pytest for it by a `request` argument would take
# nearly as long as all that the fixture does.
_running: list[pytest.Item] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Know which test is running."""
    _running.append(item)
    try:
        return (yield)
    finally:
        _running.pop()


def _fake_of(item: pytest.Item) -> FakeQuickBlox:
    """The one fake of a test, which all of its fixtures share, until the last of them is torn down."""
    if _FAKE not in item.stash:
        from pytest_qbchat.fake.quickblox import FakeQuickBlox

        try:
            item.stash[_FAKE] = FakeQuickBlox(**_settings(item))
        except ValueError as error:
            pytest.fail(f"in qbchat_hosts or @pytest.mark.qbchat: {error}", pytrace=False)
        item.addfinalizer(partial(_forget, item))
    fake: FakeQuickBlox = item.stash[_FAKE]
    return fake


def _forget(item: pytest.Item) -> None:
    """Let go of a fake: the test may be run again, and lives for as long as the session."""
    fake = item.stash[_FAKE]
    del item.stash[_FAKE]
    fake.raise_problems()


def _settings(item: pytest.Item) -> dict[str, Any]:
    """The ini options, and over them the markers from the nearest to the farthest."""
    strict: bool | None = None
    hosts: list[str] = list(item.config.getini("qbchat_hosts"))
    for marker in item.iter_markers("qbchat"):
        wrong = [*map(repr, marker.args), *sorted(marker.kwargs.keys() - {"strict", "hosts"})]
        more, own = marker.kwargs.get("hosts", []), marker.kwargs.get("strict")
        if not isinstance(more, list | tuple | set):
            wrong.append(f"hosts={more!r}")
        if own not in (None, True, False):
            wrong.append(f"strict={own!r}")
        if wrong:
            right = "@pytest.mark.qbchat(strict=True, hosts=['chat.shop.example'])"
            pytest.fail(f"@pytest.mark.qbchat does not take {', '.join(wrong)}: write {right}", pytrace=False)
        hosts += more
        strict = own if strict is None else strict
    return {"strict": item.config.getini("qbchat_strict") if strict is None else strict, "hosts": hosts}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let the fake come first during the test, and fail the test here for what its code caught."""
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
    """Fail a test that did not fail, for the problems that did not come up to it."""
    if _FAKE in item.stash and (problems := item.stash[_FAKE].problems.pop_unreported(item)):
        from pytest_qbchat.report.problems import report

        pytest.fail(report(problems), pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Show the conversation in the report of a failing phase, and of a passing test if pytest is asked for output."""
    if _FAKE not in item.stash:
        return
    fake = item.stash[_FAKE]
    wanted = call.when == "call" and not {"P", "A"}.isdisjoint(getattr(item.config.option, "reportchars", ""))
    if call.excinfo is not None or wanted:
        # Those that belong to no call are in the transcript of none.
        rest = [f"refused: {problem.text}" for problem in fake.problems.drain() if problem.call is None]
        try:
            conversation = fake.transcript()
        except Exception as error:
            conversation = f"the conversation cannot be shown: {error!r}"
        item.add_report_section(call.when, "qbchat", "\n".join([conversation, *rest]))


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain `message == {...}` and `qbchat.posted == [...]` by the fields that differ."""
    if "pytest_qbchat.fake.quickblox" not in sys.modules or op != "==":
        return None
    from pytest_qbchat.fake.assertrepr import explain

    return explain(left, right)
