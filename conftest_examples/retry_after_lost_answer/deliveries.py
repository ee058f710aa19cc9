"""Tells people that their parcel is at the door, also while QuickBlox has a bad day.

A call that gets no answer may have been taken all the same. So each message carries the number of its delivery in a
field of its own, and before it is sent once more the history is asked whether it is there already.
"""

import time

import httpx

quickblox = httpx.Client(
    base_url="https://api.quickblox.com",
    headers={"QB-Token": "made-up-token-of-the-courier"},
)

ATTEMPTS = 3
PAUSE = 0.5  # seconds before the second attempt; twice as long before each further one
BUSY = {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE}


class NotAnnouncedError(Exception):
    """The message could not be sent, and somebody should ring the bell."""


def announce_naively(dialog_id: str, delivery: str) -> None:
    """How it was written at first: whatever gets no answer is sent again."""
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
        NotAnnouncedError: QuickBlox was never well enough to take it.
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
    """Whether the message is among the newest. QuickBlox filters by no field of ours, so the looking is done here."""
    params = {"chat_dialog_id": dialog_id, "sort_desc": "date_sent", "limit": 20, "mark_as_read": 0}
    response = quickblox.get("/chat/Message.json", params=params)
    return any(each.get("delivery") == delivery for each in response.raise_for_status().json()["items"])
