"""Tells recipients that their parcel is at the door, with retries when QuickBlox fails.

QuickBlox may have stored a message although its response was lost. So each message has its delivery number in a custom
field, and before a retry the code searches the history for that number.
"""

import time

import httpx

quickblox = httpx.Client(
    base_url="https://api.quickblox.com",
    headers={"QB-Token": "made-up-token-of-the-courier"},
)

ATTEMPTS = 3
PAUSE = 0.5  # seconds before the second attempt; doubled for each further attempt
BUSY = {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE}


class NotAnnouncedError(Exception):
    """The message could not be sent. The courier should ring the bell."""


def announce_naively(dialog_id: str, delivery: str) -> None:
    """Send the message again whenever there is no response. This can send it twice."""
    for _ in range(ATTEMPTS):
        try:
            _post(dialog_id, delivery).raise_for_status()
        except httpx.TransportError:
            continue
        return
    raise NotAnnouncedError(delivery)


def announce(dialog_id: str, delivery: str) -> None:
    """Send the message exactly once.

    Raises:
        NotAnnouncedError: All attempts failed.
    """
    pause, lost = PAUSE, False
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(pause)
            pause *= 2
        try:
            if lost and _is_there(dialog_id, delivery):
                return
            response = _post(dialog_id, delivery)
        except httpx.TransportError:
            lost = True
            continue
        if response.status_code not in BUSY:
            response.raise_for_status()
            return
    raise NotAnnouncedError(delivery)


def _post(dialog_id: str, delivery: str) -> httpx.Response:
    body = {
        "chat_dialog_id": dialog_id,
        "message": "Your parcel is at the door",
        "delivery": delivery,
        "send_to_chat": 1,
    }
    return quickblox.post("/chat/Message.json", json=body)


def _is_there(dialog_id: str, delivery: str) -> bool:
    """Whether the message is among the latest ones. QuickBlox cannot filter by custom fields, so this code does."""
    params = {"chat_dialog_id": dialog_id, "sort_desc": "date_sent", "limit": 20, "mark_as_read": 0}
    response = quickblox.get("/chat/Message.json", params=params)
    return any(each.get("delivery") == delivery for each in response.raise_for_status().json()["items"])
