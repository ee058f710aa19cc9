"""/blobs: uploaded files, in the order of the QuickBlox reference. `storage` has the upload and the download."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict
from urllib.parse import urlencode

from pytest_qbchat.service.authentication import authenticate, require_user
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Also, Digits, Needed, Number, Reply, Time, page_of, refuses, route
from pytest_qbchat.service.decoding import form_fields, object_in
from pytest_qbchat.service.endpoints.account import ACCOUNT_ID, BUCKET
from pytest_qbchat.service.errors import bad_upload, invalid, no_permission, not_found
from pytest_qbchat.service.flags import is_one
from pytest_qbchat.service.ids import timestamp, whole_number
from pytest_qbchat.service.models import Blob
from pytest_qbchat.service.models.blob import BlobRecord
from pytest_qbchat.service.queries import paged
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import Response

_ACCESS_LIFETIME = 60 * 60  # seconds (assumed)
_Public = Annotated[bool, Also(enum=["true", "false", "0", "1"]), Also(enum=[0, 1])]
_NEW_BLOB = Needed({"content_type": Needed(str), "name": Needed(str), "public": _Public, "tag_list": str})
_UPLOAD = {"key": Needed(str), "file": Needed(bytes)}
_CHANGES = {"name": str, "content_type": str}


class BlobAccess(TypedDict):
    """The right to upload a file."""

    id: int
    blob_id: int
    expires: Time
    object_access_type: Literal["Write"]
    params: str


class NewBlobRecord(BlobRecord):
    """A file whose content may be uploaded."""

    account_id: int
    app_id: int
    blob_object_access: BlobAccess


@route("POST", "/blobs", takes={"blob": _NEW_BLOB}, replies={201: {"blob": NewBlobRecord}}, callers="user or key")
@refuses(invalid)
def create_blob(store: Store, call: Call) -> Reply:
    """Declare a file, and get the address to upload it to.

    documented(REST description): the reply has status 201 and is wrapped in `blob`.
    documented(create-file): the reply has null in the fields that the upload sets.
    documented(REST description): `content_type` and `name` are required.
    assumed: a file without `content_type` or `name` is refused.
    documented(REST description): `public` makes the file readable without a token.
    documented(create-file): the reply also has `account_id` and `app_id`.
    documented(create-file): `blob_object_access.params` in the reply is the address of the upload,
        `/blobs/{id}/upload/` with the fields of the upload as its query.
    assumed: the address of the upload is on the host of the request.
    documented(authentication): a user is needed, or an API key.
    """
    owner = _require_owner(store, call)
    params = object_in(call.params, "blob")
    missing = {name: "can't be blank" for name in ("content_type", "name") if not params.get(name)}
    if missing:
        raise invalid(f"the request has no {', '.join(f'blob[{name}]' for name in missing)}", **missing)
    public = is_one(params.get("public")) or params.get("public") in (True, "true")
    blob = store.add_blob(str(params["name"]), str(params["content_type"]), user_id=owner, public=public)
    expires = timestamp(int(call.now) + _ACCESS_LIFETIME)
    fields = {
        "acl": "public-read" if public else "authenticated-read",
        "content_type": blob.content_type,
        "expires": f"{expires[:10]} {expires[11:19]} UTC",
        "key": blob.uid,
        "policy": "made-up-policy",
        "success_action_status": 201,
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "made-up-credential",
        "x-amz-date": timestamp(int(call.now)),
        "x-amz-signature": "made-up-signature",
    }
    address = f"{call.request.base}/blobs/{blob.id}/upload/?{urlencode(fields)}"
    access = {"id": store.ids.number(), "blob_id": blob.id, "expires": expires, "object_access_type": "Write"}
    of_application = {"account_id": ACCOUNT_ID, "app_id": int(store.application_id)}
    return 201, {"blob": {**blob.as_dict(), **of_application, "blob_object_access": {**access, "params": address}}}


@route("POST", "/blobs/{id}/upload", takes=_UPLOAD, replies={201: None}, callers="anybody", raw=True)
@refuses(bad_upload, no_permission, not_found)
def upload_blob(store: Store, call: Call, blob_id: Digits) -> Reply:
    """Upload a file.

    documented(upload-file): the body is multipart with `key`, the uid of the file, and `file`.
    assumed: the fields may be in any order, and others are ignored.
    documented(upload-file): the status is 201.
    documented(upload-file): the reply is empty.
    documented(upload-file): no token is needed.
    assumed: a missing file is refused with 404, another key with 403, a missing `key` or `file` with 400.
    """
    blob = _require_blob(store, blob_id)
    form = form_fields(call.request)
    if not form.get("key") or "file" not in form:
        raise bad_upload("the upload lacks key or file; send a multipart form with key, the uid of the blob, then file")
    if form["key"].decode(errors="replace") != blob.uid:
        raise no_permission(f"the key is not the uid {blob.uid} of blob {blob_id}")
    blob.content = form["file"]
    return 201, ""


@route("GET", "/blobs", paged=True, replies={200: page_of("blob", BlobRecord)}, callers="session or key")
def list_blobs(store: Store, call: Call) -> Reply:
    """One page of the caller's files.

    documented(REST description): the reply is a page, as for users.
    documented(list-files): each item of the reply is wrapped in `blob`.
    assumed: an API key alone sees all files.
    documented(authentication): an application session may read.
    assumed: an application session sees the files that are public or have no owner.
    """
    caller = call.caller
    blobs = [*store.blobs.values()]
    if not caller.has_full_access:
        user = caller.user_id
        blobs = [blob for blob in blobs if blob.user_id == user or (user is None and blob.public)]
    return 200, paged(call, blobs, "blob")


@route("GET", "/blobs/{id}", replies={200: {"blob": BlobRecord}, 301: None}, callers="anybody")
@refuses(not_found, no_permission)
def get_blob(store: Store, call: Call, blob_id: str) -> Reply:
    """The record of a file by its id, or the file itself by its uid.

    documented(REST description): by id the reply is wrapped in `blob`.
    documented(REST description): by uid the reply is a redirect to the storage, with status 301, although the old
        developer wiki says 200.
    documented(REST description): a private file needs a token, a public one does not.
    assumed: the private file of another user is refused by id with 403.
    """
    by_uid = store.blob_of_uid(blob_id)
    if by_uid is None or not by_uid.public:
        call.caller = authenticate(store, call)
    if by_uid is not None:
        return _redirect(call, by_uid)
    return 200, {"blob": _require_visible_blob(store, call, blob_id).as_dict()}


@route("GET", "/blobs/{id}/download", "/blobs/{id}/download.xml", replies={301: None}, callers="anybody")
@refuses(not_found, no_permission)
def download_blob(store: Store, call: Call, blob_id: str) -> Reply:
    """The file with an id or a uid.

    documented(old developer wiki): the path has the id of the file, and may end in `.json` or `.xml`.
    observed(public clients): the path is used with a uid too.
    assumed: the reply is as for the uid alone.
    observed(public clients): a private file needs a token, in the header or as `token=`.
    assumed: the private file of another user is refused by id with 403.
    """
    by_uid = store.blob_of_uid(blob_id)
    blob = by_uid or store.blobs.get(whole_number(blob_id) or 0)
    if blob is None or not blob.public:
        call.caller = authenticate(store, call)
    return _redirect(call, by_uid or _require_visible_blob(store, call, blob_id))


@route("PUT", "/blobs/{id}/complete", takes={"blob": {"size": Number}, "size": Number}, callers="user or key")
@refuses(invalid, not_found, no_permission)
def complete_blob(store: Store, call: Call, blob_id: Digits) -> Reply:
    """Declare that a file was uploaded.

    documented(REST description): the reply is empty, and `blob_status` of the file becomes "complete".
    documented(REST description): `blob[size]` is the number of bytes.
    observed(JavaScript SDK): `size` at the top level is the number of bytes.
    assumed: a call without a size is refused.
    assumed: a missing upload, or a wrong size, is accepted; the fake warns of it.
    """
    blob = _require_own_blob(store, call, blob_id)
    size = whole_number(object_in(call.params, "blob").get("size", call.params.get("size")))
    if size is None:
        raise invalid("blob[size] is missing or invalid; expected the number of bytes", size="is not a number")
    if blob.content is None:
        call.warn(f"blob {blob.id}: is empty, since nothing was uploaded to its blob_object_access.params")
    elif len(blob.content) != size:
        call.warn(f"blob[size]: is {size}, but {len(blob.content)} bytes were uploaded")
    blob.complete(size, int(call.now))
    return 200, ""


@route("PUT", "/blobs/{id}", takes={"blob": _CHANGES}, replies={200: {"blob": BlobRecord}}, callers="user or key")
@refuses(not_found, no_permission)
def update_blob(store: Store, call: Call, blob_id: Digits) -> Reply:
    """Change the name or the type of a file.

    documented(REST description): the reply is wrapped in `blob`.
    assumed: `public` cannot be changed.
    """
    blob = _require_own_blob(store, call, blob_id)
    params = object_in(call.params, "blob")
    for name in ("name", "content_type"):
        if params.get(name):
            setattr(blob, name, str(params[name]))
    blob.updated = int(call.now)
    return 200, {"blob": blob.as_dict()}


@route("DELETE", "/blobs/{id}", callers="user or key")
@refuses(not_found, no_permission)
def delete_blob(store: Store, call: Call, blob_id: Digits) -> Reply:
    """Delete a file.

    documented(REST description): the reply is empty.
    """
    del store.blobs[_require_own_blob(store, call, blob_id).id]
    return 200, ""


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
