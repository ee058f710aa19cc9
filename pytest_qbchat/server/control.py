"""`POST /_qbchat/fail`, by which clients in other languages inject a fault through a live server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pytest_qbchat.server.http11 import refusal
from pytest_qbchat.service.spelling import closest_name
from pytest_qbchat.service.wire import Request, Response

CONTROL_PREFIX = "/_qbchat"
FAIL_PATH = f"{CONTROL_PREFIX}/fail"
_EXAMPLE = '{"what": "timeout", "stored": true}'
_TYPES: dict[str, Any] = {"what": int | str, "times": int, "method": str, "path": str, "stored": bool, "optional": bool}


def is_control(path: str) -> bool:
    """Whether a request is for the server and not for the API: pages of other origins must not send it."""
    return path == CONTROL_PREFIX or path.startswith(f"{CONTROL_PREFIX}/")


def refusal_of_page(request: Request) -> str:
    """Why a page of another origin may not send a control request; empty for other senders."""
    origin = request.headers.get("Origin")
    if origin in (None, request.origin):
        return ""
    return f"a page of {origin} may not send control requests; send them from the tests"


def inject_fault(fail: Callable[..., None], request: Request) -> Response:
    """Inject the fault that a request describes with `FakeQuickBlox.fail`: 204, or 400 or 403 with what is wrong."""
    if reason := refusal_of_page(request):
        return refusal(403, reason)
    try:
        fail(**_arguments(request.body))
    except (TypeError, ValueError) as error:
        return refusal(400, str(error).encode(errors="replace").decode())
    return Response(204, [], b"")


def _arguments(body: bytes) -> dict[str, Any]:
    """The arguments of `FakeQuickBlox.fail` in a JSON object. Raises ValueError for anything else."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or "what" not in given:
        raise ValueError(f"expected a JSON object with what, such as {_EXAMPLE}")
    for name, value in given.items():
        if name not in _TYPES:
            near = closest_name(name, _TYPES) or f"one of {', '.join(_TYPES)}"
            raise ValueError(f"unknown member {name!r}; expected {near}")
        if not isinstance(value, _TYPES[name]):
            raise ValueError(f"invalid {name} {json.dumps(value)}; omit it, or see {_EXAMPLE}")
    return given
