"""A made-up application with four users, and one client that calls for any of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
from support.clock import freeze_time

from pytest_qbchat import FakeQuickBlox

HOST = "https://api.quickblox.com"
ANNA, BERT, CLEO, DORA = 10, 20, 30, 40
NAMES = {ANNA: "Anna Made-Up", BERT: "Bert Made-Up", CLEO: "Cleo Made-Up", DORA: "Dora Made-Up"}
UNKNOWN = "5d75327ba28f9a0f32cb0f99"  # no dialog and no message has this id before a call names it
ROOM = "99999_{}@muc.chat.quickblox.com"

NOT_FOUND = {"errors": ["The resource wasn't found"]}
NO_PERMISSION = {"errors": ["You don't have appropriate permissions to perform this operation"]}
NEED_USER = {"errors": {"base": ["Forbidden. Need user."]}}


def token_of(user: int) -> dict[str, str]:
    return {"QB-Token": f"made-up-token-of-{user}"}


def at(seconds: int) -> Any:
    """Unix time, as a context."""
    return freeze_time(datetime.fromtimestamp(seconds, UTC))


class Api:
    """The REST API, called by Anna unless a test says who else calls."""

    def __init__(self, fake: FakeQuickBlox, client: httpx.Client) -> None:
        self.fake = fake
        self._client = client
        for user, name in NAMES.items():
            fake.add_session(token_of(user)["QB-Token"], fake.add_user(user, full_name=name))

    def __call__(self, method: str, path: str, *, by: int = ANNA, **kwargs: Any) -> httpx.Response:
        return self._client.request(method, f"{HOST}/chat/{path}.json", headers=token_of(by), **kwargs)

    def ids(self, path: str, *, by: int = ANNA, **params: Any) -> list[str]:
        """What a list holds."""
        return [item["_id"] for item in self("GET", path, by=by, params=params).json()["items"]]


def answer(response: httpx.Response) -> tuple[int, Any]:
    """Status and body, for a comparison that shows both."""
    return response.status_code, response.json() if response.content else ""
