"""Makes the TLS context of a transport of httpx or httpx2 when it is first needed, while a fake is active.

Making a context takes 20 ms, which is most of a test that calls `httpx.post` or makes a client, and no call to
QuickBlox uses it. The patch points are the constructors of `HTTPTransport` and `AsyncHTTPTransport`. Whatever code does
with the context of a transport, it does with one that the library itself has made for this transport alone. A transport
with `verify` or `cert` of its own gets its context at once.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

from pytest_qbchat.intercept.patching import Function, PatchPoint, classes
from pytest_qbchat.service.interface import Fake


def patch_points(module: Any) -> Iterator[PatchPoint]:
    """The patch points in a library, which is httpx or httpx2."""
    for transport in classes(module, "HTTPTransport", "AsyncHTTPTransport"):
        yield PatchPoint(transport, "__init__", partial(_constructor, module))


LIBRARIES = dict.fromkeys(("httpx", "httpx2"), patch_points)


def _constructor(module: Any, function: Function, fakes: list[Fake]) -> Function:
    def construct(transport: Any, *args: Any, **kwargs: Any) -> None:
        # The library's clients use keywords.
        default = not args and kwargs.get("verify", True) is True and kwargs.get("cert") is None
        if fakes and default:
            make = partial(module.create_ssl_context, trust_env=kwargs.get("trust_env", True))
            kwargs["verify"] = LazyContext(make)
        function(transport, *args, **kwargs)

    return construct


class LazyContext:
    """Stands for a context that is made when any attribute of it is read or set."""

    def __init__(self, make: Callable[[], ssl.SSLContext]) -> None:
        object.__setattr__(self, "_made", cache(make))

    # Libraries check that it is a context.
    __class__ = property(lambda _: ssl.SSLContext)  # pyright: ignore[reportIncompatibleMethodOverride]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._made(), name, value)
