"""Pitfalls: requests that QuickBlox accepts without the effect that the sender intended.

For `sendToChat: 1` QuickBlox returns 201 and stores a custom field of that name, but notifies no occupant. A warning
names the field, its effect in QuickBlox, and the correct spelling or value.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import islice
from typing import Any

from pytest_qbchat.service.attachments import MAX_KEYS, check_attachments
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Flag, Needed, OffFlag, Route
from pytest_qbchat.service.endpoints.messages import CONTROL_PARAMETERS, PARAMETERS, SERVER_FIELDS, create_message
from pytest_qbchat.service.flags import check_flag, is_zero
from pytest_qbchat.service.ids import is_object_id, whole_number
from pytest_qbchat.service.models import DialogType
from pytest_qbchat.service.spelling import closest_name, misspelt, similar_name

_SPECIAL_NAMES = {
    "system": "is not documented for this call; in a private dialog the fake ignores it, omit it",
    "body": "became a custom field, and the chat reserves this name; write message",
    "delay": "became a custom field, and the chat reserves this name; write another name",
}
# Parameters that clients add to any call: the credential, and names that only bypass a cache.
_HARMLESS = {"_", "_dc", "_t", "_ts", "cache", "cache_buster", "cb", "nocache", "rand", "rnd", "t", "token", "ts"}
# Fields that a request cannot set, in any spelling. Custom fields may be named `id` or `read_id`.
_NOT_SETTABLE = (SERVER_FIELDS | CONTROL_PARAMETERS) - {"_id", "read_ids", "token"}
# Characters that are invalid in XML 1.0, and therefore in the chat.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def find(call: Call) -> None:
    """Warn of the silent mistakes in a call."""
    assert call.route is not None  # noqa: S101 - the router has set it
    if call.route.endpoint is create_message:
        _check_new_message(call)
    else:
        _check_parameters(call, call.route)
    _check_headers(call)


def _check_parameters(call: Call, route: Route) -> None:
    """Warn of unknown parameters, even in objects, and of flags that are neither 0 nor 1."""
    params = call.params
    if not params.keys() <= route.known:
        _check_names(call, "", params, route.known, certain="signature" not in route.known)
    for name, type_ in route.takes.items():
        if name in params:
            inner = type_.type if isinstance(type_, Needed) else type_
            if inner is Flag or inner is OffFlag:
                check_flag(call, name, int(inner is Flag))
            elif isinstance(inner, dict) and isinstance(params[name], dict):
                _check_names(call, name, params[name], inner.keys(), certain=True)


def _check_names(call: Call, wrapper: str, params: dict[str, Any], known: Collection[str], *, certain: bool) -> None:
    """Warn of unknown parameters; if an unknown one may have a purpose, only of those that resemble a known one."""
    names = {*known}
    for name in sorted(islice((name for name in params if name not in names), MAX_KEYS)):
        suggestion = similar_name(name, names)
        if certain and not wrapper and name in _HARMLESS:
            continue
        if certain and suggestion is None:
            suggestion = closest_name(name, names)
        shown = f"{wrapper}[{name}]" if wrapper else name
        if "[" in name and certain:
            outer, _, key = name.partition("[")
            remedy = f"in JSON write {outer}={{{key.partition(']')[0]!r}: ...}}"
        elif suggestion is not None:
            remedy = f"write {suggestion}"
        elif certain:
            remedy = f"omit it, or write one of {', '.join(sorted(names))}" if names else "omit it"
        else:
            continue
        call.warn(f"{shown}: is ignored, since this call has no such parameter; {remedy}")


def _check_new_message(call: Call) -> None:
    params, message = call.params, call.message
    sent_to_chat = message is not None and message.sent_to_chat
    if not params.keys() <= PARAMETERS:
        missing = PARAMETERS - params.keys()
        known = PARAMETERS if message is not None else PARAMETERS | {"system"}  # `system` is the reason of a refusal
        for name in islice((name for name in params if name not in known), MAX_KEYS):
            if text := _unknown_key_warning(name, params[name], missing, sent_to_chat):
                call.warn(text)
    if not sent_to_chat:
        check_flag(call, "send_to_chat", effect="no occupant is notified")
    if message is None or message.markable != 1:
        check_flag(call, "markable", effect="no receipt is requested")
    check_flag(call, "save_to_history", 0)
    if is_zero(params.get("save_to_history")) and not sent_to_chat:
        call.warn("save_to_history: has no effect without send_to_chat (assumed); write send_to_chat=1, or omit it")
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
    if sent_to_chat and isinstance(value, dict | list):
        problem = "is an object or a list, but in the chat a custom field is a string"
        return f"{name}: {problem} (the conversion is not documented); write it as a JSON string"
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
        effect = f"{dialog_id!r} is not a dialog id, so QuickBlox finds no dialog"
        call.warn(f"chat_dialog_id: {effect}; write the 24 hexadecimal digits of its _id")
    recipient = params.get("recipient_id")
    if dialog is None or recipient in (None, "", 0, "0") or not dialog_id:
        return
    if dialog.type is not DialogType.PRIVATE:
        effect = "is stored but has no effect, since the dialog is a group and every occupant receives the message"
        call.warn(f"recipient_id: {effect}; omit it, or omit chat_dialog_id to write to that user alone")
    elif whole_number(recipient) not in dialog.occupants_ids:
        effect = f"{recipient} is not in this private dialog, and chat_dialog_id takes precedence (assumed)"
        call.warn(f"recipient_id: {effect}; write only one of the two")


def _check_headers(call: Call) -> None:
    headers, params = call.request.headers, call.params
    token = headers.get("QB-Token")
    if token is not None and "token" in params and params["token"] != token:
        call.warn("token: is the name of a credential, so QuickBlox stores no such custom field; write another name")
    host = call.request.origin.partition("://")[2].lower()
    if ".quickblox.com" in host and not host.startswith("api"):  # the seven known hosts of customers begin so
        problem = "is not a host of the API, whose names begin with api; chat.quickblox.com is for XMPP"
        call.warn(f"{host}: {problem}; write api.quickblox.com, or the api host of the account")
    if ".quickblox.com" in host and call.request.origin.startswith("http:"):
        call.warn(f"{call.request.origin}: sends the token and the message without encryption; write https://{host}")
    content_type = headers.get("Content-Type", "")
    if content_type.startswith("multipart/") and params:
        call.warn("Content-Type: a multipart form is documented for uploads alone; write JSON, or a form")
    if "json" not in content_type and params and call.request.body.lstrip()[:1] == b"{":
        effect = "the fake read it as JSON, and QuickBlox may read it as a form; write application/json"
        call.warn(f"Content-Type: the body is JSON, but its label is {content_type or 'missing'}; {effect}")
    if call.caller.session is not None and "On-Behalf-Of" in headers:
        effect = f"is ignored without an API key, so the sender is the token's user {call.caller.user_id}"
        call.warn(f"On-Behalf-Of: {effect}; write Authorization: ApiKey <key>, or omit it")
    if token is not None and token != token.strip():
        call.warn("QB-Token: begins or ends with white space, which not every client sends; strip the token")
    for name in headers:
        if name != name.strip():
            problem = "is another header to QuickBlox, and not every client sends a header name with a space"
            call.warn(f"{name!r}: {problem}; write {name.strip()!r}")
