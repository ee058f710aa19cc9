"""Who is calling: `QB-Token`, a `token` parameter, or `Authorization: ApiKey` with `On-Behalf-Of`.

- A session token is sent as `QB-Token` (documented, authentication), or as the parameter `token` (documented, old
  developer wiki).
- A session ends two hours after its last call (documented, authentication). QuickBlox moves the end on at intervals
  only (observed, issue threads); here it moves at every call (assumed).
- An API key is sent as `Authorization: ApiKey <key>` and has every right, with `On-Behalf-Of: <user id>` those of the
  user (documented, authentication). With both a key and a token the key wins (assumed).
- Where a user is needed, an application session is refused (observed, issue threads), and a key alone too (assumed).
- An unknown token is adopted as that of a new user, an unknown key is good, outside strict mode (by design).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pytest_qbchat.service.errors import (
    authorization_failed,
    behalf_of_unknown_user,
    need_user,
    session_does_not_exist,
    token_required,
)
from pytest_qbchat.service.ids import whole_number
from pytest_qbchat.service.masking import mask
from pytest_qbchat.service.models import Session
from pytest_qbchat.service.store import SESSION_LIFETIME, Store

_SCHEME = b"ApiKey "


class Caller(NamedTuple):
    """Whom a request acts for.

    Attributes:
        user_id: The user; None for an application session, or for an API key that acts for nobody.
        session: The session, if a token was used.
        by_api_key: Whether an API key was used, which alone has every right.
    """

    user_id: int | None
    session: Session | None
    by_api_key: bool = False

    @property
    def omnipotent(self) -> bool:
        """Whether it is an API key that acts for nobody, and so has full rights (documented)."""
        return self.by_api_key and self.user_id is None


NOBODY = Caller(None, None)
_API_KEY_ALONE = Caller(None, None, by_api_key=True)


def need_caller(store: Store, caller: Caller) -> int:
    """The user who calls, for an endpoint that needs one.

    Raises:
        QuickBloxError: 422 "Forbidden. Need user." (observed).
    """
    if caller.user_id is not None:
        return caller.user_id
    if caller.session is None:
        reason = "an API key alone has no sender: send On-Behalf-Of: <user id> with it"
    else:
        reason = f"the token {mask(caller.session.token)} is that of an application session: log a user in"
    raise need_user(store.assume.need_user_status, reason)


def authenticate(store: Store, headers: dict[bytes, bytes], params: dict[str, Any], now: float) -> Caller:
    """Find out who sent a request. With both a key and a token, the key wins (assumed).

    Args:
        store: The state.
        headers: By lower-case name.
        params: For the `token` parameter.
        now: Unix time.

    Raises:
        QuickBloxError: 401 without credentials, with an unknown or expired token, or with a wrong API key;
            404 for an unknown user to act for, in strict mode.
    """
    authorization = headers.get(b"authorization")
    if authorization is not None and authorization.startswith(_SCHEME):
        key = authorization.removeprefix(_SCHEME).strip()
        return _by_api_key(store, key.decode("latin-1"), headers.get(b"on-behalf-of"), now)
    token = headers.get(b"qb-token")
    given = params.get("token") if token is None else token.decode("latin-1")
    if not isinstance(given, str) or not given:
        raise token_required(_why_there_is_no_token(headers))
    return _by_token(store, given, now)


def _by_token(store: Store, token: str, now: float) -> Caller:
    session = store.session(token)
    if session is None:
        if store.strict:
            reason = f"strict mode adopts no token: declare {mask(token)} with qbchat.add_session(token, user)"
        elif token not in store.gone:
            reason = (
                f"qbchat.expire_sessions() ended all sessions, and {mask(token)} is none that was made since: "
                "log in, or declare it with qbchat.add_session(token, user)"
            )
        else:
            reason = f"the session {mask(token)} was destroyed"
        raise session_does_not_exist(reason)
    if now >= session.expires_at:
        raise session_does_not_exist(f"the session {mask(token)} {session.why_it_ended}")
    # QuickBlox moves the end on at intervals only (observed); to the second is the simpler promise.
    session.expires_at = now + SESSION_LIFETIME
    if session.user_id is not None:
        store.users[session.user_id].last_request = int(now)
    return Caller(session.user_id, session)


def _by_api_key(store: Store, key: str, behalf: bytes | None, now: float) -> Caller:
    store.secrets.add(key)
    good = store.application.api_keys
    if not key or (key not in good and (good or store.strict)):
        raise authorization_failed(_why_the_key_is_not_good(store, key))
    if behalf is None:
        return _API_KEY_ALONE
    behalf_id = whole_number(behalf.decode("latin-1"))
    user = store.user(behalf_id) if behalf_id else None
    if user is None:
        shown = repr(behalf.decode("latin-1"))
        raise behalf_of_unknown_user(
            f"On-Behalf-Of {shown} is not the id of a known user: qbchat.add_user(id) adds one"
        )
    user.last_request = int(now)
    return Caller(user.id, None, by_api_key=True)


def _why_the_key_is_not_good(store: Store, key: str) -> str:
    if not key:
        return "the API key after 'ApiKey ' is empty"
    if not store.application.api_keys:
        return "strict mode knows no API key: declare it with qbchat.credentials(api_key=...)"
    return f"the API key {mask(key)} is not the one that was declared with qbchat.credentials(api_key=...)"


def _why_there_is_no_token(headers: dict[bytes, bytes]) -> str:
    if b"authorization" in headers:
        return "the Authorization header must read exactly 'ApiKey <key>'"
    for name in headers:
        if name != name.strip() and name.strip() == b"qb-token":
            return "the name of the QB-Token header has a space beside it"
    return "the request has neither a QB-Token header nor Authorization: ApiKey <key>"
