"""/chat/Message: messages, in the order of the QuickBlox reference."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from pytest_qbchat.service import queries
from pytest_qbchat.service.access import (
    dialog_for_new_message,
    get_or_adopt_dialog,
    require_dialog,
    require_message,
)
from pytest_qbchat.service.attachments import ATTACHMENT_KEYS, attachments
from pytest_qbchat.service.authentication import require_user
from pytest_qbchat.service.batch_reply import BatchResult
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.errors import QuickBloxError, invalid, no_permission, not_found
from pytest_qbchat.service.flags import check_flag, is_one, is_zero
from pytest_qbchat.service.ids import whole_number
from pytest_qbchat.service.models import Dialog, DialogType, Message
from pytest_qbchat.service.models.message import NO_FIELDS
from pytest_qbchat.service.queries import CTN, NE, RANGE, SET, Field, number, object_id
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import encode_json

# The parameters of a new message; every other key is a custom field.
PARAMETERS = {"chat_dialog_id", "recipient_id", "message", "attachments", "send_to_chat", "markable"}
# Fields that the server sets; a value in a request is ignored (assumed).
SERVER_FIELDS = {
    "_id", "created_at", "date_sent", "delivered_ids", "reactions", "read", "read_ids", "sender_id", "updated_at",
}  # fmt: skip
# Other parameters that never become custom fields: the credential (observed); `save_to_history`, which belongs to XMPP
# and is never listed (observed); `system`, which is not documented (ignored: assumed).
CONTROL_PARAMETERS = {"token", "save_to_history", "system"}
_NOT_CUSTOM = PARAMETERS | SERVER_FIELDS | CONTROL_PARAMETERS


def create_message(store: Store, call: Call) -> tuple[int, str]:
    """POST /chat/Message.json: add a message to the history, and with `send_to_chat` send it to the chat.

    - The reply has status 201 (documented, REST description) and is the bare message (documented, create-message).
    - With `send_to_chat` the reply has null dates and empty id lists (assumed, from the sample of create-message),
      since the chat server saves the message a moment later (assumed).
    - Without it the dates are set (assumed) and the sender is in both lists (observed, JavaScript SDK).
    - With `send_to_chat` every other occupant receives the message in real time; without it no user does (documented,
      create-message; observed, JavaScript SDK).
    - `send_to_chat` and `markable` are set by 1 (documented, create-message) and "1" (documented, REST description).
      Any other value is read as 0 (assumed).
    - `markable` is in the reply only if it was sent (observed, Ruby client).
    - Attachments are sent as an object with index keys (documented, create-message), as a list (observed, JavaScript
      SDK), or as bracketed form keys (documented, REST description). They are returned as a list in index order
      (documented, create-message).
    - Attachments in any other form are lost without an error (observed, issue threads).
    - Unknown keys are stored and returned at the top level (documented, create-message) with their JSON types
      (assumed).
    - `recipient_id` in a group is the value that was sent, unchecked, or 0 (assumed, from the sample of list-messages).
      In a private dialog it is the opponent (assumed).
    - The first digits of the id are `date_sent`, which the server sets (assumed, from the samples of create-message and
      list-messages).
    - The message becomes the dialog's last message (documented, dialog-model), and is unread by every other occupant,
      also without `send_to_chat` (assumed).

    - `system` 1 is refused in a group by newer clusters (observed, JavaScript SDK; status and text assumed).

    Refused with 401, 403, 404 or 422 as `authentication.authenticate` and `access.dialog_for_new_message` say.
    """
    params = call.params
    sender_id = require_user(store, call)
    dialog = call.dialog = dialog_for_new_message(store, sender_id, params)
    private = dialog.type is DialogType.PRIVATE
    if "system" in params and is_one(params["system"]) and not private and store.assume.newer_cluster:
        why = f"a system message to the group {dialog.id}; QuickBlox sends them in private dialogs only"
        raise invalid(why, system="is not allowed for this type of dialog")
    message = call.message = build_message(store, dialog, sender_id, params, int(call.now))
    message.call = call
    store.add_message(message, dialog)
    if store.blobs:
        _warn_of_missing_content(store, call, message)
    return 201, message.as_json(unsaved=message.send_to_chat == 1)


def list_messages(store: Store, call: Call) -> tuple[int, Any]:
    """GET /chat/Message.json: the history of a dialog.

    - The reply is `skip`, `limit` and `items`, without a total (documented, list-messages).
    - `chat_dialog_id` is required (documented, REST description); without it the status is 404 (observed, issue
      threads).
    - The oldest message comes first (documented, REST description).
    - Filters: `lt lte gt gte` on date_sent, sender_id, recipient_id, updated_at; `ne` on _id, message, date_sent,
      sender_id, recipient_id; `in nin` on date_sent, sender_id, recipient_id; `ctn` on message (documented,
      list-messages); equality also on attachments.type (documented, REST description). `in nin` on _id, read_ids and
      delivered_ids (observed, public clients).
    - Fractions of seconds are accepted in dates (observed, issue threads).
    - `count=1` returns only the number of messages (documented, REST description).
    - The returned messages are marked as read by the caller (documented, list-messages) and as delivered (documented,
      release notes), unless `mark_as_read` is 0 (documented, REST description). Counting marks nothing (assumed).
    - Marking changes `updated_at` (observed, Ruby client). The reply shows the messages as they were before (assumed).
    - Messages in a public dialog are never marked (documented, messages), although list-messages says the opposite.
    - Messages that the caller deleted for itself are not shown (documented, delete-message).
    - `include_reactions=1` adds the reactions (observed, JavaScript SDK).

    Refused with 404 without a dialog, and for a missing one; 403 if the caller is not an occupant.
    """
    reader = require_user(store, call)
    dialog_id = call.params.get("chat_dialog_id")
    if not dialog_id:
        raise not_found("the request has no chat_dialog_id")
    dialog = call.dialog = require_dialog(store, reader, dialog_id)
    query = queries.parse(call, FIELDS, known=_LIST_PARAMETERS, largest=store.assume.largest_page)
    history = dialog.visible_to(reader)
    if query.descending and query.sort in (FIELDS["date_sent"], FIELDS["created_at"]):
        history.reverse()  # messages of the same second are sorted too
    found = query.select(history)
    if query.count:
        return 200, {"items": {"count": len(found)}}
    check_flag(call, "mark_as_read", 0)
    check_flag(call, "include_reactions")
    with_reactions = is_one(call.params.get("include_reactions"))
    page = query.page(found)
    items = [message.as_json(with_reactions=with_reactions) for message in page]
    if not is_zero(call.params.get("mark_as_read")):
        for message in page:
            dialog.mark_delivered(message, reader, int(call.now))
            dialog.mark_read(message, reader, int(call.now))
        if store.assume.marked_in_reply:
            items = [message.as_json(with_reactions=with_reactions) for message in page]
    return 200, f'{{"skip":{query.skip},"limit":{query.limit},"items":[{",".join(items)}]}}'


def get_message(store: Store, call: Call, message_id: str) -> tuple[int, str]:
    """GET /chat/Message/{id}.json: one message.

    - The reply is the bare message (documented, get-message-by-id). The call marks nothing (assumed).
    - `include_reactions=1` adds the reactions (observed, JavaScript SDK).

    Refused with 404 for a missing message, 403 if the caller is not an occupant.
    """
    message = require_message(store, require_user(store, call), message_id)
    check_flag(call, "include_reactions")
    return 200, message.as_json(with_reactions=is_one(call.params.get("include_reactions")))


def update_message(store: Store, call: Call, message_ids: str = "") -> tuple[int, str]:
    """PUT /chat/Message/{ids}.json: mark messages as read or delivered, or change their text.

    - The reply is empty (documented, update-message).
    - `chat_dialog_id` is required (documented, update-message; the refusal is assumed).
    - Without an id the call marks all messages of the dialog (documented, REST description), or changes their text
      (assumed). Several ids (observed, iOS SDK) are separated by commas (assumed).
    - `read` adds the caller to `read_ids`, `delivered` to `delivered_ids` (documented, update-message); in a private
      dialog the opponent also sets the deprecated `read` (documented, messages).
    - A message can be marked as unread (documented, release notes): by `read=0`, except for its sender (assumed).
    - Messages in a public dialog are never marked (documented, messages), although list-messages says the opposite.
    - A new text also changes the dialog's last message (assumed, from a fixed bug in the release notes). Only the
      sender may change the text (assumed).

    Refused with 422 without a dialog; 404 for a missing dialog or message, 403 if the caller is not an occupant, or not
    the sender of a text to change.
    """
    caller, params, now = require_user(store, call), call.params, int(call.now)
    dialog_id = params.get("chat_dialog_id")
    if not dialog_id:
        raise invalid("the request has no chat_dialog_id", chat_dialog_id="is required")
    dialog = call.dialog = require_dialog(store, caller, dialog_id)
    messages = _require_messages(store, caller, dialog, message_ids) if message_ids else dialog.visible_to(caller)
    text = params.get("message")
    others = [message for message in messages if message.sender_id != caller]
    if text is not None and others:
        raise no_permission(
            f"user {caller} may not change the text of message {others[0].id}; its sender is {others[0].sender_id}"
        )
    for message in messages:
        if text is not None:
            message.edit(text, now)
        if is_one(params.get("delivered")):
            dialog.mark_delivered(message, caller, now)
        if is_one(params.get("read")):
            dialog.mark_read(message, caller, now)
        elif is_zero(params.get("read")):
            dialog.mark_unread(message, caller, now)
    check_flag(call, "read")
    check_flag(call, "delivered")
    if params.keys().isdisjoint({"read", "delivered", "message"}):
        call.warn("the update changes nothing, since it has neither read nor delivered nor message")
    return 200, ""


def delete_message(store: Store, call: Call, message_ids: str) -> tuple[int, dict[str, Any]]:
    """DELETE /chat/Message/{ids}.json: delete messages for the caller, or with `force=1` for everyone.

    - The reply lists the ids under SuccessfullyDeleted, NotFound and WrongPermissions (documented, REST description),
      without the empty ones (assumed, from the sample of delete-message).
    - A malformed id among valid ones is reported as not found (documented, delete-message). Without any valid id the
      status is 404 or 403 (assumed).
    - Without `force` every occupant may delete a message for itself (documented, delete-message), and so may every user
      in a public dialog (assumed).
    - With `force` the sender (documented, REST description) and the owner of the dialog (documented, delete-message)
      may delete a message, also after they deleted it for themselves (assumed). An API key alone deletes for everyone,
      with `force` or without (documented, delete-message).

    Refused with 403 or 404 if no message was deleted.
    """
    check_flag(call, "force")
    force = is_one(call.params.get("force"))
    caller = None if call.caller.has_full_access else require_user(store, call)
    result = BatchResult()
    for message_id in queries.unique_ids(message_ids):
        message = store.find_message(message_id)
        if message is None or (caller in message.hidden_from and not force):
            result.not_found(message_id, f"there is no message {message_id!r}")
        elif caller is not None and (reason := _deletion_refusal(store, message, caller, force=force)):
            result.wrong_permissions(message_id, reason)
        else:
            result.done.append(message_id)
            if caller is None or force:
                store.delete_message(message)
            else:
                message.hidden_from += (caller,)
    return 200, result.reply("SuccessfullyDeleted", with_empty=False)


def count_unread(store: Store, call: Call) -> tuple[int, dict[str, int]]:
    """GET /chat/Message/unread.json: the number of messages that the caller has not read.

    - `chat_dialog_ids` is a comma list (documented, get-unread-message-count). The reply has the number of each dialog
      and the total (documented, REST description) of these dialogs (assumed).
    - Without `chat_dialog_ids` the reply has only the total (documented, get-unread-message-count) of all dialogs of
      the caller, except those that it deleted for itself (assumed).
    - Public dialogs are not counted (observed, JavaScript SDK).
    - The number is 0 for a dialog that does not have the caller as an occupant (assumed).
    """
    caller = require_user(store, call)
    ids = call.params.get("chat_dialog_ids")
    if not ids:
        return 200, {"total": sum(dialog.unread_by(caller) for dialog in store.dialogs_of(caller))}
    counts: dict[str, int] = {}
    dialogs: dict[str, Dialog] = {}  # by id, since a request may repeat one
    for dialog_id in map(str, queries.split(ids)):
        dialog = store.find_dialog(dialog_id)
        counts[dialog_id] = dialog.unread_by(caller) if dialog else 0
        if dialog:
            dialogs[dialog.id] = dialog
    counts.pop("total", None)  # not an id
    return 200, {"total": sum(dialog.unread_by(caller) for dialog in dialogs.values()), **counts}


# New messages


def build_message(store: Store, dialog: Dialog, sender_id: int, params: dict[str, Any], now: int) -> Message:
    """A message with the parameters of a request. The caller adds it to the history."""
    others = dialog.others(sender_id)
    if dialog.type is DialogType.PRIVATE:
        recipient = others[0] if others else 0
    else:
        recipient = (whole_number(params["recipient_id"]) or 0) if "recipient_id" in params else 0
    send_to_chat = _parse_flag(store, params, "send_to_chat")
    custom = {name: params[name] for name in params if name not in _NOT_CUSTOM}
    initial_readers = () if dialog.public else (sender_id,)  # public dialogs keep both lists empty (documented)
    return store.message_class(
        id=store.ids.object_id(now),
        chat_dialog_id=dialog.id,
        sender_id=sender_id,
        recipient_id=recipient,
        message=params.get("message"),
        attachments_json=encode_json(_parse_attachments(store, params.get("attachments"))),
        custom=custom or NO_FIELDS,
        send_to_chat=send_to_chat,
        markable=_parse_flag(store, params, "markable"),
        date_sent=now,
        audience=others if send_to_chat == 1 or store.assume.history_counts_as_unread else (),
        updated=now,
        delivered=initial_readers,
        read_by=initial_readers,
        store=store,
    )


def _parse_flag(store: Store, params: dict[str, Any], name: str) -> int | None:
    """1 for 1 and "1" (documented); 0 for any other value (assumed); None if omitted."""
    if name not in params:
        return None
    value = params[name]
    return int(is_one(value) or (store.assume.true_is_one and value in (True, "true", "True")))


def _parse_attachments(store: Store, given: Any) -> list[dict[str, Any]]:
    if isinstance(given, list) and not store.assume.attachment_list:
        return []
    kept = attachments(given)
    if store.assume.unlisted_attachment_keys:
        return kept
    return [{key: value for key, value in item.items() if key in ATTACHMENT_KEYS} for item in kept]


def _warn_of_missing_content(store: Store, call: Call, message: Message) -> None:
    """Warn of attached files that receivers cannot download."""
    for position, item in enumerate(message.attachments):
        blob = store.blobs.get(whole_number(item.get("id")) or 0)
        if blob is not None and blob.content is None:
            call.warn(
                f"attachments[{position}]: nothing was uploaded for blob {blob.id}, so receivers cannot download it; "
                "post the file to its blob_object_access.params first"
            )
        elif blob is not None and blob.blob_status is None:
            call.warn(
                f"attachments[{position}]: blob {blob.id} was never completed; PUT /blobs/{blob.id}/complete.json "
                "after the upload"
            )


# Existing messages


def _require_messages(store: Store, reader: int, dialog: Dialog, message_ids: str) -> list[Message]:
    messages = [require_message(store, reader, message_id) for message_id in queries.split(message_ids)]
    elsewhere = [message.id for message in messages if message.chat_dialog_id != dialog.id]
    if elsewhere or not messages:
        raise not_found(f"message {elsewhere[0] if elsewhere else message_ids} is not in dialog {dialog.id}")
    return messages


def _deletion_refusal(store: Store, message: Message, caller: int, *, force: bool) -> str:
    """Why a user may not delete a message for itself, or with `force` for everyone; empty if it may."""
    try:
        dialog = get_or_adopt_dialog(store, caller, message.chat_dialog_id)
    except QuickBloxError as error:
        return error.reason
    owns_dialog = caller == dialog.user_id and store.assume.owner_deletes_messages
    if force and caller != message.sender_id and not owns_dialog:
        return f"user {caller} neither sent message {message.id} nor owns its dialog"
    return ""


# Lists


FIELDS: dict[str, Field] = {
    "_id": Field(attrgetter("id"), object_id, NE | SET),
    "attachments.type": Field(lambda message: [item.get("type") for item in message.attachments]),
    "created_at": Field(attrgetter("date_sent"), number),
    "date_sent": Field(attrgetter("date_sent"), number, RANGE | NE | SET),
    "delivered_ids": Field(attrgetter("delivered"), number, SET),
    "message": Field(attrgetter("message"), str, NE | CTN),
    "read_ids": Field(attrgetter("read_by"), number, SET),
    "recipient_id": Field(attrgetter("recipient_id"), number, RANGE | NE | SET),
    "sender_id": Field(attrgetter("sender_id"), number, RANGE | NE | SET),
    "updated_at": Field(attrgetter("updated"), number, RANGE),
}
_LIST_PARAMETERS = {"chat_dialog_id", "mark_as_read", "include_reactions"}
