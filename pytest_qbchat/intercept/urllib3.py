"""Intercepts urllib3, which requests is built on.

The patch points are `request()` and `getresponse()` of its connections, besides `connect()` and those of `http.client`,
from which the connections inherit. Pools, retries, redirects, timeouts and responses are urllib3's. A common request
reaches the fake as it is; all others, with a body that is a file for example, go through the bytes of `http_client.py`.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_qbchat.intercept.http_client import FakeResponse, FakeSocket, Target, connect_to_fake, prepare
from pytest_qbchat.intercept.patching import Function, InterceptedFake, PatchPoint, classes
from pytest_qbchat.server import http11


def patch_points(module: Any) -> Iterator[PatchPoint]:
    """The patch points in urllib3, but not in urllib3-future in its place."""
    for connection in classes(module, "HTTPConnection", "HTTPSConnection"):
        if issubclass(connection, http.client.HTTPConnection):
            yield PatchPoint(connection, "connect", connect_to_fake)
            if "getresponse" in vars(connection):  # not in urllib3 1
                yield PatchPoint(connection, "request", _request)
                yield PatchPoint(connection, "getresponse", _getresponse)


LIBRARIES = {"urllib3.connection": patch_points}

# Names that http.client refuses or sends with a warning, and values that it refuses or that urllib3 omits.
_UNUSUAL_NAME = re.compile(rb"[:\s]")
_UNUSUAL_VALUE = re.compile(rb"[\r\n]|@@@SKIP_HEADER@@@")


def _request(function: Function, fakes: list[InterceptedFake]) -> Function:
    def request(
        connection: Any,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        chunked: bool = False,
        **options: Any,
    ) -> None:
        __tracebackhide__ = True
        sock = prepare(connection, url, fakes)
        common = None if sock is None or chunked else _common_request(sock.target, method, url, body, headers or {})
        if sock is None or common is None:
            function(connection, method, url, body, headers, chunked=chunked, **options)
        else:
            sock.options = {**options, "request_method": method, "request_url": url}
            sock.answer(*common)

    return request


def _common_request(
    target: Target | None, method: str, url: str, body: Any, headers: Mapping[str, str]
) -> tuple[http11.Head, bytes] | None:
    """A request as urllib3 sends it; None if urllib3 has to encode the body, or to add or check a header."""
    content = body.encode() if isinstance(body, str) else b"" if body is None else body
    if target is None or not isinstance(content, bytes) or len(content) > http11.MAX_BODY_SIZE:
        return None
    try:
        sent = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
    except (AttributeError, UnicodeEncodeError):
        return None
    given = {name.lower(): value for name, value in sent}
    names, values = b"".join(given), b"".join(given.values())
    length = b"%d" % len(content)
    added = {b"Host": target.origin.partition("://")[2].encode(), b"Accept-Encoding": b"identity"}
    if body is not None:
        added[b"Content-Length"] = length
    elif method not in ("GET", "DELETE") and b"content-length" not in given:
        return None
    if (
        len(given) != len(sent)
        or given.get(b"content-length", length) != length
        or b"user-agent" not in given
        or b"transfer-encoding" in given
        or not (method.isalpha() and url.isascii() and url.isprintable() and " " not in url)
        or _UNUSUAL_NAME.search(names)
        or _UNUSUAL_VALUE.search(values)
        or len(names + values) > http11.MAX_HEAD_SIZE // 2
    ):
        return None
    before = [(name, value) for name, value in added.items() if name.lower() not in given]
    return http11.Head(method.upper(), url, b"1.1", [*before, *sent]), content


def _getresponse(function: Function, fakes: list[InterceptedFake]) -> Function:
    def getresponse(connection: Any) -> Any:
        __tracebackhide__ = True
        sock = connection.sock
        if not isinstance(sock, FakeSocket) or sock.options is None:
            return function(connection)
        from urllib3 import HTTPHeaderDict, HTTPResponse  # noqa: PLC0415 - the library is there when this is called

        options, sock.options = sock.options, None
        response = FakeResponse(sock, method=options["request_method"])
        try:
            response.begin()
        except ConnectionError:
            connection.close()
            raise
        answer = HTTPResponse(
            body=response,
            headers=HTTPHeaderDict(response.raw_headers),
            status=response.status,
            version=response.version,
            reason=response.reason,
            original_response=response,
            **options,
        )
        answer.version_string = "HTTP/1.1"
        return answer

    return getresponse
