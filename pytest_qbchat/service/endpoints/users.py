"""/users: users, in the order of the QuickBlox reference."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pytest_qbchat.service import queries
from pytest_qbchat.service.authentication import NOBODY, need_caller
from pytest_qbchat.service.errors import invalid, invalid_fields, no_permission, user_not_found
from pytest_qbchat.service.exchange import Exchange
from pytest_qbchat.service.ids import whole_number
from pytest_qbchat.service.models import User
from pytest_qbchat.service.pages import paged
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import encode_json

_SHORTEST_PASSWORD = 8
_MOST_TAGS = 5
UNIQUE = ("login", "email", "facebook_id", "twitter_id", "external_user_id")
CONSENTS = ("age_over16", "allow_statistics_analysis", "allow_sales_activities", "parents_contacts")
FIELDS = (*UNIQUE, "full_name", "phone", "website", "custom_data", "blob_id", *CONSENTS)


def create_user(store: Store, exchange: Exchange) -> tuple[int, dict[str, Any]]:
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

    Raises:
        QuickBloxError: 422 for wrong fields, all of them at once.
    """
    given = _given(exchange)
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


def list_users(store: Store, exchange: Exchange) -> tuple[int, dict[str, Any]]:
    """GET /users.json: users, a page at a time.

    - The reply is `current_page`, `per_page`, `total_entries` and `items`, each wrapped in `user` (documented,
      list-users); `page` begins with 1, `per_page` is 10 unless given (documented, list-users) and at most 100
      (assumed).
    - `filter[]` is type, field, operator and value, joined by `+` or a blank: `number+id+in+1,2`; the types are number,
      string and date, the operators `gt lt ge le eq ne between in` (documented, list-users). A filter that cannot be
      read is ignored (assumed).
    - `order` is `asc` or `desc`, type and field (documented, list-users); by id unless given (assumed).
    """
    params = exchange.params
    users: list[User] = list(store.users.values())
    given = params.get("filter")
    for text in given if isinstance(given, list) else [given] if given else []:
        users = _filtered(users, str(text), exchange.warnings)
    _arrange(users, params.get("order"), exchange.warnings)
    return 200, paged(params, users, "user", exchange.warnings)


def get_user(store: Store, exchange: Exchange, id: str) -> tuple[int, dict[str, Any]]:
    """GET /users/{id}.json: one user.

    - The reply is wrapped in `user` (documented, REST description). An unknown id is adopted, outside strict mode.

    Raises:
        QuickBloxError: 404 "Couldn't find user" (observed).
    """
    return 200, {"user": _user(store, id).as_dict()}


def get_user_by_key(store: Store, exchange: Exchange) -> tuple[int, dict[str, Any]]:
    """GET /users/by_login.json: the user with a `login`; so with `email`, `facebook_id` and `twitter_id`.

    - The reply is wrapped in `user` (documented, REST description).

    Raises:
        QuickBloxError: 404 "Couldn't find user" (observed).
    """
    assert exchange.route is not None  # noqa: S101 - which led here
    key = exchange.route.path.removeprefix("/users/by_")
    return 200, {"user": _found(store, key, str(exchange.params.get(key) or "")).as_dict()}


def get_user_by_external_id(store: Store, exchange: Exchange, id: str) -> tuple[int, dict[str, Any]]:
    """GET /users/external/{id}.json: the user with an external id.

    - The reply is wrapped in `user` (documented, REST description).

    Raises:
        QuickBloxError: 404 "Couldn't find user" (observed).
    """
    return 200, {"user": _found(store, "external_user_id", id).as_dict()}


def list_users_by_full_name(store: Store, exchange: Exchange) -> tuple[int, dict[str, Any]]:
    """GET /users/by_full_name.json: users by a part of their `full_name`.

    - The reply is a page as of all users (documented, REST description), empty if there are none (assumed); a part of
      the name in any case is enough (assumed).
    """
    wanted = str(exchange.params.get("full_name") or "").lower()
    users = [user for user in store.users.values() if wanted and wanted in (user.full_name or "").lower()]
    return 200, paged(exchange.params, users, "user", exchange.warnings)


