"""Exports all dialogs of a support desk as CSV, with the names of the senders, for a lawyer or an audit."""

import csv
import io
from datetime import UTC, datetime

import httpx

PAGE = 100


class Export:
    def __init__(self, token: str) -> None:
        self._http = httpx.Client(base_url="https://api.quickblox.com", headers={"QB-Token": token}, timeout=10)

    def export(self) -> str:
        """All messages of all dialogs, oldest first."""
        dialogs = self._all("/chat/Dialog.json", {"sort_asc": "created_at"})
        messages = [
            message
            for dialog in dialogs
            for message in self._all(
                "/chat/Message.json", {"chat_dialog_id": dialog["_id"], "sort_asc": "date_sent", "mark_as_read": 0}
            )
        ]
        names = self._names({message["sender_id"] for message in messages})
        out = io.StringIO()
        writer = csv.writer(out)
        for message in messages:
            sent = datetime.fromtimestamp(message["date_sent"], UTC)
            sender = names.get(message["sender_id"], f"deleted user {message['sender_id']}")
            row = f"{sent:%Y-%m-%d %H:%M}", message["chat_dialog_id"], sender, message["message"] or ""
            writer.writerow([*row, len(message["attachments"])])
        return out.getvalue()

    def _all(self, path: str, params: dict) -> list[dict]:
        items: list[dict] = []
        while True:
            page = {"limit": PAGE, "skip": len(items)}
            found = self._http.get(path, params=params | page).raise_for_status().json()["items"]
            items += found
            if len(found) < PAGE:
                return items

    def _names(self, ids: set[int]) -> dict[int, str]:
        names = {}
        chosen = sorted(ids)
        for start in range(0, len(chosen), 50):
            joined = ",".join(map(str, chosen[start : start + 50]))
            params = {"filter[]": f"number id in {joined}", "per_page": 50}
            users = self._http.get("/users.json", params=params).raise_for_status().json()["items"]
            names |= {each["user"]["id"]: each["user"]["full_name"] for each in users}
        return names
