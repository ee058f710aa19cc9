"""Copies the history of a ticket into the archive of the help desk, page by page, without marking it as read."""

from datetime import UTC, datetime

import requests

BASE = "https://api.quickblox.com"
PAGE = 100


def archive(token: str, dialog_id: str) -> list[str]:
    """The history as lines, oldest first."""
    messages = []
    while True:
        params = {
            "chat_dialog_id": dialog_id,
            "sort_asc": "date_sent",
            "limit": PAGE,
            "skip": len(messages),
            "mark_as_read": 0,
        }
        response = requests.get(f"{BASE}/chat/Message.json", params=params, headers={"QB-Token": token}, timeout=10)
        response.raise_for_status()
        page = response.json()["items"]
        messages += page
        if len(page) < PAGE:
            return [line(message) for message in messages]


def line(message: dict) -> str:
    sent = datetime.fromtimestamp(message["date_sent"], UTC)
    files = ", ".join(f"{each['type']} {each.get('id') or each.get('url')}" for each in message["attachments"])
    text = " ".join(part for part in (message["message"], f"[{files}]" if files else "") if part)
    return f"{sent:%Y-%m-%d %H:%M} {message['sender_id']}: {text}"
