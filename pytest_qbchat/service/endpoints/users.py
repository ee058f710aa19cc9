"""/users: users, in the order of the QuickBlox reference."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from pytest_qbchat.service import declaration as api
from pytest_qbchat.service import queries
from pytest_qbchat.service.authentication import require_user
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Field, Reply, refuses, route
from pytest_qbchat.service.errors import TAKEN, invalid, invalid_fields, no_permission_for_user, user_not_found
from pytest_qbchat.service.ids import whole_number
from pytest_qbchat.service.models import UNAUTHENTICATED, User
from pytest_qbchat.service.models.user import UserRecord
from pytest_qbchat.service.queries import Condition, number, paged
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import as_text

_MIN_PASSWORD_LENGTH = 8
_MAX_TAGS = 5
_PASSWORD_CHARACTERS = {*string.ascii_letters, *string.digits, *string.punctuation}
UNIQUE = ("login", "email", "facebook_id", "twitter_id", "external_user_id")
CONSENTS = ("age_over16", "allow_statistics_analysis", "allow_sales_activities", "parents_contacts")
PARAMETERS: dict[str, Any] = {
    **dict.fromkeys((*UNIQUE, "full_name", "phone", "website", "custom_data"), str),
    "blob_id": api.Number,
    **dict.fromkeys(CONSENTS, api.Custom),
    "tag_list": api.Texts,
}
_Password = Annotated[str, api.Mark(minLength=_MIN_PASSWORD_LENGTH)]
_NEW_USER = {**PARAMETERS, "password": api.Needed(_Password)}
_CHANGES = {**PARAMETERS, "password": _Password, "old_password": str}
_USER = {"user": UserRecord}
_user_route = partial(route, "GET", replies={200: _USER}, callers="session or key")
_PAGE = api.page_of("user", UserRecord)
_page_route = partial(route, "GET", paged=True, replies={200: _PAGE}, callers="session or key")


@route("POST", "/users", takes={"user": api.Needed(_NEW_USER)}, replies={201: _USER}, callers="session or key")
@refuses(invalid, invalid_fields)
def create_user(store: Store, call: Call) -> Reply:
    """Sign up a user.

    documented(create-user): the reply has status 201 and is wrapped in `user`.
    documented(create-user): an application session is enough, and an API key alone.
    documented(create-user): `login` or `email` is required.
    documented(REST description): `password` is required.
    observed(Ruby client): a user without `login` and `email` is refused as "Login or email required".
    observed(Ruby client): `password` has at least 8 characters.
    observed(issue threads, 2022): `password` has letters, digits and punctuation only; an empty one is refused with
        both texts.
    observed(issue threads): a `blob_id` without a file is refused as "does not exist".
    by design: outside strict mode a `blob_id` without a file only causes a warning.
    documented(create-user): `login`, `email`, `facebook_id` and `external_user_id` are unique.
    observed(Ruby client): a value that another user has is refused as "has already been taken".
    assumed: `twitter_id` is unique.
    documented(create-user): strings are trimmed at the end, except `password`.
    assumed: strings are trimmed at the beginning.
    documented(create-user): `tag_list` is a comma list; the reply has it as `user_tags`.
    documented(list-users-by-tags): a user has at most 5 tags.
    assumed: more tags are refused.
    documented(create-user): `last_request_at` is null at first.
    documented(create-user): the reply has `age_over16`, `allow_statistics_analysis`, `allow_sales_activities` and
        `parents_contacts`.
    assumed: the reply has these consents as they were sent.
    by design: all invalid fields are in one refusal.
    """
    params = _user_params(call)
    errors = _validation_errors(store, call, {"password": ""} | params, None)
    if not params.get("login") and not params.get("email"):
        errors["base"] = ["Login or email required"]
    if errors:
        raise invalid_fields(errors)
    user = store.add_user()
    _apply(store, user, params)
    return 201, {"user": user.as_dict()}


@_page_route("/users", takes={"filter": api.Texts, "order": str})
def list_users(store: Store, call: Call) -> Reply:
    """One page of users.

    documented(list-users): the reply is `current_page`, `per_page`, `total_entries` and `items`, each wrapped in
        `user`.
    assumed: `per_page` is at most 100.
    documented(list-users): `filter` is type, field, operator and value, joined by `+`: `number+id+in+1,2`.
    assumed: a `filter` may be joined by spaces.
    documented(REST description): the types of a `filter` are number, string and date; the operators are
        `gt lt ge le eq ne between in`.
    assumed: the operator `in` takes a comma list; an invalid `filter` is ignored.
    documented(REST description): `order` is `asc` or `desc`, type and field.
    assumed: without `order`, users are sorted by id.
    """
    given = call.params.get("filter")
    filters = given if isinstance(given, list) else [given] if given else []
    if given and isinstance(given, str):
        call.warn("filter: is documented with brackets alone, and may be ignored without them; write filter[]")
    # The JavaScript SDK sends several filters as one, with commas between them.
    texts = [text for each in filters for text in _FILTER_START.split(str(each))]
    conditions = [condition for text in texts for condition in _parse_filter(call, text)]
    users = [user for user in store.users.values() if all(condition.matches(user) for condition in conditions)]
    return 200, paged(call, _sorted(call, users), "user")


@_user_route("/users/{id}")
@refuses(user_not_found)
def get_user(store: Store, call: Call, user_id: api.Digits) -> Reply:
    """One user.

    documented(REST description): the reply is wrapped in `user`.
    by design: outside strict mode an unknown id is adopted.
    """
    return 200, {"user": _require_user_by_id(store, user_id).as_dict()}


@_user_route("/users/by_login", takes={"login": api.Needed(str)})
@_user_route("/users/by_email", takes={"email": api.Needed(str)})
@_user_route("/users/by_facebook_id", takes={"facebook_id": api.Needed(str)})
@_user_route("/users/by_twitter_id", takes={"twitter_id": api.Needed(str)})
@_user_route("/users/phone", takes={"phone": api.Needed(str)})
@refuses(user_not_found)
def get_user_by_key(store: Store, call: Call) -> Reply:
    """The user with a login, an email address, a telephone number, or an id of Facebook or Twitter.

    documented(REST description): the reply is wrapped in `user`.
    observed(JavaScript SDK): the path for a telephone number is /users/phone.
    """
    assert call.route is not None  # noqa: S101 - the router has set it
    [key] = call.route.takes
    return 200, {"user": _require_user_by(store, key, str(call.params.get(key) or "")).as_dict()}


@_user_route("/users/external/{id}")
@refuses(user_not_found)
def get_user_by_external_id(store: Store, call: Call, external_id: str) -> Reply:
    """The user with an external id.

    documented(REST description): the reply is wrapped in `user`.
    """
    return 200, {"user": _require_user_by(store, "external_user_id", external_id).as_dict()}


@_page_route("/users/by_full_name", takes={"full_name": api.Needed(str)})
def list_users_by_full_name(store: Store, call: Call) -> Reply:
    """One page of the users with a name.

    documented(REST description): the reply is a page, as for all users.
    assumed: the reply is empty if no user matches.
    assumed: a part of `full_name` matches, in any case.
    """
    wanted = str(call.params.get("full_name") or "").lower()
    users = [user for user in store.users.values() if wanted and wanted in (user.full_name or "").lower()]
    return 200, paged(call, users, "user")


@_page_route("/users/by_tags", takes={"tags": api.Needed(api.Texts)})
def list_users_by_tags(store: Store, call: Call) -> Reply:
    """One page of the users with at least one of several tags.

    documented(list-users-by-tags): the reply is a page, as for all users; `tags` is a comma list.
    assumed: the reply is empty if no user matches.
    """
    wanted = set(map(str, queries.split(call.params.get("tags") or "")))
    users = [user for user in store.users.values() if wanted & set(queries.split(user.user_tags or ""))]
    return 200, paged(call, users, "user")


@route("PUT", "/users/{id}", takes={"user": api.Needed(_CHANGES)}, replies={200: _USER}, callers="user or key")
@refuses(invalid, invalid_fields, no_permission_for_user, user_not_found)
def update_user(store: Store, call: Call, user_id: api.Digits) -> Reply:
    """Change a user.

    documented(REST description): the reply is wrapped in `user`.
    documented(REST description): only the user itself may do this.
    documented(update-user): an API key alone may do this.
    documented(update-user): a new `password` needs the old one as `old_password`.
    assumed: a wrong `old_password` is refused with 422, except with an API key alone.
    assumed: `login` and `email` cannot both be removed.
    """
    user = _require_own_user(store, call, user_id)
    params = _user_params(call)
    errors = _validation_errors(store, call, params, user)
    if params.get("password") and not call.caller.has_full_access:
        old_password = params.get("old_password")
        # While the password is unknown, every one is accepted, as for a login.
        if old_password in (None, "") or user.password not in (None, str(old_password)):
            errors["base"] = ["old_password is wrong"]
    names = ("login", "email")
    if params.keys() & {*names} and not any(params.get(name, getattr(user, name)) for name in names):
        errors["base"] = ["Login or email required"]
    if errors:
        raise invalid_fields(errors)
    _apply(store, user, params)
    user.updated = int(call.now)
    return 200, {"user": user.as_dict()}


@route("DELETE", "/users/{id}", callers="user or key")
@refuses(no_permission_for_user, user_not_found)
def delete_user(store: Store, call: Call, user_id: api.Digits) -> Reply:
    """Delete a user.

    documented(REST description): the reply is empty.
    documented(release notes): the user leaves all dialogs.
    assumed: the sessions of the user end.
    documented(delete-user): only the user itself may do this, or an API key alone.
    """
    return _delete(store, call, _require_own_user(store, call, user_id))


@route("DELETE", "/users/external/{id}", callers="user or key")
@refuses(no_permission_for_user, user_not_found)
def delete_user_by_external_id(store: Store, call: Call, external_id: str) -> Reply:
    """Delete the user with an external id.

    documented(delete-user-by-external-id): the reply and the rights are as for deleting by id.
    """
    user = _check_self(store, call, _require_user_by(store, "external_user_id", external_id))
    return _delete(store, call, user)


@route("GET", "/users/password/reset", "/password/reset", takes={"email": api.Needed(str)}, callers="session or key")
@refuses(user_not_found)
def reset_password(store: Store, call: Call) -> Reply:
    """Mail a link for a new password.

    documented(REST description): the reply is empty.
    documented(REST description): the path may omit `users`.
    observed(JavaScript SDK): the path contains `users`.
    assumed: an unknown `email` is refused with 404.
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
    return _check_self(store, call, _require_user_by_id(store, id))


