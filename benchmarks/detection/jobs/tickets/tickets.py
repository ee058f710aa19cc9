"""Opens a dialog for each ticket of a help desk, greets the customer there, and calls in a second agent."""

import httpx


class Tickets:
    def __init__(self, token: str) -> None:
        self._http = httpx.Client(base_url="https://api.quickblox.com", headers={"QB-Token": token}, timeout=10)

    def open(self, number: int, subject: str, customer_id: int) -> str:
        """Open the dialog of a ticket and greet the customer; the id of the dialog."""
        body = {"type": 2, "name": f"#{number}: {subject}"[:200], "occupants_ids": [customer_id]}
        dialog_id = self._http.post("/chat/Dialog.json", json=body).raise_for_status().json()["_id"]
        greeting = {"chat_dialog_id": dialog_id, "message": f"We'll look into “{subject}”", "send_to_chat": 1}
        self._http.post("/chat/Message.json", json=greeting).raise_for_status()
        return dialog_id

    def escalate(self, dialog_id: str, expert_id: int) -> list[int]:
        """Call in an expert; who takes part now."""
        body = {"push_all": {"occupants_ids": [expert_id]}}
        dialog = self._http.put(f"/chat/Dialog/{dialog_id}.json", json=body).raise_for_status().json()
        return dialog["occupants_ids"]
