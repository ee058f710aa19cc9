"""Assumptions: unknown or disputed behaviour of QuickBlox that a test may choose.

Assumptions that cannot be chosen are labelled *assumed* in the docstrings of the service.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


@dataclass(slots=True, kw_only=True)
class Assumptions:
    """The choices, with their defaults; `qbchat.assume(...)` changes them.

    Attributes:
        unknown_routes_refused: Whether a route that the fake does not have raises `CallRefused`. Otherwise the
            response is 404 "Resource not found", as for a path that QuickBlox does not have.
        need_user_status: Status of "Forbidden. Need user.". 422 was observed for years; ConnectyCube, a sister product,
            answers 403.
        missing_dialog_status: Status for a message to a dialog that does not exist.
        login_status: Status of a login. The reference says 202, and so do live logs; the REST description says 200.
        duplicate_dialog_status: Status if a private dialog to be created exists already. The existing one is returned.
        true_is_one: Whether `send_to_chat` and `markable` accept `true` like the documented 1.
        attachment_list: Whether `attachments` arrive if they are a JSON list instead of the documented object. SDKs
            send one; no reply to it is known.
        data_without_class: Whether dialogs keep `data` without `class_name`, and lists filter by it. Four replies from
            2015 to 2020 lost it; the current reference shows filters without `class_name`.
        history_counts_as_unread: Whether a message without `send_to_chat` is counted as unread.
        marked_in_reply: Whether listing messages returns them as read by the caller, although they were unread before.
        deleting_leaves_group: Whether a user who deletes a group for themselves stops being an occupant; otherwise
            the group is hidden until the next message.
        owner_deletes_messages: Whether the owner of a dialog may delete the messages of others for everyone.
        largest_page: The maximum number of dialogs or messages in one response.
        newer_cluster: Whether the chat is as on newer clusters of QuickBlox: a new dialog has `is_joinable` without
            asking for it, and a message with `system` 1 to a group is refused. Otherwise `system` is ignored.
        utc_expiration: Whether `QB-Token-ExpirationDate` ends in UTC instead of +0000. Both were seen, the latter since
            2017.
        retry_after: Seconds in the `Retry-After` header of a 429; None omits the header.
    """

    unknown_routes_refused: bool = True
    need_user_status: int = 422
    missing_dialog_status: int = 404
    login_status: int = 202
    duplicate_dialog_status: int = 201
    true_is_one: bool = False
    attachment_list: bool = True
    data_without_class: bool = False
    history_counts_as_unread: bool = True
    marked_in_reply: bool = False
    deleting_leaves_group: bool = False
    owner_deletes_messages: bool = True
    largest_page: int = 1000
    newer_cluster: bool = True
    utc_expiration: bool = False
    retry_after: int | None = None


_BOOLEANS = {name for name in Assumptions.__slots__ if isinstance(getattr(Assumptions(), name), bool)}


def invalid_value_hint(name: str, value: Any) -> str | None:
    """The valid values of an assumption if the given one is invalid, else None."""
    if name in _BOOLEANS:
        return None if isinstance(value, bool) else "True or False"
    number = isinstance(value, int) and not isinstance(value, bool)
    if name.endswith("_status"):
        return None if number and value in {*HTTPStatus} else "an HTTP status, such as 403"
    if name == "retry_after":
        return None if value is None or (number and value >= 0) else "a number of seconds, or None"
    return None if number and value > 0 else "a number, 1 or greater"
