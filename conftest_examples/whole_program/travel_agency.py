"""Sends a ticket to a traveller: a complete program, without any code for tests.

It reads its settings from the environment, and uses all main resources of QuickBlox: sessions, users, dialogs, files
and messages.
"""

import hashlib
import hmac
import os
import secrets
import time
from typing import Any

import httpx

TICKET = b"%PDF-1.7 a ticket to Lisbon"


class QuickBlox:
    """A minimal QuickBlox client, like those of many back ends."""

    def __init__(self) -> None:
        self.http = httpx.Client(base_url=os.environ["QUICKBLOX_URL"], timeout=10)

    def call(self, method: str, path: str, json: dict[str, Any] | None = None, **params: Any) -> Any:
        """Call QuickBlox.

        Returns:
            The decoded body of the response; None if it is empty.
        """
        response = self.http.request(method, path, json=json, params=params).raise_for_status()
        return response.json() if response.content else None

    def begin_session(self) -> None:
        """Create an application session, which has no user yet."""
        params: dict[str, Any] = {
            "application_id": int(os.environ["QUICKBLOX_APPLICATION_ID"]),
            "auth_key": os.environ["QUICKBLOX_AUTH_KEY"],
            "nonce": secrets.randbelow(1_000_000_000),
            "timestamp": int(time.time()),
        }
        to_sign = "&".join(f"{name}={value}" for name, value in sorted(params.items()))
        key = os.environ["QUICKBLOX_AUTH_SECRET"].encode()
        signature = hmac.new(key, to_sign.encode(), hashlib.sha1).hexdigest()
        session = self.call("POST", "/session.json", json={**params, "signature": signature})["session"]
        self.http.headers["QB-Token"] = session["token"]

    def sign_up(self, login: str, password: str, full_name: str) -> int:
        """Sign a user up.

        Returns:
            The id of the user.
        """
        user = {"login": login, "password": password, "full_name": full_name}
        user_id: int = self.call("POST", "/users.json", json={"user": user})["user"]["id"]
        return user_id

    def upload(self, name: str, content: bytes) -> str:
        """Upload a document.

        Returns:
            The id of the blob, for attachments.
        """
        document = {"name": name, "content_type": "application/pdf"}
        blob = self.call("POST", "/blobs.json", json={"blob": document})["blob"]
        address = httpx.URL(blob["blob_object_access"]["params"])
        file = (name, content, "application/pdf")
        httpx.post(address.copy_with(query=None), data=dict(address.params), files={"file": file}).raise_for_status()
        self.call("PUT", f"/blobs/{blob['id']}/complete.json", json={"blob": {"size": len(content)}})
        return str(blob["id"])

    def send(self, dialog_id: str, text: str, attachments: dict[str, Any] | None = None) -> str:
        """Send a message.

        Returns:
            The id of the message.
        """
        body = {"chat_dialog_id": dialog_id, "message": text, "send_to_chat": 1, "markable": 1}
        if attachments:
            body["attachments"] = attachments
        message_id: str = self.call("POST", "/chat/Message.json", json=body)["_id"]
        return message_id


def main() -> None:
    """Make all QuickBlox calls that belong to a booking."""
    quickblox = QuickBlox()
    quickblox.begin_session()
    password = os.environ["AGENCY_PASSWORD"]
    agency = quickblox.sign_up("agency", password, "The Travel Agency")
    traveller = quickblox.sign_up("traveller", secrets.token_urlsafe(12), "Tilda Traveller")
    quickblox.call("POST", "/login.json", json={"login": "agency", "password": password})

    group = {"type": 2, "name": "Lisbon in May", "occupants_ids": [agency, traveller]}
    dialog_id = quickblox.call("POST", "/chat/Dialog.json", json=group)["_id"]
    ticket = {"type": "file", "id": quickblox.upload("ticket.pdf", TICKET), "name": "ticket.pdf"}
    booked = quickblox.send(dialog_id, "Booked! Your train leaves at 8:00", {"0": ticket})
    mistaken = quickblox.send(dialog_id, "Dear Mr Miller, your cruise is cancelled")

    # The departure has changed, and the message to Mr Miller was sent to the wrong dialog.
    new_text = {"chat_dialog_id": dialog_id, "message": "Booked! Your train leaves at 9:00"}
    quickblox.call("PUT", f"/chat/Message/{booked}.json", json=new_text)
    quickblox.call("DELETE", f"/chat/Message/{mistaken}.json", force=1)

    for message in quickblox.call("GET", "/chat/Message.json", chat_dialog_id=dialog_id)["items"]:
        print(message["message"])
    quickblox.call("DELETE", "/login.json")
    quickblox.call("DELETE", "/session.json")


if __name__ == "__main__":
    main()
