"""Pitfalls: requests that QuickBlox accepts without the effect that the sender intended.

For `sendToChat: 1` QuickBlox returns 201 and stores a custom field of that name, but notifies no occupant. A warning
names the field, its effect in QuickBlox, and the correct spelling or value.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from pytest_qbchat.service.attachments import check_attachments
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.endpoints import content, dialogs, messages, users
from pytest_qbchat.service.endpoints.messages import CONTROL_PARAMETERS, PARAMETERS, SERVER_FIELDS
from pytest_qbchat.service.flags import check_flag
from pytest_qbchat.service.ids import is_object_id, whole_number
from pytest_qbchat.service.models import DialogType
from pytest_qbchat.service.spelling import misspelt, similar_name

_MAX_KEYS = 100  # that are checked in one object: a request may have any number of them
_SPECIAL_NAMES = {
    "save_to_history": "belongs to XMPP, and QuickBlox ignores it here; omit it, since a message posted over REST "
    "always enters the history",
    "system": "is not documented for this call; in a private dialog the fake ignores it, omit it",
    "body": "became a custom field, and the chat reserves this name; write message",
    "delay": "became a custom field, and the chat reserves this name; write another name",
}
# Fields that a request cannot set, in any spelling. Custom fields may be named `id` or `read_id`.
_NOT_SETTABLE = (SERVER_FIELDS | CONTROL_PARAMETERS) - {"_id", "read_ids", "token"}
# Characters that are invalid in XML 1.0, and therefore in the chat.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_PLACEHOLDER = re.compile(r"custom_field_(N|\d+)", re.IGNORECASE)


def find(call: Call) -> None:
    """Warn of the silent mistakes in a call."""
    assert call.route is not None  # noqa: S101 - the router has set it
    endpoint = call.route.endpoint
    if endpoint is messages.create_message:
        _check_new_message(call)
    elif endpoint in _PARAMETERS:
        _check_names(call, "", call.params, _PARAMETERS[endpoint])
    elif endpoint in _WRAPPED_PARAMETERS:
        wrapper, known = _WRAPPED_PARAMETERS[endpoint]
        if isinstance(call.params.get(wrapper), dict):
            _check_names(call, wrapper, call.params[wrapper], known)
    _check_headers(call)


# The parameters of calls that ignore an unknown one silently. Lists warn in `queries`.
_PARAMETERS: dict[Any, set[str]] = {
    dialogs.create_dialog: {
        "type",
        "occupants_ids",
        "name",
        "photo",
        "data",
        "admin_ids",
        "is_joinable",
        "is_join_required",
    },
    dialogs.update_dialog: {"name", "photo", "data", "push_all", "pull_all", "is_joinable"},
    dialogs.delete_dialog: {"force"},
    messages.delete_message: {"force"},
    messages.update_message: {"chat_dialog_id", "read", "delivered", "message"},
    messages.count_unread: {"chat_dialog_ids"},
    users.list_users: {"filter", "order", "page", "per_page"},
}
_USER_PARAMETERS = {*users.FIELDS, "password", "old_password", "tag_list"}
_WRAPPED_PARAMETERS: dict[Any, tuple[str, set[str]]] = {
    users.create_user: ("user", _USER_PARAMETERS),
    users.update_user: ("user", _USER_PARAMETERS),
    content.create_blob: ("blob", {"content_type", "name", "public", "tag_list"}),
    content.complete_blob: ("blob", {"size"}),
}


def _check_names(call: Call, wrapper: str, params: dict[str, Any], known: set[str]) -> None:
    """Warn of unknown parameters that resemble one of the endpoint."""
    for name in sorted(islice((name for name in params if name not in known), _MAX_KEYS)):
        if suggestion := similar_name(name, known):
            shown = f"{wrapper}[{name}]" if wrapper else name
            call.warn(f"{shown}: is ignored, since this call has no such parameter; write {suggestion}")


def _check_new_message(call: Call) -> None:
    params, message = call.params, call.message
    sent_to_chat = message is not None and message.sent_to_chat
    if not params.keys() <= PARAMETERS:
        missing = PARAMETERS - params.keys()
        known = PARAMETERS if message is not None else PARAMETERS | {"system"}  # for which a message may be refused
        for name in islice((name for name in params if name not in known), _MAX_KEYS):
            if text := _unknown_key_warning(name, params[name], missing, sent_to_chat):
                call.warn(text)
    if not sent_to_chat:
        check_flag(call, "send_to_chat", effect="no occupant is notified")
    if message is None or message.markable != 1:
        check_flag(call, "markable", effect="no receipt is requested")
    if given := params.get("attachments"):
        check_attachments(call, given)
    text = params.get("message")
    if text is not None and (not isinstance(text, str) or (sent_to_chat and _NOT_XML.search(text))):
        call.warn(_text_warning(text))
    _check_addressing(call)


def _unknown_key_warning(name: str, value: Any, missing: set[str], sent_to_chat: bool) -> str | None:
    """The warning of a key that is not a parameter; None if it may be a custom field.

    Only parameters that the request does not have are suggested, as the key may be one of them misspelt.
    """
    if name in SERVER_FIELDS:
        return f"{name}: QuickBlox sets this field itself and ignores yours; omit it"
    if special := _SPECIAL_NAMES.get(name):
        return f"{name}: {special}"
    if suggestion := similar_name(name, missing):
        return f"{name}: became a custom field, since QuickBlox has no parameter of this name; write {suggestion}"
    if field := misspelt(name, _NOT_SETTABLE):
        return f"{name}: became a custom field; omit it, since a request cannot set {field} either"
    return _custom_field_warning(name, value, sent_to_chat)


def _custom_field_warning(name: str, value: Any, sent_to_chat: bool) -> str | None:
    if _PLACEHOLDER.fullmatch(name):
        return (
            f"{name}: became a custom field of this name, which is a placeholder in the documentation; "
            "write the actual name"
        )
    if sent_to_chat and isinstance(value, dict | list):
        return (
            f"{name}: is an object or a list, but in the chat a custom field is a string (the conversion is not "
            "documented); write it as a JSON string"
        )
    return None


def _text_warning(text: Any) -> str:
    if isinstance(text, dict):
        return "message: is an object instead of a string; write each field at the top level of the body"
    if not isinstance(text, str):
        return f"message: is {text!r}, but QuickBlox documents a string; write a string"
    invalid = next(filter(_NOT_XML.match, text))
    return f"message: contains U+{ord(invalid):04X}, which is invalid in the chat's XML; remove it before posting"


def _check_addressing(call: Call) -> None:
    params, dialog = call.params, call.dialog
    dialog_id = params.get("chat_dialog_id")
    if dialog is None and dialog_id is not None and not is_object_id(dialog_id):
        call.warn(
            f"chat_dialog_id: {dialog_id!r} is not a dialog id, so QuickBlox finds no dialog; "
            "write the 24 hexadecimal digits of its _id"
        )
    recipient = params.get("recipient_id")
    if dialog is None or recipient in (None, "", 0, "0") or not dialog_id:
        return
    if dialog.type is not DialogType.PRIVATE:
        call.warn(
            "recipient_id: is stored but has no effect, since the dialog is a group and every occupant receives the "
            "message; omit it, or omit chat_dialog_id to write to that user alone"
        )
    elif whole_number(recipient) not in dialog.occupants_ids:
        call.warn(
            f"recipient_id: {recipient} is not in this private dialog, and chat_dialog_id takes precedence (assumed); "
            "write only one of the two"
        )


def _check_headers(call: Call) -> None:
    headers, params = call.known_headers.by_name, call.params
    token = headers.get(b"qb-token")
    if token is not None and "token" in params and params["token"] != token.decode("latin-1"):
        call.warn("token: is the name of a credential, so QuickBlox stores no such custom field; write another name")
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    if "json" not in content_type and params and call.request.body.lstrip()[:1] == b"{":
        call.warn(
            f"Content-Type: the body is JSON, but its label is {content_type or 'missing'}; the fake read it as JSON, "
            "and QuickBlox may read it as a form; write application/json"
        )
    if call.caller.session is not None and b"on-behalf-of" in headers:
        call.warn(
            f"On-Behalf-Of: is ignored without an API key, so the sender is the token's user {call.caller.user_id}; "
            "write Authorization: ApiKey <key>, or omit it"
        )
    if token is not None and token != token.strip():
        call.warn("QB-Token: begins or ends with white space, which not every client sends; strip the token")
    for raw_name, _ in call.request.raw_headers:
        if raw_name != raw_name.strip():
            name = raw_name.decode("latin-1")
            call.warn(
                f"{name!r}: is another header to QuickBlox, and not every client sends a header name with a "
                f"space; write {name.strip()!r}"
            )
