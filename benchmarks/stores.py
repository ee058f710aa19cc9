"""Fakes with a history: so many messages in so many dialogs of the same three users."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle

import httpx

from benchmarks.documented import MESSAGE, TOKEN
from pytest_qbchat import FakeQuickBlox, QuickBloxTransport

_USERS = 3

# What the large store has, and so how many messages each of its dialogs has.
MESSAGES, DIALOGS = 100_000, 1_000
PAGE = MESSAGES // DIALOGS


@dataclass(frozen=True)
class Store:
    """A fake with a history.

    Attributes:
        fake: The fake.
        dialogs: The ids of its dialogs.
        turns: The same again and again, for calls that each go to the next dialog.
    """

    fake: FakeQuickBlox
    dialogs: list[str]
    turns: Iterator[str]

    @contextmanager
    def way(self) -> Iterator[QuickBloxTransport]:
        """What answers a call."""
        yield QuickBloxTransport(self.fake)

    def client(self) -> httpx.Client:
        """A client of the first user, with the token in its headers."""
        return httpx.Client(transport=QuickBloxTransport(self.fake), headers=TOKEN)


def filled(messages: int, dialogs: int) -> Store:
    """A fake into which the documentation's message was put so often, each time with a text of its own.

    The dialogs take turns, so that the messages of one are not neighbours in memory; so do the senders.
    """
    fake = FakeQuickBlox()
    users = [fake.add_user() for _ in range(_USERS)]
    fake.add_session(TOKEN["QB-Token"], users[0])
    store = [fake.add_dialog(occupants_ids=users, name=f"Order {number}") for number in range(dialogs)]
    fields = {name: MESSAGE[name] for name in ("attachments", "send_to_chat", "markable")}
    for number in range(messages):
        dialog = store[number % dialogs]
        sender = users[number // dialogs % _USERS]
        fake.add_message(dialog, sender, f"{MESSAGE['message']}, number {number}", **fields)
    ids = [dialog.id for dialog in store]
    return Store(fake, ids, cycle(ids))
