"""Sends a damage report, with a photo of the damage, to the office of an insurance company.

A photo takes four calls: declare it, upload it to the returned address, complete it, and post a message with its id in
an attachment.
"""

from pathlib import Path
from typing import Any

import httpx

quickblox = httpx.Client(
    base_url="https://api.quickblox.com",
    headers={"QB-Token": "made-up-token-of-the-policyholder"},
)


def report_damage(dialog_id: str, text: str, photo: Path) -> None:
    """Send a message with a photo to the office."""
    blob = declare(photo)
    upload(blob, photo)
    complete(blob, photo)
    body = {
        "chat_dialog_id": dialog_id,
        "message": text,
        "attachments": {"0": {"type": "image", "id": str(blob["id"]), "name": photo.name}},
        "send_to_chat": 1,
    }
    quickblox.post("/chat/Message.json", json=body).raise_for_status()


def declare(photo: Path) -> dict[str, Any]:
    """Declare a photo.

    Returns:
        The blob, with the upload address.
    """
    body = {"blob": {"name": photo.name, "content_type": "image/jpeg"}}
    response = quickblox.post("/blobs.json", json=body)
    blob: dict[str, Any] = response.raise_for_status().json()["blob"]
    return blob


def upload(blob: dict[str, Any], photo: Path) -> None:
    """Upload the photo. The query parameters of the address become form fields before the file."""
    address = httpx.URL(blob["blob_object_access"]["params"])
    file = (photo.name, photo.read_bytes(), "image/jpeg")
    # The storage is a separate service, so the request has no QuickBlox token.
    httpx.post(address.copy_with(query=None), data=dict(address.params), files={"file": file}).raise_for_status()


def complete(blob: dict[str, Any], photo: Path) -> None:
    """Tell QuickBlox that the photo was uploaded."""
    body = {"blob": {"size": photo.stat().st_size}}
    quickblox.put(f"/blobs/{blob['id']}/complete.json", json=body).raise_for_status()
