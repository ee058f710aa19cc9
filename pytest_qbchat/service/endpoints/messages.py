"""/chat/Message: messages, in the order of the QuickBlox reference."""

from __future__ import annotations

from operator import attrgetter
from typing import Annotated, Any, TypedDict

from pytest_qbchat.service import declaration as api
from pytest_qbchat.service import errors, queries
from pytest_qbchat.service.access import NO_ACCESS, dialog_for_new_message, require_dialog, require_message
from pytest_qbchat.service.attachments import Attachments, attachments
from pytest_qbchat.service.authentication import require_user
from pytest_qbchat.service.batch_reply import Deleted, delete_each
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Field, Reply, refuses, route
from pytest_qbchat.service.flags import is_one, is_zero
from pytest_qbchat.service.ids import whole_number
from pytest_qbchat.service.models import Blob, Dialog, DialogType, Message
from pytest_qbchat.service.models.message import NO_FIELDS, MessageRecord
from pytest_qbchat.service.queries import Counted, number, object_id
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import as_text, encode_json

FILTERS: dict[str, Field] = {
    "_id": Field(attrgetter("id"), object_id, api.NE | api.SET),
    "attachments.type": Field(lambda message: [item.get("type") for item in message.attachments]),
    "created_at": Field(attrgetter("date_sent"), number),
    "date_sent": Field(attrgetter("date_sent"), number, api.RANGE | api.NE | api.SET),
    "delivered_ids": Field(attrgetter("_delivered"), number, api.SET),
    "message": Field(attrgetter("message"), str, api.NE | api.CTN),
    "read_ids": Field(attrgetter("_read_by"), number, api.SET),
    "recipient_id": Field(attrgetter("recipient_id"), number, api.RANGE | api.NE | api.SET),
    "sender_id": Field(attrgetter("sender_id"), number, api.RANGE | api.NE | api.SET),
    "updated_at": Field(attrgetter("_updated"), number, api.RANGE),
}


class MessagePage(TypedDict):
    """Some of the messages of a dialog."""

    skip: int
    limit: int
    items: list[api.WithCustomFields[MessageRecord]]


_MESSAGE = api.WithCustomFields[MessageRecord]
UnreadCounts = Annotated[dict[str, int], api.Mark(required=["total"])]
_HISTORY = {"chat_dialog_id": api.Needed(api.ObjectId), "mark_as_read": api.OffFlag, "include_reactions": api.Flag}
_CHANGES = {"chat_dialog_id": api.Needed(api.ObjectId), "read": api.Flag, "delivered": api.Flag, "message": str}
NEW_MESSAGE = {
    "chat_dialog_id": api.ObjectId,
    "recipient_id": api.Number,
    "message": str,
    "attachments": Attachments,
    "send_to_chat": api.Flag,
    "markable": api.Flag,
    "save_to_history": api.OffFlag,
}
PARAMETERS = NEW_MESSAGE.keys()
# Fields that the server sets; a value in a request is ignored (assumed).
SERVER_FIELDS = MessageRecord.__annotations__.keys() - PARAMETERS
# Other parameters that never become custom fields: the credential (observed), and `system`, which is not documented
# (ignored: assumed).
CONTROL_PARAMETERS = {"token", "system"}
_NOT_CUSTOM = PARAMETERS | SERVER_FIELDS | CONTROL_PARAMETERS


