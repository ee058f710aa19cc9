"""The declarations of a test: users, sessions, dialogs, files, credentials, assumptions.

Each declaration is checked at once, because a wrong type would otherwise fail in the code under test. `FakeQuickBlox`
documents the public methods.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import timedelta
from typing import Any, cast

from pytest_qbchat.fake.user import User
from pytest_qbchat.service import models
from pytest_qbchat.service.assumptions import Assumptions, invalid_value_hint
from pytest_qbchat.service.ids import is_object_id
from pytest_qbchat.service.models import Blob, Dialog, DialogType, Session, id_of
from pytest_qbchat.service.spelling import closest_name
from pytest_qbchat.service.store import Store

_UNITS = ("days", "hours", "microseconds", "milliseconds", "minutes", "seconds", "weeks")
_SECRET = ("password", "api_key", "auth_key", "auth_secret")


class Arrange:
    """Adds the declarations of a test to the state of its fake."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._declared: set[int] = set()

    def add_user(self, id: int | None, *, tags: Iterable[str], **fields: Any) -> User:
        """See `FakeQuickBlox.add_user`."""
        __tracebackhide__ = True
        if isinstance(id, str):
            remedy = f"use add_user({id})" if id.isdecimal() else f"for a name use add_user(full_name={id!r})"
            raise TypeError(f"invalid id {id!r}; expected a number; {remedy}")
        user_id = None if id is None else id_of(id)
        labels = _as_list("tags", tags, "['vip']")
        external_id = fields["external_user_id"]
        fields["external_user_id"] = None if external_id is None else str(external_id)
        _check_strings(**fields, **{f"tags[{position}]": label for position, label in enumerate(labels)})
        for name in ("login", "email"):
            fields[name] = fields[name] and fields[name].strip()  # as QuickBlox does at a sign-up
        with self._store.lock:
            self._check_unique(user_id, {name: fields[name] for name in ("login", "email", "external_user_id")})
            user = self._store.add_user(user_id, **fields, user_tags=",".join(labels) or None)
            self._declared.add(user.id)
        self._store.secrets.add(user.password or "")
        return cast("User", user)

    def add_session(self, token: str, user: int | models.User | None) -> Session:
        """See `FakeQuickBlox.add_session`."""
        __tracebackhide__ = True
        if not isinstance(token, str) or not token:
            given = "''" if token == "" else f"of type {type(token).__name__}"  # the value may be a secret
            raise TypeError(f"invalid token {given}; expected the string that the code under test sends as QB-Token")
        with self._store.lock:
            return self._store.add_session(token, None if user is None else self._user_id(user))

    def add_dialog(
        self, id: str | None, *, occupants_ids: Iterable[int | models.User], type: int, name: str | None
    ) -> Dialog:
        """See `FakeQuickBlox.add_dialog`."""
        __tracebackhide__ = True
        _check_strings(name=name)
        users = _as_list("occupants_ids", occupants_ids, "[user, ...]")
        if not users:
            raise ValueError("a dialog needs at least its owner; use occupants_ids=[user, ...]")
        if type not in tuple(DialogType):
            raise ValueError(f"unknown dialog type {type!r}; expected 1 public group, 2 group or 3 private")
        if id is not None and not is_object_id(id):
            raise ValueError(f"invalid dialog id {id!r}; expected 24 hexadecimal digits, or None for a new id")
        with self._store.lock:
            occupants = [self._user_id(user) for user in users]
            dialog_id = self._check_dialog_id(id)
            if type == DialogType.PRIVATE:
                dialog_id = self._id_for_private_dialog(dialog_id, occupants)
            return self._store.add_dialog(DialogType(type), occupants, occupants[0], id=dialog_id, name=name)

    def _check_dialog_id(self, id: str | None) -> str | None:
        """Refuse the id of an existing dialog, unless that was adopted; return the id in lower case."""
        __tracebackhide__ = True
        existing = self._store.find_dialog(id)
        if existing is not None and not existing.adopted:
            raise ValueError(f"dialog {id} already exists, with the occupants {existing.occupants_ids}")
        return id and id.lower()

    def _id_for_private_dialog(self, id: str | None, occupants: list[int]) -> str | None:
        """The id for a private dialog. It replaces an adopted dialog of the same users."""
        __tracebackhide__ = True
        pair = sorted({*occupants})
        if len(pair) != 2:  # noqa: PLR2004 - a pair
            raise ValueError(f"a private dialog has two occupants, not {occupants}")
        existing = self._store.private_dialog(*pair)
        if existing is None:
            return id
        if not existing.adopted or id not in (None, existing.id):
            raise ValueError(f"users {pair} already have a private dialog: {existing.id}")
        return existing.id

    def add_blob(
        self, content: bytes, *, name: str, content_type: str, user: int | models.User | None, public: bool
    ) -> Blob:
        """See `FakeQuickBlox.add_blob`."""
        __tracebackhide__ = True
        if not isinstance(content, bytes):
            raise TypeError(f"invalid content of type {type(content).__name__}; expected bytes: add_blob(b'...', ...)")
        _check_strings(name=name, content_type=content_type)
        with self._store.lock:
            owner = None if user is None else self._user_id(user)
            return self._store.add_blob(name, content_type, user_id=owner, public=public, content=content)

    def credentials(
        self, *, api_key: str | None, application_id: int | None, auth_key: str | None, auth_secret: str | None
    ) -> None:
        """See `FakeQuickBlox.credentials`."""
        __tracebackhide__ = True
        if (api_key, application_id, auth_key, auth_secret) == (None, None, None, None):
            raise TypeError("credentials() needs at least one credential; use credentials(auth_secret=...)")
        _check_strings(api_key=api_key, auth_key=auth_key, auth_secret=auth_secret)
        if application_id is not None and type(application_id) is not int:
            raise TypeError(f"invalid application_id={application_id!r}; expected a number")
        if api_key is not None and (not api_key or " " in api_key):
            raise ValueError("invalid API key; expected the string after 'ApiKey ' in the Authorization header")
        if auth_secret == "":
            raise ValueError("invalid auth_secret=''; expected the secret that signs the sessions")
        application = self._store.application
        if api_key is not None:
            application.api_keys.add(api_key)
        for name, value in (("id", application_id), ("auth_key", auth_key), ("auth_secret", auth_secret)):
            if value is not None:
                setattr(application, name, value)
        for secret in (api_key, auth_key, auth_secret):
            self._store.secrets.add(secret or "")

    def assume(self, **assumptions: Any) -> None:
        """See `FakeQuickBlox.assume`."""
        __tracebackhide__ = True
        if not assumptions:
            raise TypeError("assume() needs at least one assumption; use assume(need_user_status=403)")
        known = [field.name for field in fields(Assumptions)]
        for name, value in assumptions.items():
            if name not in known:
                suggestion = closest_name(name, known) or f"one of {', '.join(known)}"
                raise TypeError(f"unknown assumption {name!r}; expected {suggestion}")
            if expected := invalid_value_hint(name, value):
                raise TypeError(f"invalid {name}={value!r}; expected {expected}")
        with self._store.lock:
            for name, value in assumptions.items():
                setattr(self._store.assume, name, value)

    def _check_unique(self, id: int | None, keys: dict[str, str | None]) -> None:
        """Refuse a declared id, and a unique field of another user."""
        __tracebackhide__ = True
        if id in self._declared and (existing := self._store.users.get(id)) is not None:
            raise ValueError(f"user {id} already exists: {existing!r}")
        for name, value in keys.items():
            if value and (existing := self._store.find_user(**{name: value})) and existing.id != id:
                raise ValueError(f"the {name} {value!r} already belongs to user {existing.id}")

    def _user_id(self, user: int | models.User) -> int:
        """The id of a user, who is added if unknown."""
        __tracebackhide__ = True
        user_id = id_of(user)
        if user_id not in self._store.users:
            self._store.add_user(user_id)
        return user_id


