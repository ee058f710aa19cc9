"""/chat/Dialog: dialogs, in the order of the QuickBlox reference."""

from __future__ import annotations

from operator import attrgetter
from typing import Annotated, Any, Literal, TypedDict

from pytest_qbchat.service import declaration as api
from pytest_qbchat.service import errors, queries
from pytest_qbchat.service.access import NO_ACCESS, missing_dialog_reason, missing_user_reason, require_dialog
from pytest_qbchat.service.authentication import require_user
from pytest_qbchat.service.batch_reply import Deleted, delete_each
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Field, Reply, refuses, route
from pytest_qbchat.service.decoding import object_in
from pytest_qbchat.service.endpoints.account import chat_host
from pytest_qbchat.service.flags import is_one, is_zero
from pytest_qbchat.service.ids import whole_number
from pytest_qbchat.service.models import Dialog, DialogType
from pytest_qbchat.service.models.dialog import DialogRecord
from pytest_qbchat.service.queries import Counted, number, object_id
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import as_text

_MAX_NAME_LENGTH = 200
FILTERS: dict[str, Field] = {
    "_id": Field(attrgetter("id"), object_id, api.NE | api.SET),
    "created_at": Field(attrgetter("created"), number, api.RANGE),
    "last_message_date_sent": Field(attrgetter("last_message_date_sent"), number, api.RANGE),
    "name": Field(attrgetter("name"), str, api.NE | api.SET | api.CTN),
    "occupants_ids": Field(attrgetter("shown_occupants"), number, api.SET | {"all"}),
    "type": Field(attrgetter("type"), number, api.NE | api.SET),
    "updated_at": Field(attrgetter("updated"), number, api.RANGE),
}


class DialogPage(TypedDict):
    """Some of the dialogs of a user."""

    total_entries: int
    skip: int
    limit: int
    items: list[DialogRecord]


ZeroOrOne = Annotated[Literal[0, 1], api.Also(enum=["0", "1"])]
_Type = Annotated[Literal[1, 2, 3], api.Also(enum=["1", "2", "3"])]
Data = dict[str, api.Custom]
_FIELDS = {"name": str, "photo": str, "data": Data, "is_joinable": api.Flag}
_MEMBERS = {"occupants_ids": api.Numbers, "admin_ids": api.Numbers}
_NEW_DIALOG = {"type": api.Needed(_Type), **_MEMBERS, **_FIELDS, "is_join_required": api.Flag}
_CHANGES = {**_FIELDS, "push_all": _MEMBERS, "pull_all": _MEMBERS}
_INVALID = (errors.invalid, errors.incorrect_occupant, errors.occupants_do_not_exist, errors.too_many_occupants)
_INVALID_ADMINS = (errors.bad_admin_ids, errors.admins_do_not_exist)
NOTIFICATIONS = {"notifications": {"enabled": Literal[0, 1]}}


