"""The routes: the endpoint of each path, and the nearest route to an unknown path."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from urllib.parse import unquote

from pytest_qbchat.service.declaration import Route
from pytest_qbchat.service.endpoints import account, content, dialogs, messages, reactions, sessions, storage, users
from pytest_qbchat.service.wire import Request

ROUTES = (
    Route("POST", "/session", sessions.create_session, open=True),
    Route("POST", "/auth", sessions.create_session, open=True),
    Route("GET", "/session", sessions.get_session),
    Route("DELETE", "/session", sessions.delete_session),
    Route("POST", "/login", sessions.log_in_session),
    Route("DELETE", "/login", sessions.log_out),
    Route("POST", "/users/{id}/tokens", sessions.create_token),
    Route("POST", "/users", users.create_user),
    Route("GET", "/users", users.list_users),
    Route("GET", "/users/by_login", users.get_user_by_key),
    Route("GET", "/users/by_email", users.get_user_by_key),
    Route("GET", "/users/by_facebook_id", users.get_user_by_key),
    Route("GET", "/users/by_twitter_id", users.get_user_by_key),
    Route("GET", "/users/phone", users.get_user_by_key),
    Route("GET", "/users/external/{id}", users.get_user_by_external_id),
    Route("GET", "/users/by_full_name", users.list_users_by_full_name),
    Route("GET", "/users/by_tags", users.list_users_by_tags),
    Route("GET", "/users/{id}", users.get_user),
    Route("PUT", "/users/{id}", users.update_user),
    Route("DELETE", "/users/{id}", users.delete_user),
    Route("DELETE", "/users/external/{id}", users.delete_user_by_external_id),
    Route("GET", "/users/password/reset", users.reset_password),
    Route("GET", "/password/reset", users.reset_password),
    Route("POST", "/chat/Dialog", dialogs.create_dialog),
    Route("GET", "/chat/Dialog", dialogs.list_dialogs),
    Route("GET", "/chat/Dialog/{id}", dialogs.get_dialog),
    Route("PUT", "/chat/Dialog/{id}", dialogs.update_dialog),
    Route("DELETE", "/chat/Dialog/{ids}", dialogs.delete_dialog),
    Route("GET", "/chat/Dialog/{id}/notifications", dialogs.get_notifications),
    Route("PUT", "/chat/Dialog/{id}/notifications", dialogs.update_notifications),
    Route("POST", "/chat/Dialogs/add_occupants", dialogs.add_occupants),
    Route("POST", "/chat/Dialogs/remove_occupants", dialogs.remove_occupants),
    Route("POST", "/chat/Message", messages.create_message),
    Route("GET", "/chat/Message", messages.list_messages),
    Route("PUT", "/chat/Message", messages.update_message),
    Route("GET", "/chat/Message/unread", messages.count_unread),
    Route("GET", "/chat/Message/{id}", messages.get_message),
    Route("PUT", "/chat/Message/{ids}", messages.update_message),
    Route("DELETE", "/chat/Message/{ids}", messages.delete_message),
    Route("POST", "/chat/Message/{id}/reactions", reactions.add_reaction),
    Route("DELETE", "/chat/Message/{id}/reactions", reactions.remove_reaction),
    Route("GET", "/chat/Message/{id}/reactions", reactions.list_reactions),
    Route("POST", "/blobs", content.create_blob),
    Route("GET", "/blobs", content.list_blobs),
    Route("GET", "/blobs/{id}", content.get_blob, open=True),
    Route("POST", "/blobs/{id}/upload", content.upload_blob, open=True, raw=True),
    Route("GET", "/blobs/{id}/download", content.download_blob, open=True),
    Route("GET", "/blobs/{id}/download.xml", content.download_blob, open=True),
    Route("PUT", "/blobs/{id}/complete", content.complete_blob),
    Route("PUT", "/blobs/{id}", content.update_blob),
    Route("DELETE", "/blobs/{id}", content.delete_blob),
    Route("GET", f"/{account.BUCKET}/{{uid}}", storage.download, open=True, raw=True),
    Route("GET", "/account_settings", account.get_account_settings, open=True),
)

# The modules of QuickBlox that the fake does not have, by the beginning of their paths.
UNSUPPORTED = {
    "/events": "push events",
    "/subscriptions": "push subscriptions",
    "/data": "custom objects",
    "/class": "custom objects",
    "/address_book": "the address book",
    "/ai": "AI",
}

# Paths without a variable are looked up. The others are tried in the order of `ROUTES`.
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
    plain = _PLAIN.get((method, path))
    if plain is not None:
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
    path = without_suffix(request.path)
    for beginning, module in UNSUPPORTED.items():
        if path.split("/")[1:2] == [beginning[1:]]:
            return f"the fake does not cover {module}, and has no route {wanted}"
    # An id is compared with the variable of a route, also if the slash before it is missing.
    like_route = _ID.sub("/{id}", wanted)
    nearest = max(map(str, ROUTES), key=lambda route: SequenceMatcher(None, like_route, route).ratio())
    return f"the fake has no route {wanted}; the nearest is {nearest}"
