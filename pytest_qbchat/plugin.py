"""What pytest sees: fixtures, the marker, ini options, verification and report sections.

Imports pytest and the standard library alone; everything else is imported when a fixture asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_qbchat.factories import PayloadFactory
    from pytest_qbchat.fake import FakeQuickBlox
    from pytest_qbchat.intercept import Interception
    from pytest_qbchat.intercept.transport import QuickBloxTransport
    from pytest_qbchat.problems import Problem

_FAKE: pytest.StashKey[FakeQuickBlox] = pytest.StashKey()
_INTERCEPTION: pytest.StashKey[Interception[FakeQuickBlox]] = pytest.StashKey()
_MARKER = "qbchat(*, strict: bool, hosts: list[str]): settings of a test's QuickBlox fake; nearest strict, all hosts."


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini options."""
    parser.addini("qbchat_hosts", "hosts or base URLs that are QuickBlox's, beside *.quickblox.com", type="linelist")
    parser.addini(
        "qbchat_strict", "refuse unknown tokens, users and dialogs, and adopt none", type="bool", default=False
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def qbchat() -> Iterator[FakeQuickBlox]:
    """A QuickBlox in memory, which every call of httpx and httpx2 to *.quickblox.com reaches."""
    item = _running[-1]
    fake = _fake_of(item)
    interception = item.stash[_INTERCEPTION] = fake.intercept()
    with interception:
        yield fake


@pytest.fixture
def qbchat_transport() -> QuickBloxTransport:
    """An httpx transport, sync and async, onto the same fake; patches nothing. Its `fake` is what to assert on."""
    from pytest_qbchat.intercept.transport import QuickBloxTransport

    return QuickBloxTransport(_fake_of(_running[-1]))


@pytest.fixture
def qbchat_factory(request: pytest.FixtureRequest) -> PayloadFactory:
    """A factory of realistic QuickBlox payloads, seeded by Faker's own `faker` fixture."""
    from pytest_qbchat.factories import PayloadFactory

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
    """The one fake of a test, which all of its fixtures share."""
    if _FAKE not in item.stash:
        from pytest_qbchat.fake import FakeQuickBlox

        item.stash[_FAKE] = FakeQuickBlox(**_settings(item))
    fake: FakeQuickBlox = item.stash[_FAKE]
    return fake


def _settings(item: pytest.Item) -> dict[str, Any]:
    """The ini options, and over them the markers from the nearest to the farthest."""
    strict = None
    hosts = list(item.config.getini("qbchat_hosts"))
    for marker in item.iter_markers("qbchat"):
        unknown = marker.kwargs.keys() - {"strict", "hosts"}
        if marker.args or unknown:
            raise pytest.UsageError(
                f"@pytest.mark.qbchat does not take {', '.join([*map(repr, marker.args), *sorted(unknown)])}: "
                "write @pytest.mark.qbchat(strict=True, hosts=['chat.shop.example'])"
            )
        hosts += marker.kwargs.get("hosts", [])
        strict = marker.kwargs.get("strict") if strict is None else strict
    return {"strict": item.config.getini("qbchat_strict") if strict is None else strict, "hosts": hosts}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let the fake come first during the test, and fail the test here for what its code caught."""
    interception = item.stash.get(_INTERCEPTION, None)
    if interception is not None:
        interception.come_first()
    try:
        result = yield
    except BaseException:
        if _FAKE in item.stash:
            _show(item, item.stash[_FAKE].problems.take())
        raise
    finally:
        if interception is not None:
            interception.step_back()
    if _FAKE in item.stash:
        _verify(item)
    return result


def _verify(item: pytest.Item) -> None:
    """Fail a test that passed, for the problems that did not come up to it."""
    from pytest_qbchat.problems import report

    function = getattr(item, "originalname", None) or item.name
    problems = [each for each in item.stash[_FAKE].problems.take() if not each.reached(item.path.name, function)]
    if problems or not {"P", "A"}.isdisjoint(item.config.option.reportchars):
        _show(item, [])
    if problems:
        pytest.fail(report(problems), pytrace=False)


def _show(item: pytest.Item, problems: list[Problem]) -> None:
    """Add the conversation to the report, and the problems that are not part of any call."""
    rest = [f"refused: {problem.text}" for problem in problems if problem.call is None]
    item.add_report_section("call", "qbchat", "\n".join([item.stash[_FAKE].transcript(), *rest]))


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain `message == {...}` and `qbchat.posted == [...]` by the fields that differ."""
    if "pytest_qbchat.fake" not in sys.modules or op != "==":
        return None
    from pytest_qbchat.comparison import explain

    return explain(left, right)
