"""/chat/Message: messages, in the order of the QuickBlox reference."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache
from operator import attrgetter
from typing import Any

from pytest_qbchat.service import queries
from pytest_qbchat.service.access import enter, find, find_message, reach, resolve
from pytest_qbchat.service.attachments import ATTACHMENT_KEYS, attachments
from pytest_qbchat.service.authentication import need_caller
from pytest_qbchat.service.batch import Outcomes
from pytest_qbchat.service.errors import QuickBloxError, invalid, no_permission, not_found
from pytest_qbchat.service.exchange import Exchange
from pytest_qbchat.service.ids import whole_number
from pytest_qbchat.service.models import Dialog, DialogType, Message
from pytest_qbchat.service.models.dialog import date_sent
from pytest_qbchat.service.models.message import NO_ATTACHMENTS, NO_FIELDS
from pytest_qbchat.service.params import check_flag, flag, one, zero
from pytest_qbchat.service.queries import NE, RANGE, SET, Field, number, object_id
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import encode_json

# What the call means for QuickBlox; every other key is a custom field.
PARAMETERS = {"chat_dialog_id", "recipient_id", "message", "attachments", "send_to_chat", "markable"}
# Set by the server; a request's own value is ignored (assumed).
SERVER_FIELDS = {
    "_id", "created_at", "date_sent", "delivered_ids", "reactions", "read", "read_ids", "sender_id", "updated_at",
}  # fmt: skip
# Means something elsewhere, and never becomes a custom field: the credential (observed); what belongs to XMPP
# (`save_to_history` is never listed: observed); `system`, which is not documented (ignored: assumed).
CONTROL_PARAMETERS = {"token", "save_to_history", "system"}
_NOT_CUSTOM = PARAMETERS | SERVER_FIELDS | CONTROL_PARAMETERS


def create_message(store: Store, exchange: Exchange) -> tuple[int, str]:
    """POST /chat/Message.json: put a message into the history, and with `send_to_chat` into the chat.

    - The reply has status 201 (documented, REST description) and is the bare message (documented, create-message).
    - With `send_to_chat` the reply has null dates and empty id lists (documented, create-message), since the chat
      server saves the message a moment later (assumed).
    - Without it the dates are set (assumed) and the sender is in both lists (observed, JavaScript SDK).
    - With `send_to_chat` every other occupant receives the message in real time; without it nobody does (documented,
      create-message; observed, JavaScript SDK).
    - Only 1 and "1" count for `send_to_chat` and `markable` (documented, create-message); anything else is not 1
      (assumed).
    - `markable` is echoed only if it was sent (documented, create-message; observed, Ruby client).
    - Attachments go in as an object with index keys (documented, create-message), as a list (observed, JavaScript SDK),
      or as bracketed form keys (documented, REST description), and come out as a list in index order (documented,
      create-message).
    - Attachments of any other form are lost without an error (observed, issue threads).
    - Unknown keys are stored and echoed at the top level (documented, create-message) with their JSON types (assumed).
    - `recipient_id` of a group is 0 or what was given, unchecked (documented, list-messages); of a private dialog it is
      the opponent (assumed).
    - The first digits of the id are `date_sent`, which the server sets (documented, create-message).
    - The message becomes the dialog's last one, and is unread by every other occupant (documented, dialog-model), also
      without `send_to_chat` (assumed).

    Raises:
        QuickBloxError: 401, 403, 404 or 422 as `credentials.authenticate` and `addressing.resolve` say.
    """
    params = exchange.params
    sender_id = exchange.caller.user_id
    if sender_id is None:
        sender_id = need_caller(store, exchange.caller)
    exchange.dialog = dialog = resolve(store, sender_id, params)
    message = build(store, dialog, sender_id, params, int(exchange.now))
    store.add_message(message, dialog)
    if store.blobs:
        _warn_of_missing_content(store, exchange, message)
    exchange.message = message
    return 201, message.as_json(unsaved=message.send_to_chat == 1)


def list_messages(store: Store, exchange: Exchange) -> tuple[int, str | bytes]:
    """GET /chat/Message.json: the history of a dialog.

    - The reply is `skip`, `limit` and `items`, without a total (documented, list-messages).
    - `chat_dialog_id` is required (documented, list-messages; the refusal is assumed).
    - The oldest message comes first (documented, REST description).
    - Filters: `lt lte gt gte` on date_sent, sender_id, recipient_id, updated_at; `ne` on _id, message, date_sent,
      sender_id, recipient_id; `in nin` on date_sent, sender_id, recipient_id; equality also on attachments.type
      (documented, list-messages).
    - Fractions of seconds are accepted in dates (observed, issue threads).
    - `count=1` returns only the number of messages (documented, REST description).
    - The messages returned become delivered to and read by the caller, unless `mark_as_read` is 0 (documented,
      list-messages). Counting marks nothing (assumed).
    - Marking changes `updated_at` (observed, Ruby client). The reply shows the messages as they were before (assumed).
    - Nothing is ever marked in a public dialog (documented, release notes).
    - Messages that the caller deleted for itself are not shown (documented, delete-message).
    - `include_reactions=1` adds the reactions (observed, JavaScript SDK).

    Raises:
        QuickBloxError: 422 without a dialog; 403 if the caller is not an occupant; 404 for a missing dialog.
    """
    params = exchange.params
    reader = need_caller(store, exchange.caller)
    dialog = exchange.dialog = reach(store, reader, _dialog_id(params))
    query = queries.parse(
        params, FIELDS, known=_LIST_PARAMETERS, largest=store.assume.largest_page, warnings=exchange.warnings
    )
    total, page = _select(store, dialog, reader, query)
    if query.count:
        return 200, encode_json(queries.counted(total))
    check_flag(exchange, "mark_as_read", 0)
    check_flag(exchange, "include_reactions")
    with_reactions = one(params.get("include_reactions"))
    before = _page(store, page, query, with_reactions=with_reactions)
    if not zero(params.get("mark_as_read")):
        now = int(exchange.now)
        for message in [each for each in page if reader not in each.read_by or reader not in each.delivered]:
            dialog.mark_delivered(message, reader, now)
            dialog.mark_read(message, reader, now)
        if store.assume.marked_in_reply:
            return 200, _page(store, page, query, with_reactions=with_reactions)
    return 200, before


def get_message(store: Store, exchange: Exchange, message_id: str) -> tuple[int, str]:
    """GET /chat/Message/{id}.json: one message.

    - The reply is the bare message (observed, JavaScript SDK). It marks nothing (assumed).
    - `include_reactions=1` adds the reactions (observed, JavaScript SDK).

    Raises:
        QuickBloxError: 404 for a missing message, 403 if the caller is not an occupant.
    """
    reader = need_caller(store, exchange.caller)
    message = visible(store, reader, message_id)
    check_flag(exchange, "include_reactions")
    if one(exchange.params.get("include_reactions")):
        return 200, encode_json(message.as_dict(with_reactions=True))
    return 200, message.as_json()


def update_message(store: Store, exchange: Exchange, message_ids: str = "") -> tuple[int, str]:
    """PUT /chat/Message/{ids}.json: mark messages as read or delivered, or change their text.

    - The reply is empty (documented, update-message).
    - `chat_dialog_id` is required (documented, update-message; the refusal is assumed).
    - Without an id all messages of the dialog are meant (documented, REST description); several ids (observed, iOS SDK)
      are separated by commas (assumed).
    - `read` adds the caller to `read_ids`, `delivered` to `delivered_ids` (documented, update-message); in a private
      dialog the opponent also sets the deprecated `read` (documented, messages).
    - `read=0` takes the message back to unread (documented, release notes), but for its sender (assumed).
    - Nothing is ever marked in a public dialog (documented, release notes).
    - A new text also shows in the dialog's last message (documented, release notes). Only the sender may set it
      (assumed).

    Raises:
        QuickBloxError: 422 without a dialog; 403 if the caller is not an occupant, or not the sender of a text to
            change; 404 for a missing dialog or message.
    """
    params = exchange.params
    caller = need_caller(store, exchange.caller)
    dialog = exchange.dialog = reach(store, caller, _dialog_id(params))
    messages = [*dialog.seen_by(caller)] if not message_ids else _in_dialog(store, caller, dialog, message_ids)
    text = params.get("message")
    others = [message for message in messages if message.sender_id != caller]
    if text is not None and others:
        raise no_permission(
            f"user {caller} may not change the text of {others[0].id}, which {others[0].sender_id} wrote"
        )
    now = int(exchange.now)
    for message in messages:
        if text is not None:
            exchange.edited[message] = message.message
            message.message = text
            message.touch(now)
        if one(params.get("delivered")):
            dialog.mark_delivered(message, caller, now)
        if one(params.get("read")):
            dialog.mark_read(message, caller, now)
        elif zero(params.get("read")):
            dialog.mark_unread(message, caller, now)
    _warn_of_idle_update(exchange)
    return 200, ""


def delete_message(store: Store, exchange: Exchange, message_ids: str) -> tuple[int, str]:
    """DELETE /chat/Message/{ids}.json: delete messages for the caller, or with `force=1` for everyone.

    - The reply lists the ids under SuccessfullyDeleted, NotFound and WrongPermissions, without the empty ones
      (documented, delete-message).
    - A malformed id among good ones is merely not found (observed, JavaScript SDK). With no good one at all the status
      is 403 or 404 (documented, delete-message; when just, assumed).
    - For the caller alone any message that it sees may be deleted (assumed).
    - With `force` the sender, or the owner of the dialog, may delete (documented, delete-message), and an API key alone
      (documented, delete-message), which has nobody to delete for without it (assumed). So may one who deleted it for
      itself before (assumed).

    Raises:
        QuickBloxError: 403 or 404 if nothing was deleted; 422 for an API key alone without `force`.
    """
    check_flag(exchange, "force")
    force = one(exchange.params.get("force"))
    caller = None if force and exchange.caller.omnipotent else need_caller(store, exchange.caller)
    outcomes = Outcomes()
    for message_id in queries.different(message_ids):
        message = find_message(store, message_id)
        if message is None or (caller in message.hidden_from and not force):
            outcomes.not_found(message_id, f"there is no message {message_id!r}")
            continue
        dialog = store.dialogs[message.chat_dialog_id]
        try:
            if caller is not None:
                enter(store, caller, dialog.id)
        except QuickBloxError as error:
            outcomes.wrong_permissions(message_id, error.reason)
            continue
        if caller is not None and not force:
            dialog.hide(message, caller)
            outcomes.done(message_id)
        elif caller in _who_deletes(store, message, dialog):
            store.delete_message(message)
            outcomes.done(message_id)
        else:
            outcomes.wrong_permissions(
                message_id, f"user {caller} neither sent message {message_id} nor owns its dialog"
            )
    return 200, encode_json(outcomes.reply("SuccessfullyDeleted", with_empty=False))


def count_unread(store: Store, exchange: Exchange) -> tuple[int, dict[str, int]]:
    """GET /chat/Message/unread.json: how many messages the caller has not read.

    - `chat_dialog_ids` is a comma list (documented, get-unread-message-count). Each dialog is in the reply beside the
      total (documented, get-unread-message-count), which is that of these dialogs (assumed).
    - Without it the total is that of all dialogs that the caller sees, which are not those that it deleted for itself
      (assumed).
    - Public dialogs are not counted (observed, JavaScript SDK).
    - A dialog that the caller is not in counts 0 (assumed).
    """
    caller = need_caller(store, exchange.caller)
    ids = exchange.params.get("chat_dialog_ids")
    if not ids:
        return 200, {"total": store.unread.get(caller, 0)}
    counts: dict[str, int] = {}
    unread: dict[str, int] = {}  # of each dialog once, however often its id was sent
    for dialog_id in map(str, queries.split(ids)):
        dialog = find(store, dialog_id)
        counts[dialog_id] = dialog.unread_by(caller) if dialog else 0
        unread[dialog_id.lower()] = counts[dialog_id]
    counts.pop("total", None)  # which is no id
    return 200, {"total": sum(unread.values()), **counts}


def mark_all_read(store: Store, exchange: Exchange) -> tuple[int, str]:
    """PATCH /chat/Message/read.json: mark all messages of a dialog as read.

    - That there is such a call is documented, its path is not (assumed); off unless `guessed_routes` is assumed.
    """
    exchange.params["read"] = 1
    return update_message(store, exchange)


def mark_all_delivered(store: Store, exchange: Exchange) -> tuple[int, str]:
    """PATCH /chat/Message/delivered.json: mark all messages of a dialog as delivered.

    - That there is such a call is documented, its path is not (assumed); off unless `guessed_routes` is assumed.
    """
    exchange.params["delivered"] = 1
    return update_message(store, exchange)


# What a request for a message says


def build(store: Store, dialog: Dialog, sender_id: int, params: dict[str, Any], now: int) -> Message:
    """A message made of the parameters of a request, not yet in the history."""
    send_to_chat = markable = None
    if "send_to_chat" in params:
        send_to_chat = flag(store, params["send_to_chat"])
    if "markable" in params:
        markable = flag(store, params["markable"])
    others = dialog.others(sender_id)
    if dialog.type is DialogType.PRIVATE:
        recipient = others[0] if others else 0
    else:
        recipient = whole_number(params.get("recipient_id")) or 0
    given = params.get("attachments")
    born_read = () if dialog.public else _alone(sender_id)  # public dialogs keep both lists empty (documented)
    return store.message_class(
        id=store.ids.object_id(now),
        chat_dialog_id=dialog.id,
        sender_id=sender_id,
        recipient_id=recipient,
        message=params.get("message"),
        attachments_json=encode_json(_kept(store, given)) if given else NO_ATTACHMENTS,
        custom=NO_FIELDS if params.keys() <= PARAMETERS else _custom(params),
        send_to_chat=send_to_chat,
        markable=markable,
        date_sent=now,
        audience=others if send_to_chat == 1 or store.assume.history_counts_as_unread else (),
        updated=now,
        delivered=born_read,
        read_by=born_read,
    )


@lru_cache(maxsize=1024)
def _alone(user_id: int) -> tuple[int, ...]:
    """One user, in one tuple for all messages."""
    return (user_id,)


def _kept(store: Store, given: Any) -> list[dict[str, Any]]:
    if isinstance(given, list) and not store.assume.attachment_list:
        return []
    kept = attachments(given)
    if store.assume.unlisted_attachment_keys:
        return kept
    return [{key: value for key, value in item.items() if key in ATTACHMENT_KEYS} for item in kept]


def _custom(params: dict[str, Any]) -> Any:
    return {name: value for name, value in params.items() if name not in _NOT_CUSTOM} or NO_FIELDS


# Which messages are meant


def visible(store: Store, reader: int, message_id: str) -> Message:
    """A message that a user may read.

    Raises:
        QuickBloxError: 404 for a missing one, 403 if the user is not an occupant.
    """
    message = find_message(store, message_id)
    if message is None or reader in message.hidden_from:
        raise not_found(f"there is no message {message_id!r}")
    reach(store, reader, message.chat_dialog_id)
    return message


def _in_dialog(store: Store, reader: int, dialog: Dialog, message_ids: str) -> list[Message]:
    messages = [visible(store, reader, message_id) for message_id in queries.split(message_ids)]
    strangers = [message for message in messages if message.chat_dialog_id != dialog.id]
    if strangers or not messages:
        there = strangers[0].id if strangers else message_ids
        raise not_found(f"message {there} is not in dialog {dialog.id}")
    return messages


def _dialog_id(params: dict[str, Any]) -> Any:
    dialog_id = params.get("chat_dialog_id")
    if not dialog_id:
        raise invalid("the request names no chat_dialog_id", chat_dialog_id="is required")
    return dialog_id


def _who_deletes(store: Store, message: Message, dialog: Dialog) -> set[int | None]:
    """Who may delete a message for everyone; None stands for an API key that acts for nobody."""
    owner = dialog.user_id if store.assume.owner_deletes_messages else None
    return {message.sender_id, owner, None}


# Lists


FIELDS: dict[str, Field] = {
    "_id": Field(attrgetter("id"), object_id, NE),
    "attachments.type": Field(lambda message: [item.get("type") for item in message.attachments]),
    "created_at": Field(attrgetter("date_sent"), number),
    "date_sent": Field(attrgetter("date_sent"), number, RANGE | NE | SET),
    "message": Field(attrgetter("message"), str, NE),
    "recipient_id": Field(attrgetter("recipient_id"), number, RANGE | NE | SET),
    "sender_id": Field(attrgetter("sender_id"), number, RANGE | NE | SET),
    "updated_at": Field(attrgetter("updated"), number, RANGE),
}
_LIST_PARAMETERS = {"chat_dialog_id", "mark_as_read", "include_reactions"}


def _select(store: Store, dialog: Dialog, reader: int, query: queries.Query) -> tuple[int, list[Message]]:
    """How many messages a query finds, and those of its page.

    An id is looked up. In the order of the history, and by time, a page is a stretch of it, found without a scan.
    """
    end = query.skip + query.limit
    if (ids := query.ids) is not None:
        named = [message for message in map(store.messages.get, ids) if message and message.chat_dialog_id == dialog.id]
        found = [message for message in named if reader not in message.hidden_from and query.meets(message)]
        return len(found), found[query.skip : end]
    history = dialog.seen_by(reader)
    positions, conditions = _stretch(history, query.filters)
    by_time = query.sort in (None, *_BY_TIME)
    if by_time and query.descending:
        positions = positions[::-1]
    if by_time and not conditions:
        stretch = positions[query.skip : end]
        if query.descending:
            return len(positions), history[stretch.stop + 1 : stretch.start + 1][::-1]
        return len(positions), history[stretch.start : stretch.stop]
    found = [message for message in map(history.__getitem__, positions) if all(meets(message) for meets in conditions)]
    if not by_time:
        query.arrange(found, FIELDS)
    return len(found), found[query.skip : end]


_BY_TIME = ("date_sent", "created_at")  # which are the same (documented)


def _stretch(history: list[Message], filters: list[queries.Filter]) -> tuple[range, list[queries.Filter]]:
    """The positions that the bounds of `date_sent` leave, and the filters that are no such bounds."""
    start, end = 0, len(history)
    rest: list[queries.Filter] = []
    for condition in filters:
        if condition.name != "date_sent" or condition.operator not in RANGE:
            rest.append(condition)
            continue
        bisect = bisect_right if condition.operator in ("gt", "lte") else bisect_left
        position = bisect(history, condition.value, key=date_sent)
        if condition.operator in ("gt", "gte"):
            start = max(start, position)
        else:
            end = min(end, position)
    return range(start, end), rest


def _page(store: Store, page: list[Message], query: queries.Query, *, with_reactions: bool) -> bytes:
    """A page as JSON."""
    if with_reactions:
        items = [encode_json(message.as_dict(with_reactions=True)).encode() for message in page]
    else:
        items = [message.kept_json or store.keep_json(message) for message in page]
    return b'{"skip":%d,"limit":%d,"items":[%b]}' % (query.skip, query.limit, b",".join(items))


def _warn_of_missing_content(store: Store, exchange: Exchange, message: Message) -> None:
    """Warn of attached files that receivers will not find."""
    for position, item in enumerate(message.attachments):
        blob = store.blobs.get(whole_number(item.get("id")) or 0)
        if blob is not None and blob.content is None:
            exchange.warnings.append(
                f"attachments[{position}]: nothing was uploaded for blob {blob.id}, so receivers get nothing; post "
                "the file to its blob_object_access.params first"
            )
        elif blob is not None and blob.blob_status is None:
            exchange.warnings.append(
                f"attachments[{position}]: blob {blob.id} was never completed; PUT /blobs/{blob.id}/complete.json "
                "after the upload"
            )


def _warn_of_idle_update(exchange: Exchange) -> None:
    """Warn of an update that changes nothing, since its flags are not those that are documented."""
    check_flag(exchange, "read")
    check_flag(exchange, "delivered")
    if exchange.params.keys().isdisjoint({"read", "delivered", "message"}):
        exchange.warnings.append("the update changes nothing: it has neither read nor delivered nor message")
