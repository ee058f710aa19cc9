"""All steps of a file: it is declared, uploaded, completed, attached, and downloaded by the recipient of the message.

`qbchat.blobs` contains the files with their content. QuickBlox checks neither that a declared file was uploaded, nor
that an attached file is complete. The fake emits a warning for both mistakes.
"""

import httpx
import pytest
from pytest_qbchat import QuickBloxWarning

import claims

TEXT = "Somebody backed into my car"


def test_the_photo_is_uploaded(qbchat, dialog, photo):
    claims.report_damage(dialog.id, TEXT, photo)

    blob = qbchat.blobs.one()
    assert blob.content == photo.read_bytes()
    assert blob.name == "bumper.jpg"
    assert blob.content_type == "image/jpeg"


def test_the_photo_is_private(qbchat, dialog, photo):
    claims.report_damage(dialog.id, TEXT, photo)

    assert not qbchat.blobs.one().public


def test_the_photo_is_complete_before_anybody_hears_of_it(qbchat, dialog, photo):
    claims.report_damage(dialog.id, TEXT, photo)

    blob = qbchat.blobs.one()
    assert blob.blob_status == "complete"
    assert blob.size == len(photo.read_bytes())
    assert [call.path for call in qbchat.calls][-2:] == [f"/blobs/{blob.id}/complete.json", "/chat/Message.json"]


def test_the_message_attaches_the_photo(qbchat, dialog, photo):
    claims.report_damage(dialog.id, TEXT, photo)

    blob = qbchat.blobs.one()
    message = qbchat.assert_posted(message=TEXT)
    message.assert_attachments({"type": "image", "id": blob, "name": "bumper.jpg"})


def test_the_office_can_fetch_what_it_received(qbchat, dialog, office, photo):
    qbchat.add_session("made-up-token-of-the-office", office)
    claims.report_damage(dialog.id, TEXT, photo)

    attachment = office.inbox.one().attachments[0]
    blob = qbchat.blobs.where(id=int(attachment["id"])).one()
    response = httpx.get(
        f"https://api.quickblox.com/blobs/{blob.uid}",
        headers={"QB-Token": "made-up-token-of-the-office"},
        follow_redirects=True,
    )
    assert response.content == photo.read_bytes()


def test_a_forgotten_upload_is_noticed(qbchat, dialog, photo, monkeypatch):
    monkeypatch.setattr(claims, "upload", lambda blob, photo: None)

    with pytest.warns(QuickBloxWarning, match="nothing was uploaded"):
        claims.report_damage(dialog.id, TEXT, photo)
    assert qbchat.blobs.one().content is None


def test_a_forgotten_completion_is_noticed(qbchat, dialog, photo, monkeypatch):
    monkeypatch.setattr(claims, "complete", lambda blob, photo: None)

    with pytest.warns(QuickBloxWarning, match="was never completed"):
        claims.report_damage(dialog.id, TEXT, photo)
    assert qbchat.blobs.where(blob_status="complete") == []


def test_nobody_hears_of_a_photo_that_the_storage_did_not_take(qbchat, dialog, photo):
    qbchat.fail(503, path="/blobs/{id}/upload")

    with pytest.raises(httpx.HTTPStatusError, match="503"):
        claims.report_damage(dialog.id, TEXT, photo)
    qbchat.assert_nothing_posted()
