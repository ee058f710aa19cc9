"""Suites in other languages against the program, as a team without Python runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


@pytest.fixture
def port() -> Iterator[int]:
    """The port of the program, which listens on every address."""
    command = [sys.executable, "-u", "-m", "pytest_qbchat", "--host", "0.0.0.0", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        yield int(process.stdout.readline().rpartition(":")[2])
        process.terminate()
        process.stdout.read()


def run(needed: str, *command: object, **environment: str) -> str:
    if shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed")
    done = subprocess.run(
        [*map(str, command)], env=os.environ | environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_suite_for_curl_passes_under_another_host_name(port: int) -> None:
    assert run("curl", "sh", FOLDER / "live_server.sh", "qbchat.example", port) == ""


def test_the_suite_for_node_passes(port: int) -> None:
    command = ("node", "--test", "--test-reporter=tap", FOLDER / "live_server.test.mjs")
    output = run("node", *command, QUICKBLOX_URL=f"http://127.0.0.1:{port}")
    assert "# fail 0\n" in output
    assert "# skipped 0\n" in output
