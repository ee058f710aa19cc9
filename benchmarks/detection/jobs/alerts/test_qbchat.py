import asyncio

from alerts import Alerts


def test_every_engineer_is_alerted_though_quickblox_is_busy(qbchat):
    monitor = qbchat.add_user(full_name="Monitor")
    qbchat.add_session("made-up-token-of-the-monitor", monitor)
    anna, bert, cem = (qbchat.add_user(full_name=name) for name in ("Anna", "Bert O'Brien", "Cem Ö."))
    qbchat.fail(429, times=2)

    engineers = {user.id: user.full_name for user in (anna, bert, cem)}
    alerted = asyncio.run(Alerts("made-up-token-of-the-monitor").alert(engineers, "db-7 & db-8: isn't it slow?"))

    assert alerted == 3
    for engineer in (anna, bert, cem):
        text = f"{engineer.full_name}, please look at db-7 & db-8: isn't it slow?"
        message = qbchat.assert_posted(
            recipient_id=engineer, message=text, incident="db-7 & db-8: isn't it slow?"
        )  # request
        message.assert_sent_to_chat()  # request
        message.assert_markable()  # request
        assert engineer.inbox.one().message == text
    assert len(qbchat.calls) == 5
