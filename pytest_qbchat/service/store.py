"""The state of one fake: what its users, sessions, dialogs, messages and blobs are at this moment."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import count
from operator import itemgetter

from pytest_qbchat.service.assumptions import Assumptions
from pytest_qbchat.service.ids import Ids
from pytest_qbchat.service.masking import Secrets
from pytest_qbchat.service.models import Blob, Dialog, DialogType, Message, Session, User

SESSION_LIFETIME = 2 * 60 * 60  # seconds after the last call (documented)


@dataclass(slots=True)
class Application:
    """What the test declared of the QuickBlox application. What is None is not known, and not checked.

    Attributes:
        id: The application id.
        auth_key: The authorization key, which a client sends.
        auth_secret: The authorization secret, which signs and is never sent.
        seen_id: The application id that sessions came with, if it was not declared.
        api_keys: While there are none, any key is good.
    """

    id: int | None = None
    auth_key: str | None = None
    auth_secret: str | None = field(default=None, repr=False)
    seen_id: int | None = None
    api_keys: set[str] = field(default_factory=set, repr=False)


class Store:
    """One state, one truth: every index over the resources is kept here, and what adopting an unknown one means.

    Attributes:
        strict: Refuse unknown tokens, keys, users and dialogs in place of adopting them.
        assume: What the fake takes for true where QuickBlox's behaviour is not known.
        application: What is known of the application.
        ahead: Seconds that the fake's clock is ahead of `time.time()`.
        users: By id.
        sessions: By token, the ended ones too until they are destroyed.
        adopts_tokens: Whether an unknown token is adopted; not in strict mode, nor once all sessions were ended.
        dialogs: By id.
        messages: The history of all dialogs, by id, the oldest first.
        unread: How many messages each user has not read in all dialogs that it sees.
        inboxes: What the chat delivered to each user.
        blobs: By id.
        identities: Users who log in with a provider, by its name and token.
        gone: What was deleted, and so is not unknown: ids of users and dialogs, tokens, logins and addresses.
        seen_nonces: Timestamps and nonces that signed a session, none of which may do so again (documented).
        secrets: Tokens, keys and passwords, to be masked wherever they would be shown.
    """

    def __init__(
        self,
        *,
        strict: bool = False,
        message_class: type[Message] = Message,
        new_user: Callable[..., User] = User,
    ) -> None:
        self.strict = strict
        self.assume = Assumptions()
        self.application = Application()
        self.ahead = 0.0
        self.message_class = message_class
        self.ids = Ids()
        self.users: dict[int, User] = {}
        self.sessions: dict[str, Session] = {}
        self.adopts_tokens = not strict
        self.dialogs: dict[str, Dialog] = {}
        self.messages: dict[str, Message] = {}
        self.unread: dict[int, int] = {}
        self.inboxes: defaultdict[int, list[Message]] = defaultdict(list)
        self.blobs: dict[int, Blob] = {}
        self.seen_nonces: set[tuple[int, str]] = set()
        self.secrets = Secrets()
        self.identities: dict[tuple[str, str], User] = {}
        self._new_user = new_user
        self.gone: set[int | str | tuple[str, str]] = set()
        self._private_dialogs: dict[tuple[int, int], Dialog] = {}
        # The dialogs that a user sees, and those that everybody sees, each in the order of their last message. The
        # numbers tell which of two dialogs of different collections is the later one.
        self._recent: defaultdict[int, dict[Dialog, int]] = defaultdict(dict)
        self._recent_public: dict[Dialog, int] = {}
        self._recency = count(1)
        self._kept: dict[Message, None] = {}

    def now(self) -> float:
        """Unix time as the fake has it."""
        return time.time() + self.ahead

    # Users

    def add_user(self, id: int | None = None, **fields: object) -> User:
        """Keep a new user, or replace the one of this id."""
        now = int(self.now())
        user = self._new_user(self._new_user_id() if id is None else id, created=now, updated=now, **fields)
        self.gone.discard(user.id)
        self.users[user.id] = user
        return user

    def user(self, id: int) -> User | None:
        """A user, who is adopted if unknown, outside strict mode; None for one who was deleted."""
        user = self.users.get(id)
        if user is None and not self.strict and id not in self.gone:
            user = self.add_user(id, adopted=True)
        return user

    def find_user(self, **key: object) -> User | None:
        """The user with a login, an address or another key of their own."""
        [(name, value)] = key.items()
        return next((user for user in self.users.values() if getattr(user, name) == value), None)

    def delete_user(self, user: User) -> None:
        """Forget a user, whom no dialog keeps (documented) and whose sessions end (assumed)."""
        del self.users[user.id]
        self.gone.add(user.id)
        self.gone.update((name, value) for name in ("login", "email") if (value := getattr(user, name)))
        for token in [token for token, session in self.sessions.items() if session.user_id == user.id]:
            del self.sessions[token]
            self.gone.add(token)
        for dialog in list(self.dialogs.values()):
            if user.id in dialog.occupants_ids:
                self.set_occupants(dialog, {*dialog.occupants_ids} - {user.id}, known=not dialog.adopted)

    def was_deleted(self, name: str, value: str) -> bool:
        """Whether a login or an address was that of a user who was deleted."""
        return (name, value) in self.gone

    def _new_user_id(self) -> int:
        while (user_id := self.ids.user_id()) in self.users or user_id in self.gone:
            pass
        return user_id

    # Sessions

    def add_session(self, token: str | None, user_id: int | None, *, adopted: bool = False) -> Session:
        """Keep a session under its token. It is fresh at its first call, whatever a test does to the clock before."""
        session_id = self.ids.number()
        now = int(self.now())
        session = Session(
            token or self.ids.token(), user_id, session_id, created=now, updated=now, ts=now, adopted=adopted
        )
        session.application_id = self.application_id
        self.gone.discard(session.token)
        self.sessions[session.token] = session
        self.secrets.add(session.token)
        return session

    def session(self, token: str) -> Session | None:
        """A session, which is adopted if unknown; None where none is adopted, and for one that was destroyed."""
        session = self.sessions.get(token)
        if session is None and self.adopts_tokens and token not in self.gone:
            session = self.add_session(token, self.add_user(adopted=True).id, adopted=True)
        return session

    def delete_session(self, session: Session) -> None:
        """Forget a session, whose token is dead from now on."""
        del self.sessions[session.token]
        self.gone.add(session.token)

    @property
    def application_id(self) -> int:
        """The id of the application; one that is made up while none is known."""
        return self.application.id or self.application.seen_id or _UNKNOWN_APPLICATION

    # Dialogs

    def add_dialog(
        self,
        type: DialogType,
        occupants_ids: list[int],
        user_id: int,
        *,
        id: str | None = None,
        name: str | None = None,
        adopted: bool = False,
    ) -> Dialog:
        """Keep a new dialog, or replace one of this id that was adopted. A private one is that of its two occupants."""
        now = int(self.now())
        occupants = sorted({*occupants_ids})
        dialog = Dialog(
            id or self.ids.object_id(now), type, occupants, user_id, name, now, now, adopted, unread_in_all=self.unread
        )
        if adopted_before := self.dialogs.get(dialog.id):
            self._forget(adopted_before)
            dialog.take_over(adopted_before)
        self.gone.discard(dialog.id)
        self.dialogs[dialog.id] = dialog
        if type is DialogType.PRIVATE:
            self._private_dialogs[_pair(dialog.occupants_ids[0], dialog.occupants_ids[-1])] = dialog
        self._show(dialog)
        return dialog

    def unknown_dialog(self, dialog_id: str) -> bool:
        """Whether a dialog that is not there may be adopted."""
        return not self.strict and dialog_id not in self.gone

    def private_dialog(self, one: int, other: int) -> Dialog | None:
        """The one private dialog of two users, if they have talked before."""
        return self._private_dialogs.get(_pair(one, other))

    def dialogs_of(self, user_id: int) -> Iterator[Dialog]:
        """The dialogs that a user sees, that of the last message first: its own, and all public ones (documented)."""
        own, public = self._recent.get(user_id, {}), self._recent_public
        if not public:
            return reversed(own)
        both = merge(reversed(own.items()), reversed(public.items()), key=lambda item: -item[1])
        return (dialog for dialog, _ in both if user_id not in dialog.hidden_from)

    def dialogs_among(self, user_id: int, ids: Iterable[str]) -> list[Dialog]:
        """Those of a few dialogs that a user sees, in the same order."""
        own = self._recent.get(user_id, {})
        seen: dict[Dialog, int] = {}
        for dialog in filter(None, map(self.dialogs.get, ids)):
            number = own.get(dialog) or self._recent_public.get(dialog)
            if number and user_id not in dialog.hidden_from:
                seen[dialog] = number
        return sorted(seen, key=seen.__getitem__, reverse=True)

    def count_dialogs_of(self, user_id: int) -> int:
        """How many those are."""
        public = sum(user_id not in dialog.hidden_from for dialog in self._recent_public)
        return len(self._recent.get(user_id, ())) + public

    def recency(self) -> list[tuple[Dialog, int | None]]:
        """Which dialog is in whose list, the one that came up last at the end; None for everybody, if it is public."""
        shown: list[tuple[int, int, Dialog]] = [
            (number, user_id, dialog) for user_id, own in self._recent.items() for dialog, number in own.items()
        ]
        shown += [(number, 0, dialog) for dialog, number in self._recent_public.items()]
        return [(dialog, user_id or None) for _, user_id, dialog in sorted(shown, key=itemgetter(0, 1))]

    def set_recency(self, order: Iterable[tuple[Dialog, int | None]]) -> None:
        """Arrange the lists of all users anew, as `recency` returned them."""
        before = self.recency()
        self._recent.clear()
        self._recent_public.clear()
        for dialog, user_id in [*order, *before]:  # who writes a dialog into a saved state has no order for it
            recent = self._recent_public if user_id is None else self._recent[user_id]
            if dialog not in recent:
                recent[dialog] = next(self._recency)

    def join(self, dialog: Dialog, user_id: int) -> None:
        """Let a user into an adopted dialog. A third one shows that what was taken for a private one is a group."""
        self._forget_private(dialog)
        if dialog.type is DialogType.PRIVATE:
            dialog.type = DialogType.GROUP
        dialog.set_occupants({*dialog.occupants_ids, user_id})
        self.show_dialog(dialog, user_id)

    def set_occupants(self, dialog: Dialog, occupants_ids: set[int], *, known: bool = True) -> None:
        """Change who is in a dialog. A group without any occupant is destroyed (documented).

        Args:
            dialog: Which.
            occupants_ids: Who is in it now.
            known: Whether these are all, so that nobody else is let in.
        """
        dialog.adopted = not known
        self._forget_private(dialog)
        before = {*dialog.occupants_ids}
        dialog.set_occupants(occupants_ids)
        for former in before - occupants_ids:
            self._recent[former].pop(dialog, None)
        for new in occupants_ids - before:
            self.show_dialog(dialog, new)
        if not occupants_ids and not dialog.public:
            self.destroy_dialog(dialog)

    def hide_dialog(self, dialog: Dialog, user_id: int) -> None:
        """Take a dialog out of one user's list, until the next message (assumed)."""
        dialog.hide_from(user_id)
        self._recent[user_id].pop(dialog, None)

    def show_dialog(self, dialog: Dialog, user_id: int) -> None:
        """Put a dialog back into one user's list."""
        dialog.show_to(user_id)
        if not dialog.public:
            self._recent[user_id][dialog] = next(self._recency)

    def destroy_dialog(self, dialog: Dialog) -> None:
        """Forget a dialog and all that was said in it."""
        self._forget(dialog)
        self.gone.add(dialog.id)
        for message in dialog.history:
            del self.messages[message.id]
            self._kept.pop(message, None)

    def _forget(self, dialog: Dialog) -> None:
        """Take a dialog out of all lists."""
        self._forget_private(dialog)
        del self.dialogs[dialog.id]
        self._recent_public.pop(dialog, None)
        dialog.hide_from_all()
        for occupant in dialog.occupants_ids:
            self._recent[occupant].pop(dialog, None)

    def _show(self, dialog: Dialog) -> None:
        """Put a dialog, which is hidden from nobody, on top of the lists of those who see it."""
        number = next(self._recency)
        if dialog.type is DialogType.PUBLIC_GROUP:
            self._recent_public.pop(dialog, None)
            self._recent_public[dialog] = number
            return
        for occupant in dialog.occupants_ids:
            recent = self._recent[occupant]
            recent.pop(dialog, None)
            recent[dialog] = number

    def _forget_private(self, dialog: Dialog) -> None:
        """A dialog is no longer the private one of its occupants, if it was."""
        if dialog.type is DialogType.PRIVATE and dialog.occupants_ids:
            pair = _pair(dialog.occupants_ids[0], dialog.occupants_ids[-1])
            if self._private_dialogs.get(pair) is dialog:
                del self._private_dialogs[pair]

    # Messages

    def add_message(self, message: Message, dialog: Dialog) -> None:
        """Put a message into the history and, with `send_to_chat`, into the inboxes of the other occupants."""
        self.messages[message.id] = message
        dialog.add(message)
        self._show(dialog)
        if message.send_to_chat == 1:
            for occupant in message.audience:
                self.inboxes[occupant].append(message)

    def keep_json(self, message: Message) -> bytes:
        """A message as it is listed, kept for the next time it is; of many only those listed last."""
        message.kept_json = message.as_json().encode()
        self._kept.pop(message, None)
        self._kept[message] = None
        if len(self._kept) > _MOST_KEPT:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            oldest.kept_json = None
        return message.kept_json

    def delete_message(self, message: Message) -> None:
        """Forget a message for everyone. Whoever received it in real time still has it."""
        del self.messages[message.id]
        self._kept.pop(message, None)
        self.dialogs[message.chat_dialog_id].delete(message)

    # Files

    def blob_of_uid(self, uid: str) -> Blob | None:
        """The file of a uid."""
        return next((blob for blob in self.blobs.values() if blob.uid == uid), None)


_MOST_KEPT = 20_000  # of some 400 bytes each
_UNKNOWN_APPLICATION = 99_999


def _pair(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)
