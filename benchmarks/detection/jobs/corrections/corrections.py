"""Corrects the delivery date in a message that was sent before, or announces it if there is none."""

import requests

BASE = "https://api.quickblox.com"
quickblox = requests.Session()
quickblox.headers["QB-Token"] = "made-up-token-of-the-shop"


def correct_date(dialog_id: str, order: int, text: str) -> str:
    """Replace the text of the newest announcement of an order; "edited" or "posted"."""
    params = {"chat_dialog_id": dialog_id, "sort_desc": "date_sent", "limit": 100, "mark_as_read": 0}
    response = quickblox.get(f"{BASE}/chat/Message.json", params=params, timeout=10)
    response.raise_for_status()
    for message in response.json()["items"]:
        if message.get("order") == order:
            body = {"chat_dialog_id": dialog_id, "message": text}
            response = quickblox.put(f"{BASE}/chat/Message/{message['_id']}.json", json=body, timeout=10)
            response.raise_for_status()
            return "edited"
    body = {"chat_dialog_id": dialog_id, "message": text, "order": order, "send_to_chat": 1}
    response = quickblox.post(f"{BASE}/chat/Message.json", json=body, timeout=10)
    response.raise_for_status()
    return "posted"
