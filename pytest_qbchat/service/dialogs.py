"""Which dialog a message goes to, and whether its sender may post there."""

from __future__ import annotations

from typing import Any

from pytest_qbchat.service.errors import no_permission, not_found, occupants_do_not_exist, recipient_required
from pytest_qbchat.service.ids import is_object_id
from pytest_qbchat.service.models import Dialog, DialogType, user_id
from pytest_qbchat.service.store import Store


def resolve(store: Store, sender_id: int, params: dict[str, Any]) -> Dialog:
    """The dialog that `chat_dialog_id` or `recipient_id` names.

    The dialog id wins if both are given (assumed). A recipient alone names the private dialog of the pair, which the
    first message creates (documented for messages in general, assumed for this call).

    Raises:
        QuickBloxError: 404 for a malformed id, and for an unknown one in strict mode; 403 if the sender is not an
            occupant; 422 for a recipient who does not exist, or with neither parameter.
    """
    dialog_id = params.get("chat_dialog_id")
    recipient = params.get("recipient_id")
    if _given(dialog_id):
        return _by_id(store, sender_id, dialog_id, recipient)
    if _given(recipient):
        return _by_recipient(store, sender_id, recipient)
    raise recipient_required("the request names neither chat_dialog_id nor recipient_id")


def _given(value: Any) -> bool:
    return value is not None and value != "" and user_id(value) != 0  # 0 is the recipient of a group (documented)


def _by_id(store: Store, sender_id: int, dialog_id: Any, recipient: Any) -> Dialog:
    dialog = store.dialogs.get(dialog_id) if isinstance(dialog_id, str) else None
    if dialog is None and not is_object_id(dialog_id):
        raise not_found(f"chat_dialog_id {dialog_id!r} is not an id: QuickBlox's have 24 hexadecimal digits")
    if dialog is None:
        dialog = store.dialogs.get(dialog_id.lower())
    if dialog is None:
        if store.strict:
            raise not_found(f"strict mode adopts no dialog: declare it with qbchat.add_dialog({dialog_id!r}, ...)")
        return _adopt(store, sender_id, dialog_id.lower(), user_id(recipient))
    if sender_id not in dialog.occupants_ids and dialog.type is not DialogType.PUBLIC_GROUP:
        if not dialog.adopted:
            raise no_permission(_why_there_is_no_permission(store, sender_id, dialog))
        store.join(dialog, sender_id)
    return dialog


def _adopt(store: Store, sender_id: int, dialog_id: str, recipient_id: int | None) -> Dialog:
    """Make an unknown id a dialog: private if the request names a recipient with whom there is none yet, else a group.

    `recipient_id` has a meaning in private dialogs only (documented), so its sender must have meant one.
    """
    if recipient_id and recipient_id != sender_id and not store.private_dialog(sender_id, recipient_id):
        store.knows_user(recipient_id)
        return store.add_dialog(DialogType.PRIVATE, [sender_id, recipient_id], sender_id, id=dialog_id, adopted=True)
    return store.add_dialog(DialogType.GROUP, [sender_id], sender_id, id=dialog_id, adopted=True)


def _by_recipient(store: Store, sender_id: int, recipient: Any) -> Dialog:
    recipient_id = user_id(recipient)
    if recipient_id is None:
        raise occupants_do_not_exist(f"recipient_id {recipient!r} is not a user id")
    if recipient_id == sender_id:
        raise occupants_do_not_exist(f"recipient_id {recipient_id} is the sender: a private dialog needs another user")
    dialog = store.private_dialog(sender_id, recipient_id)
    if dialog is None:
        if not store.knows_user(recipient_id):
            raise occupants_do_not_exist(f"strict mode adopts no user: declare it with qbchat.add_user({recipient_id})")
        dialog = store.add_dialog(DialogType.PRIVATE, [sender_id, recipient_id], sender_id)
    return dialog


def _why_there_is_no_permission(store: Store, sender_id: int, dialog: Dialog) -> str:
    who = f"user {sender_id}"
    remedy = ""
    if (user := store.users.get(sender_id)) and user.adopted:
        who += ", whom the fake made up for an unknown token,"
        remedy = "; say whose token it is with qbchat.add_session(token, user)"
    return f"{who} is not among the occupants {dialog.occupants_ids} of dialog {dialog.id}{remedy}"
