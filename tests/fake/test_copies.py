"""Records can be copied, pickled and compared with snapshots: a copy is a dict of their fields, with secrets masked."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from clients import ROOT
from support.offline import skip_if_offline
from support.ways import DIALOG, DOCUMENTED, World

from pytest_qbchat import FakeQuickBlox

TOKEN, KEY = "made-up-token-of-the-shop", "made-up-key-of-the-shop"
PROJECT = f"""
import httpx
import pytest
from freezegun import freeze_time
from inline_snapshot import snapshot as inline

API = "https://api.quickblox.com"

@pytest.fixture
def shop(qbchat):
    with freeze_time("2019-09-09 20:30:15"):
        sam = qbchat.add_user(7, full_name="Sam")
        headers = {{"QB-Token": qbchat.add_session("{TOKEN}", sam).token}}
        body = {{"chat_dialog_id": "{DIALOG}", "message": "hi", "api_key": "{KEY}"}}
        httpx.post(f"{{API}}/chat/Message.json", json=body, headers=headers)
        sam.subscribe()
        event = {{"notification_type": "push", "environment": "production", "message": "aGk=", "user": {{"ids": "7"}}}}
        httpx.post(f"{{API}}/events.json", json={{"event": event}}, headers=headers)
    return qbchat
"""
TESTS = """
def test_{name}(shop, snapshot):
    assert shop.{name} == snapshot
    assert shop.{name}[0] == snapshot
    assert shop.{name} == inline()
    assert shop.{name}[0] == inline()
"""
RECORDS = ("posted", "calls", "dialogs", "users", "sessions", "pushed")
WITH_SNAPSHOTS = [
    *(sys.executable, "-m", "uv", "run", "--isolated", "--no-default-groups", "--project", str(ROOT)),
    *("--with", "freezegun", "--with", "inline-snapshot[black]", "--with", "syrupy", "python", "-m", "pytest", "-q"),
]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda record: pickle.loads(pickle.dumps(record))])
def test_a_copy_of_a_record_is_a_dict_of_its_fields(world: World, copied: Callable[[Any], Any]) -> None:
    world.fake.add_session(TOKEN, world.fake.add_user(full_name="Zoë O'Neill"))
    world.post(DOCUMENTED, token=TOKEN)
    message, call = world.fake.posted.one(), world.fake.calls.one()
    assert copied(message) == message.as_dict() == message
    assert copied(world.fake.posted) == [message.as_dict()]
    assert copied(world.fake.dialogs.one())["_id"] == message.chat_dialog_id
    assert copied(world.fake.users.one())["full_name"] == "Zoë O'Neill"
    assert copied(world.fake.sessions.one())["token"].startswith("made…#")
    assert copied(call) == {
        "method": "POST", "path": "/chat/Message.json", "params": DOCUMENTED, "status": 201, "reason": "", "fault": ""
    }  # fmt: skip


def test_a_request_is_copied_as_it_is(world: World) -> None:
    world.post(DOCUMENTED)
    request = world.fake.calls.one().request
    assert pickle.loads(pickle.dumps(request)).url == request.url


def test_a_record_equals_its_copy_and_no_other_dict(world: World) -> None:
    world.fake.add_session(TOKEN, world.fake.add_user(full_name="Sam"))
    world.post({**DOCUMENTED, "api_key": KEY}, token=TOKEN)
    fake = world.fake
    for record in (fake.posted.one(), fake.calls.one(), fake.dialogs.one(), fake.users.one(), fake.sessions.one()):
        copied = copy.copy(record)
        assert record == copied
        assert KEY not in str(copied)
        assert TOKEN not in str(copied)
        assert record != copied | {"status": 0, "type": 0, "message": "other", "full_name": "other", "id": 0}
        assert record != {}
        assert record != 7
        assert {record: 1}[record] == 1


def test_the_fields_of_a_record_are_what_snapshot_tools_find(world: World) -> None:
    """syrupy shows the fields of a dataclass; inline-snapshot asks the plugins of its entry point."""
    world.post(DOCUMENTED)
    [plugin] = [each.load() for each in entry_points(group="inline_snapshot") if each.name == "qbchat"]
    assert plugin.customize.inline_snapshot_impl
    for record in (world.fake.posted.one(), world.fake.calls.one(), world.fake.dialogs.one(), world.fake.posted):
        [field] = fields(record)
        shown = getattr(record, field.name)
        assert plugin.customize(record) == shown == copy.copy(record)
    assert plugin.customize(Path()) is None
    assert plugin.customize(FakeQuickBlox()) is None


@pytest.mark.slow
@pytest.mark.long
def test_records_are_compared_with_syrupy_and_inline_snapshot(tmp_path: Path) -> None:
    file = tmp_path / "test_shop.py"
    file.write_text(PROJECT + "".join(TESTS.format(name=name) for name in RECORDS), encoding="utf-8")

    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [*WITH_SNAPSHOTS, "-p", "no:randomly", *options]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
        )

    first = run("--snapshot-update", "--inline-snapshot=create")
    skip_if_offline(first.stderr)
    second = run()
    assert second.returncode == 0, first.stdout + first.stderr + second.stdout + second.stderr
    assert f"{2 * len(RECORDS)} snapshots passed" in second.stdout
    [stored] = tmp_path.rglob("*.ambr")
    written = file.read_text(encoding="utf-8").partition("def test_posted")[2].replace('"', "'")
    for text in (stored.read_text(encoding="utf-8"), written):
        assert text.count("'message': 'hi'") >= len(("posted", "calls"))
        assert "made…#" in text
        assert not [secret for secret in (TOKEN, KEY, " at 0x", "_store", "lock") if secret in text]
