"""The vendor's JavaScript SDK, unchanged, against the live server: every REST method of its modules."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.profile import LONG

from pytest_qbchat import FakeQuickBlox

FOLDER = Path(__file__).parent
INSTALLED = FOLDER.parents[1] / ".node"
APPLICATION = {"id": 12345, "auth_key": "made-up-auth-key", "auth_secret": "made-up-auth-secret"}
_INSTALLING = 180  # seconds


@pytest.fixture(scope="session")
def sdk() -> Path:
    """The folder with the SDK, which is installed from the npm registry once."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("the vendor's SDK needs Node.js and npm")  # in the long profile too, as on machines without them
    INSTALLED.mkdir(exist_ok=True)
    shutil.copy(FOLDER / "package.json", INSTALLED)
    if not (INSTALLED / "node_modules" / "quickblox").exists():
        command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
        command += ["--fetch-retries=0"]  # without a network npm would try longer than anybody waits
        done = subprocess.run(
            command, cwd=INSTALLED, capture_output=True, encoding="utf-8", timeout=_INSTALLING, check=False
        )
        if done.returncode != 0:
            if LONG:
                pytest.fail(f"the vendor's SDK cannot be installed:\n{done.stderr}")
            pytest.skip("the vendor's SDK cannot be installed: the npm registry cannot be reached")
    shutil.copy(FOLDER / "rest_methods.js", INSTALLED)
    return INSTALLED


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.qbchat(strict=True)
@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
def test_every_rest_method_of_the_vendors_sdk_gets_what_it_expects(
    sdk: Path, qbchat: FakeQuickBlox, qbchat_tls_server: Any
) -> None:
    qbchat.add_credentials(
        application_id=int(str(APPLICATION["id"])),
        auth_key=str(APPLICATION["auth_key"]),
        auth_secret=str(APPLICATION["auth_secret"]),
    )
    application = APPLICATION | {"host": qbchat_tls_server.url.removeprefix("https://")}
    environment = {**os.environ, "NODE_EXTRA_CA_CERTS": str(qbchat_tls_server.ca_file)}
    command = ["node", "rest_methods.js", json.dumps(application)]
    done = subprocess.run(
        command, cwd=sdk, env=environment, capture_output=True, encoding="utf-8", timeout=_INSTALLING, check=False
    )
    checks = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    failed = [f"{check['name']}: {check['error']}" for check in checks if check["error"]]
    assert not failed, "\n".join(failed)
    assert len(checks) > 40
    # The checks make two mistakes. The SDK makes two: its `content.update` sends a GET, which changes nothing, and it
    # sends attachments as a list.
    warned = {text.partition(":")[0] for call in qbchat.calls for text in call.warnings}
    assert warned == {"signature", "system", "blob", "attachments"}
