"""A whole program, from the application session to the logout.

The tests declare only the credentials. The fake stores everything else that the program creates: the users can log in,
the dialog has the given occupants, and deleted messages are removed. The tests check the state at the end of the
program.
"""

import pytest

pytestmark = pytest.mark.usefixtures("journey")


def test_it_signs_up_both_users(qbchat):
    assert [user.full_name for user in qbchat.users] == ["The Travel Agency", "Tilda Traveller"]


def test_it_opens_a_dialog_for_them(qbchat):
    agency, traveller = qbchat.users

    dialog = qbchat.dialogs.one()
    assert dialog.name == "Lisbon in May"
    assert dialog.occupants_ids == [agency.id, traveller.id]
    assert dialog.user_id == agency.id


def test_the_ticket_arrives(qbchat):
    ticket = qbchat.blobs.one()

    assert ticket.content == b"%PDF-1.7 a ticket to Lisbon"
    assert ticket.blob_status == "complete"
    qbchat.posted[0].assert_attachments({"id": str(ticket.id), "name": "ticket.pdf"})


def test_one_message_is_left_with_its_new_text(qbchat):
    assert qbchat.messages == [{"message": "Booked! Your train leaves at 9:00", "markable": 1}]
    assert qbchat.dialogs.one().last_message == "Booked! Your train leaves at 9:00"


def test_the_deleted_message_had_reached_the_traveller_all_the_same(qbchat):
    traveller = qbchat.users.where(login="traveller").one()

    assert [message.message for message in traveller.inbox][1] == "Dear Mr Miller, your cruise is cancelled"
    assert traveller.unread() == 1


def test_the_traveller_can_answer(qbchat):
    agency, traveller = qbchat.users
    traveller.send(traveller.dialogs.one(), "Thank you!")

    assert agency.unread() == 1


def test_no_session_is_left(qbchat):
    assert qbchat.sessions == []


def test_every_call_was_taken(qbchat):
    assert {call.status for call in qbchat.calls} == {200, 201, 202}


def test_it_prints_what_is_left(journey):
    assert journey == "Booked! Your train leaves at 9:00\n"
