"""Shows the agents of a help desk how many messages of each ticket they have not read."""

import httpx


class Badges:
    def __init__(self, token: str) -> None:
        self._http = httpx.Client(base_url="https://api.quickblox.com", headers={"QB-Token": token}, timeout=10)

    def unread(self, dialog_ids: list[str]) -> dict[str, int]:
        """The number of unread messages by ticket, without the tickets that have none."""
        params = {"chat_dialog_ids": ",".join(dialog_ids)}
        counts = self._http.get("/chat/Message/unread.json", params=params).raise_for_status().json()
        return {dialog_id: counts[dialog_id] for dialog_id in dialog_ids if counts.get(dialog_id)}

    def total(self) -> int:
        """The number of all unread messages."""
        return self._http.get("/chat/Message/unread.json").raise_for_status().json()["total"]
