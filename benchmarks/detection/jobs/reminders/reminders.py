"""Reminds patients of appointments. A token that has expired is replaced, and the message is sent again, once."""

import hashlib
import hmac
import secrets
import time

import requests

BASE = "https://api.quickblox.com"


class Clinic:
    def __init__(self, login: str, password: str, auth_secret: str) -> None:
        self._login, self._password, self._auth_secret = login, password, auth_secret
        self._token = ""

    def remind(self, patient_id: int, text: str) -> str:
        """Send a reminder to a patient; the id of the message."""
        body = {"recipient_id": patient_id, "message": text, "send_to_chat": 1, "markable": 1}
        if not self._token:
            self._begin_session()
        response = self._post(body)
        if response.status_code == 401:
            self._begin_session()
            response = self._post(body)
        response.raise_for_status()
        return response.json()["_id"]

    def _post(self, body: dict) -> requests.Response:
        headers = {"QB-Token": self._token}
        return requests.post(f"{BASE}/chat/Message.json", json=body, headers=headers, timeout=10)

    def _begin_session(self) -> None:
        params = {
            "application_id": 76730,
            "auth_key": "made-up-key",
            "nonce": secrets.randbelow(1_000_000_000),
            "timestamp": int(time.time()),
            "user[login]": self._login,
            "user[password]": self._password,
        }
        signed = "&".join(f"{name}={value}" for name, value in sorted(params.items()))
        params["signature"] = hmac.new(self._auth_secret.encode(), signed.encode(), hashlib.sha1).hexdigest()
        response = requests.post(f"{BASE}/session.json", data=params, timeout=10)
        response.raise_for_status()
        self._token = response.json()["session"]["token"]
