"""Lets a back end speak for the agents of a bank, with one API key: each message is sent on behalf of an agent."""

import requests

BASE = "https://api.quickblox.com"


class Assistants:
    def __init__(self, api_key: str) -> None:
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"ApiKey {api_key}"

    def say(self, agent_id: int, customer_id: int, text: str) -> str:
        """Send a private message from an agent to a customer; the id of the dialog."""
        body = {"recipient_id": customer_id, "message": text, "send_to_chat": 1, "markable": 1}
        headers = {"On-Behalf-Of": str(agent_id)}
        response = self._http.post(f"{BASE}/chat/Message.json", json=body, headers=headers, timeout=10)
        response.raise_for_status()
        return response.json()["chat_dialog_id"]
