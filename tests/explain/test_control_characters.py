"""Control characters in names, texts and labels are escaped, so that they do not change the output of a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from support.ways import TLS, URL

from pytest_qbchat import FakeQuickBlox

CLEAR = "\x1b[2J"

FAILING: dict[str, Callable[[FakeQuickBlox], Any]] = {
    "another text": lambda fake: fake.assert_posted(message=f"other{CLEAR}"),
    "another custom field": lambda fake: fake.assert_posted(**{f"order{CLEAR}": 7}),
    "nothing posted": lambda fake: fake.assert_nothing_posted(),
    "not posted": lambda fake: fake.assert_not_posted(message=f"hi\r{CLEAR}"),
    "not delivered": lambda fake: fake.posted.one().assert_delivered_to(8),
    "not read": lambda fake: fake.posted.one().assert_read_by(8),
    "not markable": lambda fake: fake.posted.one().assert_markable(),
    "attachments": lambda fake: fake.posted.one().assert_no_attachments(),
    "other attachments": lambda fake: fake.posted.one().assert_attachments({"type": f"other{CLEAR}"}),
    "an empty inbox": lambda fake: fake.users[1].inbox.one(),
    "another name": lambda fake: fake.users.where(full_name=f"other{CLEAR}").one(),
}


@pytest.fixture
def posted(qbchat: FakeQuickBlox) -> FakeQuickBlox:
    sam = qbchat.add_user(7, full_name=f"Sam\n{CLEAR}")
    qbchat.add_user(8, full_name=f"Cleo\r{CLEAR}")
    dialog = qbchat.add_dialog(occupants_ids=[7, 8], name=f"Shop{CLEAR}")
    body = {
        "chat_dialog_id": dialog.id,
        "message": f"hi\r{CLEAR}",
        "self": CLEAR,
        f"order{CLEAR}": CLEAR,
        "attachments": {"0": {"type": f"image{CLEAR}", "id": f"7\n{CLEAR}"}},
    }
    headers = {"QB-Token": qbchat.add_session("made-up-token", sam).token}
    assert httpx.post(URL, json=body, headers=headers, verify=TLS).status_code == 201
    return qbchat


def test_a_transcript_has_its_lines_and_no_other_control_character(posted: FakeQuickBlox) -> None:
    transcript = posted.transcript()
    assert len(transcript.split("\n")) == 5
    assert transcript.replace("\n", "").isprintable()
    assert r"Sam\n\x1b[2J: 'hi\r\x1b[2J'" in transcript
    assert r"image\x1b[2J 7\n\x1b[2J" in transcript
    assert r"order\x1b[2J: '\x1b[2J'" in transcript


@pytest.mark.parametrize("failing", FAILING)
def test_a_failed_assertion_has_no_control_character(posted: FakeQuickBlox, failing: str) -> None:
    with pytest.raises(AssertionError) as failure:
        FAILING[failing](posted)
    assert str(failure.value).replace("\n", "").isprintable()
    assert r"\x1b[2J" in str(failure.value)


def test_a_field_named_self_is_a_custom_field(posted: FakeQuickBlox) -> None:
    message = posted.posted.one()
    assert message.custom["self"] == CLEAR
    assert message == {"self": CLEAR}
    assert posted.assert_posted(self=CLEAR) is message
    assert posted.posted.where(self=CLEAR).one() is message
