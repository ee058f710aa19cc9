import asyncio

from alerts import Alerts


def test_no_engineer_is_alerted_twice(qbchat):
    monitor = qbchat.add_user(full_name="Monitor")
    qbchat.add_session("made-up-token-of-the-monitor", monitor)
    engineers = [qbchat.add_user(full_name=name) for name in ("Anna", "Bert O'Brien", "Cem Ö.")]
    names = {user.id: user.full_name for user in engineers}

    for trial in qbchat.each_fault():
        with trial:
            asyncio.run(Alerts("made-up-token-of-the-monitor").alert(names, "db-7"))
        for engineer in engineers:
            assert len(engineer.inbox) <= 1
            assert len(engineer.inbox) == 1 or trial.error
