"""A FastAPI service: a client that lives as long as the service, and messages that background tasks post.

FastAPI's `TestClient` calls the service in this process, without a connection, so the fake does not see its requests.
It sees those of the service to QuickBlox. `TestClient` returns once the background tasks have ended.
"""

import pytest

pytest.importorskip("fastapi", reason="this example needs FastAPI")

import httpx
from fastapi.testclient import TestClient

from clinic import app


@pytest.fixture
def service(qbchat, dialog):
    """A client of the service, which has started. The lifespan calls QuickBlox, so the fake comes first."""
    with TestClient(app) as client:
        yield client


def book(service, dialog):
    return service.post("/appointments", json={"dialog_id": dialog.id, "time": "9:30"})


def test_the_patient_gets_a_confirmation(qbchat, service, dialog, patient):
    assert book(service, dialog).json() == {"booked": "9:30"}

    message = qbchat.assert_posted(message="Your appointment is at 9:30")
    message.assert_delivered_to(patient)


def test_the_service_calls_quickblox_when_it_starts(qbchat, service):
    assert [call.path for call in qbchat.calls] == ["/session.json"]


def test_many_requests_share_one_client(qbchat, service, dialog):
    for _ in range(3):
        book(service, dialog)

    qbchat.assert_posted(times=3)


@pytest.mark.parametrize("fault", [503, "timeout", "disconnect"])
def test_an_appointment_is_booked_even_if_it_cannot_be_confirmed(qbchat, service, dialog, caplog, fault):
    qbchat.fail(fault, path="/chat/Message.json")

    assert book(service, dialog).status_code == 202
    qbchat.assert_nothing_posted()
    assert "the appointment at 9:30 is not confirmed" in caplog.text


def test_a_service_without_a_session_does_not_start(qbchat, dialog):
    qbchat.fail(401)

    with pytest.raises(httpx.HTTPStatusError, match="401"), TestClient(app):
        pass
