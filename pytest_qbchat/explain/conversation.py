"""The conversation of a fake as its transcript and its page show it: people, and dialogs with their messages."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

from pytest_qbchat.explain.message_effects import attachment_labels

if TYPE_CHECKING:
    from pytest_qbchat.service.calls import Call
    from pytest_qbchat.service.models import Dialog, Message, User

age = attrgetter("date_sent", "id")


class Conversation(Protocol):
    """What is shown of a fake."""

    @property
    def calls(self) -> Sequence[Call]:
        """All calls."""
        ...

    @property
    def dialogs(self) -> Sequence[Dialog]:
        """The dialogs as they are now."""
        ...

    @property
    def users(self) -> Sequence[User]:
        """The users as they are now."""
        ...

    @property
    def posted(self) -> Sequence[Message]:
        """The messages that were sent through POST."""
        ...


def dialogs_with_messages(fake: Conversation) -> list[tuple[dict[str, Any], list[Message]]]:
    """Each dialog with its messages, oldest first, also those that were deleted since."""
    found = {dialog.id: (_dialog(dialog), list(dialog.history)) for dialog in fake.dialogs if dialog.history}
    for message in fake.posted:
        if is_deleted(message):
            found.setdefault(message.chat_dialog_id, (_dialog_of(message), []))[1].append(message)
    for _, messages in found.values():
        messages.sort(key=age)
    return [*found.values()]


def is_deleted(message: Message) -> bool:
    """Whether a message was deleted for all users."""
    return message.id not in message.store.messages


def people(fake: Conversation) -> dict[int, str]:
    """The names of users by id."""
    return {user.id: user.full_name for user in fake.users if user.full_name}


def described(message: Message) -> dict[str, Any]:
    """A message with what its users saw of it."""
    others = [reader for reader in message.read_by if reader != message.sender_id]
    # Every app adds the id of the dialog.
    custom = {name: value for name, value in message.custom.items() if (name, value) != _own_dialog(message)}
    return {
        "id": message.id,
        "sender": message.sender_id,
        "text": message.message,
        "original": message.posted_text if message.edited else None,
        "deleted": is_deleted(message),
        "sent": message.date_sent,
        "to_chat": message.sent_to_chat,
        "delivered_to": message.delivered_to,
        "received_by": [user for user in message.delivered if user != message.sender_id and user not in others],
        "read_by": others,
        "markable": message.markable == 1,
        "attachments": list(attachment_labels(message)),
        "custom": [f"{name}: {value!r}" for name, value in custom.items()],
        "reactions": [(name, len(users)) for name, users in (message.reactions or {}).items()],
        "by_call": message.call is not None,
        "warnings": message.call.warnings if message.call else (),
    }


def _own_dialog(message: Message) -> tuple[str, str]:
    return "dialog_id", message.chat_dialog_id


def _dialog(dialog: Dialog) -> dict[str, Any]:
    kind = dialog.type.name.lower().replace("_", " ")
    return {
        "id": dialog.id,
        "name": dialog.name,
        "kind": f"{kind}, adopted on first sight" if dialog.adopted else kind,
        "occupants": dialog.occupants_ids,
        "owner": dialog.user_id,
    }


def _dialog_of(message: Message) -> dict[str, Any]:
    """The dialog of a message, which may have been deleted since."""
    dialog = message.store.dialogs.get(message.chat_dialog_id)
    if dialog is not None:
        return _dialog(dialog)
    return {"id": message.chat_dialog_id, "name": None, "kind": "deleted dialog", "occupants": [], "owner": None}
