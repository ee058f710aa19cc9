"""The responses library, which replaces requests as a whole."""

from __future__ import annotations

import pytest
import requests
import requests.adapters
import responses
from support.posting import API, BODY, HEADERS
from support.ways import URL

from pytest_qbchat import FakeQuickBlox


@responses.activate
def test_responses_lets_quickblox_through_and_answers_other_hosts(qbchat: FakeQuickBlox) -> None:
    responses.get("https://other.shop.example/", body="responses")
    responses.add_passthru(API)
    assert requests.get("https://other.shop.example/", timeout=5).text == "responses"
    assert requests.post(URL, json=BODY, headers=HEADERS, timeout=5).status_code == 201
    assert qbchat.posted == [BODY]


def test_requests_mock_of_responses_answers_quickblox_until_it_passes_through(qbchat: FakeQuickBlox) -> None:
    with responses.RequestsMock() as mock:
        mock.get("https://other.example/", body="responses")
        with pytest.raises(requests.ConnectionError):  # responses stands above, and answers for every host
            requests.get("https://api.quickblox.com/session.json", timeout=5)
        mock.add_passthru("https://api.quickblox.com")
        assert requests.get("https://api.quickblox.com/session.json", timeout=5).status_code == 401
        assert requests.get("https://other.example/", timeout=5).text == "responses"
    assert len(qbchat.calls) == 1
