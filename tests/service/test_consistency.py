"""One state and one truth: whatever is done through REST and in the apps of the users, in whatever order, every way of
asking gives the answer that a model of a chat service gives, which is too simple to be wrong.

`QBCHAT_EXAMPLES=1000` runs as many examples of a hundred steps each, at random; `QBCHAT_SEED` then names the seed.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from support.model import IDLE_MINUTES, Dialog, Message, Model, Refused
from support.profile import sized

from pytest_qbchat import FakeQuickBlox, QuickBloxTransport

DIALOGS = "/chat/Dialog.json"
MESSAGES = "/chat/Message.json"
UNKNOWN_ID = "5d75327ba28f9a0f32cb0f99"
UNKNOWN_USER = 4_040_404
SHOP = "made-up-token-of-the-shop"  # that of an application session
API_KEY = "made-up-api-key-of-an-observer"
PEOPLE = ["Sam Support", "Cleo Customer", "Dana Dispatch", "Otto Owner"]

# Who and what a call is about is drawn as a small number, which the state at that moment gives a meaning. The odd ones
# are in the middle of a range, since its ends are drawn more often.
CALLER = st.integers(0, 19)
USER = st.integers(0, 15)
DIALOG = st.integers(0, 19)
MESSAGE = st.integers(0, 23)
PERSON = st.integers(0, 3)  # a user that there is
USERS = st.lists(USER, max_size=3)
FLAGS = st.sampled_from(
    [{"send_to_chat": 1, "markable": 1}, {"send_to_chat": 1}, {"markable": 1}, {}, {"send_to_chat": 0, "markable": 0}]
)
CHANGES = st.sampled_from(
    [
        {"read": 1},
        {"delivered": 1},
        {"read": 0},
        {"read": 1, "delivered": 1},
        {"message": "on second thought"},
        {"message": "and again", "read": 1},
    ]
)
PAGES = st.sampled_from(
    [
        {},
        {"limit": 1},
        {"limit": 2, "skip": 1},
        {"sort_desc": "date_sent"},
        {"sort_desc": "date_sent", "limit": 2, "skip": 1},
        {"sort_desc": "_id", "limit": 3},
        {"limit": 0},
        {"skip": 90},
        {"count": 1},
    ]
)


def step(**strategies: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A rule that is counted, once it came to its end."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def counted(self: Conversations, **drawn: Any) -> None:
            function(self, **drawn)
            self.steps_were_taken(1)

        return rule(**strategies)(counted)

    return decorate


class Conversations(RuleBasedStateMachine):
    """A shop, its customers and its staff do what is allowed and what is not."""

    steps = 0

    @classmethod
    def steps_were_taken(cls, number: int) -> None:
        Conversations.steps += number

    @initialize(strict=st.booleans())
    def begin(self, strict: bool) -> None:
        self.fake = FakeQuickBlox(strict=strict)
        self.fake.credentials(api_key=API_KEY)
        self.model = Model(strict=strict)
        self.client = httpx.Client(
            transport=QuickBloxTransport(self.fake), base_url="https://api.quickblox.com", trust_env=False
        )
        self.handles: dict[int, Any] = {}
        self.ahead = 0
        self.turn = 0
        self.asked = 0
        for name in PEOPLE:
            self.add_user(name)
        self.add_session(SHOP, None)
        sam, cleo, dana, _ = self.model.names
        self._create(token_of(dana), 1, [cleo], "News of the shop")
        self._create(token_of(sam), 2, [cleo, dana], "The shop's orders")
        self._create(token_of(cleo), 3, [sam], "")

    # Whom and what a number means

    def token(self, number: int) -> str | None:
        """Mostly that of a user; sometimes that of the application, and no token or an unknown one."""
        if number == 13:
            return "made-up-token-of-nobody" if self.model.strict and self.turn % 2 else None
        if number == 9:
            return SHOP
        users = [*self.model.names]
        return token_of(users[number % len(users)])

    def user(self, number: int) -> Any:
        """Mostly a user that there is; sometimes one who was deleted or never there, and what is no user id."""
        if number == 9:
            return "nobody"
        if number == 7 and self.model.strict:
            return UNKNOWN_USER
        if number in (6, 11) and self.model.deleted_users:
            return self.model.deleted_users[-1]
        users = [*self.model.names]
        return users[number % len(users)]

    def dialog_id(self, number: int) -> str:
        """Mostly that of a dialog; sometimes in upper case, destroyed, unknown or no id at all."""
        dialogs = self.model.dialogs
        if number == 5 or not dialogs:
            return "no-id"
        if number == 7:
            return self.unknown_id()
        if number == 9:
            return dialogs[-1].id.upper()
        if number in (11, 13) and self.model.gone_dialogs:
            return self.model.gone_dialogs[-1]
        return dialogs[-1 - number % len(dialogs)].id

    def message_id(self, number: int) -> str:
        """Mostly that of one of the last messages; sometimes in upper case, deleted, unknown or no id at all."""
        messages = self.model.messages
        if number == 5 or not messages:
            return "no-id"
        if number == 9:
            return self.unknown_id()
        if number == 7:
            return messages[-1].id.upper()
        if number in (13, 17) and self.model.gone_messages:
            return self.model.gone_messages[-1]
        return messages[-1 - number % len(messages)].id

    def unknown_id(self) -> str:
        """An unknown dialog would be adopted, outside strict mode."""
        return UNKNOWN_ID if self.model.strict else "no-id-either"

    # How the fake and the model are asked

    def clock(self) -> float:
        return time.time() + self.ahead

    def request(self, token: str | None, method: str, path: str, **kwargs: Any) -> httpx.Response:
        headers = {} if token is None else {"QB-Token": token}
        before = int(self.clock())
        reply = self.client.request(method, path, headers=headers, **kwargs)
        self.model.moment = (before, int(self.clock()))
        self.asked += 1
        return reply

    def agreed(
        self, reply: httpx.Response, answer: Callable[..., Any], /, *args: Any, ok: int = 200, **kwargs: Any
    ) -> Any:
        """The model's answer, whose status is that of the reply; None for a refusal."""
        expected, status = None, ok
        try:
            expected = answer(*args, **kwargs)
        except Refused as refusal:
            status = refusal.status
        call = f"{reply.request.method} {reply.request.url} {reply.request.content.decode()}"
        assert reply.status_code == status, f"{call}: {reply.text}"
        token = reply.request.headers.get("QB-Token", "")
        if status == 401 and token in self.model.sessions:  # what a client does then
            self.add_session(token, self.model.sessions[token].user)
        return expected

    def done(self, action: Callable[[], Any], answer: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """What an app and the model did, which are refused both or neither."""
        result = expected = refused = refusal = None
        before = int(self.clock())
        try:
            result = action()
        except ValueError as error:
            refused = error
        self.model.moment = (before, int(self.clock()))
        try:
            expected = answer(*args, **kwargs, result=result)
        except Refused as error:
            refusal = error
        assert (refused is None) == (refusal is None), f"{refused!r}, and {refusal!r} of the model"
        return result, expected

    def add_user(self, name: str) -> None:
        user = self.fake.add_user(full_name=name)
        self.handles[user.id] = user
        self.model.add_user(user.id, name)
        self.add_session(token_of(user.id), user.id)

    def add_session(self, token: str, user: int | None) -> None:
        self.fake.add_session(token, user)
        self.model.sessions[token] = type(self.model).new_session(user)

    # Dialogs

    @step(caller=CALLER, kind=st.integers(1, 4), users=USERS, named=st.integers(0, 5))
    def create_dialog(self, caller: int, kind: int, users: list[int], named: int) -> None:
        given = [self.user(number) for number in users]
        name = f"Order {self.turn}" if named else ""
        self._create(self.token(caller), kind, given, name)

    @step(caller=CALLER, others=st.integers(0, 3))
    def create_group_of_many(self, caller: int, others: int) -> None:
        users = [*self.model.names]
        self._create(self.token(caller), 2, users[: others + 2], f"Order {self.turn}")

    @step(caller=CALLER, user=USER)
    def open_private_dialog(self, caller: int, user: int) -> None:
        self._create(self.token(caller), 3, [self.user(user)], "")

    def _create(self, token: str | None, kind: int, users: list[Any], name: str) -> None:
        body = {"type": kind, "occupants_ids": ",".join(map(str, users)), "name": name}
        reply = self.request(token, "POST", DIALOGS, json=body)
        shown = reply.json()
        dialog = self.agreed(reply, self.model.create_dialog, token, kind, users, name, shown.get("_id", ""), ok=201)
        if dialog is not None:
            assert part(shown) == self.model.shown_dialog(dialog, self.model.caller(token))

    @step(caller=CALLER, dialog=DIALOG, named=st.integers(0, 5))
    def rename(self, caller: int, dialog: int, named: int) -> None:
        token, dialog_id = self.token(caller), self.dialog_id(dialog)
        name = f"Order {self.turn}, changed" if named else ""
        reply = self.request(token, "PUT", f"/chat/Dialog/{dialog_id}.json", json={"name": name})
        assert_shown(reply, self.agreed(reply, self.model.update_dialog, token, dialog_id, name=name))

    @step(caller=CALLER, dialog=DIALOG, push=USERS, pull=USERS)
    def change_occupants_of_one(self, caller: int, dialog: int, push: list[int], pull: list[int]) -> None:
        token, dialog_id = self.token(caller), self.dialog_id(dialog)
        joining, leaving = [self.user(number) for number in push], [self.user(number) for number in pull]
        body = {"push_all": {"occupants_ids": joining}, "pull_all": {"occupants_ids": leaving}}
        reply = self.request(token, "PUT", f"/chat/Dialog/{dialog_id}.json", json=body)
        assert_shown(reply, self.agreed(reply, self.model.update_dialog, token, dialog_id, push=joining, pull=leaving))

    @step(caller=CALLER, dialog=DIALOG)
    def leave(self, caller: int, dialog: int) -> None:
        token, dialog_id = self.token(caller), self.dialog_id(dialog)
        users = [*self.model.names]
        user = users[caller % len(users)]
        reply = self.request(
            token, "PUT", f"/chat/Dialog/{dialog_id}.json", json={"pull_all": {"occupants_ids": [user]}}
        )
        assert_shown(reply, self.agreed(reply, self.model.update_dialog, token, dialog_id, pull=[user]))

    @step(
        caller=CALLER,
        users=st.lists(USER, min_size=1, max_size=2),
        dialogs=st.lists(DIALOG, min_size=1, max_size=3),
        adding=st.booleans(),
    )
    def change_occupants_of_several(self, caller: int, users: list[int], dialogs: list[int], adding: bool) -> None:
        token = self.token(caller)
        given = [self.user(number) for number in users]
        ids = [self.dialog_id(number) for number in dialogs]
        body = {"users_ids": ",".join(map(str, given)), "dialogs_ids": ",".join(ids)}
        path = f"/chat/Dialogs/{'add' if adding else 'remove'}_occupants.json"
        reply = self.request(token, "POST", path, json=body)
        outcomes = self.agreed(reply, self.model.change_occupants, token, given, ids, adding=adding)
        if outcomes is not None:
            names = {"done": "SuccessfullyUpdated", "missing": "NotFound", "forbidden": "WrongPermissions"}
            for what, outcome in outcomes.items():
                expected = {names[name]: [*map(str, found)] for name, found in outcome.items()}
                assert {name: [*map(str, found)] for name, found in reply.json()[what].items()} == expected

    @step(caller=CALLER, dialogs=st.lists(DIALOG, min_size=1, max_size=3), force=st.booleans())
    def delete_dialogs(self, caller: int, dialogs: list[int], force: bool) -> None:
        token, ids = self.token(caller), [self.dialog_id(number) for number in dialogs]
        params = {"force": 1} if force else {}
        reply = self.request(token, "DELETE", f"/chat/Dialog/{','.join(ids)}.json", params=params)
        outcome = self.agreed(reply, self.model.delete_dialogs, token, ids, force=force)
        assert outcome in (None, reply.json())

    @step(caller=CALLER, dialog=DIALOG)
    def hide_dialog(self, caller: int, dialog: int) -> None:
        token, dialog_id = self.token(caller), self.dialog_id(dialog)
        reply = self.request(token, "DELETE", f"/chat/Dialog/{dialog_id}.json")
        outcome = self.agreed(reply, self.model.delete_dialogs, token, [dialog_id], force=False)
        assert outcome in (None, reply.json())

    @step(caller=CALLER, dialog=DIALOG)
    def get_dialog(self, caller: int, dialog: int) -> None:
        token, dialog_id = self.token(caller), self.dialog_id(dialog)
        reply = self.request(token, "GET", f"/chat/Dialog/{dialog_id}.json")
        assert_shown(reply, self.agreed(reply, self.model.get_dialog, token, dialog_id))

    @step(caller=CALLER, skip=st.integers(0, 3), limit=st.integers(0, 4), kind=st.integers(0, 3))
    def list_dialogs(self, caller: int, skip: int, limit: int, kind: int) -> None:
        token = self.token(caller)
        params = {"skip": skip, "limit": limit} | ({"type": kind} if kind else {})
        reply = self.request(token, "GET", DIALOGS, params=params)
        dialogs = self.agreed(reply, self.model.list_dialogs, token)
        if dialogs is None:
            return
        wanted = [dialog for dialog in dialogs if kind in (0, dialog["type"])]
        shown = reply.json()
        assert (shown["total_entries"], shown["skip"], shown["limit"]) == (len(wanted), skip, limit)
        assert [*map(part, shown["items"])] == wanted[skip : skip + limit]
        counted = self.request(token, "GET", DIALOGS, params=params | {"count": 1})
        assert counted.json() == {"items": {"count": len(wanted)}}

    # Messages

    @step(caller=CALLER, dialog=DIALOG, flags=FLAGS)
    def post_to_dialog(self, caller: int, dialog: int, flags: dict[str, Any]) -> None:
        self._post(self.token(caller), {"chat_dialog_id": self.dialog_id(dialog), **flags})

    @precondition(lambda self: any(dialog.occupants for dialog in self.model.dialogs))
    @step(dialog=st.integers(0, 4), occupant=PERSON)
    def post_for_all_to_see(self, dialog: int, occupant: int) -> None:
        dialogs = [each for each in self.model.dialogs if each.occupants]  # a public one may have none
        found = dialogs[-1 - dialog % len(dialogs)]
        token = token_of(sorted(found.occupants)[occupant % len(found.occupants)])
        self._post(token, {"chat_dialog_id": found.id, "send_to_chat": 1, "markable": 1})

    @step(caller=CALLER, user=USER, flags=FLAGS)
    def post_to_user(self, caller: int, user: int, flags: dict[str, Any]) -> None:
        address = {8: {"recipient_id": 0}, 10: {}}.get(user)
        self._post(self.token(caller), ({"recipient_id": self.user(user)} if address is None else address) | flags)

    @step(caller=CALLER, dialog=DIALOG, user=PERSON)
    def post_to_dialog_and_user(self, caller: int, dialog: int, user: int) -> None:
        fields = {"chat_dialog_id": self.dialog_id(dialog), "recipient_id": self.user(user)}
        self._post(self.token(caller), fields)

    def _post(self, token: str | None, fields: dict[str, Any]) -> None:
        if self.turn % 5:
            fields["message"] = f"message {self.turn}"
        reply = self.request(token, "POST", MESSAGES, json=fields)
        shown = reply.json()
        message = self.agreed(reply, self.model.post, token, fields, reply=shown, ok=201)
        if message is None:
            return
        unsaved = {"delivered_ids": [], "read_ids": []} if message.sent_to_chat else {}
        assert tidy(shown) == self.model.shown_message(message) | unsaved
        assert self.model.moment[0] <= message.date <= self.model.moment[1]

    @step(caller=CALLER, dialog=DIALOG, mark=st.booleans(), page=PAGES)
    def list_messages(self, caller: int, dialog: int, mark: bool, page: dict[str, Any]) -> None:
        self._list(caller, self.dialog_id(dialog), page, mark=mark)

    @step(
        caller=CALLER, message=MESSAGE, by=st.sampled_from(["sender_id", "date_sent[gt]", "date_sent[lte]"]), page=PAGES
    )
    def filter_messages(self, caller: int, message: int, by: str, page: dict[str, Any]) -> None:
        found = self.model.message(self.message_id(message))
        if found is None:
            self._list(caller, "", page, mark=True)
        else:
            value = found.sender if by == "sender_id" else found.date
            self._list(caller, found.dialog.id, {**page, by: value}, mark=True)

    def _list(self, caller: int, id: str, query: dict[str, Any], *, mark: bool) -> None:
        token = self.token(caller)
        params = {"chat_dialog_id": id, **query} | ({} if mark else {"mark_as_read": 0})
        reply = self.request(token, "GET", MESSAGES, params=params)
        expected = self.agreed(reply, self.model.list_messages, token, id, mark=mark, **query)
        if expected is None:
            return
        if "count" in query:
            assert reply.json() == {"items": {"count": expected}}
        else:
            shown = reply.json()
            assert (shown["skip"], shown["limit"]) == (query.get("skip", 0), query.get("limit", 100))
            assert [*map(tidy, shown["items"])] == expected

    @step(caller=CALLER, message=MESSAGE)
    def get_message(self, caller: int, message: int) -> None:
        token, message_id = self.token(caller), self.message_id(message)
        reply = self.request(token, "GET", f"/chat/Message/{message_id}.json")
        expected = self.agreed(reply, self.model.get_message, token, message_id)
        assert expected is None or tidy(reply.json()) == expected

    @step(caller=CALLER, messages=st.lists(MESSAGE, min_size=1, max_size=3), changes=CHANGES)
    def update_messages(self, caller: int, messages: list[int], changes: dict[str, Any]) -> None:
        ids = [self.message_id(number) for number in messages]
        first = self.model.message(ids[0])
        self._update(self.token(caller), first.dialog.id if first else "", ids, changes)

    @step(caller=CALLER, dialog=DIALOG, message=MESSAGE, changes=CHANGES)
    def update_message_by_any_dialog(self, caller: int, dialog: int, message: int, changes: dict[str, Any]) -> None:
        self._update(self.token(caller), self.dialog_id(dialog), [self.message_id(message)], changes)

    @step(caller=CALLER, dialog=DIALOG, changes=CHANGES)
    def update_all_messages(self, caller: int, dialog: int, changes: dict[str, Any]) -> None:
        self._update(self.token(caller), self.dialog_id(dialog), None, changes)

    @precondition(lambda self: self.model.messages)
    @step(message=st.integers(0, 4), occupant=PERSON, several=st.lists(CHANGES, min_size=1, max_size=3))
    def update_as_an_occupant(self, message: int, occupant: int, several: list[dict[str, Any]]) -> None:
        """One change after the other; the text as its author."""
        found = self.model.messages[-1 - message % len(self.model.messages)]
        for changes in several:
            occupants = [found.sender] if "message" in changes else sorted(found.dialog.occupants) or [found.sender]
            self._update(token_of(occupants[occupant % len(occupants)]), found.dialog.id, [found.id], changes)

    def _update(self, token: str | None, dialog_id: str, ids: list[str] | None, changes: dict[str, Any]) -> None:
        path = MESSAGES if ids is None else f"/chat/Message/{','.join(ids)}.json"
        reply = self.request(token, "PUT", path, json={"chat_dialog_id": dialog_id, **changes})
        self.agreed(reply, self.model.update_messages, token, dialog_id, ids, changes)

    @step(caller=CALLER, messages=st.lists(MESSAGE, min_size=1, max_size=3), force=st.booleans())
    def delete_messages(self, caller: int, messages: list[int], force: bool) -> None:
        token, ids = self.token(caller), [self.message_id(number) for number in messages]
        params = {"force": 1} if force else {}
        reply = self.request(token, "DELETE", f"/chat/Message/{','.join(ids)}.json", params=params)
        outcome = self.agreed(reply, self.model.delete_messages, token, ids, force=force)
        assert outcome in (None, reply.json())

    @step(caller=CALLER, dialogs=st.lists(DIALOG, max_size=4, unique=True))
    def count_unread(self, caller: int, dialogs: list[int]) -> None:
        token, ids = self.token(caller), [self.dialog_id(number) for number in dialogs]
        ids = [*dict.fromkeys(ids)]
        params = {"chat_dialog_ids": ",".join(ids)} if ids else {}
        reply = self.request(token, "GET", "/chat/Message/unread.json", params=params)
        counts = self.agreed(reply, self.model.count_unread, token, ids)
        assert counts in (None, reply.json())

    @step(caller=CALLER, message=MESSAGE, name=st.sampled_from(["like", "love", ""]), adding=st.booleans())
    def react(self, caller: int, message: int, name: str, adding: bool) -> None:
        token, message_id = self.token(caller), self.message_id(message)
        method = "POST" if adding else "DELETE"
        reply = self.request(token, method, f"/chat/Message/{message_id}/reactions.json", json={"name": name})
        self.agreed(reply, self.model.react, token, message_id, name, adding=adding, ok=201 if adding else 200)

    @step(caller=CALLER, message=MESSAGE)
    def list_reactions(self, caller: int, message: int) -> None:
        token, message_id = self.token(caller), self.message_id(message)
        reply = self.request(token, "GET", f"/chat/Message/{message_id}/reactions.json")
        expected = self.agreed(reply, self.model.list_reactions, token, message_id)
        if expected is not None:
            shown = reply.json()
            assert {item["name"]: item["user_ids"] for item in shown["items"]} == expected
            assert all(item["count"] == len(item["user_ids"]) for item in shown["items"])
            assert shown["total_entries"] == len(expected)

    # What users do in their apps

    @step(user=PERSON, which=st.integers(0, 7), read=st.booleans())
    def confirm(self, user: int, which: int, read: bool) -> None:
        """All that arrived, or one of the last of it."""
        who = self.user(user)
        handle, inbox = self.handles[who], self.model.inboxes[who]
        act = handle.read if read else handle.receive
        one = which < 5 and bool(inbox)
        position = -1 - which % len(inbox) if one else 0
        meant = [inbox[position]] if one else inbox
        confirmed, expected = self.done(
            lambda: act(handle.inbox[position]) if one else act(),
            lambda result: self.model.confirm(who, meant, read=read),
        )
        assert ids_of(confirmed) == expected

    @precondition(lambda self: self.model.messages)
    @step(user=PERSON, message=st.integers(0, 4), read=st.booleans())
    def confirm_any_message(self, user: int, message: int, read: bool) -> None:
        """One that did not reach the user in real time has nothing to confirm."""
        who = self.user(user)
        record = self.record(message)

        def expected(result: Any) -> list[str]:
            meant = [each for each in self.model.inboxes[who] if each.id == record.id]
            if not meant:
                raise Refused(404)
            return self.model.confirm(who, meant, read=read)

        handle = self.handles[who]
        confirmed, ids = self.done(lambda: (handle.read if read else handle.receive)(record), expected)
        assert confirmed is None or ids_of(confirmed) == ids

    @step(user=USER, dialog=DIALOG)
    def open_dialog(self, user: int, dialog: int) -> None:
        who, dialog_id = self.user(user), self.dialog_id(dialog)
        if who in self.handles:
            opened, expected = self.done(
                lambda: self.handles[who].open(dialog_id), lambda result: self.model.open(who, dialog_id)
            )
            assert opened is None or ids_of(opened) == expected

    @step(user=USER, dialog=DIALOG, flags=FLAGS)
    def send_to_dialog(self, user: int, dialog: int, flags: dict[str, Any]) -> None:
        self._send(user, {"chat_dialog_id": self.dialog_id(dialog)}, self.dialog_id(dialog), flags)

    @precondition(lambda self: self.model.messages)
    @step(user=USER, message=st.integers(0, 4), flags=FLAGS)
    def answer(self, user: int, message: int, flags: dict[str, Any]) -> None:
        record = self.record(message)
        self._send(user, {"chat_dialog_id": record.chat_dialog_id}, record, flags)

    @step(user=USER, other=USER, flags=FLAGS)
    def send_to_user(self, user: int, other: int, flags: dict[str, Any]) -> None:
        who = self.user(other)
        if who in self.handles:
            self._send(user, {"recipient_id": who}, self.handles[who], flags)

    def _send(self, user: int, address: dict[str, Any], to: Any, flags: dict[str, Any]) -> None:
        sender = self.user(user)
        if sender not in self.handles:
            return
        fields = {"message": f"app {self.turn}", "send_to_chat": 1, **flags}

        def expected(result: Any) -> Message:
            self.model.check_user(sender)
            message_id, date, dialog_id = (
                (result.id, result.date_sent, result.chat_dialog_id) if result else ("", 0, "")
            )
            dialog = self.model.addressed(sender, address.get("chat_dialog_id"), address.get("recipient_id"), dialog_id)
            return self.model.add_message(sender, dialog, fields, id=message_id, date=date, from_app=True)

        self.done(lambda: self.handles[sender].send(to, **fields), expected)

    def record(self, number: int) -> Any:
        """What a test holds of one of the last messages."""
        return self.fake.messages[-1 - number % len(self.fake.messages)]

    # Users, sessions and time

    @precondition(lambda self: len(self.model.names) > 2)
    @step(user=PERSON)
    def delete_oneself(self, user: int) -> None:
        who = self.user(user)
        self._delete_user(token_of(who), who)

    @precondition(lambda self: len(self.model.names) > 2)
    @step(caller=CALLER, user=USER)
    def delete_user(self, caller: int, user: int) -> None:
        self._delete_user(self.token(caller), self.user(user))

    def _delete_user(self, token: str | None, id: Any) -> None:
        reply = self.request(token, "DELETE", f"/users/{id}.json")
        self.agreed(reply, self.model.delete_user, token, id)

    @precondition(lambda self: len(self.model.names) < 4)
    @step()
    def sign_up(self) -> None:
        self.add_user(f"{PEOPLE[self.turn % 4]} the younger")

    @step(minutes=st.sampled_from([0, 10, 50, IDLE_MINUTES]))
    def wait(self, minutes: int) -> None:
        self._advance(minutes)

    @step(user=PERSON, pauses=st.lists(st.sampled_from([50, 70, IDLE_MINUTES]), min_size=1, max_size=3))
    def come_back_after_pauses(self, user: int, pauses: list[int]) -> None:
        """A session lives for two hours from its last call, not from its first."""
        token = self.token(user)
        for minutes in pauses:
            self._advance(minutes)
            reply = self.request(token, "GET", DIALOGS)
            dialogs = self.agreed(reply, self.model.list_dialogs, token)
            assert dialogs is None or [*map(part, reply.json()["items"])] == dialogs

    def _advance(self, minutes: int) -> None:
        self.fake.advance(minutes=minutes)
        self.ahead += 60 * minutes
        self.model.minutes += minutes

    @step()
    def end_sessions(self) -> None:
        self.fake.expire_sessions()
        for session in self.model.sessions.values():
            session.ended = True

    # What must be true at any time

    @invariant()
    def the_fake_and_the_model_agree(self) -> None:
        self.turn += 1
        dialogs = {dialog.id: dialog for dialog in self.fake.dialogs}
        assert [*dialogs] == [dialog.id for dialog in self.model.dialogs]
        for dialog in self.model.dialogs:
            self.compare_dialog(dialogs[dialog.id], dialog)
        records = self.fake.messages
        assert ids_of(records) == [message.id for message in self.model.messages]
        for record, message in zip(records, self.model.messages, strict=True):
            self.compare_message(record, message)
        for user in self.model.names:
            self.compare_user(self.handles[user], user)
        for user in self.model.inboxes:
            assert ids_of(self.fake.inbox(user)) == ids_of(self.model.inboxes[user])
        assert [*map(user_id_of, self.fake.users)] == [*self.model.names]
        assert ids_of(self.fake.posted) == self.model.posted
        assert len(self.fake.calls) == self.asked

    def compare_dialog(self, actual: Any, dialog: Dialog) -> None:
        history = self.model.history(dialog)
        last = history[-1] if history else None
        assert (actual.type, actual.user_id, actual.name) == (dialog.kind, dialog.owner, dialog.name)
        assert actual.occupants_ids == sorted(dialog.occupants)
        assert ids_of(actual.history) == ids_of(history)
        assert actual.last is (actual.history[-1] if last else None)
        assert (
            actual.last_message,
            actual.last_message_id,
            actual.last_message_date_sent,
            actual.last_message_user_id,
        ) == (last and last.text, last and last.id, last and last.date, last and last.sender)

    def compare_message(self, record: Any, message: Message) -> None:
        assert tidy(record.as_dict()) == self.model.shown_message(message)
        assert record.sent_to_chat == message.sent_to_chat
        assert {*record.delivered_to} == (message.audience if message.sent_to_chat else set())
        assert message.changed[0] <= record.updated <= message.changed[1]

    def compare_user(self, handle: Any, user: int) -> None:
        assert [dialog.id for dialog in handle.dialogs] == [dialog.id for dialog in self.model.dialogs_of(user)]
        assert handle.unread() == self.model.unread_total(user)
        for dialog in self.model.dialogs:
            assert handle.unread(dialog.id) == self.model.unread(dialog, user)

    @invariant()
    def one_user_is_answered_as_the_model_answers(self) -> None:
        """Over REST, in turns. An API key that acts for a user needs no session, and so keeps none alive."""
        users = [*self.model.names]
        user = users[self.turn % len(users)]
        expected = [self.model.shown_dialog(dialog, user) for dialog in self.model.dialogs_of(user)]
        listed = self.observed(user, DIALOGS)
        assert [*map(part, listed.json()["items"])] == expected
        assert listed.json()["total_entries"] == len(expected)
        ids = [dialog.id for dialog in self.model.dialogs]
        if not ids:
            return
        unread = {dialog.id: self.model.unread(dialog, user) for dialog in self.model.dialogs}
        counted = self.observed(user, "/chat/Message/unread.json", chat_dialog_ids=",".join(ids)).json()
        assert counted == {"total": sum(unread.values()), **unread}
        dialog = self.model.dialogs[self.turn % len(ids)]
        history = self.observed(user, MESSAGES, chat_dialog_id=dialog.id, mark_as_read=0)
        if not dialog.public and user not in dialog.occupants:
            assert history.status_code == 403
        else:
            messages = self.model.history(dialog, user)
            assert [*map(tidy, history.json()["items"])] == [*map(self.model.shown_message, messages)]

    def observed(self, user: int, path: str, **params: Any) -> httpx.Response:
        headers = {"Authorization": f"ApiKey {API_KEY}", "On-Behalf-Of": str(user)}
        self.asked += 1
        return self.client.get(path, headers=headers, params=params)


def token_of(user: int) -> str:
    return f"made-up-token-of-{user}"


def ids_of(messages: Any) -> list[str]:
    return [message.id for message in messages]


def user_id_of(user: Any) -> int:
    return user.id


PARTS = [
    "_id", "type", "name", "user_id", "occupants_ids", "last_message", "last_message_date_sent", "last_message_id",
    "last_message_user_id", "unread_messages_count",
]  # fmt: skip


def part(shown: dict[str, Any]) -> dict[str, Any]:
    """What the model knows of a dialog."""
    return {name: shown[name] for name in PARTS}


def tidy(shown: dict[str, Any]) -> dict[str, Any]:
    """What the model knows of a message; in which order users read it is not compared."""
    known = {name: value for name, value in shown.items() if name not in ("attachments", "created_at", "updated_at")}
    return known | {name: sorted(known[name]) for name in ("delivered_ids", "read_ids")}


def assert_shown(reply: httpx.Response, expected: dict[str, Any] | None) -> None:
    if expected is not None:
        assert part(reply.json()) == expected


STEPS = 100
LONG_RUN = os.environ.get("QBCHAT_EXAMPLES")
RUNS = int(LONG_RUN or sized(10, 150))
SETTINGS = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    derandomize=LONG_RUN is None,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
    print_blob=False,
    report_multiple_bugs=False,
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")  # what is warned of is done here on purpose
def test_random_steps_leave_the_fake_in_the_state_of_the_model() -> None:
    Conversations.steps = 0
    machine: Any = Conversations
    if LONG_RUN and "QBCHAT_SEED" in os.environ:
        machine = seed(int(os.environ["QBCHAT_SEED"]))(Conversations)

    run_state_machine_as_test(machine, settings=SETTINGS)

    assert Conversations.steps >= RUNS * 2 * STEPS // 3
