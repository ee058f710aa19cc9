"""What the plugin costs a run that does not use it, what it needs, and what it leaves behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from support.runs import SEND

HEAVY = [
    "httpx",
    "httpx2",
    "respx",
    "faker",
    "http.client",
    "ssl",
    "asyncio",
    "unittest.mock",
    "pytest_qbchat.fake.quickblox",
]


def test_a_run_that_does_not_use_the_plugin_imports_nothing_for_it(
    pytester: pytest.Pytester, alone: tuple[str, ...]
) -> None:
    pytester.makepyfile(
        f"""
        import sys

        def test_it():
            assert "pytest_qbchat.plugin" in sys.modules
            assert [name for name in {HEAVY} if name in sys.modules] == []
            assert {{name for name in sys.modules if name.startswith("pytest_qbchat")}} == {{
                "pytest_qbchat", "pytest_qbchat.plugin", "pytest_qbchat.exceptions"  # the filter names the warning
            }}
        """
    )
    pytester.runpytest_subprocess(*alone).assert_outcomes(passed=1)


def test_a_fake_does_not_import_asyncio_for_code_without_it() -> None:
    used = "import sys, pytest_qbchat\nwith pytest_qbchat.FakeQuickBlox().intercept(): pass\n"
    code = f"{used}assert 'asyncio' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_suite_without_the_guard_that_imports_http_clients_has_no_interceptors(
    pytester: pytest.Pytester, alone: tuple[str, ...]
) -> None:
    pytester.makepyfile(
        """
        import http.client, socket, sys
        import httpx, requests, urllib3

        def test_it():
            assert "pytest_qbchat.intercept" not in sys.modules
            for patched in (httpx.HTTPTransport, http.client.HTTPConnection, socket.socket, urllib3.HTTPConnectionPool):
                functions = [each for each in vars(patched).values() if hasattr(each, "__code__")]
                assert functions
                assert not [each for each in functions if "pytest_qbchat" in each.__code__.co_filename]
        """
    )
    pytester.runpytest_subprocess(*alone, "-o", "qbchat_guard=false").assert_outcomes(passed=1)


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        "import sys, pytest_qbchat; assert [m for m in sys.modules if m.startswith('pytest_qbchat.')] == []; "
        "pytest_qbchat.QuickBloxWarning; assert 'httpx' not in sys.modules; "
        "assert set(pytest_qbchat.__all__) == set(pytest_qbchat._MODULES); "
        "[getattr(pytest_qbchat, name) for name in pytest_qbchat.__all__]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_modules_of_the_package_are_read_by_the_loader_of_python(
    pytester: pytest.Pytester, alone: tuple[str, ...]
) -> None:
    pytester.makepyfile(
        """
        import sys

        finders = list(sys.meta_path)

        def test_it(qbchat):
            loaders = {
                name: type(module.__spec__.loader).__name__
                for name, module in sys.modules.items()
                if name.startswith("pytest_qbchat.")
            }
            assert len(loaders) > 40
            assert set(loaders.values()) == {"SourceFileLoader"}
            assert [each for each in sys.meta_path if each in finders] == finders
            assert not [each for each in finders if "pytest_qbchat" in getattr(each, "__module__", "")]
        """
    )
    pytester.runpytest_subprocess(*alone).assert_outcomes(passed=1)


def test_an_unknown_name_of_the_package_raises_attribute_error() -> None:
    import pytest_qbchat

    with pytest.raises(AttributeError, match="module 'pytest_qbchat' has no attribute 'qbchat'"):
        _ = pytest_qbchat.qbchat


@pytest.mark.all_plugins
def test_the_fixtures_work_without_the_plugins_of_respx_and_faker(
    pytester: pytest.Pytester, run_project: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile(send=SEND)
    pytester.makepyfile(
        """
        import httpx
        from send import *

        def test_it(qbchat, qbchat_factory):
            qbchat.router.get("/users/1.json").respond(json={"user": {"id": 1}})
            assert httpx.get("https://api.quickblox.com/users/1.json").json() == {"user": {"id": 1}}
            send(**qbchat_factory.message(without="chat_dialog_id"))
            qbchat.posted.one().assert_sent_to_chat()
        """
    )
    run_project("-p", "no:respx", "-p", "no:faker", "-W", "error").assert_outcomes(passed=1)


@pytest.mark.all_plugins
def test_the_plugin_can_be_blocked(pytester: pytest.Pytester, run_project: Callable[..., pytest.RunResult]) -> None:
    pytester.makepyfile("def test_it(qbchat): pass")
    result = run_project("-p", "no:qbchat")
    result.stdout.fnmatch_lines(["*fixture 'qbchat' not found*"])


def test_a_run_without_the_terminal_reporter_passes(pytester: pytest.Pytester, alone: tuple[str, ...]) -> None:
    pytester.makepyfile("def test_it(qbchat): pass")
    assert pytester.runpytest_subprocess(*alone, "-p", "no:terminal").ret == 0


@pytest.mark.all_plugins
def test_the_factory_is_seeded_by_the_faker_fixture(run) -> None:
    run(
        """
@pytest.fixture
def faker_seed(): return 7

first = []

def test_one(qbchat_factory, faker):
    first.append(qbchat_factory.message())

def test_two(qbchat_factory):
    assert qbchat_factory.message() == first[0]

def test_accepted(qbchat, qbchat_factory):
    httpx.post(URL, json=qbchat_factory.message(), headers={"QB-Token": TOKEN}).raise_for_status()
"""
    ).assert_outcomes(passed=3)


def test_a_test_that_is_run_again_has_a_new_fake(run, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    for _ in range(2):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""
    )
    run(
        """
import gc, weakref

fakes = []

def test_it(qbchat, qbchat_transport):
    fakes.append(weakref.ref(qbchat))
    send()
    assert len(qbchat.posted) == 1
    gc.collect()
    assert [fake() for fake in fakes[:-1]] == [None] * (len(fakes) - 1)
"""
    ).assert_outcomes(passed=1)


def test_the_package_lists_its_public_names() -> None:
    import pytest_qbchat

    assert dir(pytest_qbchat) == sorted([*pytest_qbchat.__all__, "__version__"])


def test_each_name_of_a_fault_for_type_checkers_is_accepted() -> None:
    from typing import get_args

    from pytest_qbchat import FakeQuickBlox, FaultName

    FakeQuickBlox().each_fault(*get_args(FaultName))
