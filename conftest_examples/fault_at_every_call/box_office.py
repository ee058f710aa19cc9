"""Tells the visitors of a theatre that their seats are reserved, and tries again when QuickBlox fails.

QuickBlox may have stored a message although its response was lost. Each message has the number of its reservation in a
custom field, so that the code can search the history for it before it tries again.
"""

import httpx

quickblox = httpx.Client(
    base_url="https://api.quickblox.com",
    headers={"QB-Token": "made-up-token-of-the-box-office"},
)


def confirm_naively(dialog_id: str, reservations: list[int]) -> None:
    """Confirm each reservation, with a second attempt after any failure. This can send a message twice."""
    for reservation in reservations:
        try:
            _post(dialog_id, reservation)
        except httpx.HTTPError:
            _post(dialog_id, reservation)


def confirm(dialog_id: str, reservations: list[int]) -> None:
    """Confirm each reservation at most once, with a second attempt if the message is not in the history."""
    for reservation in reservations:
        try:
            _post(dialog_id, reservation)
        except httpx.HTTPError:
            if not _is_there(dialog_id, reservation):
                _post(dialog_id, reservation)


def _post(dialog_id: str, reservation: int) -> None:
    body = {
        "chat_dialog_id": dialog_id,
        "message": f"Your reservation {reservation} is confirmed",
        "reservation": reservation,
        "send_to_chat": 1,
    }
    quickblox.post("/chat/Message.json", json=body).raise_for_status()


def _is_there(dialog_id: str, reservation: int) -> bool:
    params = {"chat_dialog_id": dialog_id, "sort_desc": "date_sent", "limit": 20, "mark_as_read": 0}
    response = quickblox.get("/chat/Message.json", params=params)
    return any(each.get("reservation") == reservation for each in response.raise_for_status().json()["items"])
