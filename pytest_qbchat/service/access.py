"""Which dialog a request is about, and whether its sender may use it."""

from __future__ import annotations

from typing import Any

from pytest_qbchat.service.errors import (
    missing_dialog,
    no_permission,
    not_found,
    occupants_do_not_exist,
    recipient_required,
)
from pytest_qbchat.service.ids import is_object_id, whole_number
from pytest_qbchat.service.models import Dialog, DialogType, Message
from pytest_qbchat.service.store import Store


def resolve(store: Store, sender_id: int, params: dict[str, Any]) -> Dialog:
    """The dialog that `chat_dialog_id` or `recipient_id` of a new message names.

    - The dialog id wins if both are given (assumed).
    - A recipient alone names the private dialog of the pair (observed, JavaScript SDK), which the first message creates
      (documented for messages in general, create-dialog; assumed for this call).

    Raises:
        QuickBloxError: 404 for a malformed id, for a deleted dialog, and for an unknown one in strict mode; 403 if the
            sender is not an occupant; 422 for a recipient who does not exist, or with neither parameter.
    """
    dialog_id = params.get("chat_dialog_id")
    recipient = params.get("recipient_id")
    if _given(dialog_id):
        dialog = store.dialogs.get(dialog_id) if isinstance(dialog_id, str) else None
        if dialog is not None and (sender_id in dialog.occupants_ids):
            return dialog
        try:
            return enter(store, sender_id, dialog_id, opponent=recipient)
        except LookupError as error:
            raise missing_dialog(store.assume.missing_dialog_status, str(error)) from None
    if _given(recipient):
        return _by_recipient(store, sender_id, recipient)
    raise recipient_required("the request names neither chat_dialog_id nor recipient_id")


def reach(store: Store, caller_id: int, dialog_id: Any) -> Dialog:
    """The dialog that a caller may read, for every call but that of a new message.

    Raises:
        QuickBloxError: 404 for an id that names none, 403 if the caller is not an occupant.
    """
    try:
        return enter(store, caller_id, dialog_id)
    except LookupError as error:
        raise not_found(str(error)) from None


def enter(store: Store, caller_id: int, dialog_id: Any, *, opponent: Any = None) -> Dialog:
    """The dialog of an id, which is adopted if unknown.

    Raises:
        LookupError: There is none.
        QuickBloxError: 403 if the caller is not an occupant.
    """
    dialog = find(store, dialog_id)
    if dialog is None:
        if not is_object_id(dialog_id):
            raise LookupError(f"chat_dialog_id {dialog_id!r} is not an id: QuickBlox's have 24 hexadecimal digits")
        if not store.unknown_dialog(dialog_id.lower()):
            raise LookupError(why_it_is_not_there(store, dialog_id))
        return _adopt(store, caller_id, dialog_id.lower(), whole_number(opponent))
    if caller_id not in dialog.occupants_ids and not dialog.public:
        if not dialog.adopted:
            raise no_permission(_why_there_is_no_permission(store, caller_id, dialog))
        store.join(dialog, caller_id)
    return dialog


def find(store: Store, dialog_id: Any) -> Dialog | None:
    """The dialog of an id in either case, if there is one."""
    if not isinstance(dialog_id, str):
        return None
    return store.dialogs.get(dialog_id) or store.dialogs.get(dialog_id.lower())


def find_message(store: Store, message_id: str) -> Message | None:
    """The message of an id in either case, if there is one."""
    return store.messages.get(message_id) or store.messages.get(message_id.lower())


def _given(value: Any) -> bool:
    return value is not None and value != "" and whole_number(value) != 0  # 0 is the recipient of a group (documented)


def _adopt(store: Store, sender_id: int, dialog_id: str, recipient_id: int | None) -> Dialog:
    """Make an unknown id a dialog: private if the request names a recipient with whom there is none yet, else a group.

    `recipient_id` has a meaning in private dialogs only (documented), so its sender must have meant one.
    """
    other = recipient_id if recipient_id and recipient_id != sender_id else None
    if other and not store.private_dialog(sender_id, other) and store.user(other):
        return store.add_dialog(DialogType.PRIVATE, [sender_id, other], sender_id, id=dialog_id, adopted=True)
    return store.add_dialog(DialogType.GROUP, [sender_id], sender_id, id=dialog_id, adopted=True)


def _by_recipient(store: Store, sender_id: int, recipient: Any) -> Dialog:
    recipient_id = whole_number(recipient)
    if recipient_id is None:
        raise occupants_do_not_exist(f"recipient_id {recipient!r} is not a user id")
    if recipient_id == sender_id:
        raise occupants_do_not_exist(f"recipient_id {recipient_id} is the sender: a private dialog needs another user")
    dialog = store.private_dialog(sender_id, recipient_id)
    if dialog is None:
        if store.user(recipient_id) is None:
            raise occupants_do_not_exist(why_there_is_no_user(store, recipient_id))
        dialog = store.add_dialog(DialogType.PRIVATE, [sender_id, recipient_id], sender_id)
    return dialog


def why_there_is_no_user(store: Store, user_id: int) -> str:
    """Why a user is not there."""
    if store.strict:
        return f"strict mode adopts no user: declare it with qbchat.add_user({user_id})"
    return f"user {user_id} was deleted"


def why_it_is_not_there(store: Store, dialog_id: str) -> str:
    """Why a dialog is not there."""
    if store.strict:
        return f"strict mode adopts no dialog: declare it with qbchat.add_dialog({dialog_id!r}, ...)"
    gone = dialog_id.lower() in store.gone
    return f"dialog {dialog_id} was deleted for everyone" if gone else f"there is no dialog {dialog_id!r}"


def _why_there_is_no_permission(store: Store, sender_id: int, dialog: Dialog) -> str:
    who = f"user {sender_id}"
    remedy = ""
    if (user := store.users.get(sender_id)) and user.adopted:
        who += ", whom the fake has adopted,"
        declared = "qbchat.add_session(token, user)"
        if user.login or user.email:
            declared = f"qbchat.add_user({'login' if user.login else 'email'}=..., password=...)"
        remedy = f"; say who it is with {declared}"
    return f"{who} is not among the occupants {dialog.occupants_ids} of dialog {dialog.id}{remedy}"
