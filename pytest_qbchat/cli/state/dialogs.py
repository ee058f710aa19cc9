"""The dialogs of a state."""

from __future__ import annotations

from typing import Any

from pytest_qbchat.cli.state import users
from pytest_qbchat.cli.state.record import Record, either, filled
from pytest_qbchat.service.models import Dialog, DialogType
from pytest_qbchat.service.store import Store

_PAIR = 2
# What the rest of the state decides.
DERIVED = {
    "last_message", "last_message_date_sent", "last_message_id", "last_message_user_id", "unread_messages_count",
    "xmpp_room_jid",
}  # fmt: skip


def load(store: Store, record: Record) -> Dialog:
    """Read a dialog."""
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
        users.known(store, user)
    owner = occupants[0] if owner is None else users.known_once(store, owner)
    dialog = store.add_dialog(
        DialogType(kind), occupants, owner, id=dialog_id, name=record.text("name"), adopted=record.truth("adopted")
    )
    dialog.created = either(record.moment("created_at"), dialog.created)
    dialog.updated = either(record.moment("updated_at"), dialog.created)
    dialog.photo = record.take("photo")
    dialog.data = record.take("data")
    if dialog.data is not None and not isinstance(dialog.data, dict):
        raise record.wrong("data", dialog.data, "no object", '{"class_name": "..."}')
    admins = record.ids("admin_ids", [])
    dialog.admin_ids = admins if record.given.get("admin_ids") is not None else None
    dialog.is_joinable = record.flag("is_joinable")
    dialog.muted.update(record.ids("muted", []))
    return dialog


def _check_private(store: Store, record: Record, occupants: set[int]) -> None:
    # One of the two may be alone since the other was deleted.
    if len(occupants) != _PAIR and not (len(occupants) == 1 and any(isinstance(each, int) for each in store.gone)):
        raise record.wrong("occupants_ids", sorted(occupants), "no pair, and the dialog is private", "[7, 8]")
    if len(occupants) == _PAIR and store.private_dialog(*occupants):
        record.refuse(f"is a second private dialog of users {' and '.join(map(str, sorted(occupants)))}")


def dump(dialog: Dialog) -> dict[str, Any]:
    """Write a dialog."""
    return filled(
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
