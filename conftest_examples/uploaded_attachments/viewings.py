"""Shares what was recorded while viewing a flat.

The app on the agent's phone has uploaded the files before; a message only refers to them.
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
    """A file in QuickBlox's storage, which has an id, or in the agency's own, which has a URL."""

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
    """Like the others, but as a form: it was written first."""
    form = {
        "chat_dialog_id": dialog_id,
        "message": "The floor plan",
        "attachments": {"0": {"type": "image", "id": file_id}},
        "send_to_chat": 1,
    }
    httpx.post(MESSAGES, headers=HEADERS, data=form).raise_for_status()


def share_price_list(dialog_id: str, file_id: str) -> None:
    """As a form too, with the brackets spelt out."""
    form = {
        "chat_dialog_id": dialog_id,
        "message": "The price list",
        "attachments[0][type]": "image",
        "attachments[0][id]": file_id,
        "send_to_chat": 1,
    }
    httpx.post(MESSAGES, headers=HEADERS, data=form).raise_for_status()
