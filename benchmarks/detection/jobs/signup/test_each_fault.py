from signup import Signup

ZOE = {"number": 7, "secret": "made-up-pass&word", "name": "Zoë O'Neill", "email": "zoe+shop@shop.example"}


def test_a_customer_has_one_user_after_a_fault(qbchat):
    qbchat.add_credentials(api_key="made-up-api-key")
    signup = Signup("made-up-api-key")

    for trial in qbchat.each_fault():
        id = None
        with trial:
            id = signup.user_id(ZOE)
        again = signup.user_id(ZOE)
        assert len(qbchat.users) == 1
        assert again == qbchat.users.one().id
        assert id == again or trial.error
