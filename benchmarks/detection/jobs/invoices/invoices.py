"""Uploads an invoice, and sends it to the customer: declare, upload, complete, post."""

import httpx

quickblox = httpx.Client(
    base_url="https://api.quickblox.com",
    headers={"QB-Token": "made-up-token-of-the-shop"},
    timeout=10,
)


def send_invoice(dialog_id: str, text: str, name: str, content: bytes) -> str:
    """Send a PDF file; the id of the message."""
    blob = declare(name)
    upload(blob, name, content)
    complete(blob, content)
    body = {
        "chat_dialog_id": dialog_id,
        "message": text,
        "attachments": {"0": {"type": "file", "id": str(blob["id"]), "name": name}},
        "send_to_chat": 1,
        "markable": 1,
    }
    return quickblox.post("/chat/Message.json", json=body).raise_for_status().json()["_id"]


def declare(name: str) -> dict:
    body = {"blob": {"name": name, "content_type": "application/pdf"}}
    return quickblox.post("/blobs.json", json=body).raise_for_status().json()["blob"]


def upload(blob: dict, name: str, content: bytes) -> None:
    address = httpx.URL(blob["blob_object_access"]["params"])
    file = (name, content, "application/pdf")
    response = httpx.post(address.copy_with(query=None), data=dict(address.params), files={"file": file}, timeout=10)
    response.raise_for_status()


def complete(blob: dict, content: bytes) -> None:
    body = {"blob": {"size": len(content)}}
    quickblox.put(f"/blobs/{blob['id']}/complete.json", json=body).raise_for_status()