def _check_self(store: Store, call: Call, user: User) -> User:
    if not call.caller.has_full_access and require_user(store, call) != user.id:
        raise no_permission_for_user(f"user {call.caller.user_id} may not change user {user.id}, only itself")
    return user


def _delete(store: Store, call: Call, user: User) -> tuple[int, str]:
    store.delete_user(user)
    call.caller = UNAUTHENTICATED  # deleting a user ends its sessions
    return 200, ""


# Parameters


def _user_params(call: Call) -> dict[str, Any]:
    params = call.params.get("user")
    if not isinstance(params, dict):
        raise invalid("the request has no user; use {'user': {...}}", user="is required")
    trimmed = {name: value.strip() for name, value in params.items() if isinstance(value, str)}
    return params | {name: value for name, value in trimmed.items() if "password" not in name}


def _validation_errors(store: Store, call: Call, params: dict[str, Any], user: User | None) -> dict[str, list[str]]:
    """The errors in the fields of a request for a new user, or for a known one."""
    errors: dict[str, list[str]] = {}
    for name in UNIQUE:
        if params.get(name) not in (None, ""):
            other = store.find_user(**{name: as_text(params[name])})
            if other is not None and other is not user:
                errors[name] = [TAKEN]
    password = params.get("password")
    if user is None or password not in (None, ""):  # an empty one changes nothing
        errors |= _password_errors("" if password is None else str(password))
    blob_id = params.get("blob_id")
    if blob_id not in (None, "") and whole_number(blob_id) not in store.blobs:
        if store.strict:
            errors["blob"] = ["does not exist"]
        else:
            call.warn(f"user[blob_id]: there is no file {blob_id}, so QuickBlox may refuse the call; upload it first")
    if len(queries.split(params.get("tag_list") or "")) > _MAX_TAGS:
        errors["tag_list"] = [f"is too long (maximum is {_MAX_TAGS} tags)"]
    return errors


def _password_errors(password: str) -> dict[str, list[str]]:
    texts = []
    if not password or not {*password} <= _PASSWORD_CHARACTERS:
        texts.append("should contain alphanumeric and punctuation characters only")
    if len(password) < _MIN_PASSWORD_LENGTH:
        texts.append(f"is too short (minimum is {_MIN_PASSWORD_LENGTH} characters)")
    return {"password": texts} if texts else {}


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
        elif name in PARAMETERS and name != "tag_list":
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
