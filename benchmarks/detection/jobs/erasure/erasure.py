"""Erases what a customer wrote in a dialog, for everybody, when the customer asks for it."""

import httpx

PAGE = 100
CHUNK = 25


class Eraser:
    def __init__(self, api_key: str) -> None:
        headers = {"Authorization": f"ApiKey {api_key}"}
        self._http = httpx.Client(base_url="https://api.quickblox.com", headers=headers, timeout=10)

    def erase(self, dialog_id: str, customer_id: int, agent_id: int) -> list[str]:
        """Erase the messages of a customer; the ids of those that could not be erased."""
        ids = [each["_id"] for each in self._history(dialog_id, agent_id) if each["sender_id"] == customer_id]
        left = []
        for start in range(0, len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            answer = self._http.delete(f"/chat/Message/{','.join(chunk)}.json", params={"force": 1}).raise_for_status()
            erased = answer.json()["SuccessfullyDeleted"]["ids"]
            left += [each for each in chunk if each not in erased]
        return left

    def _history(self, dialog_id: str, agent_id: int) -> list[dict]:
        messages: list[dict] = []
        while True:
            params = {"chat_dialog_id": dialog_id, "limit": PAGE, "skip": len(messages), "mark_as_read": 0}
            headers = {"On-Behalf-Of": str(agent_id)}
            answer = self._http.get("/chat/Message.json", params=params, headers=headers).raise_for_status()
            messages += answer.json()["items"]
            if len(answer.json()["items"]) < PAGE:
                return messages
