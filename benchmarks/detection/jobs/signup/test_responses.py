import json

import responses

from signup import Signup

ZOE = {"number": 7, "secret": "made-up-pass&word", "name": "Zoë O'Neill", "email": "zoe+shop@shop.example"}
IAN = {"number": 71, "secret": "made-up-pass+word", "name": "Ian & Co.", "email": "ian@shop.example"}


@responses.activate
def test_each_customer_has_one_user():
    url = "https://api.quickblox.com/users.json"
    responses.post(url, json={"user": {"id": 20, "login": "customer-7"}}, status=201)
    responses.post(url, json={"errors": {"login": ["has already been taken"]}}, status=422)
    responses.post(url, json={"user": {"id": 21, "login": "customer-71"}}, status=201)
    responses.get("https://api.quickblox.com/users/external/7.json", json={"user": {"id": 20, "login": "customer-7"}})
    signup = Signup("made-up-api-key")

    first, again, ian = signup.user_id(ZOE), signup.user_id(ZOE), signup.user_id(IAN)

    assert (first, again, ian) == (20, 20, 21)
    requests = [call.request for call in responses.calls]
    assert [request.method for request in requests] == ["POST", "POST", "GET", "POST"]
    for request in requests:
        assert request.headers["Authorization"] == "ApiKey made-up-api-key"  # request
    for number in (0, 1):
        assert json.loads(requests[number].body) == {  # request
            "user": {
                "external_user_id": 7,
                "login": "customer-7",
                "password": "made-up-pass&word",
                "full_name": "Zoë O'Neill",
                "email": "zoe+shop@shop.example",
                "tag_list": "shop,customer",
            }
        }
