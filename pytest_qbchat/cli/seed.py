"""The seed file of the stand-alone program: the initial state, with QuickBlox field names.

    {
      "users": [{"id": 7, "full_name": "Cleo Customer", "login": "cleo", "password": "made-up-password"}],
      "sessions": [{"token": "made-up-token", "user_id": 7}],
      "dialogs": [{"_id": "5d75327ba28f9a0f32cb0f99", "type": 2, "name": "Shop", "occupants_ids": [7, 8]}],
      "messages": [{"chat_dialog_id": "5d75327ba28f9a0f32cb0f99", "sender_id": 8, "message": "Hello"}]
    }

The `add_*` methods of `FakeQuickBlox` check and add the records.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pytest_qbchat.fake.quickblox import FakeQuickBlox
from pytest_qbchat.service.attachments import attachments
from pytest_qbchat.service.flags import FLAGS, is_one, is_zero
from pytest_qbchat.service.spelling import closest_name

Record = dict[str, Any]


def read_seed(text: str) -> Any:
    """The content of a seed file.

    Raises:
        ValueError: The text is not JSON, or has values that JSON cannot represent.
        RecursionError: It is nested too deeply.
    """
    seed = json.loads(text)
    json.dumps(seed, ensure_ascii=False, allow_nan=False).encode()  # NaN and lone surrogates cannot be sent
    return seed


def apply_seed(fake: FakeQuickBlox, seed: Any) -> None:
    """Declare everything in a seed.

    Raises:
        ValueError: A part is unknown or invalid.
    """
    if not isinstance(seed, dict):
        raise ValueError(f"invalid seed; expected {{{', '.join(f'{part!r}: [...]' for part in _PARTS)}}}")
    _check_names(seed, set(_PARTS))
    for part, add in _PARTS.items():
        records = seed.get(part, [])
        if not isinstance(records, list):
            raise ValueError(f"{part}: expected a list, [{{...}}, {{...}}]")
        for position, record in enumerate(records):
            try:
                if not isinstance(record, dict):
                    raise TypeError("expected an object, {...}")
                add(fake, record)
            except (TypeError, ValueError) as error:
                raise ValueError(f"{part}[{position}]: {error}") from None


def _add_user(fake: FakeQuickBlox, record: Record) -> None:
    _check_names(record, _USER_FIELDS)
    fields = dict(record)
    tags = fields.pop("user_tags", None) or ""
    if not isinstance(tags, str):
        raise TypeError(f"invalid user_tags={tags!r}; expected a string, 'vip,new'")
    fake.add_user(**fields, tags=[tag.strip() for tag in tags.split(",") if tag.strip()])


def _add_session(fake: FakeQuickBlox, record: Record) -> None:
    _check_names(record, {"token", "user_id"})
    token: Any = record.get("token")
    if any(session.token == token for session in fake.sessions):
        raise ValueError("the token already belongs to another session")
    fake.add_session(token, record.get("user_id") or None)


def _add_dialog(fake: FakeQuickBlox, record: Record) -> None:
    _check_names(record, {"_id", "occupants_ids", "type", "name"})
    fields = {"occupants_ids": [], **record}
    fake.add_dialog(fields.pop("_id", None), **fields)


def _add_message(fake: FakeQuickBlox, record: Record) -> None:
    for name in FLAGS:
        if not (record.get(name) is None or is_one(record[name]) or is_zero(record[name])):
            raise TypeError(f"invalid {name}={record[name]!r}; expected 1")
    given = record.get("attachments") or []
    if not isinstance(given, list | dict) or len(attachments(given)) != len(given):
        raise TypeError(f"invalid attachments={given!r}; expected a list, [{{'type': 'image', 'id': '47863'}}]")
    fields = dict(record)
    dialog, sender = fields.pop("chat_dialog_id", None), fields.pop("sender_id", None)
    fake.add_message(dialog, sender, **fields)


def _check_names(record: Record, known: set[str]) -> None:
    for name in record:
        if name not in known:
            suggestion = closest_name(name, known) or f"one of {', '.join(sorted(known))}"
            raise ValueError(f"unknown key {name!r}; expected {suggestion}")


_USER_FIELDS = {
    "id", "full_name", "login", "email", "password", "phone", "external_user_id", "custom_data", "user_tags",
}  # fmt: skip
# In this order, because messages refer to dialogs, and dialogs to users.
_PARTS: dict[str, Callable[[FakeQuickBlox, Record], None]] = {
    "users": _add_user,
    "sessions": _add_session,
    "dialogs": _add_dialog,
    "messages": _add_message,
}
