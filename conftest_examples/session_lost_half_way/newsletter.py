"""Sends a newsletter to subscribers, one after the other, within a session that may end at any time.

When QuickBlox answers 401, the sender begins a new session, and goes on where it was.
"""

import hashlib
import hmac
import secrets
import time
from typing import Any

import httpx

SECRET = "made-up-secret-of-the-newsletter"


class Newsletter:
    """Sends a text to many users."""

    def __init__(self) -> None:
        self._http = httpx.Client(base_url="https://api.quickblox.com")

    def send(self, text: str, subscribers: list[int]) -> None:
        """Send a text to each subscriber once."""
        with self._http:
            self._begin_session()
            for subscriber in subscribers:
                body = {"recipient_id": subscriber, "message": text, "send_to_chat": 1}
                response = self._http.post("/chat/Message.json", json=body)
                if response.status_code == httpx.codes.UNAUTHORIZED:
                    self._begin_session()
                    response = self._http.post("/chat/Message.json", json=body)
                response.raise_for_status()

    def _begin_session(self) -> None:
        params: dict[str, Any] = {
            "application_id": 76730,
            "auth_key": "made-up-key",
            "nonce": secrets.randbelow(1_000_000_000),
            "timestamp": int(time.time()),
            "user[login]": "newsletter",
            "user[password]": "made-up-password",
        }
        to_sign = "&".join(f"{name}={params[name]}" for name in sorted(params))
        signature = hmac.new(SECRET.encode(), to_sign.encode(), hashlib.sha1).hexdigest()
        response = self._http.post("/session.json", data={**params, "signature": signature})
        self._http.headers["QB-Token"] = response.raise_for_status().json()["session"]["token"]
