"""The page of a run: what it holds, without a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from pytest_qbchat import FakeQuickBlox
from pytest_qbchat.page import page

URL = "https://api.quickblox.com"
DIALOG = "5d75327ba28f9a0f32cb0f99"
TOKEN = "made-up-token-of-the-shop"
SEND = """
import httpx, os, pytest

def send(text="hi", **fields):
    httpx.post(
        "https://api.quickblox.com/chat/Message.json",
        headers={"QB-Token": "made-up-token-of-the-shop"},
        json={"chat_dialog_id": "5d75327ba28f9a0f32cb0f99", "message": text, **fields},
    )
"""


def read(html: str) -> dict[str, Any]:
    """The data in a page."""
    [data] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, flags=re.DOTALL)
    decoded: dict[str, Any] = json.loads(data)
    return decoded


def rows_of(path: Path) -> dict[str, Any]:
    """The tests in a page by name."""
    return {test["id"].rpartition("::")[2]: test for test in read(path.read_text(encoding="utf-8"))["tests"]}


def post(path: str = "/chat/Message.json", method: str = "POST", **options: Any) -> httpx.Response:
    return httpx.request(method, f"{URL}{path}", headers={"QB-Token": TOKEN} | options.pop("headers", {}), **options)


# --- a run ---


def test_a_run_has_a_row_for_each_test_that_used_the_fake(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""{SEND}
@pytest.fixture
def broken(qbchat):
    send("before")
    raise RuntimeError("no database")

@pytest.fixture
def leaky(qbchat):
    yield
    raise RuntimeError("not closed")

def test_without(): pass
def test_passes(qbchat): send("good", send_to_chat=1)
def test_fails(qbchat):
    send("Order #7")
    qbchat.assert_posted(message="Order #8")
def test_setup(broken): pass
def test_teardown(leaky): send()
def test_both(leaky):
    assert not "wrong"
def test_skipped(qbchat):
    send()
    pytest.skip("later")
@pytest.mark.xfail
def test_xfail(qbchat): qbchat.assert_posted()
@pytest.mark.xfail
def test_xpass(qbchat): send()
def swallow():
    try:
        httpx.get("https://api.quickblox.com/data/Order.json")
    except Exception:
        pass
def test_swallowed(qbchat): swallow()
"""
    )
    result = pytester.runpytest("-p", "no:randomly", "--qbchat-report", "reports/chat.html", "--tb=short")
    path = pytester.path / "reports" / "chat.html"
    result.stdout.fnmatch_lines([f"qbchat: the conversations are in {path}"])
    tests = rows_of(path)
    assert {name: test["outcome"] for name, test in tests.items()} == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_setup": "error",
        "test_teardown": "error",
        "test_both": "error",
        "test_skipped": "skipped",
        "test_xfail": "xfailed",
        "test_xpass": "xpassed",
        "test_swallowed": "failed",
    }
    failures = {name: [failure["text"] for failure in test["failures"]] for name, test in tests.items()}
    first_lines = {name: texts[0].partition("\n")[0] for name, texts in failures.items() if texts}
    assert failures["test_passes"] == []
    assert first_lines["test_skipped"] == "Skipped: later"
    assert first_lines["test_fails"].startswith("AssertionError: no message with message='Order #8' was posted: the")
    assert first_lines["test_setup"] == "RuntimeError: no database"
    assert first_lines["test_both"].startswith("AssertionError: assert not 'wrong'")
    assert failures["test_both"][1:] == ["RuntimeError: not closed"]
    assert first_lines["test_xfail"] == "expected to fail"
    assert [test["failures"][0]["failed"] for test in tests.values() if test["failures"]].count(False) == 3
    assert first_lines["test_swallowed"].startswith("Failed: the fake does not cover custom objects")
    [dialog] = tests["test_passes"]["dialogs"]
    assert [message["text"] for message in dialog["messages"]] == ["good"]
    assert tests["test_passes"]["seconds"] > 0