@route("POST", "/chat/Message", takes=NEW_MESSAGE, custom_fields=True, replies={201: _MESSAGE})
@refuses(*NO_ACCESS, errors.occupants_do_not_exist, errors.recipient_required, errors.invalid)
def create_message(store: Store, call: Call) -> Reply:
    """Add a message to the history, and with `send_to_chat` send it to the chat.

    documented(REST description): the reply has status 201.
    documented(create-message): the reply is the bare message.
    assumed: the reply with `send_to_chat` has null dates and empty id lists, as in the sample of create-message, since
        the chat server saves the message a moment later.
    assumed: the reply without `send_to_chat` has dates.
    observed(JavaScript SDK): the reply without `send_to_chat` has the sender in both id lists.
    documented(create-message), observed(JavaScript SDK): with `send_to_chat` every other occupant receives the message
        in real time; without it no user does.
    documented(create-message): `send_to_chat` and `markable` are set by 1.
    documented(REST description): `send_to_chat` and `markable` are set by "1".
    assumed: any other value of `send_to_chat` or `markable` is read as 0.
    observed(Ruby client): the reply has `markable` only if it was sent.
    documented(create-message): `attachments` are sent as an object with index keys.
    assumed: `attachments` that are sent as a list arrive; SDKs send one (observed), and it was lost in 2016.
    documented(REST description): `attachments` may be sent as bracketed form keys.
    documented(create-message): the reply has `attachments` as a list in index order.
    observed(issue threads): `attachments` in any other form are lost without an error.
    documented(create-message): unknown keys are stored and returned at the top level.
    assumed: custom fields keep their JSON types; a `message` that is not a string is stored as JSON.
    assumed: `recipient_id` in a group is the value that was sent, unchecked, or 0, as in the sample of list-messages.
    assumed: `recipient_id` in a private dialog is the opponent.
    assumed: the first digits of the id are `date_sent`, which the server sets, as in the samples of create-message and
        list-messages.
    documented(dialog-model): the message becomes the last message of its dialog.
    documented(code samples): with `send_to_chat` 1, `save_to_history` 0 delivers the message without storing it.
    assumed: `save_to_history` 0 has no effect without `send_to_chat`.
    assumed: the message is unread by every other occupant, even without `send_to_chat`.
    observed(JavaScript SDK): newer clusters refuse `system` 1 in a group.
    assumed: the status of that refusal is 422.
    """
    params = call.params
    sender_id = require_user(store, call)
    dialog = call.dialog = dialog_for_new_message(store, sender_id, params)
    private = dialog.type is DialogType.PRIVATE
    if "system" in params and is_one(params["system"]) and not private and store.assume.newer_cluster:
        why = f"a system message to the group {dialog.id}; QuickBlox sends them in private dialogs only"
        raise errors.invalid(why, system="is not allowed for this type of dialog")
    message = call.message = build_message(store, dialog, sender_id, params, int(call.now))
    message.call = call
    store.add_message(message, dialog, stored=message.send_to_chat != 1 or not is_zero(params.get("save_to_history")))
    if store.blobs:
        _warn_of_missing_content(store, call, message)
    return 201, message._as_json(unsaved=message.send_to_chat == 1)


@route("GET", "/chat/Message", takes=_HISTORY, filters=FILTERS, replies={200: MessagePage | Counted})
@refuses(*NO_ACCESS)
def list_messages(store: Store, call: Call) -> Reply:
    """The history of a dialog.

    documented(list-messages): the reply is `skip`, `limit` and `items`, without a total.
    documented(REST description): `chat_dialog_id` is required.
    observed(issue threads): without `chat_dialog_id` the status is 404.
    documented(REST description): the oldest message comes first.
    documented(list-messages): `lt lte gt gte` apply to date_sent, sender_id, recipient_id and updated_at; `ne` to _id,
        message, date_sent, sender_id and recipient_id; `in` and `nin` to date_sent, sender_id and recipient_id; `ctn`
        to message.
    documented(REST description): equality applies to `attachments.type`.
    observed(public clients): `in` and `nin` apply to `_id`, `read_ids` and `delivered_ids`.
    observed(issue threads): fractions of seconds are accepted in dates.
    documented(list-messages): the returned messages are marked as read by the caller.
    documented(release notes): the returned messages are marked as delivered.
    documented(REST description): `mark_as_read` 0 leaves the messages unread.
    assumed: a call with `count` marks nothing.
    observed(Ruby client): marking changes `updated_at`.
    assumed: the reply shows the messages as they were before they were marked.
    documented(messages): messages in a public dialog are never marked, although list-messages says the opposite.
    documented(delete-message): messages that the caller deleted for itself are not shown.
    observed(JavaScript SDK): `include_reactions` 1 adds the reactions.
    """
    reader = require_user(store, call)
    dialog_id = call.params.get("chat_dialog_id")
    if not dialog_id:
        raise errors.not_found("the request has no chat_dialog_id")
    dialog = call.dialog = require_dialog(store, reader, dialog_id)
    query = queries.parse(call, FILTERS, largest=store.assume.largest_page)
    history = dialog.visible_to(reader)
    if query.descending and query.sort in (FILTERS["date_sent"], FILTERS["created_at"]):
        history.reverse()  # messages of the same second are sorted too
    found = query.select(history)
    if query.count:
        return 200, {"items": {"count": len(found)}}
    with_reactions = is_one(call.params.get("include_reactions"))
    page = query.page(found)
    items = [message._as_json(with_reactions=with_reactions) for message in page]
    if not is_zero(call.params.get("mark_as_read")):
        for message in page:
            dialog.mark_delivered(message, reader, int(call.now))
            dialog.mark_read(message, reader, int(call.now))
        if store.assume.marked_in_reply:
            items = [message._as_json(with_reactions=with_reactions) for message in page]
    return 200, f'{{"skip":{query.skip},"limit":{query.limit},"items":[{",".join(items)}]}}'


