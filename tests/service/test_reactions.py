"""/chat/Message/{id}/reactions as the vendor's SDK has it."""

from __future__ import annotations

from typing import Any

import pytest
from support.chat_api import ANNA, BERT, CLEO, DORA, HOST, UNKNOWN, Api, answer
from support.ways import DIALOG, TOKEN, World

BAD_ID = {"errors": ["Invalid message id"]}
BAD_NAME = {"errors": ['Invalid or missing "name" parameter.']}
NO_MESSAGE = {"errors": ["Message not found for the specified user and message ID."]}
NO_REACTION = {"errors": ["Reaction not found"]}
TOO_MANY = {"errors": ["Reactions limit of 20 exceeded."]}
PUBLIC_DIALOG = {"errors": ["Reactions are not allowed in public dialogs."]}
METHODS = ["GET", "POST", "DELETE"]


@pytest.fixture
def path(api: Api) -> str:
    """The reactions to a message of Anna to Bert and Cleo."""
    api.fake.add_dialog(DIALOG, occupants_ids=[ANNA, BERT, CLEO])
    return f"Message/{api.fake.add_message(DIALOG, ANNA, 'hi').id}/reactions"


def listed(*items: tuple[str, list[int]]) -> Any:
    entries = [{"name": name, "count": len(users), "user_ids": users} for name, users in items]
    return 200, {"total_entries": len(items), "items": entries}


def test_a_reaction_is_added_once_and_taken_back(world: World) -> None:
    world.fake.add_session(TOKEN, BERT)
    world.fake.add_dialog(DIALOG, occupants_ids=[ANNA, BERT])
    message = world.fake.add_message(DIALOG, ANNA, "hi")

    def call(method: str, json: Any = None) -> Any:
        url = f"{HOST}/chat/Message/{message.id}/reactions.json"
        return answer(world.send(method, url, json=json, headers={"QB-Token": TOKEN}))

    assert call("GET") == listed()
    assert call("POST", {"name": "like"}) == call("POST", {"name": "like"}) == (201, "")
    assert call("GET") == listed(("like", [BERT]))
    assert call("DELETE", {"name": "like"}) == (200, "")
    assert call("GET") == listed()
    assert call("DELETE", {"name": "like"}) == (404, NO_REACTION)


@pytest.mark.parametrize("encoding", ["json", "data", "params"])
def test_the_name_is_read_from_wherever_it_stands(api: Api, path: str, encoding: str) -> None:
    assert answer(api("POST", path, **{encoding: {"name": "👍 like"}})) == (201, "")
    assert answer(api("GET", path)) == listed(("👍 like", [ANNA]))
    assert answer(api("DELETE", path, **{encoding: {"name": "👍 like"}})) == (200, "")


def test_reactions_are_counted_by_name_in_the_order_they_came(api: Api, path: str) -> None:
    for user, name in ((CLEO, "like"), (ANNA, "sad"), (BERT, "like"), (ANNA, "like"), (BERT, "like")):
        assert api("POST", path, by=user, json={"name": name}).status_code == 201
    reply = api("GET", path)
    assert answer(reply) == listed(("like", [CLEO, BERT, ANNA]), ("sad", [ANNA]))
    assert list(reply.json()) == ["total_entries", "items"]
    assert list(reply.json()["items"][0]) == ["name", "count", "user_ids"]
    api("DELETE", path, by=CLEO, json={"name": "like"})
    api("DELETE", path, json={"name": "sad"})
    assert answer(api("GET", path)) == listed(("like", [BERT, ANNA]))


def test_the_reaction_of_another_user_cannot_be_taken_back(api: Api, path: str) -> None:
    api("POST", path, json={"name": "like"})
    assert answer(api("DELETE", path, by=BERT, json={"name": "like"})) == (404, NO_REACTION)
    assert answer(api("DELETE", path, json={"name": "sad"})) == (404, NO_REACTION)
    assert answer(api("GET", path)) == listed(("like", [ANNA]))


