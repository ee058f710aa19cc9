"""A batch whose session may end at each of its calls.

A 401 of `each_fault` expires the session, so that later calls with the same token get 401 too: a retry without a new
session would not help. The undisturbed trial begins one session and sends three messages. In the further trials the
session ends at one of these calls, or the call fails in another way.
"""

from newsletter import Newsletter


def test_a_session_that_ends_half_way_is_replaced(qbchat, subscribers):
    for trial in qbchat.each_fault(401, path="/chat/Message.json"):
        with trial:
            Newsletter().send("Our garden opens on Sunday", [user.id for user in subscribers])
        assert [len(user.inbox) for user in subscribers] == [1, 1, 1]
        assert len(qbchat.sessions) == (2 if trial.fault else 1)


def test_nobody_gets_the_newsletter_twice(qbchat, subscribers):
    for trial in qbchat.each_fault():
        with trial:
            Newsletter().send("Our garden opens on Sunday", [user.id for user in subscribers])
        received = [len(user.inbox) for user in subscribers]
        assert max(received) <= 1
        assert received == [1, 1, 1] or trial.error
