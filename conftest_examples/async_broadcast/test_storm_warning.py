"""Concurrent messages from an asynchronous client, which is created when its module is imported.

The order of concurrent calls is undefined, so the tests check the number of messages and their dialogs, but not their
order. The tests use `asyncio.run`; the fixture also works with every asyncio plugin for pytest.
"""

import asyncio

from storm_warning import broadcast

TEXT = "Gale force 9 from noon"


def test_nothing_is_lost(qbchat, harbours):
    asyncio.run(broadcast(TEXT, harbours, severity="red"))

    qbchat.assert_posted(times=len(harbours), message=TEXT)


def test_each_harbour_is_warned_once_in_whatever_order(qbchat, harbours):
    asyncio.run(broadcast(TEXT, harbours, severity="red"))

    assert sorted(message.chat_dialog_id for message in qbchat.posted) == sorted(harbours)


def test_the_severity_travels_as_a_custom_field(qbchat, harbours):
    asyncio.run(broadcast(TEXT, harbours[:2], severity="amber"))
    asyncio.run(broadcast(TEXT, harbours[2:], severity="red"))

    qbchat.assert_posted(times=2, severity="amber")
    qbchat.assert_posted(times=4, severity="red")


def test_all_come_from_the_weather_office(qbchat, harbours, weather_office):
    asyncio.run(broadcast(TEXT, harbours, severity="red"))

    assert len(qbchat.posted.where(sender_id=weather_office.id, sent_to_chat=True)) == len(harbours)


def test_a_dialog_that_refuses_does_not_stop_the_others(qbchat, harbours, foreign_harbour):
    refused = asyncio.run(broadcast(TEXT, [foreign_harbour, *harbours], severity="red"))

    assert refused == [foreign_harbour]
    assert qbchat.calls.where(status=403).one().params["chat_dialog_id"] == foreign_harbour
    qbchat.assert_posted(times=len(harbours), message=TEXT)
    qbchat.assert_not_posted(chat_dialog_id=foreign_harbour)