def test_a_message_has_twenty_different_reactions_at_most(api: Api, path: str) -> None:
    for number in range(20):
        assert api("POST", path, json={"name": f"reaction {number}"}).status_code == 201
    assert answer(api("POST", path, by=BERT, json={"name": "one more"})) == (400, TOO_MANY)
    assert answer(api("POST", path, by=BERT, json={"name": "reaction 7"})) == (201, "")
    assert api("GET", path).json()["total_entries"] == 20
    api("DELETE", path, json={"name": "reaction 3"})
    assert answer(api("POST", path, by=BERT, json={"name": "one more"})) == (201, "")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "params", [{}, {"name": ""}, {"name": None}, {"name": 1}, {"name": ["like"]}, {"name": "n" * 101}]
)
def test_a_reaction_needs_a_name_of_up_to_a_hundred_characters(api: Api, path: str, method: str, params: Any) -> None:
    assert answer(api(method, path, json=params)) == (400, BAD_NAME)
    assert answer(api("GET", path)) == listed()


def test_a_name_of_a_hundred_characters_passes(api: Api, path: str) -> None:
    assert api("POST", path, json={"name": "n" * 100}).status_code == 201
    assert api("DELETE", path, json={"name": "n" * 100}).status_code == 200


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_or_unknown_message_id_is_refused(api: Api, method: str) -> None:
    assert answer(api(method, "Message/5d75/reactions", json={"name": "like"})) == (400, BAD_ID)
    assert answer(api(method, f"Message/{UNKNOWN}/reactions", json={"name": "like"})) == (404, NO_MESSAGE)
    assert api.fake.calls.last.reason == f"there is no message {UNKNOWN}"


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
@pytest.mark.parametrize("method", METHODS)
def test_a_message_that_is_deleted_or_hidden_has_no_reactions(api: Api, path: str, method: str) -> None:
    api("POST", path, by=BERT, json={"name": "like"})
    message_path = path.removesuffix("/reactions")
    api("DELETE", message_path, by=BERT)
    assert answer(api(method, path, by=BERT, json={"name": "like"})) == (404, NO_MESSAGE)
    api("DELETE", message_path, params={"force": 1})
    assert answer(api(method, path, json={"name": "like"})) == (404, NO_MESSAGE)


@pytest.mark.filterwarnings("ignore:.* is ignored, since this call has no such parameter")
@pytest.mark.parametrize("method", METHODS)
def test_a_stranger_neither_reacts_nor_sees_who_did(api: Api, path: str, method: str) -> None:
    assert answer(api(method, path, by=DORA, json={"name": "like"})) == (404, NO_MESSAGE)
    assert "is not an occupant of dialog" in api.fake.calls.last.reason
    assert answer(api("GET", path)) == listed()


def test_a_reaction_in_a_public_dialog_is_refused(api: Api) -> None:
    public = api.fake.add_dialog(occupants_ids=[ANNA], type=1)
    path = f"Message/{api.fake.add_message(public, ANNA, 'news').id}/reactions"
    for user in (ANNA, DORA):
        assert answer(api("POST", path, by=user, json={"name": "like"})) == (422, PUBLIC_DIALOG)
    assert answer(api("GET", path, by=DORA)) == listed()
    assert answer(api("DELETE", path, json={"name": "like"})) == (404, NO_REACTION)


def test_the_id_of_the_message_may_be_in_upper_case(api: Api, path: str) -> None:
    _, message_id, _ = path.split("/")
    assert api("POST", f"Message/{message_id.upper()}/reactions", json={"name": "like"}).status_code == 201
    assert answer(api("GET", path)) == listed(("like", [ANNA]))


def test_a_reaction_changes_nothing_else(api: Api, path: str) -> None:
    before = api("GET", path.removesuffix("/reactions")).json()
    api.fake.advance(minutes=5)
    api("POST", path, by=BERT, json={"name": "like"})
    assert api("GET", path.removesuffix("/reactions")).json() == before
    assert api("GET", "Message/unread", by=BERT).json() == {"total": 1}
