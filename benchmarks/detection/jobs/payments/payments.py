"""Handles the webhook of a payment provider: each payment is confirmed in the dialog of its order, once.

The provider delivers an event again until it gets a status below 300, so an event can come twice.
"""

from typing import Any

import httpx


class Webhook:
    def __init__(self, token: str, dialogs: dict[str, str]) -> None:
        self._http = httpx.Client(base_url="https://api.quickblox.com", headers={"QB-Token": token}, timeout=10)
        self._dialogs = dialogs

    def handle(self, event: dict[str, Any]) -> int:
        """Handle an event; the status for the provider."""
        if event["type"] != "payment.succeeded":
            return 204
        dialog_id = self._dialogs.get(event["order"])
        if dialog_id is None:
            return 204
        text = f"We've received {event['cents'] / 100:.2f} {event['currency']} for order {event['order']}. Thank you!"
        body = {"chat_dialog_id": dialog_id, "message": text, "event": event["id"], "send_to_chat": 1}
        try:
            if not self._is_confirmed(dialog_id, event["id"]):
                self._http.post("/chat/Message.json", json=body).raise_for_status()
        except httpx.HTTPError:
            return 502
        return 200

    def _is_confirmed(self, dialog_id: str, event_id: str) -> bool:
        params = {"chat_dialog_id": dialog_id, "sort_desc": "date_sent", "limit": 50, "mark_as_read": 0}
        messages = self._http.get("/chat/Message.json", params=params).raise_for_status().json()["items"]
        return any(message.get("event") == event_id for message in messages)