@route("POST", "/chat/Dialog", takes=_NEW_DIALOG, replies={201: DialogRecord})
@refuses(*_INVALID, *_INVALID_ADMINS, errors.opponent_missing)
def create_dialog(store: Store, call: Call) -> Reply:
    """Create a dialog.

    documented(REST description): the reply has status 201.
    documented(create-dialog): the reply is the bare dialog.
    documented(REST description): `type` is required: 1 public group, 2 group, 3 private.
    documented(REST description), observed(JavaScript SDK): `occupants_ids` is a comma list, with or without spaces, a
        number or an array.
    documented(REST description): the caller is added to `occupants_ids`.
    documented(dialog-model), observed(issue threads): the reply has no `occupants_ids` for a public group.
    observed(JavaScript SDK): a group needs no other occupant.
    documented(REST description): a private dialog needs one other occupant.
    documented(REST description): `name` is required for groups.
    documented(dialog-model): `name` has at most 200 characters.
    assumed: a missing or invalid `type`, `name` or occupant is refused with 422.
    assumed: a private dialog that exists is returned with its history, as in the sample of create-dialog, and is no
        longer hidden, as a fixed bug in the release notes suggests.
    assumed: the status is 201 for a private dialog that exists.
    assumed: the name of a private dialog is that of the other user, as in the sample of create-dialog.
    documented(dialog-model): `photo` and `data` are fields of a dialog.
    observed(issue threads, 2020): `data` without `class_name` is lost without an error.
    assumed: `data` is stored as it was sent, for any `class_name`; `photo` is stored as a string.
    observed(JavaScript SDK): `admin_ids` are in the reply if they were set.
    documented(dialog-model): the admins of a private dialog are an empty list.
    observed(JavaScript SDK): on newer clusters `is_joinable` is 0 for a private dialog and else 1 if it is omitted.
    observed(JavaScript SDK): `is_joinable` 1 is refused for a private dialog, and 0 for a public one.
    documented(dialog-model): `is_join_required` applies to groups alone.
    assumed: a wrong `is_joinable` is refused with 422; `is_join_required` is shown if it was sent.
    assumed: the reply has an `xmpp_room_jid` of the application id, the dialog id and the chat host, as in the sample
        of create-dialog.
    documented(create-dialog): the reply has null as `xmpp_room_jid` of a private dialog.
    """
    params = call.params
    caller = require_user(store, call)
    dialog_type = _parse_type(params)
    private = dialog_type is DialogType.PRIVATE
    occupants = {caller, *_parse_user_ids(store, params.get("occupants_ids"))}
    if private and len(occupants) == 1:
        raise errors.opponent_missing("a private dialog needs one other user in occupants_ids")
    if private and len(occupants) > 2:  # noqa: PLR2004 - the two of a private dialog
        raise errors.too_many_occupants(f"a private dialog has one other user, not {sorted(occupants - {caller})}")
    if not private:
        _check_name(params.get("name"))
    joinable = _parse_joinable(params, dialog_type)
    if joinable is None and store.assume.newer_cluster:
        joinable = int(not private)
    admins = _parse_admin_ids(store, params.get("admin_ids"), occupants)
    dialog = store.private_dialog(*occupants) if private else None
    status = 201 if dialog is None else store.assume.duplicate_dialog_status
    if dialog is None:
        data = _parse_data(store, call)
        dialog = store.add_dialog(dialog_type, [*occupants], caller, is_joinable=joinable, data=data)
        dialog.name = None if private else params["name"]
        dialog.photo = None if params.get("photo") is None else as_text(params["photo"])
        dialog.admin_ids = [] if private and admins else admins
        if dialog_type is DialogType.GROUP:
            dialog.is_join_required = whole_number(params.get("is_join_required"))
    elif caller in dialog.hidden_from:
        store.show_dialog(dialog, caller)
    call.dialog = dialog
    return status, _as_dict_for(store, call, dialog, caller)


@route("GET", "/chat/Dialog", takes={"data": Data}, filters=FILTERS, replies={200: DialogPage | Counted})
def list_dialogs(store: Store, call: Call) -> Reply:
    """The dialogs of the caller.

    documented(REST description): the reply is `total_entries`, `skip`, `limit` and `items`.
    documented(REST description): the items are the dialogs that have the caller as an occupant, and all public ones.
    documented(delete-dialog): dialogs that the caller deleted for itself are not shown.
    assumed: the dialog with the latest message comes first; for the caller, being added counts as a message.
    documented(REST description): `lt lte gt gte` apply to last_message_date_sent, created_at and updated_at; equality,
        `ne`, `in` and `nin` to _id, type and name; `ctn` to name.
    observed(.NET SDK), observed(issue threads): `occupants_ids` is one id, several that must all be occupants, or has
        the operator `in` or `nin`.
    documented(list-dialogs): `occupants_ids` has the operator `all`.
    assumed: a filter on the `name` of a private dialog applies to the name that the caller sees.
    documented(list-dialogs): `data` filters by custom parameters.
    observed(issue threads): without `class_name` the filter `data` is ignored, although list-dialogs shows it so.
    documented(dialog-model): the reply has the `unread_messages_count` of the caller.
    assumed: the last message is that of the dialog, even if the caller deleted it for itself.
    """
    caller = require_user(store, call)
    data = {name: str(value) for name, value in (_parse_data(store, call) or {}).items()}.items()
    fields = FILTERS | {"name": FILTERS["name"]._replace(get=lambda dialog: _name_for(store, dialog, caller))}
    query = queries.parse(call, fields, largest=store.assume.largest_page)
    dialogs = store.dialogs_of(caller)
    if data:
        dialogs = [each for each in dialogs if all(str((each.data or {}).get(name)) == text for name, text in data)]
    found = query.select(dialogs)
    if query.count:
        return 200, {"items": {"count": len(found)}}
    items = [_as_dict_for(store, call, dialog, caller) for dialog in query.page(found)]
    return 200, {"total_entries": len(found), "skip": query.skip, "limit": query.limit, "items": items}


