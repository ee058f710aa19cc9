"""Sends the shop's messages to its customers."""

from dataclasses import dataclass
from typing import Any

import httpx

QUICKBLOX_URL = "https://api.quickblox.com"
QUICKBLOX_TOKEN = "made-up-token-of-the-shop"


@dataclass
class Order:
    number: int
    dialog_id: str
    photo_id: str | None = None
    cancelled: bool = False


def announce_shipment(order: Order) -> None:
    """Tell the customer that the parcel is on its way, and attach its photo if there is one."""
    if order.cancelled:
        return
    body: dict[str, Any] = {
        "chat_dialog_id": order.dialog_id,
        "message": f"Zoë, it's order #{order.number} & crêpes + tea. OK?",
        "send_to_chat": 1,
        "markable": 1,
    }
    if order.photo_id:
        body["attachments"] = {"0": {"type": "image", "id": order.photo_id}}
    httpx.post(
        f"{QUICKBLOX_URL}/chat/Message.json",
        headers={"QB-Token": QUICKBLOX_TOKEN},
        json=body,
    ).raise_for_status()
