"""Records can be copied, pickled and compared with snapshots: a copy is a dict of their fields, with secrets masked."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from support.ways import DOCUMENTED, World

TOKEN = "made-up-token-of-the-shop"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda record: pickle.loads(pickle.dumps(record))])
def test_a_copy_of_a_record_is_a_dict_of_its_fields(world: World, copied: Callable[[Any], Any]) -> None:
    world.fake.add_session(TOKEN, world.fake.add_user(full_name="Zoë O'Neill"))
    world.post(DOCUMENTED, token=TOKEN)
    message = world.fake.posted.one()
    assert copied(message) == message.as_dict() == message
    assert copied(world.fake.dialogs.one())["_id"] == message.chat_dialog_id
    assert copied(world.fake.users.one())["full_name"] == "Zoë O'Neill"
    assert copied(world.fake.sessions.one())["token"].startswith("made…#")
    call = copied(world.fake.calls.one())
    assert (call.method, call.status, call.request.body) == ("POST", 201, message.call.request.body)


def test_a_request_is_copied_as_it_is(world: World) -> None:
    world.post(DOCUMENTED)
    request = world.fake.calls.one().request
    assert pickle.loads(pickle.dumps(request)).url == request.url
