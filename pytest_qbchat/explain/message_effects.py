"""Describes one message or call: its state, and the effect of its fields on the occupants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pytest_qbchat.explain.field_matching import ABSENT, field_of
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.endpoints.events import Events, Push
from pytest_qbchat.service.hosts import Hosts
from pytest_qbchat.service.models import Blob, Dialog, Message, User
from pytest_qbchat.service.spelling import misspelt, similar_name
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import printable

WIDTH = 72  # of a value in a failure text
_NAME_WIDTH = 40  # of the text that names a message
_MAX_CALLS = 5
# The effect of each flag if it is 1, and if it is not.
_EFFECTS = {
    "send_to_chat": ("every other occupant was notified", "added to the history only, no occupant was notified"),
    "markable": ("receivers answer with delivered and read receipts", "receivers send no receipts"),
}


def noun_of(message: Message | Push) -> str:
    """What a record is called in a sentence."""
    return "push" if isinstance(message, Push) else "message"


def named(message: Message | Push) -> str:
    """A message or push as a sentence names it: by its text."""
    text = "without text" if message.message is None else shortened(message.message, _NAME_WIDTH)
    return f"{noun_of(message)} {text}"


def where(message: Message | Push) -> str:
    """The sender, id and dialog of a message, or the sender and event of a push."""
    if isinstance(message, Push):
        user_id = message.event["user_id"]
        sender = person(message._store, user_id) if user_id else "an API key"
        return f"from {sender}, event {message.event['id']} for {message.event['environment']}"
    return f"from {person(message._store, message.sender_id)}, message {message.id} in {dialog_of(message)}"


def person(store: Store, user_id: int) -> str:
    """A user by name and id."""
    user = store.users.get(user_id)
    return f"{printable(user.full_name)} ({user_id})" if user is not None and user.full_name else f"user {user_id}"


def dialog_of(message: Message) -> str:
    """The dialog of a message, by name and id."""
    dialog = message._store.dialogs.get(message.chat_dialog_id)
    name = f"{dialog.name!r} " if dialog is not None and dialog.name else ""
    return f"dialog {name}{message.chat_dialog_id}"


def brief(message: Message | Push) -> str:
    """A message in one line: its text, delivery, receipts and attachments; a push: its text and receivers."""
    if isinstance(message, Push):
        return f"{shortened(message.message)} (to {', '.join(person(message._store, each) for each in message.to)})"
    details = ", ".join([reach(message), receipts(message), *attachment_labels(message)])
    return f"{shortened(message.message)} ({details})"


def reach(message: Message) -> str:
    """Whether occupants were notified."""
    return "sent to chat" if message.sent_to_chat else "history only"


def receipts(message: Message) -> str:
    """Whether the sender requested receipts."""
    return "markable" if message.markable == 1 else "not markable"


def attachment_labels(message: Message) -> Iterator[str]:
    """Type and id or URL of each attachment: `image 47863`."""
    for item in message.attachments:
        yield printable(f"{item.get('type', 'untyped')} {item.get('id', item.get('url', ''))}".rstrip())


def flag(message: Message, name: str) -> str:
    """A flag as it was sent, and its effect: `the request has no markable: receivers send no receipts`."""
    value = value_sent(message, name)
    sent = f"the request has no {name}" if value is ABSENT else f"{name} is {value!r}"
    return f"{sent}: {_effect(message, name)}"


def remedy(message: Message | Push, name: str, expected: Any) -> str:
    """What to write in the request, for a field whose value the test expects; empty if that is not known."""
    if isinstance(message, Push):
        return _unsubscribed(message, expected) if name == "to" else other_type(expected, field_of(message, name))
    if name in _EFFECTS and expected == 1 and getattr(message, name) != 1:
        near = similar_name(name, message.custom)
        return f"write {name}=1 in {f'place of {near}' if near else 'the request'}"
    if name == "sender_id" and _is_adopted(message, name):
        return "declare the user of the token: qbchat.add_session(token, user)"
    if name == "chat_dialog_id" and _is_adopted(message, name):
        known = [dialog.id for dialog in message._store.dialogs.values() if not dialog.adopted]
        if near := misspelt(message.chat_dialog_id, known):
            return f"post to the declared dialog {near}; {message.chat_dialog_id} differs only slightly from it"
        dialog = f"qbchat.add_dialog({message.chat_dialog_id!r}, occupants_ids=[...])"
        return f"post to a declared dialog, or declare this one: {dialog}"
    return other_type(expected, field_of(message, name))


def _unsubscribed(push: Push, expected: Any) -> str:
    """The expected receivers of a push who have no subscription, and how to add one."""
    wanted = [getattr(each, "id", each) for each in (expected if isinstance(expected, list | tuple) else [expected])]
    missing = [
        person(push._store, who) for who in wanted if isinstance(who, int) and not push._store.part(Events).of_user(who)
    ]
    return f"{', '.join(missing)} has no subscription; call subscribe() of the user in the test" if missing else ""


def other_type(expected: Any, actual: Any) -> str:
    """The types of two values that differ only in their type; empty for other values."""
    if type(expected) is type(actual) or str(expected) != str(actual):
        return ""
    return f"the request had {_kind(actual)}, the test expects {_kind(expected)}"


def _kind(value: Any) -> str:
    return {"str": "a string", "int": "a number"}.get(type(value).__name__, f"a {type(value).__name__}")


def consequence(message: Any, name: str) -> str:
    """The effect of a field on the occupants, or a note on its value; empty if neither is known, as for a push."""
    name = "send_to_chat" if name == "sent_to_chat" else name
    if name in _EFFECTS:
        return _effect(message, name)
    if name == "attachments":
        return warned_attachments(message)
    if name == "sender_id":
        note = message._store.note_on(message.call.request.headers.get("QB-Token", "")) if message.call else ""
        adopted = f"adopted: the test declared neither the token nor its user{note}"
        return adopted if _is_adopted(message, name) else "the user of the token, or of On-Behalf-Of"
    if name == "chat_dialog_id" and _is_adopted(message, name):
        declared = ", ".join(dialog.id for dialog in message._store.dialogs.values() if not dialog.adopted) or "none"
        return f"adopted: the test did not declare it; declared: {declared}"
    near = similar_name(name, message.custom) if field_of(message, name) is ABSENT else None
    return f"there is a custom field {near!r}" if near else ""


def _is_adopted(message: Message, name: str) -> bool:
    """Whether the sender or the dialog of a message was adopted."""
    records = message._store.users if name == "sender_id" else message._store.dialogs
    record = records.get(getattr(message, name))
    return record is not None and record.adopted


def value_sent(message: Message | Push, name: str) -> Any:
    """The value of a field. For a flag that QuickBlox reads as 0 it is the value in the request."""
    value = field_of(message, name)
    if name in _EFFECTS and value == 0 and message.call is not None:
        return message.call.params[name]
    return value


def warned_attachments(message: Message) -> str:
    """What is wrong with `attachments` in the request, by its first warning; empty if nothing is known."""
    warnings = message.call.warnings if message.call else ()
    return next((text.removeprefix("attachments: ") for text in warnings if text.startswith("attachments")), "")


_PROCESSES = "a process was started, whose calls are not intercepted: give it the url of qbchat_server as its base URL"


def why_none(calls: Sequence[Call], hosts: Hosts, noun: str = "message") -> list[str]:
    """Why no message was posted, or no push sent: the reason, then lines about it."""
    posts = "sends" if noun == "push" else "posts"
    others = sorted(hosts.others)
    processes = [_PROCESSES] if hosts.processes else []
    if refused := list(not_accepted(calls)):
        return refused
    if len(calls) == 1:
        only = f"the only call to the fake was {calls[0].method} {calls[0].path}, which {posts} no {noun}"
        return [only, *processes]
    if calls:
        return [
            f"none of {len(calls)} calls to the fake {posts} a {noun}",
            *(f"{call.method} {call.path}" for call in calls[:_MAX_CALLS]),
            *processes,
        ]
    called = f", but {', '.join(others)} was called" if others else ""
    which = f"if {' or '.join(others)} stands for QuickBlox, add it" if others else "add other hosts"
    return [
        f"no call reached the fake{called}",
        "did the code make the call, await it, and finish before the assertion?",
        f"the fake covers *.quickblox.com; {which} with qbchat_hosts, or @pytest.mark.qbchat(hosts=[...])",
        *processes,
    ]


def not_delivered(store: Store, user_id: int) -> Iterator[str]:
    """Why no message was delivered to a user: the reason, then what to do."""
    others = [message for message in store.messages.values() if message.sender_id != user_id]
    of_user = [message for message in others if user_id in store.dialogs[message.chat_dialog_id].occupants_ids]
    quiet = [message for message in of_user if not message.sent_to_chat]
    if quiet:
        more = f"{len(quiet)} messages, the last of them {shortened(quiet[-1].message, _NAME_WIDTH)},"
        what = named(quiet[-1]) if len(quiet) == 1 else more
        yield f"{what} went to the history only: {flag(quiet[-1], 'send_to_chat').partition(': ')[0]}"
        yield remedy(quiet[-1], "send_to_chat", 1)
    elif others and not of_user:
        newest = others[-1]
        dialog = store.dialogs[newest.chat_dialog_id]
        occupants = ", ".join(person(store, each) for each in dialog.occupants_ids)
        yield f"{named(newest)} went to {dialog_of(newest)}; its occupants: {occupants}"
        yield remedy(newest, "chat_dialog_id", None)


def not_accepted(calls: Iterable[Call]) -> Iterator[str]:
    """A line for each call that QuickBlox did not accept. One of them may have sent an expected message."""
    for call in calls:
        if call.stubbed:
            yield f"{call.method} {call.path} was answered {call.status or 'with an error'} by qbchat.router"
        elif call.fault:
            yield f"{call.method} {call.path} failed: {call.reason}"
        elif call.reason:
            answer = f"answered {call.status}" if call.status else "refused"
            yield f"{call.method} {call.path} was {answer}: {call.reason}"


def shown(value: Any) -> str:
    """A value as a failure text shows it."""
    if isinstance(value, User | Dialog | Blob):
        return repr(value.id)
    return f"/{value.pattern}/" if isinstance(value, re.Pattern) else repr(value)


def shortened(value: Any, width: int = WIDTH) -> str:
    """A value as a failure text shows it, cut at a width."""
    text = shown(value)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _effect(message: Message, flag: str) -> str:
    if_set, if_not_set = _EFFECTS[flag]
    if getattr(message, flag) == 1:
        return if_set
    if near := similar_name(flag, message.custom):
        return f"{near!r} became a custom field; {if_not_set}"
    return f"only 1 counts; {if_not_set}" if getattr(message, flag) == 0 else if_not_set
