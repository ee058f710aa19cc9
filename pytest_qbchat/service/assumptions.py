"""Assumptions: behaviour of QuickBlox that is unknown or disputed, each with the choice that the fake makes.

The other assumptions are labelled so in the docstrings of the endpoints; they cannot be chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


@dataclass(slots=True, kw_only=True)
class Assumptions:
    """The choices, changed with `qbchat.assume(...)`.

    Attributes:
        unknown_routes_refused: Whether a route that the fake does not have raises `CallRefused`. Otherwise it gets the
            404 "Resource not found" that QuickBlox has for paths that do not exist.
        need_user_status: Status of "Forbidden. Need user.". 422 was observed for years; ConnectyCube, a sister product,
            answers 403.
        missing_dialog_status: Status for a message to a dialog that does not exist.
        login_status: Status of a login. 200 is documented; SDKs accept 202 too, for no other known call.
        duplicate_dialog_status: Status for a private dialog that exists already, which is returned.
        true_is_one: Whether `true` counts for `send_to_chat` and `markable` like the documented 1.
        attachment_list: Whether a JSON list of attachments is read like the documented object.
        unlisted_attachment_keys: Whether attachments keep keys that are not documented.
        history_counts_as_unread: Whether a message without `send_to_chat` is counted as unread.
        marked_in_reply: Whether the reply to listing messages already shows them as read by the caller.
        deleting_leaves_group: Whether deleting a group for oneself ends being an occupant; otherwise it is hidden
            until the next message.
        owner_deletes_messages: Whether the owner of a dialog may delete the messages of others for everyone.
        largest_page: The most dialogs or messages that one call returns.
        retry_after: Seconds that the `Retry-After` header of a 429 names; None for no such header.
        guessed_routes: Whether the routes are on whose paths are guessed: marking all messages as read or delivered
            with PATCH, and deleting tokens.
    """

    unknown_routes_refused: bool = True
    need_user_status: int = 422
    missing_dialog_status: int = 404
    login_status: int = 200
    duplicate_dialog_status: int = 201
    true_is_one: bool = False
    attachment_list: bool = True
    unlisted_attachment_keys: bool = True
    history_counts_as_unread: bool = True
    marked_in_reply: bool = False
    deleting_leaves_group: bool = False
    owner_deletes_messages: bool = True
    largest_page: int = 1000
    retry_after: int | None = None
    guessed_routes: bool = False


_BOOLEANS = {name for name in Assumptions.__slots__ if isinstance(getattr(Assumptions(), name), bool)}


def expected_value(name: str, value: Any) -> str | None:
    """The values that an assumption can have; None if the given value is one of them."""
    if name in _BOOLEANS:
        return None if isinstance(value, bool) else "True or False"
    number = isinstance(value, int) and not isinstance(value, bool)
    if name.endswith("_status"):
        return None if number and value in {*HTTPStatus} else "a status of HTTP, such as 403"
    if name == "retry_after":
        return None if value is None or (number and value >= 0) else "a number of seconds, or None"
    return None if number and value > 0 else "a number from 1 on"
