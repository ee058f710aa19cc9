"""Writes the pictures of the documentation from a real run: `uv run --group browser python scripts/pictures.py`.

Needs Chromium. Each picture holds a digest of the text that it shows, by which the tests see that it is up to date.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from zlib import crc32

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_SHOP = """\
import httpx


def announce(dialog_id, text, **fields):
    httpx.post(
        "https://api.quickblox.com/chat/Message.json",
        headers={"QB-Token": "made-up-token-of-the-shop"},
        json={"chat_dialog_id": dialog_id, "message": text, "markable": 1, **fields},
    )
"""
_TESTS = """\
from shop import announce

PHOTO = {"0": {"type": "image", "id": "47863"}}


def test_the_customer_hears_about_the_delivery(qbchat, customer, dialog):
    announce(dialog.id, "Order #7 has shipped", send_to_chat=1, attachments=PHOTO)
    customer.read()
    customer.send(dialog, "Great, thank you! 🎉")
    announce(dialog.id, "Order #7 was delivered")

    qbchat.assert_posted(message="Order #7 was delivered", send_to_chat=1)


def test_an_order_that_is_late(qbchat, dialog):
    announce(dialog.id, "Order #8 is late", send_to_chat=1)
    qbchat.posted.one().assert_markable()


def test_an_order_that_was_lost(qbchat, dialog):
    announce(dialog.id, "Order #9 was lost", sendToChat=1)
"""
_CONFTEST = """\
import pytest
from freezegun import freeze_time


@pytest.fixture
def customer(qbchat):
    return qbchat.add_user(96830002, full_name="Cleo Customer")


@pytest.fixture
def dialog(qbchat, customer):
    with freeze_time("2019-09-09 20:30:15"):
        shop = qbchat.add_user(96830001, full_name="Sam Shop")
        qbchat.add_session("made-up-token-of-the-shop", shop)
        yield qbchat.add_dialog("5d75327ba28f9a0f32cb0f99", occupants_ids=[shop, customer], name="Order #7")
"""
_FRAME = """\
<meta charset="utf-8"><style>
body {{ margin: 0; background: #16181d; color: #d9dce3; }}
pre {{ font: 14px/1.45 "DejaVu Sans Mono", monospace; width: 80ch; margin: 0; padding: 16px; box-sizing: content-box;
  white-space: pre-wrap; overflow-wrap: anywhere; word-break: break-all; }}
{stylesheet}</style><pre>{code}</pre>
"""


class Picture(NamedTuple):
    """A picture.

    Attributes:
        png: The image, with the digest.
        digest: Of the text that it shows.
    """

    png: bytes
    digest: str


def pictures(browser: Any) -> Iterator[tuple[str, Picture]]:
    """The name of each picture, and the picture."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        printed = _run(folder)
        yield "failure.png", _shot(browser, _terminal(folder, printed), "pre")
        yield "page.png", _shot(browser, folder / "chat.html", "body", click=".row > summary")


def launch(playwright: Any) -> Any:
    """A headless Chromium.

    Raises:
        FileNotFoundError: It is not installed.
    """
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        raise FileNotFoundError(f"needs Chromium, one of {', '.join(_BROWSERS)}")
    # Without these arguments, Chromium calls hosts of its own.
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *quiet])


def digest_in(png: bytes) -> str:
    """The digest that a picture holds."""
    [digest] = re.findall(rb"tEXtSource\0([0-9a-f]{64})", png)
    return str(digest.decode())


def _run(folder: Path) -> str:
    """What pytest prints about the failing test, with colours."""
    for name, text in {"shop.py": _SHOP, "test_shop.py": _TESTS, "conftest.py": _CONFTEST}.items():
        (folder / name).write_text(text, encoding="utf-8")
    options = ["-q", "--no-header", "--color=yes", "--disable-warnings", "--qbchat-report=chat.html"]
    command = [sys.executable, "-m", "pytest", "-p", "no:randomly", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "COLUMNS": "80"}, capture_output=True, encoding="utf-8", check=False
    )
    start, end = done.stdout.index("_____ test_the"), done.stdout.index("qbchat: the conversations")
    return done.stdout[done.stdout.rindex("\n", 0, start) + 1 : end].rstrip()


def _terminal(folder: Path, printed: str) -> Path:
    """A page that looks like a terminal of 80 columns."""
    console = Console(record=True, file=StringIO(), width=1000)
    console.print(Text.from_ansi(printed), soft_wrap=True)
    path = folder / "terminal.html"
    path.write_text(console.export_html(theme=MONOKAI, code_format=_FRAME), encoding="utf-8")
    return path


def _shot(browser: Any, path: Path, selector: str, *, click: str = "") -> Picture:
    context = browser.new_context(viewport={"width": 900, "height": 600}, device_scale_factor=2, color_scheme="light")
    page = context.new_page()
    page.goto(path.as_uri())
    if click:
        page.locator(click).first.click()
        page.locator(".chat").wait_for()
    shown = page.locator(selector)
    text = re.sub(r"\d+ ms", "", page.locator("main, pre").first.text_content())
    png = shown.screenshot()
    style = path.read_text(encoding="utf-8").partition("</style>")[0]
    context.close()
    digest = sha256(f"{style}{text}".encode()).hexdigest()
    return Picture(_with_digest(png, digest), digest)


def _with_digest(png: bytes, digest: str) -> bytes:
    """A PNG file with a text chunk behind its header, which has a fixed length."""
    chunk = b"tEXtSource\0" + digest.encode()
    header = 8 + 25
    return png[:header] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", crc32(chunk)) + png[header:]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        for name, picture in pictures(launch(playwright)):
            (FOLDER / name).write_bytes(picture.png)