def test_the_page_says_when_and_how_the_tests_ran_without_a_secret(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(f"{SEND}\ndef test_it(qbchat): send()")
    pytester.runpytest("--qbchat-report", "page.html", "-k", "test_it and not token=made-up-token-of-a-filter")
    run = read((pytester.path / "page.html").read_text(encoding="utf-8"))["run"]
    versions = r"Python 3\.\d+\.\w+, pytest [\d.]+, pytest-qbchat [\d.]+"
    assert re.match(rf"20\d\d-\d\d-\d\d \d\d:\d\d UTC, {versions}: pytest .*--qbchat-report page.html -k ", run)
    assert "made-up-token" not in run


@pytest.mark.long
def test_the_workers_of_a_parallel_run_share_a_page_and_a_crash_loses_no_finished_test(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(f"{SEND}\n@pytest.mark.parametrize('n', range(6))\ndef test_each(qbchat, n): send(str(n))")
    pytester.makepyfile(test_z="import os\ndef test_crash(qbchat): os._exit(3)")
    result = pytester.runpytest("-n2", "-p", "no:randomly", "--qbchat-report=chat.html")
    result.assert_outcomes(passed=6, failed=1)
    tests = rows_of(pytester.path / "chat.html")
    crashed = tests.pop("test_crash")
    assert (crashed["outcome"], crashed["calls"]) == ("failed", [])
    assert crashed["failures"][0]["text"].startswith("worker 'gw")
    texts = {name: test["dialogs"][0]["messages"][0]["text"] for name, test in tests.items()}
    assert texts == {f"test_each[{n}]": str(n) for n in range(6)}


def test_a_rerun_replaces_the_first_run(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest
        from _pytest.runner import runtestprotocol

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_protocol(item, nextitem):
            for _ in range(2):
                for report in runtestprotocol(item, nextitem=nextitem, log=False):
                    item.ihook.pytest_runtest_logreport(report=report)
                item._initrequest()
            return True
        """
    )
    pytester.makepyfile(
        f"{SEND}\nruns = []\ndef test_again(qbchat):\n  runs.append(1)\n  send()\n  assert len(runs) > 1"
    )
    pytester.runpytest("-p", "no:randomly", "--qbchat-report=chat.html")
    [test] = rows_of(pytester.path / "chat.html").values()
    assert (test["outcome"], test["failures"], len(test["calls"])) == ("passed", [], 1)


def test_a_run_that_never_used_the_fake_has_an_empty_page(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    pytester.runpytest("--qbchat-report=chat.html")
    assert rows_of(pytester.path / "chat.html") == {}


def test_a_page_that_cannot_be_written_at_the_end_leaves_the_report_of_the_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from pathlib import Path

        def test_it():
            Path("chat.html").mkdir()
        """
    )
    result = pytester.runpytest("--qbchat-report=chat.html")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["qbchat: the page */chat.html could not be written: Is a directory"])


@pytest.mark.parametrize("former", [None, "the page of the former run"])
def test_a_process_that_is_killed_leaves_the_former_page(pytester: pytest.Pytester, former: str | None) -> None:
    page = pytester.path / "chat.html"
    if former is not None:
        page.write_text(former)
    pytester.makepyfile("import os\n\ndef test_it(qbchat): os._exit(3)")
    assert pytester.runpytest_subprocess("--qbchat-report=chat.html").ret == 3
    assert (page.read_text() if page.exists() else None) == former
    assert not (pytester.path / "chat.html.part").exists()


def test_calls_in_the_teardown_of_a_fixture_are_shown(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""{SEND}
@pytest.fixture
def late(qbchat):
    yield
    send("late")
    raise RuntimeError("not closed")

def test_it(late): send("early")
"""
    )
    result = pytester.runpytest("--qbchat-report=chat.html")
    result.stdout.fnmatch_lines(["*Captured qbchat teardown*", "*'early'*", "*'late'*"])
    [test] = rows_of(pytester.path / "chat.html").values()
    assert [message["text"] for message in test["dialogs"][0]["messages"]] == ["early", "late"]


def test_half_of_a_surrogate_pair_is_kept(pytester: pytest.Pytester) -> None:
    (pytester.path / "chat.html").write_text("the page of the former run")
    pytester.makepyfile("def test_it(qbchat): raise ValueError('half \\ud83d')")
    pytester.runpytest("--qbchat-report=chat.html")
    [test] = rows_of(pytester.path / "chat.html").values()
    assert test["failures"][0]["text"] == "ValueError: half \ud83d"


def test_a_folder_is_no_place_for_the_page(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--qbchat-report=.")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --qbchat-report: * is not a file to write: Is a directory"])


def test_without_the_option_nothing_is_collected_or_written(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_runtest_logreport(report): assert not hasattr(report, 'qbchat_page')")
    pytester.makepyfile(f"{SEND}\ndef test_it(qbchat): send()")
    assert "the conversations are in" not in pytester.runpytest().stdout.str()


# --- a conversation ---


def test_a_message_is_shown_with_all_that_happened_to_it(qbchat: FakeQuickBlox) -> None:
    shop, customer = qbchat.add_user(full_name="Sam Shop"), qbchat.add_user(full_name="Cleo Customer")
    qbchat.add_session(TOKEN, shop)
    dialog = qbchat.add_dialog(occupants_ids=[shop, customer], name="Orders")
    body = {"chat_dialog_id": dialog.id, "message": "Ordr #7", "send_to_chat": 1, "markable": 1, "order": 7}
    body |= {"dialog_id": dialog.id, "attachments": {"0": {"type": "image", "id": "47863"}}}
    message_id = post(json=body).json()["_id"]
    post(f"/chat/Message/{message_id}.json", "PUT", json={"chat_dialog_id": dialog.id, "message": "Order #7"})
    customer.receive()
    qbchat.messages.one().reactions = {"👍": [customer.id]}
    shown = page.conversation(qbchat._backend.store, qbchat.calls)
    assert shown["people"] == {str(shop.id): "Sam Shop", str(customer.id): "Cleo Customer"}
    [of_dialog] = shown["dialogs"]
    assert (of_dialog["name"], of_dialog["kind"], of_dialog["owner"]) == ("Orders", "group", shop.id)
    [message] = of_dialog["messages"]
    assert {name: message[name] for name in ("text", "original", "deleted", "to_chat", "markable", "by_call")} == {
        "text": "Order #7",
        "original": "Ordr #7",
        "deleted": False,
        "to_chat": True,
        "markable": True,
        "by_call": True,
    }
    assert (message["delivered_to"], message["received_by"], message["read_by"]) == ([customer.id], [customer.id], [])
    assert message["attachments"] == ["image 47863"]
    assert message["custom"] == ["order: 7"]
    assert message["reactions"] == [["👍", 1]]
    customer.read()
    [message] = page.conversation(qbchat._backend.store, qbchat.calls)["dialogs"][0]["messages"]
    assert (message["received_by"], message["read_by"]) == ([], [customer.id])


def test_a_message_of_the_test_is_not_by_a_call(qbchat: FakeQuickBlox) -> None:
    shop, customer = qbchat.add_user(), qbchat.add_user()
    qbchat.add_message(qbchat.add_dialog(occupants_ids=[shop, customer]), customer, "Where is it?")
    [message] = page.conversation(qbchat._backend.store, qbchat.calls)["dialogs"][0]["messages"]
    assert (message["by_call"], message["warnings"]) == (False, [])


def test_a_deleted_message_and_one_of_a_deleted_dialog_are_still_shown(qbchat: FakeQuickBlox) -> None:
    ids = [post(json={"chat_dialog_id": DIALOG, "message": text}).json()["_id"] for text in ("one", "two")]
    post(f"/chat/Message/{ids[0]}.json?force=1", "DELETE")
    [dialog] = page.conversation(qbchat._backend.store, qbchat.calls)["dialogs"]
    assert [(each["text"], each["deleted"]) for each in dialog["messages"]] == [("one", True), ("two", False)]
    post(f"/chat/Message/{ids[1]}.json?force=1", "DELETE")
    [dialog] = page.conversation(qbchat._backend.store, qbchat.calls)["dialogs"]
    assert (dialog["kind"], len(dialog["messages"])) == ("group, adopted on first sight", 2)
    post(f"/chat/Dialog/{DIALOG}.json?force=1", "DELETE")
    [dialog] = page.conversation(qbchat._backend.store, qbchat.calls)["dialogs"]
    assert (dialog["kind"], [each["deleted"] for each in dialog["messages"]]) == ("deleted dialog", [True, True])


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
def test_calls_have_both_sides(qbchat: FakeQuickBlox) -> None:
    post(json={"chat_dialog_id": DIALOG, "message": "hi", "sendToChat": 1})
    qbchat.fail("timeout")
    with pytest.raises(httpx.ReadTimeout):
        post(json={})
    good, lost = page.conversation(qbchat._backend.store, qbchat.calls)["calls"]
    assert (good["status"], good["method"], good["path"]) == (201, "POST", "/chat/Message.json")
    assert good["warnings"][0].startswith("sendToChat: became a custom field")
    assert json.loads(good["request"]["body"])["message"] == "hi"
    assert json.loads(good["response"]["body"])["sendToChat"] == 1
    assert (lost["status"], lost["fault"], lost["response"]) == (None, "timeout", None)


def test_a_body_is_shown_as_text_up_to_a_length(qbchat: FakeQuickBlox) -> None:
    post(content=b"\xff\xfe\x00", headers={"Content-Type": "application/octet-stream"})
    post(json={"chat_dialog_id": DIALOG, "message": "x" * 30_000})
    binary, long = (call["request"]["body"] for call in page.conversation(qbchat._backend.store, qbchat.calls)["calls"])
    assert binary == "(3 bytes that are not text)"
    assert len(long) < 21_000
    assert re.search(r"… \(\d+ more characters\)$", long)


def test_the_newest_of_many_are_shown(qbchat: FakeQuickBlox) -> None:
    for number in range(5):
        post(json={"chat_dialog_id": DIALOG, "message": str(number)})
    post(json={"chat_dialog_id": DIALOG.replace("9", "8"), "message": "elsewhere"})
    shown = page.conversation(qbchat._backend.store, qbchat.calls, newest=2)["dialogs"]
    texts = {dialog["id"]: [each["text"] for each in dialog["messages"]] for dialog in shown}
    assert texts == {DIALOG: ["3", "4"], DIALOG.replace("9", "8"): ["elsewhere"]}
    assert {dialog["id"]: dialog["earlier"] for dialog in shown} == {DIALOG: 3, DIALOG.replace("9", "8"): 0}
    assert len(page.conversation(qbchat._backend.store, qbchat.calls, newest=1)["dialogs"]) == 1


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
def test_nothing_on_the_page_is_secret_or_markup(qbchat: FakeQuickBlox) -> None:
    qbchat.add_credentials(api_key="made-up-api-key-of-the-shop")
    post(json={"chat_dialog_id": DIALOG, "message": f"</script><b>{TOKEN}", "note": TOKEN, "password": "made-up-pass"})
    post("/users.json", "GET", headers={"Authorization": "ApiKey made-up-api-key-of-the-shop"})
    post(headers={"Cookie": "session=made-up-cookie; theme=dark"}, files={"password": (None, "made-up-part")})
    post(f"/users.json?token={TOKEN}", "GET")
    html = page.html("A run", [{**page.conversation(qbchat._backend.store, qbchat.calls), "id": "x"}])
    for secret in (TOKEN, "made-up-api-key-of-the-shop", "made-up-pass", "made-up-cookie", "made-up-part"):
        assert secret not in html
    assert "</script><b>" not in html
    [dialog] = read(html)["tests"][0]["dialogs"]
    assert dialog["messages"][0]["text"].startswith("</script><b>made…#")
