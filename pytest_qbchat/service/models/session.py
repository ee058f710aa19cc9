"""Sessions: what a token stands for."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

from pytest_qbchat.service.ids import timestamp
from pytest_qbchat.service.masking import mask


@dataclass(slots=True, eq=False)
class Session:
    """What a `QB-Token` stands for.

    Attributes:
        token: The token. The repr masks it.
        expires_at: Unix time of its end, moved on by every call. Infinite before the first call with a declared token,
            and minus infinity after `expire_sessions()`.
        updated: Unix time of the last login or logout.
        nonce: What the client sent, as a number.
        ts: The client's timestamp, as a number.
        adopted: Whether the fake invented the session for an unknown token.
    """

    token: str
    user_id: int | None
    id: int
    expires_at: float = inf
    created: int = 0
    updated: int = 0
    application_id: int = 0
    nonce: int = 0
    ts: int = 0
    adopted: bool = False

    @property
    def end_reason(self) -> str:
        """How the session came to its end, if it has."""
        return (
            "was ended by qbchat.expire_sessions()"
            if self.expires_at == -inf
            else "expired two hours after its last call"
        )

    def __repr__(self) -> str:
        return f"Session(token={mask(self.token)!r}, user_id={self.user_id}, adopted={self.adopted})"

    def as_dict(self) -> dict[str, Any]:
        """The session as QuickBlox shows it, in the order of its reference."""
        return {
            "application_id": self.application_id,
            "created_at": timestamp(self.created),
            "id": self.id,
            "nonce": self.nonce,
            "token": self.token,
            "ts": self.ts,
            "updated_at": timestamp(self.updated),
            "user_id": self.user_id or 0,
            "_id": str(self.id),
        }