@route("GET", "/chat/Message/{id}", takes={"include_reactions": api.Flag}, replies={200: _MESSAGE})
@refuses(*NO_ACCESS)
def get_message(store: Store, call: Call, message_id: api.ObjectId) -> Reply:
    """One message.

    documented(get-message-by-id): the reply is the bare message.
    assumed: the call marks nothing.
    observed(JavaScript SDK): `include_reactions` 1 adds the reactions.
    """
    message = require_message(store, require_user(store, call), message_id)
    return 200, message._as_json(with_reactions=is_one(call.params.get("include_reactions")))


@route("PUT", "/chat/Message/{ids}", "/chat/Message", takes=_CHANGES)
@refuses(*NO_ACCESS, errors.invalid)
def update_message(store: Store, call: Call, message_ids: api.ObjectIds = "") -> Reply:
    """Mark messages as read or delivered, or change their text.

    documented(update-message): the reply is empty.
    documented(update-message): `chat_dialog_id` is required.
    assumed: a call without `chat_dialog_id` is refused with 422.
    documented(REST description), observed(react-ui-kit, 2025-05): without an id the call marks all messages of the
        dialog.
    assumed: without an id the call changes the text of all messages.
    observed(iOS SDK): the call takes several ids.
    assumed: several ids are separated by commas.
    documented(update-message): `read` adds the caller to `read_ids`, `delivered` adds it to `delivered_ids`.
    documented(messages): in a private dialog the opponent also sets the deprecated `read` of the message.
    documented(release notes): a message can be marked as unread.
    assumed: `read` 0 marks a message as unread, except for its sender.
    documented(messages): messages in a public dialog are never marked, although list-messages says the opposite.
    assumed: a new `message` also changes the last message of the dialog, as a fixed bug in the release notes suggests.
    assumed: only the sender may change the text.
    """
    caller, params, now = require_user(store, call), call.params, int(call.now)
    dialog_id = params.get("chat_dialog_id")
    if not dialog_id:
        raise errors.invalid("the request has no chat_dialog_id", chat_dialog_id="is required")
    dialog = call.dialog = require_dialog(store, caller, dialog_id)
    messages = _require_messages(store, caller, dialog, message_ids) if message_ids else dialog.visible_to(caller)
    text = params.get("message")
    others = [message for message in messages if message.sender_id != caller]
    if text is not None and others:
        why = f"user {caller} may not change the text of message {others[0].id}; its sender is {others[0].sender_id}"
        raise errors.no_permission(why)
    for message in messages:
        if text is not None:
            message._edit(as_text(text), now)
        if is_one(params.get("delivered")):
            dialog.mark_delivered(message, caller, now)
        if is_one(params.get("read")):
            dialog.mark_read(message, caller, now)
        elif is_zero(params.get("read")):
            dialog.mark_unread(message, caller, now)
    if params.keys().isdisjoint({"read", "delivered", "message"}):
        call.warn("the update changes nothing, since it has neither read nor delivered nor message")
    return 200, ""


@route("DELETE", "/chat/Message/{ids}", takes={"force": api.Flag}, replies={200: Deleted}, callers="user or key")
@refuses(*NO_ACCESS)
def delete_message(store: Store, call: Call, message_ids: api.ObjectIds) -> Reply:
    """Delete messages for the caller, or for everyone.

    documented(REST description): the reply lists the ids under SuccessfullyDeleted, NotFound and WrongPermissions.
    assumed: the reply is without the empty lists, as in the sample of delete-message.
    documented(delete-message): a malformed id among valid ones is reported as not found.
    assumed: without any valid id the status is 404 or 403.
    documented(delete-message): without `force` every occupant may delete a message for itself.
    assumed: every user may delete a message in a public dialog for itself.
    documented(REST description): with `force` 1 the sender may delete a message for everyone.
    documented(delete-message): with `force` 1 the owner of the dialog may delete a message for everyone.
    assumed: with `force` 1 both may also do so after they deleted the message for themselves.
    documented(delete-message): an API key alone deletes for everyone, with `force` or without.
    """
    force = is_one(call.params.get("force"))
    caller = None if call.caller.has_full_access else require_user(store, call)
    found = delete_each(message_ids, lambda each: _delete_message(store, each, caller, force=force))
    return 200, {result: ids for result, ids in found.items() if ids["ids"]}


@route("GET", "/chat/Message/unread", takes={"chat_dialog_ids": api.Texts}, replies={200: UnreadCounts})
def count_unread(store: Store, call: Call) -> Reply:
    """The number of messages that the caller has not read.

    documented(get-unread-message-count): `chat_dialog_ids` is a comma list.
    documented(REST description): the reply has the number of each dialog and the total.
    assumed: the reply has the total of these dialogs.
    documented(get-unread-message-count): the reply has only the total without `chat_dialog_ids`.
    assumed: this total is that of all dialogs of the caller, except those that it deleted for itself.
    observed(JavaScript SDK): public dialogs are not counted.
    assumed: the number is 0 for a dialog that does not have the caller as an occupant.
    """
    caller = require_user(store, call)
    ids = call.params.get("chat_dialog_ids")
    if not ids:
        return 200, {"total": sum(dialog.unread_by(caller) for dialog in store.dialogs_of(caller))}
    dialogs = {each: store.find_dialog(each) for each in map(str, queries.split(ids)) if each != "total"}
    counts = {each: dialog.unread_by(caller) if dialog else 0 for each, dialog in dialogs.items()}
    distinct = {dialog for dialog in dialogs.values() if dialog}  # a request may repeat one
    return 200, {"total": sum(dialog.unread_by(caller) for dialog in distinct), **counts}


