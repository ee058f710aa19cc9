"""The state of a fake as JSON: to seed one, to look at it, to save it and to go on with it later.

The names are QuickBlox's own, so that a seed can be written by hand or taken from replies. What is left out is made up:

    {
      "application": {"id": 12345, "auth_key": "made-up-key", "auth_secret": "made-up-secret", "api_keys": ["made-up"]},
      "users": [{"id": 7, "full_name": "Cleo Customer", "login": "cleo", "password": "made-up-password"}],
      "sessions": [{"token": "made-up-token", "user_id": 7}],
      "dialogs": [{"_id": "5d75327ba28f9a0f32cb0f99", "type": 2, "name": "Shop", "occupants_ids": [7, 8]}],
      "messages": [{"chat_dialog_id": "5d75327ba28f9a0f32cb0f99", "sender_id": 8, "message": "Hello"}],
      "blobs": [{"name": "map.png", "content_type": "image/png", "content": "iVBORw0KGgo="}]
    }

What QuickBlox has no name for stands under `_qbchat`. Nobody needs to write it.
"""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from pytest_qbchat.matching import similar_name
from pytest_qbchat.service.ids import Ids, is_object_id
from pytest_qbchat.service.messages import attachments, one, zero
from pytest_qbchat.service.models import Blob, Dialog, DialogType, Message, Session, User, user_id
from pytest_qbchat.service.models.message import NO_FIELDS
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import encode_json

_OWN = "_qbchat"  # the key of what QuickBlox has no name for
_UNIQUE = ("login", "email", "facebook_id", "twitter_id", "external_user_id")
_USER_TEXTS = (*_UNIQUE, "full_name", "phone", "website", "custom_data", "user_tags", "password")
_CONSENTS = ("age_over16", "allow_statistics_analysis", "allow_sales_activities", "parents_contacts")
_PAIR = 2
# What replies have and the rest of the state decides.
_DERIVED = {
    "sessions": {"_id", "device_id"},
    "dialogs": {
        "last_message", "last_message_date_sent", "last_message_id", "last_message_user_id", "unread_messages_count",
        "xmpp_room_jid",
    },
    "blobs": {"blob_object_access"},
}  # fmt: skip
_MESSAGE_FIELDS = {
    "_id", "attachments", "chat_dialog_id", "created_at", "date_sent", "delivered_ids", "markable", "message",
    "reactions", "read", "read_ids", "recipient_id", "send_to_chat", "sender_id", "updated_at", _OWN,
}  # fmt: skip


def load(store: Store, state: Mapping[str, Any]) -> None:
    """Put a state into a store that is empty.

    Raises:
        ValueError: A part of it is unknown or wrong; the text says which, and what to write.
    """
    if not isinstance(state, Mapping):
        raise ValueError(f"a state is an object: write {{{', '.join(f'{part!r}: ...' for part in _PARTS)}}}")
    if unknown := sorted(state.keys() - _PARTS.keys() - {_OWN}):
        raise ValueError(f"a state has no {', '.join(map(repr, unknown))}: its parts are {', '.join(_PARTS)}")
    own = state.get(_OWN, {})
    store.ids = _IdsBeside(state)
    hidden: list[tuple[Dialog, list[int]]] = []
    _understood(lambda: _load_deleted(store, own))
    for part, load_one in _PARTS.items():
        records = state.get(part, [])
        if part == "application":
            records = [records] if records else []
        if not isinstance(records, list):
            raise ValueError(f"{part}: {_shown(records)} is no list: write [{{...}}, {{...}}]")
        for position, given in enumerate(records):
            where = part if part == "application" else f"{part}[{position}]"
            record = _Record(where, _unwrapped(part, given), _DERIVED.get(part, set()))
            if part == "dialogs":
                hidden.append((_load_dialog(store, record), record.ids("hidden_from", [])))
            else:
                load_one(store, record)
            record.end()
    for dialog, users in hidden:
        for user in users:
            store.hide_dialog(dialog, user)
    _understood(lambda: _load_own(store, own))


