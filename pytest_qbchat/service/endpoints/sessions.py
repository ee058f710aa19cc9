"""/session, /login and tokens: who the caller is, in the order of the QuickBlox reference."""

from __future__ import annotations

from typing import Any

from pytest_qbchat.service.calls import UNAUTHENTICATED, Call, Caller
from pytest_qbchat.service.errors import (
    authorization_failed,
    bad_timestamp,
    invalid,
    session_does_not_exist,
    unauthorized,
    unexpected_signature,
    unknown_user,
)
from pytest_qbchat.service.ids import timestamp, whole_number
from pytest_qbchat.service.models import Session, User
from pytest_qbchat.service.signature import diagnose, is_valid, string_to_sign
from pytest_qbchat.service.store import SESSION_LIFETIME, Store

_TOLERANCE = 60 * 60  # seconds (documented)
_REQUIRED = ("application_id", "auth_key", "timestamp", "nonce", "signature")
_OUTSIDE_OF_USER = {"login", "email", "user[login]", "user[email]"}


def create_session(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """POST /session.json: begin a session of the application, or of a user; old clients call it /auth.json.

    - The reply has status 201 and is wrapped in `session` (documented, create-session); `user_id` is 0 for an
      application session (documented, create-session); `nonce` and `ts` are numbers (documented, create-session).
    - `application_id`, `auth_key`, `timestamp`, `nonce` and `signature` are required (documented, create-session; the
      refusal is assumed).
    - The signature is the HMAC-SHA1 of all other parameters, sorted (documented, REST description), or the HMAC-SHA256
      (observed, JavaScript SDK), keyed with the authorization secret. It is checked if the test declared the secret.
    - A timestamp more than 60 minutes off is refused (documented, REST description; text observed, issue threads). It
      is compared with `time.time()`, also after `qbchat.advance()`.
    - Timestamp and nonce must be new (documented, REST description; the refusal is assumed).
    - With `user[login]` or `user[email]` and `user[password]` it is a session of that user; with `provider`, of the
      user whom its token stands for (documented, REST description). A `login` outside of `user` counts for nothing
      (assumed).
    - An unknown user is adopted with this password, outside strict mode; what is known is checked, and who was
      deleted is unknown no more (by design).

    Refused with 422 for a wrong or missing parameter; 401 for a wrong login or password.
    """
    params = call.params
    missing = {name: "is required" for name in _REQUIRED if params.get(name) in (None, "")}
    if missing:
        raise invalid(f"the request lacks {', '.join(missing)}", **missing)
    at = _seconds(params["timestamp"])
    if at is None or abs(at - (call.now - store.clock_offset)) > _TOLERANCE:
        raise bad_timestamp(f"the timestamp {params['timestamp']!r} is not the current Unix time in seconds")
    _check_application(store, call)
    nonce = str(params["nonce"])
    if (at, nonce) in store.seen_nonces:
        raise invalid(f"timestamp {at} and nonce {nonce} were used before", nonce="has already been taken")
    user = _log_in(store, params, params.get("user"))
    if user is None:
        for name in sorted(_OUTSIDE_OF_USER & params.keys()):
            call.warn(
                f"{name}: is ignored, and the session is one of the application; write user={{'login': ..., "
                "'password': ...}, in a form user[login]=...&user[password]=..."
            )
    store.seen_nonces.add((at, nonce))
    store.application.seen_id = _digits(params["application_id"])
    session = store.add_session(None, user.id if user else None)
    session.application_id = _digits(params["application_id"])
    session.nonce, session.ts = _digits(nonce), at
    session.expires_at = call.now + SESSION_LIFETIME
    call.caller = Caller(session.user_id, session)
    return 201, {"session": session.as_dict()}


def get_session(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """GET /session.json: the session of the token.

    - The reply is wrapped in `session` (observed, q-consultation).
    """
    return 200, {"session": _session(call).as_dict()}


def delete_session(store: Store, call: Call) -> tuple[int, str]:
    """DELETE /session.json: end the session of the token.

    - The reply is empty, and the token is dead afterwards (documented, REST description).
    """
    store.delete_session(_session(call))
    call.caller = UNAUTHENTICATED
    return 200, ""


def log_in_session(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """POST /login.json: make the session one of a user.

    - The token stays the same (documented, REST description). The reply is wrapped in `user` (observed, JavaScript
      SDK); its status is 200 (documented, REST description).
    - The parameters are those of a user session, at the top level (documented, REST description) or in `user`
      (assumed).

    Refused with 401 for a wrong login or password.
    """
    session = _session(call)
    params = call.params
    user = _log_in(store, params, params["user"] if isinstance(params.get("user"), dict) else params)
    if user is None:
        raise unauthorized("the request names neither login nor email nor provider")
    session.user_id, session.updated = user.id, int(call.now)
    return store.assume.login_status, {"user": user.as_dict()}


def log_out(store: Store, call: Call) -> tuple[int, str]:
    """DELETE /login.json: make the session one of the application again.

    - The reply is empty (documented, REST description).
    """
    session = _session(call)
    session.user_id, session.updated = None, int(call.now)
    return 200, ""


def create_token(store: Store, call: Call, id: str) -> tuple[int, dict[str, Any]]:
    """POST /users/{id}/tokens: a token for a user, by API key.

    - The reply has status 201 and `token` and `expires_at` (documented, create-token-with-api-key).
    - Without an API key it is refused, a `QB-Token` does not count (documented, create-token-with-api-key).

    Refused with 401 without an API key, 404 for an unknown user.
    """
    session = store.add_session(None, _user_of_token(store, call, id).id)
    session.expires_at = call.now + SESSION_LIFETIME
    return 201, {"token": session.token, "expires_at": timestamp(int(session.expires_at))}


def delete_token(store: Store, call: Call, id: str, token: str) -> tuple[int, str]:
    """DELETE /users/{id}/tokens/{token}: end one session of a user, by API key.

    - That there is such a call is documented, its path is not (assumed); off unless `guessed_routes` is assumed.
    """
    user = _user_of_token(store, call, id)
    session = store.sessions.get(token)
    if session is None or session.user_id != user.id:
        raise session_does_not_exist(f"user {user.id} has no such token")
    store.delete_session(session)
    return 200, ""


def delete_tokens(store: Store, call: Call, id: str) -> tuple[int, str]:
    """DELETE /users/{id}/tokens: end all sessions of a user, by API key.

    - That there is such a call is documented, its path is not (assumed); off unless `guessed_routes` is assumed.
    """
    user = _user_of_token(store, call, id)
    for session in [session for session in store.sessions.values() if session.user_id == user.id]:
        store.delete_session(session)
    return 200, ""


def _log_in(store: Store, params: dict[str, Any], named: Any) -> User | None:
    """The user of a provider's token, or whose login or address is in `named`; None if there is none.

    Refused with 401 for a wrong login or password (observed).
    """
    if provider := params.get("provider"):
        return _of_provider(store, str(provider), params)
    for name in ("login", "email"):
        if isinstance(named, dict) and named.get(name):
            return _of_password(store, name, str(named[name]).strip(), named.get("password"))
    return None


def _of_password(store: Store, name: str, value: str, password: Any) -> User:
    if password in (None, ""):
        raise unauthorized(f"the request has the {name} {value!r} and no password")
    store.secrets.add(str(password))
    user = store.find_user(**{name: value})
    if user is None:
        if store.strict:
            raise unauthorized(f"no user has the {name} {value!r}: declare one with qbchat.add_user({name}=...)")
        if (name, value) in store.deleted:
            raise unauthorized(f"the user with the {name} {value!r} was deleted or renamed")
        user = store.add_user(adopted=True)
        setattr(user, name, value)
    if user.password not in (None, str(password)):
        raise unauthorized(f"the password is not that of the user with the {name} {value!r}")
    user.password = str(password)
    return user


def _of_provider(store: Store, provider: str, params: dict[str, Any]) -> User:
    keys = params.get("firebase_phone" if provider == "firebase_phone" else "keys")
    token = (keys.get("access_token") or keys.get("token")) if isinstance(keys, dict) else None
    if not token:
        raise unauthorized(f"the request has no token of the provider {provider!r}")
    store.secrets.add(str(token))
    identity = (provider, str(token))
    user = store.identities.get(identity)
    if user is None or user.id not in store.users:
        if store.strict:
            raise unauthorized(f"strict mode adopts no user of the provider {provider!r}")
        user = store.identities[identity] = store.add_user(adopted=True)
    return user


def _check_application(store: Store, call: Call) -> None:
    """Whether the application is the declared one, and its signature right."""
    params, application = call.params, store.application
    declared = {"application_id": application.id, "auth_key": application.auth_key}
    for name, value in declared.items():
        if value is not None and str(params[name]) != str(value):
            given = params[name] if name == "application_id" else "sent"
            why = f"the {name} {given} is not the one declared with qbchat.credentials({name}=...)"
            call.warn(f"{name}: {why}, so QuickBlox would not find the signature right")
            raise unexpected_signature(why)
    if application.auth_secret is None:
        if store.strict:
            raise unexpected_signature("strict mode knows no application: declare it with qbchat.credentials(...)")
    elif not is_valid(params, application.auth_secret):
        found = diagnose(params, application.auth_secret)
        call.warn(
            f"signature: does not fit{f': {found}' if found else ''}. What is to be signed, with HMAC-SHA1 or "
            f"HMAC-SHA256 and the authorization secret as the key, is {string_to_sign(params, hide=True)!r}"
        )
        raise unexpected_signature(found or "the signature does not fit: another secret or another text was signed")


def _user_of_token(store: Store, call: Call, id: str) -> User:
    if not call.caller.by_api_key:
        raise authorization_failed("a token of a user needs Authorization: ApiKey <key>; a QB-Token does not count")
    user = store.user(whole_number(id))
    if user is None:
        raise unknown_user(f"there is no user {id!r}")
    return user


def _session(call: Call) -> Session:
    session = call.caller.session
    if session is None:
        raise session_does_not_exist("an API key has no session: send a QB-Token")
    return session


def _seconds(value: Any) -> int | None:
    """Unix time as a number or its text; what follows the point is cut off (assumed)."""
    try:
        return None if isinstance(value, bool) else int(float(value))
    except (OverflowError, TypeError, ValueError):
        return None


def _digits(value: Any) -> int:
    """The number that a text is, or 0, as Rails reads it (assumed)."""
    return whole_number(value) or 0
