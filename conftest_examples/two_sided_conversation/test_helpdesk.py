"""A conversation between the code under test and a user that the test controls.

`qbchat.add_user` returns a simulated user. The user receives messages in its inbox, sends receipts and replies, and has
unread counters. The code under test sees all of this through the API.
"""

import helpdesk


def test_the_customer_receives_what_the_agent_writes(customer, dialog):
    helpdesk.write(dialog.id, "Have you tried another socket?")

    assert customer.inbox.one() == {"message": "Have you tried another socket?", "markable": 1}
    assert customer.unread(dialog) == 1


def test_the_agent_sees_how_far_a_message_has_come(customer, dialog):
    message_id = helpdesk.write(dialog.id, "Have you tried another socket?")
    assert helpdesk.state(message_id, customer.id) == "sent"

    customer.receive()
    assert helpdesk.state(message_id, customer.id) == "delivered"

    customer.read()
    assert helpdesk.state(message_id, customer.id) == "read"


def test_a_message_that_was_read_is_not_unread(qbchat, customer, dialog):
    helpdesk.write(dialog.id, "Have you tried another socket?")
    customer.read()

    qbchat.posted.one().assert_read_by(customer)
    assert customer.unread(dialog) == 0


def test_an_answer_makes_the_dialog_wait(qbchat, agent, customer, dialog):
    quiet = qbchat.add_dialog(occupants_ids=[agent, customer])
    helpdesk.write(dialog.id, "Have you tried another socket?")
    customer.send(customer.inbox.last, "Which one?")

    assert helpdesk.waiting([quiet.id, dialog.id]) == [dialog.id]


def test_reading_the_conversation_takes_the_dialog_off_the_list(agent, customer, dialog):
    helpdesk.write(dialog.id, "Have you tried another socket?")
    customer.send(customer.inbox.last, "Which one?")

    assert helpdesk.read(dialog.id) == ["Have you tried another socket?", "Which one?"]
    assert helpdesk.waiting([dialog.id]) == []
    assert agent.unread(dialog) == 0


def test_the_customer_sees_that_the_answer_was_read(agent, customer, dialog):
    answer = customer.send(dialog, "It is dead again")
    helpdesk.read(dialog.id)

    answer.assert_read_by(agent)


def test_a_supervisor_leaves_no_trace(agent, customer, dialog):
    answer = customer.send(dialog, "It is dead again")

    assert helpdesk.look_through(dialog.id) == ["It is dead again"]
    assert agent.id not in answer.read_ids
    assert helpdesk.waiting([dialog.id]) == [dialog.id]


def test_what_the_customer_writes_was_not_posted_by_the_help_desk(qbchat, customer, dialog):
    customer.send(dialog, "It is dead again")

    qbchat.assert_nothing_posted()
    assert qbchat.messages == [{"message": "It is dead again", "sender_id": customer}]
