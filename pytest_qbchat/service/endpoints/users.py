"""/users: users, in the order of the QuickBlox reference."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pytest_qbchat.service import queries
from pytest_qbchat.service.authentication import require_user
from pytest_qbchat.service.calls import UNAUTHENTICATED, Call
from pytest_qbchat.service.errors import invalid, invalid_fields, no_permission, user_not_found
from pytest_qbchat.service.ids import whole_number
from pytest_qbchat.service.models import User
from pytest_qbchat.service.queries import Condition, Field, number, paged
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import as_text

_SHORTEST_PASSWORD = 8
_MOST_TAGS = 5
UNIQUE = ("login", "email", "facebook_id", "twitter_id", "external_user_id")
CONSENTS = ("age_over16", "allow_statistics_analysis", "allow_sales_activities", "parents_contacts")
FIELDS = (*UNIQUE, "full_name", "phone", "website", "custom_data", "blob_id", *CONSENTS)


def create_user(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """POST /users.json: sign up a user.

    - The reply has status 201 and is wrapped in `user` (documented, create-user); an application session is enough
      (observed, Ruby client), and an API key alone (documented, create-user).
    - `login` or `email`, and `password`, are required (documented, create-user; text observed, Ruby client).
    - A password has at least 8 characters (observed, Ruby client).
    - login, email, facebook_id and external_user_id are unique (documented, create-user; text observed, Ruby client),
      and twitter_id (assumed).
    - Texts are trimmed, but for the password (documented, create-user).
    - `tag_list` is a comma list, in the reply it is `user_tags` (documented, create-user); there are at most 5 tags
      (documented, create-user; the refusal is assumed).
    - `last_request_at` is null at first (documented, create-user).
    - `age_over16`, `allow_statistics_analysis`, `allow_sales_activities` and `parents_contacts` are shown (documented,
      create-user) as they were sent (assumed).

    Refused with 422 for wrong fields, all of them at once.
    """
    given = _given(call)
    errors = _errors(store, given, None)
    password = given.get("password")
    if password in (None, ""):
        errors["password"] = ["can't be blank"]
    if not given.get("login") and not given.get("email"):
        errors["base"] = ["Login or email required"]
    if errors:
        raise invalid_fields(errors)
    user = store.add_user()
    _set(store, user, given)
    return 201, {"user": user.as_dict()}


def list_users(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """GET /users.json: users, a page at a time.

    - The reply is `current_page`, `per_page`, `total_entries` and `items`, each wrapped in `user` (documented,
      list-users); `page` begins with 1, `per_page` is 10 unless given (documented, list-users) and at most 100
      (assumed).
    - `filter[]` is type, field, operator and value, joined by `+` or a blank: `number+id+in+1,2`; the types are number,
      string and date, the operators `gt lt ge le eq ne between in` (documented, list-users). A filter that cannot be
      read is ignored (assumed).
    - `order` is `asc` or `desc`, type and field (documented, list-users); by id unless given (assumed).
    """
    given = call.params.get("filter")
    texts = given if isinstance(given, list) else [given] if given else []
    conditions = [condition for text in texts for condition in _conditions(call, str(text))]
    users = [user for user in store.users.values() if all(condition.matches(user) for condition in conditions)]
    return 200, paged(call, _sorted(call, users), "user")


def get_user(store: Store, call: Call, id: str) -> tuple[int, dict[str, Any]]:
    """GET /users/{id}.json: one user.

    - The reply is wrapped in `user` (documented, REST description). An unknown id is adopted, outside strict mode.

    Refused with 404 "Couldn't find user" (observed).
    """
    return 200, {"user": _user(store, id).as_dict()}


def get_user_by_key(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """GET /users/by_login.json: the user with a `login`; so with `email`, `facebook_id` and `twitter_id`.

    - The reply is wrapped in `user` (documented, REST description).

    Refused with 404 "Couldn't find user" (observed).
    """
    assert call.route is not None  # noqa: S101 - which led here
    key = call.route.path.removeprefix("/users/by_")
    return 200, {"user": _found(store, key, str(call.params.get(key) or "")).as_dict()}


def get_user_by_external_id(store: Store, call: Call, id: str) -> tuple[int, dict[str, Any]]:
    """GET /users/external/{id}.json: the user with an external id.

    - The reply is wrapped in `user` (documented, REST description).

    Refused with 404 "Couldn't find user" (observed).
    """
    return 200, {"user": _found(store, "external_user_id", id).as_dict()}


def list_users_by_full_name(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """GET /users/by_full_name.json: users by a part of their `full_name`.

    - The reply is a page as of all users (documented, REST description), empty if there are none (assumed); a part of
      the name in any case is enough (assumed).
    """
    wanted = str(call.params.get("full_name") or "").lower()
    users = [user for user in store.users.values() if wanted and wanted in (user.full_name or "").lower()]
    return 200, paged(call, users, "user")


def list_users_by_tags(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """GET /users/by_tags.json: users who have any of the `tags`, a comma list.

    - The reply is a page as of all users (documented, list-users-by-tags), empty if there are none (assumed).
    """
    wanted = set(map(str, queries.split(call.params.get("tags") or "")))
    users = [user for user in store.users.values() if wanted & set(queries.split(user.user_tags or ""))]
    return 200, paged(call, users, "user")


def update_user(store: Store, call: Call, id: str) -> tuple[int, dict[str, Any]]:
    """PUT /users/{id}.json: change a user.

    - The reply is wrapped in `user` (documented, REST description).
    - Only the user itself may do so (documented, REST description), or an API key alone (assumed).
    - A new password needs the old one as `old_password` (documented, REST description; the refusal is assumed), but not
      from an API key (assumed).
    - Login and email cannot both be taken away (assumed).

    Refused with 404 for a missing user, 403 for another one, 422 for wrong fields.
    """
    user = _own(store, call, id)
    given = _given(call)
    errors = _errors(store, given, user)
    trusted = call.caller.has_full_access or _knows_password(user, given.get("old_password"))
    if given.get("password") and not trusted:
        errors["base"] = ["old_password is wrong"]
    if {"login", "email"} & given.keys() and not any(given.get(key, getattr(user, key)) for key in ("login", "email")):
        errors["base"] = ["Login or email required"]
    if errors:
        raise invalid_fields(errors)
    _set(store, user, given)
    user.updated = int(call.now)
    return 200, {"user": user.as_dict()}


def delete_user(store: Store, call: Call, id: str) -> tuple[int, str]:
    """DELETE /users/{id}.json: delete a user.

    - The reply is empty (documented, REST description). The user leaves all dialogs (documented, release notes), and
      its sessions end (assumed).
    - Only the user itself may do so (assumed), or an API key alone (documented, delete-user-by-external-id).

    Refused with 404 for a missing user, 403 for another one.
    """
    return _delete(store, call, _own(store, call, id))


def delete_user_by_external_id(store: Store, call: Call, id: str) -> tuple[int, str]:
    """DELETE /users/external/{id}.json: delete the user with an external id.

    - As by id (documented, delete-user-by-external-id).

    Refused with 404 for a missing user, 403 for another one.
    """
    return _delete(store, call, _found(store, "external_user_id", id))


def reset_password(store: Store, call: Call) -> tuple[int, str]:
    """GET /users/password/reset.json: mail the user with an `email` a link to set a new password.

    - The reply is empty (documented, REST description). The path without `users` works too (documented, REST
      description; with it observed, JavaScript SDK).
    - An unknown address is not found (assumed).

    Refused with 404 for an unknown address.
    """
    _found(store, "email", str(call.params.get("email") or ""))
    return 200, ""


# Which user is meant


def _user(store: Store, id: str) -> User:
    user = store.user(whole_number(id))
    if user is None:
        raise user_not_found(f"there is no user {id!r}; qbchat.add_user({id}) adds one")
    return user


def _found(store: Store, name: str, value: str) -> User:
    user = store.find_user(**{name: value.strip()}) if value else None
    if user is None:
        raise user_not_found(f"no user has the {name} {value!r}; qbchat.add_user({name}={value!r}) adds one")
    return user


def _own(store: Store, call: Call, id: str) -> User:
    """The user of an id, who calls. Nobody is adopted only to be refused."""
    known = store.users.get(whole_number(id) or 0)
    if known is None and not call.caller.has_full_access:
        raise user_not_found(f"there is no user {id!r}, who could only change itself")
    user = known or _user(store, id)
    _check_self(store, call, user)
    return user


def _check_self(store: Store, call: Call, user: User) -> None:
    if not call.caller.has_full_access and require_user(store, call) != user.id:
        raise no_permission(f"user {call.caller.user_id} is not user {user.id}, and so may not change it")


def _delete(store: Store, call: Call, user: User) -> tuple[int, str]:
    _check_self(store, call, user)
    store.delete_user(user)
    call.caller = UNAUTHENTICATED  # the session, if there was one, is over
    return 200, ""


def _knows_password(user: User, password: Any) -> bool:
    """Whether it is the user's. While that is not known, any will do, as for a login."""
    return password not in (None, "") and user.password in (None, str(password))


