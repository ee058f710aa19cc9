import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_qbchat import Dialog, FakeQuickBlox, LiveServer, User

Machine = Callable[..., subprocess.CompletedProcess[str]]

PROGRAM = Path(__file__).with_name("vending_machine.py")
TOKEN = "made-up-token-of-the-machine"


@pytest.fixture
def operator(qbchat: FakeQuickBlox) -> User:
    return qbchat.add_user(full_name="Otto Operator")


@pytest.fixture
def dialog(qbchat: FakeQuickBlox, operator: User) -> Dialog:
    """The dialog of the vending machine and its operator."""
    machine = qbchat.add_user(full_name="Vending Machine 12")
    qbchat.add_session(TOKEN, machine)
    return qbchat.add_dialog(occupants_ids=[machine, operator])


@pytest.fixture
def vending_machine(qbchat_server: LiveServer, dialog: Dialog) -> Machine:
    """A function that runs the program until it exits, with the server of this test instead of QuickBlox."""
    settings = {
        "VENDING_CHAT_URL": qbchat_server.url,
        "VENDING_CHAT_TOKEN": TOKEN,
        "VENDING_CHAT_DIALOG": dialog.id,
        "NO_PROXY": "127.0.0.1",  # for machines where a proxy is configured
    }

    def run(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, PROGRAM, *arguments]
        environment = os.environ | settings | changed
        return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=60, check=False)

    return run
