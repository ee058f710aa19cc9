"""Sends the messages of a hotel's concierge to guests and staff."""

from typing import Any

import httpx

quickblox = httpx.Client(
    base_url="https://api.quickblox.com",
    headers={"QB-Token": "made-up-token-of-the-concierge"},
)


def welcome(guest_id: int) -> None:
    """Greet a guest with the room number, which is stored in a QuickBlox custom object."""
    response = quickblox.get("/data/Stay.json", params={"guest_id": guest_id})
    stays = response.raise_for_status().json()["items"]
    room = f"room {stays[0]['room']} is" if stays else "your room will soon be"
    _post(recipient_id=guest_id, message=f"Welcome, {room} ready!")


def pass_on(request: dict[str, Any], staff_dialog_id: str) -> None:
    """Forward the message of a guest to the staff.

    Args:
        request: The message, as listed by QuickBlox.
        staff_dialog_id: The dialog of the staff.
    """
    _post(
        chat_dialog_id=staff_dialog_id,
        message=request["message"],
        attachments={str(index): each for index, each in enumerate(request["attachments"])},
        guest_id=request["sender_id"],
    )


def _post(**fields: Any) -> None:
    quickblox.post("/chat/Message.json", json={**fields, "send_to_chat": 1}).raise_for_status()
