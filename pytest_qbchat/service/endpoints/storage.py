"""/qbprod: the download of files. It stands in for QuickBlox's storage provider, S3, and responds like it."""

from __future__ import annotations

from urllib.parse import parse_qsl

from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Reply, route
from pytest_qbchat.service.endpoints.account import BUCKET
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import Response


@route("GET", f"/{BUCKET}/{{uid}}", replies={200: bytes, 403: str, 404: str}, callers="anybody", raw=True)
def download(store: Store, call: Call, uid: str) -> Reply:
    """A file, from the storage provider.

    assumed: the reply is the uploaded file with the declared type.
    assumed: a private file needs the signature in the address of the redirect.
    assumed: the status and the XML of a refusal are those of S3.
    """
    blob = store.blob_of_uid(uid)
    if blob is None or blob.content is None:
        call.reason = f"nothing was uploaded for {uid!r}"
        return _error_response(404, "NoSuchKey", "The specified key does not exist.")
    if not blob.public and not dict(parse_qsl(call.request.query)).get("Signature"):
        call.reason = f"blob {blob.id} is private; GET /blobs/{uid} redirects to its address"
        return _error_response(403, "AccessDenied", "Access Denied")
    return _response(200, blob.content_type.encode("latin-1", "replace"), blob.content)


def _error_response(status: int, code: str, text: str) -> Response:
    error = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
    return _response(status, b"application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{error}'.encode())


def _response(status: int, content_type: bytes, body: bytes) -> Response:
    return Response(status, [(b"Content-Type", content_type), (b"Content-Length", b"%d" % len(body))], body)
