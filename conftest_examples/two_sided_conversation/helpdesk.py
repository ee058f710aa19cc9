"""The chat of an agent at the help desk of a telephone company."""

from typing import Any

import httpx

quickblox = httpx.Client(
    base_url="https://api.quickblox.com",
    headers={"QB-Token": "made-up-token-of-the-help-desk"},
)


def write(dialog_id: str, text: str) -> str:
    """Send a message to a customer, and request receipts.

    Returns:
        The id of the message.
    """
    body = {"chat_dialog_id": dialog_id, "message": text, "send_to_chat": 1, "markable": 1}
    response = quickblox.post("/chat/Message.json", json=body)
    message_id: str = response.raise_for_status().json()["_id"]
    return message_id


def state(message_id: str, customer_id: int) -> str:
    """The state of a message: "sent", "delivered" or "read"."""
    message = _get(f"/chat/Message/{message_id}.json")
    if customer_id in message["read_ids"]:
        return "read"
    return "delivered" if customer_id in message["delivered_ids"] else "sent"


def waiting(dialog_ids: list[str]) -> list[str]:
    """The dialogs with unread messages of customers."""
    unread = _get("/chat/Message/unread.json", chat_dialog_ids=",".join(dialog_ids))
    return [dialog_id for dialog_id in dialog_ids if unread[dialog_id]]


def look_through(dialog_id: str) -> list[str]:
    """The conversation, for a supervisor: it is not marked as read."""
    return [each["message"] for each in _get("/chat/Message.json", chat_dialog_id=dialog_id, mark_as_read=0)["items"]]


def read(dialog_id: str) -> list[str]:
    """The conversation, for the agent: it is marked as read."""
    return [each["message"] for each in _get("/chat/Message.json", chat_dialog_id=dialog_id)["items"]]


def _get(path: str, **params: Any) -> dict[str, Any]:
    answer: dict[str, Any] = quickblox.get(path, params=params).raise_for_status().json()
    return answer
