"""The records of a seed file and of `POST /_qbchat/add`: records as the API returns them, and passwords."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from pytest_qbchat.service.attachments import attachments
from pytest_qbchat.service.flags import FLAGS, is_one, is_zero
from pytest_qbchat.service.ids import is_object_id
from pytest_qbchat.service.masking import names_secret
from pytest_qbchat.service.models.dialog import DialogRecord
from pytest_qbchat.service.models.message import MessageRecord
from pytest_qbchat.service.models.session import SessionRecord
from pytest_qbchat.service.models.user import UserRecord
from pytest_qbchat.service.spelling import closest_name

Record = dict[str, Any]
CONTROL_PREFIX = "/_qbchat"
_CALL = re.compile(r"qbchat\.(\w+)\((\w*)((?:[^()]|\([^()]*\))*)\)")


def read_json(text: str | bytes) -> Any:
    """The value in JSON. Raises ValueError if it is not JSON or cannot be sent, RecursionError for deep nesting."""
    seed = json.loads(text)
    json.dumps(seed, ensure_ascii=False, allow_nan=False).encode()  # NaN and lone surrogates cannot be sent
    return seed


def apply_seed(fake: Any, seed: Any) -> dict[str, list[Any]]:
    """Declare and return the records of a seed. Raises ValueError for a wrong one; records before it stay declared."""
    if not isinstance(seed, dict):
        raise ValueError(f"invalid seed; expected {{{', '.join(f'{part!r}: [...]' for part in _PARTS)}}}")
    _check_names(seed, set(_PARTS))
    added: dict[str, list[Any]] = {}
    for part, (add, shown, taken) in _PARTS.items():
        records = seed.get(part, [])
        if not isinstance(records, list):
            raise ValueError(f"{part}: expected a list, [{{...}}, {{...}}]")
        for position, record in enumerate(records):
            try:
                if not isinstance(record, dict):
                    raise TypeError("expected an object, {...}")
                added.setdefault(part, []).append(add(fake, _checked(record, {*shown.__annotations__}, taken)))
            except (TypeError, ValueError) as error:
                raise ValueError(in_requests(f"{part}[{position}]: {error}")) from None
    return added


def _add_user(fake: Any, record: Record) -> Any:
    tags = [tag.strip() for tag in record.pop("user_tags", "").split(",") if tag.strip()]
    others = {name: record.pop(name) for name in record.keys() - _USER}
    return _with(fake.add_user(**record, tags=tags), others)


def _add_session(fake: Any, record: Record) -> Any:
    if any(session.token == record["token"] for session in fake.sessions):
        raise ValueError("the token already belongs to another session")
    return fake.add_session(record["token"], record.get("user_id"))


def _add_dialog(fake: Any, record: Record) -> Any:
    owner = [record.pop("user_id")] if "user_id" in record else []
    occupants = [*owner, *(each for each in record.pop("occupants_ids", []) if each not in owner)]
    given = {name: record.pop(name) for name in record.keys() & {"type", "name"}}
    return _with(fake.add_dialog(record.pop("_id", None), occupants_ids=occupants, **given), record)


def _add_message(fake: Any, record: Record) -> Any:
    given = record.get("attachments", [])
    if not isinstance(given, list | dict) or len(attachments(given)) != len(given):
        raise TypeError(f"invalid attachments={given!r}; expected a list, [{{'type': 'image', 'id': '47863'}}]")
    if "_id" in record:
        record["_id"] = record["_id"].lower()
    own = {attribute: record.pop(name) for name, attribute in _KEPT.items() if name in record}
    if "reactions" in record:
        own["reactions"] = {each["name"]: each["user_ids"] for each in record.pop("reactions")}
    custom = {name: record.pop(name) for name in ("self", "dialog", "sender") if name in record}  # names in Python
    dialog = next((each for each in fake.dialogs if each.id == record["chat_dialog_id"].lower()), None)
    if dialog is None:
        raise ValueError(f"unknown dialog {record['chat_dialog_id']!r}; expected the _id of a record in dialogs")
    if any(message.id == own.get("id") for message in fake.messages):
        raise ValueError(f"the _id {own['id']!r} already belongs to another message")
    message = fake.add_message(record.pop("chat_dialog_id"), record.pop("sender_id"), **record)
    with message._store.lock:  # the history is sorted by time
        message._store.delete_message(message)
        _with(message, {**own, "custom": {**message.custom, **custom}})
        message._store.messages[message.id] = message
        dialog.add(message)
    return message


def _with(record: Any, fields: Record) -> Any:
    for name, value in fields.items():
        setattr(record, name, tuple(value) if name in ("_delivered", "_read_by") else value)
    return record


def _checked(record: Record, shown: set[str], taken: set[str]) -> Record:
    """The fields of a record that a test can set, without null. Raises ValueError for a wrong or missing one."""
    if taken is not _OF_MESSAGE:  # other fields of a message are custom fields
        _check_names(record, shown | taken)
    given = {name: value for name, value in record.items() if name not in (shown | {"save_to_history"}) - taken}
    given = {name: value for name, value in given.items() if value is not None and (name, value) != ("user_id", 0)}
    for name in sorted({*given, *_REQUIRED} & taken):
        kinds = [(expected, fits) for names, expected, fits in _KINDS if name in names.split()]
        for expected in [expected for expected, fits in kinds if not fits(given.get(name))]:
            value = "" if names_secret(name) else f" {json.dumps(given.get(name))}"
            raise ValueError(f"invalid {name}{value}; expected {expected}")
    return given


def _check_names(record: Record, known: set[str]) -> None:
    for name in record:
        if name not in known:
            suggestion = closest_name(name, known) or f"one of {', '.join(sorted(known))}"
            raise ValueError(f"unknown key {name!r}; expected {suggestion}")


def _is_id(value: Any) -> bool:
    return type(value) is int and value > 0


def _are_ids(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_id, value))


def _are_reactions(value: Any) -> bool:
    records = value if isinstance(value, list) else [None]
    return all(isinstance(it, dict) and type(it.get("name")) is str and _are_ids(it.get("user_ids")) for it in records)


_KINDS: list[tuple[str, str, Callable[[Any], object]]] = [
    ("id blob_id user_id sender_id", "a number of 1 or greater", _is_id),
    ("_id", "24 hexadecimal digits", is_object_id),
    ("type", "1 public group, 2 group or 3 private", lambda value: _is_id(value) and value in (1, 2, 3)),
    ("token", "printable characters", lambda it: type(it) is str and it.isascii() and it.isprintable() and it),
    ("date_sent", "a Unix time", lambda value: _is_id(value) and value < 2**32),
    ("send_to_chat markable read is_joinable", "1", lambda value: is_one(value) or is_zero(value)),
    ("chat_dialog_id user_tags website facebook_id twitter_id photo", "a string", lambda text: type(text) is str),
    ("occupants_ids admin_ids delivered_ids read_ids", "a list of ids", _are_ids),
    ("reactions", "a list, [{'name': 'like', 'user_ids': [7]}]", _are_reactions),
]
_REQUIRED = ("token", "chat_dialog_id", "sender_id")
_KEPT = {"_id": "id", "date_sent": "date_sent", "delivered_ids": "_delivered", "read_ids": "_read_by", "read": "read"}
_USER = {"id", "full_name", "login", "email", "password", "phone", "external_user_id", "custom_data", "user_tags"}
_OF_USER = {*UserRecord.__annotations__} - {"created_at", "updated_at", "last_request_at"} | _USER
_OF_DIALOG = {"_id", "type", "name", "occupants_ids", "user_id", "photo", "data", "admin_ids", "is_joinable"}
_OF_MESSAGE = {*_KEPT, "chat_dialog_id", "sender_id", "message", "attachments", "reactions", *FLAGS}
# Records come after those that they refer to. Each set has the fields that a test can set; other ones are ignored.
_PARTS: dict[str, tuple[Callable[[Any, Record], Any], Any, set[str]]] = {
    "users": (_add_user, UserRecord, _OF_USER),
    "sessions": (_add_session, SessionRecord, {"token", "user_id"}),
    "dialogs": (_add_dialog, DialogRecord, _OF_DIALOG),
    "messages": (_add_message, MessageRecord, _OF_MESSAGE),
}


def in_requests(text: str) -> str:
    """A text with control requests, records and options in place of calls such as `qbchat.add_session(...)`."""
    return _CALL.sub(_in_requests, text)


def _in_requests(call: re.Match[str]) -> str:
    if call[1] == "add_credentials":
        return f"--{(call[2] or 'auth_secret').replace('_', '-')}"
    if call[1].startswith("add_"):
        return f"a record in the {call[1].removeprefix('add_')}s of the seed file, or of POST {CONTROL_PREFIX}/add"
    return f"POST {CONTROL_PREFIX}/{call[1]} {call[2]}{call[3]}".rstrip()
