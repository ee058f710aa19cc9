"""The declarations of a test: users, sessions, dialogs, messages, files, credentials, assumptions, and the clock.

Each declaration is checked at once, because a wrong type would otherwise fail in the code under test.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import timedelta
from typing import Any, Literal, Never, cast

from pytest_qbchat.fake.message import Message
from pytest_qbchat.fake.user import User, find_dialog, send
from pytest_qbchat.service import models
from pytest_qbchat.service.assumptions import Assumptions, invalid_value_hint
from pytest_qbchat.service.guessed_names import Hinted, hinted
from pytest_qbchat.service.ids import is_object_id
from pytest_qbchat.service.masking import names_secret
from pytest_qbchat.service.models import Blob, Dialog, DialogType, Session, id_of
from pytest_qbchat.service.spelling import closest_name
from pytest_qbchat.service.store import Store

_DIALOG_TYPES: dict[Any, int] = {"public": 1, "group": 2, "private": 3}
_UNITS = ("days", "hours", "microseconds", "milliseconds", "minutes", "seconds", "weeks")


class Declarations(Hinted):
    """The methods by which a test changes the state of a fake without a call of the code under test."""

    _store: Store

    @hinted
    def add_user(
        self,
        id: int | None = None,
        *,
        full_name: str | None = None,
        login: str | None = None,
        email: str | None = None,
        password: str | None = None,
        phone: str | None = None,
        external_user_id: str | int | None = None,
        custom_data: str | None = None,
        tags: Iterable[str] = (),
    ) -> User:
        """Declare a user. The returned object plays the other side of a conversation.

        Args:
            id: The user id; a new one if omitted.
            full_name: The name that others see.
            login: The login.
            email: The e-mail address.
            password: The password that a login must have. If omitted, the first login sets it.
            phone: The telephone number.
            external_user_id: The id of the user in the application.
            custom_data: Data that the application stores with the user: a string, often JSON.
            tags: `user_tags` in replies.

        Raises:
            TypeError: A value is of another type.
            ValueError: The id, the login or another unique field belongs to another user.
        """
        if isinstance(id, str):
            remedy = f"use add_user({id})" if id.isdecimal() else f"for a name use add_user(full_name={id!r})"
            raise TypeError(f"invalid id {id!r}; expected a number; {remedy}")
        user_id = None if id is None else id_of(id)
        labels = _as_list("tags", tags, "['vip']")
        external = None if external_user_id is None else str(external_user_id)
        unique = {"login": login, "email": email, "external_user_id": external}
        others = {"full_name": full_name, "password": password, "phone": phone, "custom_data": custom_data}
        _check_strings(**unique, **others, **{f"tags[{position}]": label for position, label in enumerate(labels)})
        unique |= {name: (unique[name] or "").strip() or None for name in ("login", "email")}  # as at a sign-up
        with self._store.lock:
            self._check_unique(user_id, unique)
            user = self._store.add_user(user_id, **unique, **others, user_tags=",".join(labels) or None)
            self._store.declared.add(user.id)
        self._store.secrets.add(user.password or "")
        return cast("User", user)

    def add_session(self, token: str, user: int | models.User | None) -> Session:
        """Declare the user of a token. The session expires two hours after its last call (`session.expires_at`).

        An unused session does not expire, so a test can arrange the past with a frozen clock or `advance()`.

        Args:
            token: The string that the code under test sends as `QB-Token`.
            user: The user or its id; None for an application session, which may not post (422 "Need user").

        Raises:
            TypeError: The token or the user is of another type.
        """
        if not isinstance(token, str) or not token:
            given = "''" if token == "" else f"of type {type(token).__name__}"  # the value may be a secret
            raise TypeError(f"invalid token {given}; expected the string that the code under test sends as QB-Token")
        with self._store.lock:
            return self._store.add_session(token, None if user is None else self._user_id(user))

    @hinted
    def add_dialog(
        self,
        id: str | None = None,
        *,
        occupants_ids: Iterable[int | models.User],
        type: int | Literal["public", "group", "private"] = DialogType.GROUP,
        name: str | None = None,
    ) -> Dialog:
        """Declare a dialog. Only its occupants may post to it, and others get 403.

        A dialog that was adopted before keeps its messages.

        Args:
            id: 24 hexadecimal digits; a new id if omitted.
            occupants_ids: Users or their ids. The first is the owner.
            type: "public" or 1, a group to which every user may post; "group" or 2; "private" or 3.
            name: The name of a group.

        Raises:
            TypeError: The name is not a string, or the occupants are not a list of users.
            ValueError: The id is malformed or already declared, the type is unknown, or the occupants do not suit it.
        """
        _check_strings(name=name)
        users = _as_list("occupants_ids", occupants_ids, "[user, ...]")
        if not users:
            raise ValueError("a dialog needs at least its owner; use occupants_ids=[user, ...]")
        kind = _DIALOG_TYPES.get(type, type) if isinstance(type, str) else type
        if kind not in tuple(DialogType):
            raise ValueError(f"unknown dialog type {type!r}; expected 'public', 'group', 'private', or 1, 2, 3")
        if id is not None and not is_object_id(id):
            raise ValueError(f"invalid dialog id {id!r}; expected 24 hexadecimal digits, or None for a new id")
        with self._store.lock:
            occupants = [self._user_id(user) for user in users]
            dialog_id, existing = id and id.lower(), self._store.find_dialog(id)
            if existing is not None and not existing.adopted:
                raise ValueError(f"dialog {id} already exists, with the occupants {existing.occupants_ids}")
            if kind == DialogType.PRIVATE:
                dialog_id = self._id_for_private_dialog(dialog_id, occupants)
            return self._store.add_dialog(DialogType(kind), occupants, occupants[0], id=dialog_id, name=name)

    def add_message(
        self, dialog: Dialog | str, sender: int | models.User, message: str | None = None, **fields: Any
    ) -> Message:
        """Add a message to the history, as if it was sent before the test. It is not in `posted`.

        Args:
            dialog: A dialog that `add_dialog` returned, or its id.
            sender: An occupant, or its id.
            message: The text.
            **fields: Further fields of a request: `attachments`, `markable`, `send_to_chat`, custom fields.

        Raises:
            TypeError: A field is misspelt, or QuickBlox sets it.
            ValueError: The dialog is unknown, or the sender is not an occupant.
        """
        to = find_dialog(self._store, dialog)
        return send(self._store, id_of(sender), to, {"message": message, **fields})

    def add_users(self, number: int) -> list[User]:
        """Declare realistic users: some have names with accents, some have no name or no email address.

        They are made by the payload factory, and are the same from run to run.

        Args:
            number: How many.

        Raises:
            ValueError: The number is less than 1.
        """
        _check_number("number", number)
        from pytest_qbchat.fake import lived_in  # noqa: PLC0415 - it imports Faker

        return [self.add_user(**fields) for fields in lived_in.users(self._store, number)]

    def add_history(self, dialog: Dialog | str, *, messages: int = 120) -> list[Message]:
        """Fill a dialog with a realistic history. Its messages are in no inbox and not in `posted`.

        The newest message is a minute old, and all are read. In every twelve there are a photo without text, "ok" twice
        in the same second, a link with `?` and `&`, accents and emoji, an edited message, one that the owner deleted
        for itself, and in a group one from an agent whose user was deleted. They are made by the payload factory, and
        are the same from run to run, apart from the clock.

        Args:
            dialog: A dialog that `add_dialog` returned, or its id.
            messages: How many.

        Returns:
            The messages, oldest first.

        Raises:
            ValueError: The dialog is unknown, or the number is less than 1.
        """
        _check_number("messages", messages)
        from pytest_qbchat.fake import lived_in  # noqa: PLC0415 - it imports Faker

        with self._store.lock:
            return cast("list[Message]", lived_in.history(self._store, find_dialog(self._store, dialog), messages))

    def add_blob(
        self,
        content: bytes,
        *,
        name: str,
        content_type: str = "application/octet-stream",
        user: int | models.User | None = None,
        public: bool = False,
    ) -> Blob:
        """Declare a file that was uploaded before the test.

        Args:
            content: The bytes.
            name: The file name.
            content_type: The MIME type.
            user: The owner. If omitted, only an API key may change the file.
            public: Whether it can be downloaded without a token.

        Raises:
            TypeError: A value is of another type.
        """
        if not isinstance(content, bytes):
            raise TypeError(f"invalid content of type {type(content).__name__}; expected bytes: add_blob(b'...', ...)")
        _check_strings(name=name, content_type=content_type)
        with self._store.lock:
            owner = None if user is None else self._user_id(user)
            return self._store.add_blob(name, content_type, user_id=owner, public=public, content=content)

    def add_credentials(
        self,
        *,
        api_key: str | None = None,
        application_id: int | None = None,
        auth_key: str | None = None,
        auth_secret: str | None = None,
    ) -> None:
        """Declare credentials of the application, as in its dashboard. Declared credentials are enforced.

        Args:
            api_key: The string after "ApiKey " in the Authorization header. Any other key gets 401 from now on.
            application_id: A session for another application is refused (422 "Unexpected signature").
            auth_key: The authorization key. A session with another key is refused in the same way.
            auth_secret: The authorization secret. Every session must be signed with it, and a `QuickBloxWarning`
                explains a wrong signature.

        Raises:
            TypeError: No credential is given, or a value is of another type.
            ValueError: The key is empty or starts with "ApiKey ", or the secret is empty.
        """
        if (api_key, application_id, auth_key, auth_secret) == (None, None, None, None):
            raise TypeError("add_credentials() needs at least one credential; use add_credentials(auth_secret=...)")
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

    def assume(self, **assumptions: bool | int | None) -> None:
        """Change how the fake behaves where QuickBlox's behaviour is not documented or observed.

        Args:
            **assumptions: The attributes of `pytest_qbchat.service.assumptions.Assumptions`.

        Raises:
            TypeError: An assumption is unknown, or its value is invalid. No assumption is changed.
        """
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

    def expire_sessions(self) -> None:
        """Expire every session: the next call with its token gets 401, as after two idle hours.

        From now on, an unknown token gets 401 too. Tokens from a later login or `add_session` are valid.
        """
        self._store.expire_sessions()

    def advance(self, *positional: Never, **delta: float) -> None:
        """Advance the fake's clock. Nothing sleeps, and the clock of the code under test does not change.

        Args:
            *positional: Not accepted; give the unit by name.
            **delta: As for `datetime.timedelta`: `hours=2`, `minutes=1`, `seconds=0.5`. An unused declared session
                does not expire.

        Raises:
            TypeError: No time is given, or the unit is unknown.
            ValueError: The time is negative.
        """
        if positional or not delta:
            raise TypeError(f"advance() needs a unit; use qbchat.advance(hours={positional[0] if positional else 2})")
        if unknown := sorted(delta.keys() - _UNITS):
            suggestion = closest_name(unknown[0], _UNITS) or f"one of {', '.join(_UNITS)}"
            raise TypeError(f"unknown unit {unknown[0]!r}; expected {suggestion}")
        seconds = timedelta(**delta).total_seconds()
        if seconds < 0:
            raise ValueError(f"advance() cannot set the clock back by {-seconds} s; use freezegun or time-machine")
        with self._store.lock:
            self._store.clock_offset += seconds

    def _id_for_private_dialog(self, id: str | None, occupants: list[int]) -> str | None:
        """The id for a private dialog. It replaces an adopted dialog of the same users."""
        pair = sorted({*occupants})
        if len(pair) != 2:  # noqa: PLR2004 - a pair
            raise ValueError(f"a private dialog has two occupants, not {occupants}")
        existing = self._store.private_dialog(*pair)
        if existing is None:
            return id
        if not existing.adopted or id not in (None, existing.id):
            raise ValueError(f"users {pair} already have a private dialog: {existing.id}")
        return existing.id

    def _check_unique(self, id: int | None, keys: dict[str, str | None]) -> None:
        """Refuse a declared id, and a unique field of another user."""
        if id in self._store.declared and (existing := self._store.users.get(id)) is not None:
            raise ValueError(f"user {id} already exists: {existing!r}")
        for name, value in keys.items():
            if value and (existing := self._store.find_user(**{name: value})) and existing.id != id:
                raise ValueError(f"the {name} {value!r} already belongs to user {existing.id}")

    def _user_id(self, user: int | models.User) -> int:
        """The id of a user, who is added if unknown."""
        user_id = id_of(user)
        if user_id not in self._store.users:
            self._store.add_user(user_id)
        return user_id


def _check_strings(**given: Any) -> None:
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            shown = f"{name} of type {type(value).__name__}" if names_secret(name) else f"{name}={value!r}"
            raise TypeError(f"invalid {shown}; expected a string")


def _check_number(name: str, given: Any) -> None:
    if type(given) is not int or given < 1:
        raise ValueError(f"invalid {name}={given!r}; expected 1 or greater")


def _as_list(name: str, given: Any, example: str) -> list[Any]:
    """The items of a collection. A string and a single value are refused."""
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError(f"invalid {name}={given!r}; expected a list, {name}={example}")
    return list(given)