@route("GET", "/chat/Dialog/{id}", replies={200: DialogRecord})
@refuses(*NO_ACCESS)
def get_dialog(store: Store, call: Call, dialog_id: api.ObjectId) -> Reply:
    """One dialog.

    documented(get-dialog-by-id): the reply is the bare dialog.
    """
    caller = require_user(store, call)
    dialog = call.dialog = require_dialog(store, caller, dialog_id)
    return 200, _as_dict_for(store, call, dialog, caller)


@route("PUT", "/chat/Dialog/{id}", takes=_CHANGES, replies={200: DialogRecord})
@refuses(*NO_ACCESS, errors.no_permission_for_admins, *_INVALID, *_INVALID_ADMINS)
def update_dialog(store: Store, call: Call, dialog_id: api.ObjectId) -> Reply:
    """Change a dialog.

    documented(update-dialog): the reply is the dialog.
    documented(update-dialog), documented(REST description): `name`, `photo` and the fields of `data` are replaced.
    assumed: the `name` of a private dialog is not replaced.
    documented(update-dialog): `occupants_ids` of `push_all` are added, those of `pull_all` are removed.
    assumed: adding an occupant again is accepted.
    observed(issue threads): the operators may be in the query.
    documented(REST description): any occupant of a group may add others and remove itself; only the owner may remove
        others.
    documented(REST description): only the owner may change a public dialog.
    observed(issue threads): the two occupants of a private dialog cannot be changed; the refusal is assumed.
    documented(update-dialog): `admin_ids` of `push_all` and `pull_all` change the admins.
    observed(the vendor's mocks): only the owner may change the admins.
    documented(dialog-model): a private dialog has no admins.
    observed(JavaScript SDK): on newer clusters the owner of a group can change `is_joinable`.
    documented(release notes): a group without occupants is destroyed.
    assumed: a change updates `updated_at`.
    """
    params = call.params
    caller = require_user(store, call)
    dialog = call.dialog = require_dialog(store, caller, dialog_id)
    joining = _parse_user_ids(store, object_in(params, "push_all").get("occupants_ids"))
    leaving = _parse_user_ids(store, object_in(params, "pull_all").get("occupants_ids"))
    _check_membership(dialog, caller, joining, leaving)
    occupants = ({*dialog.occupants_ids} | joining) - leaving
    admins = _updated_admins(store, call, dialog, occupants, leaving)
    joinable = _parse_joinable(params, dialog.type)
    if joinable is not None and caller != dialog.user_id:
        raise errors.no_permission(_not_owner_reason(dialog, caller))
    if dialog.type is not DialogType.PRIVATE and "name" in params:
        _check_name(params["name"])
        dialog.name = params["name"]
    if joinable is not None:
        dialog.is_joinable = joinable
    if "photo" in params:
        dialog.photo = None if params["photo"] is None else as_text(params["photo"])
    if data := _parse_data(store, call, dialog):
        dialog.data = {**(dialog.data or {}), **data}
    dialog.admin_ids = admins
    dialog.updated = max(dialog.updated, int(call.now))
    if leaving or occupants != {*dialog.occupants_ids}:  # an adopted dialog no longer admits every user
        store.set_occupants(dialog, occupants, known=bool(leaving) or not dialog.adopted)
    return 200, _as_dict_for(store, call, dialog, caller)


@route("DELETE", "/chat/Dialog/{ids}", takes={"force": api.Flag}, replies={200: Deleted})
@refuses(*NO_ACCESS)
def delete_dialog(store: Store, call: Call, dialog_ids: api.ObjectIds) -> Reply:
    """Delete dialogs for the caller, or for everyone.

    documented(REST description): the reply for several ids lists them under SuccessfullyDeleted, NotFound and
        WrongPermissions.
    observed(JavaScript SDK): the reply has the empty lists too, and is the same for one id, although delete-dialog
        calls it empty.
    observed(JavaScript SDK): a malformed id among valid ones is reported as not found.
    assumed: without any valid id the status is 403 or 404, which delete-dialog lists without a cause.
    documented(delete-dialog): only the owner may use `force` 1, which deletes for everyone.
    assumed: without `force` the dialog is hidden from the caller until its next message.
    documented(release notes): a private dialog can be used again.
    """
    caller = require_user(store, call)
    force = is_one(call.params.get("force"))
    return 200, delete_each(dialog_ids, lambda each: _delete_dialog(store, each, caller, force=force))


