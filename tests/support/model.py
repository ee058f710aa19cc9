"""A chat service as simple as it can be told, to compare the fake with.

Nothing is counted, kept sorted or remembered here: every question scans lists of messages and sets of users. It shares
no code with the fake, and takes from it only what it cannot know: the ids of new dialogs and messages, and the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

PUBLIC, GROUP, PRIVATE = 1, 2, 3
IDLE_MINUTES = 120


class Refused(Exception):  # noqa: N818 - an answer of the service like any other
    """The service says no, with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(eq=False)
class Session:
    user: int | None
    last_used: int | None = None  # in minutes; a session lives on until its first call, however late that comes
    ended: bool = False


@dataclass(eq=False)
class Dialog:
    id: str
    kind: int
    owner: int
    occupants: set[int]
    name: str | None
    moved: int  # when it last came to the top of everybody's list
    moved_for: dict[int, int] = field(default_factory=dict)  # when it came to the top of one user's list
    hidden_from: set[int] = field(default_factory=set)

    @property
    def public(self) -> bool:
        return self.kind == PUBLIC


@dataclass(eq=False)
class Message:
    id: str
    dialog: Dialog
    sender: int
    recipient: int | None
    text: str | None
    date: int
    sent_to_chat: bool
    markable: int | None
    audience: set[int]
    delivered: set[int]
    read_by: set[int]
    changed: tuple[int, int]  # the last change was not before the one and not after the other
    from_app: bool = False
    hidden_from: set[int] = field(default_factory=set)
    reactions: list[tuple[str, int]] = field(default_factory=list)


