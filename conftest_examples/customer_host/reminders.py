"""Sends patients reminders of their appointments, on behalf of their doctor.

The clinic has its own QuickBlox server. Some branches call it through a gateway, which the environment configures.
"""

import logging
import os

import httpx

log = logging.getLogger(__name__)


def remind(doctor_id: int, dialog_id: str, time: str) -> bool:
    """Send a reminder.

    Returns:
        Whether the message was sent. It is False for a wrong API key, which is logged for the operators.
    """
    base_url = os.environ.get("CLINIC_CHAT_URL", "https://apiclinic.quickblox.com")
    response = httpx.post(
        f"{base_url}/chat/Message.json",
        headers={
            "Authorization": f"ApiKey {os.environ['CLINIC_CHAT_KEY']}",
            "On-Behalf-Of": str(doctor_id),
        },
        json={
            "chat_dialog_id": dialog_id,
            "message": f"We expect you at {time}",
            "send_to_chat": 1,
            "markable": 1,
        },
    )
    if response.status_code == httpx.codes.UNAUTHORIZED:
        log.error("the chat refuses the key of the clinic: %s", response.json()["errors"])
        return False
    response.raise_for_status()
    return True