def list_users_by_tags(store: Store, exchange: Exchange) -> tuple[int, dict[str, Any]]:
    """GET /users/by_tags.json: users who have any of the `tags`, a comma list.

    - The reply is a page as of all users (documented, list-users-by-tags), empty if there are none (assumed).
    """
    wanted = set(map(str, queries.split(exchange.params.get("tags") or "")))
    users = [user for user in store.users.values() if wanted & set(queries.split(user.user_tags or ""))]
    return 200, paged(exchange.params, users, "user", exchange.warnings)


def update_user(store: Store, exchange: Exchange, id: str) -> tuple[int, dict[str, Any]]:
    """PUT /users/{id}.json: change a user.

    - The reply is wrapped in `user` (documented, REST description).
    - Only the user itself may do so (documented, REST description), or an API key alone (assumed).
    - A new password needs the old one as `old_password` (documented, REST description; the refusal is assumed), but not
      from an API key (assumed).
    - Login and email cannot both be taken away (assumed).

    Raises:
        QuickBloxError: 404 for a missing user, 403 for another one, 422 for wrong fields.
    """
    user = _own(store, exchange, id)
    given = _given(exchange)
    errors = _errors(store, given, user)
    trusted = exchange.caller.omnipotent or _knows_password(user, given.get("old_password"))
    if given.get("password") and not trusted:
        errors["base"] = ["old_password is wrong"]
    if {"login", "email"} & given.keys() and not any(given.get(key, getattr(user, key)) for key in ("login", "email")):
        errors["base"] = ["Login or email required"]
    if errors:
        raise invalid_fields(errors)
    _set(store, user, given)
    user.updated = int(exchange.now)
    return 200, {"user": user.as_dict()}


def delete_user(store: Store, exchange: Exchange, id: str) -> tuple[int, str]:
    """DELETE /users/{id}.json: delete a user.

    - The reply is empty (documented, REST description). The user leaves all dialogs (documented, release notes), and
      its sessions end (assumed).
    - Only the user itself may do so (assumed), or an API key alone (documented, delete-user-by-external-id).

    Raises:
        QuickBloxError: 404 for a missing user, 403 for another one.
    """
    return _delete(store, exchange, _own(store, exchange, id))


def delete_user_by_external_id(store: Store, exchange: Exchange, id: str) -> tuple[int, str]:
    """DELETE /users/external/{id}.json: delete the user with an external id.

    - As by id (documented, delete-user-by-external-id).

    Raises:
        QuickBloxError: 404 for a missing user, 403 for another one.
    """
    return _delete(store, exchange, _found(store, "external_user_id", id))


def reset_password(store: Store, exchange: Exchange) -> tuple[int, str]:
    """GET /users/password/reset.json: mail the user with an `email` a link to set a new password.

    - The reply is empty (documented, REST description). The path without `users` works too (documented, REST
      description; with it observed, JavaScript SDK).
    - An unknown address is not found (assumed).

    Raises:
        QuickBloxError: 404 for an unknown address.
    """
    _found(store, "email", str(exchange.params.get("email") or ""))
    return 200, ""


# Which user is meant


def _user(store: Store, id: str) -> User:
    number = whole_number(id)
    user = store.user(number) if number else None
    if user is None:
        raise user_not_found(f"there is no user {id!r}; qbchat.add_user({id}) adds one")
    return user


def _found(store: Store, name: str, value: str) -> User:
    user = store.find_user(**{name: value.strip()}) if value else None
    if user is None:
        raise user_not_found(f"no user has the {name} {value!r}; qbchat.add_user({name}={value!r}) adds one")
    return user


def _own(store: Store, exchange: Exchange, id: str) -> User:
    """The user of an id, who calls. Nobody else is adopted, only to be refused."""
    known = store.users.get(whole_number(id) or 0)
    if known is None and not exchange.caller.omnipotent:
        raise user_not_found(f"there is no user {id!r}, who could only change itself")
    user = known or _user(store, id)
    _check_self(exchange, store, user)
    return user


def _check_self(exchange: Exchange, store: Store, user: User) -> None:
    if not exchange.caller.omnipotent and need_caller(store, exchange.caller) != user.id:
        raise no_permission(f"user {exchange.caller.user_id} is not user {user.id}, and so may not change it")


