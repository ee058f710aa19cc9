"""The marker, the options, and the help."""

from __future__ import annotations

import pytest


def test_the_nearest_strict_counts_and_hosts_add_up(run) -> None:
    run(
        """
def status(url=URL):
    return httpx.post(url, json={"chat_dialog_id": DIALOG}, headers={"QB-Token": TOKEN}).status_code

def test_ini(qbchat):
    assert status() == 401
    assert status("http://ini.example/chat/Message.json") == 401
    assert status("http://second.example:8080/qb/chat/Message.json") == 401

@pytest.mark.qbchat(strict=False)
def test_marker(qbchat):
    assert status() == 201

@pytest.mark.qbchat(strict=True, hosts=["class.example"])
class TestLevels:
    def test_inherited(self, qbchat):
        assert status("http://class.example/chat/Message.json") == 401

    @pytest.mark.qbchat(hosts=["test.example"])
    def test_hosts_only(self, qbchat):
        assert status("http://test.example/chat/Message.json") == 401
        assert status("http://class.example/chat/Message.json") == 401
        assert status("http://ini.example/chat/Message.json") == 401

    @pytest.mark.qbchat(strict=False)
    def test_nearest(self, qbchat):
        assert status("http://class.example/chat/Message.json") == 201
""",
        qbchat_strict="true",
        qbchat_hosts="\n  ini.example\n  http://second.example:8080/qb",
    ).assert_outcomes(passed=5)


@pytest.mark.parametrize(
    ("marker", "text"),
    [
        ("'strict'", "@pytest.mark.qbchat does not take 'strict'; use @pytest.mark.qbchat(strict=True, hosts=*"),
        ("host='x'", "@pytest.mark.qbchat does not take host; use *"),
        ("hosts='shop.example'", "@pytest.mark.qbchat does not take hosts='shop.example'; use *"),
        ("strict='no'", "@pytest.mark.qbchat does not take strict='no'; use *"),
        ("hosts=['*']", "qbchat_hosts or @pytest.mark.qbchat: invalid host or base URL '[*]'; expected *"),
    ],
)
def test_a_wrong_marker_says_what_to_write(run, marker: str, text: str) -> None:
    result = run(f"@pytest.mark.qbchat({marker})\ndef test_it(qbchat): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([text])
    result.stdout.no_fnmatch_line("*plugin.py*")


def test_the_plugin_describes_itself(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--markers")
    result.stdout.fnmatch_lines(
        ["@pytest.mark.qbchat([*], strict: bool, hosts: list[[]str[]], assert_all_called: bool, *): *"]
    )
    result = pytester.runpytest("--fixtures")
    for fixture in ("qbchat", "qbchat_transport", "qbchat_factory"):
        result.stdout.fnmatch_lines([f"{fixture} -- *"])
    result = pytester.runpytest("--help")
    result.stdout.fnmatch_lines(["*qbchat_hosts (linelist)*", "*qbchat_strict (bool)*", "*qbchat_guard (bool)*"])