# What a request for a user says


def _given(call: Call) -> dict[str, Any]:
    given = call.params.get("user")
    if not isinstance(given, dict):
        raise invalid("the request has no user: write {'user': {...}}", user="is required")
    return {
        name: value.strip() if isinstance(value, str) and "password" not in name else value
        for name, value in given.items()
    }


def _errors(store: Store, given: dict[str, Any], user: User | None) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for name in UNIQUE:
        if given.get(name) not in (None, ""):
            other = store.find_user(**{name: as_text(given[name])})
            if other is not None and other is not user:
                errors[name] = ["has already been taken"]
    password = given.get("password")
    if password not in (None, "") and len(str(password)) < _SHORTEST_PASSWORD:
        errors["password"] = [f"is too short (minimum is {_SHORTEST_PASSWORD} characters)"]
    if len(queries.split(given.get("tag_list") or "")) > _MOST_TAGS:
        errors["tag_list"] = [f"is too long (maximum is {_MOST_TAGS} tags)"]
    return errors


def _set(store: Store, user: User, given: dict[str, Any]) -> None:
    for name in ("login", "email"):
        if name in given and (former := getattr(user, name)):
            store.deleted.add((name, former))  # which nobody logs in with any more
    for name in FIELDS:
        if name in given:
            value = given[name]
            if name == "blob_id":
                user.blob_id = whole_number(value)
            elif name in CONSENTS:
                setattr(user, name, value)
            else:
                setattr(user, name, None if value in (None, "") else as_text(value))
    if "tag_list" in given:
        user.user_tags = ",".join(map(str, queries.split(given["tag_list"] or ""))) or None
    if given.get("password"):
        user.password = str(given["password"])
        store.secrets.add(user.password)


