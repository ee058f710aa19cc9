"""Sessions, which connect a token with a user until they end, and the callers of requests."""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple, TypedDict

from pytest_qbchat.service.declaration import Time
from pytest_qbchat.service.ids import Dated
from pytest_qbchat.service.masking import mask
from pytest_qbchat.service.records import record


class SessionRecord(TypedDict):
    """A session as QuickBlox shows it."""

    application_id: int
    created_at: Time
    id: int
    nonce: int
    token: str
    ts: int
    updated_at: Time
    user_id: int
    _id: str


@record
class Session(Dated):
    """The session that belongs to a `QB-Token`.

    Attributes:
        token: Masked in the repr.
        user_id: The user who is logged in; None for an application session.
        expires_at: Unix time of the end, postponed by every call. Infinite before the first call with a declared token,
            minus infinity after `expire_sessions()`, 0 after a fault.
        updated: Unix time of the last login or logout.
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

    def __repr__(self) -> str:
        return f"Session(token={mask(self.token)!r}, user_id={self.user_id}, adopted={self.adopted})"

    def as_dict(self) -> dict[str, Any]:
        """The session as QuickBlox shows it."""
        shown = {name: getattr(self, name, None) for name in SessionRecord.__annotations__}
        return {**shown, "user_id": self.user_id or 0, "_id": str(self.id)}


class Caller(NamedTuple):
    """The user that a request acts for.

    Attributes:
        user_id: None for an application session, and for an API key without `On-Behalf-Of`.
        session: None without a token.
    """

    user_id: int | None
    session: Session | None
    by_api_key: bool = False

    @property
    def has_full_access(self) -> bool:
        """Whether the caller is an API key without `On-Behalf-Of`, which has full rights (documented)."""
        return self.by_api_key and self.user_id is None


UNAUTHENTICATED = Caller(None, None)
