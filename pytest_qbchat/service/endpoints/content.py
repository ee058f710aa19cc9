"""/blobs: uploaded files, in the order of the QuickBlox reference. `storage` has the upload and the download."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pytest_qbchat.service.authentication import authenticate, require_user
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.endpoints.account import ACCOUNT_ID, BUCKET
from pytest_qbchat.service.endpoints.storage import form_fields
from pytest_qbchat.service.errors import bad_upload, invalid, no_permission, not_found
from pytest_qbchat.service.flags import is_one
from pytest_qbchat.service.ids import timestamp, whole_number
from pytest_qbchat.service.models import Blob
from pytest_qbchat.service.queries import paged
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import Response

_ACCESS_LIFETIME = 60 * 60  # seconds (assumed)


def create_blob(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """POST /blobs.json: declare a file, and get the address to upload it to.

    - The reply has status 201 and is wrapped in `blob` (documented, REST description). Fields that the upload sets are
      null (documented, create-file).
    - `blob[content_type]` and `blob[name]` are required (documented, REST description; the refusal is assumed).
      `blob[public]` makes the file readable without a token (documented, REST description).
    - The reply also has `account_id` and `app_id` (documented, create-file).
    - `blob_object_access.params` is the address of the upload, `/blobs/{id}/upload/` with the fields of the upload as
      its query (documented, create-file), on the host of the request.
    - A user is needed, or an API key (documented, authentication).
    """
    owner = _require_owner(store, call)
    params = _blob_params(call)
    missing = {name: "can't be blank" for name in ("content_type", "name") if not params.get(name)}
    if missing:
        raise invalid(f"the request has no {', '.join(f'blob[{name}]' for name in missing)}", **missing)
    now = int(call.now)
    public = is_one(params.get("public")) or params.get("public") in (True, "true")
    blob = store.add_blob(str(params["name"]), str(params["content_type"]), user_id=owner, public=public)
    expires = timestamp(now + _ACCESS_LIFETIME)
    fields = {
        "acl": "public-read" if public else "authenticated-read",
        "content_type": blob.content_type,
        "expires": f"{expires[:10]} {expires[11:19]} UTC",
        "key": blob.uid,
        "policy": "made-up-policy",
        "success_action_status": 201,
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "made-up-credential",
        "x-amz-date": timestamp(now),
        "x-amz-signature": "made-up-signature",
    }
    access = {
        "id": blob.id,
        "blob_id": blob.id,
        "expires": expires,
        "object_access_type": "Write",
        "params": f"{call.request.base}/blobs/{blob.id}/upload/?{urlencode(fields)}",
    }
    of_application = {"account_id": ACCOUNT_ID, "app_id": int(store.application_id)}
    return 201, {"blob": {**blob.as_dict(), **of_application, "blob_object_access": access}}


def upload_blob(store: Store, call: Call, id: str) -> tuple[int, str]:
    """POST /blobs/{id}/upload: upload a file.

    - The body is multipart with `key`, the uid of the file, and `file` (documented, upload-file), in any order; other
      fields are ignored (assumed).
    - The reply has status 201 (documented, upload-file) and is empty (documented, upload-file). No token is needed
      (documented, upload-file).

    Refused with 404 for a missing file, 403 for another key, 400 without `key` or `file` (assumed).
    """
    blob = _require_blob(store, id)
    form = form_fields(call.request)
    if not form.get("key") or "file" not in form:
        raise bad_upload("the upload lacks key or file; send a multipart form with key, the uid of the blob, then file")
    if form["key"].decode(errors="replace") != blob.uid:
        raise no_permission(f"the key is not the uid {blob.uid} of blob {id}")
    blob.content = form["file"]
    return 201, ""


def list_blobs(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """GET /blobs.json: one page of the caller's files.

    - The reply is a page, as for users (documented, REST description). Each item is wrapped in `blob` (documented,
      list-files). An API key alone sees all files (assumed).
    - An application session may read (documented, authentication) the files that are public or have no owner (assumed).
    """
    caller = call.caller
    blobs = [
        blob
        for blob in store.blobs.values()
        if caller.has_full_access or blob.user_id == caller.user_id or (caller.user_id is None and blob.public)
    ]
    return 200, paged(call, blobs, "blob")


def get_blob(store: Store, call: Call, id: str) -> tuple[int, dict[str, Any]] | Response:
    """GET /blobs/{id}.json: the record of a file; GET /blobs/{uid}: the file itself.

    - By id the reply is wrapped in `blob` (documented, REST description).
    - By uid it is a redirect to the storage, with status 301 (documented, REST description), although the old wiki says
      200. A private file needs a token, a public one does not (documented, REST description).

    Refused with 404 for a missing file; by id with 403 for the private file of another user (assumed).
    """
    by_uid = store.blob_of_uid(id)
    if by_uid is not None and by_uid.public:
        return _redirect(call, by_uid)
    call.caller = authenticate(store, call)
    if by_uid is not None:
        return _redirect(call, by_uid)
    return 200, {"blob": _require_visible_blob(store, call, id).as_dict()}


def download_blob(store: Store, call: Call, id: str) -> tuple[int, dict[str, Any]] | Response:
    """GET /blobs/{id}/download: the file with an id or a uid, also with `.json` or `.xml` at the end.

    - The path is that of an id (documented, old developer wiki); with a uid it is used too (observed, public clients).
      The reply is as for the uid alone (assumed).
    - A private file needs a token, in the header or as `token=` (observed, public clients).

    Refused with 404 for a missing file, 403 by id for the private file of another user (assumed).
    """
    by_uid = store.blob_of_uid(id)
    blob = by_uid or store.blobs.get(whole_number(id) or 0)
    if blob is None or not blob.public:
        call.caller = authenticate(store, call)
    return _redirect(call, by_uid or _require_visible_blob(store, call, id))


def complete_blob(store: Store, call: Call, id: str) -> tuple[int, str]:
    """PUT /blobs/{id}/complete.json: declare that a file was uploaded.

    - The reply is empty, and `blob_status` becomes "complete" (documented, REST description). `blob[size]` (documented,
      REST description) or `size` (observed, JavaScript SDK) is required (the refusal is assumed).
    - A missing upload, or a wrong size, is accepted (assumed); the fake warns of it.

    Refused with 404 for a missing file, 403 for the file of another user, 422 without a size.
    """
    blob = _require_own_blob(store, call, id)
    size = whole_number(_blob_params(call).get("size", call.params.get("size")))
    if size is None:
        raise invalid("blob[size] is missing or invalid; expected the number of bytes", size="is not a number")
    if blob.content is None:
        call.warn(f"blob {blob.id}: is empty, since nothing was uploaded to its blob_object_access.params")
    elif len(blob.content) != size:
        call.warn(f"blob[size]: is {size}, but {len(blob.content)} bytes were uploaded")
    blob.complete(size, int(call.now))
    return 200, ""


def update_blob(store: Store, call: Call, id: str) -> tuple[int, dict[str, Any]]:
    """PUT /blobs/{id}.json: change the name or the type of a file.

    - The reply is wrapped in `blob` (documented, REST description). `public` cannot be changed (assumed).

    Refused with 404 for a missing file, 403 for the file of another user.
    """
    blob = _require_own_blob(store, call, id)
    for name, value in _blob_params(call).items():
        if name not in ("name", "content_type"):
            call.warn(f"blob[{name}]: is ignored; QuickBlox changes only name and content_type")
        elif value:
            setattr(blob, name, str(value))
    blob.updated = int(call.now)
    return 200, {"blob": blob.as_dict()}


def delete_blob(store: Store, call: Call, id: str) -> tuple[int, str]:
    """DELETE /blobs/{id}.json: delete a file.

    - The reply is empty (documented, REST description).

    Refused with 404 for a missing file, 403 for the file of another user.
    """
    del store.blobs[_require_own_blob(store, call, id).id]
    return 200, ""


def _blob_params(call: Call) -> dict[str, Any]:
    params = call.params.get("blob")
    return params if isinstance(params, dict) else {}


def _require_owner(store: Store, call: Call) -> int | None:
    """The caller as the owner of files; None for an API key alone, which may change every file."""
    return None if call.caller.has_full_access else require_user(store, call)


def _require_blob(store: Store, id: str) -> Blob:
    blob = store.blobs.get(whole_number(id) or 0)
    if blob is None:
        raise not_found(f"there is no blob {id!r}")
    return blob


def _require_visible_blob(store: Store, call: Call, id: str) -> Blob:
    """The blob of an id, which the caller may read."""
    blob = _require_blob(store, id)
    if not blob.public and not call.caller.has_full_access and call.caller.user_id != blob.user_id:
        raise no_permission(f"blob {id} is private, and its owner is {_owner_name(blob)}")
    return blob


def _require_own_blob(store: Store, call: Call, id: str) -> Blob:
    """The blob of an id, which the caller may change."""
    blob = _require_blob(store, id)
    caller = _require_owner(store, call)
    if caller not in (None, blob.user_id):
        raise no_permission(f"user {caller} may not change blob {id}; its owner is {_owner_name(blob)}")
    return blob


def _owner_name(blob: Blob) -> str:
    return "the application" if blob.user_id is None else f"user {blob.user_id}"


def _redirect(call: Call, blob: Blob) -> Response:
    access = urlencode({"Expires": int(call.now) + _ACCESS_LIFETIME, "Signature": "made-up-signature"})
    location = f"{call.request.base}/{BUCKET}/{blob.uid}?{access}"
    return Response(301, [(b"Location", location.encode()), (b"Content-Length", b"0")], b"")
