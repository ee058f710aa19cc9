import pytest
from pytest_qbchat import FakeQuickBlox

from viewings import HEADERS, Recording


@pytest.fixture
def dialog_id(qbchat: FakeQuickBlox) -> str:
    """The dialog of the agent and two people who are looking for a flat."""
    agent = qbchat.add_user(full_name="Ada Agent")
    qbchat.add_session(HEADERS["QB-Token"], agent)
    seekers = [qbchat.add_user(full_name="Finn Flatless"), qbchat.add_user(full_name="Rosa Roofless")]
    return qbchat.add_dialog(occupants_ids=[agent, *seekers], name="Two rooms with a balcony").id


@pytest.fixture
def photo() -> Recording:
    return Recording("image", id="47863")


@pytest.fixture
def tour() -> Recording:
    return Recording("video", url="https://files.agency.example/tour.mp4", seconds=94)


@pytest.fixture
def comment() -> Recording:
    return Recording("audio", id="47864", seconds=12)