def dump(store: Store) -> dict[str, Any]:
    """A state of which `load` makes the same store."""
    application = store.application
    return {
        "application": {
            "id": application.id,
            "auth_key": application.auth_key,
            "auth_secret": application.auth_secret,
            "seen_id": application.seen_id,
            "api_keys": sorted(application.api_keys),
        },
        "users": [_dump_user(user) for user in store.users.values()],
        "sessions": [_dump_session(session) for session in store.sessions.values()],
        "dialogs": [_dump_dialog(dialog) for dialog in store.dialogs.values()],
        "messages": [_dump_message(message) for message in store.messages.values()],
        "blobs": [_dump_blob(blob) for blob in store.blobs.values()],
        _OWN: {
            "deleted": sorted((each for each in store.gone if not isinstance(each, tuple)), key=str),
            "deleted_names": sorted([*each] for each in store.gone if isinstance(each, tuple)),
            "identities": [
                [provider, token, user.id]
                for (provider, token), user in store.identities.items()
                if store.users.get(user.id) is user
            ],
            "nonces": sorted([*each] for each in store.seen_nonces),
            "recency": [[dialog.id, user] for dialog, user in store.recency()],
        },
    }


def to_json(state: Mapping[str, Any]) -> str:
    """A state as it is written to a file."""
    return f"{json.dumps(state, ensure_ascii=False, indent=2)}\n"


