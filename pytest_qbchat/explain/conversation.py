"""The conversation of a fake, for the page and as a transcript: people, and dialogs with their messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from pytest_qbchat.explain.message_effects import attachment_labels, not_accepted, reach, receipts, shortened, where
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.endpoints.events import Events
from pytest_qbchat.service.models import Dialog, Message
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import printable

age = attrgetter("date_sent", "id")
_MAX_SHOWN = 20  # messages of each dialog in a transcript


def dialogs_with_messages(store: Store, calls: Iterable[Call]) -> list[tuple[dict[str, Any], list[Message]]]:
    """Each dialog with its messages, oldest first, including posted messages that were deleted later."""
    dialogs = list(store.dialogs.values())  # other threads may add some
    found = {dialog.id: (_dialog(dialog.id, dialog), list(dialog.history)) for dialog in dialogs if dialog.history}
    for call in calls:
        message = call.message
        if message is not None and _is_deleted(message):
            dialog_id = message.chat_dialog_id
            found.setdefault(dialog_id, (_dialog(dialog_id, store.dialogs.get(dialog_id)), []))[1].append(message)
    for _, messages in found.values():
        messages.sort(key=age)
    return [*found.values()]


def people(store: Store) -> dict[int, str]:
    """The names of users by id."""
    return {user.id: user.full_name for user in list(store.users.values()) if user.full_name}


def described(message: Message) -> dict[str, Any]:
    """A message with what its users saw of it."""
    others = [reader for reader in message._read_by if reader != message.sender_id]
    own_dialog = ("dialog_id", message.chat_dialog_id)  # every app adds it
    return {
        "id": message.id,
        "sender": message.sender_id,
        "text": message.message,
        "original": message._posted_text if message.edited else None,
        "deleted": _is_deleted(message),
        "sent": message.date_sent,
        "to_chat": message.sent_to_chat,
        "delivered_to": message.delivered_to,
        "received_by": [user for user in message._delivered if user != message.sender_id and user not in others],
        "read_by": others,
        "markable": message.markable == 1,
        "attachments": list(attachment_labels(message)),
        "custom": [f"{name}: {value!r}" for name, value in message.custom.items() if (name, value) != own_dialog],
        "reactions": [(name, len(users)) for name, users in (message.reactions or {}).items()],
        "by_call": message.call is not None,
        "warnings": message.call.warnings if message.call else (),
    }


def pushes(store: Store, newest: int | None = None) -> list[dict[str, Any]]:
    """The push notifications that were sent, oldest first; with `newest`, only that many of the newest."""
    sent = store.part(Events).pushed[-(newest or 0) :]
    return [{"to": push.to, "text": push.message, "where": where(push)} for push in sent]


def transcript(store: Store, calls: Sequence[Call], seen: int | None = None) -> str:
    """The newest messages of each dialog and their delivery, pushes, calls that were not accepted, and warnings.

    The caller masks the text. Calls after the first `seen` arrived after a failed assertion.
    """
    names = {user_id: f"{user_id} {name}" for user_id, name in people(store).items()}
    lines: list[str] = []
    for dialog, messages in dialogs_with_messages(store, calls):
        name = f" {dialog['name']!r}" if dialog["name"] else ""
        occupants = _names_of(dialog["occupants"], names)
        lines.append(f"dialog {dialog['id']}{name} ({dialog['kind']}), occupants {occupants or 'unknown'}")
        if len(messages) > _MAX_SHOWN:
            lines.append(f"  ({len(messages) - _MAX_SHOWN} earlier messages)")
        for message in messages[-_MAX_SHOWN:]:
            lines.extend(_message(message, described(message), names))
    for push in pushes(store, _MAX_SHOWN):
        lines += [f"push to {_names_of(push['to'], names)}: {push['text']!r}", f"  {push['where']}"]
    notes: Counter[str] = Counter()
    for call in calls[seen:] if seen is not None else ():
        text = "" if call.message is None else f" ({shortened(call.message.message)})"
        notes[f"{call.method} {call.path}{text} arrived after the assertion: the test did not wait for it"] += 1
    for call in calls:
        notes.update([*not_accepted([call]), *(f"warning: {text}" for text in call.warnings)])
        if call.began_in:
            notes[f"{call.method} {call.path} came from a thread that began in {call.began_in}"] += 1
    lines += [line if times == 1 else f"{line} ({times} times)" for line, times in notes.items()]
    return "\n".join(map(printable, lines)) or "nothing was posted"


def _is_deleted(message: Message) -> bool:
    """Whether a message was deleted for all users."""
    return message.id not in message._store.messages


def _dialog(dialog_id: str, dialog: Dialog | None) -> dict[str, Any]:
    if dialog is None:  # it was deleted
        return {"id": dialog_id, "name": None, "kind": "deleted dialog", "occupants": [], "owner": None}
    kind = dialog.type.name.lower().replace("_", " ")
    return {
        "id": dialog_id,
        "name": dialog.name,
        "kind": f"{kind}, adopted on first sight" if dialog.adopted else kind,
        "occupants": dialog.occupants_ids,
        "owner": dialog.user_id,
    }


def _names_of(ids: Iterable[int], names: Mapping[int, str]) -> str:
    return ", ".join(names.get(user_id, str(user_id)) for user_id in ids)


def _message(message: Message, it: Mapping[str, Any], names: Mapping[int, str]) -> Iterator[str]:
    delivered = f", delivered to {_names_of(it['delivered_to'], names) or 'no known occupant'}"
    reached = f"{reach(message)}{delivered if it['to_chat'] else ''}"
    attached = ", ".join(it["attachments"]) or "no attachments"
    read = f"; read by {_names_of(it['read_by'], names)}" if it["read_by"] else ""
    yield f"  {_names_of([it['sender']], names)}: {it['text']!r}"
    yield f"    {reached}; {receipts(message)}; {attached}{read}{'; deleted later' if it['deleted'] else ''}"
    yield from (f"    {field}" for field in it["custom"])
