"""/users: users, in the order of the QuickBlox reference."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pytest_qbchat.service import queries
from pytest_qbchat.service.authentication import require_user
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.errors import TAKEN, invalid, invalid_fields, no_permission_for_user, user_not_found
from pytest_qbchat.service.ids import whole_number
from pytest_qbchat.service.models import UNAUTHENTICATED, User
from pytest_qbchat.service.queries import Condition, Field, number, paged
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import as_text

_MIN_PASSWORD_LENGTH = 8
_MAX_TAGS = 5
UNIQUE = ("login", "email", "facebook_id", "twitter_id", "external_user_id")
CONSENTS = ("age_over16", "allow_statistics_analysis", "allow_sales_activities", "parents_contacts")
FIELDS = (*UNIQUE, "full_name", "phone", "website", "custom_data", "blob_id", *CONSENTS)


def create_user(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """POST /users.json: sign up a user.

    - The reply has status 201 and is wrapped in `user` (documented, create-user); an application session is enough, and
      an API key alone (documented, create-user).
    - `login` or `email` (documented, create-user), and `password` (documented, REST description), are required (text
      observed, Ruby client).
    - A password has at least 8 characters (observed, Ruby client).
    - login, email, facebook_id and external_user_id are unique (documented, create-user; text observed, Ruby client),
      and twitter_id (assumed).
    - Strings are trimmed at the end, except the password (documented, create-user), and at the beginning (assumed).
    - `tag_list` is a comma list; the reply has it as `user_tags` (documented, create-user). A user has at most 5 tags
      (documented, list-users-by-tags; the refusal is assumed).
    - `last_request_at` is null at first (documented, create-user).
    - `age_over16`, `allow_statistics_analysis`, `allow_sales_activities` and `parents_contacts` are in the reply
      (documented, create-user) as they were sent (assumed).

    Refused with 422 for invalid fields, with all errors at once.
    """
    params = _user_params(call)
    errors = _validation_errors(store, params, None)
    if params.get("password") in (None, ""):
        errors["password"] = ["can't be blank"]
    if not params.get("login") and not params.get("email"):
        errors["base"] = ["Login or email required"]
    if errors:
        raise invalid_fields(errors)
    user = store.add_user()
    _apply(store, user, params)
    return 201, {"user": user.as_dict()}


def list_users(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """GET /users.json: one page of users.

    - The reply is `current_page`, `per_page`, `total_entries` and `items`, each wrapped in `user` (documented,
      list-users). `page` begins with 1; `per_page` is 10 if omitted (documented, list-users) and at most 100
      (assumed).
    - `filter[]` is type, field, operator and value, joined by `+` (documented, list-users) or a space (assumed):
      `number+id+in+1,2`. The types are number, string and date; the operators are `gt lt ge le eq ne between in`
      (documented, REST description), the last with a comma list (assumed). An invalid filter is ignored (assumed).
    - `order` is `asc` or `desc`, type and field (documented, REST description). If omitted, users are sorted by id
      (assumed).
    """
    given = call.params.get("filter")
    filters = given if isinstance(given, list) else [given] if given else []
    # The JavaScript SDK sends several filters as one, with commas between them.
    texts = [text for each in filters for text in _FILTER_START.split(str(each))]
    conditions = [condition for text in texts for condition in _parse_filter(call, text)]
    users = [user for user in store.users.values() if all(condition.matches(user) for condition in conditions)]
    return 200, paged(call, _sorted(call, users), "user")


def get_user(store: Store, call: Call, id: str) -> tuple[int, dict[str, Any]]:
    """GET /users/{id}.json: one user.

    - The reply is wrapped in `user` (documented, REST description). Outside strict mode an unknown id is adopted.

    Refused with 404 "Couldn't find user" (observed).
    """
    return 200, {"user": _require_user_by_id(store, id).as_dict()}


def get_user_by_key(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """GET /users/by_login.json: the user with a `login`, `email`, `facebook_id`, `twitter_id` or `phone`.

    - The reply is wrapped in `user` (documented, REST description). The path for a telephone number is
      `/users/phone.json` (observed, JavaScript SDK).

    Refused with 404 "Couldn't find user" (observed).
    """
    assert call.route is not None  # noqa: S101 - the router has set it
    key = call.route.path.removeprefix("/users/").removeprefix("by_")
    return 200, {"user": _require_user_by(store, key, str(call.params.get(key) or "")).as_dict()}


def get_user_by_external_id(store: Store, call: Call, id: str) -> tuple[int, dict[str, Any]]:
    """GET /users/external/{id}.json: the user with an external id.

    - The reply is wrapped in `user` (documented, REST description).

    Refused with 404 "Couldn't find user" (observed).
    """
    return 200, {"user": _require_user_by(store, "external_user_id", id).as_dict()}


def list_users_by_full_name(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """GET /users/by_full_name.json: one page of the users whose name contains `full_name`.

    - The reply is a page, as for all users (documented, REST description). It is empty if no user matches (assumed). A
      part of the name matches, in any case (assumed).
    """
    wanted = str(call.params.get("full_name") or "").lower()
    users = [user for user in store.users.values() if wanted and wanted in (user.full_name or "").lower()]
    return 200, paged(call, users, "user")


def list_users_by_tags(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """GET /users/by_tags.json: one page of the users with at least one of the `tags`, a comma list.

    - The reply is a page, as for all users (documented, list-users-by-tags). It is empty if no user matches (assumed).
    """
    wanted = set(map(str, queries.split(call.params.get("tags") or "")))
    users = [user for user in store.users.values() if wanted & set(queries.split(user.user_tags or ""))]
    return 200, paged(call, users, "user")


def update_user(store: Store, call: Call, id: str) -> tuple[int, dict[str, Any]]:
    """PUT /users/{id}.json: change a user.

    - The reply is wrapped in `user` (documented, REST description).
    - Only the user itself may do this (documented, REST description), or an API key alone (documented, update-user).
    - A new password needs the old one as `old_password` (documented, update-user; the refusal is assumed), except with
      an API key alone (assumed).
    - Login and email cannot both be removed (assumed).

    Refused with 404 for a missing user, 403 for another user, 422 for invalid fields.
    """
    user = _require_own_user(store, call, id)
    params = _user_params(call)
    errors = _validation_errors(store, params, user)
    if params.get("password") and not (call.caller.has_full_access or _is_password(user, params.get("old_password"))):
        errors["base"] = ["old_password is wrong"]
    names = ("login", "email")
    if params.keys() & {*names} and not any(params.get(name, getattr(user, name)) for name in names):
        errors["base"] = ["Login or email required"]
    if errors:
        raise invalid_fields(errors)
    _apply(store, user, params)
    user.updated = int(call.now)
    return 200, {"user": user.as_dict()}


def delete_user(store: Store, call: Call, id: str) -> tuple[int, str]:
    """DELETE /users/{id}.json: delete a user.

    - The reply is empty (documented, REST description). The user leaves all dialogs (documented, release notes), and
      its sessions end (assumed).
    - Only the user itself may do this, or an API key alone (documented, delete-user).

    Refused with 404 for a missing user, 403 for another user.
    """
    return _delete(store, call, _require_own_user(store, call, id))


def delete_user_by_external_id(store: Store, call: Call, id: str) -> tuple[int, str]:
    """DELETE /users/external/{id}.json: delete the user with an external id.

    - Reply and rights are as for deleting by id (documented, delete-user-by-external-id).

    Refused with 404 for a missing user, 403 for another user.
    """
    return _delete(store, call, _require_user_by(store, "external_user_id", id))


def reset_password(store: Store, call: Call) -> tuple[int, str]:
    """GET /users/password/reset.json: mail a link for a new password to the user with an `email`.

    - The reply is empty (documented, REST description). The path may omit `users` (documented, REST description) or
      contain it (observed, JavaScript SDK).
    - An unknown address is refused (assumed).

    Refused with 404 for an unknown address.
    """
    _require_user_by(store, "email", str(call.params.get("email") or ""))
    return 200, ""


# The user of a request


def _require_user_by_id(store: Store, id: str) -> User:
    user = store.user(whole_number(id))
    if user is None:
        raise user_not_found(f"there is no user {id!r}; qbchat.add_user({id}) adds one")
    return user


def _require_user_by(store: Store, name: str, value: str) -> User:
    user = store.find_user(**{name: value.strip()}) if value else None
    if user is None:
        raise user_not_found(f"no user has the {name} {value!r}; qbchat.add_user({name}={value!r}) adds one")
    return user


def _require_own_user(store: Store, call: Call, id: str) -> User:
    """The user of an id, which the caller may change. An unknown user is adopted only for an API key alone."""
    if not call.caller.has_full_access and whole_number(id) not in store.users:
        raise user_not_found(f"there is no user {id!r}; users may change only themselves")
    user = _require_user_by_id(store, id)
    _check_self(store, call, user)
    return user


def _check_self(store: Store, call: Call, user: User) -> None:
    if not call.caller.has_full_access and require_user(store, call) != user.id:
        raise no_permission_for_user(f"user {call.caller.user_id} may not change user {user.id}, only itself")


def _delete(store: Store, call: Call, user: User) -> tuple[int, str]:
    _check_self(store, call, user)
    store.delete_user(user)
    call.caller = UNAUTHENTICATED  # deleting a user ends its sessions
    return 200, ""


def _is_password(user: User, password: Any) -> bool:
    """Whether a password is the user's. While that is unknown, every password is accepted, as for a login."""
    return password not in (None, "") and user.password in (None, str(password))