def from_json(text: str) -> Any:
    """A state as it was read from a file.

    Raises:
        ValueError: It is no JSON, or has what JSON cannot carry.
    """
    try:
        state = json.loads(text)
        # Python reads what is no number in JSON, and half a character if it is escaped; neither can be sent.
        json.dumps(state, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    return state


def _understood(read: Callable[[], None]) -> None:
    """Read what only a program writes."""
    try:
        read()
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError(f"{_OWN} is not as it was saved: leave it out of what is written by hand") from None


def _unwrapped(part: str, given: Any) -> Any:
    """A record without the wrapper that it has in replies: `{"user": {...}}`."""
    name = part.removesuffix("s")
    return given[name] if isinstance(given, dict) and given.keys() == {name} else given


def _shown(value: Any) -> str:
    text = encode_json(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


_WIDTH = 60


class _Record:
    """One record of a state, whose fields are taken one by one, until none is left.

    Every field that is missing or null is the default; one that is wrong is a ValueError.
    """

    def __init__(self, where: str, given: Any, ignored: set[str]) -> None:
        self.where = where
        if not isinstance(given, dict):
            raise ValueError(f"{where}: {_shown(given)} is no object: write {{...}}")
        self.given: Mapping[str, Any] = given
        self.left = {name: value for name, value in given.items() if name not in ignored}
        self._known = set(ignored)

    def take(self, name: str) -> Any:
        """A field of any kind."""
        self._known.add(name)
        return self.left.pop(name, None)

    def text(self, name: str) -> str | None:
        """A text."""
        value = self.take(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong(name, value, "no text", '"..."')
        return value

    def required(self, name: str) -> str:
        """A text that is not empty."""
        return self.text(name) or self.refuse(f"has no {name}: write one")

    def number(self, name: str) -> int | None:
        """A whole number from 0 on, or its digits."""
        value = self.take(name)
        number = user_id(value)
        if value is not None and number is None:
            raise self.wrong(name, value, "no id or number", "its digits")
        return number

    def ids(self, name: str, default: list[int]) -> list[int]:
        """A list of user ids."""
        value = self.take(name)
        if value is None:
            return default
        numbers = [user_id(each) for each in value] if isinstance(value, list) else [None]
        found = [number for number in numbers if number is not None]
        if len(found) != len(numbers):
            raise self.wrong(name, value, "no list of user ids", "[7, 8]")
        return found

    def truth(self, name: str) -> bool:
        """True or false."""
        value = self.take(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, value, "neither true nor false", "true")
        return bool(value)

    def flag(self, name: str) -> int | None:
        """1 or 0."""
        value = self.take(name)
        if value is None:
            return None
        if not one(value) and not zero(value):
            raise self.wrong(name, value, "neither 1 nor 0", "1")
        return int(value)

    def object_id(self, name: str) -> str | None:
        """The id of a dialog or a message."""
        value = self.take(name)
        if value is not None and not is_object_id(value):
            raise self.wrong(name, value, "no id", "24 hexadecimal digits, or leave it out")
        return value and str(value).lower()

    def moment(self, name: str) -> int | None:
        """A time as QuickBlox writes it, as Unix time."""
        value = self.text(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self.wrong(name, value, "no time", '"2019-09-09T20:30:15Z"') from None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())

    def wrong(self, name: str, value: Any, what: str, right: str) -> ValueError:
        """The error for a wrong value."""
        return ValueError(f"{self.where} {name}: {_shown(value)} is {what}: write {right}")

    def refuse(self, text: str) -> NoReturn:
        """Refuse the record for what it says as a whole."""
        raise ValueError(f"{self.where} {text}")

    def end(self) -> None:
        """Refuse what nobody took."""
        for name in self.left:
            meant = similar_name(name, self._known) or f"one of {', '.join(sorted(self._known))}"
            raise ValueError(f"{self.where} has an unknown field {name!r}: write {meant}")


class _IdsBeside(Ids):
    """Ids of which none is one that a state has, or had and deleted."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        super().__init__()
        self._taken = {*_named(state)}

    def object_id(self, seconds: int) -> str:
        """A new ObjectId."""
        while (made := super().object_id(seconds)) in self._taken:
            pass
        return made

    def user_id(self) -> int:
        """A new user id."""
        while (made := super().user_id()) in self._taken:
            pass
        return made

    def number(self) -> int:
        """A new id of a session or a blob."""
        while (made := super().number()) in self._taken:
            pass
        return made

    def token(self) -> str:
        """A new token."""
        while (made := super().token()) in self._taken:
            pass
        return made

    def uid(self) -> str:
        """A new blob uid."""
        while (made := super().uid()) in self._taken:
            pass
        return made


def _named(value: Any, key: str = "") -> Iterator[int | str]:
    """Whatever may be an id in a state, the numbers as numbers."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _named(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, key)
    elif isinstance(value, int | str) and key.endswith(_NAMING):
        number = user_id(value)
        yield str(value).lower() if number is None else number


_NAMING = ("id", "_ids", "token", "deleted")


# Application


def _load_application(store: Store, record: _Record) -> None:
    application = store.application
    application.id = record.number("id")
    application.auth_key = record.text("auth_key")
    application.auth_secret = record.text("auth_secret")
    application.seen_id = record.number("seen_id")
    keys = record.take("api_keys") or []
    if not isinstance(keys, list) or not all(isinstance(key, str) and key and " " not in key for key in keys):
        raise record.wrong("api_keys", keys, "no list of keys", '["what follows ApiKey in the Authorization header"]')
    application.api_keys.update(keys)
    for secret in [application.auth_secret, *keys]:
        store.secrets.add(secret or "")


# Users


def _load_user(store: Store, record: _Record) -> None:
    number = record.number("id")
    if number in store.users:
        record.refuse(f"is a second user {number}")
    texts: dict[str, str | None] = {}
    for name in _USER_TEXTS:
        value = record.left.get(name)
        if name.endswith("_id") and user_id(value) is not None:
            record.left[name] = str(value)
        texts[name] = record.text(name)
    for name in _UNIQUE:
        if texts[name] and store.find_user(**{name: texts[name]}) is not None:
            record.refuse(f"has the {name} {texts[name]!r} of another user")
    consents = {name: record.take(name) for name in _CONSENTS}
    user = store.add_user(
        number, **texts, **consents, blob_id=record.number("blob_id"), adopted=record.truth("adopted")
    )
    user.created = _or(record.moment("created_at"), user.created)
    user.updated = _or(record.moment("updated_at"), user.created)
    user.last_request = record.moment("last_request_at")
    if user.password:
        store.secrets.add(user.password)


def _dump_user(user: User) -> dict[str, Any]:
    return _given({**user.as_dict(), "password": user.password, "adopted": user.adopted or None})


def _known(store: Store, id: int) -> int:
    """The id of a user whom a record names, and who is declared by that."""
    if id not in store.users:
        store.add_user(id)
    return id


def _known_once(store: Store, id: int) -> int:
    """The id of a user whom a record names, and who may have been deleted since."""
    return id if id in store.gone else _known(store, id)


# Sessions


def _load_session(store: Store, record: _Record) -> None:
    token = record.required("token")
    if token in store.sessions:
        record.refuse("has the token of another session")
    user = record.number("user_id")
    session = store.add_session(token, _known(store, user) if user else None, adopted=record.truth("adopted"))
    session.id = _or(record.number("id"), session.id)
    session.created = _or(record.moment("created_at"), session.created)
    session.updated = _or(record.moment("updated_at"), session.created)
    session.application_id = _or(record.number("application_id"), session.application_id)
    session.nonce = _or(record.number("nonce"), session.nonce)
    session.ts = _or(record.number("ts"), session.created)
    expires_at = record.take("expires_at")
    if expires_at is not None:
        if isinstance(expires_at, bool) or not isinstance(expires_at, int | float):
            raise record.wrong("expires_at", expires_at, "no Unix time", "seconds, or leave it out")
        session.expires_at = expires_at


def _dump_session(session: Session) -> dict[str, Any]:
    shown = session.as_dict()
    del shown["_id"]
    if session.expires_at != math.inf:
        shown["expires_at"] = max(session.expires_at, 0)
    return _given({**shown, "adopted": session.adopted or None})


# Dialogs


def _load_dialog(store: Store, record: _Record) -> Dialog:
    dialog_id = record.object_id("_id")
    if dialog_id in store.dialogs:
        record.refuse(f"is a second dialog {dialog_id}")
    kind = record.number("type")
    if kind not in tuple(DialogType):
        raise record.wrong("type", kind, "no type", "1 public group, 2 group or 3 private")
    occupants = record.ids("occupants_ids", [])
    owner = record.number("user_id")
    left_alone = kind == DialogType.PUBLIC_GROUP and owner is not None  # by all of its occupants
    if not occupants and not left_alone:
        raise record.wrong("occupants_ids", occupants, "nobody", "[7, 8]")
    if kind == DialogType.PRIVATE:
        _check_private(store, record, set(occupants))
    for user in occupants:
        _known(store, user)
    owner = occupants[0] if owner is None else _known_once(store, owner)
    dialog = store.add_dialog(
        DialogType(kind), occupants, owner, id=dialog_id, name=record.text("name"), adopted=record.truth("adopted")
    )
    dialog.created = _or(record.moment("created_at"), dialog.created)
    dialog.updated = _or(record.moment("updated_at"), dialog.created)
    dialog.photo = record.take("photo")
    dialog.data = record.take("data")
    if dialog.data is not None and not isinstance(dialog.data, dict):
        raise record.wrong("data", dialog.data, "no object", '{"class_name": "..."}')
    admins = record.ids("admin_ids", [])
    dialog.admin_ids = admins if record.given.get("admin_ids") is not None else None
    dialog.is_joinable = record.flag("is_joinable")
    dialog.muted.update(record.ids("muted", []))
    return dialog


def _check_private(store: Store, record: _Record, occupants: set[int]) -> None:
    # One of the two may be alone since the other was deleted.
    if len(occupants) != _PAIR and not (len(occupants) == 1 and any(isinstance(each, int) for each in store.gone)):
        raise record.wrong("occupants_ids", sorted(occupants), "no pair, and the dialog is private", "[7, 8]")
    if len(occupants) == _PAIR and store.private_dialog(*occupants):
        record.refuse(f"is a second private dialog of users {' and '.join(map(str, sorted(occupants)))}")


def _dump_dialog(dialog: Dialog) -> dict[str, Any]:
    return _given(
        {
            "_id": dialog.id,
            "type": int(dialog.type),
            "name": dialog.name,
            "occupants_ids": dialog.occupants_ids,
            "user_id": dialog.user_id,
            "photo": dialog.photo,
            "data": dialog.data,
            "admin_ids": dialog.admin_ids,
            "is_joinable": dialog.is_joinable,
            "created_at": dialog.created_at,
            "updated_at": dialog.updated_at,
            "muted": sorted(dialog.muted) or None,
            "hidden_from": sorted(dialog.hidden_from) or None,
            "adopted": dialog.adopted or None,
        }
    )


# Messages


def _load_message(store: Store, record: _Record) -> None:
    message_id = record.object_id("_id")
    if message_id in store.messages:
        record.refuse(f"is a second message {message_id}")
    dialog = store.dialogs.get(record.object_id("chat_dialog_id") or "")
    if dialog is None:
        given = record.given.get("chat_dialog_id")
        record.refuse(f"chat_dialog_id: there is no dialog {given!r}: add it to the dialogs")
    sender = record.number("sender_id")
    if sender is None or (sender not in store.users and sender not in store.gone):
        record.refuse(f"sender_id: there is no user {sender}: write one, and add it to the users")
    private, others = dialog.type is DialogType.PRIVATE, dialog.others(sender)
    created = record.moment("created_at")
    sent = _or(_or(record.number("date_sent"), created), int(message_id[:8], 16) if message_id else int(store.now()))
    # In the reply to a message for the chat these are empty, and filled in the history a moment later (documented).
    unsaved = "created_at" in record.given and record.given["created_at"] is None
    receipts = {name: record.ids(name, []) for name in ("delivered_ids", "read_ids")}
    for name, ids in receipts.items():
        if not dialog.public and (record.given.get(name) is None or (unsaved and not ids)):
            receipts[name] = [sender]
    own = _Record(f"{record.where} {_OWN}", record.take(_OWN) or {}, set())
    message = store.message_class(
        id=message_id or store.ids.object_id(sent),
        chat_dialog_id=dialog.id,
        sender_id=sender,
        recipient_id=_recipient(record, others[0] if private and others else 0),
        message=record.take("message"),
        attachments_json=_attachments(record),
        custom=NO_FIELDS,
        send_to_chat=record.flag("send_to_chat"),
        markable=record.flag("markable"),
        date_sent=sent,
        audience=tuple(own.ids("audience", [*others])),
        updated=_or(record.moment("updated_at"), sent),
        delivered=tuple(receipts["delivered_ids"]),
        read_by=tuple(receipts["read_ids"]),
        reactions=_reactions(record),
    )
    opponent_read = any(reader != sender for reader in message.read_by)
    message.read = _or(record.flag("read"), int(private and opponent_read))
    message.custom = _custom(record, own) or NO_FIELDS
    store.add_message(message, dialog)
    for user in own.ids("hidden_from", []):
        dialog.hide(message, user)
    own.end()


def _recipient(record: _Record, default: int) -> int | None:
    """Whom a record names; null is nobody, as in what an app sent to a group."""
    return record.number("recipient_id") if "recipient_id" in record.given else default


def _attachments(record: _Record) -> str:
    given = record.take("attachments")
    found = attachments(given)
    if given is not None and (not isinstance(given, list | dict) or len(found) != len(given)):
        raise record.wrong("attachments", given, "no list of attachments", '[{"type": "image", "id": "47863"}]')
    return encode_json(found)


def _reactions(record: _Record) -> dict[str, list[int]] | None:
    given = record.take("reactions")
    if not given:
        return None
    try:
        return {str(each["name"]): [int(user) for user in each["user_ids"]] for each in given}
    except (KeyError, TypeError, ValueError):
        raise record.wrong("reactions", given, "no list of reactions", '[{"name": "like", "user_ids": [7]}]') from None


def _custom(record: _Record, own: _Record) -> dict[str, Any]:
    """What is left of a message, but for what must be a mistake; and what was saved as custom all the same."""
    for name in record.left:
        if meant := _meant(name, record.given):
            record.refuse(f"has a custom field {name!r}: write {meant}")
    custom = {**record.left, **(own.take("custom") or {})}
    record.left.clear()
    return custom


def _meant(name: str, given: Mapping[str, Any]) -> str | None:
    """The field that was meant by another name, if it is not given by its own."""
    return name if name in _MESSAGE_FIELDS else similar_name(name, _MESSAGE_FIELDS - given.keys())


def _dump_message(message: Message) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "_id": message.id,
        "attachments": message.attachments,
        "chat_dialog_id": message.chat_dialog_id,
        "created_at": message.created_at,
        "date_sent": message.date_sent,
        "delivered_ids": message.delivered_ids,
        "message": message.message,
        "read_ids": message.read_ids,
        "recipient_id": message.recipient_id,
        "sender_id": message.sender_id,
        "updated_at": message.updated_at,
        "read": message.read,
    }
    optional = {"markable": message.markable, "send_to_chat": message.send_to_chat}
    shown |= _given({**optional, "reactions": message.reaction_counts() or None})
    own: dict[str, Any] = {"audience": list(message.audience)}
    if message.hidden_from:
        own["hidden_from"] = list(message.hidden_from)
    mistakes = {name: value for name, value in message.custom.items() if _meant(name, {**shown, _OWN: own})}
    if mistakes:
        own["custom"] = mistakes
    return {**shown, **{name: message.custom[name] for name in message.custom if name not in mistakes}, _OWN: own}


# Blobs


def _load_blob(store: Store, record: _Record) -> None:
    blob_id = _or(record.number("id"), store.ids.number())
    uid = record.text("uid") or store.ids.uid()
    if blob_id in store.blobs or any(blob.uid == uid for blob in store.blobs.values()):
        record.refuse(f"is a second blob {blob_id} or {uid}")
    name, content_type = record.required("name"), record.required("content_type")
    content = _content(record)
    user = record.number("user_id")
    now = int(store.now())
    created = _or(record.moment("created_at"), now)
    updated = _or(record.moment("updated_at"), created)
    owner = None if user is None else _known_once(store, user)
    blob = Blob(blob_id, uid, name, content_type, record.truth("public"), owner, created, updated, content=content)
    # What a blob that was never completed has as null is known of one whose content is given.
    size, status, completed = record.number("size"), record.text("blob_status"), record.moment("set_completed_at")
    complete = content is not None
    blob.size = size if "size" in record.given or content is None else len(content)
    blob.blob_status = status if "blob_status" in record.given or not complete else "complete"
    blob.completed = completed if "set_completed_at" in record.given or not complete else created
    store.blobs[blob_id] = blob


def _content(record: _Record) -> bytes | None:
    text = record.text("content")
    if text is None:
        return None
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise record.wrong("content", text, "no base64", '"iVBORw0KGgo="') from None


def _dump_blob(blob: Blob) -> dict[str, Any]:
    own = {"user_id": blob.user_id, "content": None if blob.content is None else b64encode(blob.content).decode()}
    return {**blob.as_dict(), **_given(own)}


# What has no name


def _load_deleted(store: Store, own: Any) -> None:
    store.gone.update(own.get("deleted", []))
    for token in own.get("deleted", []):
        if isinstance(token, str) and not is_object_id(token):
            store.secrets.add(token)
    store.gone.update((name, value) for name, value in own.get("deleted_names", []))


def _load_own(store: Store, own: Any) -> None:
    for provider, token, user in own.get("identities", []):
        store.identities[provider, token] = store.users[user]
        store.secrets.add(token)
    store.seen_nonces.update((timestamp, nonce) for timestamp, nonce in own.get("nonces", []))
    if "recency" in own:
        store.set_recency((store.dialogs[dialog], user) for dialog, user in own["recency"])


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def _or(value: int | None, default: int | None) -> Any:
    return default if value is None else value


_PARTS: dict[str, Callable[[Store, _Record], object]] = {
    "application": _load_application,
    "users": _load_user,
    "sessions": _load_session,
    "dialogs": _load_dialog,
    "messages": _load_message,
    "blobs": _load_blob,
}
