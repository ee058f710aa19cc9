"""The document, judged by programs that others wrote: a tester of APIs with the live server, and a generated client."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import openapi
import pytest
from support.ways import DIALOG, DOCUMENTED, TOKEN

from pytest_qbchat import FakeQuickBlox, LiveServer

DOCUMENT = Path(openapi.FILE)
PROGRAMS = Path(sys.executable).parent
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "use_after_free",
)  # fmt: skip


def run(folder: Path, package: str, program: str, *arguments: str) -> str:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"needs the dependency group judges: no module named {package!r}")
    command = [PROGRAMS / program, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
def test_the_live_server_answers_schemathesis_as_the_document_says(tmp_path: Path) -> None:
    fake = FakeQuickBlox()
    users = fake.add_users(3)
    fake.add_history(fake.add_dialog(DIALOG, occupants_ids=users), messages=24)
    fake.add_blob(b"photo", name="bumper.jpg", user=users[0])
    users[0].subscribe()  # without a subscription QuickBlox answers a blank body, labelled as JSON (observed)
    with LiveServer(fake) as server:
        key = ["-H", "Authorization: ApiKey made-up-api-key", "-H", f"On-Behalf-Of: {users[0].id}"]
        bounds = ["--max-examples", "10", "--generation-deterministic", "--continue-on-failure"]
        checks = ["--checks", ",".join(CHECKS)]
        shown = run(
            tmp_path, "schemathesis", "schemathesis", "run", str(DOCUMENT), "--url", server.url, *key, *bounds, *checks
        )
    operations = sum(len(item.keys() & {"get", "post", "put", "delete"}) for item in document()["paths"].values())
    assert f"Tested: {operations}" in shown
    assert len(fake.calls) > 10 * operations


def test_a_generated_client_posts_the_documented_message_and_lists_it(
    qbchat: FakeQuickBlox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The generator cannot refer to a schema of more than one type, so that of custom fields is written out.
    types = ["string", "number", "boolean", "object", "null"]
    custom = {"anyOf": [{"type": types}, {"type": "array", "items": {"type": types}}]}
    reference = json.dumps({"$ref": "#/components/schemas/CustomField"})
    (tmp_path / "document.json").write_text(json.dumps(document()).replace(reference, json.dumps(custom)), "utf-8")
    at = ["--path", str(tmp_path / "document.json"), "--output-path", str(tmp_path / "made_client"), "--meta", "none"]
    run(tmp_path, "openapi_python_client", "openapi-python-client", "generate", *at)

    monkeypatch.syspath_prepend(tmp_path)
    made = import_module("made_client")
    messages = {name: import_module(f"made_client.api.messages.{name}") for name in ("create_message", "list_messages")}
    body = import_module("made_client.models").CreateMessageJsonBody.from_dict(DOCUMENTED)
    client = made.AuthenticatedClient(
        base_url="https://api.quickblox.com", token=TOKEN, prefix="", auth_header_name="QB-Token"
    )
    posted = messages["create_message"].sync(client=client, body=body)
    listed = messages["list_messages"].sync(client=client, chat_dialog_id=DOCUMENTED["chat_dialog_id"])

    assert qbchat.assert_posted(message=DOCUMENTED["message"]).id == posted.field_id
    assert [item.field_id for item in listed.items] == [posted.field_id]
    assert listed.items[0].message == DOCUMENTED["message"]


def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return made
