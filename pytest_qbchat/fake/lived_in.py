"""Realistic users and histories, with the peculiarities that code which reads dialogs must handle."""

from __future__ import annotations

from itertools import islice
from typing import Any

from faker import Generator

from pytest_qbchat.payloads.factory import PayloadFactory
from pytest_qbchat.payloads.phrasebook import phrasebook
from pytest_qbchat.service.endpoints.messages import build_message
from pytest_qbchat.service.models import Dialog, DialogType, Message
from pytest_qbchat.service.store import Store

# The peculiarity of each message. The list repeats every twelve messages.
_PECULIARITIES = (
    "", "", "photo", "", "ok", "ok again", "link", "characters", "edited", "hidden", "former agent", "",
)  # fmt: skip
_TEXTS = {
    "photo": None,
    "ok": "ok",
    "ok again": "ok",
    "link": "https://shop.example/orders?id=48213&lang=fr#status is it here?",
    "characters": "C'est l'été ☕🎉 — 5 < 7 & 3 + 4 = 7, n'est-ce pas?",
}
_GAPS = range(5, 600)  # seconds between two messages


def users(store: Store, number: int) -> list[dict[str, Any]]:
    """The fields of new users. Every seventh has no full name, and every fifth no email address."""
    factory = PayloadFactory(Generator().seed_instance(len(store.users)))
    drawn: dict[str, dict[str, Any]] = {}
    while len(drawn) < number:
        user = factory.user()["user"]
        if store.find_user(login=user["login"]) is None:
            position = len(drawn) + 1
            drawn[user["login"]] = {
                "login": user["login"],
                "full_name": user["full_name"] if position % 7 else None,
                "email": user["email"] if position % 5 else None,
                "phone": user["phone"],
                "tags": user["tag_list"].split(","),
            }
    return [*drawn.values()]


def history(store: Store, dialog: Dialog, number: int) -> list[Message]:
    """Add messages to a dialog, the newest a minute ago; all occupants have read them, and no inbox has them."""
    source = Generator().seed_instance(len(store.messages))
    factory = PayloadFactory(source)
    private = dialog.type is DialogType.PRIVATE
    former_agent = 0 if private else store.add_user(full_name=factory.user()["user"]["full_name"]).id
    occupants = dialog.occupants_ids or [former_agent]
    owner = dialog.user_id if dialog.user_id in occupants else occupants[0]
    customers = [user_id for user_id in occupants if user_id != owner] or [owner]

    time, added = int(store.now()) - 60, []
    turns = islice(phrasebook("en_US").conversation(source.random), number)
    for position, (speaker, text) in reversed([*enumerate(turns)]):
        peculiarity = _PECULIARITIES[position % len(_PECULIARITIES)]
        sender = owner if speaker else customers[position // len(_PECULIARITIES) % len(customers)]
        sender = {"ok": owner, "ok again": owner, "former agent": former_agent or owner}.get(peculiarity, sender)
        params: dict[str, Any] = {"message": _TEXTS.get(peculiarity, text), "send_to_chat": 1, "markable": 1}
        if peculiarity == "photo":
            params["attachments"] = {"0": factory.attachment("image")}
        if sender in customers:
            params["dialog_id"] = dialog.id  # as an app sends it over XMPP
        message = build_message(store, dialog, sender, params, time)
        if peculiarity == "edited":
            message._edit(f"{message.message} (corrected)", time + 1)
        if peculiarity == "hidden":
            message._hidden_from = (owner,)
        if not dialog.public:
            message._delivered = message._read_by = tuple(dict.fromkeys([sender, *occupants]))
            message.read = int(private)
        added.append(message)
        time -= 0 if peculiarity == "ok again" else _GAPS[int(source.random.random() * len(_GAPS))]
    for message in reversed(added):
        store.add_message(message, dialog, in_real_time=False)
    if former_agent and former_agent != owner:
        store.delete_user(store.users[former_agent])
    dialog.created = min(dialog.created, time)
    return added[::-1]
