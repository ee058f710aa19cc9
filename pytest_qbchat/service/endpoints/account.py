"""/account_settings: the hosts of an account."""

from __future__ import annotations

from typing import Any

from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.errors import token_required
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import Request

BUCKET = "qbprod"
ACCOUNT_ID = 55


def get_account_settings(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """GET /account_settings.json: the hosts of an account.

    - The credential is the header `QB-Account-Key`, without a token (documented, old developer wiki). Without the
      header the status is 401 (assumed).
    - The API host is that of the request (assumed). The chat host has a similar name (observed, JavaScript SDK).
    """
    if not call.known_headers.by_name.get(b"qb-account-key"):
        raise token_required("the request has no QB-Account-Key header")
    return 200, {
        "account_id": ACCOUNT_ID,
        "api_endpoint": call.request.base,
        "chat_endpoint": chat_host(call.request),
        "turnserver_endpoint": "turnserver.quickblox.com",
        "s3_bucket_name": BUCKET,
    }


def chat_host(request: Request) -> str:
    """The chat host for an API host: `chatshop.quickblox.com` for `apishop.quickblox.com` (observed)."""
    host = request.origin.partition("://")[2].partition(":")[0]
    if host.startswith("api") and host.endswith(".quickblox.com"):
        return f"chat{host.removeprefix('api')}"
    return "chat.quickblox.com"
