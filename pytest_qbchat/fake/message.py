"""Messages with assertions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from operator import attrgetter
from typing import Any, NoReturn

from pytest_qbchat.explain import differences
from pytest_qbchat.explain import message_effects as effects
from pytest_qbchat.explain.field_matching import has_fields
from pytest_qbchat.service import models
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.guessed_names import hint_for

_FIELDS = [*models.Message.__annotations__]


class Message(models.Message):
    """A message in the history, with QuickBlox's fields and with assertions.

    A message equals a dict if it has every field of the dict. Other fields are not compared. An empty dict has no
    fields to compare, and does not equal any message.
    """

    __slots__ = ()
    call: Call | None

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Mapping):
            return bool(other) and (has_fields(self, other) or self._fields == other)
        if not isinstance(other, models.Message):
            return NotImplemented
        return self is other or (self.call is not None and self.call is other.call)

    def __hash__(self) -> int:
        return hash(self.id)

    def __getitem__(self, name: object) -> NoReturn:
        hint = f"; use .custom[{name!r}]" if name in self.custom else hint_for(self, str(name)) or f"; use .{name}"
        raise TypeError(f"the fields of a message are attributes{hint}")

    def _as_posted(self) -> Message:
        """The message with its original text. All other fields have their current values."""
        return _AsPosted(self) if self.edited else self

    def __repr__(self) -> str:
        shown = f"<Message {effects.brief(self)}, {self.id} in dialog {self.chat_dialog_id}>"
        return str(self._store.secrets.mask(shown))

    def assert_sent_to_chat(self) -> None:
        """Assert that the message was pushed to the occupants in real time: `send_to_chat` was 1."""
        if not self.sent_to_chat:
            self._fail_for("send_to_chat", "was not sent to the chat")

    def assert_not_sent_to_chat(self) -> None:
        """Assert that the message was added to the history, and that no occupant was notified."""
        if self.sent_to_chat:
            self._fail_for("send_to_chat", "was sent to the chat")

    assert_history_only = assert_not_sent_to_chat

    def assert_markable(self) -> None:
        """Assert that the message requests delivered and read receipts: `markable` was 1."""
        if self.markable != 1:
            self._fail_for("markable", "is not markable")

    def assert_not_markable(self) -> None:
        """Assert that the message requests no receipts."""
        if self.markable == 1:
            self._fail_for("markable", "is markable")

    def assert_attachments(self, *expected: Mapping[str, Any]) -> None:
        """Assert that the message has exactly these attachments, in this order.

        Args:
            *expected: A dict for each attachment. Keys that it does not have are not compared.

        Raises:
            AssertionError: The attachments differ.
            TypeError: An expected attachment is empty or is not a dict.
        """
        if not expected or not all(expected):
            raise TypeError("assert_attachments() needs keys to compare; for none use assert_no_attachments()")
        if not all(isinstance(each, Mapping) for each in expected):
            raise TypeError("assert_attachments() takes a dict for each attachment; use assert_attachments({...})")
        if difference := differences.of_attachments(self, expected):
            raise AssertionError(self._store.secrets.mask(difference))

    def assert_no_attachments(self) -> None:
        """Assert that the message has no attachments."""
        if self.attachments:
            self._fail("has attachments", ", ".join(effects.attachment_labels(self)))

    def assert_delivered_to(self, *users: int | models.User) -> None:
        """Assert that the message reached each of these users in real time.

        Args:
            *users: User ids, or users that `qbchat.add_user` returned.
        """
        if missing := _missing(self, users, self.delivered_to):
            remedy = "without qbchat.add_dialog(...), the occupants of a dialog are the users that posted to it"
            reached = f"delivered_to {list(self.delivered_to)}: every other known occupant was notified"
            details = (reached, remedy) if self.sent_to_chat else (effects.flag(self, "send_to_chat"),)
            self._fail(f"was not delivered to {missing}", *details)

    def assert_read_by(self, *users: int | models.User) -> None:
        """Assert that each of these users has read the message.

        Args:
            *users: User ids, or users that `qbchat.add_user` returned.
        """
        if missing := _missing(self, users, self.read_ids):
            dialog = self._store.dialogs.get(self.chat_dialog_id)
            if dialog is not None and (outsiders := _missing(self, users, dialog.occupants_ids)):
                what = effects.remedy(self, "chat_dialog_id", None)
                what = what or "post to a dialog of this user, or declare the dialog with the user in occupants_ids"
                self._fail(f"cannot be read by {outsiders}", "not an occupant of the dialog", what)
            unset = [name for name in ("markable", "send_to_chat") if getattr(self, name) != 1]
            readers = [effects.person(self._store, user) for user in self._read_by if user != self.sender_id]
            others = f"only {', '.join(readers)} has" if readers else "only its sender has"
            reason = effects.flag(self, unset[0]) if unset else f"{others}; call read() of the user in the test"
            remedy = effects.remedy(self, unset[0], 1) if unset else ""
            self._fail(f"has not been read by {missing}", reason, remedy)

    def _fail_for(self, flag: str, what: str) -> None:
        self._fail(what, effects.flag(self, flag), effects.remedy(self, flag, 1))

    def _fail(self, what: str, reason: str, remedy: str = "") -> None:
        lines = [f"{effects.named(self)} {what}: {reason}", *filter(None, [remedy]), effects.where(self)]
        raise AssertionError(self._store.secrets.mask("\n  ".join(lines)))


class _AsPosted(Message):
    """An edited message with its original text. Its receipts stay those of the message: a test may hold it."""

    __slots__ = ("_message",)

    def __init__(self, message: Message) -> None:
        self._message = message


for _name in _FIELDS:
    setattr(_AsPosted, _name, property(attrgetter(f"_message.{'_posted_text' if _name == 'message' else _name}")))


def _missing(message: Message, users: tuple[int | models.User, ...], ids: Collection[int]) -> str:
    """The users with other ids, as text."""
    if not users:
        raise TypeError("expected at least one user or user id")
    return ", ".join(effects.person(message._store, user) for user in map(models.id_of, users) if user not in ids)
