"""An aiohttp service: one session, concurrent calls, and failing calls.

aiohttp sends the calls to a server on the loopback interface. A call that gets no response ends with aiohttp's own
timeout, so the tests of such calls set a short timeout.
"""

import asyncio

import pytest

from ferries import ATTEMPTS, Harbour

TEXT = "The ferry leaves at noon"


def announce(dialog_ids, timeout=10, text=TEXT):
    async def run():
        async with Harbour(timeout) as harbour:
            return await harbour.announce(text, dialog_ids, ferry="Seagull")

    return asyncio.run(run())


def test_every_passenger_is_told_once(qbchat, dialogs, passengers):
    assert announce(dialogs) == []

    assert [[message.message for message in passenger.inbox] for passenger in passengers] == [[TEXT]] * len(passengers)
    qbchat.assert_posted(times=len(dialogs), ferry="Seagull")


def test_one_session_serves_many_announcements(qbchat, dialogs):
    async def run():
        async with Harbour() as harbour:
            for text in ("The ferry is late", "The ferry has come"):
                await harbour.announce(text, dialogs, ferry="Seagull")

    asyncio.run(run())

    assert [message.message for message in qbchat.posted.where(chat_dialog_id=dialogs[0])] == [
        "The ferry is late",
        "The ferry has come",
    ]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again(qbchat, dialogs, status):
    qbchat.fail(status, times=ATTEMPTS - 1)

    assert announce(dialogs[:1]) == []
    assert [call.status for call in qbchat.calls] == [status, status, 201]
    qbchat.assert_posted()


def test_it_gives_up_in_the_end(qbchat, dialogs):
    qbchat.fail(503, times=ATTEMPTS)

    assert announce(dialogs[:1]) == dialogs[:1]
    qbchat.assert_nothing_posted()


@pytest.mark.parametrize("stored", [True, False])
def test_after_a_time_out_nobody_is_told_twice(qbchat, dialogs, stored):
    qbchat.fail("timeout", stored=stored)

    assert announce(dialogs[:1], timeout=0.5) == dialogs[:1]
    assert len(qbchat.posted) == stored
    assert len(qbchat.calls) == 1


def test_one_broken_connection_does_not_stop_the_others(qbchat, dialogs):
    qbchat.fail("disconnect")

    (missing,) = announce(dialogs)
    qbchat.assert_posted(times=len(dialogs) - 1, message=TEXT)
    qbchat.assert_not_posted(chat_dialog_id=missing)


def test_a_passenger_who_has_left_the_dialog_is_reported(qbchat, dialogs, passengers):
    foreign = qbchat.add_dialog(occupants_ids=passengers[:2]).id

    assert announce([*dialogs, foreign]) == [foreign]
    assert qbchat.calls.where(status=403).one().params["chat_dialog_id"] == foreign
