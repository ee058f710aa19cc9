"""A shop that sends messages to its customers, with a mistake in each function."""

import httpx

QUICKBLOX = httpx.Client(
    base_url="https://api.quickblox.com",
    headers={"QB-Token": "made-up-token-of-the-shop"},
)
MESSAGES = "/chat/Message.json"


def announce_shipment(order: int, dialog_id: str) -> None:
    body = {
        "chat_dialog_id": dialog_id,
        "message": f"Order #{order} has shipped",
        "attachments": {"0": {"type": "image", "id": "47863"}},
        "markable": 1,
    }
    QUICKBLOX.post(MESSAGES, json=body).raise_for_status()


def announce_shipments(orders: list[int], dialog_id: str) -> None:
    for order in orders:
        body = {
            "chat_dialog_id": dialog_id,
            "message": f"Order #{order} has shipped",
            "order": str(order),
            "send_to_chat": 1,
        }
        QUICKBLOX.post(MESSAGES, json=body).raise_for_status()


def thank(user_id: int) -> None:
    try:
        name = QUICKBLOX.get(f"/data/Customer/{user_id}.json").json()["full_name"]
    except Exception:
        name = "dear customer"
    body = {"recipient_id": user_id, "message": f"Thank you, {name}", "send_to_chat": 1}
    QUICKBLOX.post(MESSAGES, json=body).raise_for_status()


def announce_delay(order: int, dialog_id: str) -> None:
    body = {"chat_dialog_id": dialog_id, "message": f"Order #{order} is delayed", "sendToChat": 1}
    QUICKBLOX.post(MESSAGES, json=body).raise_for_status()


def send_invoice(order: int, dialog_id: str, file_id: str) -> None:
    form = {
        "chat_dialog_id": dialog_id,
        "message": f"The invoice of order #{order}",
        "attachments": {"0": {"type": "image", "id": file_id}},
        "send_to_chat": 1,
    }
    QUICKBLOX.post(MESSAGES, data=form).raise_for_status()


def announce_pick_up(order: int, dialog_id: str) -> None:
    body = {"chat_dialog_id": dialog_id, "message": f"Order {order} can be picked up", "send_to_chat": 1}
    QUICKBLOX.post(MESSAGES, json=body).raise_for_status()