class Model:
    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.names: dict[int, str] = {}  # of the users that there are
        self.deleted_users: list[int] = []
        self.sessions: dict[str, Session] = {}
        self.minutes = 0
        self.moment = (0, 0)  # between what times the call that is answered took place
        self.dialogs: list[Dialog] = []
        self.messages: list[Message] = []
        self.gone_dialogs: list[str] = []  # ids of what was deleted for everyone
        self.gone_messages: list[str] = []
        self.posted: list[str] = []
        self.inboxes: dict[int, list[Message]] = {}
        self._moves = 0

    # Who calls

    @staticmethod
    def new_session(user: int | None) -> Session:
        return Session(user)

    def lives(self, token: str | None) -> bool:
        session = self.sessions.get(token or "")
        if session is None or session.ended:
            return False
        return session.last_used is None or self.minutes - session.last_used < IDLE_MINUTES

    def caller(self, token: str | None) -> int:
        """The user of a session, which a call keeps alive, also one that needs a user and has none."""
        if not self.lives(token):
            raise Refused(401)
        session = self.sessions[token or ""]
        session.last_used = self.minutes
        if session.user is None:
            raise Refused(422)
        return session.user

    # Questions, each answered by a scan

    def dialog(self, id: Any) -> Dialog | None:
        wanted = str(id).lower()
        return next((dialog for dialog in self.dialogs if dialog.id == wanted), None)

    def message(self, id: str, reader: int | None = None) -> Message | None:
        """A message that the reader did not delete."""
        wanted = id.lower()
        found = next((message for message in self.messages if message.id == wanted), None)
        return None if found is None or reader in found.hidden_from else found

    def history(self, dialog: Dialog, reader: int | None = None) -> list[Message]:
        return [each for each in self.messages if each.dialog is dialog and reader not in each.hidden_from]

    def unread(self, dialog: Dialog, user: int) -> int:
        if dialog.public or user not in dialog.occupants:
            return 0
        return sum(user in each.audience and user not in each.read_by for each in self.history(dialog, user))

    def unread_total(self, user: int) -> int:
        return sum(self.unread(dialog, user) for dialog in self.dialogs_of(user))

    def dialogs_of(self, user: int) -> list[Dialog]:
        """What a user sees in its list, from the top."""
        seen = [
            dialog
            for dialog in self.dialogs
            if (dialog.public or user in dialog.occupants) and user not in dialog.hidden_from
        ]
        return sorted(seen, key=lambda dialog: max(dialog.moved, dialog.moved_for.get(user, 0)), reverse=True)

    def private_dialog(self, one: int, other: int) -> Dialog | None:
        pairs = (dialog for dialog in self.dialogs if dialog.kind == PRIVATE and dialog.occupants == {one, other})
        return next(pairs, None)

    def shown_dialog(self, dialog: Dialog, user: int) -> dict[str, Any]:
        history = self.history(dialog)
        last = history[-1] if history else None
        name = dialog.name
        if dialog.kind == PRIVATE:
            name = next((self.names[other] for other in dialog.occupants - {user}), None)
        return {
            "_id": dialog.id,
            "type": dialog.kind,
            "name": name,
            "user_id": dialog.owner,
            "occupants_ids": sorted(dialog.occupants),
            "last_message": last and last.text,
            "last_message_date_sent": last and last.date,
            "last_message_id": last and last.id,
            "last_message_user_id": last and last.sender,
            "unread_messages_count": self.unread(dialog, user),
        }

    def shown_message(self, message: Message) -> dict[str, Any]:
        private = message.dialog.kind == PRIVATE
        shown = {
            "_id": message.id,
            "chat_dialog_id": message.dialog.id,
            "sender_id": message.sender,
            "recipient_id": message.recipient,
            "message": message.text,
            "date_sent": message.date,
            "delivered_ids": sorted(message.delivered),
            "read_ids": sorted(message.read_by),
            "read": int(private and bool(message.read_by - {message.sender})),
        }
        if message.from_app:
            shown["dialog_id"] = message.dialog.id
        return shown if message.markable is None else shown | {"markable": message.markable}

    def reactions(self, message: Message) -> dict[str, list[int]]:
        names = {name for name, _ in message.reactions}
        return {name: [user for other, user in message.reactions if other == name] for name in names}

    # Dialogs

    def create_dialog(self, token: str | None, kind: int, users: list[Any], name: str | None, new_id: str) -> Dialog:
        caller = self.caller(token)
        others = self._users(users) - {caller}
        if kind not in (PUBLIC, GROUP, PRIVATE):
            raise Refused(422)
        if kind == PRIVATE:
            if len(others) != 1:
                raise Refused(422)
            return self._open_private(caller, *others, new_id)
        if not name:
            raise Refused(422)
        return self._add_dialog(new_id, kind, caller, {caller, *others}, name)

    def get_dialog(self, token: str | None, id: str) -> dict[str, Any]:
        caller = self.caller(token)
        return self.shown_dialog(self._reached(caller, id), caller)

    def list_dialogs(self, token: str | None) -> list[dict[str, Any]]:
        caller = self.caller(token)
        return [self.shown_dialog(dialog, caller) for dialog in self.dialogs_of(caller)]

    def update_dialog(
        self, token: str | None, id: str, *, push: list[Any] = (), pull: list[Any] = (), **fields: Any
    ) -> dict[str, Any]:
        caller = self.caller(token)
        dialog = self._reached(caller, id)
        if dialog.public and caller != dialog.owner:
            raise Refused(403)
        joining, leaving = self._users(push), self._users(pull)
        if dialog.kind == PRIVATE and (joining - dialog.occupants or leaving):
            raise Refused(422)
        if leaving - {caller} and caller != dialog.owner:
            raise Refused(403)
        if dialog.kind != PRIVATE and "name" in fields:
            if not fields["name"]:
                raise Refused(422)
            dialog.name = fields["name"]
        self._set_occupants(dialog, (dialog.occupants | joining) - leaving)
        shown = self.shown_dialog(dialog, caller)  # also by the last one to leave, with what was said
        self._destroy_if_empty(dialog)
        return shown

    def change_occupants(
        self, token: str | None, users: list[Any], dialogs: list[str], *, adding: bool
    ) -> dict[str, dict[str, list[Any]]]:
        """The outcome for each of several users and dialogs."""
        caller = self.caller(token)
        known = list(dict.fromkeys(user for user in users if user in self.names))
        outcomes: dict[str, dict[str, list[Any]]] = {
            "users": _outcomes(known, [user for user in users if user not in known], []),
            "dialogs": _outcomes([], [], []),
        }
        done, missing, forbidden = outcomes["dialogs"].values()
        for each in _different(dialogs):
            dialog = self.dialog(each)
            if dialog is None:
                missing.append(each)
                continue
            # The rights are those of changing a dialog.
            may = dialog.kind != PRIVATE and (
                caller == dialog.owner
                if dialog.public
                else caller in dialog.occupants and (adding or caller == dialog.owner or {*known} <= {caller})
            )
            if not may:
                forbidden.append(each)
                continue
            done.append(each)
            self._set_occupants(dialog, dialog.occupants | {*known} if adding else dialog.occupants - {*known})
            self._destroy_if_empty(dialog)
        if not done:
            outcomes["users"] = _outcomes([], [user for user in users if user not in known], known)
        return outcomes

    def delete_dialogs(self, token: str | None, ids: list[str], *, force: bool) -> dict[str, list[Any]]:
        caller = self.caller(token)
        done: list[str] = []
        missing: list[str] = []
        forbidden: list[str] = []
        for each in _different(ids):
            dialog = self.dialog(each)
            if dialog is None:
                missing.append(each)
            elif caller not in dialog.occupants or (force and caller != dialog.owner):
                forbidden.append(each)
            else:
                done.append(each)
                if force:
                    self._destroy(dialog)
                else:
                    dialog.hidden_from.add(caller)
        return _judged(done, missing, forbidden)

    # Messages

    def addressed(self, caller: int, dialog_id: Any, recipient: Any, new_id: str) -> Dialog:
        """The dialog of a new message. The dialog id wins; a recipient alone means the private dialog of the pair."""
        if dialog_id is not None:
            return self._reached(caller, dialog_id)
        if recipient is None or recipient == 0:
            raise Refused(422)
        if recipient == caller or (recipient not in self.names):
            raise Refused(422)
        return self.private_dialog(caller, recipient) or self._add_dialog(
            new_id, PRIVATE, caller, {caller, recipient}, None
        )

    def post(
        self,
        token: str | None,
        fields: dict[str, Any],
        *,
        reply: dict[str, Any],
    ) -> Message:
        """A new message over REST. The reply tells the ids and the time, which are not to be foreseen."""
        caller = self.caller(token)
        dialog = self.addressed(
            caller, fields.get("chat_dialog_id"), fields.get("recipient_id"), reply.get("chat_dialog_id", "")
        )
        message = self.add_message(caller, dialog, fields, id=reply.get("_id", ""), date=reply.get("date_sent", 0))
        self.posted.append(message.id)
        return message

    def add_message(
        self, sender: int, dialog: Dialog, fields: dict[str, Any], *, id: str, date: int, from_app: bool = False
    ) -> Message:
        others = dialog.occupants - {sender}
        recipient = next(iter(others), 0) if dialog.kind == PRIVATE else fields.get("recipient_id", 0)
        if from_app and dialog.kind != PRIVATE:
            recipient = None
        born_read = set() if dialog.public else {sender}
        message = Message(
            id=id,
            dialog=dialog,
            sender=sender,
            recipient=recipient,
            text=fields.get("message"),
            date=date,
            sent_to_chat=fields.get("send_to_chat") == 1,
            markable=fields.get("markable"),
            audience=others,
            delivered={*born_read},
            read_by={*born_read},
            changed=(date, date),
            from_app=from_app,
        )
        self.messages.append(message)
        dialog.hidden_from.clear()
        dialog.moved = self._next_move()
        if message.sent_to_chat:
            for other in others:
                self.inboxes[other].append(message)
        return message

    def list_messages(self, token: str | None, dialog_id: str | None, *, mark: bool, **query: Any) -> Any:
        """A page as it was before it was marked as read; with `count` their number."""
        caller = self.caller(token)
        if not dialog_id:
            raise Refused(404)
        dialog = self._reached(caller, dialog_id)
        found = self.history(dialog, caller)
        if "sender_id" in query:
            found = [message for message in found if message.sender == query["sender_id"]]
        if "date_sent[gt]" in query:
            found = [message for message in found if message.date > query["date_sent[gt]"]]
        if "date_sent[lte]" in query:
            found = [message for message in found if message.date <= query["date_sent[lte]"]]
        if query.get("count"):
            return len(found)
        if "sort_desc" in query:  # by time or by id, which is the same order
            found.reverse()
        skip = query.get("skip", 0)
        page = found[skip : skip + query.get("limit", 100)]
        shown = [self.shown_message(message) for message in page]
        if mark:
            for message in page:
                self.mark(message, caller, delivered=True, read=True)
        return shown

    def get_message(self, token: str | None, id: str) -> dict[str, Any]:
        return self.shown_message(self._visible(self.caller(token), id))

    def update_messages(
        self, token: str | None, dialog_id: str | None, ids: list[str] | None, changes: dict[str, Any]
    ) -> None:
        caller = self.caller(token)
        if not dialog_id:
            raise Refused(422)
        dialog = self._reached(caller, dialog_id)
        messages = self.history(dialog, caller) if ids is None else [self._visible(caller, each) for each in ids]
        if any(message.dialog is not dialog for message in messages):
            raise Refused(404)
        if "message" in changes and any(message.sender != caller for message in messages):
            raise Refused(403)
        for message in messages:
            if "message" in changes:
                message.text = changes["message"]
                message.changed = self.moment
            self.mark(message, caller, delivered=changes.get("delivered") == 1, read=changes.get("read") == 1)
            if changes.get("read") == 0 and caller in message.read_by and caller != message.sender:
                message.read_by.discard(caller)
                message.changed = self.moment

    def delete_messages(self, token: str | None, ids: list[str], *, force: bool) -> dict[str, list[Any]]:
        caller = self.caller(token)
        done: list[str] = []
        missing: list[str] = []
        forbidden: list[str] = []
        for each in _different(ids):
            message = self.message(each, None if force else caller)
            if message is None:
                missing.append(each)
            elif not self._enters(caller, message.dialog):
                forbidden.append(each)
            elif not force:
                message.hidden_from.add(caller)
                done.append(each)
            elif caller in (message.sender, message.dialog.owner):
                self.messages.remove(message)
                self.gone_messages.append(message.id)
                done.append(each)
            else:
                forbidden.append(each)
        return {name: outcome for name, outcome in _judged(done, missing, forbidden).items() if outcome["ids"]}

    def count_unread(self, token: str | None, ids: list[str]) -> dict[str, int]:
        caller = self.caller(token)
        if not ids:
            return {"total": self.unread_total(caller)}
        named = {each: self.dialog(each) for each in ids}
        counts = {each: self.unread(dialog, caller) if dialog else 0 for each, dialog in named.items()}
        total = sum(self.unread(dialog, caller) for dialog in {*named.values()} - {None})  # each once, in any spelling
        return {"total": total, **counts}

    def react(self, token: str | None, id: str, name: str, *, adding: bool) -> None:
        caller = self.caller(token)
        message = self._reacted_to(caller, id)
        if not name:
            raise Refused(400)
        if adding and message.dialog.public:
            raise Refused(422)
        if not adding and (name, caller) not in message.reactions:
            raise Refused(404)
        if not adding:
            message.reactions.remove((name, caller))
        elif (name, caller) not in message.reactions:
            message.reactions.append((name, caller))

    def list_reactions(self, token: str | None, id: str) -> dict[str, list[int]]:
        return self.reactions(self._reacted_to(self.caller(token), id))

    def mark(self, message: Message, user: int, *, delivered: bool, read: bool) -> None:
        if message.dialog.public:
            return
        if delivered and user not in message.delivered:
            message.delivered.add(user)
            message.changed = self.moment
        if read and user not in message.read_by:
            message.read_by.add(user)
            message.changed = self.moment

    # What users do in their apps

    def confirm(self, user: int, messages: Iterable[Message], *, read: bool) -> list[str]:
        """The app of a user sends the receipts of what arrived, unless the user has left the dialog since."""
        confirmed = [
            message
            for message in messages
            if message.markable == 1
            and message in self.messages
            and (message.dialog.public or user in message.dialog.occupants)
        ]
        for message in confirmed:
            self.mark(message, user, delivered=True, read=read)
        return [message.id for message in confirmed]

    def check_user(self, user: int) -> None:
        """A user who was deleted has no app any more."""
        if user not in self.names:
            raise Refused(401)

    def open(self, user: int, dialog_id: str) -> list[str]:
        self.check_user(user)
        dialog = self._reached(user, dialog_id)
        history = self.history(dialog, user)
        for message in history:
            self.mark(message, user, delivered=True, read=True)
        return [message.id for message in history]

    # Users

    def add_user(self, id: int, name: str) -> None:
        self.names[id] = name
        self.inboxes.setdefault(id, [])

    def delete_user(self, token: str | None, id: int) -> None:
        if not self.lives(token):
            raise Refused(401)
        self.sessions[token or ""].last_used = self.minutes
        if id not in self.names:
            raise Refused(404)
        if self.caller(token) != id:
            raise Refused(403)
        del self.names[id]
        self.deleted_users.append(id)
        self.sessions = {token: session for token, session in self.sessions.items() if session.user != id}
        for dialog in [*self.dialogs]:
            self._set_occupants(dialog, dialog.occupants - {id})
            self._destroy_if_empty(dialog)

    # What several of these need

    def _enters(self, user: int, dialog: Dialog) -> bool:
        return dialog.public or user in dialog.occupants

    def _reached(self, caller: int, id: Any) -> Dialog:
        dialog = self.dialog(id)
        if dialog is None:
            raise Refused(404)
        if not self._enters(caller, dialog):
            raise Refused(403)
        return dialog

    def _visible(self, caller: int, id: str) -> Message:
        message = self.message(id, caller)
        if message is None:
            raise Refused(404)
        if not self._enters(caller, message.dialog):
            raise Refused(403)
        return message

    def _reacted_to(self, caller: int, id: str) -> Message:
        if len(id) != 24:
            raise Refused(400)
        try:
            return self._visible(caller, id)
        except Refused:
            raise Refused(404) from None

    def _users(self, given: Iterable[Any]) -> set[int]:
        if any(user not in self.names for user in given):
            raise Refused(422)
        return {*given}

    def _open_private(self, caller: int, other: int, new_id: str) -> Dialog:
        dialog = self.private_dialog(caller, other)
        if dialog is None:
            return self._add_dialog(new_id, PRIVATE, caller, {caller, other}, None)
        if caller in dialog.hidden_from:
            dialog.hidden_from.discard(caller)
            dialog.moved_for[caller] = self._next_move()
        return dialog

    def _add_dialog(self, id: str, kind: int, owner: int, occupants: set[int], name: str | None) -> Dialog:
        dialog = Dialog(id, kind, owner, occupants, name, self._next_move())
        self.dialogs.append(dialog)
        return dialog

    def _set_occupants(self, dialog: Dialog, occupants: set[int]) -> None:
        for new in sorted(occupants - dialog.occupants):
            dialog.hidden_from.discard(new)
            if not dialog.public:  # everybody has a public one in the list already
                dialog.moved_for[new] = self._next_move()
        dialog.occupants = occupants

    def _destroy_if_empty(self, dialog: Dialog) -> None:
        if not dialog.occupants and not dialog.public:
            self._destroy(dialog)

    def _destroy(self, dialog: Dialog) -> None:
        self.dialogs.remove(dialog)
        self.gone_dialogs.append(dialog.id)
        self.gone_messages += [message.id for message in self.history(dialog)]
        self.messages = [message for message in self.messages if message.dialog is not dialog]

    def _next_move(self) -> int:
        self._moves += 1
        return self._moves


def _outcomes(done: list[Any], missing: list[Any], forbidden: list[Any]) -> dict[str, Any]:
    return {"done": done, "missing": missing, "forbidden": forbidden}


def _judged(done: list[Any], missing: list[Any], forbidden: list[Any]) -> dict[str, Any]:
    """What became of several ids, if anything did."""
    if not done:
        raise Refused(403 if forbidden else 404)
    return {
        "SuccessfullyDeleted": {"ids": done},
        "NotFound": {"ids": missing},
        "WrongPermissions": {"ids": forbidden},
    }


def _different(ids: list[str]) -> list[str]:
    """Each id once, in whichever case it came first."""
    return [each for at, each in enumerate(ids) if each.lower() not in [other.lower() for other in ids[:at]]]
