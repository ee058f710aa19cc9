"""The page of a run in a real browser: wide and narrow, by mouse and by keyboard."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.ways import TLS

from pytest_qbchat import FakeQuickBlox
from pytest_qbchat.page import page as report_page

DIALOG = "5d75327ba28f9a0f32cb0f99"
TOKEN = "made-up-token-of-the-shop"
MARKUP = "<script>document.title = 'broken'</script><img src=x> \u202b مرحبا 😀"


def send(fake: FakeQuickBlox, text: str, **fields: Any) -> None:
    with fake.intercept(), httpx.Client(verify=TLS, trust_env=False, headers={"QB-Token": TOKEN}) as client:
        body = {"chat_dialog_id": DIALOG, "message": text, **fields}
        client.post("https://api.quickblox.com/chat/Message.json", json=body)


def entry(fake: FakeQuickBlox, name: str, outcome: str = "passed", failure: str = "") -> dict[str, Any]:
    failures = [{"title": "", "text": failure, "failed": True}] if failure else []
    return {
        **report_page.conversation(fake._backend.store, fake.calls),
        "id": name,
        "outcome": outcome,
        "seconds": 0.01,
        "failures": failures,
    }


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A page with three tests."""
    fake = FakeQuickBlox()
    shop, customer = fake.add_user(full_name="Sam Shop"), fake.add_user(full_name="Cleo Customer")
    fake.add_session(TOKEN, shop)
    dialog = fake.add_dialog(DIALOG, occupants_ids=[shop, customer], name="Orders")
    fake.add_message(dialog, customer, "Where is my order?")
    send(fake, "On its way", send_to_chat=1, markable=1, attachments={"0": {"type": "image", "id": "47863"}})
    customer.read()
    with pytest.warns():
        send(fake, "Delivered", sendToChat=1)
    with pytest.warns():
        send(fake, "Lost", chat_dialog_id="5d75")
    strange = FakeQuickBlox()
    send(strange, MARKUP)
    tests = [
        entry(fake, "test_shop.py::test_two_sides", "failed", "AssertionError: no message was posted\n  second line"),
        entry(strange, "test_shop.py::test_strange"),
        entry(FakeQuickBlox(), "test_shop.py::test_silent"),
    ]
    path = tmp_path / "chat.html"
    path.write_text(report_page.html("A run", tests), encoding="utf-8")
    return path.as_uri()


def rows(page: Any) -> list[str]:
    names: list[str] = page.locator(".row:visible > summary code").all_inner_texts()
    return [name.rpartition("::")[2] for name in names]


def test_a_row_says_outcome_and_first_line_and_opens_to_the_conversation(url: str, open_page: Any) -> None:
    page = open_page(url)
    assert page.title() == "A run"
    assert page.locator("#summary").inner_text() == "3 tests: 1 failed, 2 passed"
    assert rows(page) == ["test_two_sides", "test_strange", "test_silent"]
    first = page.locator(".row").first
    assert first.locator(".badge").first.inner_text() == "failed"
    assert first.locator(".first").inner_text() == "AssertionError: no message was posted"
    first.locator("summary").click()
    assert "second line" in first.locator(".failure").inner_text()
    asked, sent, quiet = first.locator(".chat > li").all()
    assert "theirs" in asked.get_attribute("class")
    assert "ours" in sent.get_attribute("class")
    for text in ("Sam Shop", "On its way", "image 47863", "sent to chat, delivered to Cleo Customer", "; markable"):
        assert text in sent.inner_text()
    assert "read by Cleo Customer" in sent.inner_text()
    assert "history" in quiet.get_attribute("class")
    assert "history only: no occupant was notified" in quiet.inner_text()
    assert "sendToChat: became a custom field" in quiet.locator(".warning").inner_text()


def test_a_call_has_request_and_response_side_by_side_or_below_each_other(url: str, open_page: Any) -> None:
    for width in (1200, 390):
        page = open_page(url, width=width)
        page.locator(".row > summary").first.click()
        page.locator("summary", has_text="3 calls").click()
        calls = page.locator(".row details details > summary")
        calls.first.wait_for()
        assert [text.split(" ")[1] for text in calls.all_inner_texts()] == ["201", "201", "404"]
        assert "'Delivered' 1 warning" in calls.nth(1).inner_text()
        calls.first.click()
        page.locator(".sides").wait_for()
        request, response = page.locator(".sides > section").all()
        assert '  "message": "On its way",\n' in request.inner_text()
        assert "QB-Token: made…#" in request.inner_text()
        assert '    {\n      "type": "image",' in response.inner_text()
        left, right = request.bounding_box(), response.bounding_box()
        assert (left["y"] == right["y"]) == (width > 700)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_text_never_becomes_markup(url: str, open_page: Any) -> None:
    page = open_page(url)
    page.locator(".row > summary").nth(1).click()
    assert page.locator(".text").text_content() == MARKUP
    assert page.locator(".text").get_attribute("dir") == "auto"
    assert page.title() == "A run"
    assert page.locator("main img, main script").count() == 0


def test_search_and_filter_leave_the_rows_that_match(url: str, open_page: Any) -> None:
    page = open_page(url)
    for text, found in (("WHERE IS", ["test_two_sides"]), ("silent", ["test_silent"]), ("nothing", [])):
        page.fill("#search", text)
        assert rows(page) == found
    page.fill("#search", "")
    for kind in ("failed", "warnings", "refused"):
        page.select_option("#show", kind)
        assert rows(page) == ["test_two_sides"]
    assert page.locator("#summary").inner_text() == "1 test of 3: 1 failed"
    page.select_option("#show", "")
    assert len(rows(page)) == 3


