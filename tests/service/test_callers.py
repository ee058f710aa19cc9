"""Each endpoint accepts the callers that it declares, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.chat_api import HOST, NEED_USER
from support.ways import TLS

from pytest_qbchat import FakeQuickBlox
from pytest_qbchat.service.declaration import Route
from pytest_qbchat.service.routes import ROUTES

pytestmark = pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
CREDENTIALS = {
    "user": {"QB-Token": "made-up-token-of-a-user"},
    "session": {"QB-Token": "made-up-token-of-the-application"},
    "key": {"Authorization": "ApiKey made-up-api-key"},
    "nobody": {},
}
ACCEPTED = {
    "user": {"user"},
    "user or key": {"user", "key"},
    "session": {"user", "session"},
    "session or key": {"user", "session", "key"},
    "key": {"key"},
    "account key": set(),
    "anybody": {*CREDENTIALS},
}
# A private file, and a download, need a caller although the routes do not.
PRIVATE = ("/blobs/{id}", "/blobs/{id}/download", "/blobs/{id}/download.xml")


@pytest.fixture
def client(qbchat: FakeQuickBlox) -> Iterator[httpx.Client]:
    qbchat.add_session("made-up-token-of-a-user", qbchat.add_user(10, external_user_id="10"))
    qbchat.add_session("made-up-token-of-the-application", None)
    with httpx.Client(verify=TLS) as client:
        yield client


def is_refused_for_its_caller(response: httpx.Response) -> bool:
    """Whether a response says that there is no caller, or the wrong kind."""
    return response.status_code == 401 or (response.status_code == 422 and response.json() == NEED_USER)


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("route", [route for route in ROUTES if route.path not in PRIVATE], ids=str)
def test_an_endpoint_accepts_the_callers_that_it_declares(
    qbchat: FakeQuickBlox, client: httpx.Client, route: Route, credential: str
) -> None:
    dialog = qbchat.add_dialog(occupants_ids=[10])
    message = qbchat.add_message(dialog, 10)
    blob = qbchat.add_blob(b"made up", name="made-up.txt", user=10)
    of_path = {"/chat/Message": message.id, "/chat/Dialog": dialog.id, "/users": "10", "/blobs": str(blob.id)}
    named = next((each for beginning, each in of_path.items() if route.path.startswith(beginning)), "1")
    path = route.path.format(id=named, ids=named, uid="b10b")
    params: Any = {"chat_dialog_id": dialog.id, "user": {"login": "made-up-login", "password": "made-up-password"}}
    response = client.request(route.method, f"{HOST}{path}", headers=CREDENTIALS[credential], json=params)
    accepted = credential in ACCEPTED[route.callers]
    if route.path in ("/session", "/auth") and route.method == "POST":
        assert response.status_code == 422  # for the parameters that are missing
    else:
        assert is_refused_for_its_caller(response) is not accepted
