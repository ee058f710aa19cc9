"""Blobs: uploaded files that messages attach."""

from __future__ import annotations

from dataclasses import field
from typing import Any, TypedDict

from pytest_qbchat.service.declaration import Time
from pytest_qbchat.service.ids import Dated, timestamp
from pytest_qbchat.service.records import record


class BlobRecord(TypedDict):
    """A file as QuickBlox shows it."""

    id: int
    uid: str
    content_type: str
    name: str
    size: int | None
    created_at: Time
    updated_at: Time
    blob_status: str | None
    set_completed_at: Time | None
    public: bool


@record
class Blob(Dated):
    """A file of the content module.

    Attributes:
        uid: 32 letters and digits, which the download URL contains.
        public: Whether it can be downloaded without a token.
        user_id: The user who declared it; None for an API key without a user.
        size: In bytes, as stated by the call that completed it; None before.
        blob_status: "complete" after that call, None before.
        completed: Unix time of that call.
        content: The uploaded bytes; None before the upload.
    """

    id: int
    uid: str
    name: str
    content_type: str
    public: bool
    user_id: int | None
    created: int
    updated: int
    size: int | None = None
    blob_status: str | None = None
    completed: int | None = None
    content: bytes | None = field(default=None, repr=False)

    def complete(self, size: int, now: int) -> None:
        """Note that the upload is complete."""
        self.size, self.blob_status = size, "complete"
        self.completed = self.updated = now

    @property
    def set_completed_at(self) -> str | None:
        """The time of the call that completed it; None before."""
        return None if self.completed is None else timestamp(self.completed)

    def as_dict(self) -> dict[str, Any]:
        """The file as QuickBlox shows it."""
        return {name: getattr(self, name) for name in BlobRecord.__annotations__}
