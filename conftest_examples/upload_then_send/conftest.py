from pathlib import Path

import pytest
from pytest_qbchat import Dialog, FakeQuickBlox, User

PHOTO = b"\xff\xd8 a dented bumper \xff\xd9"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    photo = tmp_path / "bumper.jpg"
    photo.write_bytes(PHOTO)
    return photo


@pytest.fixture
def office(qbchat: FakeQuickBlox) -> User:
    return qbchat.add_user(full_name="Olga Office")


@pytest.fixture
def dialog(qbchat: FakeQuickBlox, office: User) -> Dialog:
    """The dialog of a policyholder and the office."""
    policyholder = qbchat.add_user(full_name="Hugo Holder")
    qbchat.add_session("made-up-token-of-the-policyholder", policyholder)
    return qbchat.add_dialog(occupants_ids=[policyholder, office])
