"""Who is calling: `QB-Token`, a `token` parameter, or `Authorization: ApiKey` with `On-Behalf-Of`."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from pytest_qbchat.masking import mask
from pytest_qbchat.service.errors import (
    authorization_failed,
    behalf_of_unknown_user,
    need_user,
    session_does_not_exist,
    token_required,
)
from pytest_qbchat.service.models import Session, user_id
from pytest_qbchat.service.store import SESSION_LIFETIME, Store

_SCHEME = b"ApiKey "


class Caller(NamedTuple):
    """Whom a request acts for.

    Attributes:
        user_id: The user; None for an application session, or for an API key that acts for nobody.
        session: The session, if a token was used.
    """

    user_id: int | None
    session: Session | None

    def user(self) -> int:
        """The user, for an endpoint that needs one.

        Raises:
            QuickBloxError: 422 "Forbidden. Need user." (observed).
        """
        if self.user_id is not None:
            return self.user_id
        if self.session is None:
            raise need_user("an API key alone has no sender: send On-Behalf-Of: <user id> with it")
        raise need_user(f"the token {mask(self.session.token)} is that of an application session: log a user in")


NOBODY = Caller(None, None)


def authenticate(store: Store, headers: dict[bytes, bytes], params: dict[str, Any]) -> Caller:
    """Find out who sent a request. With both a key and a token, the key wins (assumed).

    Args:
        store: The state.
        headers: By lower-case name.
        params: For the `token` parameter.

    Raises:
        QuickBloxError: 401 without credentials, with an unknown or expired token, or with a wrong API key;
            404 for an unknown user to act for, in strict mode.
    """
    authorization = headers.get(b"authorization")
    if authorization is not None and authorization.startswith(_SCHEME):
        key = authorization.removeprefix(_SCHEME).strip()
        return _by_api_key(store, key.decode("latin-1"), headers.get(b"on-behalf-of"))
    token = headers.get(b"qb-token")
    given = params.get("token") if token is None else token.decode("latin-1")
    if not isinstance(given, str) or not given:
        raise token_required(_why_there_is_no_token(headers))
    return _by_token(store, given)


def _by_token(store: Store, token: str) -> Caller:
    session = store.sessions.get(token)
    now = time.time()
    if session is None:
        if store.strict:
            raise session_does_not_exist(
                f"strict mode adopts no token: declare {mask(token)} with qbchat.add_session(token, user)"
            )
        session = store.adopt_session(token)
    elif now > session.expires_at:
        raise session_does_not_exist(f"the session {mask(token)} expired two hours after its last call")
    # QuickBlox moves the end on at intervals only (observed); to the second is the simpler promise.
    session.expires_at = now + SESSION_LIFETIME
    return Caller(session.user_id, session)


def _by_api_key(store: Store, key: str, behalf: bytes | None) -> Caller:
    store.seen_api_keys.add(key)
    if not key or (key not in store.api_keys and (store.api_keys or store.strict)):
        raise authorization_failed(_why_the_key_is_not_good(store, key))
    if behalf is None:
        return NOBODY
    user = user_id(behalf.decode("latin-1"))
    if user is None or not store.knows_user(user):
        shown = repr(behalf.decode("latin-1"))
        raise behalf_of_unknown_user(
            f"On-Behalf-Of {shown} is not the id of a known user: qbchat.add_user(id) adds one"
        )
    return Caller(user, None)


def _why_the_key_is_not_good(store: Store, key: str) -> str:
    if not key:
        return "the API key after 'ApiKey ' is empty"
    if not store.api_keys:
        return "strict mode knows no API key: declare it with qbchat.credentials(api_key=...)"
    return f"the API key {mask(key)} is not the one that was declared with qbchat.credentials(api_key=...)"


def _why_there_is_no_token(headers: dict[bytes, bytes]) -> str:
    if b"authorization" in headers:
        return "the Authorization header must read exactly 'ApiKey <key>'"
    for name in headers:
        if name != name.strip() and name.strip() == b"qb-token":
            return "the name of the QB-Token header has a space beside it"
    return "the request has neither a QB-Token header nor Authorization: ApiKey <key>"