@route("GET", "/chat/Dialog/{id}/notifications", replies={200: NOTIFICATIONS})
@refuses(*NO_ACCESS, errors.invalid)
def get_notifications(store: Store, call: Call, dialog_id: api.ObjectId) -> Reply:
    """Whether the caller receives push notifications for a dialog.

    documented(REST description): the reply is `{"notifications": {"enabled": 1}}`.
    documented(update-notification-settings): the reply has 1 by default.
    documented(update-notification-settings): only dialogs of type 2 and 3 have the setting.
    assumed: a public dialog is refused with 422.
    """
    caller = require_user(store, call)
    dialog = _require_notifying_dialog(store, call, caller, dialog_id)
    return 200, {"notifications": {"enabled": int(caller not in dialog.muted)}}


@route("PUT", "/chat/Dialog/{id}/notifications", takes={"enabled": api.Needed(ZeroOrOne)}, replies={200: NOTIFICATIONS})
@refuses(*NO_ACCESS, errors.invalid)
def update_notifications(store: Store, call: Call, dialog_id: api.ObjectId) -> Reply:
    """Turn push notifications for a dialog on or off.

    documented(update-notification-settings): `enabled` is 0 or 1, for the caller alone.
    assumed: another value of `enabled` is refused with 422.
    documented(update-notification-settings): the reply is as for reading the setting.
    """
    caller = require_user(store, call)
    dialog = _require_notifying_dialog(store, call, caller, dialog_id)
    enabled = call.params.get("enabled")
    if not is_one(enabled) and not is_zero(enabled):
        raise errors.invalid(f"invalid enabled {enabled!r}; expected 0 or 1", enabled="must be 0 or 1")
    if is_one(enabled):
        dialog.muted.discard(caller)
    else:
        dialog.muted.add(caller)
    return 200, {"notifications": {"enabled": int(is_one(enabled))}}


# Parameters


def _parse_type(params: dict[str, Any]) -> DialogType:
    given = whole_number(params.get("type"))
    if given not in tuple(DialogType):
        text = "is required" if params.get("type") is None else "is not included in the list"
        why = f"invalid type {params.get('type')!r}; expected 1 (public group), 2 (group) or 3 (private)"
        raise errors.invalid(why, type=text)
    return DialogType(given)


def _check_name(name: Any) -> None:
    if name in (None, ""):
        raise errors.invalid("a group needs a name", name="is required")
    if not isinstance(name, str):
        raise errors.invalid(f"invalid name {name!r}; expected a string", name="must be a string")
    if len(name) > _MAX_NAME_LENGTH:
        text = f"is too long (maximum is {_MAX_NAME_LENGTH} characters)"
        raise errors.invalid(f"the name has {len(name)} characters; at most {_MAX_NAME_LENGTH} are allowed", name=text)


def _parse_joinable(params: dict[str, Any], type: DialogType) -> int | None:
    """1 for 1 and "1", 0 for any other value; None if omitted or null."""
    if params.get("is_joinable") is None:
        return None
    joinable = int(is_one(params["is_joinable"]))
    if type is (DialogType.PRIVATE if joinable else DialogType.PUBLIC_GROUP):
        why = "a private dialog can never be joined, and a public one always can"
        raise errors.invalid(why, is_joinable="is not allowed for this type of dialog")
    return joinable


def _parse_data(store: Store, call: Call, dialog: Dialog | None = None) -> dict[str, Any] | None:
    """The custom parameters in a request; None if it has none, or if QuickBlox loses them."""
    data = call.params.get("data")
    if data and not isinstance(data, dict):
        call.warn(f"data: is ignored; {data!r} is not an object, write data={{'class_name': ...}}")
        return None
    of_class = store.assume.data_without_class or "class_name" in {**(data or {}), **((dialog and dialog.data) or {})}
    if data and not of_class:
        call.warn("data: is ignored without the name of a class; write data={'class_name': ..., ...}")
    return data if data and of_class else None


def _parse_user_ids(store: Store, given: Any) -> set[int]:
    """User ids from a comma list, a number or an array. Unknown users are adopted, or refused in strict mode."""
    ids: set[int] = set()
    for each in [] if given is None else queries.split(given):
        user_id = whole_number(each.strip() if isinstance(each, str) else each)
        if not user_id:
            raise errors.incorrect_occupant(f"{each!r} is not a user id")
        if store.user(user_id) is None:
            raise errors.occupants_do_not_exist(missing_user_reason(store, user_id))
        ids.add(user_id)
    return ids