def seconds_of(delta: dict[str, float]) -> float:
    """The seconds of the arguments of `FakeQuickBlox.advance`."""
    __tracebackhide__ = True
    if not delta:
        raise TypeError("advance() needs a time; use advance(hours=2)")
    if unknown := sorted(delta.keys() - _UNITS):
        suggestion = closest_name(unknown[0], _UNITS) or f"one of {', '.join(_UNITS)}"
        raise TypeError(f"unknown unit {unknown[0]!r}; expected {suggestion}")
    try:
        seconds = timedelta(**delta).total_seconds()
    except (OverflowError, ValueError) as error:
        raise ValueError(f"the clock cannot advance by that much: {error}") from None
    except TypeError as error:
        raise TypeError(f"advance() takes numbers, as in advance(hours=2): {error}") from None
    if seconds < 0:
        raise ValueError(f"advance() cannot set the clock back by {-seconds} s; use freezegun or time-machine")
    return seconds


def _check_strings(**given: Any) -> None:
    __tracebackhide__ = True
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            shown = f"{name} of type {type(value).__name__}" if name in _SECRET else f"{name}={value!r}"
            raise TypeError(f"invalid {shown}; expected a string")


def _as_list(name: str, given: Any, example: str) -> list[Any]:
    """The items of a collection. A string and a single value are refused."""
    __tracebackhide__ = True
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError(f"invalid {name}={given!r}; expected a list, {name}={example}")
    return list(given)
