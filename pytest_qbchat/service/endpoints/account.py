"""/account_settings: the hosts of an account."""

from __future__ import annotations

from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Reply, refuses, route
from pytest_qbchat.service.errors import token_required
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import Request

BUCKET = "qbprod"
ACCOUNT_ID = 55
_HOSTS = dict.fromkeys(("api_endpoint", "chat_endpoint", "turnserver_endpoint"), str)


@route("GET", "/account_settings", replies={200: _HOSTS}, callers="account key")
@refuses(token_required)
def get_account_settings(store: Store, call: Call) -> Reply:
    """The hosts of an account.

    documented(old developer wiki): the credential is the header `QB-Account-Key`, without a token.
    assumed: without the header the status is 401.
    documented(release notes): the reply has neither `account_id` nor `s3_bucket_name` since 2018.
    assumed: the API host is that of the request.
    observed(JavaScript SDK): the chat host has a name like that of the API host.
    """
    if not call.request.headers.get("QB-Account-Key"):
        raise token_required("the request has no QB-Account-Key header")
    hosts = {"api_endpoint": call.request.base, "chat_endpoint": chat_host(call.request)}
    return 200, {**hosts, "turnserver_endpoint": "turnserver.quickblox.com"}


def chat_host(request: Request) -> str:
    """The chat host for an API host: `chatshop.quickblox.com` for `apishop.quickblox.com` (observed)."""
    host = request.origin.partition("://")[2].partition(":")[0]
    if host.startswith("api") and host.endswith(".quickblox.com"):
        return f"chat{host.removeprefix('api')}"
    return "chat.quickblox.com"
