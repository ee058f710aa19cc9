import pytest
from pytest_qbchat import FakeQuickBlox

import travel_agency


@pytest.fixture
def journey(qbchat: FakeQuickBlox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The output of the whole program, which runs with credentials that are declared in the fake."""
    qbchat.add_credentials(application_id=76730, auth_key="made-up-key", auth_secret="made-up-secret")
    monkeypatch.setenv("QUICKBLOX_URL", "https://api.quickblox.com")
    monkeypatch.setenv("QUICKBLOX_APPLICATION_ID", "76730")
    monkeypatch.setenv("QUICKBLOX_AUTH_KEY", "made-up-key")
    monkeypatch.setenv("QUICKBLOX_AUTH_SECRET", "made-up-secret")
    monkeypatch.setenv("AGENCY_PASSWORD", "made-up-password")
    travel_agency.main()
    return capsys.readouterr().out