# Parameters


def _user_params(call: Call) -> dict[str, Any]:
    params = call.params.get("user")
    if not isinstance(params, dict):
        raise invalid("the request has no user; use {'user': {...}}", user="is required")
    return {
        name: value.strip() if isinstance(value, str) and "password" not in name else value
        for name, value in params.items()
    }


def _validation_errors(store: Store, params: dict[str, Any], user: User | None) -> dict[str, list[str]]:
    """The errors in the fields of a request for a new user, or for a known one."""
    errors: dict[str, list[str]] = {}
    for name in UNIQUE:
        if params.get(name) not in (None, ""):
            other = store.find_user(**{name: as_text(params[name])})
            if other is not None and other is not user:
                errors[name] = [TAKEN]
    password = params.get("password")
    if password not in (None, "") and len(str(password)) < _MIN_PASSWORD_LENGTH:
        errors["password"] = [f"is too short (minimum is {_MIN_PASSWORD_LENGTH} characters)"]
    if len(queries.split(params.get("tag_list") or "")) > _MAX_TAGS:
        errors["tag_list"] = [f"is too long (maximum is {_MAX_TAGS} tags)"]
    return errors


def _apply(store: Store, user: User, params: dict[str, Any]) -> None:
    """Set the fields of a user to validated parameters."""
    for name in ("login", "email"):
        if name in params and (former := getattr(user, name)):
            store.deleted.add((name, former))  # a login with the former value is refused
    for name, value in params.items():
        if name == "blob_id":
            user.blob_id = whole_number(value)
        elif name in CONSENTS:
            setattr(user, name, value)
        elif name in FIELDS:
            setattr(user, name, None if value in (None, "") else as_text(value))
    if "tag_list" in params:
        user.user_tags = ",".join(map(str, queries.split(params["tag_list"] or ""))) or None
    if params.get("password"):
        user.password = str(params["password"])
        store.secrets.add(user.password)


