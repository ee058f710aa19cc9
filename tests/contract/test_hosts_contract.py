"""The hosts of QuickBlox, other hosts and base URLs with a path, over every client."""

from __future__ import annotations

import pytest
from support.ways import DIALOG, WAYS, World

BODY = {"chat_dialog_id": DIALOG, "message": "hi"}
ACCOUNT_KEY = {"QB-Account-Key": "made-up-account-key"}


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


@pytest.mark.qbchat(hosts=["https://gateway.shop.example:8443/tb/quickblox"])
@pytest.mark.parametrize("world", [way for way in WAYS if way.prefixes], indirect=True, ids=lambda way: way.name)
def test_the_account_settings_name_a_host_with_its_prefix(world: World) -> None:
    origin, prefix = "https://gateway.shop.example:8443", "/tb/quickblox"
    response = world.send("GET", f"{origin}{prefix}/account_settings.json", headers=ACCOUNT_KEY)
    assert response.json()["api_endpoint"] == world.seen(origin) + prefix
    assert response.json()["chat_endpoint"] == "chat.quickblox.com"
