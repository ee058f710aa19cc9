import requests
from django.conf import settings

from bookshop.models import Order


def announce(order: Order) -> None:
    """Tell the customer that an order has shipped."""
    requests.post(
        "https://api.quickblox.com/chat/Message.json",
        headers={"QB-Token": settings.QUICKBLOX_TOKEN},
        json={
            "chat_dialog_id": order.dialog_id,
            "message": f"“{order.title}” has shipped",
            "send_to_chat": 1,
        },
        timeout=10,
    ).raise_for_status()
