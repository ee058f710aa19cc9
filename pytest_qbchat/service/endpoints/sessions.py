"""/session, /login and tokens, in the order of the QuickBlox reference."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pytest_qbchat.service import errors
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Digits, Needed, Number, Reply, Time, refuses, route
from pytest_qbchat.service.decoding import object_in
from pytest_qbchat.service.ids import timestamp, whole_number
from pytest_qbchat.service.models import UNAUTHENTICATED, Caller, Session, User
from pytest_qbchat.service.models.session import SessionRecord
from pytest_qbchat.service.models.user import UserRecord
from pytest_qbchat.service.signature import diagnose, is_valid, string_to_sign
from pytest_qbchat.service.store import SESSION_LIFETIME, Store

_MAX_TIMESTAMP_DIFFERENCE = 60 * 60  # seconds (documented)
_REQUIRED = ("application_id", "auth_key", "timestamp", "nonce", "signature")
_MISPLACED_LOGINS = {"login", "email", "user[login]", "user[email]"}
_CREDENTIALS = {"login": str, "email": str, "password": str}
_FIREBASE = {"project_id": str, "access_token": str}
_PROVIDER = {"provider": str, "keys": {"token": str, "secret": str}, "firebase_phone": _FIREBASE}
_SIGNED = {name: Needed(Number if name in ("application_id", "timestamp") else str) for name in _REQUIRED}
_SESSION_REQUEST = {**_SIGNED, "user": _CREDENTIALS, **_PROVIDER}
_SESSION = {"session": SessionRecord}
_LOGIN = {**_CREDENTIALS, "user": _CREDENTIALS, **_PROVIDER}


@route("POST", "/session", "/auth", takes=_SESSION_REQUEST, replies={201: _SESSION}, callers="anybody")
@refuses(errors.invalid, errors.bad_timestamp, errors.unexpected_signature, errors.unauthorized)
def create_session(store: Store, call: Call) -> Reply:
    """Begin an application session or a user session.

    documented(REST description): the status is 201.
    documented(create-session): the reply is wrapped in `session`; its `user_id` is 0 for an application session.
    documented(create-session): the reply has `nonce` and `ts` as numbers.
    documented(create-session): `application_id`, `auth_key`, `timestamp`, `nonce` and `signature` are required.
    assumed: a missing parameter is refused with 422.
    documented(REST description): `signature` is the HMAC-SHA1 of all other parameters, sorted.
    observed(JavaScript SDK): `signature` may be the HMAC-SHA256.
    by design: `signature` is checked if the test declared the authorization secret, which is the key.
    documented(REST description): `timestamp` must not be more than 60 minutes off.
    observed(issue threads): another `timestamp` is refused as "Bad timestamp".
    by design: `timestamp` is compared with `time.time()`, even after `qbchat.advance()`.
    documented(REST description): `timestamp` and `nonce` must be new.
    assumed: a `nonce` that was used before is refused with 422.
    documented(REST description): `login` or `email` of `user` with `password` begins a session of that user;
        `provider` with its token begins a session of the provider's user.
    assumed: a `login` outside of `user` is ignored.
    observed(Ruby client): old clients use the path /auth.
    by design: outside strict mode an unknown user is adopted with this password; a known password is checked, and a
        deleted user is refused.
    """
    params = call.params
    missing = {name: "is required" for name in _REQUIRED if params.get(name) in (None, "")}
    if missing:
        raise errors.invalid(f"the request has no {', '.join(missing)}", **missing)
    seconds = _require_fresh_timestamp(store, call)
    _check_application(store, call)
    nonce = str(params["nonce"])
    if (seconds, nonce) in store.seen_nonces:
        raise errors.invalid(f"timestamp {seconds} and nonce {nonce} were used before", nonce=errors.TAKEN)
    user = _logged_in_user(store, params, object_in(params, "user"))
    if user is None:
        for name in sorted(_MISPLACED_LOGINS & params.keys()):
            remedy = "write user={'login': ..., 'password': ...}, in a form user[login]=...&user[password]=..."
            call.warn(f"{name}: is ignored, and an application session begins; {remedy}")
    store.seen_nonces.add((seconds, nonce))
    session = store.add_session(None, user.id if user else None)
    session.application_id = store.application.seen_id = whole_number(params["application_id"]) or 0
    session.nonce, session.ts = whole_number(nonce) or 0, seconds  # 0 for other strings, as Rails reads them (assumed)
    session.expires_at = call.now + SESSION_LIFETIME
    if user is not None:
        user.last_request = int(call.now)
    call.caller = Caller(session.user_id, session)
    return 201, {"session": session.as_dict()}


@route("GET", "/session", replies={200: _SESSION}, callers="session")
def get_session(store: Store, call: Call) -> Reply:
    """The session of the token.

    documented(get-session): the reply is wrapped in `session`.
    """
    return 200, {"session": _require_session(call).as_dict()}


@route("DELETE", "/session", callers="session")
def delete_session(store: Store, call: Call) -> Reply:
    """End the session of the token.

    documented(REST description): the reply is empty, and the token becomes invalid.
    """
    store.delete_session(_require_session(call))
    call.caller = UNAUTHENTICATED
    return 200, ""


@route("POST", "/login", takes=_LOGIN, replies={202: {"user": UserRecord}}, callers="session")
@refuses(errors.unauthorized)
def log_in_session(store: Store, call: Call) -> Reply:
    """Turn the session into a user session.

    documented(log-in): the session is upgraded.
    assumed: the token of the session stays the same.
    documented(log-in): the reply is wrapped in `user`.
    documented(log-in), observed(issue threads, 2025-09): the status is 202.
    documented(log-in), observed(issue threads): the reply has the time of the login as `last_request_at`.
    documented(REST description): the parameters are those of a user session, at the top level.
    assumed: the parameters may be in `user`.
    """
    session = _require_session(call)
    params = call.params
    user = _logged_in_user(store, params, object_in(params, "user") or params)
    if user is None:
        raise errors.unauthorized("the request names neither login nor email nor provider")
    session.user_id = user.id
    session.updated = user.last_request = int(call.now)
    return store.assume.login_status, {"user": user.as_dict()}


@route("DELETE", "/login", callers="session")
def log_out(store: Store, call: Call) -> Reply:
    """Turn the session into an application session again.

    documented(REST description): the reply is empty.
    """
    session = _require_session(call)
    session.user_id, session.updated = None, int(call.now)
    return 200, ""


@route("POST", "/users/{id}/tokens", replies={201: {"token": str, "expires_at": Time}}, callers="key")
@refuses(errors.unknown_user)
def create_token(store: Store, call: Call, user_id: Digits) -> Reply:
    """Create a token for a user.

    documented(create-token-with-api-key): the reply has status 201, `token` and `expires_at`.
    documented(create-token-with-api-key): an API key is required, and a `QB-Token` does not replace it.
    """
    if not call.caller.by_api_key:
        raise errors.authorization_failed("this call needs Authorization: ApiKey <key>; a QB-Token is not enough")
    user = store.user(whole_number(user_id))
    if user is None:
        raise errors.unknown_user(f"there is no user {user_id!r}")
    session = store.add_session(None, user.id)
    session.expires_at = call.now + SESSION_LIFETIME
    return 201, {"token": session.token, "expires_at": timestamp(int(session.expires_at))}


def _logged_in_user(store: Store, params: dict[str, Any], credentials: dict[str, Any]) -> User | None:
    """The user that a request logs in, with a provider or with credentials; None if it has neither."""
    if provider := params.get("provider"):
        return _user_by_provider(store, str(provider), params)
    for name in ("login", "email"):
        if credentials.get(name):
            return _user_by_password(store, name, str(credentials[name]).strip(), credentials.get("password"))
    return None


def _user_by_password(store: Store, name: str, value: str, password: Any) -> User:
    if password in (None, ""):
        raise errors.unauthorized(f"the request has the {name} {value!r} and no password")
    store.secrets.add(str(password))
    user = store.find_user(**{name: value})
    if user is None:
        if store.strict:
            raise errors.unauthorized(f"no user has the {name} {value!r}; declare one with qbchat.add_user({name}=...)")
        if (name, value) in store.deleted:
            raise errors.unauthorized(f"the user with the {name} {value!r} was deleted or renamed")
        user = store.add_user(adopted=True)
        setattr(user, name, value)
    if user.password not in (None, str(password)):
        raise errors.unauthorized(f"wrong password for the user with the {name} {value!r}")
    user.password = str(password)
    return user


def _user_by_provider(store: Store, provider: str, params: dict[str, Any]) -> User:
    keys = object_in(params, "firebase_phone" if provider == "firebase_phone" else "keys")
    token = keys.get("access_token") or keys.get("token")
    if not token:
        raise errors.unauthorized(f"the request has no token of the provider {provider!r}")
    store.secrets.add(str(token))
    identity = (provider, str(token))
    user = store.identities.get(identity)
    if user is None or user.id not in store.users:
        if store.strict:
            raise errors.unauthorized(f"unknown user of the provider {provider!r} in strict mode")
        user = store.identities[identity] = store.add_user(adopted=True)
    return user


def _check_application(store: Store, call: Call) -> None:
    """Refuse an application other than the declared one, and a wrong signature."""
    params, application = call.params, store.application
    declared = {"application_id": application.id, "auth_key": application.auth_key}
    for name, value in declared.items():
        if value is not None and str(params[name]) != str(value):
            given = params[name] if name == "application_id" else "sent"
            why = f"the {name} {given} is not the one declared with qbchat.add_credentials({name}=...)"
            call.warn(f"{name}: {why}, so QuickBlox would refuse the signature")
            raise errors.unexpected_signature(why)
    if application.auth_secret is None:
        if store.strict:
            why = "unknown application in strict mode; declare it with qbchat.add_credentials(...)"
            raise errors.unexpected_signature(why)
    elif not is_valid(params, application.auth_secret):
        found = diagnose(params, application.auth_secret)
        how = "The string to sign, with HMAC-SHA1 or HMAC-SHA256 and the authorization secret as the key, is"
        problem = f"is wrong{f': {found}' if found else ''}"
        call.warn(f"signature: {problem}. {how} {string_to_sign(params, hide=True)!r}")
        why = found or "the signature is wrong: it was made with another secret or from another string"
        raise errors.unexpected_signature(why)


def _require_session(call: Call) -> Session:
    session = call.caller.session
    if session is None:
        raise errors.session_does_not_exist("an API key has no session; send a QB-Token")
    return session


def _require_fresh_timestamp(store: Store, call: Call) -> int:
    """The timestamp of a request, a number or a string, in whole seconds (assumed)."""
    given = call.params["timestamp"]
    with suppress(OverflowError, TypeError, ValueError):
        seconds = int(float(given))
        if abs(seconds - (call.now - store.clock_offset)) <= _MAX_TIMESTAMP_DIFFERENCE:
            return seconds
    raise errors.bad_timestamp(f"the timestamp {given!r} is not the current Unix time in seconds")
