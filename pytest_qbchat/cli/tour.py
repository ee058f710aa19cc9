"""A tour of the whole API, as one client program would make it: every route, and refusals of every kind.

It runs against the fake over every way in, and can run against a real QuickBlox application: what it notes down has no
ids, times or texts of its own, so that two tours can be compared.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from runpy import run_path
from typing import Any
from urllib.parse import parse_qsl

from pytest_qbchat.service import routes

ENDPOINTS = Path(__file__).parents[2] / "tests" / "service"  # a test file of endpoints may have a `visit` of them
PASSWORD = "made-up-password"
_CREATED = 201
NO_DIALOG = "000000000000000000000000"
_KINDS = {
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "object id": re.compile(r"[0-9a-f]{24}"),
    "room": re.compile(r"\d+_[0-9a-f]{24}@muc\..+"),
}


@dataclass(frozen=True)
class Application:
    """What a tour needs of an application."""

    base_url: str = "https://api.quickblox.com"
    id: str = "12345"
    auth_key: str = "made-up-key-of-the-tour"
    auth_secret: str = "made-up-secret-of-the-tour"
    api_key: str | None = "made-up-api-key-of-the-tour"
    account_key: str | None = "made-up-account-key-of-the-tour"


@dataclass(frozen=True)
class Note:
    """What became of one call.

    Attributes:
        what: The route and, for a refusal, what was wrong.
        status: Of the answer.
        body: Its shape; of a refusal the whole JSON.
    """

    what: str
    status: int
    body: Any


@dataclass
class Tour:
    """Calls and what became of them."""

    send: Callable[..., Any]
    application: Application
    notes: list[Note] = field(default_factory=list)
    visited: set[routes.Route] = field(default_factory=set)
    token: str | None = None
    logins: list[str] = field(default_factory=list)
    _nonces: Iterator[int] = field(default_factory=lambda: count(time.time_ns() % 10**9))

    def call(self, method: str, path: str, *, wrong: str | None = None, token: Any = ..., **kwargs: Any) -> Any:
        """Make a call and note its answer.

        Args:
            method: In upper case.
            path: Without the suffix.
            wrong: What is wrong with it, if it is to be refused.
            token: In place of the tour's.
            **kwargs: What httpx takes.
        """
        given = self.token if token is ... else token
        headers = kwargs.pop("headers", {}) | ({"QB-Token": given} if given else {})
        suffix = "" if "/download" in path else ".json"
        return self._noted(method, path, f"{self.application.base_url}{path}{suffix}", wrong, headers=headers, **kwargs)

    def sign(self, **user: str) -> dict[str, str]:
        """The parameters of a session."""
        params = {
            "application_id": self.application.id,
            "auth_key": self.application.auth_key,
            "nonce": str(next(self._nonces)),
            "timestamp": str(int(time.time())),
            **{f"user[{name}]": value for name, value in user.items()},
        }
        text = "&".join(f"{name}={params[name]}" for name in sorted(params))
        digest = hmac.new(self.application.auth_secret.encode(), text.encode(), hashlib.sha1)
        return params | {"signature": digest.hexdigest()}

    def storage(self, method: str, url: str, **kwargs: Any) -> Any:
        """Make a call to an address that the API gave."""
        path = "/qbprod/{uid}" if method == "GET" else "/blobs/{id}/upload"
        return self._noted(method, path, url, None, **kwargs)

    def _noted(self, method: str, path: str, url: str, wrong: str | None, **kwargs: Any) -> Any:
        response = self.send(method, url, **kwargs)
        route, _ = routes.find(method, path)
        if route is not None:
            self.visited.add(route)
        what = f"{route or method}{f': {wrong}' if wrong else ''}"
        body = _json(response.content)
        self.notes.append(Note(what, response.status_code, body if wrong else shape(body)))
        return response


def shape(value: Any) -> Any:
    """A value without what differs from call to call: what kind of thing it is, down to the last."""
    if isinstance(value, dict):
        return {("an id" if _KINDS["object id"].fullmatch(key) else key): shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if value == "":
        return ""
    if isinstance(value, str):
        return next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(value)), "text")
    return {int: "number", bool: "boolean", type(None): None}.get(type(value), type(value).__name__)


def _json(content: bytes) -> Any:
    import json

    try:
        return json.loads(content)
    except ValueError:
        return "" if not content.strip() else "no JSON"


def differences(ours: list[Note], theirs: list[Note]) -> list[str]:
    """What two tours noted differently, a line for each call."""
    lines = [
        f"{mine.what}: {mine.status} {mine.body!r} here, {other.status} {other.body!r} there"
        for mine, other in zip(ours, theirs, strict=False)
        if mine != other
    ]
    if len(ours) != len(theirs):
        lines.append(f"{len(ours)} calls here, {len(theirs)} there")
    return lines


def make(send: Callable[..., Any], application: Application) -> Tour:
    """The whole tour; one that cannot go on says so in its last note, and deletes its users."""
    tour = Tour(send, application)
    try:
        _walk(tour)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        tour.notes.append(Note("the tour ended here", 0, repr(error)))
        for login in tour.logins:
            _delete(tour, login)
    return tour


def _delete(tour: Tour, login: str) -> None:
    url, params = tour.application.base_url, tour.sign(login=login, password=PASSWORD)
    session = tour.send("POST", f"{url}/session.json", data=params)
    if session.status_code == _CREATED:
        given = session.json()["session"]
        tour.send("DELETE", f"{url}/users/{given['user_id']}.json", headers={"QB-Token": given["token"]})


def _walk(tour: Tour) -> None:
    name = f"tour-{time.time_ns()}"
    session = tour.call("POST", "/session", data=tour.sign())
    tour.token = session.json()["session"]["token"]
    tour.call("GET", "/session")
    _refused_sessions(tour, name)
    anna = _sign_up(tour, f"{name}-anna", full_name="Anna Example")
    ben = _sign_up(tour, f"{name}-ben", full_name="Ben Example")
    cleo = _sign_up(tour, f"{name}-cleo", full_name="Cleo Example")
    _refused_users(tour, anna)
    tour.call("GET", "/chat/Dialog", wrong="an application session")
    tour.call("POST", "/login", json={"login": anna["login"], "password": PASSWORD})
    _users(tour, anna)
    others = {who["id"]: _log_in(tour, who["login"]) for who in (ben, cleo)}
    group = _dialogs(tour, anna, ben, cleo, others)
    _messages(tour, group, ben, others)
    _content(tour)
    for path in sorted(ENDPOINTS.glob("test_*.py")):
        if "def visit(" in path.read_text(encoding="utf-8"):
            run_path(str(path))["visit"](tour)
    tour.call("DELETE", f"/chat/Dialog/{group}", params={"force": 1})
    tour.call("GET", f"/chat/Dialog/{group}", wrong="a dialog that was deleted")
    _by_keys(tour, ben)
    tour.call("DELETE", f"/users/external/{ben['external_user_id']}", token=others[ben["id"]])
    tour.call("DELETE", f"/users/{cleo['id']}", token=others[cleo["id"]])
    tour.call("GET", f"/users/{cleo['id']}", wrong="a user who was deleted")
    tour.call("DELETE", "/login")
    tour.call("POST", "/login", json={"login": anna["login"], "password": PASSWORD})
    tour.call("DELETE", f"/users/{anna['id']}")
    session = tour.call("POST", "/auth", data=tour.sign())
    tour.token = session.json()["session"]["token"]
    tour.call("DELETE", "/session")
    tour.call("GET", "/session", wrong="a session that was destroyed")


def _sign_up(tour: Tour, login: str, **fields: str) -> dict[str, Any]:
    user = {
        "login": login,
        "password": PASSWORD,
        "email": f"{login}@mail.example",
        "phone": f"+{login}",
        "external_user_id": str(time.time_ns()),
        "facebook_id": f"fb-{login}",
        "twitter_id": f"tw-{login}",
        "tag_list": "tour",
        **fields,
    }
    tour.logins.append(login)
    answer: dict[str, Any] = tour.call("POST", "/users", json={"user": user}).json()["user"]
    return user | answer


def _log_in(tour: Tour, login: str) -> str:
    token: str = tour.call("POST", "/session", data=tour.sign(login=login, password=PASSWORD)).json()["session"][
        "token"
    ]
    return token


def _refused_sessions(tour: Tour, name: str) -> None:
    signed = tour.sign()
    tour.call("POST", "/session", wrong="a wrong signature", data=signed | {"signature": "0" * 40})
    tour.call("POST", "/session", wrong="an old timestamp", data=signed | {"timestamp": "1000000000"})
    tour.call("POST", "/session", data=signed)
    tour.call("POST", "/session", wrong="a nonce again", data=signed)
    tour.call("POST", "/session", wrong="an unknown login", data=tour.sign(login=name, password="wrong-password"))
    tour.call("GET", "/session", wrong="no token", token=None)
    tour.call("GET", "/session", wrong="a token that never was", token="0" * 40)


def _refused_users(tour: Tour, anna: dict[str, Any]) -> None:
    taken = {"user": {"login": anna["login"], "password": PASSWORD}}
    tour.call("POST", "/users", wrong="a login that is taken", json=taken)
    tour.call("POST", "/users", wrong="a short password and no login", json={"user": {"password": "short"}})
    tour.call("GET", "/users/by_login", wrong="an unknown login", params={"login": "nobody-has-this-login"})


def _users(tour: Tour, anna: dict[str, Any]) -> None:
    tour.call("GET", "/users", params={"per_page": 1, "order": "asc number id"})
    tour.call("GET", f"/users/{anna['id']}")
    for key in ("login", "email", "facebook_id", "twitter_id"):
        tour.call("GET", f"/users/by_{key}", params={key: anna[key]})
    tour.call("GET", "/users/phone", params={"phone": anna["phone"]})
    tour.call("GET", f"/users/external/{anna['external_user_id']}")
    tour.call("GET", "/users/by_full_name", params={"full_name": "Anna Example", "per_page": 1})
    tour.call("GET", "/users/by_tags", params={"tags": "tour", "per_page": 1})
    tour.call("PUT", f"/users/{anna['id']}", json={"user": {"phone": "555 0100"}})
    tour.call("GET", "/users/password/reset", params={"email": anna["email"]})
    tour.call("GET", "/password/reset", params={"email": anna["email"]})


def _dialogs(
    tour: Tour, anna: dict[str, Any], ben: dict[str, Any], cleo: dict[str, Any], tokens: dict[int, str]
) -> str:
    create = {"type": 2, "name": "Tour", "occupants_ids": str(ben["id"])}
    group: str = tour.call("POST", "/chat/Dialog", json=create).json()["_id"]
    crowd = {"type": 3, "occupants_ids": [ben["id"], cleo["id"]]}
    tour.call("POST", "/chat/Dialog", wrong="too many for a private dialog", json=crowd)
    private = tour.call("POST", "/chat/Dialog", json={"type": 3, "occupants_ids": str(ben["id"])}).json()["_id"]
    public = tour.call("POST", "/chat/Dialog", json={"type": 1, "name": "Tour"}).json()["_id"]
    tour.call("GET", "/chat/Dialog", params={"limit": 1})
    tour.call("GET", "/chat/Dialog", params={"count": 1})
    tour.call("GET", f"/chat/Dialog/{group}")
    tour.call("GET", f"/chat/Dialog/{group}", wrong="not an occupant", token=tokens[cleo["id"]])
    tour.call("PUT", f"/chat/Dialog/{group}", json={"name": "A tour", "push_all": {"occupants_ids": [cleo["id"]]}})
    tour.call("PUT", f"/chat/Dialog/{NO_DIALOG}", wrong="no such dialog", json={"name": "A tour"})
    tour.call(
        "PUT",
        f"/chat/Dialog/{group}",
        wrong="not the owner",
        token=tokens[ben["id"]],
        json={"pull_all": {"occupants_ids": [cleo["id"]]}},
    )
    tour.call("GET", f"/chat/Dialog/{group}/notifications")
    tour.call("PUT", f"/chat/Dialog/{group}/notifications", json={"enabled": 0})
    users = {"users_ids": str(cleo["id"]), "dialogs_ids": group}
    tour.call("POST", "/chat/Dialogs/remove_occupants", json=users)
    tour.call("POST", "/chat/Dialogs/add_occupants", json=users)
    tour.call("DELETE", f"/chat/Dialog/{private},{public},123_not_existent")
    tour.call("DELETE", f"/chat/Dialog/{group}", wrong="not the owner", token=tokens[ben["id"]], params={"force": 1})
    tour.call("DELETE", f"/chat/Dialog/{public}", params={"force": 1})
    return group


def _messages(tour: Tour, group: str, ben: dict[str, Any], tokens: dict[int, str]) -> None:
    body = {"chat_dialog_id": group, "message": "look at this", "attachments": {"0": {"type": "image", "id": "47863"}}}
    quiet: str = tour.call("POST", "/chat/Message", json=body | {"age": "25"}).json()["_id"]
    pushed: str = tour.call("POST", "/chat/Message", json=body | {"send_to_chat": 1, "markable": 1}).json()["_id"]
    tour.call("POST", "/chat/Message", json={"recipient_id": ben["id"], "message": "hello"})
    tour.call("POST", "/chat/Message", wrong="no such dialog", json={"chat_dialog_id": NO_DIALOG, "message": "hello"})
    tour.call("POST", "/chat/Message", wrong="no dialog", json={"message": "hello"})
    tour.call("GET", "/chat/Message", params={"chat_dialog_id": group, "date_sent[gt]": 0, "mark_as_read": 0})
    tour.call("GET", "/chat/Message", params={"chat_dialog_id": group, "count": 1})
    tour.call("GET", "/chat/Message", params={"chat_dialog_id": group, "sort_desc": "date_sent", "limit": 1})
    tour.call("GET", f"/chat/Message/{quiet}")
    tour.call("GET", "/chat/Message/unread", token=tokens[ben["id"]], params={"chat_dialog_ids": group})
    tour.call("PUT", f"/chat/Message/{pushed}", token=tokens[ben["id"]], json={"chat_dialog_id": group, "read": 1})
    tour.call(
        "PUT",
        f"/chat/Message/{pushed}",
        wrong="not the sender",
        token=tokens[ben["id"]],
        json={"chat_dialog_id": group, "message": "mine"},
    )
    tour.call("PUT", "/chat/Message", token=tokens[ben["id"]], json={"chat_dialog_id": group, "delivered": 1})
    reactions = f"/chat/Message/{quiet}/reactions"
    tour.call("POST", reactions, json={"name": "like"})
    tour.call("GET", reactions)
    tour.call("DELETE", reactions, params={"name": "like"})
    tour.call("DELETE", reactions, wrong="no such reaction", params={"name": "like"})
    tour.call("DELETE", f"/chat/Message/{quiet}", wrong="not the sender", token=tokens[ben["id"]], params={"force": 1})
    tour.call("DELETE", f"/chat/Message/{quiet},123_not_existent")
    tour.call("GET", f"/chat/Message/{quiet}", wrong="a message that was deleted")


def _content(tour: Tour) -> None:
    declared = tour.call("POST", "/blobs", json={"blob": {"content_type": "text/plain", "name": "tour.txt"}})
    blob = declared.json()["blob"]
    url, _, query = blob["blob_object_access"]["params"].partition("?")
    tour.storage("POST", url, data=dict(parse_qsl(query)), files={"file": ("tour.txt", b"hello", "text/plain")})
    tour.call("PUT", f"/blobs/{blob['id']}/complete", json={"blob": {"size": 5}})
    tour.call("GET", f"/blobs/{blob['id']}")
    tour.call("GET", "/blobs", params={"per_page": 1})
    redirect = tour.call("GET", f"/blobs/{blob['uid']}")
    tour.storage("GET", redirect.headers["Location"])
    tour.call("GET", f"/blobs/{blob['uid']}/download")
    tour.call("GET", f"/blobs/{blob['id']}/download.xml")
    tour.call("PUT", f"/blobs/{blob['id']}", json={"blob": {"name": "renamed.txt"}})
    tour.call("DELETE", f"/blobs/{blob['id']}")
    tour.call("GET", f"/blobs/{blob['id']}", wrong="a file that was deleted")


def _by_keys(tour: Tour, ben: dict[str, Any]) -> None:
    """What an API key and an account key are for, where the application has them."""
    if tour.application.api_key:
        headers = {"Authorization": f"ApiKey {tour.application.api_key}"}
        tour.call("POST", f"/users/{ben['id']}/tokens", token=None, headers=headers)
        tour.call(
            "GET", "/chat/Dialog", token=None, headers=headers | {"On-Behalf-Of": str(ben["id"])}, params={"count": 1}
        )
        tour.call("POST", f"/users/{ben['id']}/tokens", wrong="a token in place of an API key")
    if tour.application.account_key:
        tour.call("GET", "/account_settings", token=None, headers={"QB-Account-Key": tour.application.account_key})
