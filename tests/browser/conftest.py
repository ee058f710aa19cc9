"""A headless Chromium, if it is installed; `QBCHAT_BROWSER=required` demands it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

REQUIRED = os.environ.get("QBCHAT_BROWSER") == "required"


@pytest.fixture(scope="module")  # playwright runs an event loop, in which other tests could not run theirs
def chromium() -> Iterator[Any]:
    """A browser of playwright."""
    try:
        import pictures
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        (pytest.fail if REQUIRED else pytest.skip)(f"needs the dependency group browser: {error}")
    with sync_playwright() as playwright:
        try:
            browser = pictures.launch(playwright)
        except FileNotFoundError as error:
            (pytest.fail if REQUIRED else pytest.skip)(str(error))
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Any]:
    """Opens a page, wide or narrow; the test fails for what the page logs, and for each request to another place."""
    contexts, problems = [], []

    def open_page(url: str, *, width: int = 1200, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: request.url.startswith(url) or problems.append(request.url))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []
