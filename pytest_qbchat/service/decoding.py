"""The parameters of a request, in any encoding.

Some clients mislabel their bodies: `urllib` labels every body as a form, and a copied header labels a form as JSON.
The fake therefore decides by the body, not by its label.

documented(overview), documented(REST description): a body is JSON, or a form with Rails-style brackets,
    `attachments[0][type]=image`.
observed(issue threads): brackets may be percent-encoded, although the overview asks for URLs that are not encoded.
observed(JavaScript SDK): parameters may be in the query string of any request.
documented(get-unread-message-count): parameters may be in the body of a GET for unread counts.
assumed: parameters may be in the body of any GET.
assumed: parameters in the body take precedence over those in the query string.
documented(delete-message): a form labelled as JSON is read as a form where messages are deleted.
assumed: a form labelled as JSON is read as a form in other calls.
assumed: JSON with another label is read as JSON; it causes a `QuickBloxWarning`.
assumed: a body that is blank, `null`, `[]` or `" "` has no parameters; clients send such bodies (observed).
assumed: the fields of a multipart form are parameters; clients send them (observed); it causes a `QuickBloxWarning`.
assumed: a body that is none of these, or is nested deeper than 100 levels, is refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any
from urllib.parse import parse_qsl

from pytest_qbchat.service.errors import invalid_utf8, unreadable_body
from pytest_qbchat.service.wire import Request

_BRACKETED = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")
_SEGMENT = re.compile(r"\[([^\[\]]*)\]")
_EMPTY = ("", "null", "[]", '""', '" "')
_NOT_A_FORM = ("[", '"', "\ufeff")  # JSON that is not an object, is encoded twice, or follows a byte order mark
_MAX_DEPTH = 100  # the limit of Rails for forms and JSON


def decode(request: Request) -> dict[str, Any]:
    """The parameters of a request: those of its query string, overridden by those of its body."""
    params = _decode_form(request.query) if request.query else {}
    if request.body:
        params.update(_decode_body(request))
    return params


def object_in(params: dict[str, Any], name: str) -> dict[str, Any]:
    """A parameter that is an object; empty if it is missing, or anything else."""
    value = params.get(name)
    return value if isinstance(value, dict) else {}


def _decode_body(request: Request) -> dict[str, Any]:
    if request.body.startswith(b"--") and (fields := form_fields(request)):
        return _nested((name, value.decode(errors="replace")) for name, value in fields.items())
    try:
        text = request.body.decode()
    except UnicodeDecodeError as error:
        raise invalid_utf8(f"the body is not UTF-8: {error}") from None
    first = text.lstrip()[:1]
    if first == "{":
        return _decode_json(text)
    if text.strip() in _EMPTY:
        return {}
    content_type = request.headers.get("Content-Type", "")
    if "=" in text and first not in _NOT_A_FORM and not content_type.startswith("multipart/"):
        return _decode_form(text)
    seen = f"it has {len(text)} characters and begins with {first!r}"  # not shown: it may contain a password
    raise unreadable_body(f"the body ({content_type or 'no content type'}) is neither a JSON object nor a form: {seen}")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number, or too large")
    return number


_decoder = json.JSONDecoder(parse_constant=_finite, parse_float=_finite)


def _decode_json(text: str) -> dict[str, Any]:
    params: dict[str, Any]
    try:
        # Deep nesting would exceed the recursion limit. Counting the brackets first is cheap.
        if text.count("[") + text.count("{") > _MAX_DEPTH:
            _refuse_deep(text)
        params = _decoder.decode(text)
        if "\\u" in text:  # half of a surrogate pair can be decoded, but not encoded in a response
            json.dumps(params, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise invalid_utf8(f"the JSON body escapes half of a surrogate pair: {error}") from None
    except ValueError as error:
        raise unreadable_body(f"the body begins like JSON but is invalid: {error}") from None
    return params


def _refuse_deep(text: str) -> None:
    """Raise ValueError if the brackets outside of strings are nested too deep."""
    depth = 0
    for bracket in re.sub(r'"(?:[^"\\]|\\.)*"', "", text, flags=re.DOTALL):
        depth += (bracket in "[{") - (bracket in "]}")
        if depth > _MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {_MAX_DEPTH} levels")


def _decode_form(text: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise invalid_utf8(f"the form escapes bytes that are not UTF-8: {error}") from None
    return _nested(pairs)


def form_fields(request: Request) -> dict[str, bytes]:
    """The fields of a multipart form; empty for any other body.

    The mail parser of Python would also parse the inside of an uploaded file that is a mail.
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
    return fields


def _nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Parameters from names with brackets."""
    params: dict[str, Any] = {}
    for name, value in pairs:
        bracketed = _BRACKETED.fullmatch(name)
        if bracketed is None:
            params[name] = value
        else:
            _nest(params, bracketed[1], _SEGMENT.findall(bracketed[2]), value)
    return params


def _nest(params: dict[str, Any], key: str, inner: list[str], value: str) -> None:
    """Store the value of `key[inner][inner]...`, as Rails does."""
    if len(inner) > _MAX_DEPTH:
        raise unreadable_body(f"the form nests {key!r} deeper than {_MAX_DEPTH} levels")
    if not inner:
        params[key] = value
        return
    segment, *rest = inner
    empty: Any = {} if segment else []
    child = params.setdefault(key, empty)
    if not isinstance(child, type(empty)):
        raise unreadable_body(f"the form gives {key!r} both as {type(child).__name__} and as another shape")
    if segment:
        _nest(child, segment, rest, value)
    elif not rest:
        child.append(value)
    else:
        # a[][x]=1&a[][y]=2&a[][x]=3: a key that the last element already has begins a new element.
        if not child or not isinstance(child[-1], dict) or rest[0] in child[-1]:
            child.append({})
        _nest(child[-1], rest[0], rest[1:], value)
