"""/qbprod: where the bytes of files are, in place of QuickBlox's storage provider (S3, whose answers it gives)."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesHeaderParser
from hashlib import md5
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.endpoints.account import BUCKET
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import Request, Response


def upload(store: Store, call: Call) -> Response:
    """POST /qbprod: upload a file to the address that its declaration returned.

    - The body is multipart: each item of the address's query as a field, then `file`, last (documented, REST
      description; observed, JavaScript SDK). What comes after it is not read (assumed, as S3 does).
    - The reply has status 201 and is XML with Location, Bucket, Key and ETag (documented, REST description).
    - An unknown `key`, or a form without the policy and the signature of the address, is refused as access denied; no
      `key` or no `file` as an invalid argument (assumed, as S3 does).
    """
    form = _fields(call.request)
    key = form.get("key", b"").decode(errors="replace")
    blob = store.blob_of_uid(key)
    if "file" not in form or not key:
        call.reason = "the upload needs the fields of the address, and then file"
        return _refused(400, "InvalidArgument", "POST requires exactly one file upload per request.")
    if blob is None:
        call.reason = f"no blob was declared with the key {key!r}"
        return _refused(403, "AccessDenied", "Invalid according to Policy: Policy Condition failed")
    if missing := [name for name in _SIGNED if name not in form]:
        call.reason = f"the upload lacks {', '.join(missing)}: send each field of blob_object_access.params"
        return _refused(403, "AccessDenied", "Access Denied")
    blob.content = form["file"]
    etag = f'"{md5(blob.content, usedforsecurity=False).hexdigest()}"'
    location = f"{call.request.base}/{BUCKET}/{key}"
    text = (
        f"<PostResponse><Location>{escape(location)}</Location><Bucket>{BUCKET}</Bucket><Key>{escape(key)}</Key>"
        f"<ETag>{escape(etag)}</ETag></PostResponse>"
    )
    return _xml(201, text)


def download(store: Store, call: Call, uid: str) -> Response:
    """GET /qbprod/{uid}: a file.

    - The reply is what was uploaded, with the type that was declared (documented, REST description).
    - A private file needs the signature that the redirect gave (assumed).
    """
    blob = store.blob_of_uid(uid)
    if blob is None or blob.content is None:
        call.reason = f"nothing was uploaded for {uid!r}"
        return _refused(404, "NoSuchKey", "The specified key does not exist.")
    if not blob.public and not dict(parse_qsl(call.request.query)).get("Signature"):
        call.reason = f"blob {blob.id} is private: ask /blobs/{uid} for its address"
        return _refused(403, "AccessDenied", "Access Denied")
    headers = [
        (b"Content-Type", blob.content_type.encode("latin-1", "replace")),
        (b"Content-Length", b"%d" % len(blob.content)),
    ]
    return Response(200, headers, blob.content)


_SIGNED = ("policy", "x-amz-signature")


def _fields(request: Request) -> dict[str, bytes]:
    """The fields of a multipart form up to its file; empty if it is none.

    A parser for mail would look into a file that is itself a mail, or an archive of parts.
    """
    label = Message()
    label["Content-Type"] = request.headers.get("Content-Type", "")
    boundary = (label.get_boundary() or "").encode("latin-1", "replace")
    fields: dict[str, bytes] = {}
    for part in (b"\r\n" + request.body).split(b"\r\n--" + boundary)[1:] if boundary else ():
        head, blank, content = part.partition(b"\r\n\r\n")
        name = BytesHeaderParser().parsebytes(head.lstrip()).get_param("name", header="Content-Disposition")
        if blank and isinstance(name, str):
            fields[name] = content
            if name == "file":
                break
    return fields


def _refused(status: int, code: str, text: str) -> Response:
    return _xml(status, f"<Error><Code>{code}</Code><Message>{text}</Message></Error>")


def _xml(status: int, text: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Response(status, [(b"Content-Type", b"application/xml"), (b"Content-Length", b"%d" % len(body))], body)
