"""Blobs: uploaded files that messages attach."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pytest_qbchat.service.ids import timestamp


@dataclass(slots=True, eq=False)
class Blob:
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

    def as_dict(self) -> dict[str, Any]:
        """The blob as QuickBlox shows it."""
        return {
            "id": self.id,
            "uid": self.uid,
            "content_type": self.content_type,
            "name": self.name,
            "size": self.size,
            "created_at": timestamp(self.created),
            "updated_at": timestamp(self.updated),
            "blob_status": self.blob_status,
            "set_completed_at": None if self.completed is None else timestamp(self.completed),
            "public": self.public,
        }
