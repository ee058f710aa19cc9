from assistants import Assistants


def test_a_message_is_sent_once_or_fails(qbchat):
    qbchat.add_credentials(api_key="made-up-api-key")
    anna, customer = qbchat.add_user(full_name="Anna Ä."), qbchat.add_user(full_name="Zoë O'Neill")

    for trial in qbchat.each_fault():
        with trial:
            Assistants("made-up-api-key").say(anna.id, customer.id, "Anything else?")
        assert len(customer.inbox) <= 1
        assert len(customer.inbox) == 1 or trial.error
