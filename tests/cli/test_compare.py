"""`python -m pytest_qbchat compare`: live servers in the place of a real application."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.application import MADE_UP, declare

from pytest_qbchat import FakeQuickBlox, LiveServer
from pytest_qbchat.cli import compare
from pytest_qbchat.cli.tour import tour_of_fake
from pytest_qbchat.service.assumptions import Assumptions
from pytest_qbchat.service.routes import ROUTES

pytestmark = pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
PAGE = (Path(__file__).parents[2] / "docs" / "compare.md").read_text(encoding="utf-8")
VALUES = {
    "unknown_routes_refused": True,
    "need_user_status": 403,
    "missing_dialog_status": 403,
    "login_status": 200,
    "duplicate_dialog_status": 200,
    "largest_page": 500,
    "retry_after": 30,
}
CHANGES: dict[str, Any] = {name: VALUES.get(name, value is False) for name, value in asdict(Assumptions()).items()}
NOT_HINTED = {
    "unknown_routes_refused": "QuickBlox never refuses as the fake does, so no assumption explains it",
    "retry_after": "the service sends the header for too many calls only, and the tour does not provoke that",
}


@cache
def _cached(**assumptions: Any) -> Any:
    return tour_of_fake(MADE_UP, **assumptions)


class Service:
    """A live server in the place of the real application, and the command."""

    def __init__(self, fake: FakeQuickBlox, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.fake = fake
        self.url = url
        self._capsys = capsys

    def compare(self, *options: str) -> tuple[int, str]:
        """The exit status, and the report."""
        status = compare.main(options)
        return status, self._capsys.readouterr().out

    def refuse(self, *options: str) -> str:
        """Why the command does not begin. It sends nothing."""
        with pytest.raises(SystemExit) as ended:
            compare.main(options)
        assert ended.value.code == 2
        assert len(self.fake.calls) == 0
        return self._capsys.readouterr().err

    @property
    def left(self) -> list[int]:
        """How many users, dialogs, files and sessions there are."""
        return [len(each) for each in (self.fake.users, self.fake.dialogs, self.fake.blobs, self.fake.sessions)]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Service]:
    fake = FakeQuickBlox(strict=True)
    declare(fake)
    monkeypatch.setattr(compare, "tour_of_fake", lambda application, **assumptions: _cached(**assumptions))
    with LiveServer(fake) as server:
        for name, value in (MADE_UP | {"url": server.url}).items():
            monkeypatch.setenv(f"QBCHAT_REAL_{name.upper()}", value)
        yield Service(fake, server.url, capsys)


def routes_in(report: str) -> list[str]:
    """The routes that the report calls alike."""
    return [line.strip() for line in report.partition("\nalike in every call")[2].splitlines()[1:]]


def test_equal_servers_are_alike_and_nothing_is_left(service: Service) -> None:
    status, report = service.compare("--yes")
    first, second = report.splitlines()[:2]
    assert (status, service.left) == (0, [0, 0, 0, 0])
    assert first == f"application 12345 at {service.url}, {time.strftime('%Y-%m-%d')}"
    assert second.startswith("0 of 1")
    assert f"may have the label verified({time.strftime('%Y-%m')}):" in report
    assert {str(route) for route in ROUTES} <= {*routes_in(report)}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_assumption_of_the_other_server_is_found_and_named(service: Service, name: str) -> None:
    value = CHANGES[name]
    assert httpx.post(f"{service.url}/_qbchat/assume", json={name: value}).status_code == 204
    status, report = service.compare("--yes")
    assert (f"alike with qbchat.assume({name}={value})" in report) is (name not in NOT_HINTED)
    assert status == (0 if name == "retry_after" else 1)
    if name == "unknown_routes_refused":
        assert "GET /no_such_path: no such path\n  call: app      GET /no_such_path  ! no such path\n" in report
    assert service.left == [0, 0, 0, 0]


def test_a_difference_tells_the_call_both_answers_and_the_assumption(service: Service) -> None:
    service.fake.assume(login_status=200)
    status, report = service.compare("--yes")
    assert status == 1
    [shown] = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
    assert f"\n\n{shown}\n" in report
    assert "POST /login.json" not in routes_in(report)
    assert "DELETE /login.json" in routes_in(report)


def test_an_answer_that_no_assumption_explains_has_no_hint(service: Service) -> None:
    service.fake.router.get(path="/users/phone.json").respond(200, json={"user": {"phone": None}, "extra": 12.5})
    _, report = service.compare("--yes")
    assert "\n  body.user.phone: None from the service, 'text' from the fake\n" in report
    assert "\n  body.extra: 12.5 from the service, 'absent' from the fake\n" in report
    assert "\n  body.user.login: 'absent' from the service, 'text' from the fake\n" in report
    assert "GET /users/phone.json" not in routes_in(report)


def test_a_route_that_needs_a_missing_key_gets_no_label(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "tour_of_fake", tour_of_fake)
    for name in ("API_KEY", "ACCOUNT_KEY"):
        monkeypatch.delenv(f"QBCHAT_REAL_{name}")
    status, report = service.compare("--yes")
    assert status == 0
    assert {str(route) for route in ROUTES} - {*routes_in(report)} >= {
        "POST /users/{id}/tokens",
        "GET /account_settings.json",
    }


def test_the_page_names_every_variable(service: Service) -> None:
    assert {*re.findall(r"`(QBCHAT_REAL_\w+)`", PAGE)} == {*compare._VARIABLES.values()}
    assert {f"QBCHAT_REAL_{name.upper()}" for name in MADE_UP} == {*compare._VARIABLES.values()}


# --- consent ---


def test_compare_sends_nothing_without_consent_and_a_terminal(service: Service) -> None:
    assert service.refuse().endswith("error: nothing was sent; agree with --yes, or with y in a terminal\n")


@pytest.mark.parametrize("answer", ["", "n", "no", "yes please"])
def test_compare_sends_nothing_if_the_user_does_not_agree(
    service: Service, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: answer)
    assert "nothing was sent" in service.refuse()


def test_compare_sends_calls_if_the_user_agrees(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    questions: list[str] = []
    answer: Callable[[str], str] = lambda question: questions.append(question) or "Y"  # type: ignore[func-returns-value] # noqa: E731
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", answer)
    assert service.compare()[0] == 0
    assert questions == [f"Create and delete records in application 12345 at {service.url}? [y/N] "]


def test_missing_credentials_are_named(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QBCHAT_REAL_AUTH_KEY")
    monkeypatch.setenv("QBCHAT_REAL_AUTH_SECRET", "")
    refused = service.refuse("--yes")
    assert "error: set QBCHAT_REAL_AUTH_KEY, QBCHAT_REAL_AUTH_SECRET in the environment\n" in refused


def test_an_application_id_that_is_no_number_is_refused(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QBCHAT_REAL_APPLICATION_ID", "shop")
    assert "error: invalid QBCHAT_REAL_APPLICATION_ID; expected a number\n" in service.refuse("--yes")


# --- secrets, and what goes wrong ---


def test_secrets_are_masked_in_the_report(service: Service) -> None:
    seen = []

    def echo(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["QB-Token"])
        text = f"token {seen[0]} of {MADE_UP['auth_key']}, {MADE_UP['auth_secret']}, {MADE_UP['api_key']}"
        return httpx.Response(400, json={"errors": [text, MADE_UP["account_key"]]})

    service.fake.router.get(path="/users/phone.json").mock(side_effect=echo)
    status, report = service.compare("--yes")
    assert status == 1
    assert report.count("…#") >= 5
    for name in ("auth_key", "auth_secret", "api_key", "account_key"):
        assert MADE_UP[name] not in report
    assert len(seen) == 1
    assert seen[0] not in report


def test_compare_deletes_its_records_after_a_broken_connection(service: Service) -> None:
    service.fake.fail("disconnect", method="GET", path="/blobs")
    status, report = service.compare("--yes")
    assert (status, service.left) == (2, [0, 0, 0, 0])
    assert 'stopped at anna     GET /blobs  {"per_page": 1}: RemoteProtocolError(' in report
    assert "label" not in report


def test_compare_deletes_its_records_after_an_interrupt(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    request = httpx.Client.request

    def interrupted(client: httpx.Client, method: str, url: str, **kwargs: Any) -> httpx.Response:
        if url.endswith("/complete.json"):
            raise KeyboardInterrupt
        return request(client, method, url, **kwargs)

    monkeypatch.setattr(httpx.Client, "request", interrupted)
    status, report = service.compare("--yes")
    assert (status, service.left) == (2, [0, 0, 0, 0])
    assert "KeyboardInterrupt()" in report


def test_a_record_that_cannot_be_deleted_is_named_in_the_report(service: Service) -> None:
    service.fake.router.delete(path__regex="/blobs/.*").respond(500)
    status, report = service.compare("--yes")
    assert status == 1
    assert "\nperhaps left behind: anna     DELETE /blobs/$blob: 500\n" in report
    assert service.left == [0, 0, 1, 0]


# --- the program ---


def test_the_program_compares_and_refuses_without_consent(service: Service) -> None:
    command = [sys.executable, "-m", "pytest_qbchat", "compare"]
    refused = subprocess.run(command, capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL, check=False)
    assert (refused.returncode, refused.stdout, len(service.fake.calls)) == (2, "", 0)
    done = subprocess.run([*command, "--yes"], capture_output=True, encoding="utf-8", env=os.environ, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("application 12345 at ")
