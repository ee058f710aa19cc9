"""Logs a support desk in to QuickBlox, keeps the token until shortly before it expires, and sends with it."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

import requests

BASE = "https://api.quickblox.com"
LIFETIME = 2 * 60 * 60 - 300  # a token expires two hours after its last call


@dataclass
class Account:
    application_id: int
    auth_key: str
    auth_secret: str
    login: str
    password: str


class SupportDesk:
    def __init__(self, account: Account) -> None:
        self.account = account
        self._token = ""
        self._expires = 0.0

    def answer(self, dialog_id: str, text: str) -> None:
        body = {"chat_dialog_id": dialog_id, "message": text, "send_to_chat": 1}
        headers = {"QB-Token": self.token()}
        response = requests.post(f"{BASE}/chat/Message.json", json=body, headers=headers, timeout=10)
        response.raise_for_status()

    def token(self) -> str:
        if not self._token or time.time() >= self._expires:
            self._log_in()
        return self._token

    def _log_in(self) -> None:
        params = {
            "application_id": self.account.application_id,
            "auth_key": self.account.auth_key,
            "nonce": secrets.randbelow(1_000_000_000),
            "timestamp": int(time.time()),
            "user[login]": self.account.login,
            "user[password]": self.account.password,
        }
        signed = "&".join(f"{name}={params[name]}" for name in sorted(params))
        params["signature"] = hmac.new(self.account.auth_secret.encode(), signed.encode(), hashlib.sha1).hexdigest()
        response = requests.post(f"{BASE}/session.json", data=params, timeout=10)
        response.raise_for_status()
        self._token = response.json()["session"]["token"]
        self._expires = time.time() + LIFETIME
