"""What a test declares of QuickBlox before the code under test calls: users, sessions, dialogs, messages, files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from threading import RLock
from typing import Any, cast

from pytest_qbchat.fake.arguments import check_texts, listed
from pytest_qbchat.fake.message import Message
from pytest_qbchat.fake.user import User
from pytest_qbchat.service import models
from pytest_qbchat.service.assumptions import Assumptions, what_to_write
from pytest_qbchat.service.ids import is_object_id
from pytest_qbchat.service.models import Blob, Dialog, DialogType, Session, id_of
from pytest_qbchat.service.realtime import Chat
from pytest_qbchat.service.spelling import similar_name
from pytest_qbchat.service.store import Store

_PRIVATE_OCCUPANTS = 2


class QuickBlox:
    """A QuickBlox as a test arranges it. What answers its calls is `FakeQuickBlox`."""

    def __init__(self, *, strict: bool) -> None:
        """Begin with nothing.

        Args:
            strict: Refuse what was not declared.
        """
        self._lock = RLock()
        self._store = Store(strict=strict, message_class=Message, new_user=self._new_user)
        self._chat = Chat(self._store, self._lock)
        self._declared: set[int] = set()

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
        """Declare a user. The handle that it returns plays the other side of a conversation.

        Args:
            id: The user id; a new one if left out.
            full_name: What others see.
            login: The login.
            email: The e-mail address.
            password: What a login is checked against; the first one that comes if left out.
            phone: The telephone number.
            external_user_id: The id that the code under test knows the user by.
            custom_data: A text of the application's own, often JSON.
            tags: `user_tags` in replies.

        Raises:
            TypeError: A value is of another type.
            ValueError: The id, the login or another unique key was declared before.
        """
        __tracebackhide__ = True
        check_texts(full_name=full_name, login=login, email=email, password=password, phone=phone)
        check_texts(custom_data=custom_data)
        login, email = login and login.strip(), email and email.strip()  # as QuickBlox does at a sign-up
        labels = listed("tags", tags, "['vip']")
        check_texts(**{f"tags[{position}]": label for position, label in enumerate(labels)})
        external_user_id = None if external_user_id is None else str(external_user_id)
        with self._lock:
            self._check_new_user(
                None if id is None else id_of(id), login=login, email=email, external_user_id=external_user_id
            )
            user = self._store.add_user(
                None if id is None else id_of(id),
                full_name=full_name,
                login=login,
                email=email,
                password=password,
                phone=phone,
                external_user_id=external_user_id,
                custom_data=custom_data,
                user_tags=",".join(labels) or None,
            )
            self._declared.add(user.id)
        if password:
            self._store.secrets.add(password)
        return cast("User", user)

    def add_session(self, token: str, user: int | models.User | None) -> Session:
        """Declare whose session a token is. It expires two hours after its last call (`session.expires_at`).

        The two hours begin with its first call, so that a test may arrange the past with a frozen clock or `advance()`.

        Args:
            token: What the code under test sends as `QB-Token`.
            user: The user or its id; None for an application session, which may not post (422 "Need user").

        Raises:
            TypeError: The token or the user is something else.
        """
        __tracebackhide__ = True
        if not isinstance(token, str) or not token:
            raise TypeError(f"{token!r} is no token: write the text that the code under test sends as QB-Token")
        with self._lock:
            return self._store.add_session(token, None if user is None else self._known(user))

    def add_dialog(
        self,
        id: str | None = None,
        *,
        occupants_ids: Iterable[int | models.User],
        type: int = DialogType.GROUP,
        name: str | None = None,
    ) -> Dialog:
        """Declare a dialog. Only its occupants may post to it, and others get 403.

        One that a call has brought in keeps its messages.

        Args:
            id: 24 hexadecimal digits; a new id if left out.
            occupants_ids: Users or their ids. The first is the owner.
            type: 1 public group, where anybody may post; 2 group; 3 private.
            name: The name of a group.

        Raises:
            TypeError: The name is no text, or the occupants are no list of users.
            ValueError: The id is malformed or declared already, there is no such type, or the occupants do not suit it.
        """
        __tracebackhide__ = True
        check_texts(name=name)
        users = listed("occupants_ids", occupants_ids, "[user, ...]")
        if type not in tuple(DialogType):
            raise ValueError(f"no dialog type {type!r}: write 1 public group, 2 group or 3 private")
        if id is not None and not is_object_id(id):
            raise ValueError(f"{id!r} is not the id of a dialog: write 24 hexadecimal digits, or leave it out")
        with self._lock:
            occupants = [self._known(user) for user in users]
            if type == DialogType.PRIVATE and len(set(occupants)) != _PRIVATE_OCCUPANTS:
                raise ValueError(f"a private dialog has two occupants, not {occupants}")
            if not occupants:
                raise ValueError("a dialog has at least its owner: write occupants_ids=[user, ...]")
            there = self._store.dialogs.get(id.lower()) if id is not None else None
            if there is not None and not there.adopted:
                raise ValueError(f"dialog {id} is there already, with the occupants {there.occupants_ids}")
            there = self._store.private_dialog(min(occupants), max(occupants)) if type == DialogType.PRIVATE else None
            if there is not None and (not there.adopted or id not in (None, there.id)):
                raise ValueError(f"users {sorted(occupants)} have a private dialog already: {there.id}")
            taken_over = there.id if there is not None else id and id.lower()
            return self._store.add_dialog(DialogType(type), occupants, occupants[0], id=taken_over, name=name)

    def add_message(
        self, dialog: Dialog | str, sender: int | models.User, message: str | None = None, **fields: Any
    ) -> Message:
        """Put a message into the history, as if it had been there before the test. It is not in `posted`.

        Args:
            dialog: Where; what `add_dialog` returned, or its id.
            sender: An occupant, or its id.
            message: The text.
            **fields: What else a request could have: `attachments`, `markable`, `send_to_chat`, custom fields.

        Raises:
            ValueError: There is no such dialog, or the sender is not an occupant.
        """
        __tracebackhide__ = True
        return self._chat.send(
            id_of(sender), self._chat.dialog(dialog), {"message": message, **fields}, over_xmpp=False
        )

    def add_blob(
        self,
        content: bytes,
        *,
        name: str,
        content_type: str = "application/octet-stream",
        user: int | models.User | None = None,
        public: bool = False,
    ) -> Blob:
        """Put an uploaded file into the content module.

        Args:
            content: The bytes.
            name: The file name.
            content_type: The MIME type.
            user: Whose it is; nobody's if left out, so that only an API key may change it.
            public: Whether it can be downloaded without a token.

        Raises:
            TypeError: The content is no bytes, or the user something else.
        """
        __tracebackhide__ = True
        if not isinstance(content, bytes):
            raise TypeError(f"the content is bytes, not {type(content).__name__}: write add_blob(b'...', name=...)")
        check_texts(name=name, content_type=content_type)
        with self._lock:
            store, now = self._store, int(self._store.now())
            owner = None if user is None else self._known(user)
            blob = Blob(store.ids.number(), store.ids.uid(), name, content_type, public, owner, now, now, len(content))
            blob.blob_status, blob.completed, blob.content = "complete", now, content
            store.blobs[blob.id] = blob
        return blob

    def credentials(
        self,
        *,
        api_key: str | None = None,
        application_id: int | None = None,
        auth_key: str | None = None,
        auth_secret: str | None = None,
    ) -> None:
        """Declare credentials of the application, as its dashboard shows them. What is declared is enforced.

        Args:
            api_key: What follows `ApiKey ` in the Authorization header. No other key is good any more (401).
            application_id: A session for another application is refused (422 "Unexpected signature").
            auth_key: The authorization key, likewise.
            auth_secret: The authorization secret. Every session must be signed with it, and a wrong signature is
                explained by a `QuickBloxWarning`.

        Raises:
            TypeError: Nothing is declared, or a value is of another type.
            ValueError: The key is empty, or has the `ApiKey ` before it; the secret is empty.
        """
        __tracebackhide__ = True
        if (api_key, application_id, auth_key, auth_secret) == (None, None, None, None):
            raise TypeError("credentials() declares nothing: write credentials(auth_secret=...), or another of them")
        check_texts(api_key=api_key, auth_key=auth_key, auth_secret=auth_secret)
        if application_id is not None and type(application_id) is not int:
            raise TypeError(f"application_id={application_id!r}: write a number")
        if api_key is not None:
            if not api_key or " " in api_key:
                raise ValueError("an API key is what follows 'ApiKey ' in the Authorization header, without a space")
            self._store.application.api_keys.add(api_key)
            self._store.secrets.add(api_key)
        if auth_secret is not None and not auth_secret:
            raise ValueError("an authorization secret is not empty: write what signs the sessions")
        if auth_secret is not None:
            self._store.secrets.add(auth_secret)
        application = self._store.application
        application.id = application_id if application_id is not None else application.id
        application.auth_key = auth_key if auth_key is not None else application.auth_key
        application.auth_secret = auth_secret if auth_secret is not None else application.auth_secret

    def assume(self, **assumptions: Any) -> None:
        """Choose otherwise where nobody outside QuickBlox knows what it does.

        Args:
            **assumptions: Named and explained in `pytest_qbchat.service.assumptions.Assumptions`.

        Raises:
            TypeError: There is no such assumption, or the value is none for it. Nothing is changed then.
        """
        __tracebackhide__ = True
        if not assumptions:
            raise TypeError("assume() changes nothing: write assume(need_user_status=403), or another of them")
        known = [field.name for field in fields(Assumptions)]
        for name, value in assumptions.items():
            if name not in known:
                meant = similar_name(name, known) or f"one of {', '.join(known)}"
                raise TypeError(f"the fake assumes no {name!r}: write {meant}")
            if right := what_to_write(name, value):
                raise TypeError(f"{name}={value!r}: write {right}")
        with self._lock:
            for name, value in assumptions.items():
                setattr(self._store.assume, name, value)

    def _new_user(self, id: int, **fields: Any) -> User:
        user = User(id, **fields)
        user._chat = self._chat
        return user

    def _check_new_user(self, id: int | None, **keys: str | None) -> None:
        """Whether nobody was declared under an id, or with a key that is one user's own."""
        __tracebackhide__ = True
        there = self._store.users.get(id) if id in self._declared else None
        if there is not None:
            raise ValueError(f"user {id} is there already: {there!r}")
        for name, value in keys.items():
            if value and (there := self._store.find_user(**{name: value})) and there.id != id:
                raise ValueError(f"the {name} {value!r} is that of user {there.id} already")

    def _known(self, user: int | models.User) -> int:
        """The id of a user that a declaration names, which declares the user."""
        __tracebackhide__ = True
        user_id = id_of(user)
        if user_id not in self._store.users:
            self._store.add_user(user_id)
        return user_id
