"""The hosts of QuickBlox, other hosts and base URLs with a path, over every client."""

from __future__ import annotations

import pytest
from support.elsewhere import another_server
from support.ways import DIALOG, PLAIN_HTTP, WAYS, Way, World

from pytest_qbchat import FakeQuickBlox

BODY = {"chat_dialog_id": DIALOG, "message": "hi"}
ACCOUNT_KEY = {"QB-Account-Key": "made-up-account-key"}
GATEWAY = "https://gateway.shop.example:8443"
BASE = f"{GATEWAY}/tb/quickblox"
AT_GATEWAY = pytest.mark.qbchat(hosts=[BASE])
# The live server answers at an address of its own.
BY_HOST = pytest.mark.parametrize(
    "world", [way for way in WAYS if way.fixture != "qbchat_server"], indirect=True, ids=lambda way: way.name
)
# These connect to the host itself.
IN_PLACE = [way for way in WAYS if way.fixture == "qbchat"]


@PLAIN_HTTP
@pytest.mark.parametrize(
    "origin",
    [
        "https://api.quickblox.com",
        "http://api.quickblox.com",
        "https://apishop.quickblox.com",
        "https://api-shop.quickblox.com:8443",
        "https://API.QuickBlox.com",
        "https://api.quickblox.com.",
    ],
)
def test_a_call_to_a_quickblox_host_reaches_the_fake_over_http_and_https(world: World, origin: str) -> None:
    assert world.post(BODY, url=f"{origin}/chat/Message.json").status_code == 201
    seen = world.fake.calls.one().request.url
    # Some clients leave the dot at its end out.
    assert seen.replace(".com./", ".com/") == f"{world.seen(origin).removesuffix('.')}/chat/Message.json"


@AT_GATEWAY
def test_the_account_settings_name_a_host_with_its_prefix(world: World) -> None:
    response = world.send("GET", f"{BASE}/account_settings.json", headers=ACCOUNT_KEY)
    assert response.json()["api_endpoint"] == world.seen(GATEWAY) + "/tb/quickblox"
    assert response.json()["chat_endpoint"] == "chat.quickblox.com"


@AT_GATEWAY
@BY_HOST
@pytest.mark.parametrize(
    "path", ["/billing", "/tb", "/tb/quickbloxes/session.json", "/chat/Message.json?x=/tb/quickblox/"]
)
def test_another_path_of_the_host_of_a_base_url_is_refused_by_name(world: World, path: str) -> None:
    world.fake.fail(503)
    statuses = []
    with world.fake.expect_refused("GET", path.partition("?")[0]):
        statuses.append(world.send("GET", f"{GATEWAY}{path}").status_code)
    assert statuses == ([] if world.way.raises else [404])
    assert f"is outside of the base URL {BASE}" in world.fake.calls.one().reason
    assert world.post(BODY, url=f"{BASE}/chat/Message.json").status_code == 503


@AT_GATEWAY
@BY_HOST
def test_a_route_answers_another_path_of_the_host_of_a_base_url(world: World) -> None:
    world.fake.router.get(f"{GATEWAY}/billing").respond(202, text="due")
    response = world.send("GET", f"{GATEWAY}/billing")
    assert (response.status_code, response.content) == (202, b"due")


@AT_GATEWAY
@BY_HOST
def test_a_route_passes_a_call_within_a_base_url_on_to_the_fake(world: World) -> None:
    world.fake.router.post(f"{BASE}/chat/Message.json").pass_through()
    assert world.post(BODY, url=f"{BASE}/chat/Message.json").status_code == 201


@pytest.mark.parametrize("way", IN_PLACE, ids=lambda way: way.name)
def test_a_route_passes_another_path_of_the_host_of_a_base_url_through(way: Way) -> None:
    with another_server() as gateway, FakeQuickBlox(hosts=[f"{gateway}/quickblox"]).intercept() as fake:
        fake.router.route(path="/billing").pass_through()
        response = way.send("POST", f"{gateway}/billing", json={"order": 7})
        assert response.content == b"another server"
        assert way.send("GET", f"{gateway}/quickblox/session.json").status_code == 401
    assert [call.stubbed for call in fake.calls] == [True, False]
