from signup import Signup

ZOE = {"number": 7, "secret": "made-up-pass&word", "name": "Zoë O'Neill", "email": "zoe+shop@shop.example"}
IAN = {"number": 71, "secret": "made-up-pass+word", "name": "Ian & Co.", "email": "ian@shop.example"}


def test_each_customer_has_one_user(qbchat):
    qbchat.add_credentials(api_key="made-up-api-key")
    other = qbchat.add_user(login="other", full_name="Somebody Else")
    signup = Signup("made-up-api-key")

    first, again, ian = signup.user_id(ZOE), signup.user_id(ZOE), signup.user_id(IAN)

    zoe = qbchat.users.where(external_user_id="7").one()
    assert (zoe.login, zoe.full_name, zoe.email) == ("customer-7", "Zoë O'Neill", "zoe+shop@shop.example")  # request
    assert zoe.password == "made-up-pass&word"  # request
    assert zoe.user_tags == "shop,customer"  # request
    assert first == again == zoe.id
    assert len({first, ian, other.id}) == 3
    assert len(qbchat.users) == 3
