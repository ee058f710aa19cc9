"""The attachments of a message: their forms in a request, and the mistakes in them."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any, TypedDict

from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Mark, Number
from pytest_qbchat.service.spelling import similar_name

Attachment = TypedDict(
    "Attachment",
    {
        "type": str, "id": str, "url": str, "data": str, "name": str, "size": Number, "width": Number,
        "height": Number, "duration": Number, "content-type": str, "uid": str,
    },
    total=False,
)  # fmt: skip
Attachments = Annotated[dict[str, Attachment], Mark(propertyNames={"pattern": r"^\d+$"})]  # by index
ATTACHMENT_KEYS = Attachment.__annotations__.keys()
_REMEDY = "post JSON with attachments={'0': {'type': ..., 'id': ...}}"
_MAX_SHOWN = 60  # characters
MAX_KEYS = 100  # the keys checked in one object, of which a request may have any number


def attachments(value: Any) -> list[dict[str, Any]]:
    """The attachments in an object with index keys, in index order, or in a list. Any other value has none."""
    if isinstance(value, dict):
        # Sorted as strings, shorter ones first: a conversion to int would fail for a huge index.
        value = [value[key] for key in sorted(sorted(filter(str.isdecimal, value)), key=len)]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def check_attachments(call: Call, given: Any) -> None:
    """Warn of attachments that QuickBlox loses, or that receivers cannot use."""
    if isinstance(given, str):
        shown = given if len(given) <= _MAX_SHOWN else f"{given[:_MAX_SHOWN]}…"
        call.warn(f"attachments: arrived as the string {shown!r}, so QuickBlox stores none; {_REMEDY}")
    elif isinstance(given, list) and attachments(given) and call.message is not None and not call.message.attachments:
        call.warn(f"attachments: arrived as a list, so QuickBlox stores none; {_REMEDY}")
    elif isinstance(given, list):
        call.warn(f"attachments: is a list, which QuickBlox lost in 2016, and may still lose; {_REMEDY}")
        for position, item in enumerate(given[:MAX_KEYS]):
            _check_attachment(call, position, item)
    elif not isinstance(given, dict):
        call.warn(f"attachments: {given!r} is not an object, so QuickBlox stores none (assumed); {_REMEDY}")
    elif not given.keys().isdisjoint(ATTACHMENT_KEYS) and not any(isinstance(item, dict) for item in given.values()):
        problem = "is one attachment, but QuickBlox expects an object of attachments and stores none"
        call.warn(f"attachments: {problem}; {_REMEDY}")
    else:
        for key, item in islice(given.items(), MAX_KEYS):
            if key.isdecimal():
                _check_attachment(call, key, item)
            else:
                problem = f"{key!r} is not an index, so this attachment is lost (assumed)"
                call.warn(f"attachments[{key}]: {problem}; write the keys '0', '1', ...")


def _check_attachment(call: Call, key: str | int, item: Any) -> None:
    where = f"attachments[{key}]"
    if not isinstance(item, dict):
        call.warn(f"{where}: arrived as {item!r}, so QuickBlox stores no such attachment; {_REMEDY}")
        return
    if not item.get("type"):
        remedy = "write type='image', 'video', 'audio' or 'location'"
        call.warn(f"{where}: has no type, so receivers cannot show it; {remedy}")
    if not (item.get("id") or item.get("url") or item.get("data") or item.get("uid")):
        call.warn(f"{where}: has neither id nor url, so receivers cannot fetch it; write the id of the uploaded file")
    if not item.keys() <= ATTACHMENT_KEYS:
        for name in sorted(islice((key for key in item if key not in ATTACHMENT_KEYS), MAX_KEYS)):
            suggestion = similar_name(name, ATTACHMENT_KEYS) or "a custom field of the message, or omit it"
            call.warn(f"{where}: {name!r} is not a documented key, and QuickBlox may drop it; write {suggestion}")
