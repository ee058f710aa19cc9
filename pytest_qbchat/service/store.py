"""The state of one fake: its users, sessions, dialogs, messages and files."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from threading import RLock
from typing import Any, TypeVar, cast

from pytest_qbchat.service.assumptions import Assumptions
from pytest_qbchat.service.ids import Ids
from pytest_qbchat.service.masking import Secrets, mask
from pytest_qbchat.service.models import Blob, Dialog, DialogType, Message, Session, User
from pytest_qbchat.service.spelling import misspelt

SESSION_LIFETIME = 2 * 60 * 60  # seconds after the last call (documented)
_UNKNOWN_APPLICATION = 99_999
T = TypeVar("T")


@dataclass(slots=True)
class Application:
    """The QuickBlox application as the test declared it. None means unknown and not checked.

    Attributes:
        auth_key: The authorization key, which a client sends.
        auth_secret: The authorization secret, which signs a session and is never sent.
        seen_id: The application id in the last request for a session.
        api_keys: If empty, any key is accepted outside strict mode.
    """

    id: int | None = None
    auth_key: str | None = field(default=None, repr=False)
    auth_secret: str | None = field(default=None, repr=False)
    seen_id: int | None = None
    api_keys: set[str] = field(default_factory=set, repr=False)


class Store:
    """The records by their ids, and the adoption of unknown ones.

    Attributes:
        lock: Must be held while the state is read or changed.
        strict: Whether unknown tokens, keys, users and dialogs are refused instead of adopted.
        clock_offset: Seconds that the fake's clock is ahead of `time.time()`.
        sessions: By token, including expired ones until they are destroyed.
        adopts_tokens: Whether an unknown token is adopted; not in strict mode, nor after `expire_sessions()`.
        messages: The history of all dialogs by id, the oldest first.
        inboxes: The messages that were delivered to each user.
        identities: Users who logged in with a provider, by its name and token.
        declared: Ids of the users that the test declared.
        deleted: Deleted ids of users and dialogs, tokens, logins and addresses, which are not adopted.
        seen_nonces: Timestamps and nonces of signed sessions, which must not be used again (documented).
        secrets: Tokens, keys and passwords, masked in all output.
        failure: Makes the error of an assertion on records.
    """

    def __init__(
        self, *, strict: bool = False, message_class: type[Message] = Message, new_user: Callable[..., User] = User
    ) -> None:
        self.lock = RLock()
        self.strict = strict
        self.assume = Assumptions()
        self.application = Application()
        self.clock_offset = 0.0
        self.message_class = message_class
        self.ids = Ids()
        self.users: dict[int, User] = {}
        self.declared: set[int] = set()
        self.sessions: dict[str, Session] = {}
        self.adopts_tokens = not strict
        self.dialogs: dict[str, Dialog] = {}
        self.messages: dict[str, Message] = {}
        self.inboxes: defaultdict[int, list[Message]] = defaultdict(list)
        self.blobs: dict[int, Blob] = {}
        self.seen_nonces: set[tuple[int, str]] = set()
        self.secrets = Secrets()
        self.failure: Callable[[str], AssertionError] = AssertionError
        self.identities: dict[tuple[str, str], User] = {}
        self.deleted: set[int | str | tuple[str, str]] = set()
        self._parts: dict[type, object] = {}
        self._new_user = new_user
        self._activity = 0

    def now(self) -> float:
        """Unix time of the fake's clock."""
        now = time.time()
        if not isinstance(now, int | float):  # a mock without a value
            now = time.time_ns() / 1e9
        return now + self.clock_offset

    def part(self, kind: type[T]) -> T:
        """The further state of one file of endpoints: the only object of a class in this store."""
        if kind not in self._parts:
            self._parts[kind] = kind()
        return cast("T", self._parts[kind])

    # Users

    def add_user(self, id: int | None = None, **fields: object) -> User:
        """Add a user, or replace the one with this id."""
        now = int(self.now())
        user = self._new_user(self._new_user_id() if id is None else id, created=now, updated=now, **fields)
        self.deleted.discard(user.id)
        self.users[user.id] = user
        return user

    def user(self, id: int | None) -> User | None:
        """The user with an id, which is adopted if unknown; None if it was deleted, or unknown in strict mode."""
        if not id:
            return None
        user = self.users.get(id)
        if user is None and not self.strict and id not in self.deleted:
            user = self.add_user(id, adopted=True)
        return user

    def find_user(self, **key: object) -> User | None:
        """The user with a login, email address or other unique field."""
        [(name, value)] = key.items()
        return next((user for user in self.users.values() if getattr(user, name) == value), None)

    def delete_user(self, user: User) -> None:
        """Delete a user, who leaves all dialogs (documented). The user's sessions end (assumed)."""
        del self.users[user.id]
        self.deleted.add(user.id)
        self.deleted.update((name, value) for name in ("login", "email") if (value := getattr(user, name)))
        for session in [session for session in self.sessions.values() if session.user_id == user.id]:
            self.delete_session(session)
        for dialog in list(self.dialogs.values()):
            self.set_occupants(dialog, {*dialog.occupants_ids} - {user.id}, known=not dialog.adopted)

    def _new_user_id(self) -> int:
        while (user_id := self.ids.user_id()) in self.users or user_id in self.deleted:
            pass
        return user_id

    # Sessions

    def add_session(self, token: str | None, user_id: int | None, *, adopted: bool = False) -> Session:
        """Add a session. It does not expire before its first call, even if a test advances the clock."""
        session_id, now = self.ids.number(), int(self.now())
        times = {"created": now, "updated": now, "ts": now}
        session = Session(token or self.ids.token(), user_id, session_id, adopted=adopted, **times)
        session.application_id = self.application_id
        self.deleted.discard(session.token)
        self.sessions[session.token] = session
        self.secrets.add(session.token)
        return session

    def session(self, token: str) -> Session | None:
        """The session of a token, which is adopted if unknown; None if it was destroyed, or may not be adopted."""
        session = self.sessions.get(token)
        if session is None and self.adopts_tokens and token not in self.deleted:
            session = self.add_session(token, self.add_user(adopted=True).id, adopted=True)
        return session

    def note_on(self, token: str) -> str:
        """A note for a text about an undeclared token: the declared token that it resembles; empty if there is none."""
        near = misspelt(token, [session.token for session in self.sessions.values() if not session.adopted])
        return f"; it differs only slightly from the declared token {mask(near)}" if near else ""

    def expire_sessions(self) -> None:
        """End every session, and stop adopting tokens: an unknown token would be older than this call."""
        with self.lock:
            self.adopts_tokens = False
            for session in self.sessions.values():
                session.expires_at = -inf

    def delete_session(self, session: Session) -> None:
        """Delete a session. Its token is invalid from now on."""
        del self.sessions[session.token]
        self.deleted.add(session.token)

    @property
    def application_id(self) -> int:
        """The declared id of the application, else that of the last session, else a made-up one."""
        return self.application.id or self.application.seen_id or _UNKNOWN_APPLICATION

    # Dialogs

    def add_dialog(
        self, type: DialogType, occupants_ids: list[int], user_id: int, *, id: str | None = None, **fields: Any
    ) -> Dialog:
        """Add a dialog. It replaces an adopted dialog with the same id, and takes over its history."""
        now = int(self.now())
        dialog = Dialog(id or self.ids.object_id(now), type, sorted({*occupants_ids}), user_id, now, now, **fields)
        if former := self.dialogs.get(dialog.id):
            dialog.history = former.history
        self.deleted.discard(dialog.id)
        self.dialogs.pop(dialog.id, None)
        self.dialogs[dialog.id] = dialog
        dialog.activity = self._next_activity()
        return dialog

    def find_dialog(self, dialog_id: object) -> Dialog | None:
        """The dialog with an id, in upper or lower case."""
        return self.dialogs.get(dialog_id.lower()) if isinstance(dialog_id, str) else None

    def private_dialog(self, one: int, other: int) -> Dialog | None:
        """The private dialog of two users, the latest of several."""
        pair = sorted((one, other))
        dialogs = (each for each in reversed(self.dialogs.values()) if each.occupants_ids == pair)
        return next((each for each in dialogs if each.type is DialogType.PRIVATE), None)

    def dialogs_of(self, user_id: int) -> list[Dialog]:
        """The dialogs that a user sees, including all public ones (documented), the latest message first."""
        seen = [each for each in self.dialogs.values() if each.admits(user_id) and user_id not in each.hidden_from]
        return sorted(seen, key=lambda dialog: max(dialog.activity, dialog.activity_of.get(user_id, 0)), reverse=True)

    def join(self, dialog: Dialog, user_id: int) -> None:
        """Add a user to an adopted dialog. A private dialog with a third user becomes a group."""
        if dialog.type is DialogType.PRIVATE:
            dialog.type = DialogType.GROUP
        dialog.set_occupants({*dialog.occupants_ids, user_id})
        self.show_dialog(dialog, user_id)

    def set_occupants(self, dialog: Dialog, occupants_ids: set[int], *, known: bool = True) -> None:
        """Replace the occupants. An empty group is destroyed (documented).

        If all occupants are `known`, other users are refused. Otherwise the dialog is adopted: every user who uses it
        is added with `join`.
        """
        dialog.adopted = not known
        newcomers = occupants_ids - {*dialog.occupants_ids}
        dialog.set_occupants(occupants_ids)
        for user_id in newcomers:
            self.show_dialog(dialog, user_id)
        if not occupants_ids and not dialog.public:
            self.destroy_dialog(dialog)

    def _next_activity(self) -> int:
        self._activity += 1
        return self._activity

    def show_dialog(self, dialog: Dialog, user_id: int) -> None:
        """Show a dialog first in the list of one user, even if the user had hidden it."""
        dialog.hidden_from.discard(user_id)
        if not dialog.public:
            dialog.activity_of[user_id] = self._next_activity()

    def destroy_dialog(self, dialog: Dialog) -> None:
        """Delete a dialog and its history."""
        del self.dialogs[dialog.id]
        self.deleted.add(dialog.id)
        for message in dialog.history:
            del self.messages[message.id]

    # Messages

    def add_message(self, message: Message, dialog: Dialog, *, stored: bool = True, in_real_time: bool = True) -> None:
        """Add a message to the history if it is stored, and with `send_to_chat` to the inboxes of other occupants."""
        if stored:
            self.messages[message.id] = message
            dialog.add(message)
            dialog.activity = self._next_activity()
        if in_real_time and message.send_to_chat == 1:
            for occupant in message._audience:
                self.inboxes[occupant].append(message)

    def find_message(self, message_id: str) -> Message | None:
        """The message with an id, in upper or lower case."""
        return self.messages.get(message_id.lower())

    def delete_message(self, message: Message) -> None:
        """Delete a message for everyone, except in the inboxes."""
        del self.messages[message.id]
        self.dialogs[message.chat_dialog_id].history.remove(message)

    # Files

    def add_blob(
        self, name: str, content_type: str, *, user_id: int | None, public: bool, content: bytes | None = None
    ) -> Blob:
        """Add a file, which is complete if its content is given."""
        now = int(self.now())
        blob = Blob(self.ids.number(), self.ids.uid(), name, content_type, public, user_id, now, now, content=content)
        if content is not None:
            blob.complete(len(content), now)
        self.blobs[blob.id] = blob
        return blob

    def blob_of_uid(self, uid: str) -> Blob | None:
        """The file with a uid."""
        return next((blob for blob in self.blobs.values() if blob.uid == uid), None)
