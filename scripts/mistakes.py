"""Writes docs/mistakes.md, which shows common mistakes and how they fail: `uv run python scripts/mistakes.py`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import NamedTuple

PAGE = Path(__file__).parents[1] / "docs" / "mistakes.md"
_CODE = """\
# shop.py
import httpx
import pytest

BASE = "https://api.quickblox.com"
URL = f"{BASE}/chat/Message.json"
TOKEN = {"QB-Token": "made-up-token-of-the-shop"}
DIALOG = "5d75327ba28f9a0f32cb0f99"


def post(url=URL, headers=TOKEN, **fields):
    body = {"chat_dialog_id": DIALOG, "message": "Order #7 has shipped"} | fields
    return httpx.post(url, json=body, headers=headers)
"""
_CONFTEST = """
import pytest
from freezegun import freeze_time

@pytest.fixture(autouse=True)
def _same_ids():
    with freeze_time("2019-09-09 20:30:15"):
        yield
"""


class Mistake(NamedTuple):
    """A mistake in the code or in the test.

    Attributes:
        title: What went wrong, as a heading.
        test: The test, with the call of the code.
    """

    title: str
    test: str


MISTAKES = (
    Mistake(
        "`send_to_chat` is missing",
        """
        post()
        qbchat.assert_posted(message="Order #7 has shipped", send_to_chat=1)
        """,
    ),
    Mistake(
        "`send_to_chat` is misspelt",
        """
        post(sendToChat=1)
        qbchat.assert_posted().assert_sent_to_chat()
        """,
    ),
    Mistake("A misspelt field that no assertion looks at", "post(sendToChat=1)"),
    Mistake("A flag that is `true`", "post(send_to_chat=True)"),
    Mistake(
        "`markable` is missing",
        """
        post(send_to_chat=1)
        qbchat.posted.one().assert_markable()
        """,
    ),
    Mistake(
        "Another text",
        """
        post(message="Order #7 has shiped", send_to_chat=1)
        qbchat.assert_posted(message="Order #7 has shipped", send_to_chat=1)
        """,
    ),
    Mistake(
        "A number that arrived as a string",
        """
        post(order="7")
        qbchat.assert_posted(order=7)
        """,
    ),
    Mistake(
        "The message was posted twice",
        """
        post()
        post()
        qbchat.assert_posted(message="Order #7 has shipped")
        """,
    ),
    Mistake(
        "A message that should not have been posted",
        """
        post()
        qbchat.assert_nothing_posted()
        """,
    ),
    Mistake(
        "A text that should not have been posted",
        """
        post(message="Order #8 has shipped")
        qbchat.assert_not_posted(message="Order #8 has shipped")
        """,
    ),
    Mistake(
        "A call to another host",
        """
        with pytest.raises(httpx.ConnectError):
            post(url="http://127.0.0.1:9/chat/Message.json")
        qbchat.assert_posted(send_to_chat=1)
        """,
    ),
    Mistake(
        "The code makes no call, or does not await it",
        """
        async def announce():
            async with httpx.AsyncClient() as client:
                await client.post(URL, json={"recipient_id": 20}, headers=TOKEN)


        announce()  # await is missing
        qbchat.assert_posted(message="Order #7 has shipped")
        """,
    ),
    Mistake(
        "The code only reads",
        """
        httpx.get(f"{BASE}/chat/Dialog.json", headers=TOKEN)
        qbchat.assert_posted(message="Hello")
        """,
    ),
    Mistake(
        "The session has expired",
        """
        qbchat.add_session("made-up-token-of-the-shop", qbchat.add_user())
        qbchat.expire_sessions()
        post()
        qbchat.posted.one()
        """,
    ),
    Mistake(
        "No token at all",
        """
        post(headers={})
        qbchat.posted.last
        """,
    ),
    Mistake(
        "The sender is not an occupant",
        """
        customer = qbchat.add_user(full_name="Cleo Customer")
        dialog = qbchat.add_dialog(occupants_ids=[customer])
        post(chat_dialog_id=dialog.id)
        qbchat.assert_posted(message="Order #7 has shipped")
        """,
    ),
    Mistake(
        "A malformed dialog id",
        """
        post(chat_dialog_id="orders")
        qbchat.assert_posted(chat_dialog_id="orders")
        """,
    ),
    Mistake(
        "Another dialog than the declared one",
        """
        dialog = qbchat.add_dialog(occupants_ids=[7, 8])
        post()
        qbchat.assert_posted(chat_dialog_id=dialog.id)
        """,
    ),
    Mistake(
        "Another sender",
        """
        support = qbchat.add_user(full_name="Sam Support")
        post()
        qbchat.assert_posted(sender_id=support)
        """,
    ),
    Mistake(
        "An empty inbox: history only",
        """
        support, customer = qbchat.add_user(full_name="Sam Support"), qbchat.add_user(full_name="Cleo Customer")
        qbchat.add_session("made-up-token-of-the-shop", support)
        post(chat_dialog_id=qbchat.add_dialog(occupants_ids=[support, customer]).id)
        customer.inbox.one()
        """,
    ),
    Mistake(
        "An empty inbox: another dialog",
        """
        support, customer = qbchat.add_user(full_name="Sam Support"), qbchat.add_user(full_name="Cleo Customer")
        qbchat.add_session("made-up-token-of-the-shop", support)
        post(send_to_chat=1)
        customer.inbox.one()
        """,
    ),
    Mistake(
        "Attachments under a placeholder",
        """
        post(attachments={"N": {"type": "image", "id": "47863"}})
        qbchat.posted.one().assert_attachments({"type": "image", "id": "47863"})
        """,
    ),
    Mistake(
        "Another attachment",
        """
        post(attachments={"0": {"type": "image", "id": "47863"}})
        qbchat.posted.one().assert_attachments({"type": "image", "id": "47864"})
        """,
    ),
    Mistake(
        "Nobody has read the message",
        """
        support, customer = qbchat.add_user(full_name="Sam Support"), qbchat.add_user(full_name="Cleo Customer")
        qbchat.add_session("made-up-token-of-the-shop", support)
        post(chat_dialog_id=qbchat.add_dialog(occupants_ids=[support, customer]).id, send_to_chat=1, markable=1)
        qbchat.posted.one().assert_read_by(customer)
        """,
    ),
    Mistake(
        "A retry that posts twice",
        """
        for trial in qbchat.each_fault("timeout-stored"):
            with trial:
                try:
                    post()
                except httpx.TransportError:
                    post()
            qbchat.assert_posted()
        """,
    ),
    Mistake(
        "A missing check of the status",
        """
        for trial in qbchat.each_fault(503):
            with trial:
                post().json()["_id"]
        """,
    ),
    Mistake("A route that is not covered", 'httpx.get(f"{BASE}/data/Customer/7.json", headers=TOKEN)'),
    Mistake("A misspelt route", 'httpx.post(f"{BASE}/chat/Mesage.json", json={}, headers=TOKEN)'),
    Mistake(
        "A library that is not intercepted",
        """
        import smtplib

        smtplib.SMTP("smtp.quickblox.com")
        """,
    ),
    Mistake("The test forgot the name of the field", 'qbchat.assert_posted("Order #7 has shipped")'),
    Mistake(
        "The test uses another name for the text",
        """
        post()
        assert qbchat.posted.one().text == "Order #7 has shipped"
        """,
    ),
    Mistake(
        "The test reads a custom field as an attribute",
        """
        post(order=7)
        assert qbchat.posted.one().order == 7
        """,
    ),
    Mistake(
        "The test misspells a field",
        """
        post()
        qbchat.assert_not_posted(mesage="Order #7 has shipped")
        """,
    ),
    Mistake("The test gives a name where an id is expected", 'qbchat.add_user("Cleo Customer")'),
)


def failures() -> list[str]:
    """The failure of each mistake, as pytest prints it with `--tb=short`."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "conftest.py").write_text(_CONFTEST, encoding="utf-8")
        (folder / "shop.py").write_text(_CODE, encoding="utf-8")
        tests = [_test(number, mistake) for number, mistake in enumerate(MISTAKES)]
        (folder / "test_shop.py").write_text("\n\n".join(["from shop import *", *tests]), encoding="utf-8")
        options = ["-q", "--tb=short", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options],
            cwd=folder,
            env=os.environ | {"COLUMNS": "80", "PYTEST_ADDOPTS": ""},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    blocks = re.findall(r"^_+ test_(\d+) _+\n(.*?)^-+ Captured", done.stdout, flags=re.DOTALL | re.MULTILINE)
    printed = {int(number): block.splitlines() for number, block in blocks}
    if missing := [mistake.title for number, mistake in enumerate(MISTAKES) if number not in printed]:
        raise ValueError(f"these tests do not fail: {missing}\n{done.stdout}{done.stderr}")
    return ["\n".join(_texts(printed[number])) for number in range(len(MISTAKES))]


def _test(number: int, mistake: Mistake) -> str:
    return f"def test_{number}(qbchat):\n{_indented(mistake.test)}\n"


def _texts(lines: list[str]) -> list[str]:
    """The lines of an error; those of a failure without traceback have no marks."""
    marked = [line.removeprefix("E").removeprefix("   ") for line in lines if line.startswith("E ")]
    return marked or lines


def _indented(code: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in dedent(code).strip().splitlines())


def page() -> str:
    """The whole page."""
    lines = [
        "# Mistakes, and how they fail",
        "",
        "Generated by `uv run python scripts/mistakes.py`, which runs every test below. In all of them `post()` is the",
        "code under test, and `qbchat` is the fixture:",
        "",
        "```python",
        _CODE.strip(),
        "```",
        "",
    ]
    for mistake, printed in zip(MISTAKES, failures(), strict=True):
        lines += [f"## {mistake.title}", "", "```python", dedent(mistake.test).strip(), "```", ""]
        lines += ["```text", printed, "```", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
