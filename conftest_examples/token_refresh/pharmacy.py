"""Tells patients that their medicine is ready.

The pharmacy creates its own sessions: it signs them with the secret of its QuickBlox application, stores the token, and
creates a new session when the old one has expired.
"""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Account:
    """The QuickBlox application, and the user that sends the pharmacy's messages."""

    application_id: int
    auth_key: str
    auth_secret: str
    login: str
    password: str


class PharmacyChat:
    """Sends messages to patients.

    Args:
        account: The credentials for sessions.
        base_url: The base URL of the chat API.
    """

    def __init__(self, account: Account, *, base_url: str = "https://api.quickblox.com") -> None:
        self._account = account
        self._http = httpx.Client(base_url=base_url)
        self._token = ""

    def announce(self, patient_id: int, medicine: str) -> None:
        """Tell a patient that a medicine can be collected."""
        body = {"recipient_id": patient_id, "message": f"{medicine} is ready for you", "send_to_chat": 1}
        self._post("/chat/Message.json", body).raise_for_status()

    def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Post within a session. After a 401, retry once with a new session: a second 401 has another cause."""
        if not self._token:
            self._begin_session()
        response = self._http.post(path, json=body, headers={"QB-Token": self._token})
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._begin_session()
            response = self._http.post(path, json=body, headers={"QB-Token": self._token})
        return response

    def _begin_session(self) -> None:
        account = self._account
        params = {
            "application_id": account.application_id,
            "auth_key": account.auth_key,
            "nonce": secrets.randbelow(1_000_000_000),
            "timestamp": int(time.time()),
            "user[login]": account.login,
            "user[password]": account.password,
        }
        to_sign = "&".join(f"{name}={params[name]}" for name in sorted(params))
        signature = hmac.new(account.auth_secret.encode(), to_sign.encode(), hashlib.sha1).hexdigest()
        response = self._http.post("/session.json", data={**params, "signature": signature})
        self._token = response.raise_for_status().json()["session"]["token"]
