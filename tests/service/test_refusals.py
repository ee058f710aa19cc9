"""Every refusal that the fake knows, each provoked by a request that deserves it."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx
import pytest
from api_document.behaviours import name_of
from support.application import MADE_UP
from support.chat_api import (
    ANNA,
    BERT,
    CLEO,
    HOST,
    NAMES,
    NEED_USER,
    NO_PERMISSION,
    NOT_FOUND,
    UNKNOWN,
    answer,
    token_of,
)
from support.ways import TLS

from pytest_qbchat import CallRefused, FakeQuickBlox
from pytest_qbchat.cli.tour import Tour
from pytest_qbchat.service import errors

OF_THE_APPLICATION = {"QB-Token": "made-up-token-of-the-application"}
API_KEY = {"Authorization": "ApiKey made-up-api-key"}
NO_USER = {"code": None, "message": "Couldn't find user"}
NO_USER_BASE = {"errors": {"base": ["Couldn't find user"]}}
UNAUTHORIZED = {"errors": {"base": ["Authorization failed"]}}
UNREADABLE = {"code": None, "message": "The request body could not be parsed"}
NO_UTF8 = {"code": None, "message": "invalid byte sequence in UTF-8"}


def field(**texts: str) -> dict[str, Any]:
    return {"errors": {name: [text] for name, text in texts.items()}}


class Place:
    """An application with users, dialogs, a message and a file, all declared."""

    def __init__(self, fake: FakeQuickBlox, client: httpx.Client) -> None:
        self.fake = fake
        self._client = client
        self._tour = Tour(client.request, MADE_UP)
        fake.add_credentials(application_id=int(MADE_UP["application_id"]), auth_secret=MADE_UP["auth_secret"])
        fake.add_credentials(api_key="made-up-api-key")
        for user, name in NAMES.items():
            fake.add_session(token_of(user)["QB-Token"], fake.add_user(user, full_name=name, login=f"login-{user}"))
        fake.add_session(OF_THE_APPLICATION["QB-Token"], None)
        self.group = fake.add_dialog(occupants_ids=[ANNA, BERT])
        self.public = fake.add_dialog(occupants_ids=[ANNA], type=1)
        self.private = fake.add_dialog(occupants_ids=[ANNA, BERT], type=3)
        self.elsewhere = fake.add_dialog(occupants_ids=[BERT, CLEO])
        self.message = fake.add_message(self.group, BERT, "hi")
        self.blob = fake.add_blob(b"made up", name="made-up.txt", user=BERT)

    def __call__(self, method: str, path: str, *, by: Any = ANNA, **kwargs: Any) -> httpx.Response:
        headers = by if isinstance(by, dict) else token_of(by)
        return self._client.request(method, f"{HOST}{path}", headers=headers | kwargs.pop("headers", {}), **kwargs)

    def post(self, by: Any = ANNA, **message: Any) -> httpx.Response:
        return self("POST", "/chat/Message.json", by=by, json=message)

    def open(self, **dialog: Any) -> httpx.Response:
        return self("POST", "/chat/Dialog.json", json=dialog)

    def push(self, by: int = ANNA, **operands: Any) -> httpx.Response:
        return self("PUT", f"/chat/Dialog/{self.group.id}.json", by=by, json={"push_all": operands})

    def react(self, name: Any = "like", message: str | None = None, method: str = "POST") -> httpx.Response:
        path = f"/chat/Message/{message or self.message.id}/reactions.json"
        return self(method, path, json={"name": name})

    def session(self, drop: str = "", **changed: Any) -> httpx.Response:
        params = self._tour.sign() | changed
        params.pop(drop, None)
        return self("POST", "/session.json", by={}, json=params)

    def sign_up(self, **user: Any) -> httpx.Response:
        return self("POST", "/users.json", by=OF_THE_APPLICATION, json={"user": user})

    def twice(self) -> httpx.Response:
        params = self._tour.sign()
        assert self("POST", "/session.json", by={}, json=params).status_code == 201
        return self("POST", "/session.json", by={}, json=params)

    def in_public(self) -> httpx.Response:
        return self.react(message=self.fake.add_message(self.public, ANNA, "hi").id)

    def crowd(self) -> httpx.Response:
        for number in range(20):
            assert self.react(str(number)).status_code == 201
        return self.react("one too many")

    def too_late(self) -> httpx.Response:
        self.fake.expire_sessions()
        return self.post(chat_dialog_id=self.group.id)

    def beside_the_map(self) -> httpx.Response:
        self.fake.assume(unknown_routes_refused=False)
        return self("GET", "/chat/Massage.json")

    def ordered(self, status: int) -> httpx.Response:
        self.fake.fail(status)
        return self.post(chat_dialog_id=self.group.id, message="hi")


@pytest.fixture
def place(qbchat: FakeQuickBlox) -> Iterator[Place]:
    with httpx.Client() as client:
        yield Place(qbchat, client)


class Refusal(NamedTuple):
    """What makes it, what it is, and a request that gets it."""

    made_by: Callable[..., errors.QuickBloxError]
    status: int
    body: Any
    provoke: Callable[[Place], httpx.Response]


REFUSALS = [
    Refusal(errors.unreadable_body, 400, UNREADABLE, lambda at: at("POST", "/chat/Message.json", content=b'{"a": ')),
    Refusal(errors.invalid_utf8, 400, NO_UTF8, lambda at: at("POST", "/chat/Message.json", content=b'{"a": "\xff"}')),
    Refusal(errors.token_required, 401, field(base="Token is required"), lambda at: at.post({}, message="hi")),
    Refusal(
        errors.session_does_not_exist,
        401,
        field(base="Required session does not exist"),
        Place.too_late,
    ),
    Refusal(errors.authorization_failed, 401, UNAUTHORIZED, lambda at: at.post({"Authorization": "ApiKey other"})),
    Refusal(errors.need_user, 422, NEED_USER, lambda at: at.post(OF_THE_APPLICATION, chat_dialog_id=UNKNOWN)),
    Refusal(errors.need_user, 422, NEED_USER, lambda at: at("GET", "/chat/Dialog.json", by=OF_THE_APPLICATION)),
    Refusal(errors.unknown_user, 404, NO_USER_BASE, lambda at: at.post({**API_KEY, "On-Behalf-Of": "nobody"})),
    Refusal(
        errors.recipient_required,
        422,
        field(base="chat_dialog_id or recipient_id is required"),
        lambda at: at.post(message="hi"),
    ),
    Refusal(errors.not_found, 404, NOT_FOUND, lambda at: at.post(chat_dialog_id="123_not_existent")),
    Refusal(errors.not_found, 404, NOT_FOUND, lambda at: at("GET", "/chat/Dialog/123_not_existent.json")),
    Refusal(errors.not_found, 404, NOT_FOUND, lambda at: at("GET", f"/chat/Message/{UNKNOWN}.json")),
    Refusal(errors.not_found, 404, NOT_FOUND, lambda at: at("GET", "/blobs/7.json")),
    Refusal(errors.no_permission, 403, NO_PERMISSION, lambda at: at.post(chat_dialog_id=at.elsewhere.id)),
    Refusal(
        errors.no_permission,
        403,
        NO_PERMISSION,
        lambda at: at("GET", "/chat/Message.json", params={"chat_dialog_id": at.elsewhere.id}),
    ),
    Refusal(
        errors.no_permission,
        403,
        NO_PERMISSION,
        lambda at: at("PUT", f"/chat/Dialog/{at.elsewhere.id}.json", json={"name": "Ours"}),
    ),
    Refusal(
        errors.no_permission_for_user,
        403,
        {"errors": {"base": NO_PERMISSION["errors"]}},
        lambda at: at("PUT", f"/users/{BERT}.json", json={"user": {"a": "b"}}),
    ),
    Refusal(errors.no_permission, 403, NO_PERMISSION, lambda at: at("DELETE", f"/blobs/{at.blob.id}.json")),
    Refusal(
        errors.no_permission_for_admins,
        403,
        {"errors": ['You don\'t have appropriate permissions to modify or delete "admin_ids".']},
        lambda at: at.push(BERT, admin_ids=[BERT]),
    ),
    Refusal(
        errors.occupants_do_not_exist,
        422,
        {"errors": ["Occupants with these IDs do not exist."]},
        lambda at: at.post(recipient_id=ANNA),
    ),
    Refusal(
        errors.incorrect_occupant,
        422,
        {"errors": ["Incorrect occupant_id"]},
        lambda at: at.open(type=2, name="Team", occupants_ids="bert"),
    ),
    Refusal(
        errors.opponent_missing,
        422,
        {"errors": ["Occupants_ids is missing opponent ID."]},
        lambda at: at.open(type=3, occupants_ids=str(ANNA)),
    ),
    Refusal(
        errors.too_many_occupants,
        422,
        {"errors": ["Too many occupants for Private Dialog."]},
        lambda at: at.open(type=3, occupants_ids=f"{BERT},{CLEO}"),
    ),
    Refusal(
        errors.bad_admin_ids,
        400,
        {"errors": ['Incorrect format for parameter "admin_ids".']},
        lambda at: at.push(admin_ids=["bert"]),
    ),
    Refusal(
        errors.admins_do_not_exist,
        404,
        {"errors": ['Users with these IDs for "admin_ids" do not exist.']},
        lambda at: at.push(admin_ids=[CLEO]),
    ),
    Refusal(errors.invalid, 422, field(type="is required"), lambda at: at.open(name="Team")),
    Refusal(errors.invalid, 422, field(type="is not included in the list"), lambda at: at.open(type=4, name="Team")),
    Refusal(errors.invalid, 422, field(name="is required"), lambda at: at.open(type=2)),
    Refusal(errors.invalid, 422, field(name="must be a string"), lambda at: at.open(type=2, name=[7])),
    Refusal(
        errors.invalid,
        422,
        field(name="is too long (maximum is 200 characters)"),
        lambda at: at.open(type=2, name="n" * 201),
    ),
    Refusal(
        errors.invalid,
        422,
        field(is_joinable="is not allowed for this type of dialog"),
        lambda at: at.open(type=3, occupants_ids=str(BERT), is_joinable=1),
    ),
    Refusal(
        errors.invalid,
        422,
        field(base="Public dialogs have none"),
        lambda at: at("GET", f"/chat/Dialog/{at.public.id}/notifications.json"),
    ),
    Refusal(
        errors.invalid,
        422,
        field(enabled="must be 0 or 1"),
        lambda at: at("PUT", f"/chat/Dialog/{at.group.id}/notifications.json", json={"enabled": "yes"}),
    ),
    Refusal(errors.invalid, 422, field(chat_dialog_id="is required"), lambda at: at("PUT", "/chat/Message.json")),
    Refusal(
        errors.invalid,
        422,
        field(system="is not allowed for this type of dialog"),
        lambda at: at("POST", "/chat/Message.json", json={"chat_dialog_id": at.group.id, "system": 1}),
    ),
    Refusal(
        errors.bad_upload,
        400,
        {"errors": ["The request has no key or no file"]},
        lambda at: at("POST", f"/blobs/{at.blob.id}/upload/"),
    ),
    Refusal(errors.invalid, 422, field(user="is required"), lambda at: at("POST", "/users.json", json={"login": "x"})),
    Refusal(errors.invalid, 422, field(nonce="is required"), lambda at: at.session("nonce")),
    Refusal(errors.invalid, 422, field(nonce="has already been taken"), Place.twice),
    Refusal(
        errors.invalid,
        422,
        field(content_type="can't be blank", name="can't be blank"),
        lambda at: at("POST", "/blobs.json", json={"blob": {}}),
    ),
    Refusal(
        errors.invalid,
        422,
        field(size="is not a number"),
        lambda at: at("PUT", f"/blobs/{at.blob.id}/complete.json", by=BERT, json={"blob": {}}),
    ),
    Refusal(
        errors.invalid_fields,
        422,
        field(login="has already been taken"),
        lambda at: at.sign_up(login=f"login-{ANNA}", password="made-up-password"),
    ),
    Refusal(
        errors.invalid_fields,
        422,
        field(password="is too short (minimum is 8 characters)", base="Login or email required"),
        lambda at: at.sign_up(password="short"),
    ),
    Refusal(
        errors.invalid_fields,
        422,
        {
            "errors": {
                "password": [
                    "should contain alphanumeric and punctuation characters only",
                    "is too short (minimum is 8 characters)",
                ]
            }
        },
        lambda at: at.sign_up(login="new", password=""),
    ),
    Refusal(
        errors.invalid_fields,
        422,
        field(tag_list="is too long (maximum is 5 tags)"),
        lambda at: at.sign_up(login="made-up", password="made-up-password", tag_list="a,b,c,d,e,f"),
    ),
    Refusal(
        errors.invalid_fields,
        422,
        field(base="old_password is wrong"),
        lambda at: at("PUT", f"/users/{ANNA}.json", json={"user": {"password": "made-up-new-password"}}),
    ),
    Refusal(
        errors.unauthorized,
        401,
        {"errors": ["Unauthorized"]},
        lambda at: at("POST", "/login.json", by=OF_THE_APPLICATION, json={"login": f"login-{ANNA}"}),
    ),
    Refusal(
        errors.unexpected_signature,
        422,
        field(base="Unexpected signature"),
        lambda at: at.session(signature="made-up"),
    ),
    Refusal(errors.bad_timestamp, 422, field(base="Bad timestamp"), lambda at: at.session(timestamp=1)),
    Refusal(errors.user_not_found, 404, NO_USER, lambda at: at("GET", "/users/by_login.json?login=nobody")),
    Refusal(errors.authorization_failed, 401, UNAUTHORIZED, lambda at: at("POST", f"/users/{ANNA}/tokens")),
    Refusal(errors.unknown_user, 404, NO_USER_BASE, lambda at: at("POST", "/users/nobody/tokens", by=API_KEY)),
    Refusal(errors.resource_not_found, 404, {"code": None, "message": "Resource not found"}, Place.beside_the_map),
    Refusal(
        errors.invalid_reaction_name,
        400,
        {"errors": ['Invalid or missing "name" parameter.']},
        lambda at: at.react("n" * 101),
    ),
    Refusal(
        errors.invalid_message_id,
        400,
        {"errors": ["Invalid message id"]},
        lambda at: at.react(message="123"),
    ),
    Refusal(errors.too_many_reactions, 400, {"errors": ["Reactions limit of 20 exceeded."]}, Place.crowd),
    Refusal(
        errors.reaction_not_found, 404, {"errors": ["Reaction not found"]}, lambda at: at.react("sad", method="DELETE")
    ),
    Refusal(
        errors.message_not_found,
        404,
        {"errors": ["Message not found for the specified user and message ID."]},
        lambda at: at.react(message=UNKNOWN),
    ),
    Refusal(
        errors.no_public_reactions,
        422,
        {"errors": ["Reactions are not allowed in public dialogs."]},
        Place.in_public,
    ),
    Refusal(errors.by_status, 400, {"code": None, "message": "Bad request"}, lambda at: at.ordered(400)),
    Refusal(errors.by_status, 401, field(base="Required session does not exist"), lambda at: at.ordered(401)),
    Refusal(errors.by_status, 403, NO_PERMISSION, lambda at: at.ordered(403)),
    Refusal(errors.by_status, 404, NOT_FOUND, lambda at: at.ordered(404)),
    Refusal(errors.by_status, 422, field(base="Unprocessable entity"), lambda at: at.ordered(422)),
    Refusal(errors.by_status, 429, {"errors": ["Too Many Requests"]}, lambda at: at.ordered(429)),
    Refusal(errors.by_status, 500, {"status": "500", "error": "Internal Server Error"}, lambda at: at.ordered(500)),
    Refusal(errors.by_status, 502, {"errors": ["Bad Gateway"]}, lambda at: at.ordered(502)),
    Refusal(errors.by_status, 503, {"errors": ["Service Unavailable"]}, lambda at: at.ordered(503)),
    Refusal(errors.by_status, 504, {"errors": ["Gateway Timeout"]}, lambda at: at.ordered(504)),
]


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: name_of(refusal.made_by))
def test_each_refusal_is_provoked_by_its_request(
    place: Place, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    made_by = []
    make = errors.QuickBloxError.__init__

    def noted(self: errors.QuickBloxError, *args: Any) -> None:
        frame = sys._getframe(1)
        made_by.append(frame.f_locals.get("self", frame.f_code))
        make(self, *args)

    monkeypatch.setattr(errors.QuickBloxError, "__init__", noted)
    assert answer(refusal.provoke(place)) == (refusal.status, refusal.body)
    assert getattr(refusal.made_by, "__code__", refusal.made_by) in made_by
    assert place.fake.calls.last.reason


def test_every_refusal_is_provoked() -> None:
    functions = {each for _, each in inspect.getmembers(errors, inspect.isfunction) if each is not dataclass}
    fixed = {each for each in vars(errors).values() if isinstance(each, errors.Refusal)}
    assert {refusal.made_by for refusal in REFUSALS} == functions | fixed


@pytest.mark.parametrize(
    ("method", "path", "nearest"),
    [
        ("PUT", "/chat/Message5d75327ba28f9a0f32cb0f99.json", "PUT /chat/Message/{ids}.json"),
        ("GET", "/chat/Dialog5d75327ba28f9a0f32cb0f99.json", "GET /chat/Dialog/{id}.json"),
        ("DELETE", "/chat/Dialog5d75327ba28f9a0f32cb0f99.json", "DELETE /chat/Dialog/{ids}.json"),
        ("GET", "/users12.json", "GET /users/{id}.json"),
        ("DELETE", "/users12.json", "DELETE /users/{id}.json"),
        ("POST", "/users/12345/token.json", "POST /users/{id}/tokens"),
        ("POST", "/chat/Mesage.json", "POST /chat/Message.json"),
    ],
)
def test_the_nearest_route_has_a_variable_where_the_path_has_an_id(
    qbchat: FakeQuickBlox, method: str, path: str, nearest: str
) -> None:
    with qbchat.expect_refused(), pytest.raises(CallRefused, match=re.escape(f"the nearest is {nearest}") + "\n"):
        httpx.request(method, f"https://api.quickblox.com{path}", verify=TLS)
