"""A tour of the API: the calls of `tour.txt`, as one client would make them, to the fake or to a real application.

Its notes leave out ids, times and texts, which differ between tours, so that tours can be compared. An application has
`url`, `application_id`, `auth_key` and `auth_secret`, and may have `api_key` and `account_key`.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.resources import files
from string import Template
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import httpx

from pytest_qbchat.fake.httpx_transport import QuickBloxTransport
from pytest_qbchat.fake.quickblox import FakeQuickBlox
from pytest_qbchat.service import routes

_CALL = re.compile(r"(\S+) +(\w+) (\S+)(?: +(\{.*\}))?(?: +-> (\w+))?(?: +! (.+))?")
_HEADERS: dict[str, dict[str, str]] = {"nobody": {}, "storage": {}, "account": {"QB-Account-Key": "$account_key"}}
_HEADERS["key"] = {"Authorization": "ApiKey $api_key"}
_HEADERS["key/ben"] = {**_HEADERS["key"], "On-Behalf-Of": "$ben"}
_STORAGE = {"POST": "$blob_params", "GET": "$file_location"}
_KINDS = {"a time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "an id": r"[0-9a-f]{24}", "a room": r"\d+_[0-9a-f]{24}@muc\..+"}
_VARIES = re.compile(r"(id|ids|total_entries)(\.\d+)?$")  # the end of the name of a number that differs between tours
_SUCCESSES, _GONE = range(200, 400), (200, 404, UNSENT := "not sent")
_LARGE = 10_000  # a larger number is an id or a time


class Note(NamedTuple):
    """The result of one call: its line, its route with the mistake in it, and the facts of the response by name."""

    call: str
    what: str
    facts: dict[str, Any]


def calls() -> tuple[list[re.Match[str]], ...]:
    """The calls of the tour, including `TOUR` of each file of endpoints, and the calls that tidy up before deletion."""
    table = files("pytest_qbchat.cli").joinpath("tour.txt").read_text(encoding="utf-8")
    start, end, tidied = table.split("# The end\n")
    modules = dict.fromkeys(route.endpoint.__module__ for route in routes.ROUTES)
    text = "".join([start, *(getattr(sys.modules[module], "TOUR", "") for module in modules), end])
    lines = (re.sub(r"#.*|\n +", " ", each).splitlines() for each in (text, tidied))
    return tuple([call for call in map(_CALL.fullmatch, each) if call] for each in lines)


class Tour:
    """Calls, the notes on them, what is known from the responses, and what could not be deleted."""

    def __init__(self, send: Callable[..., Any], application: dict[str, str]) -> None:
        """Take the application, and a function that sends requests as `httpx.request` does."""
        number = str(time.time_ns() // 1000)
        self.known = application | {"number": number, "run": f"tour-{number}", "password": secrets.token_hex(16)}
        self.known |= {"now": number[:10], "nonce": f"1{number[-8:]}", "unknown_token": "0" * 40}
        self.notes, self.left = list[Note](), list[str]()
        self._send = send

    def make(self) -> Tour:
        """Make the tour, and delete what it created, even if it is interrupted."""
        made, tidying = calls()
        try:
            for call in made:
                self._make(call)
        finally:
            notes, self.notes = self.notes, []
            done = {note.call for note in notes if note.facts.get("status") in _SUCCESSES}
            for call in [*tidying, *(each for each in made if each[2] == "DELETE" and not each[6])]:
                if call[0] not in done:
                    with suppress(httpx.HTTPError):
                        self._make(call)
            left = [note for note in notes[-1:] if " POST " in note.call and not note.facts]
            left += [note for note in self.notes if " DELETE " in note.call and note.facts.get("status") not in _GONE]
            self.left = [f"{note.call}: {note.facts.get('status', 'no response')}" for note in left]
            self.notes = notes
        return self

    def sign(self, **given: str) -> dict[str, str]:
        """The parameters of a session with their signature, unless that is given."""
        signed = {name: self.known[name] for name in ("application_id", "auth_key")}
        signed |= {"nonce": str(_LARGE + secrets.randbelow(10**9)), "timestamp": str(int(time.time()))} | given
        text = "&".join(f"{name}={signed[name]}" for name in sorted(signed) if name != "signature")
        return {"signature": hmac.digest(self.known["auth_secret"].encode(), text.encode(), "sha1").hex(), **signed}

    def _make(self, call: re.Match[str]) -> None:
        who, method, path, params, name, wrong = call.groups()
        route = str(routes.find(method, path)[0] or f"{method} {path}")
        self.notes.append(note := Note(call[0], f"{route}: {wrong}" if wrong else route, {}))
        headers = _HEADERS.get(who, {"QB-Token": f"${who}_token"})
        url = _STORAGE[method] if who == "storage" else f"$url{path}{'.json' * route.endswith('.json')}"
        try:
            texts = [Template(text).substitute(self.known) for text in (url, path, params or "{}", *headers.values())]
        except KeyError as missing:
            note.facts.update(status=UNSENT, missing=str(missing))
            return
        path, given, headers = texts[1], json.loads(texts[2]), dict(zip(headers, texts[3:], strict=True))
        response = self._call(method, path, texts[0], headers, given)
        reply: Any = "no JSON" if response.content.strip() else ""
        with suppress(ValueError):
            reply = json.loads(response.content)
        done = response.status_code in _SUCCESSES
        note.facts.update({"status": response.status_code}, **dict(_facts(reply, "body", exact=not done)))
        if note.what == "GET /session.json":
            note.facts["expiration"] = re.sub(r"\d", "9", response.headers.get("QB-Token-ExpirationDate", "none"))
        if not (done and name):
            return
        while isinstance(reply, dict | list) and len(reply) == 1:  # a record in an object, or alone in a list
            [reply] = reply.values() if isinstance(reply, dict) else reply
        record = reply if isinstance(reply, dict) else {}
        fields = {**(record.get("blob_object_access") or {}), **record, "location": response.headers.get("Location")}
        self.known |= {f"{name}_{field}": str(value) for field, value in fields.items() if value is not None}
        if "token" not in record and (own := record.get("_id", record.get("id"))) is not None:
            self.known[name] = str(own)

    def _call(self, method: str, path: str, url: str, headers: dict[str, str], given: dict[str, Any]) -> Any:
        """Send a call, with its parameters where they belong."""
        body: dict[str, Any] = {"params" if method in ("GET", "DELETE") else "json": given or None}
        if method == "POST" and path in ("/session", "/auth"):
            body = {"data": self.sign(**given)}
        elif path.endswith("/upload"):
            url, _, query = url.partition("?")
            body = {"data": dict(parse_qsl(query)), "files": {"file": ("tour.txt", b"hello", "text/plain")}}
        return self._send(method, url, headers=headers, **body)


def _facts(value: Any, name: str, *, exact: bool) -> Iterator[tuple[str, Any]]:
    """The parts of a value by name. If not `exact`, a part that differs between tours is replaced by its kind."""
    if isinstance(value, dict | list) and value:
        for part, each in value.items() if isinstance(value, dict) else enumerate(value):
            known = "an id" if re.fullmatch(_KINDS["an id"], str(part)) else part
            yield from _facts(each, f"{name}.{known}", exact=exact)
    elif isinstance(value, str) and value and not exact:
        yield name, next((kind for kind, pattern in _KINDS.items() if re.fullmatch(pattern, value)), "text")
    elif isinstance(value, int | float) and not exact and (value >= _LARGE or _VARIES.search(name)):
        yield name, "a number"
    else:
        yield name, value


def tour_of_fake(application: dict[str, str], **assumptions: Any) -> Tour:
    """A tour of a strict fake that knows the application, and answers unknown paths as QuickBlox does."""
    fake = FakeQuickBlox(strict=True)
    keys: Any = {name: application[name] for name in ("auth_key", "auth_secret", "api_key") if name in application}
    fake.add_credentials(application_id=int(application["application_id"]), **keys)
    fake.assume(**{"unknown_routes_refused": False} | assumptions)
    with httpx.Client(transport=QuickBloxTransport(fake)) as client, warnings.catch_warnings(action="ignore"):
        return Tour(client.request, application).make()  # its mistakes are on purpose, so warnings are ignored
