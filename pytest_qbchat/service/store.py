"""The state of one fake: what its users, sessions, dialogs and messages are at this moment."""

from __future__ import annotations

import time
from math import inf

from pytest_qbchat.service.ids import Ids, timestamp
from pytest_qbchat.service.models import Dialog, DialogType, Message, Session, User

SESSION_LIFETIME = 2 * 60 * 60  # seconds after the last call (documented)


class Store:
    """Users, sessions, dialogs and messages, and what adopting an unknown one means.

    Attributes:
        strict: Refuse unknown tokens, keys, users and dialogs in place of adopting them.
        message_class: What a message is made of; the fake passes one that has assertions.
        api_keys: Keys that the test declared. While there are none, any key is good.
        seen_api_keys: Keys that came in, to be masked wherever they would be shown.
    """

    def __init__(self, *, strict: bool = False, message_class: type[Message] = Message) -> None:
        self.strict = strict
        self.message_class = message_class
        self.ids = Ids()
        self.users: dict[int, User] = {}
        self.sessions: dict[str, Session] = {}
        self.dialogs: dict[str, Dialog] = {}
        self.private_dialogs: dict[tuple[int, int], Dialog] = {}
        self.messages: list[Message] = []
        self.api_keys: set[str] = set()
        self.seen_api_keys: set[str] = set()

    def add_user(self, user: User) -> User:
        """Keep a user under its id."""
        self.users[user.id] = user
        return user

    def new_user_id(self) -> int:
        """An id that no user has yet."""
        while (user_id := self.ids.user_id()) in self.users:
            pass
        return user_id

    def knows_user(self, user_id: int) -> bool:
        """Whether the user exists; outside strict mode an unknown one is adopted, so that it does."""
        if user_id not in self.users:
            if self.strict:
                return False
            self.add_user(User(user_id, adopted=True))
        return True

    def add_session(self, token: str, user_id: int | None, *, adopted: bool = False) -> Session:
        """Keep a session under its token. It is fresh at its first call, whatever a test does to the clock before."""
        session = Session(token, user_id, inf, adopted)
        self.sessions[token] = session
        return session

    def adopt_session(self, token: str) -> Session:
        """Make an unknown token the session of a new user."""
        user = self.add_user(User(self.new_user_id(), adopted=True))
        return self.add_session(token, user.id, adopted=True)

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
        """Keep a new dialog. A private one becomes that of its two occupants."""
        now = int(time.time())
        occupants = sorted(set(occupants_ids))
        dialog = Dialog(id or self.ids.object_id(now), type, occupants, user_id, name, timestamp(now), adopted)
        self._forget_private(self.dialogs.get(dialog.id))
        self.dialogs[dialog.id] = dialog
        if type is DialogType.PRIVATE:
            self.private_dialogs[self._pair(dialog.occupants_ids[0], dialog.occupants_ids[-1])] = dialog
        return dialog

    def private_dialog(self, one: int, other: int) -> Dialog | None:
        """The one private dialog of two users, if they have talked before."""
        return self.private_dialogs.get(self._pair(one, other))

    def join(self, dialog: Dialog, user_id: int) -> None:
        """Add an occupant. A third one shows that an adopted dialog taken for a private one is a group."""
        self._forget_private(dialog)
        if dialog.type is DialogType.PRIVATE:
            dialog.type = DialogType.GROUP
        dialog.occupants_ids = sorted([*dialog.occupants_ids, user_id])

    def add_message(self, message: Message, dialog: Dialog) -> None:
        """Put a message into the history, and let its dialog know."""
        self.messages.append(message)
        dialog.last = message
        if dialog.type is not DialogType.PUBLIC_GROUP:  # public dialogs are not counted (observed)
            unread = dialog.unread
            for occupant in dialog.occupants_ids:
                if occupant != message.sender_id:
                    unread[occupant] = unread.get(occupant, 0) + 1

    def _forget_private(self, dialog: Dialog | None) -> None:
        """A dialog is no longer the private one of its occupants, if it was."""
        if dialog is not None and dialog.type is DialogType.PRIVATE:
            pair = self._pair(dialog.occupants_ids[0], dialog.occupants_ids[-1])
            if self.private_dialogs.get(pair) is dialog:
                del self.private_dialogs[pair]

    @staticmethod
    def _pair(one: int, other: int) -> tuple[int, int]:
        return (one, other) if one < other else (other, one)