def _parse_admin_ids(store: Store, given: Any, occupants: set[int]) -> list[int] | None:
    if given is None:
        return None
    admins: set[int] = set()
    for each in queries.split(given):
        admin = whole_number(each)
        if admin is None:
            raise errors.bad_admin_ids(f"{each!r} in admin_ids is not a user id")
        if admin not in store.users or admin not in occupants:
            why = f"user {admin} in admin_ids is not among the occupants {sorted(occupants)}"
            raise errors.admins_do_not_exist(why)
        admins.add(admin)
    return sorted(admins)


def _check_membership(dialog: Dialog, caller: int, joining: set[int], leaving: set[int]) -> None:
    """Refuse to change a dialog, or to add or remove users, without the right."""
    if dialog.public and caller != dialog.user_id:
        raise errors.no_permission(f"dialog {dialog.id} is public, and only its owner {dialog.user_id} may change it")
    if dialog.type is DialogType.PRIVATE and (joining - {*dialog.occupants_ids} or leaving):
        why = f"dialog {dialog.id} is private; its occupants {dialog.occupants_ids} cannot change"
        raise errors.too_many_occupants(why)
    others = sorted(leaving - {caller})
    if others and caller != dialog.user_id:
        why = f"user {caller} may not remove users {others} from dialog {dialog.id}; its owner is {dialog.user_id}"
        raise errors.no_permission(why)


def _updated_admins(store: Store, call: Call, dialog: Dialog, kept: set[int], leaving: set[int]) -> list[int] | None:
    """The admins after `push_all` and `pull_all`."""
    push, pull = object_in(call.params, "push_all"), object_in(call.params, "pull_all")
    if "admin_ids" not in push and "admin_ids" not in pull:
        return dialog.admin_ids
    if dialog.type is DialogType.PRIVATE:
        return []
    added = _parse_admin_ids(store, push.get("admin_ids"), kept) or []
    removed = _parse_admin_ids(store, pull.get("admin_ids"), kept | leaving) or []
    if call.caller.user_id != dialog.user_id:
        raise errors.no_permission_for_admins(_not_owner_reason(dialog, call.caller.user_id))
    return sorted({*(dialog.admin_ids or ()), *added} - {*removed})


def _not_owner_reason(dialog: Dialog, caller: int | None) -> str:
    return f"user {caller} is not the owner {dialog.user_id} of dialog {dialog.id}"


def _require_notifying_dialog(store: Store, call: Call, caller: int, dialog_id: str) -> Dialog:
    dialog = call.dialog = require_dialog(store, caller, dialog_id)
    if dialog.public:
        why = f"dialog {dialog.id} is public, and has no notification setting"
        raise errors.invalid(why, base="Public dialogs have none")
    return dialog


def _delete_dialog(store: Store, dialog_id: str, caller: int, *, force: bool) -> None:
    if store.find_dialog(dialog_id) is None:  # an unknown dialog is not adopted to be deleted
        raise errors.not_found(missing_dialog_reason(store, dialog_id))
    dialog = require_dialog(store, caller, dialog_id)
    if caller not in dialog.occupants_ids:
        raise errors.no_permission(f"user {caller} is not an occupant of dialog {dialog_id}")
    if force and caller != dialog.user_id:
        raise errors.no_permission(_not_owner_reason(dialog, caller))
    if force:
        store.destroy_dialog(dialog)
    elif store.assume.deleting_leaves_group and dialog.type is not DialogType.PRIVATE:
        store.set_occupants(dialog, {*dialog.occupants_ids} - {caller})
    else:
        dialog.hidden_from.add(caller)


# Replies


def _name_for(store: Store, dialog: Dialog, user_id: int) -> str | None:
    """The name of a dialog as one user sees it."""
    if dialog.type is not DialogType.PRIVATE:
        return dialog.name
    opponents = [store.users.get(other) for other in dialog.others(user_id)]
    return next((opponent.full_name for opponent in opponents if opponent), None)


def _as_dict_for(store: Store, call: Call, dialog: Dialog, user_id: int) -> dict[str, Any]:
    """A dialog as one user sees it. The keys are in alphabetical order, the unread count last (documented)."""
    private = dialog.type is DialogType.PRIVATE
    room = None if private else f"{store.application_id}_{dialog.id}@muc.{chat_host(call.request)}"
    name, unread = _name_for(store, dialog, user_id), dialog.unread_by(user_id)
    return dialog.as_dict() | {"name": name, "xmpp_room_jid": room, "unread_messages_count": unread}
