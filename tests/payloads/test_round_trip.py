"""What the factory makes is accepted, and comes back as it was sent."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from faker import Faker
from hypothesis import given
from hypothesis import strategies as st
from support.ways import DIALOG, TOKEN, URL

from pytest_qbchat import FakeQuickBlox, PayloadFactory, QuickBloxTransport
from pytest_qbchat.payloads.attachments import ATTACHMENTS
from pytest_qbchat.payloads.phrasebook import available

pytestmark = pytest.mark.filterwarnings("error")
SEEDS = st.integers(0, 2**32)
CUSTOM_NAMES = st.from_regex(r"\Ax_\w{1,8}\Z")
LOCALES = st.sampled_from(available())


def factory(seed: int, locale: str) -> PayloadFactory:
    faker = Faker(locale)
    faker.seed_instance(seed)
    return PayloadFactory(faker)


def posted(*bodies: dict[str, Any]) -> FakeQuickBlox:
    fake = FakeQuickBlox()
    with httpx.Client(transport=QuickBloxTransport(fake), headers={"QB-Token": TOKEN}) as client:
        for body in bodies:
            assert client.post(URL, json=body).status_code == 201
    return fake


@given(seed=SEEDS, locale=LOCALES, count=st.integers(0, 12), extra=st.dictionaries(CUSTOM_NAMES, st.text()))
def test_a_message_comes_back_unchanged(seed: int, locale: str, count: int, extra: dict[str, str]) -> None:
    body = factory(seed, locale).message(attachments=count, **extra)

    call = posted(body).calls.one()

    assert call.params == body
    assert call.response is not None
    reply = call.response.json()
    expected = body | {"attachments": list(body.get("attachments", {}).values())}
    del expected["send_to_chat"]
    assert {name: reply[name] for name in expected} == expected


@given(seed=SEEDS, locale=LOCALES, types=st.lists(st.sampled_from(sorted(ATTACHMENTS)), min_size=1, max_size=4))
def test_attachments_of_every_type_come_back_unchanged(seed: int, locale: str, types: list[str]) -> None:
    make = factory(seed, locale)
    attached = [make.attachment(each) for each in types]
    message = posted(make.message(attachments=attached)).posted.one()
    assert message.attachments == attached
    message.assert_attachments(*attached)


@given(seed=SEEDS, locale=LOCALES, length=st.integers(1, 12))
def test_a_conversation_is_posted_into_one_dialog(seed: int, locale: str, length: int) -> None:
    bodies = factory(seed, locale).conversation(length, chat_dialog_id=DIALOG)
    fake = posted(*bodies)
    assert [message.message for message in fake.posted] == [body["message"] for body in bodies]
    assert fake.dialogs.one().id == DIALOG


@given(seed=SEEDS, locale=LOCALES)
def test_a_record_is_shaped_like_the_fakes_own(seed: int, locale: str) -> None:
    make = factory(seed, locale)
    body = make.message(without="send_to_chat")
    ours = json.loads(posted(body).posted.one()._as_json())
    theirs = make.message_response(**body)
    assert list(theirs) == list(ours)
    assert {name: type(value) for name, value in theirs.items()} == {name: type(value) for name, value in ours.items()}
    assert (theirs["message"], theirs["attachments"]) == (ours["message"], ours["attachments"])


@given(seed=SEEDS, locale=LOCALES)
def test_other_bodies_arrive_unchanged(seed: int, locale: str) -> None:
    make, fake = factory(seed, locale), FakeQuickBlox()
    fake.router.post(path__in=["/chat/Dialog.json", "/users.json"]).respond(201)
    bodies = [make.dialog(1), make.dialog(2), make.dialog(3), make.user()]
    with httpx.Client(transport=QuickBloxTransport(fake), base_url="https://api.quickblox.com") as client:
        for body in bodies:
            client.post("/users.json" if "user" in body else "/chat/Dialog.json", json=body)
    assert [call.params for call in fake.calls] == bodies
