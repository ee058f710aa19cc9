"""Receipts, unread counters and visibility: after any steps through REST and in the apps of the users, every way of
asking gives the answer of a model that is too simple to be wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import pytest
from support.model import GROUP, PRIVATE, PUBLIC, Dialog, Message, Model, Refused
from support.profile import sized

from pytest_qbchat import FakeQuickBlox, QuickBloxTransport

DIALOGS = "/chat/Dialog.json"
MESSAGES = "/chat/Message.json"
PEOPLE = range(4)
FLAGS = [{"send_to_chat": 1, "markable": 1}, {"send_to_chat": 1}, {"markable": 1}, {}, {"send_to_chat": 0}]
CHANGES = [{"read": 1}, {"delivered": 1}, {"read": 0}, {"read": 1, "delivered": 1}]


class Conversations:
    """Four people do what they may and what they may not. A step draws what it is about from the state it finds."""

    def __init__(self) -> None:
        self.fake = FakeQuickBlox(strict=True)
        self.client = httpx.Client(
            transport=QuickBloxTransport(self.fake), base_url="https://api.quickblox.com", trust_env=False
        )
        self.handles = [self.fake.add_user() for _ in PEOPLE]
        self.ids = [user.id for user in self.handles]
        for person, user in enumerate(self.ids):
            self.fake.add_session(token_of(person), user)
        self.model = Model(self.ids)
        self.messages: list[Message] = []  # also those that were deleted
        self.done: list[str] = []
        self.create(0, PUBLIC, [1])
        self.create(1, GROUP, [0, 2])
        self.create(0, PRIVATE, [1])

    # How the fake and the model are asked

    def request(self, person: int, method: str, path: str, **kwargs: Any) -> httpx.Response:
        reply = self.client.request(method, path, headers={"QB-Token": token_of(person)}, **kwargs)
        self.done.append(f"person {person}: {method} {path} {kwargs or ''}: {reply.status_code}")
        return reply

    def agreed(self, reply: httpx.Response, answer: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The answer of the model, whose status is that of the reply; None for a refusal."""
        expected, status = None, 200
        try:
            expected = answer(*args, **kwargs)
        except Refused as refusal:
            status = refusal.status
        assert reply.status_code == status, reply.text
        return expected

    def person(self, chance: Random, dialog: Dialog) -> int:
        """Mostly an occupant of the dialog."""
        occupants = [person for person, user in enumerate(self.ids) if user in dialog.occupants]
        return chance.choice(occupants if occupants and chance.random() < 0.8 else PEOPLE)

    # Dialogs

    def create_group(self, chance: Random) -> None:
        self.create(chance.choice(PEOPLE), GROUP, chance.sample(PEOPLE, 2))

    def create(self, person: int, kind: int, others: list[int]) -> None:
        occupants = [self.ids[other] for other in others]
        body = {"type": kind, "occupants_ids": occupants, **({} if kind == PRIVATE else {"name": "Orders"})}
        reply = self.request(person, "POST", DIALOGS, json=body)
        assert reply.status_code == 201
        owner = self.ids[person]
        self.model.dialogs.append(Dialog(reply.json()["_id"], kind, owner, {owner, *occupants}))

    def join_or_leave(self, chance: Random) -> None:
        """An occupant leaves a group, or another user is added to it."""
        groups = [dialog for dialog in self.model.dialogs if dialog.kind == GROUP]
        if groups:
            dialog, person = chance.choice(groups), chance.choice(PEOPLE)
            user = self.ids[person]
            leaves = user in dialog.occupants
            caller = person if leaves else self.ids.index(min(dialog.occupants))
            body = {"pull_all" if leaves else "push_all": {"occupants_ids": [user]}}
            reply = self.request(caller, "PUT", f"/chat/Dialog/{dialog.id}.json", json=body)
            self.agreed(reply, self.model.leave if leaves else self.model.join, dialog, user)

    def delete_dialog(self, chance: Random) -> None:
        if self.model.dialogs:
            dialog = chance.choice(self.model.dialogs)
            person, for_all = self.person(chance, dialog), chance.random() < 0.1
            params = {"force": 1} if for_all else {}
            reply = self.request(person, "DELETE", f"/chat/Dialog/{dialog.id}.json", params=params)
            self.agreed(reply, self.model.delete_dialog, dialog, self.ids[person], for_all=for_all)

    # Messages

    def post(self, chance: Random) -> None:
        """An occupant posts over REST or from the app."""
        dialogs = self.model.dialogs
        if not dialogs:
            return
        dialog, flags = chance.choice(dialogs), chance.choice(FLAGS)
        user = chance.choice(sorted(dialog.occupants))
        person = self.ids.index(user)
        if chance.random() < 0.3:
            flags = {"send_to_chat": 1, **flags}
            message_id = self.handles[person].send(dialog.id, message="hi", **flags).id
            self.done.append(f"person {person}: send {message_id} from the app to {dialog.id} with {flags}")
        else:
            body = {"chat_dialog_id": dialog.id, "message": "hi", **flags}
            message_id = self.request(person, "POST", MESSAGES, json=body).json()["_id"]
        self.messages.append(self.model.add_message(message_id, dialog, user, flags))

    def list_messages(self, chance: Random) -> None:
        """The page is shown as it was, and then marked as read."""
        if self.model.dialogs:
            dialog, limit, skip = chance.choice(self.model.dialogs), chance.randint(1, 4), chance.randint(0, 1)
            person = self.person(chance, dialog)
            user = self.ids[person]
            params = {"chat_dialog_id": dialog.id, "limit": limit, "skip": skip}
            reply = self.request(person, "GET", MESSAGES, params=params)
            history = self.agreed(reply, self.model.history, dialog, user)
            if history is not None:
                page = history[skip : skip + limit]
                assert [*map(receipts, reply.json()["items"])] == [*map(expected_receipts, page)]
                self.model.update(page, user, {"delivered": 1, "read": 1})

    def update_message(self, chance: Random) -> None:
        if self.messages:
            message, changes = chance.choice(self.messages[-5:]), chance.choice(CHANGES)
            person = self.person(chance, message.dialog)
            user = self.ids[person]
            if message.dialog in self.model.dialogs and message.dialog.admits(user):
                body = {"chat_dialog_id": message.dialog.id, **changes}
                reply = self.request(person, "PUT", f"/chat/Message/{message.id}.json", json=body)
                if self.agreed(reply, self.model.visible, message, user):
                    self.model.update([message], user, changes)

    def update_all_messages(self, chance: Random) -> None:
        if self.model.dialogs:
            dialog, changes = chance.choice(self.model.dialogs), chance.choice(CHANGES)
            person = self.person(chance, dialog)
            user = self.ids[person]
            reply = self.request(person, "PUT", MESSAGES, json={"chat_dialog_id": dialog.id, **changes})
            self.model.update(self.agreed(reply, self.model.history, dialog, user) or [], user, changes)

    def delete_message(self, chance: Random) -> None:
        if self.messages:
            message, for_all = chance.choice(self.messages[-5:]), chance.random() < 0.3
            person = self.person(chance, message.dialog)
            params = {"force": 1} if for_all else {}
            reply = self.request(person, "DELETE", f"/chat/Message/{message.id}.json", params=params)
            self.agreed(reply, self.model.delete_message, message, self.ids[person], for_all=for_all)

    def get_message(self, chance: Random) -> None:
        if self.messages:
            message = chance.choice(self.messages[-5:])
            person = self.person(chance, message.dialog)
            reply = self.request(person, "GET", f"/chat/Message/{message.id}.json")
            if self.agreed(reply, self.model.visible, message, self.ids[person]):
                assert receipts(reply.json()) == expected_receipts(message)

    # What users do in their apps

    def confirm(self, chance: Random) -> None:
        """Everything that arrived, or one of the last messages."""
        person, which, read = chance.choice(PEOPLE), chance.randint(0, 3), chance.random() < 0.5
        handle, inbox = self.handles[person], self.model.inboxes[self.ids[person]]
        act = handle.read if read else handle.receive
        one = 0 < which <= len(inbox)
        confirmed = act(handle.inbox[-which]) if one else act()
        expected = self.model.confirm(inbox[-which:][:1] if one else inbox, self.ids[person], read=read)
        self.done.append(f"person {person}: {act.__name__} {ids_of(confirmed)} in the app")
        assert ids_of(confirmed) == ids_of(expected)

    def open_dialog(self, chance: Random) -> None:
        person = chance.choice(PEOPLE)
        dialogs = [dialog for dialog in self.model.dialogs if dialog.admits(self.ids[person])]
        if dialogs:
            dialog, user = chance.choice(dialogs), self.ids[person]
            self.done.append(f"person {person}: open {dialog.id} in the app")
            history = self.model.history(dialog, user)
            assert ids_of(self.handles[person].open(dialog.id)) == ids_of(history)
            self.model.update(history, user, {"delivered": 1, "read": 1})

    # What must be true at any time

    def compare(self) -> None:
        """The fake's own records, and the handles of all users."""
        assert ids_of(self.fake.dialogs) == ids_of(self.model.dialogs)
        assert [receipts(json.loads(record._as_json())) for record in self.fake.messages] == [
            expected_receipts(message) for message in self.model.messages
        ]
        for record, message in zip(self.fake.messages, self.model.messages, strict=True):
            assert {*record.delivered_to} == (message.audience if message.sent_to_chat else set())
        for handle, user in zip(self.handles, self.ids, strict=True):
            assert {*ids_of(handle.dialogs)} == {*ids_of(self.model.dialogs_of(user))}
            assert ids_of(handle.inbox) == ids_of(self.model.inboxes[user])
            assert handle.unread() == self.model.unread_total(user)
            for dialog in self.model.dialogs:
                assert handle.unread(dialog.id) == self.model.unread(dialog, user)

    def compare_over_rest(self, person: int) -> None:
        user = self.ids[person]
        listed = self.request(person, "GET", DIALOGS).json()["items"]
        assert {item["_id"]: item["unread_messages_count"] for item in listed} == {
            dialog.id: self.model.unread(dialog, user) for dialog in self.model.dialogs_of(user)
        }
        if counts := {dialog.id: self.model.unread(dialog, user) for dialog in self.model.dialogs}:
            params = {"chat_dialog_ids": ",".join(counts)}
            counted = self.request(person, "GET", "/chat/Message/unread.json", params=params).json()
            assert counted == {"total": sum(counts.values()), **counts}


