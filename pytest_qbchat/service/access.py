"""Access: find the dialog or message that a request names, or refuse it to the caller."""

from __future__ import annotations

from typing import Any

from pytest_qbchat.service.errors import no_permission, not_found, occupants_do_not_exist, recipient_required
from pytest_qbchat.service.ids import is_object_id, whole_number
from pytest_qbchat.service.masking import mask
from pytest_qbchat.service.models import Dialog, DialogType, Message
from pytest_qbchat.service.store import Store

NO_ACCESS = (not_found, no_permission)  # the refusals of the functions below, except those for a new message


def dialog_for_new_message(store: Store, sender_id: int, params: dict[str, Any]) -> Dialog:
    """The dialog that `chat_dialog_id` or `recipient_id` of a new message names.

    assumed: the dialog id takes precedence if both are given.
    observed(JavaScript SDK): a recipient alone names the private dialog of the pair.
    documented(create-dialog): the first message creates the private dialog of the pair; stated for messages in general.
    assumed: a message over REST creates the private dialog of the pair.
    """
    dialog_id = params.get("chat_dialog_id")
    recipient = params.get("recipient_id")
    if dialog_id not in _NOT_GIVEN:
        missing = store.assume.missing_dialog_status
        return require_dialog(store, sender_id, dialog_id, opponent=recipient, missing_status=missing)
    if recipient not in _NOT_GIVEN:
        return _private_dialog_with(store, sender_id, recipient)
    raise recipient_required("the request names neither chat_dialog_id nor recipient_id")


def require_dialog(
    store: Store, caller_id: int, dialog_id: Any, *, opponent: Any = None, missing_status: int = 404
) -> Dialog:
    """The dialog with an id. An unknown id is adopted, except in strict mode, with the opponent in a private dialog."""
    dialog = store.find_dialog(dialog_id)
    if dialog is None:
        if not is_object_id(dialog_id):
            raise not_found(f"invalid chat_dialog_id {dialog_id!r}; expected 24 hexadecimal digits", missing_status)
        if store.strict or dialog_id.lower() in store.deleted:
            raise not_found(missing_dialog_reason(store, dialog_id), missing_status)
        return _adopt_dialog(store, caller_id, dialog_id.lower(), whole_number(opponent))
    if not dialog.admits(caller_id):
        if not dialog.adopted:
            raise no_permission(_missing_permission_reason(store, caller_id, dialog))
        store.join(dialog, caller_id)
    return dialog


def require_message(store: Store, reader_id: int, message_id: str) -> Message:
    """The message with an id, if the user can see it."""
    message = store.find_message(message_id)
    if message is None or reader_id in message._hidden_from:
        raise not_found(f"there is no message {message_id!r}")
    require_dialog(store, reader_id, message.chat_dialog_id)
    return message


_NOT_GIVEN = (None, "", 0, "0")  # 0 is the recipient of a group (documented)


def _adopt_dialog(store: Store, sender_id: int, dialog_id: str, recipient_id: int | None) -> Dialog:
    """Make a private dialog if the request names a recipient and the two users have none yet, otherwise a group."""
    other = recipient_id if recipient_id and recipient_id != sender_id else None
    if other and not store.private_dialog(sender_id, other) and store.user(other):
        return store.add_dialog(DialogType.PRIVATE, [sender_id, other], sender_id, id=dialog_id, adopted=True)
    return store.add_dialog(DialogType.GROUP, [sender_id], sender_id, id=dialog_id, adopted=True)


def _private_dialog_with(store: Store, sender_id: int, recipient: Any) -> Dialog:
    recipient_id = whole_number(recipient)
    if recipient_id is None:
        raise occupants_do_not_exist(f"invalid recipient_id {recipient!r}; expected a user id")
    if recipient_id == sender_id:
        raise occupants_do_not_exist(f"recipient_id {recipient_id} is the sender; a private dialog needs another user")
    if store.user(recipient_id) is None:
        raise occupants_do_not_exist(missing_user_reason(store, recipient_id))
    dialog = store.private_dialog(sender_id, recipient_id)
    return dialog or store.add_dialog(DialogType.PRIVATE, [sender_id, recipient_id], sender_id)


def missing_user_reason(store: Store, user_id: int) -> str:
    """Why a user id has no user."""
    if store.strict:
        return f"unknown user {user_id} in strict mode; declare it with qbchat.add_user({user_id})"
    return f"user {user_id} was deleted"


def missing_dialog_reason(store: Store, dialog_id: str) -> str:
    """Why a dialog id has no dialog."""
    if store.strict:
        return f"unknown dialog {dialog_id!r} in strict mode; declare it with qbchat.add_dialog({dialog_id!r}, ...)"
    deleted = dialog_id.lower() in store.deleted
    return f"dialog {dialog_id} was deleted for everyone" if deleted else f"there is no dialog {dialog_id!r}"


def _missing_permission_reason(store: Store, sender_id: int, dialog: Dialog) -> str:
    reason = f"user {sender_id} is not among the occupants {dialog.occupants_ids} of dialog {dialog.id}"
    user = store.users.get(sender_id)
    if user is None or not user.adopted:
        return reason
    if user.login or user.email:
        declaration = f"qbchat.add_user({'login' if user.login else 'email'}=..., password=...)"
        return f"{reason}; adopted at a login\n  declare the user: {declaration}"
    tokens = [session.token for session in store.sessions.values() if session.user_id == sender_id]
    if not tokens:
        return f"{reason}; adopted, since the test did not declare it\n  declare it: qbchat.add_user({sender_id})"
    remedy = f"{store.note_on(tokens[0])}\n  declare the token of an occupant: qbchat.add_session(token, user)"
    return f"{reason}; adopted for the token {mask(tokens[0])}, which the test did not declare{remedy}"
