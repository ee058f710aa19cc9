"""Authentication: `QB-Token`, a `token` parameter, or `Authorization: ApiKey` with `On-Behalf-Of`.

documented(overview): a session token is sent as `QB-Token`.
documented(old developer wiki): a session token may be sent as the parameter `token`.
documented(authentication): a session ends two hours after its last call.
observed(issue threads): QuickBlox postpones the end of a session at intervals only.
assumed: every call postpones the end of its session.
documented(authentication): an API key is sent as `Authorization: ApiKey <key>` and has full rights; with
    `On-Behalf-Of: <user id>` it acts for that user.
assumed: a key that acts for a user has the rights of that user.
assumed: a key takes precedence over a token.
observed(issue threads): where a user is needed, an application session is refused.
assumed: where a user is needed, a key alone is refused.
by design: outside strict mode an unknown token is adopted with a new user, and an unknown key is accepted.
"""

from __future__ import annotations

from math import inf

from pytest_qbchat.service import errors
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.ids import whole_number
from pytest_qbchat.service.masking import mask
from pytest_qbchat.service.models import Caller
from pytest_qbchat.service.store import SESSION_LIFETIME, Store
from pytest_qbchat.service.wire import Headers

_SCHEME = "ApiKey "


def require_user(store: Store, call: Call) -> int:
    """The id of the calling user. Raises QuickBloxError, 422 "Forbidden. Need user." (observed), without one."""
    caller = call.caller
    if caller.user_id is not None:
        return caller.user_id
    if caller.session is None:
        reason = "an API key alone has no user; add the header On-Behalf-Of: <user id>"
    else:
        reason = f"the token {mask(caller.session.token)} belongs to an application session; log in a user"
    raise errors.need_user(reason, store.assume.need_user_status)


def authenticate(store: Store, call: Call) -> Caller:
    """The caller of a request. An API key takes precedence over a token (assumed)."""
    headers = call.request.headers
    authorization = headers.get("Authorization", "")
    if authorization.startswith(_SCHEME):
        key = authorization.removeprefix(_SCHEME).strip()
        return _by_api_key(store, key, headers.get("On-Behalf-Of"), call.now)
    token = headers.get("QB-Token", call.params.get("token"))
    if not isinstance(token, str) or not token:
        raise errors.token_required(_missing_token_reason(headers))
    return _by_token(store, token, call.now)


def _by_token(store: Store, token: str, now: float) -> Caller:
    session = store.session(token)
    if session is None:
        raise errors.session_does_not_exist(_unknown_token_reason(store, token))
    if now >= session.expires_at:
        by_test = {-inf: "was ended by qbchat.expire_sessions()", 0: "was ended by the fault 401 of each_fault()"}
        end = by_test.get(session.expires_at, "expired two hours after its last call")
        raise errors.session_does_not_exist(f"the session of the token {mask(token)} {end}")
    session.expires_at = now + SESSION_LIFETIME
    if session.user_id is not None:
        store.users[session.user_id].last_request = int(now)
    return Caller(session.user_id, session)


def _by_api_key(store: Store, key: str, on_behalf_of: str | None, now: float) -> Caller:
    store.secrets.add(key)
    declared = store.application.api_keys
    if not key or (key not in declared and (declared or store.strict)):
        raise errors.authorization_failed(_wrong_key_reason(store, key))
    if on_behalf_of is None:
        return Caller(None, None, by_api_key=True)
    user = store.user(whole_number(on_behalf_of))
    if user is None:
        why = f"On-Behalf-Of {on_behalf_of!r} is not a known user id; declare one with qbchat.add_user(id)"
        raise errors.unknown_user(why)
    user.last_request = int(now)
    return Caller(user.id, None, by_api_key=True)


def _unknown_token_reason(store: Store, token: str) -> str:
    if store.strict:
        shown = f"{mask(token)} in strict mode{store.note_on(token)}"
        return f"unknown token {shown}; declare it with qbchat.add_session(token, user)"
    if token in store.deleted:
        return f"the session of the token {mask(token)} was destroyed"
    remedy = f"{store.note_on(token)}; log in, or declare it with qbchat.add_session(token, user)"
    return f"qbchat.expire_sessions() ended all sessions, and {mask(token)} was not created since{remedy}"


def _wrong_key_reason(store: Store, key: str) -> str:
    if not key:
        return "the API key after 'ApiKey ' is empty"
    if not store.application.api_keys:
        return f"unknown API key {mask(key)} in strict mode; declare it with qbchat.add_credentials(api_key=...)"
    return f"the API key {mask(key)} was not declared with qbchat.add_credentials(api_key=...)"


def _missing_token_reason(headers: Headers) -> str:
    if "Authorization" in headers:
        return "the Authorization header must be exactly 'ApiKey <key>'"
    if any(name.strip().lower() == "qb-token" != name.lower() for name in headers):
        return "the name of the QB-Token header has a space before or after it"
    return "the request has neither a QB-Token header nor Authorization: ApiKey <key>"
