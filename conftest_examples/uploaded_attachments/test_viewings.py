"""Attachments that refer to uploaded files by id or URL.

Requests have attachments as an object with the keys "0", "1", ..., and responses have them as a list. The tests compare
the decoded attachments, so the encoding of the request does not matter, and they name only the relevant keys. A form
encoder loses such an object: QuickBlox responds 201 without attachments, and the fake emits a warning.
"""

import json

import pytest
from pytest_qbchat import QuickBloxWarning

from viewings import Recording, share_address, share_floor_plan, share_price_list, share_viewing


def test_an_image_is_referred_to_by_its_id(qbchat, dialog_id, photo):
    share_viewing(dialog_id, [photo])

    qbchat.posted.one().assert_attachments({"type": "image", "id": "47863"})


def test_a_video_is_referred_to_by_its_url(qbchat, dialog_id, tour):
    share_viewing(dialog_id, [tour])

    qbchat.posted.one().assert_attachments({"type": "video", "url": "https://files.agency.example/tour.mp4"})


def test_only_the_keys_that_matter_are_compared(qbchat, dialog_id, comment):
    share_viewing(dialog_id, [comment])

    qbchat.posted.one().assert_attachments({"duration": 12})


def test_a_location_has_data_and_no_file(qbchat, dialog_id):
    share_address(dialog_id, 52.52, 13.405)

    message = qbchat.posted.one()
    message.assert_attachments({"type": "location"})
    assert json.loads(message.attachments[0]["data"]) == {"lat": 52.52, "lng": 13.405}


def test_all_arrive_in_one_message(qbchat, dialog_id, photo, tour, comment):
    share_viewing(dialog_id, [photo, tour, comment])

    qbchat.posted.one().assert_attachments({"type": "image"}, {"type": "video"}, {"type": "audio"})


def test_a_dozen_photos_stay_in_order(qbchat, dialog_id):
    share_viewing(dialog_id, [Recording("image", id=str(number)) for number in range(12)])

    qbchat.posted.one().assert_attachments(*[{"id": str(number)} for number in range(12)])


def test_a_form_loses_the_object(qbchat, dialog_id):
    with pytest.warns(QuickBloxWarning, match="attachments: arrived as the string"):
        share_floor_plan(dialog_id, "47865")

    qbchat.posted.one().assert_no_attachments()


def test_a_form_keeps_what_is_spelt_in_brackets(qbchat, dialog_id):
    share_price_list(dialog_id, "47866")

    qbchat.posted.one().assert_attachments({"type": "image", "id": "47866"})