def token_of(person: int) -> str:
    return f"made-up-token-of-{person}"


def ids_of(records: Any) -> list[str]:
    return [record.id for record in records]


def receipts(shown: dict[str, Any]) -> tuple[str, list[int], list[int]]:
    """A message and its receipts; the order in which users read it is not compared."""
    return shown["_id"], sorted(shown["delivered_ids"]), sorted(shown["read_ids"])


def expected_receipts(message: Message) -> tuple[str, list[int], list[int]]:
    return message.id, sorted(message.delivered), sorted(message.read)


Step = tuple[Callable[[Conversations, Random], None], int]
STEPS = [
    Conversations.create_group, *[Conversations.join_or_leave] * 3, Conversations.delete_dialog,
    *[Conversations.post] * 3, Conversations.list_messages, Conversations.get_message, Conversations.delete_message,
    Conversations.update_message, Conversations.update_all_messages, Conversations.confirm, Conversations.open_dialog,
]  # fmt: skip


def take(steps: list[Step]) -> None:
    """Take the steps in a new fake, and compare it with the model after each."""
    conversations = Conversations()
    try:
        for number, (step, seed) in enumerate(steps):
            step(conversations, Random(seed))
            conversations.compare()
            conversations.compare_over_rest(number % len(PEOPLE))
    except Exception as error:
        error.add_note("\n".join(conversations.done))
        raise


def fails(steps: list[Step]) -> bool:
    try:
        take(steps)
    except Exception:
        return True
    return False


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
@pytest.mark.parametrize("seed", range(sized(6, 60)))
def test_random_steps_leave_the_fake_in_the_state_of_the_model(seed: int) -> None:
    chance = Random(seed)
    steps: list[Step] = [(chance.choice(STEPS), chance.randrange(1_000_000)) for _ in range(60)]
    if fails(steps):
        # Each step is left out once, the last first. Shortening a failure takes one run for each step.
        for at in reversed(range(len(steps))):
            shorter = steps[:at] + steps[at + 1 :]
            if fails(shorter):
                steps = shorter
        take(steps)