# Lists


_FILTERABLE = (
    "id", "full_name", "email", "login", "phone", "website", "created_at", "updated_at", "last_request_at",
    "external_user_id", "twitter_id", "facebook_id",
)  # fmt: skip
# The attributes of numeric fields. Dates are stored as Unix time.
_NUMERIC = {"id": "id", "created_at": "created", "updated_at": "updated", "last_request_at": "last_request"}
_OPERATORS = {"gt": "gt", "lt": "lt", "ge": "gte", "le": "lte", "eq": "eq", "ne": "ne", "in": "in"}
_SEPARATOR = re.compile(r"[+ ]")
_FILTER_START = re.compile(r",(?=(?:number|string|date)[+ ])")


def _parse_date(value: str) -> float:
    """Unix time from a date, which is Unix time itself or ISO 8601. Raises ValueError for any other value."""
    if value.isdecimal():
        return number(value)
    date = datetime.fromisoformat(value)
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


_CONVERTERS: dict[str, Callable[[str], Any]] = {"number": number, "string": str, "date": _parse_date}


def _parse_filter(call: Call, text: str) -> list[Condition]:
    """The conditions of one `filter[]`. An invalid one has none, and causes a warning."""
    try:
        kind, name, operator, given = _SEPARATOR.split(text, maxsplit=3)
        if name not in _FILTERABLE:
            raise ValueError(text)
        convert, get = _CONVERTERS[kind], partial(_comparable, name, as_string=kind == "string")
        if operator == "between":
            lowest, highest = map(convert, given.split(","))
            conditions = [Condition(get, "gte", lowest), Condition(get, "lte", highest)]
        else:
            value = [convert(each) for each in given.split(",")] if operator == "in" else convert(given)
            conditions = [Condition(get, _OPERATORS[operator], value)]
    except (KeyError, ValueError):
        call.warn(f"filter[]: {text!r} is ignored; QuickBlox documents type+field+operator+value: 'number+id+in+1,2'")
        return []
    return [Condition(get, "ne", None), *conditions]  # a missing value matches no filter, not even "ne"


def _comparable(name: str, user: User, *, as_string: bool) -> Any:
    """A field of a user as a string or a number; None if it cannot be compared as such."""
    if as_string:
        value = getattr(user, name)
        return None if value is None else str(value)
    try:
        return number(getattr(user, _NUMERIC.get(name, name)))
    except ValueError:
        return None


def _sorted(call: Call, users: list[User]) -> list[User]:
    direction, name = "asc", "id"
    if order := call.params.get("order"):
        parts = _SEPARATOR.split(str(order))
        if len(parts) == 3 and parts[0] in ("asc", "desc") and parts[2] in _FILTERABLE:  # noqa: PLR2004 - as documented
            direction, _, name = parts
        else:
            call.warn(f"order: {order!r} is ignored; QuickBlox documents 'asc+date+created_at'")
    is_number = name in _NUMERIC
    field = Field(partial(_comparable, name, as_string=not is_number), number if is_number else str)
    return queries.sort(users, field, descending=direction == "desc")
