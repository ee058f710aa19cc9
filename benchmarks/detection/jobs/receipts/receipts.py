"""Marks the messages of a ticket as read when an agent has seen them on the web page of the help desk."""

import httpx

CHUNK = 20


class Receipts:
    def __init__(self, token: str, base_url: str = "https://api.quickblox.com") -> None:
        self._http = httpx.Client(base_url=base_url, headers={"QB-Token": token}, timeout=10)

    def mark_read(self, dialog_id: str, message_ids: list[str]) -> int:
        """Mark these messages as read; the number of calls."""
        calls = 0
        for start in range(0, len(message_ids), CHUNK):
            ids = ",".join(message_ids[start : start + CHUNK])
            body = {"chat_dialog_id": dialog_id, "read": 1, "delivered": 1}
            self._http.put(f"/chat/Message/{ids}.json", json=body).raise_for_status()
            calls += 1
        return calls
