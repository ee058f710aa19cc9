"""The files of a state."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from pytest_qbchat.cli.state import users
from pytest_qbchat.cli.state.record import Record, either, filled
from pytest_qbchat.service.models import Blob
from pytest_qbchat.service.store import Store

DERIVED = {"blob_object_access"}


def load(store: Store, record: Record) -> None:
    """Read a file."""
    blob_id = either(record.number("id"), store.ids.number())
    uid = record.text("uid") or store.ids.uid()
    if blob_id in store.blobs or store.blob_of_uid(uid) is not None:
        record.refuse(f"is a second blob {blob_id} or {uid}")
    name, content_type = record.required("name"), record.required("content_type")
    content = _content(record)
    user = record.number("user_id")
    now = int(store.now())
    created = either(record.moment("created_at"), now)
    updated = either(record.moment("updated_at"), created)
    owner = None if user is None else users.known_once(store, user)
    blob = Blob(blob_id, uid, name, content_type, record.truth("public"), owner, created, updated, content=content)
    # What a blob that was never completed has as null is known of one whose content is given.
    size, status, completed = record.number("size"), record.text("blob_status"), record.moment("set_completed_at")
    complete = content is not None
    blob.size = size if "size" in record.given or content is None else len(content)
    blob.blob_status = status if "blob_status" in record.given or not complete else "complete"
    blob.completed = completed if "set_completed_at" in record.given or not complete else created
    store.blobs[blob_id] = blob


def _content(record: Record) -> bytes | None:
    text = record.text("content")
    if text is None:
        return None
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise record.wrong("content", text, "no base64", '"iVBORw0KGgo="') from None


def dump(blob: Blob) -> dict[str, Any]:
    """Write a file."""
    own = {"user_id": blob.user_id, "content": None if blob.content is None else b64encode(blob.content).decode()}
    return {**blob.as_dict(), **filled(own)}
