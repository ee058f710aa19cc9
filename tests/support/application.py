"""An application with made-up credentials, for tours of the fake."""

from __future__ import annotations

from typing import Any

from pytest_qbchat import FakeQuickBlox

MADE_UP = {
    "url": "https://api.quickblox.com",
    "application_id": "12345",
    "auth_key": "made-up-key-of-the-tour",
    "auth_secret": "made-up-secret-of-the-tour",
    "api_key": "made-up-api-key-of-the-tour",
    "account_key": "made-up-account-key-of-the-tour",
}


def declare(fake: FakeQuickBlox, **assumptions: Any) -> None:
    """Let a fake know the application, and answer unknown paths as QuickBlox does."""
    fake.add_credentials(
        application_id=int(MADE_UP["application_id"]),
        auth_key=MADE_UP["auth_key"],
        auth_secret=MADE_UP["auth_secret"],
        api_key=MADE_UP["api_key"],
    )
    fake.assume(**{"unknown_routes_refused": False} | assumptions)
