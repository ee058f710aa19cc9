"""/qbprod: upload and download of files. It stands in for QuickBlox's storage provider, S3, and responds like it."""

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

    - The body is multipart. Each parameter in the query of the address is a field (documented, REST description), and
      `file` is the last field (observed, JavaScript SDK). Fields after `file` are not read (assumed, as S3 does).
    - The reply has Location, Bucket, Key and ETag (documented, REST description), as XML (assumed, as S3 does). Its
      status is 201 (documented, old developer wiki), although the REST description says 200.
    - A form without `key` or `file` is refused as InvalidArgument. A form with an unknown `key`, or without the policy
      and the signature of the address, is refused as AccessDenied (assumed, as S3 does).
    """
    form = form_fields(call.request, last="file")
    key = form.get("key", b"").decode(errors="replace")
    blob = store.blob_of_uid(key)
    if "file" not in form or not key:
        call.reason = "the upload lacks key or file; send each field of blob_object_access.params, then file"
        return _error_response(400, "InvalidArgument", "POST requires exactly one file upload per request.")
    if blob is None:
        call.reason = f"no blob was declared with the key {key!r}"
        return _error_response(403, "AccessDenied", "Invalid according to Policy: Policy Condition failed")
    if missing := [name for name in _SIGNED if name not in form]:
        call.reason = f"the upload lacks {', '.join(missing)}; send each field of blob_object_access.params"
        return _error_response(403, "AccessDenied", "Access Denied")
    blob.content = form["file"]
    etag = f'"{md5(blob.content, usedforsecurity=False).hexdigest()}"'
    location = f"{call.request.base}/{BUCKET}/{key}"
    text = (
        f"<PostResponse><Location>{escape(location)}</Location><Bucket>{BUCKET}</Bucket><Key>{escape(key)}</Key>"
        f"<ETag>{escape(etag)}</ETag></PostResponse>"
    )
    return _xml_response(201, text)


def download(store: Store, call: Call, uid: str) -> Response:
    """GET /qbprod/{uid}: download a file.

    - The reply is the uploaded file with the declared type (assumed).
    - A private file needs the signature in the address of the redirect (assumed).
    """
    blob = store.blob_of_uid(uid)
    if blob is None or blob.content is None:
        call.reason = f"nothing was uploaded for {uid!r}"
        return _error_response(404, "NoSuchKey", "The specified key does not exist.")
    if not blob.public and not dict(parse_qsl(call.request.query)).get("Signature"):
        call.reason = f"blob {blob.id} is private; GET /blobs/{uid} redirects to its address"
        return _error_response(403, "AccessDenied", "Access Denied")
    headers = [
        (b"Content-Type", blob.content_type.encode("latin-1", "replace")),
        (b"Content-Length", b"%d" % len(blob.content)),
    ]
    return Response(200, headers, blob.content)


_SIGNED = ("policy", "x-amz-signature")


def form_fields(request: Request, *, last: str = "") -> dict[str, bytes]:
    """The fields of a multipart form, up to the one called `last` if it is given; empty for any other body.

    A parser for mail would also parse an uploaded file that is itself a mail.
    """
    header = Message()
    header["Content-Type"] = request.headers.get("Content-Type", "")
    boundary = (header.get_boundary() or "").encode("latin-1", "replace")
    fields: dict[str, bytes] = {}
    for part in (b"\r\n" + request.body).split(b"\r\n--" + boundary)[1:] if boundary else ():
        head, blank, content = part.partition(b"\r\n\r\n")
        name = BytesHeaderParser().parsebytes(head.lstrip()).get_param("name", header="Content-Disposition")
        if blank and isinstance(name, str):
            fields[name] = content
            if name == last:
                break
    return fields


def _error_response(status: int, code: str, text: str) -> Response:
    return _xml_response(status, f"<Error><Code>{code}</Code><Message>{text}</Message></Error>")


def _xml_response(status: int, text: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Response(status, [(b"Content-Type", b"application/xml"), (b"Content-Length", b"%d" % len(body))], body)