# Lists


_FILTERABLE = (
    "id", "full_name", "email", "login", "phone", "website", "created_at", "updated_at", "last_request_at",
    "external_user_id", "twitter_id", "facebook_id",
)  # fmt: skip
# Dates are kept as Unix time.
_NUMERIC = {"id": "id", "created_at": "created", "updated_at": "updated", "last_request_at": "last_request"}
_OPERATORS = {"gt": "gt", "lt": "lt", "ge": "gte", "le": "lte", "eq": "eq", "ne": "ne", "in": "in"}
_SEPARATOR = re.compile(r"[+ ]")


def _moment(value: str) -> float:
    """A date as Unix time, given as such or in ISO 8601.

    Raises:
        ValueError: It is neither.
    """
    if value.isdecimal():
        return queries.number(value)
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_KINDS: dict[str, Callable[[str], Any]] = {"number": queries.number, "string": str, "date": _moment}


def _conditions(call: Call, text: str) -> list[Condition]:
    """The conditions of one `filter[]`; none, and a warning, if it cannot be read."""
    try:
        kind, name, operator, given = _SEPARATOR.split(text, maxsplit=3)
        if name not in _FILTERABLE:
            raise ValueError(text)
        convert, get = _KINDS[kind], partial(_comparable, name, text=kind == "string")
        if operator == "between":
            lowest, highest = map(convert, given.split(","))
            conditions = [Condition(get, "gte", lowest), Condition(get, "lte", highest)]
        else:
            value = [convert(each) for each in given.split(",")] if operator == "in" else convert(given)
            conditions = [Condition(get, _OPERATORS[operator], value)]
    except (KeyError, ValueError):
        call.warn(f"filter[]: {text!r} is ignored; QuickBlox documents type+field+operator+value: 'number+id+in+1,2'")
        return []
    return [Condition(get, "ne", None), *conditions]  # a user without a value fulfils none, "ne" included


def _comparable(name: str, user: User, *, text: bool) -> Any:
    """A field of a user as a filter compares it; None if it has no such value."""
    if text:
        value = getattr(user, name)
        return None if value is None else str(value)
    try:
        return queries.number(getattr(user, _NUMERIC.get(name, name)))
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
    field = Field(partial(_comparable, name, text=name not in _NUMERIC), number if name in _NUMERIC else str)
    return queries.sort(users, field, descending=direction == "desc")
