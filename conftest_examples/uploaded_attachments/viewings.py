"""Shares photos and recordings of a flat.

The app of the agent uploads the files earlier; the messages only refer to them.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx

MESSAGES = "https://api.quickblox.com/chat/Message.json"
HEADERS = {"QB-Token": "made-up-token-of-the-agency"}


@dataclass(frozen=True)
class Recording:
    """A file with an id in QuickBlox's storage, or with a URL in the agency's own storage."""

    type: str
    id: str | None = None
    url: str | None = None
    seconds: int | None = None

    def attachment(self) -> dict[str, Any]:
        fields = {"type": self.type, "id": self.id, "url": self.url, "duration": self.seconds}
        return {name: value for name, value in fields.items() if value is not None}


def share_viewing(dialog_id: str, recordings: Iterable[Recording]) -> None:
    _post(dialog_id, "This is what I saw", [each.attachment() for each in recordings])


def share_address(dialog_id: str, latitude: float, longitude: float) -> None:
    place = {"type": "location", "data": json.dumps({"lat": latitude, "lng": longitude})}
    _post(dialog_id, "We meet here", [place])


def _post(dialog_id: str, text: str, attachments: list[dict[str, Any]]) -> None:
    body = {
        "chat_dialog_id": dialog_id,
        "message": text,
        "attachments": {str(index): each for index, each in enumerate(attachments)},
        "send_to_chat": 1,
    }
    httpx.post(MESSAGES, headers=HEADERS, json=body).raise_for_status()


def share_floor_plan(dialog_id: str, file_id: str) -> None:
    """Share a floor plan in a form instead of JSON. The form encoder loses the attachment."""
    form = {
        "chat_dialog_id": dialog_id,
        "message": "The floor plan",
        "attachments": {"0": {"type": "image", "id": file_id}},
        "send_to_chat": 1,
    }
    httpx.post(MESSAGES, headers=HEADERS, data=form).raise_for_status()


def share_price_list(dialog_id: str, file_id: str) -> None:
    """Share a price list in a form, with explicit brackets, which keep the attachment."""
    form = {
        "chat_dialog_id": dialog_id,
        "message": "The price list",
        "attachments[0][type]": "image",
        "attachments[0][id]": file_id,
        "send_to_chat": 1,
    }
    httpx.post(MESSAGES, headers=HEADERS, data=form).raise_for_status()
