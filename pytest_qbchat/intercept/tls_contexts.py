"""Shares one TLS context among the transports of httpx and httpx2 with default trust, while a fake is active.

Making a context takes 20 ms, which is most of a test that calls `httpx.post` or makes a client, and no call to
QuickBlox uses it. The patch points are the constructors of `HTTPTransport` and `AsyncHTTPTransport`. The context is
made by the library's own `create_ssl_context`, so calls to other hosts are verified as before. A transport with
`verify` or `cert` of its own gets what it asks for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from ssl import SSLContext
from typing import Any

from pytest_qbchat.intercept.patching import Function, PatchPoint, classes
from pytest_qbchat.service.interface import Fake

_contexts: dict[tuple[object, ...], SSLContext] = {}


def patch_points(module: Any) -> Iterator[PatchPoint]:
    """The patch points in a library, which is httpx or httpx2."""
    for transport in classes(module, "HTTPTransport", "AsyncHTTPTransport"):
        yield PatchPoint(transport, "__init__", partial(_constructor, module))


LIBRARIES = dict.fromkeys(("httpx", "httpx2"), patch_points)


def _constructor(module: Any, function: Function, fakes: list[Fake]) -> Function:
    def construct(transport: Any, *args: Any, **kwargs: Any) -> None:
        # The library's clients use keywords.
        if fakes and not args and kwargs.get("verify", True) is True and kwargs.get("cert") is None:
            options = {"trust_env": kwargs.get("trust_env", True), "http2": kwargs.get("http2", False)}
            kwargs["verify"] = _context(module, **options)
        function(transport, *args, **kwargs)

    return construct


def _context(module: Any, *, trust_env: bool, http2: bool) -> SSLContext:
    """The context for what it depends on. Connections set the protocols of their context, so `http2` is part of it."""
    trusted = [_state(os.environ.get(name)) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")] if trust_env else []
    key = module.create_ssl_context, trust_env, http2, *trusted
    if key not in _contexts:
        _contexts[key] = module.create_ssl_context(trust_env=trust_env)
    return _contexts[key]


def _state(path: str | None) -> tuple[object, ...]:
    """A path of certificates, and whether the file has changed."""
    if not path:
        return ()
    try:
        status = os.stat(path)
    except OSError:
        return (path,)
    return path, status.st_mtime_ns, status.st_size
