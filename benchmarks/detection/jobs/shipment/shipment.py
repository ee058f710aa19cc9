"""Tells the customers of a web shop that their order has shipped."""

import requests

BASE = "https://api.quickblox.com"
quickblox = requests.Session()
quickblox.headers["QB-Token"] = "made-up-token-of-the-shop"


def announce_shipment(order: dict, dialog_id: str) -> str:
    """Post the announcement with a photo of the parcel; the id of the message."""
    text = f"Good news, {order['name']}! Order #{order['number']} ({order['article']}) has shipped: {order['link']}"
    body = {
        "chat_dialog_id": dialog_id,
        "message": text,
        "order": order["number"],
        "attachments": {"0": {"type": "image", "id": str(order["photo"])}},
        "send_to_chat": 1,
        "markable": 1,
    }
    response = quickblox.post(f"{BASE}/chat/Message.json", json=body, timeout=10)
    response.raise_for_status()
    return response.json()["_id"]
