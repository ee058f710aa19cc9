"""/chat/Dialog: dialogs, in the order of the QuickBlox reference."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from pytest_qbchat.service import queries
from pytest_qbchat.service.access import (
    get_or_adopt_dialog,
    missing_dialog_reason,
    missing_user_reason,
    require_dialog,
)
from pytest_qbchat.service.authentication import require_user
from pytest_qbchat.service.batch import BatchResult
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.endpoints.account import chat_host
from pytest_qbchat.service.errors import (
    QuickBloxError,
    admins_do_not_exist,
    bad_admin_ids,
    incorrect_occupant,
    invalid,
    no_permission,
    no_permission_for_admins,
    occupants_do_not_exist,
    opponent_missing,
    too_many_occupants,
)
from pytest_qbchat.service.ids import whole_number
from pytest_qbchat.service.models import Dialog, DialogType
from pytest_qbchat.service.params import check_flag, is_one, is_zero
from pytest_qbchat.service.queries import NE, RANGE, SET, Field, number, object_id
from pytest_qbchat.service.store import Store

_LONGEST_NAME = 200


def create_dialog(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """POST /chat/Dialog.json: open a dialog.

    - The reply has status 201 and is the bare dialog (documented, create-dialog).
    - `type` is required: 1 public group, 2 group, 3 private (documented, REST description; the refusal is assumed).
    - `occupants_ids` is a comma list, with or without spaces, a number or an array (documented, REST description;
      observed, JavaScript SDK). The caller is added (documented, REST description). A group may have no other
      (observed, JavaScript SDK), a private dialog needs one (documented, REST description; the refusal is assumed).
    - `name` is required for groups (documented, REST description; the refusal is assumed), and has at most 200
      characters (documented, dialog-model; the refusal is assumed).
    - A private dialog that exists is returned, with what was said in it (documented, create-dialog), and is no longer
      hidden (documented, release notes); its status is 201 too (assumed).
    - The name of a private dialog is that of the other user (documented, create-dialog).
    - `photo` and `data` are kept as they were given (documented, dialog-model), for any `class_name` (assumed).
    - `admin_ids` and `is_joinable` are in the reply if they were set (observed, JavaScript SDK), the admins of a
      private dialog as an empty list (observed, JavaScript SDK); `is_joinable` 1 is refused for a private dialog and 0
      for a public one (observed, JavaScript SDK; status and text assumed).
    - `xmpp_room_jid` is made of the application id, the dialog id and the chat host, and null for a private dialog
      (documented, create-dialog).

    Refused with 422 for wrong fields and occupants; 400 or 404 for wrong admins.
    """
    params = call.params
    caller = require_user(store, call)
    kind = _type(params)
    occupants = _users(store, params.get("occupants_ids"))
    others = set(occupants) - {caller}
    if kind is DialogType.PRIVATE:
        return _open_private(store, call, caller, others)
    name = params.get("name")
    _check_name(name)
    _check_joinable(params, kind)
    admins = _admins(store, params.get("admin_ids"), others | {caller})
    dialog = store.add_dialog(kind, [*others, caller], caller, name=name)
    dialog.photo = params.get("photo")
    dialog.data = _data(call)
    dialog.admin_ids = admins
    dialog.is_joinable = _joinable(params)
    call.dialog = dialog
    return 201, _shown(store, call, dialog, caller)


def list_dialogs(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """GET /chat/Dialog.json: the dialogs of the caller.

    - The reply is `total_entries`, `skip`, `limit` and `items` (documented, REST description).
    - The dialogs are those that the caller is an occupant of, and all public ones (documented, REST description),
      without those that it deleted for itself (documented, delete-dialog).
    - The one where something was posted, or the caller came in, last comes first (assumed).
    - Filters: `lt lte gt gte` on last_message_date_sent, created_at, updated_at; equality, `ne`, `in`, `nin` on _id,
      type, name; `ctn` on name (documented, list-dialogs); `occupants_ids` with one id, several that must all be in,
      `in`, `nin` or `all` (observed, .NET SDK; observed, issue threads).
    - A private dialog has the name that is shown to the caller (assumed).
    - `data[field]` filters by custom parameters (documented, list-dialogs).
    - `count=1` returns only the number (documented, REST description).
    - `unread_messages_count` is the caller's (documented, dialog-model). The last message is that of the dialog, also
      where the caller has deleted it for itself (assumed).
    """
    caller = require_user(store, call)
    data = {name: str(value) for name, value in (_data(call) or {}).items()}.items()
    fields = FIELDS | {"name": FIELDS["name"]._replace(get=lambda dialog: _name_for(store, dialog, caller))}
    query = queries.parse(call, fields, known={"data"}, largest=store.assume.largest_page)
    dialogs = store.dialogs_of(caller)
    if data:
        dialogs = [each for each in dialogs if all(str((each.data or {}).get(name)) == text for name, text in data)]
    found = query.select(dialogs)
    if query.count:
        return 200, {"items": {"count": len(found)}}
    items = [_shown(store, call, dialog, caller) for dialog in query.page(found)]
    return 200, {"total_entries": len(found), "skip": query.skip, "limit": query.limit, "items": items}


def get_dialog(store: Store, call: Call, dialog_id: str) -> tuple[int, dict[str, Any]]:
    """GET /chat/Dialog/{id}.json: one dialog.

    - The reply is the bare dialog (assumed).

    Refused with 404 for a missing dialog, 403 if the caller is not an occupant.
    """
    caller = require_user(store, call)
    dialog = call.dialog = require_dialog(store, caller, dialog_id)
    return 200, _shown(store, call, dialog, caller)


def update_dialog(store: Store, call: Call, dialog_id: str) -> tuple[int, dict[str, Any]]:
    """PUT /chat/Dialog/{id}.json: change a dialog.

    - The reply is the dialog (documented, update-dialog).
    - `name`, `photo` and the fields of `data` are replaced (documented, update-dialog); the name of a private dialog is
      not (assumed).
    - `push_all[occupants_ids][]` adds occupants, `pull_all[occupants_ids][]` removes them (documented, update-dialog);
      adding one who is in is no mistake (assumed). The operators may stand in the query too (observed, issue threads).
    - Any occupant of a group may add others and remove itself; only the owner may remove others (documented, REST
      description). Only the owner may change a public dialog (documented, REST description).
    - A private dialog keeps its two occupants (observed, issue threads; that this refusal is given here is assumed).
    - `push_all[admin_ids][]` and `pull_all[admin_ids][]` change the admins, for the owner alone (observed, the vendor's
      mocks); a private dialog has none (observed, JavaScript SDK).
    - A group without occupants is destroyed (documented, release notes).
    - A change moves `updated_at` on (assumed).

    Refused with 404 for a missing dialog; 403 without the right; 422 for wrong occupants.
    """
    params = call.params
    caller = require_user(store, call)
    dialog = call.dialog = require_dialog(store, caller, dialog_id)
    if dialog.public and caller != dialog.user_id:
        raise no_permission(f"dialog {dialog.id} is public: only its owner {dialog.user_id} may change it")
    joining = set(_users(store, _operands(params, "push_all").get("occupants_ids")))
    leaving = set(_users(store, _operands(params, "pull_all").get("occupants_ids"), known=dialog.occupants_ids))
    _check_membership(dialog, caller, joining, leaving)
    before = {*dialog.occupants_ids}
    occupants = (before | joining) - leaving
    admins = _updated_admins(store, call, dialog, occupants=occupants, leaving=leaving)
    if dialog.type is not DialogType.PRIVATE and "name" in params:
        _check_name(params["name"])
        dialog.name = params["name"]
    if "photo" in params:
        dialog.photo = params["photo"]
    if data := _data(call):
        dialog.data = {**(dialog.data or {}), **data}
    dialog.updated = max(dialog.updated, int(call.now))
    dialog.admin_ids = admins
    if leaving or occupants != before:  # whoever left an adopted dialog is not let in again
        store.set_occupants(dialog, occupants, known=bool(leaving) or not dialog.adopted)
    return 200, _shown(store, call, dialog, caller)


def delete_dialog(store: Store, call: Call, dialog_ids: str) -> tuple[int, dict[str, Any]]:
    """DELETE /chat/Dialog/{ids}.json: delete dialogs for the caller, or with `force=1` for everyone.

    - The reply lists the ids under SuccessfullyDeleted, NotFound and WrongPermissions, the empty ones too (observed,
      JavaScript SDK).
    - A malformed id among good ones is merely not found (observed, JavaScript SDK). With no good one at all the status
      is 403 or 404 (documented, delete-dialog; when just, assumed).
    - `force=1` is for the owner (documented, delete-dialog).
    - Deleted for oneself, a dialog is hidden until its next message (documented for private ones, release notes;
      assumed for groups).

    Refused with 403 or 404 if nothing was deleted.
    """
    caller = require_user(store, call)
    check_flag(call, "force")
    force = is_one(call.params.get("force"))
    result = BatchResult()
    for dialog_id in queries.unique_ids(dialog_ids):
        if store.find_dialog(dialog_id) is None:  # nothing is adopted only to be deleted
            result.not_found(dialog_id, missing_dialog_reason(store, dialog_id))
            continue
        dialog = _dialog_of_batch(store, caller, dialog_id, result)
        if dialog is None:
            continue
        if caller not in dialog.occupants_ids:
            result.wrong_permissions(dialog_id, f"user {caller} is not an occupant of dialog {dialog_id}")
        elif force and caller != dialog.user_id:
            result.wrong_permissions(
                dialog_id, f"user {caller} is not the owner {dialog.user_id} of dialog {dialog_id}"
            )
        else:
            result.done.append(dialog_id)
            if force:
                store.destroy_dialog(dialog)
            elif store.assume.deleting_leaves_group and dialog.type is not DialogType.PRIVATE:
                store.set_occupants(dialog, {*dialog.occupants_ids} - {caller})
            else:
                dialog.hidden_from.add(caller)
    return 200, result.reply("SuccessfullyDeleted")


def get_notifications(store: Store, call: Call, dialog_id: str) -> tuple[int, dict[str, Any]]:
    """GET /chat/Dialog/{id}/notifications.json: whether the caller gets pushes for a dialog.

    - The reply is `{"notifications": {"enabled": 1}}` (documented, update-notification-settings); enabled is the
      default (documented, update-notification-settings).
    - Only dialogs of type 2 and 3 have the setting (documented, update-notification-settings; the refusal is assumed).
    """
    caller = require_user(store, call)
    dialog = _with_notifications(store, call, caller, dialog_id)
    return 200, {"notifications": {"enabled": int(caller not in dialog.muted)}}


def update_notifications(store: Store, call: Call, dialog_id: str) -> tuple[int, dict[str, Any]]:
    """PUT /chat/Dialog/{id}/notifications.json: switch the pushes for a dialog on or off.

    - `enabled` is 0 or 1, for the caller alone (documented, update-notification-settings; the refusal of anything else
      is assumed).
    - The reply is as for reading it (documented, update-notification-settings).
    """
    caller = require_user(store, call)
    dialog = _with_notifications(store, call, caller, dialog_id)
    enabled = call.params.get("enabled")
    if not is_one(enabled) and not is_zero(enabled):
        raise invalid(f"enabled is {enabled!r}: write 0 or 1", enabled="must be 0 or 1")
    if is_one(enabled):
        dialog.muted.discard(caller)
    else:
        dialog.muted.add(caller)
    return 200, {"notifications": {"enabled": int(is_one(enabled))}}


def add_occupants(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """POST /chat/Dialogs/add_occupants.json: add users to several dialogs.

    - `users_ids` and `dialogs_ids` are comma lists (documented, REST description).
    - The reply has `users` and `dialogs`, each with three lists of ids (documented, REST description). That of what
      worked is called SuccessfullyUpdated (documented, release notes).
    - The rights are those of changing a dialog (assumed). If no dialog was changed, all users are under
      WrongPermissions (assumed).
    """
    return _change_occupants(store, call, adding=True)


def remove_occupants(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """POST /chat/Dialogs/remove_occupants.json: remove users from several dialogs.

    - As for adding them (documented, REST description).
    """
    return _change_occupants(store, call, adding=False)


# What a request for a dialog says


def _type(params: dict[str, Any]) -> DialogType:
    given = whole_number(params.get("type"))
    if given not in tuple(DialogType):
        text = "is required" if params.get("type") is None else "is not included in the list"
        raise invalid(f"type is {params.get('type')!r}: write 1 public group, 2 group or 3 private", type=text)
    return DialogType(given)


def _check_name(name: Any) -> None:
    if name in (None, ""):
        raise invalid("a group needs a name", name="is required")
    if not isinstance(name, str):
        raise invalid(f"the name is {name!r}", name="must be a string")
    if len(name) > _LONGEST_NAME:
        text = f"is too long (maximum is {_LONGEST_NAME} characters)"
        raise invalid(f"the name has {len(name)} characters", name=text)


def _check_joinable(params: dict[str, Any], type: DialogType) -> None:
    joinable = "is_joinable" in params and is_one(params["is_joinable"])
    if (type is DialogType.PRIVATE and joinable) or (
        type is DialogType.PUBLIC_GROUP and "is_joinable" in params and not joinable
    ):
        why = "a private dialog cannot be joined, and a public one always can"
        raise invalid(why, is_joinable="is not allowed for this type of dialog")


def _joinable(params: dict[str, Any]) -> int | None:
    return int(is_one(params["is_joinable"])) if "is_joinable" in params else None


def _data(call: Call) -> dict[str, Any] | None:
    """The custom parameters that a request names; None if there are none."""
    data = call.params.get("data")
    if data and not isinstance(data, dict):
        call.warn(f"data: is ignored; {data!r} is not an object, write data={{'class_name': ...}}")
        return None
    return data or None


def _users(store: Store, given: Any, *, known: list[int] | None = None) -> list[int]:
    """User ids as requests give them. Unknown ones are adopted, or refused in strict mode.

    Args:
        store: The state.
        given: A comma list, a number or an array.
        known: Ids that are accepted although the users may have been deleted.
    """
    ids: list[int] = []
    for each in [] if given is None else queries.split(given):
        user_id = whole_number(each.strip() if isinstance(each, str) else each)
        if not user_id:
            raise incorrect_occupant(f"{each!r} is not a user id")
        if user_id not in (known or ()) and store.user(user_id) is None:
            raise occupants_do_not_exist(missing_user_reason(store, user_id))
        ids.append(user_id)
    return ids


def _open_private(store: Store, call: Call, caller: int, others: set[int]) -> tuple[int, dict[str, Any]]:
    if not others:
        raise opponent_missing("a private dialog needs one other user in occupants_ids")
    if len(others) > 1:
        raise too_many_occupants(f"a private dialog has one other user, not {sorted(others)}")
    _check_joinable(call.params, DialogType.PRIVATE)
    admins = _admins(store, call.params.get("admin_ids"), others | {caller})
    [opponent] = others
    dialog = store.private_dialog(caller, opponent)
    status = store.assume.duplicate_dialog_status if dialog else 201
    if dialog is None:
        dialog = store.add_dialog(DialogType.PRIVATE, [caller, opponent], caller)
        dialog.photo = call.params.get("photo")
        dialog.data = _data(call)
        dialog.admin_ids = None if admins is None else []
        dialog.is_joinable = _joinable(call.params)
    elif caller in dialog.hidden_from:
        store.show_dialog(dialog, caller)
    call.dialog = dialog
    return status, _shown(store, call, dialog, caller)


def _admins(store: Store, given: Any, occupants: set[int]) -> list[int] | None:
    if given is None:
        return None
    admins: set[int] = set()
    for each in queries.split(given):
        admin = whole_number(each)
        if admin is None:
            raise bad_admin_ids(f"admin_ids has {each!r}, which is not a user id")
        if admin not in store.users or admin not in occupants:
            raise admins_do_not_exist(f"user {admin} of admin_ids is not among the occupants {sorted(occupants)}")
        admins.add(admin)
    return sorted(admins)


def _operands(params: dict[str, Any], operator: str) -> dict[str, Any]:
    operands = params.get(operator)
    return operands if isinstance(operands, dict) else {}


def _check_membership(dialog: Dialog, caller: int, joining: set[int], leaving: set[int]) -> None:
    """Whether a caller may add and remove these users."""
    if dialog.type is DialogType.PRIVATE and (joining - {*dialog.occupants_ids} or leaving):
        raise too_many_occupants(f"dialog {dialog.id} is private, and its occupants stay {dialog.occupants_ids}")
    others = sorted(leaving - {caller})
    if others and caller != dialog.user_id:
        raise no_permission(
            f"user {caller} may not remove {others} from dialog {dialog.id}, which {dialog.user_id} owns"
        )


def _updated_admins(
    store: Store, call: Call, dialog: Dialog, *, occupants: set[int], leaving: set[int]
) -> list[int] | None:
    """The admins after `push_all` and `pull_all`."""
    push, pull = _operands(call.params, "push_all"), _operands(call.params, "pull_all")
    if "admin_ids" not in push and "admin_ids" not in pull:
        return dialog.admin_ids
    if dialog.type is DialogType.PRIVATE:
        return []
    added = _admins(store, push.get("admin_ids"), occupants) or []
    removed = _admins(store, pull.get("admin_ids"), occupants | leaving) or []
    if call.caller.user_id != dialog.user_id:
        raise no_permission_for_admins(
            f"user {call.caller.user_id} is not the owner {dialog.user_id} of dialog {dialog.id}"
        )
    return sorted({*(dialog.admin_ids or ()), *added} - {*removed})


def _with_notifications(store: Store, call: Call, caller: int, dialog_id: str) -> Dialog:
    dialog = call.dialog = require_dialog(store, caller, dialog_id)
    if dialog.public:
        raise invalid(f"dialog {dialog.id} is public, and has no notification setting", base="Public dialogs have none")
    return dialog


def _change_occupants(store: Store, call: Call, *, adding: bool) -> tuple[int, dict[str, Any]]:
    caller = require_user(store, call)
    users, dialogs = BatchResult(), BatchResult()
    known: dict[int, None] = {}
    for each in queries.split(call.params.get("users_ids", "")):
        user = store.user(whole_number(each))
        if user is None:
            users.not_found(each, f"there is no user {each!r}")
        else:
            known[user.id] = None
    for dialog_id in queries.unique_ids(call.params.get("dialogs_ids", "")):
        dialog = _dialog_of_batch(store, caller, dialog_id, dialogs)
        if dialog is None:
            continue
        if not _may_change_occupants(dialog, caller, removed=set() if adding else {*known}):
            dialogs.wrong_permissions(dialog_id, f"user {caller} may not change dialog {dialog_id}")
            continue
        dialog.updated = max(dialog.updated, int(call.now))
        occupants = {*dialog.occupants_ids, *known} if adding else {*dialog.occupants_ids} - {*known}
        store.set_occupants(dialog, occupants, known=not adding or not dialog.adopted)
        dialogs.done.append(dialog_id)
    for user_id in known:
        if dialogs.done:
            users.done.append(user_id)
        else:
            users.wrong_permissions(user_id, f"no dialog was changed for user {user_id}")
    success = "SuccessfullyUpdated"
    return 200, {"users": users.as_dict(success), "dialogs": dialogs.as_dict(success)}


def _dialog_of_batch(store: Store, caller: int, dialog_id: Any, result: BatchResult) -> Dialog | None:
    """One dialog of several; None, and a note in the result, if the caller cannot use it."""
    try:
        return get_or_adopt_dialog(store, caller, dialog_id)
    except LookupError as error:
        result.not_found(dialog_id, str(error))
    except QuickBloxError as error:
        result.wrong_permissions(dialog_id, error.reason)
    return None


def _may_change_occupants(dialog: Dialog, caller: int, *, removed: set[int]) -> bool:
    if dialog.type is DialogType.PRIVATE:
        return False
    if caller == dialog.user_id:
        return True
    return not dialog.public and caller in dialog.occupants_ids and removed <= {caller}


# What a reply shows


FIELDS: dict[str, Field] = {
    "_id": Field(attrgetter("id"), object_id, NE | SET),
    "created_at": Field(attrgetter("created"), number, RANGE),
    "last_message_date_sent": Field(attrgetter("last_message_date_sent"), number, RANGE),
    "name": Field(attrgetter("name"), str, NE | SET | {"ctn"}),
    "occupants_ids": Field(attrgetter("occupants_ids"), number, SET | {"all"}),
    "type": Field(attrgetter("type"), number, NE | SET),
    "updated_at": Field(attrgetter("updated"), number, RANGE),
}


def _name_for(store: Store, dialog: Dialog, user_id: int) -> str | None:
    """The name of a dialog as one user sees it."""
    if dialog.type is not DialogType.PRIVATE:
        return dialog.name
    opponents = [store.users.get(other) for other in dialog.others(user_id)]
    return next((opponent.full_name for opponent in opponents if opponent), None)


def _shown(store: Store, call: Call, dialog: Dialog, user_id: int) -> dict[str, Any]:
    """A dialog as QuickBlox shows it to one user: keys in alphabetical order, the unread count last (documented)."""
    room = None
    if dialog.type is not DialogType.PRIVATE:
        room = f"{store.application_id}_{dialog.id}@muc.{chat_host(call.request)}"
    own = {
        "name": _name_for(store, dialog, user_id),
        "xmpp_room_jid": room,
        "unread_messages_count": dialog.unread_by(user_id),
    }
    return dialog.as_dict() | own