def _delete(store: Store, exchange: Exchange, user: User) -> tuple[int, str]:
    _check_self(exchange, store, user)
    store.delete_user(user)
    exchange.caller = NOBODY  # whose session, if it had one, is over
    return 200, ""


def _knows_password(user: User, password: Any) -> bool:
    """Whether it is the user's. While that is not known, any will do, as for a login."""
    return password not in (None, "") and user.password in (None, str(password))


# What a request for a user says


def _given(exchange: Exchange) -> dict[str, Any]:
    given = exchange.params.get("user")
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
            other = store.find_user(**{name: _text(given[name])})
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
            store.gone.add((name, former))  # which nobody logs in with any more
    for name in FIELDS:
        if name in given:
            value = given[name]
            if name == "blob_id":
                user.blob_id = whole_number(value)
            elif name in CONSENTS:
                setattr(user, name, value)
            else:
                setattr(user, name, None if value in (None, "") else _text(value))
    if "tag_list" in given:
        user.user_tags = ",".join(map(str, queries.split(given["tag_list"] or ""))) or None
    if given.get("password"):
        user.password = str(given["password"])
        store.secrets.add(user.password)


def _text(value: Any) -> str:
    """What is no text as JSON has it (assumed)."""
    return value if isinstance(value, str) else encode_json(value)


# Lists


_FILTERABLE = (
    "id", "full_name", "email", "login", "phone", "website", "created_at", "updated_at", "last_request_at",
    "external_user_id", "twitter_id", "facebook_id",
)  # fmt: skip
_KINDS = ("number", "string", "date")
_SEPARATOR = re.compile(r"[+ ]")


def _value(user: User, field: str) -> Any:
    """A field in a form that can be compared; a date as Unix time."""
    if field.endswith("_at"):
        return {"created_at": user.created, "updated_at": user.updated}.get(field, user.last_request)
    return getattr(user, field)


def _parsed(kind: str, value: str) -> Any:
    if kind == "number":
        return queries.number(value)
    if kind == "date" and not value.isdecimal():
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return queries.number(value) if kind == "date" else value


def _filtered(users: list[User], text: str, warnings: list[str]) -> list[User]:
    try:
        kind, field, operator, given = _SEPARATOR.split(text, maxsplit=3)
        if kind not in _KINDS or field not in _FILTERABLE:
            raise ValueError(text)
        values = [_parsed(kind, value) for value in (given.split(",") if operator in ("in", "between") else [given])]
        tests: dict[str, Callable[[Any], bool]] = {
            "eq": lambda value: value == values[0],
            "ne": lambda value: value != values[0],
            "gt": lambda value: value > values[0],
            "ge": lambda value: value >= values[0],
            "lt": lambda value: value < values[0],
            "le": lambda value: value <= values[0],
            "in": lambda value: value in values,
            "between": lambda value: values[0] <= value <= values[1],
        }
        test = tests[operator]
        return [user for user in users if (value := _like(kind, user, field)) is not None and test(value)]
    except (IndexError, KeyError, ValueError):
        warnings.append(
            f"filter[]: {text!r} is ignored; QuickBlox documents type+field+operator+value: 'number+id+in+1,2'"
        )
        return users


def _like(kind: str, user: User, field: str) -> Any:
    """The value of a field as the kind that a filter compares; None if it has none, or none of this kind."""
    value = _value(user, field)
    if value is None:
        return None
    if kind == "string":
        return str(getattr(user, field))
    try:
        return queries.number(value)
    except ValueError:
        return None


def _arrange(users: list[User], order: Any, warnings: list[str]) -> None:
    direction, field = "asc", "id"
    if order:
        parts = _SEPARATOR.split(str(order))
        if len(parts) == 3 and parts[0] in ("asc", "desc") and parts[2] in _FILTERABLE:  # noqa: PLR2004 - as documented
            direction, field = parts[0], parts[2]
        else:
            warnings.append(f"order: {order!r} is ignored; QuickBlox documents 'asc+date+created_at'")

    def key(user: User) -> tuple[bool, Any]:
        value = _value(user, field)
        return value is not None, value if value is not None else 0

    users.sort(key=key, reverse=direction == "desc")
