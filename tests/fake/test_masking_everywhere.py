"""No credential is shown by any output: failures, transcript, reprs, page, state and log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from pytest_qbchat import FakeQuickBlox, QuickBloxTransport
from pytest_qbchat.page.page import conversation, html

URL = "https://api.quickblox.com/chat/Message.json"
DIALOG = "5d75327ba28f9a0f32cb0f99"
VALUE = "made-up-value-47"
BODY = {"chat_dialog_id": DIALOG, "message": "hi"}
JSON = {"headers": {"Content-Type": "application/json"}}
# How a request carries a credential: the arguments of `httpx.Client.post`.
CARRIED: dict[str, dict[str, Any]] = {
    **{
        f"custom field {name}": {"json": {**BODY, name: VALUE}}
        for name in ("access_token", "client_secret", "authToken", "apiKey")
    },
    **{f"header {name}": {"json": BODY, "headers": {name: VALUE}} for name in ("X-Auth-Token", "QB-Token-Old")},
    "a list": {"json": {**BODY, "password": [VALUE]}},
    "an object": {"json": {**BODY, "password": {"old": VALUE}}},
    "a number": {"json": {**BODY, "pin_token": 4711471}},
    "a short one": {"json": {**BODY, "api_key": "4711471"}},
    "a percent-encoded parameter": {"json": BODY, "url": f"{URL}?%74oken={''.join(f'%{ord(x):x}' for x in VALUE)}"},
    "a part of a form": {"files": {"password": (None, VALUE, "text/plain"), "file": b"x"}},
    "a cookie": {"json": BODY, "headers": {"Cookie": f"session={VALUE}; theme=dark"}},
}


@pytest.mark.parametrize("carried", CARRIED.values(), ids=CARRIED)
@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
def test_a_credential_is_masked_in_every_output(carried: dict[str, Any]) -> None:
    fake = FakeQuickBlox()
    headers = {"QB-Token": "made-up-token-of-the-shop", **carried.get("headers", {})}
    with httpx.Client(transport=QuickBloxTransport(fake)) as client:
        client.post(**{"url": URL, **carried, "headers": headers})
    secret = "4711471" if "4711471" in str(carried) else VALUE
    named = {name: value for name, value in carried.get("json", {}).items() if name not in BODY}
    shown = [fake.transcript(), html("run", [conversation(fake._backend.store, fake.calls)])]
    shown += map(
        repr, [*fake.calls, *(call.request for call in fake.calls), *(call.request.headers for call in fake.calls)]
    )
    shown.append(fake._backend.masked(json.dumps([message._as_json() for message in fake.messages])))
    for assertion in (
        lambda: fake.assert_posted(message="other", **named),
        lambda: fake.assert_posted(**dict.fromkeys(named, "other"), message="x"),
        lambda: fake.posted.where(message="other", **named).one(),
    ):
        with pytest.raises(AssertionError) as failed:
            assertion()
        shown.append(str(failed.value))
    assert [text for text in shown if secret in text] == []


def test_the_custom_fields_of_simulated_users_are_masked_by_their_names(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(qbchat):
            anna, ben = qbchat.add_user(), qbchat.add_user()
            dialog = qbchat.add_dialog(occupants_ids=[anna, ben])
            number = 47 * 100_000 + 11_471
            anna.send(dialog, "hi", access_token=f"secret-{number}", apiKey=str(number), pin_token=number)
            assert ben.inbox == [{"access_token": "x", "apiKey": "y", "pin_token": 5}]
        """
    )
    result = pytester.runpytest("--junit-xml=junit.xml", "--qbchat-report=page.html", "--show-capture=all")
    result.assert_outcomes(failed=1)
    for output in (str(result.stdout), Path("junit.xml").read_text(), Path("page.html").read_text()):
        assert "pin_token" in output
        assert "4711471" not in output
