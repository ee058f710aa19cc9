"""The concierge of a hotel, who knows every guest by name."""

from typing import Any

import httpx

quickblox = httpx.Client(
    base_url="https://api.quickblox.com",
    headers={"QB-Token": "made-up-token-of-the-concierge"},
)


def welcome(guest_id: int) -> None:
    response = quickblox.get(f"/users/{guest_id}.json")
    if response.status_code == httpx.codes.NOT_FOUND:
        name = "dear guest"
    else:
        name = response.raise_for_status().json()["user"]["full_name"]
    _post(recipient_id=guest_id, message=f"Welcome, {name}!")


def pass_on(request: dict[str, Any], staff_dialog_id: str) -> None:
    """Hand a message that a guest has written over to the staff.

    Args:
        request: The message as QuickBlox lists it.
        staff_dialog_id: Who should see to it.
    """
    _post(
        chat_dialog_id=staff_dialog_id,
        message=request["message"],
        attachments={str(index): each for index, each in enumerate(request["attachments"])},
        guest_id=request["sender_id"],
    )


def _post(**fields: Any) -> None:
    quickblox.post("/chat/Message.json", json={**fields, "send_to_chat": 1}).raise_for_status()
