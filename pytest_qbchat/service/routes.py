"""The routes: the endpoint of each path, and the nearest route to an unknown path."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from urllib.parse import unquote

import pytest_qbchat.service.endpoints  # noqa: F401 - declares the routes
from pytest_qbchat.service.declaration import DECLARED, Route
from pytest_qbchat.service.wire import Request

ROUTES = tuple(DECLARED)

# The modules of QuickBlox that the fake does not have, by the start of their paths.
UNSUPPORTED = {"/data": "custom objects", "/class": "custom objects", "/address_book": "the address book", "/ai": "AI"}
# Paths without a variable are looked up; the others are compared. No request fits two of them.
_PLAIN = {(route.method, route.path): route for route in ROUTES if "{" not in route.path}
_TEMPLATES = [(route.method, route.path.split("/"), route) for route in ROUTES if "{" in route.path]
_MAX_COMPARED_LENGTH = 200
_SLASHES = re.compile("/+")
_ID = re.compile(r"/?([0-9a-f]{24}|\d+)")


def without_suffix(path: str) -> str:
    """The path of a request without `.json` and slashes at its end, as in `Route.path`.

    Repeated slashes count as one (assumed): real code posts to `//chat/Dialog.json`.
    """
    path = path.rstrip("/").removesuffix(".json").rstrip("/")
    return _SLASHES.sub("/", path) if "//" in path else path


def find(method: str, path: str) -> tuple[Route | None, list[str]]:
    """The route of a path without suffix, and the values of the variables in the path."""
    if plain := _PLAIN.get((method, path)):
        return plain, []
    segments = path.split("/")
    for wanted, template, route in _TEMPLATES:
        if wanted == method and len(template) == len(segments):
            pairs = list(zip(template, segments, strict=True))
            if all(part == segment or (part[:1] == "{" and segment) for part, segment in pairs):
                return route, [unquote(segment) for part, segment in pairs if part[:1] == "{"]
    return None, []


def unknown_route_reason(request: Request) -> str:
    """Why a request has no route, and the nearest route."""
    wanted = f"{request.method} {request.path[:_MAX_COMPARED_LENGTH]}"
    if module := UNSUPPORTED.get(f"/{without_suffix(request.path)[1:].partition('/')[0]}"):
        return f"the fake does not cover {module}, and has no route {wanted}"
    # An id is compared with the variable of a route, even if the slash before it is missing.
    like_route = _ID.sub("/{id}", wanted)
    nearest = max(map(str, ROUTES), key=lambda route: SequenceMatcher(None, like_route, route).ratio())
    return f"the fake has no route {wanted}; the nearest is {nearest}"