# New messages


def build_message(store: Store, dialog: Dialog, sender_id: int, params: dict[str, Any], now: int) -> Message:
    """A message with the parameters of a request. The caller adds it to the history."""
    others = dialog.others(sender_id)
    if dialog.type is DialogType.PRIVATE:
        recipient = others[0] if others else 0
    else:
        recipient = (whole_number(params["recipient_id"]) or 0) if "recipient_id" in params else 0
    send_to_chat, text = _parse_flag(store, params, "send_to_chat"), params.get("message")
    given = params.get("attachments")
    kept = attachments(given) if store.assume.attachment_list or not isinstance(given, list) else []
    custom = {name: params[name] for name in params if name not in _NOT_CUSTOM}
    initial_readers = () if dialog.public else (sender_id,)  # public dialogs keep both lists empty (documented)
    return store.message_class(
        id=store.ids.object_id(now),
        chat_dialog_id=dialog.id,
        sender_id=sender_id,
        recipient_id=recipient,
        message=text if text is None or isinstance(text, str) else as_text(text),
        _attachments_json=encode_json(kept),
        custom=custom or NO_FIELDS,
        send_to_chat=send_to_chat,
        markable=_parse_flag(store, params, "markable"),
        date_sent=now,
        _audience=others if send_to_chat == 1 or store.assume.history_counts_as_unread else (),
        _updated=now,
        _delivered=initial_readers,
        _read_by=initial_readers,
        _store=store,
    )


def _parse_flag(store: Store, params: dict[str, Any], name: str) -> int | None:
    """1 for 1 and "1" (documented); 0 for any other value (assumed); None if omitted."""
    if name not in params:
        return None
    value = params[name]
    return int(is_one(value) or (store.assume.true_is_one and value in (True, "true", "True")))


def _warn_of_missing_content(store: Store, call: Call, message: Message) -> None:
    """Warn of attached files that receivers cannot download."""
    for position, item in enumerate(message.attachments):
        blob, where = _attached_blob(store, item), f"attachments[{position}]"
        if blob is not None and blob.content is None:
            effect = f"nothing was uploaded for blob {blob.id}, so receivers cannot download it"
            call.warn(f"{where}: {effect}; post the file to its blob_object_access.params first")
        elif blob is not None and blob.blob_status is None:
            remedy = f"PUT /blobs/{blob.id}/complete.json after the upload"
            call.warn(f"{where}: blob {blob.id} was never completed; {remedy}")


def _attached_blob(store: Store, item: dict[str, Any]) -> Blob | None:
    """The file of an attachment, by its id or uid; web clients send the uid as `uid` or as `id`."""
    if (blob := store.blobs.get(whole_number(item.get("id")) or 0)) is not None:
        return blob
    uids = (item[name] for name in ("uid", "id") if isinstance(item.get(name), str))
    return next(filter(None, map(store.blob_of_uid, uids)), None)


# Existing messages


def _require_messages(store: Store, reader: int, dialog: Dialog, message_ids: str) -> list[Message]:
    messages = [require_message(store, reader, message_id) for message_id in queries.split(message_ids)]
    elsewhere = [message.id for message in messages if message.chat_dialog_id != dialog.id]
    if elsewhere or not messages:
        raise errors.not_found(f"message {elsewhere[0] if elsewhere else message_ids} is not in dialog {dialog.id}")
    return messages


def _delete_message(store: Store, message_id: str, caller: int | None, *, force: bool) -> None:
    """Delete a message for a user, or for everyone with `force`, or without a user."""
    message = store.find_message(message_id)
    if message is None or (caller in message._hidden_from and not force):
        raise errors.not_found(f"there is no message {message_id!r}")
    if caller is not None:
        dialog = require_dialog(store, caller, message.chat_dialog_id)
        owns_dialog = caller == dialog.user_id and store.assume.owner_deletes_messages
        if force and caller != message.sender_id and not owns_dialog:
            raise errors.no_permission(f"user {caller} neither sent message {message.id} nor owns its dialog")
    if caller is None or force:
        store.delete_message(message)
    else:
        message._hidden_from += (caller,)