def test_the_keyboard_is_enough(url: str, open_page: Any) -> None:
    page = open_page(url)
    page.keyboard.press("Tab")
    page.keyboard.type("strange")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator(".text").is_visible()
    page.keyboard.press("Enter")
    assert not page.locator(".text").is_visible()


def test_a_test_that_posted_nothing_says_so(url: str, open_page: Any) -> None:
    page = open_page(url, color_scheme="dark")
    page.locator(".row > summary").nth(2).click()
    assert page.locator(".row").nth(2).locator(".inside").inner_text() == "No message was posted."


def test_failed_tests_come_first_and_say_why_nothing_was_posted(tmp_path: Path, open_page: Any) -> None:
    fake, lost = FakeQuickBlox(), FakeQuickBlox()
    with pytest.warns():
        send(fake, "Lost", chat_dialog_id="5d75")
    lost.fail("disconnect", stored=True)
    with pytest.raises(httpx.RemoteProtocolError):
        send(lost, "Its answer is lost")
    tests = [entry(lost, "test_lost"), entry(fake, "test_refused", "failed", "AssertionError: none")]
    path = tmp_path / "chat.html"
    path.write_text(report_page.html("A run", tests), encoding="utf-8")
    page = open_page(path.as_uri())
    assert page.locator(".row:visible > summary code").all_inner_texts() == ["test_refused", "test_lost"]
    assert "1 posted;" in page.locator(".row > summary").nth(1).inner_text()
    page.locator(".row > summary").first.click()
    assert "No message was posted: invalid chat_dialog_id '5d75'" in page.locator(".inside").first.inner_text()


def test_json_is_indented_without_being_changed(url: str, open_page: Any) -> None:
    page = open_page(url)
    bodies = {
        '{"a":[1,{"b":"x, {y}: \\"z\\""}],"c":{},"d":[]}': (
            '{\n  "a": [\n    1,\n    {\n      "b": "x, {y}: \\"z\\""\n    }\n  ],\n  "c": {},\n  "d": []\n}'
        ),
        '{"id":12345678901234567890,"id":1.0}': '{\n  "id": 12345678901234567890,\n  "id": 1.0\n}',
        "a=1&b={2}": "a=1&b={2}",
        "[": "[\n  ",
    }
    for body, shown in bodies.items():
        assert page.evaluate("(body) => indented(body)", body) == shown


@pytest.fixture
def server() -> Iterator[subprocess.Popen[str]]:
    """The program; the first line that it prints ends with its URL."""
    command = [sys.executable, "-m", "pytest_qbchat", "--port", "0"]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", env=environment) as program:
        try:
            yield program
        finally:
            program.kill()


def test_the_page_of_the_server_follows_it(server: subprocess.Popen[str], open_page: Any) -> None:
    assert server.stdout is not None
    url = server.stdout.readline().split()[-1]
    page = open_page(f"{url}/")
    with httpx.Client(base_url=url, trust_env=False, headers={"QB-Token": TOKEN}) as client:
        body = {"chat_dialog_id": DIALOG, "send_to_chat": 1}
        client.post("/chat/Message.json", json={**body, "message": "First"})
        page.get_by_text("First", exact=True).wait_for()
        page.locator("summary", has_text="1 call").click()
        client.post("/chat/Message.json", json={**body, "message": "Second"})
        page.get_by_text("Second", exact=True).wait_for()
        assert page.locator("main > details[open] > summary").first.inner_text() == "2 calls: 2 posted"
        for number in range(20):
            client.post("/chat/Message.json", json={**body, "message": f"Line {number}"})
        page.get_by_text("Line 19", exact=True).wait_for()
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        client.post("/chat/Message.json", json={**body, "message": "Newest"})
        page.get_by_text("Newest", exact=True).wait_for()
        assert page.evaluate("innerHeight + scrollY >= document.documentElement.scrollHeight - 4")
        line = page.get_by_text("Line 8", exact=True)
        line.evaluate("(each) => each.scrollIntoView({ block: 'center' })")
        place = line.bounding_box()
        other = {"recipient_id": 7, "send_to_chat": 1}
        client.post("/chat/Message.json", json={**other, "message": "Elsewhere"})
        page.get_by_text("Elsewhere", exact=True).wait_for()
        assert abs(line.bounding_box()["y"] - place["y"]) < 2
    assert not page.locator(".search").is_visible()
    page.get_by_role("button", name="Reset").click()
    page.get_by_text("No message was posted.").wait_for()


def test_ten_thousand_messages_open_within_a_second(tmp_path: Path, open_page: Any) -> None:
    """By the clock of the page, and by the best of three, since the machine may have other work."""
    fake = FakeQuickBlox()
    shop = fake.add_user(full_name="Sam Shop")
    dialog = fake.add_dialog(occupants_ids=[shop])
    for number in range(10_000):
        fake.add_message(dialog, shop, f"Order #{number} has shipped")
    path = tmp_path / "chat.html"
    path.write_text(report_page.html("A long run", [entry(fake, "test_long")]), encoding="utf-8")
    times = []
    for _ in range(3):
        page = open_page(path.as_uri())
        times.append(page.evaluate("performance.timing.loadEventEnd - performance.timing.navigationStart"))
        page.locator(".row > summary").click()
        page.locator(".chat").wait_for()
        assert page.locator(".chat > li").count() == 10_000
    assert min(times) < 1000
